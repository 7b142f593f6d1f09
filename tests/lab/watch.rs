//! Sees what leaves no trace in a folder: a file made and removed again, a file opened for writing and not written to.

use std::fs::{self, File};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::inotify;

/// How long a process that was about to start when a file was closed may take until it has closed it too.
const LAST_CLOSE_WAIT: Duration = Duration::from_secs(10);

/// A watch on one folder and the files in it, from its making on.
pub struct Watch(OwnedFd);

impl Watch {
    pub fn on(folder: &Path) -> Watch {
        use inotify::WatchFlags as On;
        for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
            let path = entry.path();
            if path.is_file() {
                wait_for_last_close(&path);
            }
        }
        let watch = inotify::init(inotify::CreateFlags::NONBLOCK).expect("the system can watch folders");
        let writes = On::CREATE
            | On::DELETE
            | On::MODIFY
            | On::ATTRIB
            | On::MOVE
            | On::CLOSE_WRITE
            | On::DELETE_SELF
            | On::MOVE_SELF;
        inotify::add_watch(&watch, folder, writes).expect("the folder can be watched");
        Watch(watch)
    }

    /// What happened since the last call, a line each; empty when nothing did.
    pub fn seen(&self) -> Vec<String> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(&self.0, &mut buffer);
        let mut lines = Vec::new();
        while let Ok(event) = events.next() {
            lines.push(format!("{:?} {:?}", event.events(), event.file_name()));
        }
        lines
    }
}

/// Waits until nobody has a file open for writing that this process has closed. A program that another test started
/// meanwhile holds it until it runs, and closes it then: that would look as if it had been written.
fn wait_for_last_close(path: &Path) {
    let file = File::open(path).expect("the file can be read");
    let deadline = Instant::now() + LAST_CLOSE_WAIT;
    // A lease for reading is given where nobody writes.
    // SAFETY: the descriptor is open, and the call takes numbers.
    while unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, libc::F_RDLCK) } < 0 {
        let is_held = io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock;
        // Not every file system gives leases.
        if !is_held || is_written_here(path) {
            return;
        }
        assert!(Instant::now() < deadline, "somebody writes to {}", path.display());
        thread::yield_now();
    }
}

/// Whether this process itself has the file open for writing: the application of a story.
fn is_written_here(path: &Path) -> bool {
    let path = path.canonicalize().expect("the file is there");
    let open = fs::read_dir("/proc/self/fd").expect("what is open is known").flatten();
    open.filter(|it| fs::read_link(it.path()).is_ok_and(|open| open == path))
        .any(|it| {
            let about = Path::new("/proc/self/fdinfo").join(it.file_name());
            let flags = fs::read_to_string(about).unwrap_or_default();
            let flags = flags.lines().find_map(|line| line.strip_prefix("flags:"));
            let flags = flags.and_then(|flags| i32::from_str_radix(flags.trim(), 8).ok());
            flags.is_some_and(|flags| flags & libc::O_ACCMODE != libc::O_RDONLY)
        })
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_file_that_a_program_still_holds_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("held");
        let held = File::create(&path).expect("a file");
        // It has the file open for writing until its input ends.
        let mut holder = Command::new("cat");
        let mut holder = holder.stdin(Stdio::piped()).stdout(held).spawn().expect("cat starts");
        thread::scope(|scope| {
            let watch = scope.spawn(|| Watch::on(folder.path()));
            drop(holder.stdin.take());
            assert!(holder.wait().expect("cat ends").success());
            assert_eq!(watch.join().expect("a watch").seen(), [""; 0]);
        });
        let watch = Watch::on(folder.path());
        drop(File::options().append(true).open(&path).expect("it opens"));
        assert_eq!(watch.seen().len(), 1);
    }
}
