//! The one binary of tests that need more than a crate.

mod stories;
mod tidy;
