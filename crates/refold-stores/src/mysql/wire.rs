//! The bytes of the protocol: packets on a stream, and the numbers and texts in them.
//!
//! Nothing here trusts the other end: a length is checked before anything is made of that size, and whatever is cut short
//! is an error.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use refold_core::work::CancelToken;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::server::link::{Blame, Fault, LOOK_UP, PIECE_PATIENCE};
use crate::server::{speaks, tls};

/// No answer of a server is larger: the largest row that it can be told to send, and its other columns.
const MOST_PACKET_BYTES: usize = (1 << 30) + (64 << 20);
/// Nor is anything that a server says before it has let us in: until then it is anybody.
const MOST_STRANGER_BYTES: usize = 1 << 20;
/// What one of PostgreSQL answers comes at once, and what follows the first byte of another answer with it.
const ANSWER_PATIENCE: Duration = Duration::from_millis(200);
/// A longer packet goes on in the next.
const FULL_PACKET_BYTES: usize = 0xff_ffff;
/// Read at once; of what a packet says of its size nothing is made before it comes.
const READ_BYTES: usize = 1 << 16;

/// Packets to and from a server.
pub struct Wire {
    stream: Stream,
    /// The number of the next packet, counted from 0 in each exchange.
    sequence: u8,
    /// Bytes that came with others.
    ahead: Vec<u8>,
    /// How far they were taken.
    taken: usize,
    /// No packet is larger.
    most_bytes: usize,
    /// When it was last looked whether to go on.
    looked_at: Instant,
}

enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Socket(std::os::unix::net::UnixStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
    /// Between one and the other.
    Gone,
}

/// How long an answer is waited for, and who may end that.
#[derive(Clone, Copy)]
pub struct Patience<'a> {
    pub cancel: &'a CancelToken,
    pub until: Instant,
}

impl Patience<'_> {
    /// The same, from now on.
    pub fn renewed(self) -> Self {
        Patience {
            until: Instant::now() + PIECE_PATIENCE,
            ..self
        }
    }

    fn check(&self) -> Result<(), Fault> {
        if self.cancel.is_cancelled() {
            return Err(Fault::Cancelled);
        }
        if Instant::now() >= self.until {
            return Err(Fault::Silent);
        }
        Ok(())
    }
}

impl Wire {
    pub fn tcp(stream: TcpStream) -> io::Result<Wire> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LOOK_UP))?;
        stream.set_write_timeout(Some(Duration::from_secs(10)))?;
        Ok(Wire::of(Stream::Tcp(stream)))
    }

    #[cfg(unix)]
    pub fn socket(stream: std::os::unix::net::UnixStream) -> io::Result<Wire> {
        stream.set_read_timeout(Some(LOOK_UP))?;
        stream.set_write_timeout(Some(Duration::from_secs(10)))?;
        Ok(Wire::of(Stream::Socket(stream)))
    }

    fn of(stream: Stream) -> Wire {
        Wire {
            stream,
            sequence: 0,
            ahead: Vec::new(),
            taken: 0,
            most_bytes: MOST_STRANGER_BYTES,
            looked_at: Instant::now(),
        }
    }

    /// Goes on encrypted. What came in the clear ahead of that is no part of it.
    pub fn encrypt(&mut self, config: Arc<ClientConfig>, host: &str, patience: &Patience<'_>) -> Result<(), Fault> {
        let failed = |detail: String| Fault::Said {
            code: None,
            detail,
            blame: Blame::Unreachable,
        };
        if self.taken < self.ahead.len() {
            return Err(failed("the server goes on talking where encryption begins".to_owned()));
        }
        let Stream::Tcp(stream) = std::mem::replace(&mut self.stream, Stream::Gone) else {
            return Err(failed("only TCP is encrypted".to_owned()));
        };
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| failed(format!("{host} is no name that a certificate could have")))?;
        let client = ClientConnection::new(config, name);
        let client = client.map_err(|error| failed(format!("encryption cannot be set up ({error})")))?;
        let mut stream = StreamOwned::new(client, stream);
        while stream.conn.is_handshaking() {
            // It goes on by itself as long as anything comes.
            let mut sock = Looked {
                sock: &mut stream.sock,
                patience,
            };
            match stream.conn.complete_io(&mut sock) {
                Ok(_) => {}
                Err(error) if is_not_yet(&error) => patience.check()?,
                Err(error) => return Err(closed(&error)),
            }
        }
        self.stream = Stream::Tls(Box::new(stream));
        Ok(())
    }

    /// We are signed in: what is asked for from now on may be large.
    pub fn signed_in(&mut self) {
        self.most_bytes = MOST_PACKET_BYTES;
    }

    /// The next packet begins an exchange.
    pub fn begin(&mut self) {
        self.sequence = 0;
    }

    pub fn send(&mut self, payload: &[u8]) -> Result<(), Fault> {
        let mut bytes = Vec::with_capacity(payload.len() + 4);
        let mut rest = payload;
        loop {
            // A full packet is followed by another, were it an empty one.
            let (part, more) = rest.split_at_checked(FULL_PACKET_BYTES).unwrap_or((rest, &[]));
            put_length(part.len(), &mut bytes);
            bytes.push(self.sequence);
            self.sequence = self.sequence.wrapping_add(1);
            bytes.extend_from_slice(part);
            rest = more;
            if part.len() < FULL_PACKET_BYTES {
                break;
            }
        }
        let sent = self.stream.write_all(&bytes).and_then(|()| self.stream.flush());
        sent.map_err(|error| closed(&error))
    }

    /// The next packet of the server, put together where it comes in parts.
    pub fn receive(&mut self, patience: &Patience<'_>) -> Result<Vec<u8>, Fault> {
        let mut payload = Vec::new();
        loop {
            let mut byte = || self.byte(patience);
            let [low, middle, high, sequence] = [byte()?, byte()?, byte()?, byte()?];
            if sequence != self.sequence {
                return Err(garbled("its packets are out of order"));
            }
            self.sequence = self.sequence.wrapping_add(1);
            let length = usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16;
            if payload.len() + length > self.most_bytes {
                return Err(garbled("a packet is larger than any can be"));
            }
            let whole = payload.len() + length;
            while payload.len() < whole {
                let some = self.some(whole - payload.len(), patience)?;
                payload.extend_from_slice(some);
            }
            if length < FULL_PACKET_BYTES {
                return Ok(payload);
            }
        }
    }

    /// Whether nothing has come as long as there is patience. What has come is still to be received.
    pub fn is_silent(&mut self, patience: &Patience<'_>) -> Result<bool, Fault> {
        match self.byte(patience) {
            Ok(_) => {
                self.taken -= 1;
                Ok(false)
            }
            Err(Fault::Silent) => Ok(true),
            Err(fault) => Err(fault),
        }
    }

    /// Whether a server that has said nothing is one of PostgreSQL, which was waiting for us: it answers with one byte, and
    /// waits again. One of MySQL that speaks at last says more. Nothing else can be said on this connection then.
    pub fn is_postgres(&mut self, cancel: &CancelToken) -> Result<bool, Fault> {
        let within = |time| Patience {
            cancel,
            until: Instant::now() + time,
        };
        if self.stream.write_all(&speaks::ENCRYPTED).is_err() {
            return Ok(false);
        }
        match self.byte(&within(speaks::PATIENCE)) {
            Ok(b'S' | b'N') => self.is_silent(&within(ANSWER_PATIENCE)),
            Err(Fault::Cancelled) => Err(Fault::Cancelled),
            Ok(_) | Err(_) => Ok(false),
        }
    }

    fn byte(&mut self, patience: &Patience<'_>) -> Result<u8, Fault> {
        self.some(1, patience)?.first().copied().ok_or(Fault::Closed)
    }

    /// The next bytes of the server as far as they have come: one at least, `most` at most.
    fn some(&mut self, most: usize, patience: &Patience<'_>) -> Result<&[u8], Fault> {
        while self.taken >= self.ahead.len() {
            self.ahead.resize(READ_BYTES, 0);
            self.taken = READ_BYTES;
            match self.stream.read(&mut self.ahead) {
                Ok(0) => return Err(Fault::Closed),
                Ok(count) => {
                    self.ahead.truncate(count);
                    self.taken = 0;
                }
                Err(error) if is_not_yet(&error) => {}
                Err(error) => return Err(closed(&error)),
            }
            // Also while something comes: it may come without end, and slowly.
            if self.looked_at.elapsed() >= LOOK_UP {
                patience.check()?;
                self.looked_at = Instant::now();
            }
        }
        let known = self.ahead.get(self.taken..).unwrap_or_default();
        let some = known.get(..most).unwrap_or(known);
        self.taken += some.len();
        Ok(some)
    }
}

/// A socket that is read only as long as it is waited for.
struct Looked<'s> {
    sock: &'s mut TcpStream,
    patience: &'s Patience<'s>,
}

impl Read for Looked<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.patience.check() {
            Ok(()) => self.sock.read(into),
            // Whoever reads looks himself then.
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Write for Looked<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sock.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sock.flush()
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.read(into),
            #[cfg(unix)]
            Stream::Socket(stream) => stream.read(into),
            Stream::Tls(stream) => read_once(stream, into),
            Stream::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

/// Reads from the socket once at most: by itself rustls reads on until a record of up to 16 KiB is whole, and nobody looks
/// meanwhile whether to go on.
fn read_once(tls: &mut StreamOwned<ClientConnection, TcpStream>, into: &mut [u8]) -> io::Result<usize> {
    match tls.conn.reader().read(into) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        read => return read,
    }
    tls.conn.read_tls(&mut tls.sock)?;
    if let Err(error) = tls.conn.process_new_packets() {
        // The server is told why, if it listens.
        let _ = tls.conn.write_tls(&mut tls.sock);
        return Err(io::Error::new(io::ErrorKind::InvalidData, error));
    }
    // What the protocol itself has to answer.
    while tls.conn.wants_write() && tls.conn.write_tls(&mut tls.sock)? > 0 {}
    tls.conn.reader().read(into)
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.write(bytes),
            #[cfg(unix)]
            Stream::Socket(stream) => stream.write(bytes),
            Stream::Tls(stream) => stream.write(bytes),
            Stream::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Tls(stream) => stream.flush(),
            _ => Ok(()),
        }
    }
}

fn is_not_yet(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

/// Why nothing goes over the stream any more.
fn closed(error: &io::Error) -> Fault {
    let is_tls = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
    if let Some(detail) = tls::said_of_theirs(error) {
        return Fault::Said {
            code: None,
            detail,
            blame: Blame::Untrusted,
        };
    }
    Fault::Said {
        code: None,
        detail: if let Some(said) = tls::said_of_ours(error) {
            said
        } else if is_tls {
            format!("the encrypted connection failed ({error})")
        } else {
            format!("the connection was lost ({error})")
        },
        // A certificate that is not trusted is none at the next attempt.
        blame: if is_tls { Blame::Unreachable } else { Blame::Connection },
    }
}

/// What the server sent is nothing that it may send.
pub fn garbled(why: &str) -> Fault {
    Fault::Said {
        code: None,
        detail: format!("the server does not speak as it should: {why}"),
        // Nothing is known of the store: whoever speaks so may be no such server at all.
        blame: Blame::Unreachable,
    }
}

/// The parts of a packet, from its beginning. `None`: it is cut short.
#[derive(Clone, Copy)]
pub struct Parts<'p>(pub &'p [u8]);

impl<'p> Parts<'p> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn bytes(&mut self, count: usize) -> Option<&'p [u8]> {
        let (part, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(part)
    }

    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    pub fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub fn short(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub fn long(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A text that ends with a zero byte, or with the packet.
    pub fn text(&mut self) -> &'p [u8] {
        let mut parts = self.0.splitn(2, |byte| *byte == 0);
        let text = parts.next().unwrap_or_default();
        self.0 = parts.next().unwrap_or_default();
        text
    }

    /// A number that says its own length.
    pub fn number(&mut self) -> Option<u64> {
        match self.byte()? {
            0xfc => self.short().map(u64::from),
            0xfd => self
                .array::<3>()
                .map(|[a, b, c]| u64::from(u32::from_le_bytes([a, b, c, 0]))),
            0xfe => self.array().map(u64::from_le_bytes),
            0xfb | 0xff => None,
            small => Some(small.into()),
        }
    }

    /// Bytes with their number before them.
    pub fn counted(&mut self) -> Option<&'p [u8]> {
        let count = self.number()?;
        self.bytes(usize::try_from(count).ok()?)
    }
}

/// A number of three bytes, as the length of a packet is one.
fn put_length(number: usize, out: &mut Vec<u8>) {
    let [low, middle, high, ..] = number.to_le_bytes();
    out.extend_from_slice(&[low, middle, high]);
}

/// A number that says its own length.
pub fn put_number(number: usize, out: &mut Vec<u8>) {
    match number {
        0..=0xfa => out.extend(u8::try_from(number)),
        0xfb..=0xffff => {
            out.push(0xfc);
            out.extend_from_slice(&u16::try_from(number).unwrap_or_default().to_le_bytes());
        }
        0x1_0000..=0xff_ffff => {
            out.push(0xfd);
            put_length(number, out);
        }
        _ => {
            out.push(0xfe);
            out.extend_from_slice(&(number as u64).to_le_bytes());
        }
    }
}

/// Bytes with their number before them.
pub fn put_counted(bytes: &[u8], out: &mut Vec<u8>) {
    put_number(bytes.len(), out);
    out.extend_from_slice(bytes);
}
