//! The domain and the pure engine of Refold: events, cursors, states, folding, difference and blame.
//!
//! It must not know files, clocks, threads, randomness, SQL, a window or a wire format. What it needs from outside
//! comes through the traits in [`port`]; what it finds on the way goes to [`finding::Findings`]; how far it is and
//! whether it should stop comes through [`work::Work`].

pub mod blame;
pub mod count;
pub mod cursor;
pub mod diff;
pub mod event;
pub mod finding;
pub mod fold;
pub mod history;
pub mod names;
pub mod pointer;
pub mod port;
pub mod row;
pub mod shared_map;
pub mod time;
pub mod track;
pub mod value;
pub mod work;
