//! Two states side by side.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{FindingWire, HandlerWire, LabEvent};

/// One side of a comparison, as a person asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ComparisonSide {
    pub stream: String,
    /// A cursor.
    pub at: String,
    /// A package or `builtin:merge`, which `None` means too.
    pub handler: Option<String>,
}

/// Two states that are compared. What crosses as a state frame has the rows of the later side, `current`.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ComparisonOpened {
    pub comparison: u32,
    pub base: ComparedSide,
    pub current: ComparedSide,
    /// How many events lie between both moments; `None`: the sides are of two streams.
    pub between: Option<u32>,
    /// Two handlers fold one stream: where else they differ can be asked.
    pub has_intervals: bool,
    pub findings: Vec<FindingWire>,
}

/// What one side turned out to be.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ComparedSide {
    pub stream: String,
    pub category: String,
    pub handler: HandlerWire,
    pub moment: u32,
    /// Events of the stream.
    pub events: u32,
    /// Of the event that led to the moment; each empty before the first.
    pub version: String,
    pub position: String,
    pub recorded_at: String,
    pub event_type: String,
    /// Since this event (version, or `#4711`) the state may lack something; empty: complete.
    pub incomplete_since: String,
    /// Why the handler stopped; empty when it did not.
    pub fault: String,
}

/// The rows that are wanted.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ComparisonQuery {
    pub seq: u32,
    /// Only the places that differ, one row each; else both states whole.
    pub only_changes: bool,
    /// The order of array elements means nothing.
    pub ignores_order: bool,
    pub open_depth: u32,
    pub toggled: Vec<String>,
    pub first_row: u32,
    pub row_count: u32,
}

/// Where two handlers make something else of one stream, from its first event to its head.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ComparisonIntervals {
    /// In order; the first ones, where there are more than a list takes.
    pub intervals: Vec<IntervalWire>,
    pub interval_count: u32,
    /// A side that failed, in a sentence.
    pub stops: Vec<String>,
}

/// The states differ after the event `from` and until the event `until`, after which they are equal again.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct IntervalWire {
    pub from: LabEvent,
    /// `None`: up to the head.
    pub until: Option<LabEvent>,
}
