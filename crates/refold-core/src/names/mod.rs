//! Stream ids, categories and event types, each kept once.
//!
//! It must not know what a name says: a category is given, not taken out of an id.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher as _;

use crate::event::{StreamOrdinal, TypeOrdinal};

#[cfg(test)]
mod tests;

/// The dictionaries that ordinals of a batch point into. They only grow: an ordinal stays valid.
///
/// A stream id is kept as the bytes that the store returned; only its display form replaces what is not UTF-8.
#[derive(Debug, Clone, Default)]
pub struct Names {
    streams: Dictionary,
    types: Dictionary,
    /// Per stream, the category that the adapter gave it (an ordinal into `categories`).
    stream_categories: Vec<u32>,
    categories: Dictionary,
}

/// Where the ordinals of a merged [`Names`] went: `streams[old]` and `types[old]` are the new ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    pub streams: Vec<StreamOrdinal>,
    pub types: Vec<TypeOrdinal>,
}

impl Names {
    /// The stream's ordinal; a new one when it was never seen. `category` is asked only then.
    pub fn intern_stream<'a>(&mut self, id: &[u8], category: impl FnOnce() -> &'a [u8]) -> StreamOrdinal {
        let (ordinal, is_new) = self.streams.intern(id);
        if is_new {
            let (category, _) = self.categories.intern(category());
            self.stream_categories.push(category);
        }
        StreamOrdinal(ordinal)
    }

    pub fn intern_type(&mut self, name: &[u8]) -> TypeOrdinal {
        TypeOrdinal(self.types.intern(name).0)
    }

    /// Takes over all names of `other`, in its order: readers of consecutive ranges that are merged in the order of
    /// their ranges give the same ordinals as one reader of the whole. A stream keeps the category it has here.
    pub fn merge(&mut self, other: &Names) -> Merged {
        let mut merged = Merged::default();
        merged.streams.reserve(other.stream_count() as usize);
        for ordinal in (0..other.stream_count()).map(StreamOrdinal) {
            merged
                .streams
                .push(self.intern_stream(other.stream(ordinal), || other.category(ordinal)));
        }
        for ordinal in (0..other.type_count()).map(TypeOrdinal) {
            merged.types.push(self.intern_type(other.type_name(ordinal)));
        }
        merged
    }

    /// The id as stored; empty for an ordinal that is not of these names.
    pub fn stream(&self, ordinal: StreamOrdinal) -> &[u8] {
        self.streams.get(ordinal.0)
    }

    pub fn category(&self, ordinal: StreamOrdinal) -> &[u8] {
        self.stream_categories
            .get(ordinal.0 as usize)
            .map_or(&[], |category| self.categories.get(*category))
    }

    pub fn type_name(&self, ordinal: TypeOrdinal) -> &[u8] {
        self.types.get(ordinal.0)
    }

    pub fn find_stream(&self, id: &[u8]) -> Option<StreamOrdinal> {
        self.streams.find(id).map(StreamOrdinal)
    }

    pub fn stream_count(&self) -> u32 {
        self.streams.len()
    }

    pub fn type_count(&self) -> u32 {
        self.types.len()
    }
}

/// Byte strings by dense ordinal, and back: one arena, where each entry ends, and a table of ordinals by hash.
/// Costs about 20 bytes an entry beside its own.
#[derive(Debug, Clone, Default)]
struct Dictionary {
    arena: Vec<u8>,
    ends: Vec<u64>,
    ordinals: HashTable<Slot>,
    /// Seeded anew in each process, so that hostile ids cannot collide on purpose. No answer shows it.
    hasher: RandomState,
}

/// An ordinal with its hash: most comparisons end here, without a look into the arena, and the
/// table grows without hashing again.
#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u64,
    ordinal: u32,
}

impl Dictionary {
    fn intern(&mut self, bytes: &[u8]) -> (u32, bool) {
        let hash = self.hasher.hash_one(bytes);
        let (arena, ends) = (&self.arena, &self.ends);
        let is_entry = |slot: &Slot| slot.hash == hash && entry(arena, ends, slot.ordinal) == bytes;
        if let Some(slot) = self.ordinals.find(hash, is_entry) {
            return (slot.ordinal, false);
        }
        let ordinal = self.len();
        self.ordinals
            .insert_unique(hash, Slot { hash, ordinal }, |slot| slot.hash);
        self.arena.extend_from_slice(bytes);
        self.ends.push(self.arena.len() as u64);
        (ordinal, true)
    }

    fn find(&self, bytes: &[u8]) -> Option<u32> {
        let hash = self.hasher.hash_one(bytes);
        let is_entry = |slot: &Slot| slot.hash == hash && self.get(slot.ordinal) == bytes;
        self.ordinals.find(hash, is_entry).map(|slot| slot.ordinal)
    }

    fn get(&self, ordinal: u32) -> &[u8] {
        entry(&self.arena, &self.ends, ordinal)
    }

    /// Ordinals are u32: four billion entries would not fit any memory that this runs on.
    fn len(&self) -> u32 {
        self.ends.len() as u32
    }
}

fn entry<'a>(arena: &'a [u8], ends: &[u64], ordinal: u32) -> &'a [u8] {
    let at = ordinal as usize;
    let start = if at == 0 {
        0
    } else {
        ends.get(at - 1).copied().unwrap_or_default()
    };
    let end = ends.get(at).copied().unwrap_or(start);
    arena.get(start as usize..end as usize).unwrap_or_default()
}
