//! Two whole stores side by side.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Environment, FindingWire};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresAskedWire {
    /// A path, an address, or the `@name` of a saved connection.
    pub other: String,
    /// The other store stands on the left, and the open one on the right.
    pub is_other_left: bool,
    pub by: StoresBy,
    /// Words of the parts that do not count.
    pub ignored: Vec<String>,
    /// What makes states of the streams that differ; empty: they are not compared.
    pub handler: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum StoresBy {
    Bytes,
    Meaning,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresCompared {
    /// Its number on the desk, until it is closed.
    pub comparison: u32,
    pub outcome: StoresOutcome,
    /// The outcome in a sentence.
    pub sentence: String,
    pub left: StoresSide,
    pub right: StoresSide,
    pub equal_streams: u32,
    pub differing_streams: u32,
    /// Of the streams that differ, those that worry most first; only kinds that there are.
    pub kinds: Vec<StoresKindCount>,
    /// Of those that one side alone has, on each side, those whose events the other has under another id.
    pub renamed: u32,
    pub events: StoresEvents,
    /// By how many events each part differs in, most first.
    pub parts: Vec<StoresPartCount>,
    /// Parts that count, which one of both stores has nowhere.
    pub absent: Vec<StoresAbsent>,
    pub order: StoresOrder,
    /// Compared by bytes, and the first difference of each stream that was looked into is one of form. What is behind it
    /// may be another.
    pub is_form_only: bool,
    /// So many of the streams that differ were looked into, from the first on.
    pub looked_into: u32,
    /// When it was compared, RFC 3339.
    pub at: String,
    /// How long it took, for a person.
    pub took: String,
}

/// `Behind`: one side holds less than the other, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum StoresOutcome {
    Same,
    Different,
    LeftBehind,
    RightBehind,
    Unclear,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresSide {
    pub location: String,
    pub kind: String,
    pub layout: String,
    /// `None`: nobody said what it is.
    pub environment: Option<Environment>,
    pub counts_as: Environment,
    pub events: u32,
    pub streams: u32,
    /// The position of the last event that was read; empty: there is none.
    pub last_position: String,
    /// Events came since it was opened; they are not judged.
    pub grew: bool,
    /// Events of it could not be read, and are among none of the counts.
    pub is_incomplete: bool,
    pub findings: Vec<FindingWire>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum StoresKind {
    Changed,
    Missing,
    Order,
    LeftBehind,
    RightBehind,
    OnlyLeft,
    OnlyRight,
    Unclear,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresKindCount {
    pub kind: StoresKind,
    pub streams: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresEvents {
    pub equal: u32,
    pub different: u32,
    pub only_left: u32,
    pub only_right: u32,
    pub unclear_left: u32,
    pub unclear_right: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresPartCount {
    pub part: String,
    pub events: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresAbsent {
    pub part: String,
    /// Else the right store has it nowhere.
    pub is_left: bool,
}

/// Whether what both share comes in the same order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresOrder {
    /// `None`: it was not compared.
    pub is_same: Option<bool>,
    /// Why not; empty: it was.
    pub not_compared: String,
    pub events: u32,
    pub left_out: u32,
    /// Where it is another; empty: nowhere.
    pub left_position: String,
    pub right_position: String,
}

/// Which of the streams that differ are listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresQuery {
    /// `None`: of every kind.
    pub kind: Option<StoresKind>,
    /// Only those whose events the other store has under another id.
    pub is_renamed: bool,
    pub offset: u32,
    pub limit: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresPage {
    pub total: u32,
    pub matching: u32,
    pub rows: Vec<StoresRow>,
}

/// A stream that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresRow {
    /// By this number it is asked for.
    pub row: u32,
    pub stream: String,
    pub category: String,
    pub kind: StoresKind,
    pub left_events: u32,
    pub right_events: u32,
    pub different: u32,
    /// Of the different ones, those that stand elsewhere in their stream.
    pub moved: u32,
    pub only_left: u32,
    pub only_right: u32,
    pub unclear: u32,
    /// Too long to pair its events, and without versions: each was compared with what stands at its place.
    pub is_by_place: bool,
    /// The id under which the other side has the same events; empty: it has them not.
    pub renamed: String,
    /// `None` of a stream that one side alone has.
    pub first: Option<StoresPlace>,
}

/// An event that is not the same on both sides. Labels are empty on the side that does not have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresPlace {
    pub left_version: String,
    pub left_position: String,
    pub right_version: String,
    pub right_position: String,
    /// What differs; nothing where one side does not have it, or where it cannot be read.
    pub parts: Vec<String>,
    pub is_unclear: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresPlacePage {
    /// Events that are not the same.
    pub total: u32,
    /// Those of them that can be looked at one by one: the first, where there are more than a list takes.
    pub matching: u32,
    pub rows: Vec<StoresPlace>,
}

/// Both events, part by part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresEvent {
    pub parts: Vec<StoresPart>,
    pub payload: StoresBody,
    pub metadata: StoresBody,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresPart {
    pub part: String,
    pub left: String,
    pub right: String,
    pub is_different: bool,
}

/// Payload or metadata of both events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresBody {
    pub is_different: bool,
    /// Its rows can be asked for; else `left` and `right` are what there is to see.
    pub is_tree: bool,
    pub left: String,
    pub right: String,
    /// Masking rules hide some of what differs, or all of it.
    pub is_hidden: bool,
    /// It says the same, and is only written otherwise.
    pub is_form_only: bool,
}

/// Which part of an event has rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum StoresDocument {
    Payload,
    Metadata,
}

/// One event of a comparison: by the number of its stream and its place among those of it that are not the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresEventAsked {
    pub comparison: u32,
    pub row: u32,
    pub place: u32,
}

/// The rows that are wanted of one document of both events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresFrameQuery {
    pub seq: u32,
    pub document: StoresDocument,
    pub only_changes: bool,
    pub toggled: Vec<String>,
    pub first_row: u32,
    pub row_count: u32,
}

/// What a handler makes of a stream in both stores, at their heads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoresStates {
    /// `None`: they could not be compared.
    pub changes: Option<u32>,
    /// Why not; empty: they were.
    pub fault: String,
}
