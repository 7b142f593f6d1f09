//! The one binary of tests that need more than a crate.

mod conformance;
mod postgres;
mod stories;
mod tidy;
