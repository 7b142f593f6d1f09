//! The reducer: a file of operations by event type, compiled to rules and folded over events.
//!
//! [`compile`] turns a marked document into [`rules::Rules`]; [`fold`] runs them on a [`state::Writer`]. It must not
//! know where the file came from, nor how events are stored.

pub(crate) mod compile;
mod fold;
mod lane;
mod lines;
mod log;
pub(crate) mod place;
mod program;
mod refusal;
pub mod rules;
mod state;
mod target;
mod watch;

#[cfg(test)]
pub(crate) mod tests;

pub use fold::Emitted;
pub use program::{DeclarativeInstance, DeclarativeProgram, SharedProgram};
