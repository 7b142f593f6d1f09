//! Why events left a place of a state as it was: which rules could have written there, and what kept each from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use refold_core::diff::{ArrayKeys, diff};
use refold_core::finding::Findings;
use refold_core::fold::Detail;
use refold_core::pointer::Pointer;
use refold_core::port::handler::{HandlerFault, HandlerProgram, Written};
use refold_core::track::Moment;
use refold_core::value::Value;
use refold_core::work::{Cancelled, Phase, Work};
use refold_handlers::lab::why::Past as _;
use refold_handlers::lab::why_not::{KeptBy, Tried, WhyNot, why_not as asked_of};
use refold_handlers::lab::{Running, Step as Taken};
use serde::Serialize;

use super::past::{MaskedView, SeenEvent, StreamPast};
use super::unseen::in_words;
use super::why::{ReadAnswer, read_answer, stored_type};
use crate::answer::{CauseAnswer, Literal};
use crate::error::AppError;
use crate::session::Session;
use crate::stream::{Found, Stream};
use crate::text::Exact;
use crate::usecase::field_history::path_of;
use crate::usecase::replayed::Replayed;
use crate::wire::{FindingWire, HandlerWire, WhyUnseen, WhyUntold};
use crate::{findings, handler, text};

/// Events that are told of where nobody says how many.
pub const USUAL_EVENTS: usize = 20;
/// What the search is called while it runs.
const ASKING: Phase = Phase::AskingEvents;
/// Places that an event changed instead which are told one by one.
const MOST_CHANGED: usize = 5;

/// Which events are asked.
#[derive(Debug, Clone, Copy)]
pub enum AskedEvents<'a> {
    /// The one that led to this cursor.
    One(&'a str),
    /// All after the first cursor up to the second.
    Span { from: &'a str, to: &'a str },
}

#[derive(Debug, Clone, Serialize)]
pub struct WhyNotAnswer {
    pub stream: Exact,
    pub path: String,
    pub handler: HandlerWire,
    /// How many events were asked, and how many of them changed the place after all.
    pub events: u32,
    pub changed: u32,
    /// The last that did.
    pub last_changed: Option<CauseAnswer>,
    /// By the stored type, in its order.
    pub types: Vec<WhyNotType>,
    /// The latest first: events that a rule could have taken to the place, and did not. None of the types of which no rule
    /// writes there.
    pub misses: Vec<MissAnswer>,
    /// How many more of them there are.
    pub further_misses: u32,
    /// Why no conditions are told of: what is said of the events is what the handler did with each.
    #[serde(serialize_with = "in_words")]
    pub untold: Option<WhyUntold>,
    /// Why the last of the events were given to no rule; `null`: all were.
    pub stopped: Option<StoppedAnswer>,
    /// See [`Stream::since_label`]; of the state after the last of the events.
    pub incomplete_since: Option<String>,
    pub findings: Vec<FindingWire>,
}

/// Where the handler failed, and what came after it: nothing is folded then.
#[derive(Debug, Clone, Serialize)]
pub struct StoppedAnswer {
    pub event: CauseAnswer,
    pub fault: String,
    /// How many of the events that were asked came after it.
    pub events: u32,
}

/// The events of a type.
#[derive(Debug, Clone, Serialize)]
pub struct WhyNotType {
    #[serde(rename = "type")]
    pub event_type: Exact,
    pub events: u32,
    pub changed: u32,
    /// Whether a rule for it writes, or may write, to the place; `null` where the engine cannot tell.
    pub writes: Option<bool>,
    /// How many of those that left the place as it was the handler has nothing for; of an engine that tells of its rules,
    /// none are counted.
    pub untaken: u32,
}

#[derive(Debug, Clone, Serialize)]
pub struct MissAnswer {
    pub event: CauseAnswer,
    #[serde(skip)]
    pub moment: u32,
    /// Why the handler failed on it, so that nothing of it counts.
    pub fault: Option<String>,
    /// Its payload could not be read, so that no rule was given it.
    pub unread: bool,
    pub tried: Vec<TriedAnswer>,
    /// Of a handler whose rules cannot be seen: what else it did; `null`: it did nothing, or its rules are told.
    pub ran: Option<RanAnswer>,
}

/// A handler took an event and left the place as it was.
#[derive(Debug, Clone, Serialize)]
pub struct RanAnswer {
    /// Where it changed the state instead; the first few.
    pub changed: Vec<String>,
    /// How many more places there are.
    pub further: u32,
}

#[derive(Debug, Clone, Serialize)]
pub struct TriedAnswer {
    pub place: String,
    pub does: &'static str,
    /// `guard`, `elsewhere`, `equal`, `undone` or `fault`.
    pub kept_by: &'static str,
    /// Where it wrote instead.
    pub elsewhere: Option<String>,
    /// Had its conditions held: whether anything would be at the place, and what.
    pub otherwise: Option<OtherwiseAnswer>,
    /// The conditions on the way to it, outermost first.
    pub guards: Vec<GuardAnswer>,
}

#[derive(Debug, Clone, Serialize)]
pub struct OtherwiseAnswer {
    pub present: bool,
    pub value: Option<Literal>,
    /// Why it would have failed.
    pub fault: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct GuardAnswer {
    pub place: String,
    pub holds: bool,
    pub reads: Vec<ReadAnswer>,
}

/// At most `most_events` events are told of.
pub fn why_not(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    path: &str,
    asked: AskedEvents<'_>,
    handler: Option<&str>,
    most_events: usize,
) -> Result<WhyNotAnswer, AppError> {
    let path = path_of(path)?;
    let until = match asked {
        AskedEvents::One(at) => at,
        AskedEvents::Span { to, .. } => to,
    };
    let replayed = Replayed::open(work, session, stream, handler, Detail::State, until)?;
    let (to, _) = replayed.resolve(until)?;
    let from = match asked {
        AskedEvents::One(_) => Moment(to.moment.0.saturating_sub(1)),
        AskedEvents::Span { from, .. } => replayed.resolve(from)?.0.moment.min(to.moment),
    };
    let answer = why_not_place(
        work,
        session,
        &replayed.stream,
        &replayed.program,
        (&path, from, to),
        most_events,
    )?;
    Ok(WhyNotAnswer {
        findings: findings::wire(&replayed.findings),
        ..answer
    })
}

/// See [`why_not`]; `asked`: the place, and the events after the first moment up to the second. Whoever opened the stream
/// reports what was found in it.
pub fn why_not_place(
    work: &Work<'_>,
    session: &Session,
    stream: &Stream,
    program: &Arc<dyn HandlerProgram>,
    (path, from, at): (&Pointer, Moment, Found),
    most_events: usize,
) -> Result<WhyNotAnswer, AppError> {
    let to = at.moment;
    if to == Moment::START {
        let message = "there is no event at this cursor to be asked: it is the start of the stream";
        return Err(AppError::invalid(message, "leave the cursors away, or name an event").typed("--at v9"));
    }
    let mut past = StreamPast::open(work, session, stream, program, &Arc::<Findings>::default())?;
    let folded = past.folded_at(at)?;
    let incomplete_since = stream.since_label(&folded);
    let failed = folded.fault.filter(|(failed, _)| *failed < to);
    let mut search = Search {
        stopped_after: failed.as_ref().map(|(failed, _)| *failed),
        stream,
        program: program.as_ref(),
        digits: session.description().time_digits,
        masked: MaskedView::new(session, stream),
        path,
        most_events,
        types: BTreeMap::new(),
        last_changed: None,
        misses: Vec::new(),
        further_misses: 0,
        outside: None,
    };
    let mut after = past.state_at(to)?;
    for moment in (from.0..to.0).rev().map(|earlier| Moment(earlier + 1)) {
        work.tick(ASKING, u64::from(to.0 - moment.0), Some(u64::from(to.0 - from.0)))?;
        let before = past.state_at(Moment(moment.0 - 1))?;
        if search.look(&mut past, moment, path.find(&before) != path.find(&after))? == Looked::Unseen {
            let outside = match search.outside.take() {
                Some(outside) => outside,
                None => Outside::fold(work, session, stream, program, to)?,
            };
            search.look_from_outside(&outside, moment, &before, &after);
            search.outside = Some(outside);
        }
        after = before;
    }
    let stopped = failed.and_then(|(failed, fault)| {
        Some(StoppedAnswer {
            event: search.cause(failed)?,
            fault: fault.to_string(),
            events: to.0 - failed.0.max(from.0),
        })
    });
    Ok(WhyNotAnswer {
        incomplete_since,
        ..search.answer(from, to, stopped)
    })
}

struct Search<'s> {
    stream: &'s Stream,
    program: &'s dyn HandlerProgram,
    digits: u8,
    masked: MaskedView<'s>,
    path: &'s Pointer,
    /// The handler failed on the event that led there.
    stopped_after: Option<Moment>,
    most_events: usize,
    types: BTreeMap<Vec<u8>, WhyNotType>,
    last_changed: Option<Moment>,
    misses: Vec<MissAnswer>,
    further_misses: u32,
    /// Of a handler whose rules cannot be seen.
    outside: Option<Outside>,
}

/// What came of looking at an event.
#[derive(Debug, PartialEq, Eq)]
enum Looked {
    Done,
    /// The engine does not tell how it folded it.
    Unseen,
}

/// What a handler did with each event, as far as that shows from outside.
struct Outside {
    /// By event.
    steps: Vec<Taken>,
    /// Of the one that it failed on.
    fault: Option<HandlerFault>,
}

impl Outside {
    fn fold(
        work: &Work<'_>,
        session: &Session,
        stream: &Stream,
        program: &Arc<dyn HandlerProgram>,
        to: Moment,
    ) -> Result<Outside, AppError> {
        let mut running = Running::start(program.as_ref(), Written::off());
        let mut steps = Vec::with_capacity(to.0 as usize);
        let findings = Arc::<Findings>::default();
        stream.visit(work, session.store(), &findings, Moment::START, to, &mut |_, event| {
            steps.push(running.step(event, stream.names()));
            let is_cancelled = running.fault.as_ref().is_some_and(HandlerFault::is_cancelled);
            if is_cancelled { Err(Cancelled.into()) } else { Ok(()) }
        })?;
        Ok(Outside {
            steps,
            fault: running.fault,
        })
    }
}

impl Search<'_> {
    fn look(&mut self, past: &mut StreamPast<'_>, moment: Moment, is_changed: bool) -> Result<Looked, AppError> {
        let program = self.program;
        let stored_type = stored_type(self.stream, moment);
        let of_type = self.types.entry(stored_type.to_vec()).or_insert_with(|| WhyNotType {
            event_type: text::exact(stored_type),
            events: 0,
            changed: 0,
            writes: program.may_change(stored_type, self.path),
            untaken: 0,
        });
        of_type.events += 1;
        if is_changed {
            of_type.changed += 1;
            self.last_changed = self.last_changed.max(Some(moment));
            return Ok(Looked::Done);
        }
        let is_unfolded = self.stopped_after.is_some_and(|last| last < moment);
        if of_type.writes == Some(false) || is_unfolded {
            return Ok(Looked::Done);
        }
        if self.outside.is_some() {
            return Ok(Looked::Unseen);
        }
        if self.misses.len() == self.most_events {
            self.further_misses += 1;
            return Ok(Looked::Done);
        }
        match asked_of(past, self.path, moment) {
            Ok(Some(why_not)) if !why_not.tried.is_empty() || why_not.fault.is_some() || why_not.is_unread => {
                let miss = self.miss(&why_not, stored_type);
                self.misses.push(miss);
            }
            Ok(_) => {}
            Err(Ok(_)) => return Ok(Looked::Unseen),
            Err(Err(error)) => return Err(error),
        }
        Ok(Looked::Done)
    }

    /// Notes what the handler did with the event that led to `moment` and left the place as it was.
    fn look_from_outside(&mut self, outside: &Outside, moment: Moment, before: &Value, after: &Value) {
        let step = moment.event_index().and_then(|index| outside.steps.get(index));
        let (fault, unread, ran) = match step {
            Some(Taken::Folded) => (None, false, Some(self.ran(before, after))),
            Some(Taken::Failed) => (outside.fault.as_ref().map(ToString::to_string), false, None),
            Some(Taken::Undecodable) => (None, true, None),
            Some(Taken::Passed) => {
                let of_type = self.types.get_mut(stored_type(self.stream, moment));
                if let Some(of_type) = of_type {
                    of_type.untaken += 1;
                }
                return;
            }
            // What comes after a fault is told of with it.
            Some(Taken::NotApplied) | None => return,
        };
        if self.misses.len() == self.most_events {
            self.further_misses += 1;
            return;
        }
        self.misses.push(MissAnswer {
            event: self.cause(moment).unwrap_or_else(super::why::unnamed),
            moment: moment.0,
            fault,
            unread,
            tried: Vec::new(),
            ran,
        });
    }

    fn ran(&self, before: &Value, after: &Value) -> RanAnswer {
        let keys = ArrayKeys::new(self.program.array_keys());
        let mut changed: Vec<String> = diff(before, after, &keys)
            .iter()
            .map(|change| self.masked.path(&change.path))
            .collect();
        // Several places that lie in something hidden are shown as that.
        changed.dedup();
        let further = changed.len().saturating_sub(MOST_CHANGED);
        changed.truncate(MOST_CHANGED);
        RanAnswer {
            changed,
            further: u32::try_from(further).unwrap_or(u32::MAX),
        }
    }

    fn miss(&self, why_not: &WhyNot, stored_type: &[u8]) -> MissAnswer {
        MissAnswer {
            event: self.cause(why_not.moment).unwrap_or_else(super::why::unnamed),
            moment: why_not.moment.0,
            fault: why_not.fault.as_ref().map(ToString::to_string),
            unread: why_not.is_unread,
            tried: why_not
                .tried
                .iter()
                .map(|tried| self.tried(why_not, tried, stored_type))
                .collect(),
            ran: None,
        }
    }

    fn tried(&self, why_not: &WhyNot, tried: &Tried, stored_type: &[u8]) -> TriedAnswer {
        // An event that was split has parts of other types, of which rules may hide other fields.
        let of_part = why_not.types.get(tried.id.part as usize);
        let event = SeenEvent {
            stored_type,
            event_type: of_part.map_or(stored_type, Vec::as_slice),
            is_upcast: why_not.is_upcast,
        };
        let shown = |value| Literal(self.masked.state(self.path, value));
        let guards = tried.guards.iter().map(|guard| GuardAnswer {
            place: guard.place.clone(),
            holds: guard.holds,
            reads: guard
                .reads
                .iter()
                .map(|read| ReadAnswer {
                    role: "guard",
                    ..read_answer(&self.masked, read, event)
                })
                .collect(),
        });
        let (kept_by, elsewhere, otherwise) = match &tried.kept_by {
            KeptBy::Guard { otherwise } => ("guard", None, Some(otherwise)),
            KeptBy::Elsewhere(place) => ("elsewhere", Some(self.masked.path(place)), None),
            KeptBy::Equal => ("equal", None, None),
            KeptBy::Undone => ("undone", None, None),
            KeptBy::Fault => ("fault", None, None),
        };
        TriedAnswer {
            place: tried.place.clone(),
            does: tried.does,
            kept_by,
            elsewhere,
            otherwise: otherwise.map(|otherwise| OtherwiseAnswer {
                present: matches!(otherwise, Ok(Some(_))),
                value: otherwise.as_ref().ok().and_then(Option::as_ref).map(shown),
                fault: otherwise.as_ref().err().map(ToString::to_string),
            }),
            guards: guards.collect(),
        }
    }

    fn cause(&self, moment: Moment) -> Option<CauseAnswer> {
        self.stream.cause(moment, self.digits)
    }

    fn answer(self, from: Moment, to: Moment, stopped: Option<StoppedAnswer>) -> WhyNotAnswer {
        let identity = self.program.identity();
        WhyNotAnswer {
            stream: text::exact(&self.stream.id),
            path: self.path.to_string(),
            handler: handler::wire(identity),
            events: to.0 - from.0,
            changed: self.types.values().map(|of| of.changed).sum(),
            last_changed: self.last_changed.and_then(|moment| self.cause(moment)),
            types: self.types.into_values().collect(),
            misses: self.misses,
            further_misses: self.further_misses,
            untold: self.outside.is_some().then(|| {
                // Of a package as it was deployed the version hangs on the event.
                let (unseen, of) = match identity.engine.as_str() {
                    "declarative" | "builtin" => (WhyUnseen::Deployed, ""),
                    engine => (WhyUnseen::Asks, engine),
                };
                WhyUntold {
                    unseen,
                    of: of.to_owned(),
                    instead: None,
                }
            }),
            stopped,
            incomplete_since: None,
            findings: Vec::new(),
        }
    }
}
