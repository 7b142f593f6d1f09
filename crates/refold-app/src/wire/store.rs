//! An open store: what can be said of it, its streams, its density.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{CaseWire, EventRow, FindingWire};

/// A store that is open. Everything here comes without a scan; the rest follows with [`Overview`].
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoreOpened {
    pub session: u32,
    pub location: String,
    pub name: String,
    pub kind: String,
    pub layout: String,
    pub layout_title: String,
    pub evidence: Vec<String>,
    pub read_only: Vec<String>,
    pub order_is_total: bool,
    pub time_zone: String,
    /// Size as a person reads it, with its unit.
    pub size: String,
    pub events: Option<u32>,
    pub events_is_exact: bool,
    /// The newest events, newest first (at most 100).
    pub newest: Vec<EventRow>,
    /// Earliest and latest recorded time of a sample of first and newest events.
    pub first_recorded_at: String,
    pub last_recorded_at: String,
    /// Types of the newest `sampled_events` events, most frequent first.
    pub sampled_types: Vec<TypeCount>,
    pub sampled_events: u32,
    pub findings: Vec<FindingWire>,
    /// An index was found; [`Overview`] can be asked for at once.
    pub index_is_ready: bool,
    /// Whether the store keeps a hash chain of its own, which can be verified without an anchor.
    pub has_chain: bool,
    /// Handlers that are at hand: the packages beside the store, the newest version of each first, then the default.
    pub handlers: Vec<HandlerChoice>,
    /// Where it is from, where a case file is open and no store.
    pub case: Option<CaseWire>,
}

/// A handler that can be opened by its `reference`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HandlerChoice {
    pub reference: String,
    pub name: String,
    /// Empty for a package whose manifest cannot be read: opening it says why.
    pub version: String,
    /// The category of streams that it is for; `None`: any.
    pub category: Option<String>,
}

/// What only the index knows.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    pub events: u32,
    pub streams: u32,
    pub first_recorded_at: String,
    pub last_recorded_at: String,
    /// All types, most frequent first: the first eight have a colour of their own.
    pub types: Vec<TypeCount>,
    pub categories: Vec<CategoryCount>,
    pub findings: Vec<FindingWire>,
    /// The store has grown since: this, the streams and the density are as it was, until the index is up to date.
    pub is_behind: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TypeCount {
    pub name: String,
    pub events: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CategoryCount {
    pub name: String,
    pub streams: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum StreamSort {
    #[default]
    Id,
    Events,
    Last,
    First,
    Category,
}

/// A part of the streams of a store, in an order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StreamSelection {
    /// Substring of the id; empty matches all.
    pub matching: String,
    pub category: Option<String>,
    /// The type of the last event.
    pub last_type: Option<String>,
    /// Only streams whose first event was recorded before `to` and whose last one at `from` or later: times as RFC 3339;
    /// empty: no bound.
    pub from: String,
    pub to: String,
    pub sort: StreamSort,
    pub descending: bool,
}

/// A page of the streams of a store.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StreamQuery {
    #[serde(flatten)]
    pub selection: StreamSelection,
    pub offset: u32,
    pub limit: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StreamPage {
    pub total: u32,
    pub matching: u32,
    pub rows: Vec<StreamRow>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StreamRow {
    pub id: String,
    pub category: String,
    pub events: u32,
    pub first_recorded_at: String,
    pub last_recorded_at: String,
    pub last_type: String,
    /// Codes of what was found in this stream: all that its versions and times show, and of what reading it showed as much as
    /// is kept.
    pub problems: Vec<String>,
}

/// A window of the density timeline. Bounds are inclusive-exclusive on the chosen axis.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DensityQuery {
    pub axis: Axis,
    /// RFC 3339 on the time axis, positions or moments as text on the others; empty: the whole span.
    pub from: String,
    pub to: String,
    pub columns: u32,
}

/// What the events of a column of a whole store are told apart by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DensityBy {
    #[default]
    Type,
    Category,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Axis {
    Time,
    Version,
    Position,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FindHit {
    pub stream: String,
    pub category: String,
    pub events: u32,
    pub last_recorded_at: String,
}
