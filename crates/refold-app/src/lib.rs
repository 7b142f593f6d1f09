//! What a person can do with Refold, as plain functions: open a store, list streams, rebuild a state, compare, blame.
//!
//! Both faces, the window and the command line, call the same use cases. It must not know Tauri, HTML, or how either
//! face shows what it answers.

mod desk;
pub mod error;
pub mod frame;
pub mod wire;

pub use desk::{Desk, ProgressSink};
pub use error::{AppError, ErrorCode};
