//! Several streams on one clock.

use serde::{Deserialize, Serialize};
use specta::Type;

/// Which time of an event counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Clock {
    /// When the store took it.
    Recorded,
    /// When it happened, if the event says so; else it is on no lane.
    Occurred,
}

/// The streams that belong to the affair of one event.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CorrelationStreams {
    pub correlation_id: String,
    /// In the order in which they joined.
    pub streams: Vec<String>,
    /// There are more streams than lanes.
    pub is_cut: bool,
    /// Without an index of ids: among how many events nearby was looked, out of more.
    pub looked_at: Option<u32>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LanesOpened {
    pub lanes: u32,
    pub clock: Clock,
    /// Earliest and latest time of all lanes; empty where no event has one.
    pub first: String,
    pub last: String,
    pub streams: Vec<LaneStream>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LaneStream {
    pub stream: String,
    pub category: String,
    pub events: u32,
    /// Events that have no time of this clock: they are on no place of the lane.
    pub without_time: u32,
}

/// A window in time, inclusive-exclusive, RFC 3339, in so many equal cells.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LanesQuery {
    pub from: String,
    pub to: String,
    pub cells: u32,
}

/// What each lane shows in a window: one list of marks a lane, in the order of the streams.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LanesPage {
    pub from: String,
    pub to: String,
    pub cells: u32,
    pub lanes: Vec<Vec<LaneMark>>,
}

/// The events of a lane in one cell; a cell without events has no mark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LaneMark {
    pub cell: u32,
    pub events: u32,
    /// The latest of them: the moment after it, its type, its time.
    pub moment: u32,
    pub event_type: String,
    pub time: String,
}

/// Where each lane is at an instant: floor, never nearest.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LaneMoment {
    /// 0: before the first event.
    pub moment: u32,
    pub version: String,
    pub event_type: String,
    /// Of that event on this clock.
    pub time: String,
}

/// An event on the clock of all lanes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LaneStep {
    pub lane: u32,
    pub moment: u32,
    pub time: String,
}
