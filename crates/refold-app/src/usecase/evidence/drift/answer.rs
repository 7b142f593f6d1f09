//! What is answered of a read model: the counts, and the faults one by one.

use serde::Serialize;

use crate::answer::Literal;
use crate::text::Exact;
use crate::wire::{FindingWire, HandlerWire};

/// What `refold --json drift` prints.
#[derive(Debug, Clone, Serialize)]
pub struct DriftAnswer {
    pub read_model: String,
    pub table: Option<String>,
    /// The file of the mapping.
    pub mapping: String,
    pub handler: HandlerWire,
    /// All rows; each is one of those below, `missing` apart.
    pub rows: u32,
    pub equal: u32,
    /// Streams that should have a row and have none; these are no rows.
    pub missing: u32,
    pub extra: u32,
    pub different: u32,
    /// Of the different rows those that hold as a whole what their stream came to before the event that they say that they
    /// are at.
    pub lost_updates: u32,
    /// Rows that hold what their stream came to some events ago and say nothing later of themselves, and streams whose row
    /// may still come.
    pub behind: u32,
    /// Of these, streams: they are no rows.
    pub to_come: u32,
    /// Rows that say that they are at an event that their stream does not have.
    pub unplaced: u32,
    /// Of these, rows whose event would lie behind all that there are.
    pub past_end: u32,
    /// Rows of which it cannot be told.
    pub unclear: u32,
    /// Rows that are not compared because a later one has the same key.
    pub older: u32,
    /// How far the read model is as a whole; where nobody says, the last position that a row which is right reflects.
    pub position: Option<String>,
    pub position_from: PositionFrom,
    /// Events of these streams that the read model as a whole has not come to; `null` where nobody says how far that is.
    pub lag_events: Option<u64>,
    /// By column: in how many rows it is different, the most first.
    pub columns: Vec<ColumnFaults>,
    /// What the streams of wrong rows have in common, the most telling first.
    pub distinguishing: Vec<Distinguishing>,
    /// By kind and key, of each kind the first.
    pub faults: Vec<Fault>,
    /// All there are: of a row one for each column that is different.
    pub fault_count: u64,
    pub findings: Vec<FindingWire>,
}

/// Who says how far the read model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PositionFrom {
    /// Whoever asked.
    Given,
    /// The table in which the projection keeps it.
    Checkpoint,
    /// The rows, each for itself.
    Rows,
    /// Nobody: each row is compared with all that its stream came to.
    Nobody,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnFaults {
    pub column: String,
    pub path: String,
    pub rows: u32,
}

/// A property of streams that is more, or less, frequent among those of wrong rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Distinguishing {
    /// `event type`, `last event type`, `month of the last event`.
    pub attribute: &'static str,
    pub value: Exact,
    pub wrong: u32,
    pub wrong_of: u32,
    pub right: u32,
    pub right_of: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultKind {
    Missing,
    Extra,
    Different,
    Unplaced,
    Behind,
    Unclear,
}

impl FaultKind {
    /// As it is serialised.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Missing => "missing",
            FaultKind::Extra => "extra",
            FaultKind::Different => "different",
            FaultKind::Unplaced => "unplaced",
            FaultKind::Behind => "behind",
            FaultKind::Unclear => "unclear",
        }
    }
}

/// One thing that is not as the handler makes it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fault {
    /// The key as the row has it; of a missing row the id of its stream.
    pub key: Exact,
    pub kind: FaultKind,
    /// `null` where no stream has the key.
    pub stream: Option<Exact>,
    pub column: Option<String>,
    /// The place of the state, or the expression over it, that the column holds.
    pub path: Option<String>,
    pub expected: Option<Literal>,
    pub found: Option<Literal>,
    /// The event that explains it: of a column the first one since which it differs; of a row that is behind the first one
    /// that it lacks; of a missing row the first of its stream. `null` where the initial state has the value already.
    pub version: Option<String>,
    pub position: Option<String>,
    pub recorded_at: Option<String>,
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// The version, or where the store keeps none the position, of the state that the row was compared with.
    pub at: Option<String>,
    /// The same of the state that the row holds as a whole, where its stream came to that at another moment than the row
    /// says: of an earlier one is said that an update was lost.
    pub holds: Option<String>,
    pub lost_update: bool,
    /// The row holds what no state before had: the event is the last one that changed what is expected.
    pub last_change: bool,
    /// How many events the row is behind.
    pub behind_by: u32,
    /// In words, where the rest does not say it.
    pub why: Option<String>,
}
