//! What the upcasters of a handler make of a history, and of one event of it.

use serde::Serialize;
use specta::Type;

use super::{FindingWire, HandlerWire, LabEvent, PairRow};

/// Every event of a scope, sent through the upcasters of a handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GateTold {
    pub handler: HandlerWire,
    pub events: u32,
    /// How many events took a step, failed, are dropped, or lose a field.
    pub upcast: u32,
    pub failed: u32,
    pub dropped: u32,
    pub losing: u32,
    /// The gravest first; the first of many.
    pub rows: Vec<GateRow>,
    pub row_count: u32,
    pub steps: Vec<GateStepRow>,
    pub findings: Vec<FindingWire>,
    pub took: String,
}

/// What becomes of some of the events of a type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GateRow {
    pub event_type: String,
    /// The schema version that their chain begins at; `null`: no step takes them.
    pub from: Option<u32>,
    pub outcome: GateOutcome,
    /// A place of the payload, where one changes; `*` stands for any element.
    pub path: String,
    /// Why they fail, what they become, where a value moved, or from which kind to which.
    pub detail: String,
    pub events: u32,
    /// The first of them; `null` where nothing was noted of it.
    pub first: Option<GateFirst>,
}

/// In the order in which a person wants to know of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum GateOutcome {
    Fails,
    /// In ways that are too many to be told.
    FailsElse,
    Dropped,
    Lost,
    Retyped,
    Revalued,
    Moved,
    Added,
    /// At places that are too many to be told.
    ChangesElse,
    Becomes,
    /// No step takes them.
    AsStored,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GateFirst {
    pub stream: String,
    pub event: LabEvent,
}

/// A step of the chains, and how many events took it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GateStepRow {
    pub place: String,
    pub event_type: String,
    pub from: u32,
    pub to: u32,
    pub events: u32,
}

/// One event as it is stored, beside what the rules get of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GateExample {
    pub stream: String,
    pub event: LabEvent,
    pub recorded_at: String,
    /// What the rules get, each beside the stored payload, the first of many; one without a type where they get nothing.
    pub parts: Vec<GatePart>,
    /// How many events the rules get.
    pub part_count: u32,
    /// Why the chain stopped.
    pub fault: String,
    /// Masking rules hide some of the payload: what the steps compute of it, they compute of what is shown.
    pub is_redacted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct GatePart {
    pub event_type: String,
    /// On the left what is stored. Where there are too many places to tell, those that differ, the first of many.
    pub rows: Vec<PairRow>,
    pub differing: u32,
    pub places: u32,
}
