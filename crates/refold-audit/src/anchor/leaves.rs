//! A few bytes of each event, by which a difference is named: `leaves.bin`.
//!
//! They are cut short and only locate: the verdict is always that of whole digests.

use sha2::{Digest, Sha256};

use super::event::{AnchoredEvent, Commitments, SaltKey, Salter};
use super::{Hash, tree};

/// A record of `leaves.bin`: position, leaf, identity, header, payload, metadata. Big-endian, digests cut short.
pub const RECORD_BYTES: usize = 8 + 16 + 4 * 8;

/// A digest that was cut short.
pub type Short = [u8; 8];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    pub position: u64,
    /// The first half of the leaf's hash.
    pub half: [u8; 16],
    /// Of stream, version and id: what stays when an event is moved.
    pub identity: Short,
    /// Of everything but position, payload and metadata.
    pub header: Short,
    pub payload: Short,
    pub metadata: Short,
}

/// One event on its way into a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashed {
    pub hash: Hash,
    pub leaf: Leaf,
}

/// Hashes events; keeps its buffers between them.
#[derive(Debug, Default)]
pub struct Hasher {
    key: Option<SaltKey>,
    salter: Option<Salter>,
    bytes: Vec<u8>,
}

impl Hasher {
    pub fn new(key: Option<SaltKey>) -> Hasher {
        Hasher {
            salter: key.as_ref().map(SaltKey::salter),
            key,
            bytes: Vec::new(),
        }
    }

    /// The whole hash of the leaf, for the tree and its segment.
    pub fn hash(&mut self, event: &AnchoredEvent<'_>) -> Hashed {
        let commitments = event.commitments(self.salter.as_ref());
        event.write(self.key.is_some(), &commitments, &mut self.bytes);
        let hash = tree::leaf(&self.bytes);
        let leaf = self.leaf(event, &hash);
        Hashed { hash, leaf }
    }

    fn leaf(&mut self, event: &AnchoredEvent<'_>, hash: &Hash) -> Leaf {
        let mut half = [0; 16];
        half.copy_from_slice(&hash[..16]);
        self.bytes.clear();
        event.write_identity(&mut self.bytes);
        let identity = self.short(b'i', &self.bytes);
        let bare = AnchoredEvent {
            position: 0,
            payload: None,
            metadata: None,
            ..*event
        };
        bare.write(self.key.is_some(), &Commitments::NONE, &mut self.bytes);
        let body = |kind: u8, body: Option<&[u8]>| {
            let mut short = self.short(kind, body.unwrap_or_default());
            // To be absent is not to be empty.
            short[0] ^= u8::from(body.is_none());
            short
        };
        Leaf {
            position: event.position,
            half,
            identity,
            header: self.short(b'h', &self.bytes),
            payload: body(b'p', event.payload),
            metadata: body(b'm', event.metadata),
        }
    }

    /// Under the key of the anchor, if it has one: what is short is easily guessed. Not under the salt of the event, which
    /// changes with its place.
    fn short(&self, kind: u8, bytes: &[u8]) -> Short {
        let mut hash = Sha256::new();
        if let Some(key) = &self.key {
            hash.update(key.0);
        }
        cut(&hash.chain_update([kind]).chain_update(bytes).finalize().into())
    }
}

fn cut(digest: &Hash) -> Short {
    let mut short = [0; 8];
    short.copy_from_slice(&digest[..8]);
    short
}

impl Leaf {
    pub fn to_bytes(self) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        bytes[..8].copy_from_slice(&self.position.to_be_bytes());
        bytes[8..24].copy_from_slice(&self.half);
        bytes[24..32].copy_from_slice(&self.identity);
        bytes[32..40].copy_from_slice(&self.header);
        bytes[40..48].copy_from_slice(&self.payload);
        bytes[48..].copy_from_slice(&self.metadata);
        bytes
    }

    pub fn from_bytes(bytes: &[u8; RECORD_BYTES]) -> Leaf {
        let short = |at: usize| {
            let mut short = [0; 8];
            short.copy_from_slice(&bytes[at..at + 8]);
            short
        };
        let mut half = [0; 16];
        half.copy_from_slice(&bytes[8..24]);
        Leaf {
            position: u64::from_be_bytes(short(0)),
            half,
            identity: short(24),
            header: short(32),
            payload: short(40),
            metadata: short(48),
        }
    }
}
