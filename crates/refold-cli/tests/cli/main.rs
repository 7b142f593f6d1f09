//! The command line as a person meets it: the real binary on a real store.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod amounts;
mod answers;
mod cases;
mod code;
mod compared_report;
mod connections;
mod damaged;
mod docs;
mod drift;
mod ends;
mod evidence;
mod hostile;
mod lab;
mod lacking;
mod masking;
mod names;
mod ranges;
mod reasons;
mod told;
mod two_stores;
