//! What caused an event, and what it caused.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::EventRow;

/// The causes above an event and its effects below, as rows of a tree.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Causation {
    /// The farthest cause first, then the event itself, then its effects, each before its own effects.
    pub rows: Vec<CausationRow>,
    /// Which row is the event itself.
    pub asked: u32,
    pub event_id: Option<String>,
    pub causation_id: Option<String>,
    pub correlation_id: Option<String>,
    /// Without an index of ids: among how many events near this one was looked, out of more. `None`: in all of the store.
    pub looked_at: Option<u32>,
    /// There are more causes, or more effects, than rows.
    pub causes_are_cut: bool,
    pub effects_are_cut: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CausationRow {
    pub role: CausationRole,
    /// Steps of cause and effect between the event that was asked for and this one.
    pub steps: u32,
    /// How far a tree moves the row in: a chain of single effects stays where it is.
    pub indent: u32,
    /// The event; `None` where no event was found that has the id.
    pub event: Option<EventRow>,
    /// Its id, or the one that was looked for; empty: it has none.
    pub id: String,
    /// What is odd about it.
    pub notes: Vec<CausationNote>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum CausationRole {
    Cause,
    Asked,
    Effect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum CausationNote {
    /// No event of the store has this id.
    NotInStore,
    /// None of the events that were looked at has this id.
    NotNearby,
    /// No event has this id; it is the correlation id of its effect: the affair began with it.
    IsCorrelation,
    /// It stands in this tree already as a cause of itself: not followed further.
    Circle,
    /// It stands above already, below another event with the same id: not followed again.
    Repeated,
    /// Other events have the same id: each of them may be meant.
    SharedId,
    /// It was recorded before what caused it.
    BeforeItsCause,
}
