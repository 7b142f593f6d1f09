//! A range of a store's timeline: what it holds, and what distinguishes it from the rest.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::Axis;

/// A range on the time or the position axis, `from` inclusive, `to` exclusive; empty: the end of the store.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RangeQuery {
    pub axis: Axis,
    pub from: String,
    pub to: String,
}

/// What is counted of a range, all of it exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RangeFacts {
    pub from: String,
    pub to: String,
    pub events: u32,
    pub streams: u32,
    pub types: u32,
    /// How long it is, with its unit.
    pub span: String,
}

/// What distinguishes a range from the rest of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Distinction {
    pub facts: RangeFacts,
    /// Events outside of the range.
    pub rest_events: u32,
    /// Events whose payload and metadata were read.
    pub sampled_events: u32,
    /// All events were read: nothing here is an estimate.
    pub sample_is_whole: bool,
    /// Events of the sample whose payload could not be read: they count as events without values.
    pub unreadable_events: u32,
    /// The most different first; of each attribute the value that differs most.
    pub attributes: Vec<Distinguished>,
}

/// A value of an attribute, and how frequent it is inside and outside of the range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Distinguished {
    pub kind: AttributeKind,
    /// `type`, `stream`, `data.currency`, `metadata.host`.
    pub name: String,
    /// The value as it is shown: of payloads and metadata its JSON literal.
    pub value: String,
    /// Events with this value, of how many: of all events for what the index counts, else of the sample.
    pub inside: u32,
    pub inside_of: u32,
    pub outside: u32,
    pub outside_of: u32,
    /// Whether the two shares differ by more than chance and trifle.
    pub has_signal: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum AttributeKind {
    Type,
    Category,
    Stream,
    /// Of the day, UTC.
    Hour,
    Payload,
    Metadata,
}

impl AttributeKind {
    /// What the name of such an attribute is, or begins with.
    pub fn name(self) -> &'static str {
        match self {
            AttributeKind::Type => "type",
            AttributeKind::Category => "category",
            AttributeKind::Stream => "stream",
            AttributeKind::Hour => "hour",
            AttributeKind::Payload => "data",
            AttributeKind::Metadata => "metadata",
        }
    }
}
