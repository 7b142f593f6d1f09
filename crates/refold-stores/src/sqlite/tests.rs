//! The adapter against databases made here: each layout, each state of a file, each kind of damage and malice.

mod bulk;
mod busy;
mod damage;
mod hostile;
pub(crate) mod lab;
mod layouts;
mod queries;
mod read_only;
