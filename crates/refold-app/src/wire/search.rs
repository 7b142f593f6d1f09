//! Searching: what is asked, how far it is, what was found.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{AppErrorWire, FindingWire};

/// What to look for. Everything that is given must hold; what is empty holds for every event.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct SearchAsked {
    /// Part of the payload or the metadata.
    pub text: String,
    pub types: Vec<String>,
    pub categories: Vec<String>,
    /// Part of the id of the stream.
    pub stream: String,
    /// Earliest and latest recorded time, both included, as a cursor is written.
    pub from: String,
    pub to: String,
    /// In the expression language of handlers.
    pub condition: String,
}

/// How far a search is: told with the first hit, and then about ten times a second.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SearchUpdate {
    pub search: u32,
    /// What cancels it.
    pub job: u32,
    pub found: u32,
    /// Events that were looked at, of how many.
    pub done: u32,
    pub total: Option<u32>,
}

/// How a search ended. Its rows stay until it is closed.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SearchEnded {
    pub search: u32,
    pub found: u32,
    pub end: SearchEnd,
    /// Why it failed, where it did.
    pub failure: Option<AppErrorWire>,
    pub findings: Vec<FindingWire>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SearchEnd {
    /// All of the store was searched.
    Whole,
    /// There are more, which are not listed.
    TooMany,
    /// It was cancelled: what was found by then is there.
    Cancelled,
    /// It broke off: what was found by then is there.
    Failed,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FoundPage {
    pub total: u32,
    pub rows: Vec<FoundRow>,
}

/// An event that was found, with the text around the hit.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FoundRow {
    pub position: String,
    pub version: String,
    pub stream: String,
    pub event_type: String,
    pub recorded_at: String,
    pub is_in_metadata: bool,
    pub before: String,
    /// Empty where no text was looked for.
    pub hit: String,
    pub after: String,
}

/// The copy of all payloads with which a search takes a moment.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SearchOffer {
    pub is_ready: bool,
    /// About how much disk it takes, as a person reads it.
    pub size: String,
}

/// Hits in one stream.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HistoryHits {
    /// The moments after the events, ascending.
    pub moments: Vec<u32>,
    /// Where the text is in each of them, as a sum: 1 payload, 2 metadata, 4 type, 8 id, 16 version or position. Zeros
    /// where no text was asked for.
    pub parts: Vec<u8>,
    /// What could not be read or asked on the way.
    pub findings: Vec<FindingWire>,
}
