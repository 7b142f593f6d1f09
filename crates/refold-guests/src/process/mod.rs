//! Handlers that are programs of their own: JSON over standard input and output, a line a message, behind walls.
//!
//! A program folds what it is sent and keeps the state. What it may do beside that is decided by [`Walls`], and not by
//! it. They run where there are pipes and signals as Unix has them.
//!
//! It must not know packages, nor the other kinds of handlers in code.

mod file;

#[cfg(unix)]
mod answer;
#[cfg(unix)]
mod child;
#[cfg(unix)]
mod guest;
#[cfg(unix)]
mod idle;
#[cfg(unix)]
mod instance;
#[cfg(unix)]
mod loaded;
#[cfg(unix)]
mod pipeline;
#[cfg(unix)]
mod program;
#[cfg(unix)]
mod request;
#[cfg(unix)]
mod silence;
#[cfg(unix)]
pub(crate) mod spawner;
#[cfg(unix)]
mod telling;
#[cfg(unix)]
mod walls;

#[cfg(test)]
#[cfg(unix)]
mod tests;

pub use file::{PROCESS_ENGINE_ID, ProgramFile};
#[cfg(unix)]
pub use program::ProcessProgram;
#[cfg(unix)]
pub use walls::{Walls, allow_programs_without_walls};
