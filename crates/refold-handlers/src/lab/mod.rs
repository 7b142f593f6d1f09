//! The replay lab: programs that watch other programs while they fold.
//!
//! Each is a handler program itself, whose state is what it saw: so every way to fold (one stream, a whole store on
//! several threads, from a checkpoint) can watch, and none of them knows that it does. It must not know how events are
//! stored, or a face.

mod checked;
mod compared;
pub mod determinism;
pub mod gate;
pub mod left_out;
pub mod library_test;
mod minimize;
mod only;
mod running;
pub mod sandbox;
mod sight;
#[cfg(test)]
mod tests;
pub mod why;
pub mod why_not;

pub use checked::{Checked, Flip, Rules, Unclear, Watched};
pub use compared::{Compared, Divergence, Divergences, Interval, Stop};
pub use minimize::{Minimized, smallest};
pub use only::OnlyCategory;
pub use running::{Running, Step};
pub use sight::Sighting;
pub(crate) use sight::foreign_checkpoint;
