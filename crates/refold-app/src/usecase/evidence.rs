//! What proves that the past was not rewritten: making an anchor of a store, and verifying the store against it later;
//! and whether a read model is what the same history makes.
//!
//! The formats are in `refold_audit::anchor` and `docs/spec/anchor.md`. Here events are read from the store for them, and
//! files are written to where a person asks, whole or not at all; of time stamps an authority is asked, whom a person named.

mod aftermath;
pub mod anchor;
pub mod anchors;
pub mod bundle;
pub mod chain;
pub mod drift;
mod explanation;
mod folder;
mod foreign;
mod header;
pub mod impact;
mod known;
mod passing;
pub mod prove;
mod reasons;
pub mod report;
pub mod stamp;
pub mod verify;

#[cfg(test)]
mod tests;
