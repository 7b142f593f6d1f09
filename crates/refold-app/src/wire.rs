//! The types that cross to the window. No 64-bit integer is among them: counts are `u32`, positions and versions are
//! text as the store has them, times are RFC 3339. Payload values cross as display literals only.
//!
//! A *moment* is how many events of a stream are folded: 0 is before the first event, `events` is the head. Version
//! labels beside it are the store's own numbering.

use serde::{Deserialize, Serialize};
use specta::Type;

/// The only failure that crosses to a face. A `code` exists because a face acts on it.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AppErrorWire {
    pub code: ErrorCode,
    /// What failed and why, one sentence.
    pub message: String,
    /// What to do about it, one sentence; empty when there is nothing to do.
    pub hint: String,
    /// Layout ids to choose from, when `code` is `Ambiguous`.
    pub choices: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ErrorCode {
    Cancelled,
    InvalidInput,
    NotFound,
    NotAnEventStore,
    Ambiguous,
    Unreachable,
    Denied,
    Corrupt,
    HandlerFailed,
    Internal,
}

/// What the window needs before its first paint.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AppStart {
    pub version: String,
    pub settings: Settings,
    pub recents: Vec<Recent>,
    /// What the arguments or a link asked for, else what was open last.
    pub launch: Option<Launch>,
    /// Where the sample store is, when it was made.
    pub sample: Option<String>,
    /// The settings file, for a person who wants to edit it.
    pub settings_file: String,
    /// Why the settings file cannot be read; the defaults hold then.
    pub settings_failure: Option<AppErrorWire>,
}

/// What to open: a store, and in it a stream at a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Launch {
    pub store: String,
    pub stream: Option<String>,
    pub at: Option<String>,
    pub handler: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    pub theme: Theme,
    pub density: Density,
    /// Whether single letters, digits and signs run commands.
    pub letter_keys: bool,
    /// What a person bound in the file, in its order. Saving leaves it as they wrote it.
    pub keys: Vec<KeyBinding>,
}

/// One line of a table `[keys.CONTEXT]`, as a person wrote it. Which commands and contexts there are, the window knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct KeyBinding {
    pub context: String,
    pub keys: String,
    /// `None` takes the keys away from what they run by default.
    pub command: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    Dark,
    Light,
    #[default]
    System,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Density {
    #[default]
    Comfortable,
    Compact,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            theme: Theme::System,
            density: Density::Comfortable,
            letter_keys: true,
            keys: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Recent {
    pub location: String,
    pub layout_title: String,
    pub events: Option<u32>,
    /// RFC 3339.
    pub opened_at: String,
}

/// A store that is open. Everything here comes without a scan; the rest follows with [`Overview`].
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoreOpened {
    pub session: u32,
    pub location: String,
    pub name: String,
    pub kind: String,
    pub layout: String,
    pub layout_title: String,
    pub evidence: Vec<String>,
    pub read_only: Vec<String>,
    pub order_is_total: bool,
    pub time_zone: String,
    /// Size as a person reads it, with its unit.
    pub size: String,
    pub events: Option<u32>,
    pub events_is_exact: bool,
    /// The newest events, newest first (at most 100).
    pub newest: Vec<EventRow>,
    /// Earliest and latest recorded time of a sample of first and newest events.
    pub first_recorded_at: String,
    pub last_recorded_at: String,
    /// Types of the newest `sampled_events` events, most frequent first.
    pub sampled_types: Vec<TypeCount>,
    pub sampled_events: u32,
    pub findings: Vec<FindingWire>,
    /// An index was found; [`Overview`] can be asked for at once.
    pub index_is_ready: bool,
    /// Handlers that are at hand: the packages beside the store, the newest version of each first, then the default.
    pub handlers: Vec<HandlerChoice>,
}

/// A handler that can be opened by its `reference`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HandlerChoice {
    pub reference: String,
    pub name: String,
    /// Empty for a package whose manifest cannot be read: opening it says why.
    pub version: String,
    /// The category of streams that it is for; `None`: any.
    pub category: Option<String>,
}

/// What only the index knows.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    pub events: u32,
    pub streams: u32,
    pub first_recorded_at: String,
    pub last_recorded_at: String,
    /// All types, most frequent first. Slot 0..8 colours go by this order.
    pub types: Vec<TypeCount>,
    pub categories: Vec<CategoryCount>,
    pub findings: Vec<FindingWire>,
    /// The store has grown since: this, the streams and the density are as it was, until the index is up to date.
    pub is_behind: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TypeCount {
    pub name: String,
    pub events: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CategoryCount {
    pub name: String,
    pub streams: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FindingWire {
    pub code: String,
    pub severity: SeverityWire,
    pub count: u32,
    /// The first of them, in a sentence.
    pub detail: String,
    pub stream: Option<String>,
    pub version: Option<String>,
    pub position: Option<String>,
}

/// All that is kept of one code of findings, to be read one by one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FindingGroup {
    pub code: String,
    pub severity: SeverityWire,
    /// All there are; more than `found`, when only the first are kept.
    pub count: u32,
    /// What to do about it, one sentence; empty for a code without one.
    pub advice: String,
    pub found: Vec<FoundWire>,
}

/// One finding: what it says, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FoundWire {
    pub detail: String,
    pub stream: Option<String>,
    pub version: Option<String>,
    pub position: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SeverityWire {
    Notice,
    Warning,
    Error,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct JobUpdate {
    pub job: u32,
    pub phase: String,
    pub done: u32,
    pub total: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum StreamSort {
    Id,
    Events,
    Last,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StreamQuery {
    /// Substring of the id; empty matches all.
    pub matching: String,
    pub category: Option<String>,
    pub sort: StreamSort,
    pub descending: bool,
    pub offset: u32,
    pub limit: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StreamPage {
    pub total: u32,
    pub matching: u32,
    pub rows: Vec<StreamRow>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StreamRow {
    pub id: String,
    pub category: String,
    pub events: u32,
    pub first_recorded_at: String,
    pub last_recorded_at: String,
    pub last_type: String,
}

/// What a history tells without being asked, while it is opened and as long as it is open: how far a long fold is
/// (about ten times a second, from a tenth of a second on), and findings that came up.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HistoryUpdate {
    /// The job that cancels whatever runs for this history, its opening too. The history stays open.
    pub job: u32,
    /// What runs; empty: nothing any more.
    pub phase: String,
    /// Events, or other steps of the phase.
    pub done: u32,
    pub total: Option<u32>,
    /// All findings of the history, when there are others than were told before.
    pub findings: Option<Vec<FindingWire>>,
}

impl HistoryUpdate {
    /// Says that nothing runs.
    pub fn idle(job: u32) -> HistoryUpdate {
        HistoryUpdate {
            job,
            phase: String::new(),
            done: 0,
            total: None,
            findings: None,
        }
    }
}

impl From<JobUpdate> for HistoryUpdate {
    fn from(update: JobUpdate) -> HistoryUpdate {
        HistoryUpdate {
            phase: update.phase,
            done: update.done,
            total: update.total,
            ..HistoryUpdate::idle(update.job)
        }
    }
}

/// A window of the density timeline. Bounds are inclusive-exclusive on the chosen axis.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DensityQuery {
    pub axis: Axis,
    /// RFC 3339 on the time axis, positions or moments as text on the others; empty: the whole span.
    pub from: String,
    pub to: String,
    pub columns: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Axis {
    Time,
    Version,
    Position,
}

/// One stream, opened with a handler.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HistoryOpened {
    pub history: u32,
    pub stream: String,
    pub category: String,
    pub events: u32,
    pub first_version: String,
    pub last_version: String,
    pub first_recorded_at: String,
    pub last_recorded_at: String,
    pub handler: HandlerWire,
    /// Types of this stream, in the order of the store's overview where that is known, else by frequency here.
    pub types: Vec<TypeCount>,
    pub findings: Vec<FindingWire>,
    /// The moment that the opening cursor meant.
    pub moment: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HandlerWire {
    pub name: String,
    pub version: String,
    pub hash: String,
    pub engine: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EventRow {
    /// The moment after this event; 0 in rows that belong to no opened history.
    pub moment: u32,
    pub version: String,
    pub position: String,
    pub stream: String,
    pub event_type: String,
    pub recorded_at: String,
    /// Time since the event before it in the stream, as a person reads it (`+137 ms`); empty for the first.
    pub since_previous: String,
    /// Codes of findings at this event.
    pub problems: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EventQuery {
    /// Only these types; empty: all.
    pub types: Vec<String>,
    pub offset: u32,
    pub limit: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EventPage {
    pub total: u32,
    pub matching: u32,
    pub rows: Vec<EventRow>,
}

/// What a tab of the inspector asks for. Answered by a state frame (see [`crate::frame`]).
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StateQuery {
    /// Grows with every request of one history; a newer one cancels an older one.
    pub seq: u32,
    pub lens: Lens,
    pub moment: u32,
    /// Changes are shown against this moment; `None`: the one before `moment`.
    pub base: Option<u32>,
    /// JSON pointers whose folding the user toggled from its default (containers are open down to depth 2).
    pub toggled: Vec<String>,
    pub first_row: u32,
    pub row_count: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Lens {
    /// The whole state, changes since the base inline, the version that last changed each leaf at the end.
    State,
    /// Only what changed.
    Diff,
    /// Every leaf with the event that last changed and that last wrote it.
    Blame,
    /// The payload of the event at `moment` as a tree.
    Payload,
    /// The metadata of the event at `moment` as a tree.
    Metadata,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SearchDirection {
    Forward,
    Backward,
}

/// A cursor text resolved in an opened history.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MomentFound {
    pub moment: u32,
    pub version: String,
    pub position: String,
    pub recorded_at: String,
    /// `as of 2026-08-03 14:00:00 UTC · last event v 734,166, 6 min 12 s earlier`; empty for exact cursors.
    pub explanation: String,
}

/// Everything of one event besides its trees.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EventDetail {
    pub row: EventRow,
    pub event_id: Option<String>,
    pub schema_version: Option<String>,
    pub occurred_at: Option<String>,
    pub correlation_id: Option<String>,
    pub causation_id: Option<String>,
    pub encoding: String,
    pub payload_bytes: u32,
    pub payload_sha256: String,
    /// Why the payload cannot be read as JSON, when it cannot.
    pub undecodable: Option<String>,
    /// The row as stored, column by column.
    pub raw: Vec<RawColumnWire>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RawColumnWire {
    pub name: String,
    pub kind: String,
    pub bytes: u32,
    /// Display text with escapes made visible, at most 64 KiB; `None` for binary.
    pub text: Option<String>,
    /// The first 4 KiB in hex, for binary.
    pub hex: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FindHit {
    pub stream: String,
    pub category: String,
    pub events: u32,
    pub last_recorded_at: String,
}
