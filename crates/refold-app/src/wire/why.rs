//! Why a field has its value, and why events left it as it was, as both cross to the window.

use serde::Serialize;
use specta::Type;

use super::LabEvent;

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
    pub untold: Option<WhyUntold>,
    /// What is told in their place.
    pub left_out: Option<WhyLeftOut>,
    /// Since this event (version, or `#4711`) the state may lack something; empty: complete.
    pub incomplete_since: String,
}

/// What of a handler cannot be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum WhyUnseen {
    /// How it came to the state after a place.
    Way,
    /// What code reads while it folds.
    Reads,
    /// Which conditions did not hold of versions as they were deployed.
    Deployed,
    /// What code asks while it folds.
    Asks,
}

/// Why something is not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyUntold {
    pub unseen: WhyUnseen,
    /// The place, or the engine of the code; empty: neither.
    pub of: String,
    /// Why nothing is told in the place of steps; `null`: something is.
    pub instead: Option<String>,
}

/// Which events change the value when they are left out, one at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyLeftOut {
    /// Those without which another value would be there; the latest first.
    pub events: Vec<WhyWithout>,
    /// How many more of them there are, which are earlier.
    pub further: u32,
    /// How many events were left out in their turn, and how many of the same stretch the handler does not take.
    pub tried: u32,
    pub untaken: u32,
    /// The first of the stretch, where events before it were not left out.
    pub since: Option<LabEvent>,
    /// Whether those that matter, folded alone, give the same value; `null`: not every event was left out.
    pub enough: Option<bool>,
}

/// What would be there without an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyWithout {
    /// The moment after the event.
    pub moment: u32,
    /// As in [`WhyStep`].
    pub place: String,
    pub event_type: String,
    pub recorded_at: String,
    /// `null`: nothing would be there.
    pub value: Option<String>,
    /// Where the handler would have failed without it: the value is the one before that.
    pub failed_at: Option<LabEvent>,
    pub fault: Option<String>,
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

/// What kept events from changing a place of the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyNotTold {
    pub path: String,
    /// How many events were asked, and how many of them changed the place after all.
    pub events: u32,
    pub changed: u32,
    /// The last that did.
    pub last_changed: Option<LabEvent>,
    /// By type.
    pub types: Vec<WhyNotType>,
    /// The latest first.
    pub misses: Vec<WhyNotMiss>,
    /// How many more of them there are.
    pub further_misses: u32,
    /// Why no conditions are told of: what is said of the events is what the handler did with each.
    pub untold: Option<WhyUntold>,
    /// Why the last of the events were given to no rule; `null`: all were.
    pub stopped: Option<WhyNotStopped>,
    /// As in [`WhyTold`].
    pub incomplete_since: String,
}

/// Where the handler failed, and how many of the events came after it: nothing is folded then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyNotStopped {
    pub event: LabEvent,
    pub fault: String,
    pub events: u32,
}

/// The events of a type, and whether a rule for it may write to the place; `null` where the engine cannot tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyNotType {
    pub event_type: String,
    pub events: u32,
    pub changed: u32,
    pub writes: Option<bool>,
    /// How many of those that left the place as it was the handler has nothing for, where its rules cannot be seen.
    pub untaken: u32,
}

/// An event that a rule could have taken to the place, and did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyNotMiss {
    /// The moment after it.
    pub moment: u32,
    /// As in [`WhyStep`].
    pub place: String,
    pub event_type: String,
    pub recorded_at: String,
    /// Why the handler failed on it, so that nothing of it counts.
    pub fault: Option<String>,
    /// Its payload could not be read, so that no rule was given it.
    pub is_unread: bool,
    pub tried: Vec<WhyNotTried>,
    /// Of a handler whose rules cannot be seen: what else it did.
    pub ran: Option<WhyNotRan>,
}

/// A handler took an event and left the place as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyNotRan {
    /// Where it changed the state instead; the first few.
    pub changed: Vec<String>,
    /// How many more places there are.
    pub further: u32,
}

/// One operation that could have written there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyNotTried {
    /// As in [`WhyStep`].
    pub line: String,
    pub does: String,
    /// `guard`, `elsewhere`, `equal`, `undone` or `fault`.
    pub kept_by: String,
    /// Where it wrote instead.
    pub elsewhere: Option<String>,
    /// What it would have come to, had its conditions held.
    pub otherwise: Option<WhyNotOtherwise>,
    /// The conditions on the way to it, outermost first.
    pub guards: Vec<WhyNotGuard>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyNotOtherwise {
    /// `null`: nothing would be there.
    pub value: Option<String>,
    /// Why it would have failed.
    pub fault: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WhyNotGuard {
    pub line: String,
    pub holds: bool,
    pub reads: Vec<WhyRead>,
}
