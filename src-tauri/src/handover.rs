//! Hands a link over to a window that is open: a start with a link tells it to that window and ends.
//!
//! The window listens at a socket in the user's runtime folder, which is nobody else's. It must not know what a link
//! says: that is the page's business, as with a link that is pasted. Where there is no such folder, or no window
//! listens, a start with a link opens a window of its own.

use std::io;

/// What makes a text a link.
const SCHEME: &str = "refold://";

/// Whether a start asks for a link, and not for a store.
pub fn is_link(place: &str) -> bool {
    place.starts_with(SCHEME)
}

/// Tells a link to the window that listens. `false`: none took it.
pub fn hand_over(link: &str) -> bool {
    platform::socket().is_some_and(|socket| platform::send(&socket, link).unwrap_or(false))
}

/// Tells from now on the links that later starts hand over. Where another window listens already, that one goes on.
pub fn listen(tell: impl Fn(String) + Send + 'static) -> io::Result<()> {
    match platform::socket() {
        Some(socket) => platform::listen(&socket, tell),
        None => Ok(()),
    }
}

#[cfg(unix)]
mod platform {
    use std::io::{self, Read as _, Write as _};
    use std::net::Shutdown;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use super::is_link;

    /// The answer to a link that was taken.
    const TAKEN: &[u8] = b"taken";
    const LONGEST_BYTES: u64 = 8 * 1024;
    /// A window that does not answer within this hangs: the link gets a window of its own.
    const PATIENCE: Duration = Duration::from_secs(2);

    pub fn socket() -> Option<PathBuf> {
        let folder = std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty())?;
        Some(Path::new(&folder).join("refold.socket"))
    }

    pub fn send(socket: &Path, link: &str) -> io::Result<bool> {
        let mut window = UnixStream::connect(socket)?;
        window.set_read_timeout(Some(PATIENCE))?;
        window.set_write_timeout(Some(PATIENCE))?;
        window.write_all(link.as_bytes())?;
        window.shutdown(Shutdown::Write)?;
        let mut answer = Vec::new();
        window.read_to_end(&mut answer)?;
        Ok(answer == TAKEN)
    }

    pub fn listen(socket: &Path, tell: impl Fn(String) + Send + 'static) -> io::Result<()> {
        let Some(listener) = bound(socket)? else { return Ok(()) };
        let accept = move || {
            for start in listener.incoming().flatten() {
                // A start that breaks off says nothing, and opens a window of its own.
                let _ = take(start, &tell);
            }
        };
        std::thread::Builder::new()
            .name("links".to_owned())
            .spawn(accept)
            .map(drop)
    }

    /// `None`: another window listens. What a window that broke off left behind is taken away.
    fn bound(socket: &Path) -> io::Result<Option<UnixListener>> {
        match UnixListener::bind(socket) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            outcome => return outcome.map(Some),
        }
        if UnixStream::connect(socket).is_ok() {
            return Ok(None);
        }
        std::fs::remove_file(socket)?;
        UnixListener::bind(socket).map(Some)
    }

    fn take(mut start: UnixStream, tell: &impl Fn(String)) -> io::Result<()> {
        start.set_read_timeout(Some(PATIENCE))?;
        start.set_write_timeout(Some(PATIENCE))?;
        let mut text = String::new();
        // Whoever sends more than that sends no link.
        (&start).take(LONGEST_BYTES).read_to_string(&mut text)?;
        let is_whole = start.read(&mut [0])? == 0;
        if is_whole && is_link(&text) {
            tell(text);
            start.write_all(TAKEN)?;
        }
        Ok(())
    }
}

/// Elsewhere the system itself hands links over, or each start has a window of its own.
#[cfg(not(unix))]
mod platform {
    use std::io;
    use std::path::{Path, PathBuf};

    pub fn socket() -> Option<PathBuf> {
        None
    }

    pub fn send(_: &Path, _: &str) -> io::Result<bool> {
        Ok(false)
    }

    pub fn listen(_: &Path, _: impl Fn(String) + Send + 'static) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests;
