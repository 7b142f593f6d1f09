//! The arguments, as `docs/cli.md` describes them.

mod connections;
mod evidence;
mod known;
mod lab;
mod why;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use connections::{Connect, ConnectionAdd, ConnectionEdit, ConnectionLines, Connections, ConnectionsAct};
pub use evidence::{Anchor, Anchors, Drift, Health, Prove, Report, ReportFormat, ReportQuestion, Verify, VerifyBundle};
pub use known::{Corrections, FoldOrder, Known};
pub use lab::{Check, Gate, Minimize, WhatIf};
pub use why::{Why, WhyNot};

/// Read an event store, strictly read-only: what happened, what was the state then, which event made it so.
#[derive(Debug, Parser)]
#[command(
    name = "refold",
    version,
    after_help = "CURSOR is v12 (version), #4711 (position), a time (2026-08-03T14:00:00Z, \"2026-08-03 14:00\" in UTC or --zone, \"2026-08-03 14:00 Europe/Berlin\", -2h), start or head.\n\
    HANDLER is a handler package or reducer file, with a version after @ (handlers/order@1.1.0), or builtin:merge.\n\
    Exit codes: 0 done; 1 done, and it found differences; 2 the call is wrong; 3 it could not run; 130 cancelled."
)]
pub struct Arguments {
    /// Print one JSON document, or one a line where the answer streams
    #[arg(long, global = true)]
    pub json: bool,

    /// Layout id or layout file; without it the layout is found by looking
    #[arg(long, global = true, value_name = "LAYOUT")]
    pub layout: Option<String>,

    /// Zone of times that name none, in the store and in cursors (UTC, +02:00, Europe/Berlin)
    #[arg(long, global = true, value_name = "ZONE", allow_hyphen_values = true)]
    pub zone: Option<String>,

    /// Hide what this file of masking rules names, besides those at hand (docs/masking.md)
    #[arg(long, global = true, value_name = "FILE")]
    pub mask: Option<PathBuf>,

    /// Show what masking rules hide at and below this path (/customer/email, or all); may be given more than once, and is
    /// logged
    #[arg(long, global = true, value_name = "PATH", requires = "reason")]
    pub reveal: Vec<String>,

    /// What it is revealed for
    #[arg(long, global = true, value_name = "TEXT")]
    pub reason: Option<String>,

    /// Run handlers that are programs also where nothing keeps them in (docs/handlers.md)
    #[arg(long, global = true)]
    pub trust_programs: bool,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Kind, layout with the evidence for it, counts, time span, how read-only is enforced, findings
    #[command(after_help = "Example: refold info orders.db")]
    Info { store: String },

    /// Streams, a page at a time
    #[command(after_help = "Example: refold streams orders.db --match 4711 --sort events --limit 20")]
    Streams(Streams),

    /// Events of a stream in full
    #[command(after_help = "Example: refold history orders.db order-4711 --from v5 --to \"2026-08-03 14:00\"")]
    History(History),

    /// Events whose payload or metadata holds a text
    #[command(after_help = "Example: refold search orders.db SKU-0042 --type ItemAdded --where \"event.data.qty > 2\"")]
    Search(Search),

    /// New events as they come, until Ctrl+C
    #[command(after_help = "Example: refold tail orders.db order-4711 --type PaymentFailed")]
    Tail(Tail),

    /// What distinguishes the events of a range from all others
    #[command(
        after_help = "Example: refold distinguish orders.db --from \"2026-08-03 14:00\" --to \"2026-08-03 15:00\""
    )]
    Distinguish(Distinguish),

    /// The state of a stream at a cursor, and of which event it is
    #[command(after_help = "Example: refold state orders.db order-4711 --at \"2026-08-03 14:00\"")]
    State(State),

    /// Changed paths between two cursors: before, after, and the event that did it
    #[command(after_help = "Example: refold diff orders.db order-4711 --from v3 --to head")]
    Diff(Diff),

    /// Two states side by side: two streams, moments, handlers or stores
    #[command(
        after_help = "What is given once holds for both sides, what is given twice for A and then for B.\n\
        Example: refold compare orders.db --stream order-4711 --stream order-4712 --ignore-order"
    )]
    Compare(Compare),

    /// For each leaf of a state: the event that last changed it, and the one that last wrote it
    #[command(after_help = "Example: refold blame orders.db order-4711 --path /status")]
    Blame(Blame),

    /// Why a place of the state has its value: the operations that made it, what each read, and who made that
    #[command(after_help = "Example: refold why orders.db order-4711 /total --at v9 --handler handlers/order@1.1.0")]
    Why(Why),

    /// Why events left a place of the state as it was: which rules could have written there, and what kept each
    #[command(
        after_help = "Example: refold why-not orders.db order-4711 /status --at v9 --handler handlers/order@1.1.0"
    )]
    WhyNot(WhyNot),

    /// What is known about a time: of what happened by then, whenever it was recorded
    #[command(after_help = "Example: refold known orders.db order-4711 --about \"2026-08-03 14:00\"")]
    Known(Known),

    /// What was believed at a time, against what is known about it now
    #[command(after_help = "Exit code 1: they differ.\n\
        Example: refold corrections orders.db order-4711 --at \"2026-08-03 14:00\" --handler handlers/order@as-deployed")]
    Corrections(Corrections),

    /// Every value that one field of the state ever had, and the event that brought it
    #[command(after_help = "Example: refold field orders.db order-4711 /status --csv > status.csv")]
    Field(Field),

    /// What caused an event, and what it caused, across streams
    #[command(after_help = "Example: refold causes orders.db order-4711 --at v9 --index")]
    Causes(Causes),

    /// The events of several streams in the order of one clock
    #[command(after_help = "Example: refold lanes orders.db order-4711 order-4712 --clock occurred")]
    Lanes(LanesAsked),

    /// The state of a stream at its head, or of every stream; with --against, where another handler differs
    #[command(
        after_help = "Example: refold replay orders.db --all --handler handlers/order@1.0.0 --against handlers/order@1.1.0"
    )]
    Replay(Replay),

    /// Where invariants break: the first event that broke each, and every change since
    #[command(after_help = "Example: refold check orders.db --all --handler handlers/order@1.0.0")]
    Check(Check),

    /// Every event through the upcasters of a handler: what fails, what is lost, what changes
    #[command(
        after_help = "Exit code 1: an event fails; or, without --allow-loss, a field is lost or an event dropped.\n\
        Example: refold gate orders.db --all --handler handlers/order@1.1.0"
    )]
    Gate(Gate),

    /// The smallest part of a stream that still shows a failure, as a test case
    #[command(
        after_help = "Example: refold minimize orders.db order-4711 --handler handlers/order@1.0.0 --against handlers/order@1.1.0"
    )]
    Minimize(Minimize),

    /// What if an event had not been, or had been otherwise: a branch of a stream beside the record
    #[command(
        name = "whatif",
        after_help = "Example: refold whatif orders.db order-4711 --skip v5 --handler handlers/order@1.1.0"
    )]
    WhatIf(WhatIf),

    /// Events over time by type
    #[command(after_help = "Example: refold timeline orders.db --svg timeline.svg")]
    Timeline(Timeline),

    /// Keep what was found in one file that opens without the store, or say what such a file holds
    #[command(subcommand)]
    Case(Case),

    /// Make an anchor: what proves later that the events are still what they were
    #[command(after_help = "Example: refold anchor orders.db --out anchors --key minisign.key")]
    Anchor(Anchor),

    /// The anchors that lie in a folder, those of a store first
    #[command(after_help = "Example: refold anchors orders.db --in anchors")]
    Anchors(Anchors),

    /// Whether a store still holds the events of an anchor, byte for byte, and which differ
    #[command(after_help = "Example: refold verify orders.db --anchor anchors/anchor-20261121T143000Z-09af22c1")]
    Verify(Verify),

    /// What the events of a store contradict, what ties them to nothing, and how the shape of each type changed
    #[command(after_help = "Example: refold health orders.db --handler handlers/order@1.1.0")]
    Health(Health),

    /// Rows of a read model that are missing, extra, different or merely behind what a handler makes of the history
    #[command(
        after_help = "Example: refold drift orders.db --handler handlers/order@1.1.0 --read-model read_model.db --table order_summary"
    )]
    Drift(Drift),

    /// Prove to somebody without the store that one event is in an anchor, or that an anchor begins with an earlier one
    #[command(
        after_help = "Example: refold prove orders.db --anchor anchors/anchor-20261121T143000Z-09af22c1 --event '#4711' --out proofs"
    )]
    Prove(Prove),

    /// An audit report that stands as evidence: events, state, completeness, custody and limits, in a signed folder
    #[command(
        after_help = "Example: refold report orders.db order-4711 --out reports --operator \"A. Auditor\" --key auditor.key"
    )]
    Report(Report),

    /// Whether an anchor, a proof or a report is whole and holds, by itself
    #[command(after_help = "Example: refold verify-bundle proofs/proof-event-4711-09af22c1")]
    VerifyBundle(VerifyBundle),

    /// Saved connections: list them, add, edit, remove, hand on, and what was done over each
    #[command(after_help = "Example: refold connections add shop orders.db --environment local\n\
        Each is a STORE for every other command: refold info @shop.")]
    Connections(Connections),

    /// Try a store in five steps: reach it, sign in, read-only, rights, events
    #[command(after_help = "Example: refold connect @shop")]
    Connect(Connect),

    /// Run the cases of a handler package
    #[command(after_help = "Example: refold test handlers/order@1.1.0")]
    Test { package: String },

    /// Write a starter of a handler package from the events of a category
    #[command(after_help = "Example: refold new-handler orders.db --category order --out my-order")]
    NewHandler(NewHandler),

    /// Print a completion script for a shell
    #[command(after_help = "Example: refold completions bash > /etc/bash_completion.d/refold")]
    Completions { shell: Shell },
}

#[derive(Debug, Args)]
pub struct Streams {
    pub store: String,
    /// Only streams of this category
    #[arg(long)]
    pub category: Option<String>,
    /// Only streams whose id holds this text
    #[arg(long = "match", value_name = "TEXT", default_value = "")]
    pub matching: String,
    /// Ids ascending; most events first; latest event first; earliest stream first; categories ascending
    #[arg(long, value_enum, default_value = "id")]
    pub sort: Sort,
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
    pub store: String,
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
    #[arg(long)]
    pub story: bool,
    /// With each event its way through the upcasters of the handler: every step, and what the rules get
    #[arg(long, requires = "handler", conflicts_with = "story")]
    pub upcast: bool,
    /// The handler that tells the story, or whose upcasters run
    #[arg(long)]
    pub handler: Option<String>,
}

#[derive(Debug, Args)]
pub struct Search {
    pub store: String,
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
    pub store: String,
    /// Only events of this stream
    pub stream: Option<String>,
    /// Only events of this type; may be given more than once
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Distinguish {
    pub store: String,
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
    pub store: String,
    pub stream: String,
    #[arg(long, value_name = "CURSOR", default_value = "head", allow_hyphen_values = true)]
    pub at: String,
    #[arg(long)]
    pub handler: Option<String>,
}

#[derive(Debug, Args)]
pub struct Diff {
    pub store: String,
    pub stream: String,
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    pub from: String,
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    pub to: String,
    #[arg(long)]
    pub handler: Option<String>,
}

#[derive(Debug, Args)]
pub struct Compare {
    /// The store of the left side
    pub a: String,
    /// That of the right side; without it the same
    pub b: Option<String>,
    #[arg(long = "stream", value_name = "STREAM", required = true)]
    pub streams: Vec<String>,
    #[arg(long, value_name = "CURSOR", default_value = "head", allow_hyphen_values = true)]
    pub at: Vec<String>,
    #[arg(long = "handler", value_name = "HANDLER")]
    pub handlers: Vec<String>,
    /// Arrays hold the same elements in any order
    #[arg(long)]
    pub ignore_order: bool,
}

#[derive(Debug, Args)]
pub struct Blame {
    pub store: String,
    pub stream: String,
    #[arg(long, value_name = "CURSOR", default_value = "head", allow_hyphen_values = true)]
    pub at: String,
    /// Only what is at or below this path (/items/0/price)
    #[arg(long)]
    pub path: Option<String>,
    #[arg(long)]
    pub handler: Option<String>,
}

#[derive(Debug, Args)]
pub struct Field {
    pub store: String,
    pub stream: String,
    /// Its path in the state (/items/0/price)
    pub path: String,
    #[arg(long)]
    pub handler: Option<String>,
    /// Print CSV, with the values as exact literals
    #[arg(long)]
    pub csv: bool,
}

#[derive(Debug, Args)]
pub struct Causes {
    pub store: String,
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
    pub store: String,
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

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("scope").required(true).args(["stream", "all", "category"]))]
pub struct Replay {
    pub store: String,
    #[command(flatten)]
    pub scope: ScopeAsked,
    #[arg(long)]
    pub handler: Option<String>,
    /// Compare with this handler, event by event
    #[arg(long, value_name = "HANDLER")]
    pub against: Option<String>,
    #[command(flatten)]
    pub keeping: KeepingAsked,
}

/// What is replayed.
#[derive(Debug, Args)]
pub struct ScopeAsked {
    pub stream: Option<String>,
    /// Every stream of the store
    #[arg(long)]
    pub all: bool,
    /// Every stream of this category
    #[arg(long, value_name = "NAME")]
    pub category: Option<String>,
    /// Only up to this version, position or time of the stream
    #[arg(long, value_name = "CURSOR", requires = "stream")]
    pub until: Option<String>,
}

/// Whether an answer that is kept in the cache folder will do.
#[derive(Debug, Args)]
pub struct KeepingAsked {
    /// Fold again, also where the answer to the same question is kept
    #[arg(long)]
    pub no_cache: bool,
}

/// A language that a test can be written in.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Language {
    Rust,
    #[value(name = "typescript")]
    TypeScript,
    Python,
    #[value(name = "csharp")]
    CSharp,
    Java,
    Kotlin,
}

#[derive(Debug, Args)]
pub struct Timeline {
    pub store: String,
    pub stream: Option<String>,
    /// Draw it into this file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Show the few events too that lie far outside of all others
    #[arg(long)]
    pub all: bool,
    /// At most so many columns; they begin at round times
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub columns: u32,
    /// What the events of a column are told apart by; of one stream by type
    #[arg(long, value_enum, default_value = "type")]
    pub by: TimelineBy,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum TimelineBy {
    Type,
    Category,
}

#[derive(Debug, Subcommand)]
pub enum Case {
    /// Write the notebook of a store and the streams that it is about into a case file
    #[command(
        after_help = "Example: refold case save orders.db --stream order-4711 --at v10 --base v6 --out /tmp/4711.refold-case\n\
        A case file is a STORE for every other command."
    )]
    Save(CaseSave),

    /// Where a case file is from, what was noted, and what was left out
    #[command(after_help = "Example: refold case show 4711.refold-case")]
    Show { file: String },
}

#[derive(Debug, Args)]
pub struct CaseSave {
    pub store: String,
    /// A stream that goes into it beside those that are noted; may be given more than once
    #[arg(long = "stream", value_name = "STREAM")]
    pub streams: Vec<String>,
    /// Where the window stands when it opens the case, in the first stream
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true, requires = "streams")]
    pub at: Option<String>,
    /// And what it compares with
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true, requires = "at")]
    pub base: Option<String>,
    /// The handler that goes into it, for the first stream
    #[arg(long, requires = "streams")]
    pub handler: Option<String>,
    /// The file, in another folder than the store
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Write over an earlier case file
    #[arg(long)]
    pub replace: bool,
}

#[derive(Debug, Args)]
pub struct NewHandler {
    pub store: String,
    #[arg(long)]
    pub category: String,
    /// A folder that is empty or not there yet [default: CATEGORY.handler]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
