//! Stream ids, categories and event types, each kept once.

use std::collections::HashMap;

use crate::event::{StreamOrdinal, TypeOrdinal};

/// The two dictionaries that ordinals of a batch point into. They only grow: an ordinal stays valid.
///
/// A stream id is kept as the bytes that the store returned; only its display form replaces what is not UTF-8.
#[derive(Debug, Default)]
pub struct Names {
    streams: Dictionary,
    types: Dictionary,
    /// Per stream, the category that the adapter gave it (an ordinal into `categories`).
    stream_categories: Vec<u32>,
    categories: Dictionary,
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

    pub fn stream(&self, ordinal: StreamOrdinal) -> &[u8] {
        self.streams.get(ordinal.0)
    }

    pub fn category(&self, ordinal: StreamOrdinal) -> &[u8] {
        self.stream_categories.get(ordinal.0 as usize).map_or(&[], |category| self.categories.get(*category))
    }

    pub fn type_name(&self, ordinal: TypeOrdinal) -> &[u8] {
        self.types.get(ordinal.0)
    }

    pub fn find_stream(&self, id: &[u8]) -> Option<StreamOrdinal> {
        self.streams.find(id).map(StreamOrdinal)
    }

    pub fn find_type(&self, name: &[u8]) -> Option<TypeOrdinal> {
        self.types.find(name).map(TypeOrdinal)
    }

    pub fn stream_count(&self) -> u32 {
        self.streams.len()
    }

    pub fn type_count(&self) -> u32 {
        self.types.len()
    }
}

/// Byte strings by dense ordinal, and back.
#[derive(Debug, Default)]
struct Dictionary {
    ordinals: HashMap<Box<[u8]>, u32>,
    entries: Vec<Box<[u8]>>,
}

impl Dictionary {
    fn intern(&mut self, bytes: &[u8]) -> (u32, bool) {
        if let Some(ordinal) = self.ordinals.get(bytes) {
            return (*ordinal, false);
        }
        let ordinal = self.len();
        self.ordinals.insert(bytes.into(), ordinal);
        self.entries.push(bytes.into());
        (ordinal, true)
    }

    fn find(&self, bytes: &[u8]) -> Option<u32> {
        self.ordinals.get(bytes).copied()
    }

    fn get(&self, ordinal: u32) -> &[u8] {
        self.entries.get(ordinal as usize).map_or(&[], |entry| entry)
    }

    fn len(&self) -> u32 {
        self.entries.len() as u32
    }
}
