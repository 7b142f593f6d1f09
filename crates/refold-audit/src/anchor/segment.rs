//! Digests of ranges of positions: `segments.bin`.
//!
//! A tree says that something differs and not where: one inserted event moves all later leaves. So each 1,024 positions
//! have a digest of their own, and only ranges whose digest differs are looked into.

use sha2::{Digest, Sha256};

use super::Hash;

/// Positions of one segment.
pub const WIDTH: u64 = 1_024;

/// A record of `segments.bin`: the segment's number, its events, its digest. 44 bytes, big-endian.
pub const RECORD_BYTES: usize = 8 + 4 + 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Its first position is `number * WIDTH`.
    pub number: u64,
    pub events: u32,
    pub digest: Hash,
}

impl Segment {
    /// Of all the events whose positions lie in it: position and leaf, in order.
    pub fn of(number: u64, leaves: impl ExactSizeIterator<Item = (u64, Hash)>) -> Segment {
        // A segment has at most WIDTH positions, and a position one event.
        let events = leaves.len() as u32;
        let mut hash = Sha256::new();
        hash.update(b"RFS1");
        hash.update(number.to_be_bytes());
        hash.update(events.to_be_bytes());
        for (position, leaf) in leaves {
            hash.update(position.to_be_bytes());
            hash.update(leaf);
        }
        Segment {
            number,
            events,
            digest: hash.finalize().into(),
        }
    }

    pub fn to_bytes(self) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        bytes[..8].copy_from_slice(&self.number.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.events.to_be_bytes());
        bytes[12..].copy_from_slice(&self.digest);
        bytes
    }

    pub fn from_bytes(bytes: &[u8; RECORD_BYTES]) -> Segment {
        let mut segment = Segment {
            number: 0,
            events: 0,
            digest: [0; 32],
        };
        let (mut number, mut events) = ([0; 8], [0; 4]);
        number.copy_from_slice(&bytes[..8]);
        events.copy_from_slice(&bytes[8..12]);
        segment.digest.copy_from_slice(&bytes[12..]);
        segment.number = u64::from_be_bytes(number);
        segment.events = u32::from_be_bytes(events);
        segment
    }
}

/// The segments of `segments.bin`. `None`: it is no whole number of records, or they are out of order.
pub fn read_all(bytes: &[u8]) -> Option<Vec<Segment>> {
    let (records, rest) = bytes.as_chunks::<RECORD_BYTES>();
    let segments: Vec<Segment> = records.iter().map(Segment::from_bytes).collect();
    (rest.is_empty() && segments.is_sorted_by(|a, b| a.number < b.number)).then_some(segments)
}
