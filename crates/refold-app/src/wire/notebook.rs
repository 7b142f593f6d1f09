//! What a person keeps: saved searches, notes on moments.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{FindingWire, SearchAsked};

/// A search with a name, in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SavedQuery {
    /// Not empty, and one of a kind in its folder.
    pub name: String,
    /// Parts with `/` between them; empty: none.
    pub folder: String,
    pub asked: SearchAsked,
}

/// All saved searches, by folder and name, and what was searched for lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QueryBook {
    pub saved: Vec<SavedQuery>,
    /// Latest first.
    pub recent: Vec<SearchAsked>,
    /// The file of the saved ones, for a person who wants to edit it.
    pub file: String,
}

/// A bookmark or a note on a moment, a field or a range of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// Empty for one that is new.
    pub id: String,
    pub kind: NoteKind,
    /// The id as shown.
    pub stream: String,
    pub category: String,
    /// The moment, or the beginning of the range, as a cursor: `v12`, or `#4711` where the store keeps no versions.
    pub at: String,
    /// The end of the range.
    pub until: Option<String>,
    /// The field, RFC 6901.
    pub path: Option<String>,
    /// The event at `at`; empty before the first one.
    pub position: String,
    pub event_type: String,
    pub recorded_at: String,
    /// What the person wrote; plain text.
    pub text: String,
    /// RFC 3339; empty for one that is new.
    pub made_at: String,
    pub changed_at: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum NoteKind {
    Bookmark,
    Note,
    /// Where the cursor rested last: the next such note takes its place.
    Trail,
}

/// All notes on one store, in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Notebook {
    pub notes: Vec<Note>,
    /// Where they are kept.
    pub file: String,
    /// Notes of a case file are read and not written.
    pub is_read_only: bool,
}

/// A file that was written.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Written {
    pub file: String,
    pub events: u32,
    /// As a person reads it.
    pub size: String,
    pub sha256: String,
    pub findings: Vec<FindingWire>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ExportFormat {
    /// A JSON object a line, payloads byte for byte.
    Ndjson,
    Csv,
}
