//! Which kind of server answers at a port, where it is not the one that was asked for.
//!
//! It says nothing but the first words of a protocol, and no name or password.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(2);
/// Asks a server of PostgreSQL whether it would encrypt.
const ENCRYPTED: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
/// How a packet of MySQL begins that is the first: the third byte of its length, its number, the version of the protocol.
const GREETING: [u8; 3] = [0, 0, 10];

/// Whether a server of PostgreSQL answers.
pub fn is_postgres(name: &str, port: u16) -> bool {
    let answer = connected(name, port).and_then(|mut stream| {
        stream.write_all(&ENCRYPTED).ok()?;
        let mut answer = [0; 1];
        stream.read_exact(&mut answer).ok()?;
        Some(answer)
    });
    matches!(answer, Some([b'S' | b'N']))
}

/// Whether a server of MySQL or MariaDB answers, which speaks first.
pub fn is_mysql(name: &str, port: u16) -> bool {
    let head = connected(name, port).and_then(|mut stream| {
        let mut head = [0; 5];
        stream.read_exact(&mut head).ok()?;
        Some(head)
    });
    head.is_some_and(|[_, _, rest @ ..]| rest == GREETING)
}

fn connected(name: &str, port: u16) -> Option<TcpStream> {
    let address = (name, port).to_socket_addrs().ok()?.next()?;
    let stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    Some(stream)
}
