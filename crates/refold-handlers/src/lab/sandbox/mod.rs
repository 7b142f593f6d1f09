//! What if: a branch of one stream, in which events are left out, edited, inserted, moved or recorded at another time.
//!
//! A branch is an overlay: the events of the record stay where they are and are read from there, and what is otherwise is
//! kept beside them. Nothing of it can reach a store, and whoever shows it says that it is not the record. It must not
//! know how events are stored, or a face.

mod beside;
mod branch;
mod edits;
mod read;
mod source;
#[cfg(test)]
mod tests;

pub use beside::{Outcome, Seen, walk};
pub use branch::{Branch, BranchError, Item, Mark as RowMark, Row};
pub use edits::{Change, Edit, Edits, EventRef, NewEvent, PayloadEdit, Revision, Spot};
pub use source::BranchSource;

/// The word that stands on everything that comes out of a branch.
pub const WATERMARK: &str = "SANDBOX";
