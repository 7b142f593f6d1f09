//! The types that cross to the window. No 64-bit integer is among them: counts are `u32`, positions and versions are
//! text as the store has them, times are RFC 3339. Payload values cross as display literals only.
//!
//! A *moment* is how many events of a stream are folded: 0 is before the first event, `events` is the head. Version
//! labels beside it are the store's own numbering.

mod case;
mod causation;
mod comparison;
mod connection;
mod drift;
mod evidence;
mod field;
mod finding;
mod gate;
mod handlers;
mod history;
mod job;
mod known;
mod lab;
mod lanes;
mod mask;
mod news;
mod notebook;
mod payload;
mod phase;
mod places;
mod range;
mod sandbox;
mod search;
mod settings;
mod start;
mod store;
mod stores;
mod story;
mod why;

pub use case::*;
pub use causation::*;
pub use comparison::*;
pub use connection::*;
pub use drift::*;
pub use evidence::*;
pub use field::*;
pub use finding::*;
pub use gate::*;
pub use handlers::*;
pub use history::*;
pub use job::*;
pub use known::*;
pub use lab::*;
pub use lanes::*;
pub use mask::*;
pub use news::*;
pub use notebook::*;
pub use payload::*;
pub use phase::*;
pub use places::*;
pub use range::*;
pub use sandbox::*;
pub use search::*;
pub use settings::*;
pub use start::*;
pub use store::*;
pub use stores::*;
pub use story::*;
pub use why::*;
