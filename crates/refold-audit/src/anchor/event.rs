//! An event as the bytes that its leaf is the hash of: the format `RFE1`.
//!
//! Every field is framed by its length, so no two events have the same bytes. Nothing is normalised: texts are taken as
//! they are and payloads are never parsed. Integers are big-endian. `docs/spec/anchor.md` has the format field by field.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::Hash;

/// The key of one chain of anchors. With it payloads and metadata are committed to under a salt of their own, so that
/// nobody can guess a short value from an anchor. Whoever has it can.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SaltKey(pub [u8; 32]);

/// Never shown, not in a panic either.
impl std::fmt::Debug for SaltKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SaltKey")
    }
}

/// Makes the salts of one key.
#[derive(Clone)]
pub struct Salter(Hmac<Sha256>);

impl SaltKey {
    pub fn salter(&self) -> Salter {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let keyed = Hmac::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        Salter(keyed)
    }
}

/// Never shown either.
impl std::fmt::Debug for Salter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salter")
    }
}

/// When an event was recorded, in the unit that the store keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time<'a> {
    Absent,
    /// Microseconds since 1970 in UTC.
    Micros(i64),
    /// Nanoseconds since 1970 in UTC.
    Nanos(i64),
    Verbatim(&'a [u8]),
}

/// A payload or metadata. `None`: the store holds NULL.
pub type Body<'a> = Option<&'a [u8]>;

/// A column that is none of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extra<'a> {
    pub name: &'a [u8],
    pub value: ExtraValue<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExtraValue<'a> {
    Bytes(&'a [u8]),
    /// Nanoseconds since 1970 in UTC.
    Nanos(i64),
    /// The columns of the store's row, each framed by its own lengths, in the order of their names.
    Row(&'a [u8]),
}

/// What is anchored of one event.
#[derive(Debug, Clone, Copy)]
pub struct AnchoredEvent<'a> {
    pub position: u64,
    pub stream: &'a [u8],
    /// `None` where the store holds none.
    pub version: Option<u64>,
    /// A UUID as 16 bytes, see [`uuid`]; any other id as it is.
    pub id: &'a [u8],
    pub event_type: &'a [u8],
    pub time: Time<'a>,
    pub content_type: &'a [u8],
    pub payload: Body<'a>,
    pub metadata: Body<'a>,
    /// In the order of their names, each name once.
    pub extra: &'a [Extra<'a>],
}

const NO_VERSION: u64 = u64::MAX;
/// Positions are one `u64`.
const ORDER_BY_POSITION: u8 = 1;

/// What of a body enters the bytes of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commitments {
    pub payload: Hash,
    pub metadata: Hash,
}

impl Commitments {
    pub(super) const NONE: Commitments = Commitments {
        payload: [0; 32],
        metadata: [0; 32],
    };
}

impl AnchoredEvent<'_> {
    pub fn commitments(&self, salter: Option<&Salter>) -> Commitments {
        Commitments {
            payload: self.commit(salter, 1, self.payload),
            metadata: self.commit(salter, 2, self.metadata),
        }
    }

    /// Puts the event's bytes into `out`, which is emptied first.
    pub fn write(&self, is_salted: bool, commitments: &Commitments, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(b"RFE1");
        out.extend_from_slice(&[u8::from(is_salted), ORDER_BY_POSITION]);
        framed(out, &self.position.to_be_bytes());
        self.write_identity(out);
        framed(out, self.event_type);
        match self.time {
            Time::Absent => timed(out, 0, &[]),
            Time::Micros(micros) => timed(out, 1, &micros.to_be_bytes()),
            Time::Nanos(nanos) => timed(out, 2, &nanos.to_be_bytes()),
            Time::Verbatim(text) => timed(out, 3, text),
        }
        framed(out, self.content_type);
        for (body, commitment) in [
            (self.payload, &commitments.payload),
            (self.metadata, &commitments.metadata),
        ] {
            out.push(u8::from(body.is_none()));
            out.extend_from_slice(&(body.map_or(0, <[u8]>::len) as u64).to_be_bytes());
            out.extend_from_slice(commitment);
        }
        // A handful of columns.
        out.extend_from_slice(&(self.extra.len() as u16).to_be_bytes());
        for extra in self.extra {
            framed(out, extra.name);
            match extra.value {
                ExtraValue::Bytes(bytes) => timed(out, 1, bytes),
                ExtraValue::Nanos(nanos) => timed(out, 2, &nanos.to_be_bytes()),
                ExtraValue::Row(columns) => timed(out, 3, columns),
            }
        }
    }

    /// What stays when an event is moved: stream, version and id.
    pub fn write_identity(&self, out: &mut Vec<u8>) {
        framed(out, self.stream);
        out.extend_from_slice(&self.version.unwrap_or(NO_VERSION).to_be_bytes());
        framed(out, self.id);
    }

    fn commit(&self, salter: Option<&Salter>, kind: u8, body: Body<'_>) -> Hash {
        let mut hash = Sha256::new();
        if let Some(salter) = salter {
            hash.update(self.salt(salter, kind));
        }
        hash.update(body.unwrap_or_default());
        hash.finalize().into()
    }

    /// Disclosing it tells nothing of other salts. `kind`: 1 payload, 2 metadata.
    pub fn salt(&self, salter: &Salter, kind: u8) -> Hash {
        // Ids of streams are short.
        let length = |bytes: &[u8]| (bytes.len() as u32).to_be_bytes();
        let position = self.position.to_be_bytes();
        // HMAC-SHA-256; what its key makes of the first blocks is there.
        let salt = salter
            .0
            .clone()
            .chain_update(b"refold/salt/v1\0")
            .chain_update(length(&position))
            .chain_update(position)
            .chain_update(length(self.stream))
            .chain_update(self.stream)
            .chain_update(self.version.unwrap_or(NO_VERSION).to_be_bytes())
            .chain_update([kind]);
        salt.finalize().into_bytes().into()
    }
}

/// A length and the bytes.
fn framed(out: &mut Vec<u8>, bytes: &[u8]) {
    // Ids, types and names of columns; bodies enter by their hash.
    out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// A kind, a length and the bytes.
fn timed(out: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    out.push(kind);
    framed(out, bytes);
}

/// The 16 bytes of a UUID in its canonical form: lowercase, with hyphens. Any other form of it stays a text, so that two
/// ids that differ in the store differ here.
pub fn uuid(text: &[u8]) -> Option<[u8; 16]> {
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];
    if text.len() != 36 {
        return None;
    }
    let mut digits = [0; 32];
    let mut count = 0;
    for (at, byte) in text.iter().enumerate() {
        if HYPHENS.contains(&at) {
            if *byte != b'-' {
                return None;
            }
        } else if matches!(byte, b'0'..=b'9' | b'a'..=b'f') {
            digits[count] = *byte;
            count += 1;
        } else {
            return None;
        }
    }
    super::from_hex(std::str::from_utf8(&digits).ok()?)
}
