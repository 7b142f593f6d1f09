//! A read model beside what a handler makes of the history.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{FindingWire, HandlerWire};

/// Whose mapping is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MappingAsked {
    pub read_model: String,
    /// Empty for an export.
    pub table: String,
    pub handler: String,
    /// Guess, also where one is saved.
    pub is_guess: bool,
}

/// What the columns of a read model hold, for a person to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MappingOffered {
    pub text: String,
    /// Where it lies, or would be found.
    pub file: String,
    /// It was guessed, and is not what lies there.
    pub is_guess: bool,
    /// Of a guess: rows that were looked at, and those whose stream was found.
    pub sampled: u32,
    pub matched: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DriftAskedWire {
    pub read_model: String,
    /// Empty for an export.
    pub table: String,
    pub handler: String,
    /// The text of the mapping.
    pub mapping: String,
    /// A cursor; empty: what the mapping says.
    pub position: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DriftFound {
    /// Empty for an export.
    pub table: String,
    pub handler: HandlerWire,
    pub rows: u32,
    pub equal: u32,
    pub missing: u32,
    pub extra: u32,
    pub different: u32,
    /// Of the different ones.
    pub lost_updates: u32,
    pub unplaced: u32,
    pub behind: u32,
    pub unclear: u32,
    /// A position or a time; empty where nobody says.
    pub position: String,
    pub position_from: DriftPositionFrom,
    pub lag_events: u32,
    pub columns: Vec<DriftColumn>,
    pub distinguishing: Vec<DriftDistinguishing>,
    /// By kind and key, of each kind the first.
    pub faults: Vec<DriftFault>,
    pub fault_count: u32,
    pub findings: Vec<FindingWire>,
    /// How long it took, for a person.
    pub took: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DriftPositionFrom {
    Given,
    Checkpoint,
    Rows,
    Nobody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DriftKind {
    Missing,
    Extra,
    Different,
    Unplaced,
    Behind,
    Unclear,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DriftColumn {
    pub column: String,
    pub path: String,
    pub rows: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DriftDistinguishing {
    pub attribute: String,
    pub value: String,
    pub wrong: u32,
    pub wrong_of: u32,
    pub right: u32,
    pub right_of: u32,
}

/// One fault. Texts are empty where there is nothing; values are literals as a row of the window shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DriftFault {
    pub key: String,
    pub kind: DriftKind,
    pub stream: String,
    pub column: String,
    pub path: String,
    pub expected: String,
    pub found: String,
    /// The event that explains it.
    pub version: String,
    pub position: String,
    pub recorded_at: String,
    pub event_type: String,
    /// The version, or `#` and the position, of the state that the row was compared with.
    pub at: String,
    /// The same of the state that the row holds as a whole, where it is another than the row says.
    pub holds: String,
    pub is_lost_update: bool,
    /// No state before had what the row holds: the event is the last one that changed what is expected.
    pub is_last_change: bool,
    pub behind_by: u32,
    pub why: String,
}
