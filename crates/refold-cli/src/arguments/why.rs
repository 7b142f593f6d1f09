//! The arguments of why a place of a state has its value, and why events left it as it was.

use std::ffi::OsString;

use clap::Args;
use refold_app::usecase::lab::{why, why_not};

#[derive(Debug, Args)]
pub struct Why {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The id of the stream
    pub stream: String,
    /// The place in the state (/items/0/price); "" is the whole state
    pub path: String,
    /// The moment
    #[arg(long, value_name = "CURSOR", default_value = "head", allow_hyphen_values = true)]
    pub at: String,
    /// A handler package, with a version after @, or a file [default: builtin:merge, which needs no code]
    #[arg(long)]
    pub handler: Option<String>,
    /// Name at most this many events
    #[arg(long, value_name = "N", default_value_t = why::USUAL_EVENTS)]
    pub limit: usize,
}

#[derive(Debug, Args)]
pub struct WhyNot {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The id of the stream
    pub stream: String,
    /// The place in the state (/items/0/price)
    pub path: String,
    /// Ask this event alone
    #[arg(long, value_name = "CURSOR", conflicts_with_all = ["from", "to"], allow_hyphen_values = true)]
    pub at: Option<String>,
    /// Ask the events after this
    #[arg(long, value_name = "CURSOR", default_value = "start", allow_hyphen_values = true)]
    pub from: String,
    /// Ask the events up to this
    #[arg(long, value_name = "CURSOR", default_value = "head", allow_hyphen_values = true)]
    pub to: String,
    /// A handler package, with a version after @, or a file [default: builtin:merge, which needs no code]
    #[arg(long)]
    pub handler: Option<String>,
    /// Tell of at most this many events
    #[arg(long, value_name = "N", default_value_t = why_not::USUAL_EVENTS)]
    pub limit: usize,
}
