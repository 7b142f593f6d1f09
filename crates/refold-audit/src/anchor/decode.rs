//! Reading the bytes of one event back: strictly, so that no two readings of them are possible.

use sha2::{Digest, Sha256};

use super::Hash;

/// What a leaf says of a payload or of metadata, whose bytes are not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    pub is_null: bool,
    pub byte_count: u64,
    pub commitment: Hash,
}

/// Name, kind and value of a further column.
pub type Further<'a> = (&'a [u8], u8, &'a [u8]);

/// The parts of an event, borrowed from its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    pub is_salted: bool,
    pub position: u64,
    pub stream: &'a [u8],
    /// `None` where the store has none.
    pub version: Option<u64>,
    pub id: &'a [u8],
    pub event_type: &'a [u8],
    /// Its kind and its value.
    pub time: (u8, &'a [u8]),
    pub content_type: &'a [u8],
    pub payload: Committed,
    pub metadata: Committed,
    pub extra: Vec<Further<'a>>,
}

impl Decoded<'_> {
    /// The event that these bytes are of. `None`: they are no such bytes, or not written in the one way that there is.
    pub fn read(bytes: &[u8]) -> Option<Decoded<'_>> {
        let mut rest = Rest(bytes);
        let magic = rest.take(4)?;
        let [profile @ (0 | 1), 1] = *rest.take(2)? else {
            return None;
        };
        let position = u64::from_be_bytes(rest.framed()?.try_into().ok()?);
        let stream = rest.framed()?;
        let version = rest.number()?;
        let decoded = Decoded {
            is_salted: profile == 1,
            position,
            stream,
            version: Some(version).filter(|version| *version != u64::MAX),
            id: rest.framed()?,
            event_type: rest.framed()?,
            time: (rest.byte()?, rest.framed()?),
            content_type: rest.framed()?,
            payload: rest.committed()?,
            metadata: rest.committed()?,
            extra: rest.extra()?,
        };
        let is_ordered = decoded.extra.is_sorted_by(|(a, ..), (b, ..)| a < b);
        (magic == b"RFE1" && rest.0.is_empty() && is_ordered).then_some(decoded)
    }
}

impl Committed {
    /// Whether these bytes are what was committed to. `salt`: of a salted anchor.
    pub fn is_of(&self, body: Option<&[u8]>, salt: Option<&Hash>) -> bool {
        let bytes = body.unwrap_or_default();
        let mut hash = Sha256::new();
        if let Some(salt) = salt {
            hash.update(salt);
        }
        let commitment: Hash = hash.chain_update(bytes).finalize().into();
        self.is_null == body.is_none() && self.byte_count == bytes.len() as u64 && self.commitment == commitment
    }
}

/// Bytes that are not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn framed(&mut self) -> Option<&'a [u8]> {
        let length = self.array().map(u32::from_be_bytes)?;
        self.take(usize::try_from(length).ok()?)
    }

    fn committed(&mut self) -> Option<Committed> {
        let state = self.byte().filter(|state| *state < 2)?;
        Some(Committed {
            is_null: state == 1,
            byte_count: self.number()?,
            commitment: self.array()?,
        })
    }

    fn extra(&mut self) -> Option<Vec<Further<'a>>> {
        let count = self.array().map(u16::from_be_bytes)?;
        (0..count)
            .map(|_| Some((self.framed()?, self.byte()?, self.framed()?)))
            .collect()
    }
}
