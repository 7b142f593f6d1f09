//! The values of one field over a stream: their list, and their lane over the timeline.

use serde::{Deserialize, Serialize};
use specta::Type;

/// What is known of a field once its whole history was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FieldRead {
    /// The JSON pointer, as it is shown.
    pub path: String,
    pub values: u32,
    pub kind: FieldKind,
    /// The least and the greatest value, as literals; empty where not all are numbers.
    pub least: String,
    pub greatest: String,
    /// As in a state frame.
    pub incomplete_since: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum FieldKind {
    /// Numbers, and null where it has none.
    Number,
    /// True and false, and null where it has none.
    Boolean,
    Other,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FieldPage {
    pub total: u32,
    pub rows: Vec<FieldRow>,
}

/// One value and the event that it came with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FieldRow {
    /// 0: the handler's initial state.
    pub moment: u32,
    pub version: String,
    pub position: String,
    pub recorded_at: String,
    pub event_type: String,
    /// The display literal; `None`: the event removed it.
    pub value: Option<String>,
}

/// A field in the columns of a window.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Lane {
    /// Ascending by column. A column without a run shows what the one before it ended with.
    pub runs: Vec<LaneRun>,
    /// The display literals that the runs name by their place here.
    pub values: Vec<String>,
}

impl Lane {
    /// In [`LaneRun::value`]: the state has nothing there.
    pub const ABSENT: u32 = u32::MAX;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LaneRun {
    pub column: u32,
    /// Where its last value came.
    pub moment: u32,
    /// Its last value, as a place in [`Lane::values`], or [`Lane::ABSENT`].
    pub value: u32,
    /// Of numbers: how high the last, the least and the greatest value of the column stand, from 0 (the least of the
    /// whole history) to 65,535 (the greatest).
    pub height: u32,
    pub low: u32,
    pub high: u32,
    /// How many values came in the column.
    pub changes: u32,
}

/// What came of checking the invariants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct InvariantsChecked {
    /// How many invariants the handler has; 0: nothing was checked.
    pub invariants: u32,
    /// At how many events one of them breaks.
    pub breaks: u32,
}
