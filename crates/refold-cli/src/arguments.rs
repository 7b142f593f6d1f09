//! The arguments, as `docs/cli.md` describes them.

mod connections;
mod evidence;
mod known;
mod lab;
mod reading;
mod why;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use connections::{Connect, ConnectionAdd, ConnectionEdit, ConnectionLines, Connections, ConnectionsAct};
pub use evidence::{
    Anchor, Anchors, Drift, Health, Prove, Report, ReportFormat, ReportQuestion, ReportSubject, Verify, VerifyBundle,
};
pub use known::{Corrections, FoldOrder, Known};
pub use lab::{Check, Gate, Minimize, WhatIf};
pub use reading::{
    Blame, Causes, ClockName, Compare, CompareBy, Diff, Distinguish, Field, History, LanesAsked, Search, Sort, State,
    Streams, Tail,
};
pub use why::{Why, WhyNot};

/// What help calls the options that every command has.
const EVERYWHERE: &str = "Options of every command";

/// Read an event store, strictly read-only: what happened, what was the state then, which event made it so.
#[derive(Debug, Parser)]
#[command(
    name = "refold",
    version,
    after_help = "CURSOR is v12 (version), #4711 (position), a time (2026-08-03T14:00:00Z, \"2026-08-03 14:00\" in UTC or --zone, \"2026-08-03 14:00 Europe/Berlin\", -2h, now), start or head.\n\
    HANDLER is a handler package or reducer file, with a version after @ (handlers/order@1.1.0), or builtin:merge.\n\
    Exit codes: 0 done; 1 done, and it found differences; 2 the call is wrong; 3 it could not run; 130 cancelled."
)]
pub struct Arguments {
    /// Print one JSON document, or one a line where the answer streams
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,

    /// Layout id or layout file; without it the layout is found by looking
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "LAYOUT")]
    pub layout: Option<String>,

    /// Zone of times that name none, in the store and in cursors (UTC, +02:00, Europe/Berlin)
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "ZONE", allow_hyphen_values = true)]
    pub zone: Option<String>,

    /// Hide what this file of masking rules names, besides those at hand (docs/masking.md)
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    pub mask: Option<PathBuf>,

    /// Show what masking rules hide at and below this path (/customer/email, or all); may be given more than once, and is
    /// logged
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "PATH", requires = "reason")]
    pub reveal: Vec<String>,

    /// What it is revealed for
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "TEXT", requires = "reveal")]
    pub reason: Option<String>,

    /// Run handlers that are programs also where nothing keeps them in (docs/handlers.md)
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub trust_programs: bool,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Kind, layout with the evidence for it, counts, time span, how read-only is enforced, findings
    #[command(after_help = "Example: refold info orders.db")]
    Info {
        /// A path, an address, or the @name of a saved connection
        store: OsString,
    },

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

    /// What two stores hold, stream by stream; with --stream two states side by side
    #[command(
        after_help = "What is given once holds for both sides, what is given twice for A and then for B.\n\
        Exit code 1: they differ, or not all of them could be read.\n\
        Example: refold compare orders.db restored.db --ignore id,recorded\n\
        Example: refold compare orders.db --stream order-4711 --stream order-4712 --ignore-order"
    )]
    Compare(Compare),

    /// For each leaf of a state: the event that last changed it, and the one that last wrote it
    #[command(after_help = "Example: refold blame orders.db order-4711 --path /status --handler handlers/order@1.1.0")]
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
    #[command(after_help = "Example: refold field orders.db order-4711 /status --handler handlers/order@1.1.0 --csv")]
    Field(Field),

    /// What caused an event, and what it caused, across streams
    #[command(after_help = "Example: refold causes orders.db order-4711 --at v9 --index")]
    Causes(Causes),

    /// The events of several streams in the order of one clock
    #[command(after_help = "Example: refold lanes orders.db order-4711 order-4712 --clock occurred")]
    Lanes(LanesAsked),

    /// The state of a stream at its head, or of every stream; with --against, where another handler differs
    #[command(
        override_usage = "refold replay [OPTIONS] <STORE> <STREAM|--all|--category <NAME>>",
        after_help = "Example: refold replay orders.db --all --handler handlers/order@1.0.0 --against handlers/order@1.1.0"
    )]
    Replay(Replay),

    /// Where invariants break: the first event that broke each, and every change since
    #[command(
        override_usage = "refold check [OPTIONS] <STORE> <STREAM|--all|--category <NAME>>",
        after_help = "Example: refold check orders.db --all --handler handlers/order@1.0.0"
    )]
    Check(Check),

    /// Every event through the upcasters of a handler: what fails, what is lost, what changes
    #[command(
        override_usage = "refold gate [OPTIONS] <STORE> <STREAM|--all|--category <NAME>>",
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
    #[command(after_help = "Example: refold timeline orders.db --svg ~/timeline.svg")]
    Timeline(Timeline),

    /// Keep what was found in one file that opens without the store, or say what such a file holds
    #[command(subcommand)]
    Case(Case),

    /// Make an anchor: what proves later that the events are still what they were
    #[command(after_help = "Example: refold anchor orders.db --out ~/anchors --key ~/minisign.key")]
    Anchor(Anchor),

    /// The anchors that lie in a folder, those of a store first
    #[command(after_help = "Example: refold anchors orders.db --in ~/anchors")]
    Anchors(Anchors),

    /// Whether a store still holds the events of an anchor, byte for byte, and which differ
    #[command(after_help = "Example: refold verify orders.db --anchor ~/anchors/anchor-20261121T143000Z-09af22c1")]
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
        after_help = "Example: refold prove orders.db --anchor ~/anchors/anchor-20261121T143000Z-09af22c1 --event '#4711' --out ~/proofs"
    )]
    Prove(Prove),

    /// An audit report that stands as evidence: events, state, completeness, custody and limits, in a signed folder
    #[command(
        after_help = "Example: refold report orders.db order-4711 --out ~/reports --operator \"A. Auditor\" --key auditor.key"
    )]
    Report(Box<Report>),

    /// Whether an anchor, a proof or a report is whole and holds, by itself
    #[command(after_help = "Example: refold verify-bundle ~/proofs/proof-event-4711-09af22c1")]
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
    Test {
        /// Its folder, with a version after @ for that one alone
        package: String,
    },

    /// Write a starter of a handler package from the events of a category
    #[command(after_help = "Example: refold new-handler orders.db --category order --out ~/my-order")]
    NewHandler(NewHandler),

    /// Print a completion script for a shell
    #[command(after_help = "Example: refold completions bash > /etc/bash_completion.d/refold")]
    Completions {
        /// Which shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("scope").required(true).args(["stream", "all", "category"]))]
pub struct Replay {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    #[command(flatten)]
    pub scope: ScopeAsked,
    /// A handler package, with a version after @, or a file [default: builtin:merge, which needs no code]
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
    /// The id of a stream
    pub stream: Option<String>,
    /// Every stream of the store
    #[arg(long)]
    pub all: bool,
    /// Every stream of this category
    #[arg(long, value_name = "NAME")]
    pub category: Option<String>,
    /// Only up to this version, position or time of the stream
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true, requires = "stream")]
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
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The id of a stream; without one, of the whole store
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
    Show {
        /// The case file
        file: OsString,
    },
}

#[derive(Debug, Args)]
pub struct CaseSave {
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
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
    /// A path, an address, or the @name of a saved connection
    pub store: OsString,
    /// The category that it is for; (none): the streams without one
    #[arg(long)]
    pub category: String,
    /// A folder that is empty or not there yet [default: CATEGORY.handler]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn each(command: &clap::Command, look: &mut impl FnMut(&clap::Command)) {
        look(command);
        command.get_subcommands().for_each(|below| each(below, look));
    }

    #[test]
    fn everything_that_can_be_given_is_explained() {
        let mut unsaid = Vec::new();
        each(&Arguments::command(), &mut |command| {
            let shown = command.get_arguments().filter(|argument| !argument.is_hide_set());
            let bare = shown.filter(|argument| argument.get_help().is_none());
            unsaid.extend(bare.map(|argument| format!("{} {}", command.get_name(), argument.get_id())));
        });
        assert_eq!(unsaid, Vec::<String>::new());
    }

    /// `-2h` is a time.
    #[test]
    fn whatever_takes_a_cursor_or_a_time_takes_one_that_begins_with_a_dash() {
        let (mut refusing, mut count) = (Vec::new(), 0);
        each(&Arguments::command(), &mut |command| {
            for argument in command.get_arguments() {
                let names = argument.get_value_names().unwrap_or_default();
                let is_cursor = names.iter().any(|name| matches!(name.as_str(), "CURSOR" | "TIME"));
                count += usize::from(is_cursor);
                if is_cursor && !argument.is_allow_hyphen_values_set() {
                    refusing.push(format!("{} {}", command.get_name(), argument.get_id()));
                }
            }
        });
        assert_eq!(refusing, Vec::<String>::new());
        assert!(count > 20, "{count}");
    }

    /// What may be given in several ways is listed first where nobody says how it is typed.
    #[test]
    fn the_store_is_named_before_its_stream() {
        let (mut wrong, mut count) = (Vec::new(), 0);
        each(&Arguments::command(), &mut |command| {
            let usage = command.clone().render_usage().to_string();
            if let Some((store, stream)) = usage.find("<STORE>").zip(usage.find("<STREAM")) {
                count += 1;
                wrong.extend((stream < store).then_some(usage));
            }
        });
        assert_eq!(wrong, Vec::<String>::new());
        assert!(count > 8, "{count}");
    }

    #[test]
    fn what_every_command_has_stands_below_what_is_its_own() {
        let command = Arguments::command();
        let global = command.get_arguments().filter(|argument| argument.is_global_set());
        let headings: Vec<_> = global.map(clap::Arg::get_help_heading).collect();
        assert!(
            headings.len() > 5 && headings.iter().all(|heading| *heading == Some(EVERYWHERE)),
            "{headings:?}"
        );
    }
}
