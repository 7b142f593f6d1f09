//! The way of one event through the upcasters of a handler: what is stored, each step, and what the rules get.
//!
//! The upcasters run on what a person may see of the payload, so that nothing that is hidden comes out at another place
//! or as part of something computed.

use std::sync::Arc;

use refold_core::diff::{ArrayKeys, Change, ChangeOp, diff};
use refold_core::event::{Columns, EventBatch, EventView};
use refold_core::finding::Findings;
use refold_core::history::EventSource as _;
use refold_core::port::handler::HandlerProgram;
use refold_core::port::upcast::UpcastStep;
use refold_core::track::Moment;
use refold_core::value::{Redacted, Value};
use refold_core::work::Work;

use super::events::{Events, answer};
use crate::answer::{ChangeAnswer, Literal, MadeAnswer, UpcastAnswer, UpcastEventAnswer, UpcastStepAnswer};
use crate::error::AppError;
use crate::mask::{Mask, Part};
use crate::payload;
use crate::session::Session;
use crate::stream::Stream;
use crate::text::cut_literal;
use crate::wire::{FindingWire, UpcastChangeWire, UpcastStepWire, UpcastWire};
use crate::{findings, text};

/// So many changes of a step cross to the window.
const MOST_CHANGES: usize = 100;

/// The way of one event, as a person may see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    pub stored: Value,
    pub steps: Vec<UpcastStep>,
    /// What the rules get: type and payload.
    pub made: Vec<(Vec<u8>, Value)>,
    pub fault: Option<String>,
    pub is_redacted: bool,
}

/// The way of the event that led to `moment`; `None` where the handler has no upcasters for it.
pub fn way(
    work: &Work<'_>,
    session: &Session,
    stream: &Stream,
    program: &dyn HandlerProgram,
    moment: Moment,
) -> Result<Option<Way>, AppError> {
    let mut events = stream.events(session.store(), Columns::ALL);
    let mut batch = EventBatch::default();
    events.read(work, Moment(moment.0.saturating_sub(1)), moment, &mut batch)?;
    let event = batch.event(0);
    Ok(payload::covered(&event, session.mask(), stream.names(), |shown| {
        Way::of(&event, shown, session.mask(), stream, program)
    }))
}

/// Calls `visit` for each event that is asked for with its way, in the order of the stream, and returns what was
/// noteworthy.
pub fn upcast_events(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    asked: &Events,
    handler: Option<&str>,
    visit: &mut dyn FnMut(UpcastEventAnswer) -> Result<(), AppError>,
) -> Result<Vec<FindingWire>, AppError> {
    let program = session.adopted(handler)?;
    let (of_skeleton, findings) = (Findings::default(), Arc::<Findings>::default());
    let stream = Stream::load(work, session, stream, &of_skeleton)?;
    session.mask().report(&stream.category, &findings);
    let digits = session.description().time_digits;
    asked.visit(work, session, &stream, &findings, &mut |event| {
        visit(payload::covered(event, session.mask(), stream.names(), |shown| {
            let way = Way::of(event, shown, session.mask(), &stream, program.as_ref());
            UpcastEventAnswer {
                event: answer(shown, stream.names(), digits),
                upcast: way.as_ref().map(Way::answer),
            }
        }))
    })?;
    findings::add_again(&of_skeleton, &findings);
    Ok(findings::wire(&findings))
}

impl Way {
    /// `shown`: the event as a person may see it.
    fn of(
        event: &EventView<'_>,
        shown: &EventView<'_>,
        mask: &Mask,
        stream: &Stream,
        program: &dyn HandlerProgram,
    ) -> Option<Way> {
        let upcast = program.upcast(shown, stream.names())?;
        let is_redacted = shown.payload != event.payload || shown.metadata != event.metadata;
        let hide = |event_type: &[u8], value: &Value| hidden(mask, stream, event_type, is_redacted, value);
        let stored_type = stream.names().type_name(event.event_type);
        let hidden = |parts: Vec<(Vec<u8>, Value)>| {
            let parts = parts.into_iter().map(|(of, value)| {
                let value = hide(&of, &value);
                (of, value)
            });
            parts.collect::<Vec<_>>()
        };
        let stored = shown
            .payload
            .and_then(|bytes| Value::from_json(bytes, Value::MAX_DEPTH).ok());
        Some(Way {
            stored: hide(stored_type, &stored.unwrap_or_default()),
            steps: upcast
                .steps
                .into_iter()
                .map(|step| UpcastStep {
                    before: hide(&step.event_type, &step.before),
                    after: hidden(step.after),
                    ..step
                })
                .collect(),
            made: hidden(upcast.made),
            fault: upcast.fault.map(|fault| fault.to_string()),
            is_redacted,
        })
    }

    /// As it crosses to the window.
    pub fn wire(&self) -> UpcastWire {
        UpcastWire {
            steps: self.steps.iter().map(step_wire).collect(),
            made: self.made.iter().map(|(of, _)| text::shown(of)).collect(),
            fault: self.fault.clone(),
            is_redacted: self.is_redacted,
        }
    }

    /// As the command line prints it.
    pub fn answer(&self) -> UpcastAnswer {
        let made = |parts: &[(Vec<u8>, Value)]| parts.iter().map(made_answer).collect();
        UpcastAnswer {
            steps: self
                .steps
                .iter()
                .map(|step| UpcastStepAnswer {
                    place: step.place.clone(),
                    event_type: text::exact(&step.event_type),
                    from: step.from,
                    to: step.to,
                    changes: changes_of(step).into_iter().map(change_answer).collect(),
                    made: made(&step.after),
                })
                .collect(),
            made: made(&self.made),
            fault: self.fault.clone(),
            redacted: self.is_redacted,
        }
    }
}

/// What a step changed in the payload, where it made one event of one.
fn changes_of(step: &UpcastStep) -> Vec<Change> {
    match step.after.as_slice() {
        [(_, after)] => diff(&step.before, after, &ArrayKeys::default()),
        _ => Vec::new(), // it drops the event, splits it, or failed
    }
}

fn step_wire(step: &UpcastStep) -> UpcastStepWire {
    let changes = changes_of(step);
    UpcastStepWire {
        place: step.place.clone(),
        event_type: text::shown(&step.event_type),
        from: step.from,
        to: step.to,
        made: step.after.iter().map(|(of, _)| text::shown(of)).collect(),
        change_count: u32::try_from(changes.len()).unwrap_or(u32::MAX),
        changes: changes.iter().take(MOST_CHANGES).map(change_wire).collect(),
    }
}

fn change_wire(change: &Change) -> UpcastChangeWire {
    let (op, before, after) = sides(&change.op);
    UpcastChangeWire {
        path: text::shown(change.path.to_string().as_bytes()),
        op: op.to_owned(),
        before: before.map(cut_literal),
        after: after.map(cut_literal),
    }
}

pub(super) fn change_answer(change: Change) -> ChangeAnswer {
    let (op, before, after) = sides(&change.op);
    ChangeAnswer {
        path: change.path.to_string(),
        op,
        before: before.cloned().map(Literal),
        after: after.cloned().map(Literal),
        moved_from: match &change.op {
            ChangeOp::Moved { from } => Some(from.to_string()),
            ChangeOp::Added { .. } | ChangeOp::Removed { .. } | ChangeOp::Changed { .. } => None,
        },
        version: None,
        position: None,
        event_type: None,
    }
}

fn sides(op: &ChangeOp) -> (&'static str, Option<&Value>, Option<&Value>) {
    match op {
        ChangeOp::Added { after } => ("added", None, Some(after)),
        ChangeOp::Removed { before } => ("removed", Some(before), None),
        ChangeOp::Changed { before, after } => ("changed", Some(before), Some(after)),
        ChangeOp::Moved { .. } => ("changed", None, None),
    }
}

fn made_answer((event_type, payload): &(Vec<u8>, Value)) -> MadeAnswer {
    MadeAnswer {
        event_type: text::exact(event_type),
        payload: Literal(payload.clone()),
    }
}

/// A payload of the chain as a person may see it: by the rules for its type, and what was hidden before it ran.
fn hidden(mask: &Mask, stream: &Stream, event_type: &[u8], is_redacted: bool, value: &Value) -> Value {
    let cover = mask.cover(&stream.id, &stream.category, Some(event_type), Part::Payload);
    let value = cover.value(value);
    if is_redacted { marked(&value) } else { value }
}

/// The text that stood for what is hidden, as what is hidden.
fn marked(value: &Value) -> Value {
    match value {
        Value::Text(text) if text.as_wtf8() == Redacted::SHOWN.as_bytes() => {
            Value::Redacted(Redacted::new(value.clone()))
        }
        Value::Object(object) => Value::Object(
            object
                .iter()
                .map(|(key, member)| (key.clone(), marked(member)))
                .collect(),
        ),
        Value::Array(array) => Value::Array(array.iter().map(marked).collect()),
        Value::Repeated(values) => Value::Repeated(values.iter().map(marked).collect()),
        Value::Text(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Redacted(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests;
