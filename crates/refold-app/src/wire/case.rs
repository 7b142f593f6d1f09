//! A case file that is open: where its events are from, and what a person noted on them.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{DocumentPlace, FindingGroup};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CaseWire {
    pub written_at: String,
    /// Version of Refold.
    pub written_by: String,
    /// The store that its events are from, as it was named then.
    pub store: String,
    pub store_kind: String,
    pub store_layout: String,
    /// A hash that tells it from other stores.
    pub store_identity: String,
    /// The last event of the store when the case was written.
    pub last_position: Option<String>,
    /// When that event was recorded: what the case shows is as of then. `None`: the case does not say.
    pub last_position_recorded_at: Option<String>,
    /// The latest recorded time of the events in the case.
    pub events_until: Option<String>,
    pub streams: Vec<CaseStreamWire>,
    pub notes: u32,
    pub handlers: Vec<CaseHandlerWire>,
    /// What is not in it, a sentence each.
    pub left_out: Vec<String>,
    /// What was noteworthy when it was written.
    pub findings: Vec<FindingGroup>,
    /// Index of the place that showed.
    pub shown: u32,
    /// Where the window stood.
    pub places: Vec<DocumentPlace>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CaseStreamWire {
    pub stream: String,
    pub category: String,
    pub events: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CaseHandlerWire {
    pub name: String,
    pub version: String,
    pub hash: String,
    /// What it can be opened by here; `None`: its files are not in the case.
    pub reference: Option<String>,
}

/// What a case is made of, besides the notebook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CaseAsked {
    /// Streams that go into it beside those of notes and places.
    pub streams: Vec<String>,
    /// The documents of the store as they stand.
    pub places: Vec<DocumentPlace>,
    /// Index of the one that shows.
    pub shown: u32,
    /// What else stood open and does not go into it, in words.
    pub elsewhere: Vec<String>,
}
