//! The one binary of tests that need more than a crate.

mod conformance;
mod mysql;
mod postgres;
mod servers;
mod stories;
mod tidy;
