//! Anonymous memory of an operation, in a process of its own: one that did something else before would hold on to it.
//!
//! It must not know how an operation is done: [`crate::rows::memory`] does it, in the process that is started here.

use std::path::Path;
use std::process::Command;

use crate::Failure;

/// What a child is called with, before the case and the store.
pub const CASE_ARGUMENT: &str = "--memory-case";

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    FirstScreen,
    Index,
    Overview,
    Head,
    /// With the index and arena of an earlier process: needs its home.
    HeadOfArena,
    Seeks,
    Rebuild,
}

impl Case {
    pub const ALL: [Case; 7] = [
        Case::FirstScreen,
        Case::Index,
        Case::Overview,
        Case::Head,
        Case::HeadOfArena,
        Case::Seeks,
        Case::Rebuild,
    ];

    /// How it is called in the table and on the command line of the child.
    pub fn name(self) -> &'static str {
        match self {
            Case::FirstScreen => "first screen",
            Case::Index => "index",
            Case::Overview => "overview",
            Case::Head => "giant to head",
            Case::HeadOfArena => "giant to head, arena",
            Case::Seeks => "giant, 200 seeks with blame",
            Case::Rebuild => "rebuild all, 2 threads",
        }
    }
}

/// The highest anonymous memory of a process that does one operation on a store, in bytes. Without a `home` it starts
/// from nothing.
pub fn peak_of(case: Case, store: &Path, home: Option<&Path>) -> Result<u64, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(CASE_ARGUMENT).arg(case.name()).arg(store).args(home);
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .parse()
        .map_err(|_| Failure::Peer(String::from_utf8_lossy(&output.stderr).into_owned()))
}
