//! Searching payloads and metadata: for a literal in the arena, or for whatever is wanted in all of the store.
//!
//! Bytes are compared as they are: no case is folded and nothing is decoded. JSON writers escape the same text in
//! different ways, so a needle that holds quotes, slashes or letters outside of ASCII is looked for in each of the ways
//! that are common ([`Needle`]).

mod arena;
mod needle;
mod store;

use std::ops::Range;

use refold_core::event::Position;
use refold_core::work::Phase;

pub use arena::search_arena;
pub use needle::Needle;
pub use store::{Wanted, search_store};

const PHASE: Phase = Phase::Searching;

/// Which part of an event holds the needle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Payload,
    Metadata,
}

/// An event that holds the needle: the first place of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub position: Position,
    pub field: Field,
    /// Where in the bytes of the field.
    pub range: Range<u32>,
}

/// A search for a literal.
#[derive(Debug, Clone)]
pub struct SearchQuery<'a> {
    pub needle: &'a Needle,
    /// Names of the types to look in; empty: all.
    pub types: &'a [&'a [u8]],
}
