//! One opened stream: its events, its state, one event whole.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::FindingWire;
use super::TypeCount;

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

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
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
    /// What was asked for and led to the moment, as a cursor: where events behind the moment's are missing it may be past
    /// them. `None`: the moment itself.
    pub asked: Option<String>,
    /// Changes are shown against this moment; `None`: the one before `moment`.
    pub base: Option<u32>,
    /// Containers are open down to this depth; the root has depth 0. By default 2.
    pub open_depth: u32,
    /// JSON pointers whose folding the user toggled from that.
    pub toggled: Vec<String>,
    /// Of a state only what changed, and what is around it.
    pub only_changes: bool,
    /// Which of the events that upcasters made of one is shown; 0: the first.
    pub part: u32,
    pub first_row: u32,
    pub row_count: u32,
    /// All of a huge payload, not only its beginning.
    pub is_whole: bool,
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
    /// What the handler's upcasters made of the payload of the event at `moment`, as a tree with what they changed.
    Upcast,
}

/// How the handler's upcasters bring one event to the version that its rules expect.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct UpcastWire {
    /// In the order in which they ran; empty: the event is stored as the rules expect it.
    pub steps: Vec<UpcastStepWire>,
    /// The types of the events that the rules get; none: it is dropped, or `fault` says why.
    pub made: Vec<String>,
    /// Why the chain stopped: code, sentence, place in the package.
    pub fault: Option<String>,
    /// Masking rules hide some of the payload: what the steps compute of it, they compute of what is shown.
    pub is_redacted: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct UpcastStepWire {
    /// `upcasters.yaml:5:3`.
    pub place: String,
    pub event_type: String,
    pub from: u32,
    pub to: u32,
    /// The types of what it made; none: it drops the event, or it failed.
    pub made: Vec<String>,
    /// What it changed in the payload, where it made one event of one; at most 100 places.
    pub changes: Vec<UpcastChangeWire>,
    pub change_count: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct UpcastChangeWire {
    /// RFC 6901.
    pub path: String,
    /// `added`, `removed` or `changed`.
    pub op: String,
    /// Literals; `None` where there is nothing.
    pub before: Option<String>,
    pub after: Option<String>,
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
    /// The instant that was asked for, RFC 3339; `None` for exact cursors.
    pub as_of: Option<String>,
    /// The exact cursor that was asked for, where it lies behind its event among events that are missing; `None`: it means
    /// its event.
    pub asked: Option<String>,
}

/// A problem at an event: the next one from somewhere.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ProblemFound {
    pub moment: u32,
    /// Which of all events with a problem it is, from 1.
    pub ordinal: u32,
    pub total: u32,
    /// What was found there, a sentence each.
    pub details: Vec<String>,
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
    /// Masking rules hide something of the payload: then its size is 0 and its hash empty, because both would tell.
    pub is_redacted: bool,
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
    /// The column may tell what masking rules hide: then its text says only that, and its size is 0.
    pub is_redacted: bool,
}
