//! The arguments of invariants, of the gate of upcasters, of minimizing and of what-if.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::{KeepingAsked, Language, ScopeAsked};

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("scope").required(true).args(["stream", "all", "category"]))]
pub struct Check {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    #[command(flatten)]
    pub scope: ScopeAsked,
    /// A handler package, with a version after @, or a file [default: builtin:merge, which needs no code]
    #[arg(long)]
    pub handler: Option<String>,
    /// Check this condition on `state` instead of the invariants of the handler's package
    #[arg(long, value_name = "EXPR")]
    pub invariant: Option<String>,
    #[command(flatten)]
    pub keeping: KeepingAsked,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("scope").required(true).args(["stream", "all", "category"]))]
pub struct Gate {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    #[command(flatten)]
    pub scope: ScopeAsked,
    /// The handler whose upcasters are asked
    #[arg(long)]
    pub handler: Option<String>,
    /// Only what fails ends with 1: that fields are lost, or events dropped, is meant
    #[arg(long)]
    pub allow_loss: bool,
}

#[derive(Debug, Args)]
pub struct Minimize {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The id of the stream
    pub stream: String,
    /// A handler package, with a version after @, or a file [default: builtin:merge, which needs no code]
    #[arg(long)]
    pub handler: Option<String>,
    #[command(flatten)]
    pub failure: Failure,
    /// Write the test case into this new file; without it the case is printed
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Keep all events up to the one that shows it
    #[arg(long)]
    pub whole: bool,
    /// Write a test in another language into this folder, as a new file
    #[arg(long, value_name = "DIR", requires = "language")]
    pub save_test: Option<PathBuf>,
    /// Language of that test, in the idiom of cqrs-es, Emmett, eventsourcing, Marten or Axon
    #[arg(long, value_name = "LANGUAGE", requires = "save_test")]
    pub language: Option<Language>,
}

/// What must still show.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct Failure {
    /// This invariant of the handler's package breaks, or this condition on `state`; with --against: and holds there
    #[arg(long, value_name = "ID|EXPR")]
    pub invariant: Option<String>,
    /// This handler comes to another state
    #[arg(long, value_name = "HANDLER")]
    pub against: Option<String>,
    /// The handler fails
    #[arg(long, conflicts_with_all = ["invariant", "against"])]
    pub error: bool,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("otherwise").required(true).multiple(true).args(["edits", "skip"]))]
pub struct WhatIf {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The id of the stream
    pub stream: String,
    /// What is otherwise: a file of edits (docs/handlers.md)
    #[arg(long, value_name = "FILE")]
    pub edits: Option<PathBuf>,
    /// Leave this event out (v5, #4711), after the edits of the file; may be given more than once
    #[arg(long, value_name = "EVENT")]
    pub skip: Vec<String>,
    /// A handler package, with a version after @, or a file [default: builtin:merge, which needs no code]
    #[arg(long)]
    pub handler: Option<String>,
}
