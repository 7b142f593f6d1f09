//! Which kind of server answers at a port, where it is not the one that was asked for; and connecting to it, so that whoever
//! waits can give up at any time.
//!
//! It says nothing but the first words of a protocol, and no name or password.

use std::io::{self, ErrorKind, Read as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use refold_core::work::CancelToken;

use super::link::{Fault, LOOK_UP};

/// For all that it takes to know.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// Asks a server of PostgreSQL whether it would encrypt. It answers with one byte, and waits.
pub const ENCRYPTED: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
/// How a packet of MySQL begins that is the first: the third byte of its length, its number, the version of the protocol.
const GREETING: [u8; 3] = [0, 0, 10];

/// Whether a server of MySQL or MariaDB answers, which speaks first.
pub fn is_mysql(name: &str, port: u16, cancel: &CancelToken) -> Result<bool, Fault> {
    let until = Instant::now() + PATIENCE;
    let Ok(mut stream) = connected(name, port, PATIENCE, cancel)? else {
        return Ok(false);
    };
    if stream.set_read_timeout(Some(LOOK_UP)).is_err() {
        return Ok(false);
    }
    let mut head = [0; 5];
    let mut known = 0;
    while let Some(rest) = head.get_mut(known..).filter(|rest| !rest.is_empty()) {
        match stream.read(rest) {
            Ok(0) => return Ok(false),
            Ok(count) => known += count,
            Err(error) if is_not_yet(&error) => {}
            Err(_) => return Ok(false),
        }
        if cancel.is_cancelled() {
            return Err(Fault::Cancelled);
        }
        if Instant::now() >= until {
            break;
        }
    }
    let [_, _, rest @ ..] = head;
    Ok(known == head.len() && rest == GREETING)
}

/// A connection to the first address of a host that answers within `wait`. Neither the look-up of a name nor an attempt can
/// be ended: both are left to a thread of their own where nobody waits any more.
pub fn connected(name: &str, port: u16, wait: Duration, cancel: &CancelToken) -> Result<io::Result<TcpStream>, Fault> {
    let until = Instant::now() + wait;
    let (tell, told) = mpsc::sync_channel(1);
    let name = name.to_owned();
    let attempt = move || {
        // Whoever asked may be gone, and then the connection goes too.
        let _ = tell.send(attempted(&name, port, until));
    };
    if let Err(error) = thread::Builder::new().name("refold-connect".to_owned()).spawn(attempt) {
        return Ok(Err(error));
    }
    loop {
        match told.recv_timeout(LOOK_UP) {
            Ok(reached) => return Ok(reached),
            Err(RecvTimeoutError::Disconnected) => return Ok(Err(ErrorKind::Other.into())),
            Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => return Err(Fault::Cancelled),
            // A little more for an attempt that ends in time.
            Err(RecvTimeoutError::Timeout) if Instant::now() >= until + LOOK_UP * 5 => {
                return Ok(Err(ErrorKind::TimedOut.into()));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Each address in its turn: one that does not answer leaves the others their time.
fn attempted(name: &str, port: u16, until: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::from(ErrorKind::NotFound);
    let addresses: Vec<_> = (name, port).to_socket_addrs()?.collect();
    for (address, still) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let left = until.saturating_duration_since(Instant::now()) / u32::try_from(still).unwrap_or(u32::MAX);
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        match TcpStream::connect_timeout(address, left) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Nothing has come, or not now.
fn is_not_yet(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;

    use super::*;

    /// What is said of a server that does `act` with whoever comes.
    fn told(act: impl FnOnce(TcpStream) + Send + 'static, cancel: &CancelToken) -> Result<bool, Fault> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let running = thread::spawn(move || act(listener.accept().unwrap().0));
        let said = is_mysql("127.0.0.1", port, cancel);
        running.join().unwrap();
        said
    }

    #[test]
    fn a_server_of_mysql_is_known_by_how_it_begins() {
        let nobody = CancelToken::default();
        // However it comes.
        let greeting = |mut stream: TcpStream| {
            for part in [b"N".as_slice(), b"\0\0", b"\0\x0a8.0.36"] {
                stream.write_all(part).unwrap();
            }
        };
        assert!(told(greeting, &nobody).unwrap());
        let other = |mut stream: TcpStream| stream.write_all(b"HTTP/1.1 400").unwrap();
        assert!(!told(other, &nobody).unwrap());
        assert!(!told(drop, &nobody).unwrap());
    }

    #[test]
    fn who_waits_for_a_silent_one_can_give_up() {
        let cancel = CancelToken::default();
        cancel.cancel();
        let silent = |mut stream: TcpStream| {
            // Until the other end has given up.
            let _ = stream.read(&mut [0]);
        };
        assert!(matches!(told(silent, &cancel), Err(Fault::Cancelled)));
    }
}
