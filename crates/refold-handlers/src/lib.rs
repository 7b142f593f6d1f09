//! Handlers: packages, and the engines that fold events with them.
//!
//! A handler is opened by name ([`package::open`]) and then works behind the port of the core
//! ([`refold_core::port::handler`]). Built in are [`merge`], which needs no code, and the declarative engine
//! ([`reducer`]): rules in a file, with expressions ([`expr`]) over the paths of a payload that they need
//! ([`project`]), after [`upcast`] brought old events up to date. Handlers in JavaScript and WebAssembly run in a crate
//! of their own.
//! It must not know how events are stored, or a face.

pub mod computed;
pub mod document;
pub mod error;
pub mod expr;
pub mod filter;
pub mod invariant;
pub mod lab;
pub mod limits;
pub mod merge;
pub mod package;
pub mod path;
pub mod project;
pub mod reducer;
pub mod starter;
pub mod story;
pub mod testcase;
pub mod upcast;

#[cfg(test)]
mod tests;

pub use refold_guests::{
    JS_ENGINE_ID, PROCESS_ENGINE_ID, WASM_ENGINE_ID, heed_cancel, keep_compiled_code_in, second_wall, second_wall_lacks,
};
#[cfg(unix)]
pub use refold_guests::{Walls, allow_programs_without_walls};
