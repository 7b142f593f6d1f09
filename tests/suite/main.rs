//! The one binary of tests that need more than a crate.

mod conformance;
mod stories;
mod tidy;
