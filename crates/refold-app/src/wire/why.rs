//! Why a field has its value, as it crosses to the window.

use serde::Serialize;
use specta::Type;

/// What made a place of a state as it is after an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyTold {
    pub path: String,
    /// As a row shows it; `null`: nothing is there.
    pub value: Option<String>,
    /// The latest first.
    pub steps: Vec<WhyStep>,
    /// How many events the steps are of.
    pub events: u32,
    /// More events belong here than are told.
    pub is_cut: bool,
    /// Something of it is as it was before the first event.
    pub is_of_start: bool,
    /// Whether the steps alone give the same value; `null` where they are not all.
    pub confirmed: Option<bool>,
    /// Why there are no steps though an event changed the place.
    pub untold: Option<String>,
}

/// One operation that had a part in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyStep {
    /// The moment after its event.
    pub moment: u32,
    /// The event's version, or `#4711` where the store keeps none.
    pub place: String,
    pub event_type: String,
    pub recorded_at: String,
    /// `reducer.yaml:12:7`; empty where no file says what is done.
    pub line: String,
    /// The name of the operation.
    pub does: String,
    pub path: String,
    pub before: Option<String>,
    pub after: Option<String>,
    /// `value`, `guard` or `place`: what it was needed for.
    pub role: String,
    /// The conditions that held on the way, outermost first.
    pub guards: Vec<String>,
    pub reads: Vec<WhyRead>,
}

/// Something that an operation, or a condition before it, read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyRead {
    /// `state`, `payload`, `metadata` or `event`.
    pub of: String,
    pub path: String,
    pub value: Option<String>,
    pub role: String,
    /// The condition that read it.
    pub guard: Option<String>,
    /// The steps that made it, by their place in the answer.
    pub makers: Vec<u32>,
    pub is_of_start: bool,
}
