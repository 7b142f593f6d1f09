//! Where two handlers make something else of the same events.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use refold_core::finding::Findings;
use refold_core::fold::Folded;
use refold_core::port::handler::HandlerProgram;
use refold_core::work::Work;
use refold_handlers::lab::{Compared, Divergence, Divergences, Sighting, Stop};
use serde::{Deserialize, Serialize};

use super::kept::{self, Answered, Keepable, Keeping, RunKey};
use super::{EventName, MOST_ROWS, Scope, fold, lacking, order_of, shown_at, shown_path, unread};
use crate::answer::{Literal, present};
use crate::error::AppError;
use crate::mask::Cover;
use crate::session::Session;
use crate::text::Exact;
use crate::wire::{FindingWire, HandlerWire};
use crate::{findings, handler, text};

/// Stands for the paths that are not counted one by one, because there are too many.
const OTHER_PATHS: &str = "…";
/// Intervals of one stream that are kept when all streams are compared.
const MOST_INTERVALS: usize = 8;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompareAnswer {
    pub left: HandlerWire,
    pub right: HandlerWire,
    pub streams: u32,
    pub events: u64,
    pub differing_streams: u32,
    /// Of these, streams whose states differ at the head too.
    pub differing_at_head: u32,
    /// The first event, by position, after which the states of its stream differ.
    #[serde(skip_deserializing)]
    pub first_divergence: Option<FirstAnswer>,
    /// Where the first difference of a stream lies and which type of event made it, most frequent first.
    pub kinds: Vec<KindAnswer>,
    /// The streams that differ, by the position of their first divergence; the first ones of many.
    pub differing: Vec<DifferingAnswer>,
    /// Streams on which one side failed, or both; the first ones of many.
    pub errors: Vec<StopAnswer>,
    pub error_count: u32,
    /// Streams of which neither side could fold every event.
    pub incomplete_streams: u32,
    pub findings: Vec<FindingWire>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FirstAnswer {
    pub stream: Exact,
    #[serde(flatten)]
    pub event: EventName,
    #[serde(flatten)]
    pub place: PlaceAnswer,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaceAnswer {
    /// RFC 6901.
    pub path: String,
    /// Left out where there is nothing on that side.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub left: Option<Literal>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub right: Option<Literal>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KindAnswer {
    pub path: String,
    #[serde(rename = "type")]
    pub event_type: Exact,
    pub streams: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DifferingAnswer {
    pub stream: Exact,
    pub intervals: Vec<IntervalAnswer>,
    pub interval_count: u32,
    /// What differs after the first event of the first interval.
    pub places: Vec<PlaceAnswer>,
    pub place_count: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntervalAnswer {
    pub from: EventName,
    /// The event after which both are equal again; `null`: they are not.
    pub until: Option<EventName>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StopAnswer {
    pub side: Side,
    pub stream: Exact,
    #[serde(flatten)]
    pub event: EventName,
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Left,
    Right,
}

impl Side {
    pub fn name(self) -> &'static str {
        match self {
            Side::Left => "left",
            Side::Right => "right",
        }
    }
}

/// Folds the scope with both handlers in lockstep.
pub fn compare(
    work: &Work<'_>,
    session: &Session,
    scope: Scope<'_>,
    left: Option<&str>,
    right: Option<&str>,
    keeping: Keeping,
) -> Result<Answered<CompareAnswer>, AppError> {
    let programs = [session.adopted(left)?, session.adopted(right)?];
    let named = [(left, programs[0].as_ref()), (right, programs[1].as_ref())];
    let key = RunKey::new(session, "compare", scope, &named, "");
    let mut answered = kept::answer(session, keeping, &key, || made(work, session, scope, programs))?;
    answered.answer.first_divergence = answered.answer.differing.first().and_then(FirstAnswer::of);
    Ok(answered)
}

fn made(
    work: &Work<'_>,
    session: &Session,
    scope: Scope<'_>,
    [left, right]: [Arc<dyn HandlerProgram>; 2],
) -> Result<CompareAnswer, AppError> {
    let (left_identity, right_identity) = (handler::wire(left.identity()), handler::wire(right.identity()));
    let most_intervals = if scope.is_one_stream() {
        usize::MAX
    } else {
        MOST_INTERVALS
    };
    let program: Arc<dyn HandlerProgram> = Arc::new(Compared::new(left, right, most_intervals));
    let noted = Arc::<Findings>::default();
    let seen = Mutex::new(Seen::default());
    let finish = |id: &[u8], cover: &Cover, folded: &Folded| {
        if let Some(mut divergences) = Divergences::of_state(&folded.state)
            && (divergences.interval_count > 0 || divergences.stops.iter().any(Option::is_some))
        {
            for divergence in &mut divergences.first {
                for side in [&mut divergence.left, &mut divergence.right].into_iter().flatten() {
                    *side = shown_at(cover, &divergence.path, side);
                }
                divergence.path = shown_path(cover, &divergence.path);
            }
            seen.lock().unwrap_or_else(PoisonError::into_inner).add(id, divergences);
        }
    };
    let folded = fold(work, session, scope, &program, &noted, &finish)?;
    let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    seen.shorten();
    Ok(CompareAnswer {
        left: left_identity,
        right: right_identity,
        streams: folded.streams,
        events: folded.events,
        differing_streams: seen.differing_streams,
        differing_at_head: seen.differing_at_head,
        first_divergence: None,
        kinds: seen.kinds(),
        differing: seen
            .differing
            .iter()
            .map(|(stream, it)| differing_answer(stream, it))
            .collect(),
        errors: seen
            .stops
            .iter()
            .map(|(stream, side, stop)| stop_answer(stream, *side, stop))
            .collect(),
        error_count: seen.stop_count,
        incomplete_streams: folded.incomplete_streams,
        findings: findings::wire(&noted),
    })
}

impl CompareAnswer {
    /// `equal`, `differs` or `unclear`. That nothing differs is said only where every state could be compared.
    pub fn outcome(&self) -> &'static str {
        match self.differing_streams {
            0 if self.unclear().is_none() => "equal",
            0 => "unclear",
            _ => "differs",
        }
    }

    /// Why not every state could be compared; `None`: every one was.
    pub fn unclear(&self) -> Option<String> {
        let failed = (self.error_count > 0).then(|| "where a handler failed nothing is known of it since".to_owned());
        let reasons: Vec<String> = [unread(self.incomplete_streams), lacking(&self.findings), failed]
            .into_iter()
            .flatten()
            .collect();
        (!reasons.is_empty()).then(|| reasons.join(", and "))
    }
}

impl FirstAnswer {
    /// The first divergence of a stream; `None` where it is not known.
    fn of(differing: &DifferingAnswer) -> Option<FirstAnswer> {
        Some(FirstAnswer {
            stream: differing.stream.clone(),
            event: differing.intervals.first()?.from.clone(),
            place: differing.places.first()?.clone(),
        })
    }
}

impl Keepable for CompareAnswer {
    fn is_exact_as_text(&self) -> bool {
        let kinds = self.kinds.iter().map(|kind| &kind.event_type);
        let streams = self.differing.iter().flat_map(|of| {
            let events = of.intervals.iter().flat_map(|it| [Some(&it.from), it.until.as_ref()]);
            events.flatten().map(|event| &event.event_type).chain([&of.stream])
        });
        let stops = self
            .errors
            .iter()
            .flat_map(|stop| [&stop.stream, &stop.event.event_type]);
        kinds.chain(streams).chain(stops).all(Exact::is_utf8)
    }
}

/// What all streams came to so far.
#[derive(Default)]
struct Seen {
    differing_streams: u32,
    differing_at_head: u32,
    /// Not in order, and somewhat more than are wanted at most.
    differing: Vec<(Vec<u8>, Divergences)>,
    kinds: BTreeMap<(String, Vec<u8>), u32>,
    stop_count: u32,
    stops: Vec<(Vec<u8>, Side, Stop)>,
}

impl Seen {
    fn add(&mut self, stream: &[u8], divergences: Divergences) {
        for (side, stop) in [Side::Left, Side::Right].into_iter().zip(&divergences.stops) {
            if let Some(stop) = stop {
                self.stop_count += 1;
                self.stops.push((stream.to_vec(), side, stop.clone()));
            }
        }
        if let Some(from) = start_of(&divergences) {
            self.differing_streams += 1;
            self.differing_at_head += u32::from(divergences.differs_at_head());
            if let Some(first) = divergences.first.first() {
                let mut kind = (first.path.clone(), from.event_type.as_wtf8().to_vec());
                if self.kinds.len() >= MOST_ROWS && !self.kinds.contains_key(&kind) {
                    kind.0 = OTHER_PATHS.to_owned();
                }
                *self.kinds.entry(kind).or_default() += 1;
            }
            self.differing.push((stream.to_vec(), divergences));
        }
        if self.differing.len().max(self.stops.len()) >= 2 * MOST_ROWS {
            self.shorten();
        }
    }

    /// Keeps those that came first.
    fn shorten(&mut self) {
        self.differing
            .sort_by_cached_key(|(stream, it)| (start_of(it).map(order_of), stream.clone()));
        self.differing.truncate(MOST_ROWS);
        self.stops
            .sort_by_cached_key(|(stream, side, stop)| (order_of(&stop.event), stream.clone(), *side));
        self.stops.truncate(MOST_ROWS);
    }

    fn kinds(&self) -> Vec<KindAnswer> {
        let answer = |((path, event_type), streams): (&(String, Vec<u8>), &u32)| KindAnswer {
            path: path.clone(),
            event_type: text::exact(event_type),
            streams: *streams,
        };
        let mut kinds: Vec<KindAnswer> = self.kinds.iter().map(answer).collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.streams));
        kinds
    }
}

/// The event after which the states differ for the first time.
fn start_of(divergences: &Divergences) -> Option<&Sighting> {
    divergences.intervals.first().map(|interval| &interval.from)
}

fn differing_answer(stream: &[u8], divergences: &Divergences) -> DifferingAnswer {
    let intervals = divergences.intervals.iter().map(|interval| IntervalAnswer {
        from: EventName::of(&interval.from),
        until: interval.until.as_ref().map(EventName::of),
    });
    DifferingAnswer {
        stream: text::exact(stream),
        intervals: intervals.collect(),
        interval_count: divergences.interval_count,
        places: divergences.first.iter().map(place_answer).collect(),
        place_count: divergences.first_count,
    }
}

fn place_answer(divergence: &Divergence) -> PlaceAnswer {
    PlaceAnswer {
        path: divergence.path.clone(),
        left: divergence.left.clone().map(Literal),
        right: divergence.right.clone().map(Literal),
    }
}

fn stop_answer(stream: &[u8], side: Side, stop: &Stop) -> StopAnswer {
    StopAnswer {
        side,
        stream: text::exact(stream),
        event: EventName::of(&stop.event),
        reason: stop.reason.clone(),
    }
}
