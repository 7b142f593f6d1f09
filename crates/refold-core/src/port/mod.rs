//! What the engine needs from outside, as traits: a store to read and a handler to fold with; and what
//! all who ask the operating system for files say of its answers.

pub mod explain;
mod fault;
pub mod handler;
pub mod store;
pub mod system;
pub mod upcast;
