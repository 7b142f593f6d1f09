//! Handlers in code behind the port of the core. Two kinds run in WebAssembly, hosted by wasmtime: scripts in JavaScript,
//! in QuickJS-ng as a module of ours ([`JsProgram`]), and modules that somebody compiled ([`WasmProgram`]). The third are
//! programs of their own, behind walls ([`ProcessProgram`]).
//!
//! In WebAssembly a handler sees the state, the event and nothing else: no clock but the event's recorded time, no
//! randomness but what the event seeds, no file, no network, no other stream. The same events give the same state on
//! every machine, and so does the amount of work after which a handler is stopped. That runs in a process of its own
//! (`worker`), for the case that a handler breaks out of WebAssembly. Of a program none of that can be had
//! by force: whether it gives the same states is tried. The crate must not know packages, stores or a face.

mod aside;
mod cache;
mod cancel;
mod engine;
pub mod error;
mod hosted;
mod instance;
mod js;
mod limits;
mod process;
mod recorded;
mod surroundings;
mod undo;
mod unhandled;
mod wasm;
mod worker;

#[cfg(test)]
mod tests;

pub use aside::{Upcaster, Upcasts};
pub use cache::keep_compiled_code_in;
pub use cancel::{HeedsCancel, heed_cancel};
pub use error::{LoadError, code};
pub use instance::{GuestInstance, GuestProgram};
pub use js::{Aside, Condition, Dialect, JS_ENGINE_ID, JsProgram, Language, Script};
pub use limits::GuestLimits;
pub use process::{PROCESS_ENGINE_ID, ProgramFile};
#[cfg(unix)]
pub use process::{ProcessProgram, Walls, allow_programs_without_walls};
pub use recorded::Recorded;
pub use wasm::{WASM_ENGINE_ID, WasmProgram};
pub use worker::{second_wall, second_wall_lacks};
