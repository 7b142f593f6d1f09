//! What the engine needs from outside, as traits: a store to read and a handler to fold with.

pub mod explain;
pub mod handler;
pub mod store;
pub mod upcast;
