//! What is known about a time and what was believed then, as both cross to the window.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{FindingWire, HandlerWire};

/// What is asked of an opened history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct KnownAsked {
    /// The time that it is about, as a person writes one.
    pub about: String,
    /// A cursor: what was recorded later is not known.
    pub known_at: String,
    /// The member of payloads that says when an event happened; empty: what the layout says.
    pub occurred: String,
    pub order: KnownOrder,
}

/// In which order events are folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum KnownOrder {
    /// Only if both give the same.
    Either,
    Recorded,
    Occurred,
}

/// What is known about a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct KnownTold {
    pub about: String,
    /// The last event that counts as known; empty: none.
    pub known_at: String,
    pub handler: HandlerWire,
    /// How many events count.
    pub events: u32,
    /// A member a line; empty: the two orders give different states, and nobody said which one is meant.
    pub state: Vec<String>,
    /// `either`, `recorded`, `occurred` or `differ`.
    pub order: String,
    /// Where the two orders differ, from the recorded to the occurred one; the first of many.
    pub differences: Vec<KnownChange>,
    pub difference_count: u32,
    pub incomplete_since: String,
    /// What is not known, in sentences.
    pub missing: Vec<String>,
    pub findings: Vec<FindingWire>,
}

/// What was believed at a time, against what is known about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CorrectionsTold {
    pub about: String,
    pub known_at: String,
    pub believed_by: HandlerWire,
    pub known_by: HandlerWire,
    /// From what was believed to what is known; the first of many.
    pub changes: Vec<KnownChange>,
    pub change_count: u32,
    /// Recorded since then, and happened before.
    pub late: Vec<KnownEvent>,
    pub late_count: u32,
    /// Recorded by then, and happened later.
    pub early: Vec<KnownEvent>,
    pub early_count: u32,
    pub order: String,
    pub incomplete_since: String,
    pub missing: Vec<String>,
    pub findings: Vec<FindingWire>,
}

/// A place with two values, as rows show them; `null`: nothing is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct KnownChange {
    pub path: String,
    pub before: Option<String>,
    pub after: Option<String>,
    /// Where an element of an array was, when all that changed is its place.
    pub moved_from: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct KnownEvent {
    /// `v12`, or `#4711` where the store keeps no version: a cursor.
    pub cursor: String,
    pub event_type: String,
    pub recorded_at: String,
    pub occurred_at: String,
    /// The id of the event that it says it corrects; empty: none.
    pub corrects: String,
}
