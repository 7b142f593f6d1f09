//! What an operation costs in a process of its own: one that did something else before would hold on to its memory.
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
    Anchor,
    /// Against the anchor of an earlier process: needs its home.
    Verify,
    /// The whole report of the giant, up to its event 100,000.
    ReportGiant,
    Drift,
}

impl Case {
    pub const ALL: [Case; 11] = [
        Case::FirstScreen,
        Case::Index,
        Case::Overview,
        Case::Head,
        Case::HeadOfArena,
        Case::Seeks,
        Case::Rebuild,
        Case::Anchor,
        Case::Verify,
        Case::ReportGiant,
        Case::Drift,
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
            Case::Anchor => "anchor",
            Case::Verify => "verify",
            Case::ReportGiant => "report of the giant",
            Case::Drift => "drift",
        }
    }
}

/// What a process that does one operation spends on it.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    /// The highest anonymous memory, in bytes.
    pub peak: u64,
    /// Without the start of the process.
    pub seconds: f64,
    pub cpu_seconds: f64,
}

/// Does one operation on a store in a process of its own. Without a `home` it starts from nothing.
pub fn spent_on(case: Case, store: &Path, home: Option<&Path>) -> Result<Spent, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(CASE_ARGUMENT).arg(case.name()).arg(store).args(home);
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let read = || {
        let mut words = text.split_ascii_whitespace();
        Some(Spent {
            peak: words.next()?.parse().ok()?,
            seconds: words.next()?.parse().ok()?,
            cpu_seconds: words.next()?.parse().ok()?,
        })
    };
    read().ok_or_else(|| Failure::Peer(String::from_utf8_lossy(&output.stderr).into_owned()))
}
