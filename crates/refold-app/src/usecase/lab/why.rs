//! Why a place of a state has its value: which operations of the handler made it, at which events, and of what.

use std::sync::Arc;

use refold_core::finding::Findings;
use refold_core::fold::Detail;
use refold_core::pointer::Pointer;
use refold_core::port::explain::{Read, Source};
use refold_core::port::handler::HandlerProgram;
use refold_core::track::Moment;
use refold_core::value::Value;
use refold_core::work::Work;
use refold_handlers::lab::why::{Role, Step, Traced, Why, why as slice};
use serde::Serialize;

use super::left_out::{LeftOutAnswer, MOST_LEFT_OUT, left_out};
use super::past::{MaskedView, SeenEvent, StreamPast};
use crate::answer::{CauseAnswer, Literal};
use crate::error::AppError;
use crate::mask::Part;
use crate::session::Session;
use crate::stream::{Found, Stream};
use crate::text::Exact;
use crate::usecase::field_history::path_of;
use crate::usecase::replayed::Replayed;
use crate::wire::{FindingWire, HandlerWire, WhyUnseen, WhyUntold};
use crate::{findings, handler, text};

/// Events that are named where nobody says how many.
pub const USUAL_EVENTS: usize = 100;

#[derive(Debug, Clone, Serialize)]
pub struct WhyAnswer {
    pub stream: Exact,
    /// The moment that is asked about: `null` before the first event.
    pub version: Option<String>,
    pub position: Option<String>,
    pub path: String,
    pub handler: HandlerWire,
    /// Whether anything is at the path.
    pub present: bool,
    pub value: Option<Literal>,
    /// The event that last changed the place, also by removing it; `null`: none did.
    pub changed: Option<CauseAnswer>,
    /// Why there are no steps though an event changed the place.
    pub untold: Option<String>,
    /// What is told in their place: which events change the value when they are left out.
    pub left_out: Option<LeftOutAnswer>,
    /// The latest first.
    pub steps: Vec<StepAnswer>,
    /// How many events the steps are of.
    pub events: u32,
    /// The last event that belongs here and is not among the steps, for there are more than were asked for.
    pub cut_at: Option<CauseAnswer>,
    /// Whether what was asked for, or a part of it, is as it was before the first event.
    pub of_start: bool,
    /// Whether the steps alone, folded one after the other, give the same value; `null` where they are not all.
    pub confirmed: Option<bool>,
    /// As in the answer about a state.
    pub incomplete_since: Option<String>,
    pub findings: Vec<FindingWire>,
}

/// One operation that had a part in it.
#[derive(Debug, Clone, Serialize)]
pub struct StepAnswer {
    pub event: CauseAnswer,
    /// The moment after the event.
    #[serde(skip)]
    pub moment: u32,
    /// `reducer.yaml:12:7`; empty where no file says what is done.
    pub place: String,
    pub does: &'static str,
    pub path: String,
    /// What stood there before it and after it; left away where nothing did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Literal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Literal>,
    pub role: &'static str,
    /// The conditions that held on the way, outermost first.
    pub guards: Vec<String>,
    pub reads: Vec<ReadAnswer>,
}

/// Something that an operation, or a condition before it, read.
#[derive(Debug, Clone, Serialize)]
pub struct ReadAnswer {
    /// `state`, `payload`, `metadata` or `event`.
    pub of: &'static str,
    /// A JSON pointer, which ends where it leads into something hidden; of an event the name of a part: `time`.
    pub path: String,
    pub present: bool,
    pub value: Option<Literal>,
    /// `value`: the value was made of it. `guard`: a condition hung on it. `place`: the place was found by it.
    pub role: &'static str,
    /// The condition that read it.
    pub guard: Option<String>,
    /// Of a state: the steps that made it, by their place in the answer.
    pub made_by: Vec<u32>,
    /// It is as it was before the first event.
    pub of_start: bool,
}

/// `at`: a cursor. At most `most_events` events are named.
pub fn why(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    path: &str,
    at: &str,
    handler: Option<&str>,
    most_events: usize,
) -> Result<WhyAnswer, AppError> {
    let path = path_of(path)?;
    let mut replayed = Replayed::open(work, session, stream, handler, Detail::Blame, at)?;
    let (found, _) = replayed.resolve(at)?;
    let moment = found.moment;
    let changed = replayed.change_until(work, &path, moment)?;
    let cause = |moment| replayed.cause(moment);
    let told = why_place(
        work,
        session,
        &replayed.stream,
        &replayed.program,
        (&path, found),
        most_events,
    )?;
    Ok(WhyAnswer {
        stream: text::exact(&replayed.stream.id),
        version: text::filled(replayed.stream.version_label(moment)),
        position: text::filled(replayed.stream.position_label(moment)),
        path: path.to_string(),
        handler: handler::wire(replayed.program.identity()),
        present: told.value.is_some(),
        value: told.value,
        changed: changed.and_then(cause),
        untold: told.untold.map(|untold| untold.to_string()),
        left_out: told.left_out,
        steps: told.steps,
        events: told.events,
        cut_at: told.cut_at.and_then(cause),
        of_start: told.is_of_start,
        confirmed: told.is_confirmed,
        incomplete_since: told.incomplete_since,
        findings: findings::wire(&replayed.findings),
    })
}

/// What is told of a place of an opened stream, as a person may see it.
pub struct PlaceWhy {
    /// What is there; `None`: nothing.
    pub value: Option<Literal>,
    /// The latest first.
    pub steps: Vec<StepAnswer>,
    /// How many events the steps are of.
    pub events: u32,
    /// See [`Why::cut_at`], [`Why::is_of_start`] and [`Why::is_confirmed`].
    pub cut_at: Option<Moment>,
    pub is_of_start: bool,
    pub is_confirmed: Option<bool>,
    /// See [`WhyAnswer::untold`] and [`WhyAnswer::left_out`].
    pub untold: Option<WhyUntold>,
    pub left_out: Option<LeftOutAnswer>,
    /// See [`Stream::since_label`].
    pub incomplete_since: Option<String>,
}

/// See [`why`]; `asked`: the place and the moment.
pub fn why_place(
    work: &Work<'_>,
    session: &Session,
    stream: &Stream,
    program: &Arc<dyn HandlerProgram>,
    (path, at): (&Pointer, Found),
    most_events: usize,
) -> Result<PlaceWhy, AppError> {
    // Whoever opened the stream reports what was found in its events.
    let mut past = StreamPast::open(work, session, stream, program, &Arc::<Findings>::default())?;
    let (folded, moment) = (past.folded_at(at)?, at.moment);
    let value = path.find(&folded.state).cloned();
    let incomplete_since = stream.since_label(&folded);
    let (found, untold) = match slice(&mut past, path, moment, most_events) {
        Ok(found) => (found, None),
        Err(Ok(at)) => (nothing(), Some(unseen(program.as_ref(), &stream.place_label(at)))),
        Err(Err(error)) => return Err(error),
    };
    let (untold, left_out) = match untold {
        Some(unseen) => {
            let asked = (path, moment, value.as_ref());
            let most = (MOST_LEFT_OUT, most_events);
            match left_out(work, session, stream, program, asked, most)? {
                Ok(found) => (Some(unseen), Some(found)),
                Err(why) => {
                    let instead = Some(why);
                    (Some(WhyUntold { instead, ..unseen }), None)
                }
            }
        }
        None => (None, None),
    };
    let masked = MaskedView::new(session, stream);
    let mut moments: Vec<Moment> = found.steps.iter().map(|step| step.moment).collect();
    moments.dedup();
    let digits = session.description().time_digits;
    Ok(PlaceWhy {
        value: value.as_ref().map(|value| Literal(masked.state(path, value))),
        steps: found
            .steps
            .iter()
            .map(|step| step_answer(stream, digits, &masked, step))
            .collect(),
        events: u32::try_from(moments.len()).unwrap_or(u32::MAX),
        cut_at: found.cut_at,
        is_of_start: found.is_of_start,
        is_confirmed: found.is_confirmed,
        untold,
        left_out,
        incomplete_since,
    })
}

/// Why the steps of an event cannot be told.
fn unseen(program: &dyn HandlerProgram, place: &str) -> WhyUntold {
    let (unseen, of) = match program.identity().engine.as_str() {
        "declarative" | "builtin" => (WhyUnseen::Way, place),
        engine => (WhyUnseen::Reads, engine),
    };
    WhyUntold {
        unseen,
        of: of.to_owned(),
        instead: None,
    }
}

fn nothing() -> Why {
    Why {
        steps: Vec::new(),
        cut_at: None,
        is_of_start: false,
        is_confirmed: None,
    }
}

fn step_answer(stream: &Stream, digits: u8, masked: &MaskedView<'_>, step: &Step) -> StepAnswer {
    let at_target = |value: &Option<Value>| value.as_ref().map(|value| Literal(masked.state(&step.target, value)));
    let event = SeenEvent {
        stored_type: stored_type(stream, step.moment),
        event_type: &step.event_type,
        is_upcast: step.is_upcast,
    };
    StepAnswer {
        event: stream.cause(step.moment, digits).unwrap_or_else(unnamed),
        moment: step.moment.0,
        place: step.place.clone(),
        does: step.does,
        before: at_target(&step.before),
        after: at_target(&step.after),
        path: masked.path(&step.target),
        role: role(step.role),
        guards: step.guards.clone(),
        reads: step
            .reads
            .iter()
            .map(|traced| ReadAnswer {
                role: role(traced.role),
                guard: traced.guard.and_then(|at| step.guards.get(at)).cloned(),
                made_by: makers(traced),
                of_start: traced.is_of_start,
                ..read_answer(masked, &traced.read, event)
            })
            .collect(),
    }
}

/// A read as it is shown, before anything is said of its part.
pub(super) fn read_answer(masked: &MaskedView<'_>, read: &Read, event: SeenEvent<'_>) -> ReadAnswer {
    let shown = masked.read(read, event);
    let (of, path) = match &read.of {
        Source::State(path) => ("state", masked.path(path)),
        Source::Payload(path) => ("payload", masked.path_of(path, event, Part::Payload)),
        Source::Metadata(path) => ("metadata", masked.path_of(path, event, Part::Metadata)),
        Source::Event(name) => ("event", (*name).to_owned()),
    };
    ReadAnswer {
        of,
        path,
        present: shown.is_some(),
        value: shown.map(Literal),
        role: role(Role::Value),
        guard: None,
        made_by: Vec::new(),
        of_start: false,
    }
}

/// The type under which the event that led to `moment` is stored.
pub(super) fn stored_type(stream: &Stream, moment: Moment) -> &[u8] {
    let of = moment.event_index().and_then(|index| stream.track.types.get(index));
    of.map(|of| stream.names().type_name(*of)).unwrap_or_default()
}

fn makers(traced: &Traced) -> Vec<u32> {
    traced
        .made_by
        .iter()
        .map(|step| u32::try_from(*step).unwrap_or(u32::MAX))
        .collect()
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Value => "value",
        Role::Guard => "guard",
        Role::Place => "place",
    }
}

/// What stands for an event that the track does not have, which no step is of.
pub(super) fn unnamed() -> CauseAnswer {
    CauseAnswer {
        version: None,
        position: None,
        event_type: String::new(),
        recorded_at: None,
    }
}
