//! The stream, type and category dictionaries while the index is being built.
//!
//! Ids of finished segments stay in their mapped files; in memory is a hash and a slot for each stream (16 bytes), so
//! that ten million streams do not fill it. Two ids are the same only if their bytes are.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use super::error::IndexError;
use super::segment::{NewNames, Segments};

/// A slot that holds no stream.
pub(super) const FREE: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct NameTable {
    hashes: Vec<u64>,
    /// A power of two of them, probed in steps of one; at most two thirds are taken.
    slots: Vec<u32>,
    types: HashMap<Vec<u8>, u32>,
    categories: HashMap<Vec<u8>, u32>,
    /// Names that are in no finished segment yet.
    fresh: NewNames,
    first_fresh_stream: u32,
}

impl NameTable {
    /// The names of the segments that are finished already.
    pub(super) fn of(segments: &Segments) -> Result<NameTable, IndexError> {
        let mut table = NameTable {
            hashes: Vec::new(),
            slots: vec![FREE; 1 << 10],
            types: HashMap::new(),
            categories: HashMap::new(),
            fresh: NewNames::default(),
            first_fresh_stream: segments.stream_count(),
        };
        for segment in segments.list() {
            for local in 0..segment.stream_count {
                let hash = xxh3_64(segment.stream(local)?.0);
                table.take_slot(hash);
            }
            for name in &segment.types {
                intern(&mut table.types, name);
            }
            for name in &segment.categories {
                intern(&mut table.categories, name);
            }
        }
        Ok(table)
    }

    pub(super) fn stream_count(&self) -> u32 {
        self.hashes.len() as u32 // `intern_stream` refuses more
    }

    pub(super) fn fresh_id_bytes(&self) -> usize {
        self.fresh.stream_ids.len()
    }

    /// The slots that find a stream by the hash of its id, ready to be written.
    pub(super) fn into_slots(self) -> Vec<u32> {
        self.slots
    }

    pub(super) fn intern_stream(&mut self, segments: &Segments, id: &[u8], category: &[u8]) -> Result<u32, IndexError> {
        let hash = xxh3_64(id);
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot] != FREE {
            let ordinal = self.slots[slot];
            if self.hashes[ordinal as usize] == hash && self.id(segments, ordinal)? == id {
                return Ok(ordinal);
            }
            slot = (slot + 1) & mask;
        }
        if self.hashes.len() >= (FREE - 1) as usize {
            return Err(IndexError::TooLarge { what: "streams" });
        }
        let end = u32::try_from(self.fresh.stream_ids.len() + id.len());
        let Ok(end) = end else {
            return Err(IndexError::TooLarge {
                what: "bytes of stream ids in one batch",
            });
        };
        let ordinal = self.take_slot(hash);
        let category = self.intern_category(category);
        self.fresh.stream_ids.extend_from_slice(id);
        self.fresh.streams.push((end, category));
        Ok(ordinal)
    }

    pub(super) fn intern_type(&mut self, name: &[u8]) -> u32 {
        let (ordinal, is_new) = intern(&mut self.types, name);
        if is_new {
            self.fresh.types.push(name.to_vec());
        }
        ordinal
    }

    /// Takes the names that go into the segment that is being finished.
    pub(super) fn take_fresh(&mut self) -> NewNames {
        self.first_fresh_stream = self.stream_count();
        std::mem::take(&mut self.fresh)
    }

    fn intern_category(&mut self, name: &[u8]) -> u32 {
        let (ordinal, is_new) = intern(&mut self.categories, name);
        if is_new {
            self.fresh.categories.push(name.to_vec());
        }
        ordinal
    }

    fn id<'a>(&'a self, segments: &'a Segments, ordinal: u32) -> Result<&'a [u8], IndexError> {
        let Some(local) = ordinal.checked_sub(self.first_fresh_stream) else {
            return Ok(segments.stream(ordinal)?.0);
        };
        let end_of = |local: usize| self.fresh.streams[local].0 as usize;
        let local = local as usize;
        let start = if local == 0 { 0 } else { end_of(local - 1) };
        Ok(&self.fresh.stream_ids[start..end_of(local)])
    }

    /// Gives the next ordinal to a hash.
    fn take_slot(&mut self, hash: u64) -> u32 {
        if (self.hashes.len() + 1) * 3 > self.slots.len() * 2 {
            self.slots = vec![FREE; self.slots.len() * 2];
            for ordinal in 0..self.hashes.len() {
                place(&mut self.slots, self.hashes[ordinal], ordinal as u32);
            }
        }
        let ordinal = self.hashes.len() as u32; // `intern_stream` refuses more
        self.hashes.push(hash);
        place(&mut self.slots, hash, ordinal);
        ordinal
    }
}

fn place(slots: &mut [u32], hash: u64, ordinal: u32) {
    let mask = slots.len() - 1;
    let mut slot = hash as usize & mask;
    while slots[slot] != FREE {
        slot = (slot + 1) & mask;
    }
    slots[slot] = ordinal;
}

fn intern(ordinals: &mut HashMap<Vec<u8>, u32>, name: &[u8]) -> (u32, bool) {
    if let Some(ordinal) = ordinals.get(name) {
        return (*ordinal, false);
    }
    let ordinal = ordinals.len() as u32; // as many as events at most
    ordinals.insert(name.to_vec(), ordinal);
    (ordinal, true)
}
