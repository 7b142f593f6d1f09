//! What proves that the past was not rewritten: making an anchor of a store, and verifying the store against it later.
//!
//! The formats are in `refold_audit::anchor` and `docs/spec/anchor.md`. Here events are read from the store for them, and
//! files are written to where a person asks, whole or not at all.

pub mod anchor;
mod folder;
mod passing;
pub mod verify;

#[cfg(test)]
mod tests;
