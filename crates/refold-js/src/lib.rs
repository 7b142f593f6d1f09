//! Handlers in JavaScript: QuickJS-ng as WebAssembly, hosted by wasmtime, behind the port of the core.
//!
//! A handler sees the state, the event and nothing else: no clock but the event's recorded time, no randomness but what
//! the event seeds, no file, no network, no other stream. The same events give the same state on every machine, and so
//! does the amount of work after which a handler is stopped. It must not know packages, stores or a face.

mod cache;
mod engine;
pub mod error;
mod frame;
mod guest;
mod instance;
mod program;
mod source;

#[cfg(test)]
mod tests;

pub use cache::keep_compiled_code_in;
pub use engine::ENGINE_ID;
pub use error::{LoadError, code};
pub use instance::JsInstance;
pub use program::{Dialect, JsLimits, JsProgram};
pub use source::Recorded;
