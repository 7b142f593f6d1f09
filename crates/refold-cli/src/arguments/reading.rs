//! The arguments of what reads streams, events and states.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use refold_app::usecase::stores::EventPart;

#[derive(Debug, Args)]
pub struct Streams {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// Only streams of this category
    #[arg(long)]
    pub category: Option<String>,
    /// Only streams whose id holds this text
    #[arg(long = "match", value_name = "TEXT", default_value = "")]
    pub matching: String,
    /// Ids ascending; most events first; latest event first; earliest stream first; categories ascending
    #[arg(long, value_enum, default_value = "id")]
    pub sort: Sort,
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    /// Go on after this stream, the last of the page before
    #[arg(long, value_name = "STREAM")]
    pub after: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    Id,
    Events,
    Last,
    First,
    Category,
}

#[derive(Debug, Args)]
pub struct History {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The id of the stream
    pub stream: String,
    /// From the first event at or after this cursor
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// Up to the last event at or before this cursor
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    pub to: Option<String>,
    /// Only events of this type; may be given more than once
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
    /// At most so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// One line an event, in the words of the handler's package
    #[arg(long, group = "told")]
    pub story: bool,
    /// With each event its way through the upcasters of the handler: every step, and what the rules get
    #[arg(long, group = "told", requires = "handler")]
    pub upcast: bool,
    /// The handler that tells the story, or whose upcasters run
    #[arg(long, requires = "told")]
    pub handler: Option<String>,
}

#[derive(Debug, Args)]
pub struct Search {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The text to look for, exactly
    #[arg(required_unless_present = "saved")]
    pub text: Option<String>,
    /// What is saved under this name in the window, with what is given besides in the place of its parts
    #[arg(long, value_name = "[FOLDER/]NAME")]
    pub saved: Option<String>,
    /// Only events of this type; may be given more than once
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
    /// Only events of streams of this category; may be given more than once
    #[arg(long = "category", value_name = "CATEGORY")]
    pub categories: Vec<String>,
    /// Only events of streams whose id holds this text
    #[arg(long, value_name = "TEXT")]
    pub stream: Option<String>,
    /// Only events recorded at or after this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// Only events recorded at or before this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub to: Option<String>,
    /// Only events that meet this condition, in the expression language of handlers
    #[arg(long = "where", value_name = "EXPR")]
    pub condition: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// Write all events found into this file: FILE.ndjson with payloads byte for byte, or FILE.csv
    #[arg(long, value_name = "FILE", conflicts_with = "limit")]
    pub out: Option<PathBuf>,
    /// First copy all payloads into the local index and index their text, so that this and later searches are fast
    #[arg(long)]
    pub copy: bool,
}

#[derive(Debug, Args)]
pub struct Tail {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// Only events of this stream
    pub stream: Option<String>,
    /// Only events of this type; may be given more than once
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Distinguish {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// From here on: a time, or a position
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    pub from: Option<String>,
    /// Up to here, included: a time, or a position
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    pub to: Option<String>,
    /// So many events are read at most for what payloads and metadata say
    #[arg(long, value_name = "EVENTS", default_value_t = 200_000)]
    pub sample: u32,
}

#[derive(Debug, Args)]
pub struct State {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The id of the stream
    pub stream: String,
    /// The moment
    #[arg(long, value_name = "CURSOR", default_value = "head", allow_hyphen_values = true)]
    pub at: String,
    /// A handler package, with a version after @, or a file [default: builtin:merge, which needs no code]
    #[arg(long)]
    pub handler: Option<String>,
}

#[derive(Debug, Args)]
pub struct Diff {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The id of the stream
    pub stream: String,
    /// From this moment
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    pub from: String,
    /// To this moment
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    pub to: String,
    /// A handler package, with a version after @, or a file [default: builtin:merge, which needs no code]
    #[arg(long)]
    pub handler: Option<String>,
}

#[derive(Debug, Args)]
pub struct Compare {
    /// The store of the left side
    pub a: OsString,
    /// That of the right side; with --stream it may be left out, and is the same then
    #[arg(required_unless_present = "streams")]
    pub b: Option<OsString>,
    /// Compare states of one stream; given twice, of one of A and then of one of B
    #[arg(long = "stream", value_name = "STREAM")]
    pub streams: Vec<String>,
    /// The moment [default: head]; given twice, that of A and then that of B
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true, requires = "streams")]
    pub at: Vec<String>,
    /// The handler; given twice, that of A and then that of B. Of two stores: also compare what it makes of the streams that
    /// differ
    #[arg(long = "handler", value_name = "HANDLER")]
    pub handlers: Vec<String>,
    /// Arrays hold the same elements in any order
    #[arg(long, requires = "streams")]
    pub ignore_order: bool,
    /// When events of two stores are the same: to the byte, or by what they mean (numbers by amount, JSON in any form, times
    /// as exactly as both have them)
    #[arg(long, value_enum, default_value = "bytes", conflicts_with = "streams")]
    pub by: CompareBy,
    /// Parts of an event that do not count, with commas between them; position is the order of all events
    #[arg(
        long, value_name = "PARTS", value_delimiter = ',', conflicts_with = "streams",
        value_parser = PossibleValuesParser::new(EventPart::IGNORABLE.map(EventPart::word))
    )]
    pub ignore: Vec<String>,
    /// At most so many of the streams that differ, with the first difference of each
    #[arg(long, value_name = "N", default_value_t = 20, conflicts_with = "streams")]
    pub limit: usize,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum CompareBy {
    Bytes,
    Meaning,
}

#[derive(Debug, Args)]
pub struct Blame {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The id of the stream
    pub stream: String,
    /// The moment
    #[arg(long, value_name = "CURSOR", default_value = "head", allow_hyphen_values = true)]
    pub at: String,
    /// Only what is at or below this path (/items/0/price)
    #[arg(long)]
    pub path: Option<String>,
    /// A handler package, with a version after @, or a file [default: builtin:merge, which needs no code]
    #[arg(long)]
    pub handler: Option<String>,
}

#[derive(Debug, Args)]
pub struct Field {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The id of the stream
    pub stream: String,
    /// Its path in the state (/items/0/price)
    pub path: String,
    /// A handler package, with a version after @, or a file [default: builtin:merge, which needs no code]
    #[arg(long)]
    pub handler: Option<String>,
    /// Print CSV, with the values as exact literals
    #[arg(long)]
    pub csv: bool,
}

#[derive(Debug, Args)]
pub struct Causes {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The id of the stream
    pub stream: String,
    /// The event at this cursor
    #[arg(long, value_name = "CURSOR", default_value = "head", allow_hyphen_values = true)]
    pub at: String,
    /// First index the ids of all events, so that this and later questions reach all of the store
    #[arg(long)]
    pub index: bool,
}

#[derive(Debug, Args)]
pub struct LanesAsked {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The ids of the streams
    #[arg(required_unless_present = "correlation")]
    pub streams: Vec<String>,
    /// The streams that hold events of this correlation; indexes the ids of all events first
    #[arg(long, value_name = "ID")]
    pub correlation: Option<String>,
    /// When the store took an event, or when it happened
    #[arg(long, value_enum, default_value = "recorded")]
    pub clock: ClockName,
    /// At most so many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClockName {
    Recorded,
    Occurred,
}
