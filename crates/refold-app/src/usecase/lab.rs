//! The replay lab: what a history, or all of a store, comes to under one handler, where another handler differs, where
//! an invariant breaks, and which events that takes.

pub mod check;
pub mod compare;
pub(in crate::usecase) mod course;
pub mod determinism;
pub mod gate;
pub mod gate_example;
pub mod invariant;
pub mod kept;
pub mod known;
pub mod left_out;
pub mod minimize;
pub mod pair;
mod past;
pub mod sandbox;
mod scope;
pub mod states;
#[cfg(test)]
mod tests;
mod unseen;
pub mod versions;
pub mod whatif;
pub mod why;
pub mod why_not;

use refold_core::event::{Position, Version};
use refold_core::pointer::{Pointer, Segment};
use refold_core::value::{Object, Redacted, Value};
use refold_handlers::lab::Sighting;
use serde::{Deserialize, Serialize};

pub use scope::Scope;
pub(super) use scope::{Finish, fold};

use crate::findings;
use crate::mask::Cover;
use crate::text::{self, Exact};
use crate::wire::{FindingWire, LabEvent};

/// Rows of an answer about a whole store that are kept; all are counted.
const MOST_ROWS: usize = 10_000;

/// What an answer does not know of so many streams; `None`: of none.
fn unread(incomplete_streams: u32) -> Option<String> {
    (incomplete_streams > 0).then(|| {
        format!(
            "in {} an event is missing, or could not be read or folded",
            text::counted(incomplete_streams.into(), "stream")
        )
    })
}

/// Where the store cannot be read nobody knows which streams had events there; `None`: all was read.
fn lacking(findings: &[FindingWire]) -> Option<String> {
    let is_lacking = findings.iter().any(|finding| findings::leaves_out(&finding.code));
    is_lacking.then(|| "not all of the store could be read as events".to_owned())
}

/// An event that an answer names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventName {
    pub version: Option<String>,
    pub position: Option<String>,
    #[serde(rename = "type")]
    pub event_type: Exact,
}

impl EventName {
    fn of(sighting: &Sighting) -> EventName {
        EventName {
            version: text::filled(text::version_label(sighting.version)),
            position: text::filled(text::position_label(sighting.position)),
            event_type: text::exact(sighting.event_type.as_wtf8()),
        }
    }
}

impl From<&EventName> for LabEvent {
    fn from(event: &EventName) -> LabEvent {
        LabEvent {
            version: event.version.clone().unwrap_or_default(),
            position: event.position.clone().unwrap_or_default(),
            event_type: event.event_type.to_string(),
        }
    }
}

/// The order of answers about a store: by position, then by what tells events of one position apart.
fn order_of(sighting: &Sighting) -> (Position, Version) {
    (sighting.position, sighting.version)
}

/// A path of a state, as a person may see it: where it leads into something hidden, it ends there.
fn shown_path(cover: &Cover, path: &str) -> String {
    let Ok(pointer) = Pointer::parse(path) else {
        return path.to_owned();
    };
    let mut shown = Pointer::ROOT;
    for segment in pointer.segments() {
        if matches!(
            shown_at(cover, &shown.to_string(), &Value::Bool(true)),
            Value::Redacted(_)
        ) {
            break;
        }
        shown = shown.push(segment.clone());
    }
    shown.to_string()
}

/// A value that stands at a path of a state, as a person may see it.
pub(in crate::usecase) fn shown_at(cover: &Cover, path: &str, value: &Value) -> Value {
    let Ok(pointer) = Pointer::parse(path) else {
        return Value::Redacted(Redacted::new(value.clone()));
    };
    // Rules go by the names on the way alone, so that a state of nothing but these does as well.
    let around = |inside: Value, segment: &&Segment| Value::Object(Object::from_iter([(segment.to_key(), inside)]));
    let state = pointer.segments().iter().rev().fold(value.clone(), around);
    cover
        .find(&pointer, &state)
        .unwrap_or_else(|| Value::Redacted(Redacted::new(value.clone())))
}
