//! Handlers in JavaScript and TypeScript: QuickJS-ng with our guest, a module that is kept in the repository.
//!
//! It must not know packages, nor the other kinds of handlers in code.

mod advice;
mod aside;
mod engine;
mod frame;
mod guest;
mod host;
mod instance;
mod loaded;
mod program;
mod script;
mod source;
mod types;

#[cfg(test)]
mod tests;

pub use aside::Aside;
pub use engine::JS_ENGINE_ID;
pub use loaded::Condition;
pub use program::JsProgram;
pub(crate) use program::host;
pub use script::{Dialect, Language, Script};
pub(crate) use types::without_types;
