//! The arguments of what is known about a time, and of what was believed then.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub struct Known {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The id of the stream
    pub stream: String,
    /// The time that it is about: what happened later does not count
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub about: String,
    /// What was recorded later does not count
    #[arg(long, value_name = "CURSOR", default_value = "head", allow_hyphen_values = true)]
    pub at: String,
    /// A handler package, with a version after @, or a file [default: builtin:merge, which needs no code]
    #[arg(long)]
    pub handler: Option<String>,
    #[command(flatten)]
    pub happened: Happened,
}

#[derive(Debug, Args)]
pub struct Corrections {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The id of the stream
    pub stream: String,
    /// The time at which it was believed
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub at: String,
    /// What was recorded later is not known either
    #[arg(long, value_name = "CURSOR", default_value = "head", allow_hyphen_values = true)]
    pub known_at: String,
    /// With @as-deployed, what was believed is told with the version of then
    #[arg(long)]
    pub handler: Option<String>,
    #[command(flatten)]
    pub happened: Happened,
}

/// How it is found when events happened.
#[derive(Debug, Args)]
pub struct Happened {
    /// The member of payloads that says when an event happened [default: what the layout says]
    #[arg(long, value_name = "PATH")]
    pub occurred: Option<String>,
    /// The order in which events are folded, where it matters
    #[arg(long, value_enum, default_value_t = FoldOrder::Either)]
    pub order: FoldOrder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FoldOrder {
    /// Only if both give the same
    Either,
    Recorded,
    Occurred,
}
