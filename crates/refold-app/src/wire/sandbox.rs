//! What if: a branch of one stream beside the record, which it never is.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{CourseMark, FindingWire, HandlerWire, LabEvent, PairRow, SeverityWire};

/// A branch that is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SandboxAsked {
    pub stream: String,
    pub handler: String,
    /// Each as a file of edits has it, as a JSON object; or a list of such.
    pub edits: Vec<String>,
}

/// A branch beside the record. Its rows and states are asked for by `sandbox`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SandboxOpened {
    pub sandbox: u32,
    pub stream: String,
    pub handler: HandlerWire,
    /// In words, in their order.
    pub edits: Vec<String>,
    /// The same as they were typed; a list of edits is taken apart.
    pub texts: Vec<String>,
    /// How many events each line has, and how many rows both have together.
    pub record_events: u32,
    pub sandbox_events: u32,
    pub rows: u32,
    /// The first row that is otherwise; `None`: none is.
    pub first_edited: Option<u32>,
    /// The rows at which the states begin to differ, or to be equal again, in order; the first of many.
    pub turns: Vec<u32>,
    /// Places at which they differ at the head.
    pub differing_at_head: u32,
    /// The rows in equal parts: see [`CourseMark`].
    pub bar: Vec<CourseMark>,
    /// Rows of events that come to something else though they are the same; the first of many, and how many there are.
    pub otherwise: Vec<SandboxRow>,
    pub otherwise_count: u32,
    pub invariants: Vec<SandboxInvariant>,
    /// Since this event of the record (version, or `#4711`) both lines may lack something; empty: complete.
    pub incomplete_since: String,
    pub findings: Vec<FindingWire>,
}

/// An event of either line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SandboxRow {
    pub row: u32,
    pub event: LabEvent,
    /// How an edit names it: `v5`, `#4711`, `+1`.
    pub name: String,
    pub mark: SandboxMark,
    /// What it came to on each line, in words; empty where it is not there.
    pub record: String,
    pub sandbox: String,
    /// Whether the states differ after it.
    pub differs: bool,
}

/// What a branch makes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SandboxMark {
    Kept,
    Edited,
    Skipped,
    Inserted,
    MovedFrom,
    MovedTo,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SandboxRows {
    pub total: u32,
    pub rows: Vec<SandboxRow>,
}

/// Both states after a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SandboxPage {
    pub row: u32,
    /// How the row's event is called; empty before the first.
    pub label: String,
    /// The first of many.
    pub rows: Vec<PairRow>,
    /// Places that differ, and all.
    pub differing: u32,
    pub places: u32,
}

/// An invariant on both lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SandboxInvariant {
    pub id: String,
    pub severity: SeverityWire,
    /// The event that broke it first, as it is called; empty: no state that could be made breaks it.
    pub record: String,
    pub sandbox: String,
    /// The first event of which no state could be made: what holds from there on is unclear. Empty: there is none.
    pub record_unclear: String,
    pub sandbox_unclear: String,
    pub is_otherwise: bool,
}
