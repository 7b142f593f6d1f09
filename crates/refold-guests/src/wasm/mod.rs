//! Handlers that somebody compiled to WebAssembly: `refold-abi/1` (`docs/handlers.md` has it byte by byte).
//!
//! It must not know packages, nor the other kinds of handlers in code.

mod abi;
mod aside;
mod guest;
mod host;
mod instance;
mod loaded;
mod program;
mod reply;
mod size;
mod wasi;

#[cfg(test)]
mod tests;

pub use program::{WASM_ENGINE_ID, WasmProgram};
pub(crate) use program::{compile, host};

/// The name of a module in its package.
const FILE: &str = "handler.wasm";
