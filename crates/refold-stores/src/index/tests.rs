//! Every answer of the index against a naive model of the same events, and what happens to files that were killed,
//! damaged or left by another version.

mod bounded;
mod faults;
mod ids;
mod model;
mod oracle;
mod packing;
mod reading;
mod searching;
