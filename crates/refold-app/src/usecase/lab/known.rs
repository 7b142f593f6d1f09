//! What is known about a time, and how that differs from what was believed then.
//!
//! An event says when it happened, and the store says when it was recorded. What is *known about V* is made of the events
//! that happened at or before V, whenever they were recorded; what was *believed at T* of those recorded at or before T.
//! What cannot be known is said beside every answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use refold_core::cursor::Cursor;
use refold_core::diff::{ArrayKeys, Change, diff};
use refold_core::event::{Columns, EventBatch, EventView};
use refold_core::finding::Findings;
use refold_core::fold::{Detail, Fold, Folded};
use refold_core::pointer::Pointer;
use refold_core::port::handler::HandlerProgram;
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::value::{Redacted, Text, Value};
use refold_core::work::Work;
use serde::Serialize;

use super::shown_at;
use crate::answer::{CauseAnswer, ChangeAnswer, Literal};
use crate::asked;
use crate::error::{AppError, ErrorCode};
use crate::mask::{Cover, Part};
use crate::session::Session;
use crate::stream::Stream;
use crate::text::Exact;
use crate::usecase::field_history::path_of;
use crate::usecase::upcast::change_answer;
use crate::wire::{FindingWire, HandlerWire};
use crate::{clock, findings, handler, text};

/// Events that an answer lists; all are counted.
const MOST_LISTED: usize = 1_000;
/// Differences that are shown where the order matters.
const MOST_DIFFERENCES: usize = 20;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// When it is about: only what happened by then counts. A time.
    pub about: &'a str,
    /// When it is known: only what was recorded by then counts. A cursor.
    pub known_at: &'a str,
    pub handler: Option<&'a str>,
    /// The member of the payload that says when an event happened; `None`: what the layout says.
    pub occurred: Option<&'a str>,
    pub order: Order,
}

/// In which order events are folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As they were recorded, and only if the other order gives the same.
    Either,
    Recorded,
    Occurred,
}

#[derive(Debug, Clone, Serialize)]
pub struct KnownAnswer {
    pub stream: Exact,
    pub about: String,
    /// The last event that counts as known; `null`: none.
    pub known_at: Option<CauseAnswer>,
    pub handler: HandlerWire,
    /// How many events count.
    pub events: u32,
    /// `null`: the two orders give different states, and nobody said which one is meant.
    pub state: Option<Literal>,
    /// `either`: both orders give this state. Else the one it was folded in, or `differ`.
    pub order: &'static str,
    /// Where the two orders differ, from the recorded to the occurred one; the first of many.
    pub differences: Vec<ChangeAnswer>,
    pub difference_count: u32,
    pub incomplete_since: Option<String>,
    /// What is not known, in sentences.
    pub missing: Vec<String>,
    pub findings: Vec<FindingWire>,
}

#[derive(Debug, Clone, Serialize)]
pub struct CorrectionsAnswer {
    pub stream: Exact,
    pub at: String,
    /// With which version it was believed, and with which it is known now.
    pub believed_by: HandlerWire,
    pub known_by: HandlerWire,
    /// From what was believed to what is known.
    pub changes: Vec<ChangeAnswer>,
    /// Events recorded since then that happened before: what was not known.
    pub late: Vec<LateEvent>,
    pub late_count: u32,
    /// Events that were recorded by then and happen later: what was believed too early.
    pub early: Vec<LateEvent>,
    pub early_count: u32,
    /// As in [`KnownAnswer`].
    pub order: &'static str,
    pub missing: Vec<String>,
    pub findings: Vec<FindingWire>,
}

#[derive(Debug, Clone, Serialize)]
pub struct LateEvent {
    #[serde(flatten)]
    pub event: CauseAnswer,
    pub occurred_at: String,
    /// The id of the event that it says it corrects, as a person may see it.
    pub corrects: Option<String>,
}

/// What is known about a time.
pub fn known(work: &Work<'_>, session: &Session, stream: &str, asked: Asked<'_>) -> Result<KnownAnswer, AppError> {
    let program = handler::adopted(session, asked.handler)?;
    let told = Told::read(work, session, stream, asked.occurred)?;
    let about = instant(session, asked.about)?;
    let until = told
        .stream
        .track
        .resolve(&session.cursor(asked.known_at)?, clock::now())?;
    let chosen = told.happened_by(about, until);
    let cover = told.cover(session);
    let known = told.fold_chosen(work, program.as_ref(), &cover, &chosen, asked.order)?;
    Ok(KnownAnswer {
        stream: text::exact(&told.stream.id),
        about: text::time_label(about, told.digits),
        known_at: told.stream.cause(until, told.digits),
        handler: handler::wire(program.identity()),
        events: narrow(chosen.len()),
        state: known.folded.as_ref().map(|folded| Literal(cover.value(&folded.state))),
        order: known.order,
        difference_count: narrow(known.differences.len()),
        differences: known
            .differences
            .into_iter()
            .take(MOST_DIFFERENCES)
            .map(change_answer)
            .collect(),
        incomplete_since: known
            .folded
            .and_then(|folded| folded.incomplete_since)
            .and_then(|since| told.place_of(&chosen, since)),
        missing: told.missing(until),
        findings: findings::wire(&told.findings),
    })
}

/// What was believed at a time, against what is known about it now. `handler`: with `@as-deployed` what was believed is
/// that of the version of then; what is known is always that of the newest one.
pub fn corrections(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    at: &str,
    handler: Option<&str>,
    occurred: Option<&str>,
    order: Order,
) -> Result<CorrectionsAnswer, AppError> {
    let instant = instant(session, at)?;
    let (of_then, newest) = (handler::believed(session, handler, at)?, handler::newest(handler));
    let believed_by = handler::adopted(session, of_then.as_deref())?;
    let known_by = handler::adopted(session, newest.as_deref())?;
    let told = Told::read(work, session, stream, occurred)?;
    let until = told.stream.track.resolve(&Cursor::At(instant), clock::now())?;
    let recorded: Vec<usize> = (0..(until.0 as usize).min(told.occurred.len())).collect();
    let believed = told.fold(work, believed_by.as_ref(), &recorded)?;
    let chosen = told.happened_by(instant, told.stream.track.head());
    let cover = told.cover(session);
    let known = told.fold_chosen(work, known_by.as_ref(), &cover, &chosen, order)?;
    let Some(folded) = &known.folded else {
        return Err(order_matters(&known.differences));
    };
    let keys = ArrayKeys::new(known_by.array_keys());
    let is_late = |row: &usize| *row >= recorded.len();
    let late: Vec<usize> = chosen.iter().copied().filter(is_late).collect();
    let early: Vec<usize> = recorded
        .iter()
        .copied()
        .filter(|row| told.occurred[*row] > instant)
        .collect();
    let listed = |rows: &[usize]| {
        rows.iter()
            .take(MOST_LISTED)
            .map(|row| told.late_event(session, *row))
            .collect()
    };
    let mut missing = told.missing(told.stream.track.head());
    if handler.is_none_or(|handler| !handler.contains("@as-deployed")) {
        missing.push(
            "which version of the handler was deployed then: what was believed is told with the same version; name \
             HANDLER@as-deployed where the manifest has the dates"
                .to_owned(),
        );
    }
    Ok(CorrectionsAnswer {
        stream: text::exact(&told.stream.id),
        at: text::time_label(instant, told.digits),
        believed_by: handler::wire(believed_by.identity()),
        known_by: handler::wire(known_by.identity()),
        changes: diff(&cover.value(&believed.state), &cover.value(&folded.state), &keys)
            .into_iter()
            .map(change_answer)
            .collect(),
        late_count: narrow(late.len()),
        late: listed(&late),
        early_count: narrow(early.len()),
        early: listed(&early),
        order: known.order,
        missing,
        findings: findings::wire(&told.findings),
    })
}

/// A stream with the times at which its events happened. Its rows are numbers below the length of both columns.
struct Told {
    stream: Stream,
    batch: EventBatch,
    /// By row; the recorded time where an event does not say when it happened.
    occurred: Vec<Timestamp>,
    /// How many do not say it.
    unsaid: usize,
    findings: Arc<Findings>,
    digits: u8,
}

/// What folding the events that count came to.
struct Known {
    folded: Option<Folded>,
    order: &'static str,
    differences: Vec<Change>,
}

impl Told {
    /// Reads a whole stream into memory, which a fold in another order needs.
    fn read(work: &Work<'_>, session: &Session, stream: &str, occurred: Option<&str>) -> Result<Told, AppError> {
        let path = occurred.map(path_of).transpose()?;
        let findings = Arc::<Findings>::default();
        let stream = Stream::load(work, session, stream, &findings)?;
        if let Some(path) = &path {
            refuse_hidden(session, &stream, path)?;
        }
        let mut told = Told {
            batch: EventBatch::default(),
            occurred: Vec::new(),
            unsaid: 0,
            findings: Arc::clone(&findings),
            digits: session.description().time_digits,
            stream: stream.clone(),
        };
        let head = stream.track.head();
        stream.visit(
            work,
            session.store(),
            &findings,
            Moment::START,
            head,
            &mut |_, event| {
                if !told.batch.has_room_for(event.byte_count()) {
                    let message = "the stream is too large to be folded in another order";
                    return Err(AppError::invalid(
                        message,
                        "ask of a stream with less than 4 GB of payloads",
                    ));
                }
                told.batch.push(event, Columns::ALL);
                let said = happened_at(event, path.as_ref());
                told.unsaid += usize::from(said.is_none());
                told.occurred
                    .push(if said.is_none() { event.recorded_at } else { said });
                Ok(())
            },
        )?;
        Ok(told)
    }

    /// The events up to `until` that happened by then, as they were recorded. What has no time at all never happened by
    /// any.
    fn happened_by(&self, about: Timestamp, until: Moment) -> Vec<usize> {
        let rows = 0..(until.0 as usize).min(self.occurred.len());
        rows.filter(|row| !self.occurred[*row].is_none() && self.occurred[*row] <= about)
            .collect()
    }

    fn fold_chosen(
        &self,
        work: &Work<'_>,
        program: &dyn HandlerProgram,
        cover: &Cover,
        chosen: &[usize],
        order: Order,
    ) -> Result<Known, AppError> {
        let mut by_occurred = chosen.to_vec();
        by_occurred.sort_by_key(|row| self.occurred[*row]); // what happened at one time stays as it was recorded
        let recorded = self.fold(work, program, chosen)?;
        let occurred = self.fold(work, program, &by_occurred)?;
        let keys = ArrayKeys::new(program.array_keys());
        let differences = diff(&cover.value(&recorded.state), &cover.value(&occurred.state), &keys);
        let is_same = recorded.state == occurred.state && recorded.fault.is_some() == occurred.fault.is_some();
        let (folded, order) = match order {
            _ if is_same => (Some(recorded), "either"),
            Order::Either => (None, "differ"),
            Order::Recorded => (Some(recorded), "recorded"),
            Order::Occurred => (Some(occurred), "occurred"),
        };
        Ok(Known {
            folded,
            order,
            differences,
        })
    }

    fn fold(&self, work: &Work<'_>, program: &dyn HandlerProgram, rows: &[usize]) -> Result<Folded, AppError> {
        let mut fold = Fold::new(program, Detail::State)?;
        for (done, row) in rows.iter().enumerate() {
            fold.step(&self.batch.event(*row), self.stream.names(), Some(&self.findings))?;
            if done % 1_024 == 0 {
                work.tick("folding what is known", done as u64, Some(rows.len() as u64))?;
            }
        }
        Ok(fold.folded()?)
    }

    /// What nobody can know from the store alone.
    fn missing(&self, until: Moment) -> Vec<String> {
        let mut missing = Vec::new();
        let all = self.occurred.len();
        if self.unsaid > 0 {
            missing.push(format!(
                "when {} of {} happened: they do not say it, and the time they were recorded stands for it",
                text::grouped(self.unsaid as u64),
                text::counted(all as u64, "event"),
            ));
        }
        if self.occurred.iter().any(|time| time.is_none()) {
            missing.push("when events without any time happened: they are left out".to_owned());
        }
        if let Some(first) = self.stream.track.versions.first()
            && *first != EventBatch::NO_VERSION
            && first.0 > 1
        {
            missing.push(format!(
                "what happened before v{}: the stream begins there, so what was believed before is unknown",
                first.0
            ));
        }
        if until < self.stream.track.head() {
            missing.push("what was recorded since: it was not asked for".to_owned());
        }
        missing.push(
            "what handlers were told beside events: reference data, feature flags, clocks of other writers".to_owned(),
        );
        missing
    }

    /// The event that was folded as the last one before `since` of a fold of these rows.
    fn place_of(&self, rows: &[usize], since: Moment) -> Option<String> {
        let row = rows.get(since.event_index()?)?;
        let moment = Moment(u32::try_from(row + 1).ok()?);
        Some(self.stream.place_label(moment))
    }

    fn late_event(&self, session: &Session, row: usize) -> LateEvent {
        let moment = Moment(narrow(row + 1));
        let event = self.batch.event(row);
        let cover = session.mask().of_event(&event, self.stream.names(), Part::Metadata);
        LateEvent {
            event: self
                .stream
                .cause(moment, self.digits)
                .unwrap_or_else(super::why::unnamed),
            occurred_at: text::time_label(self.occurred[row], self.digits),
            corrects: corrects(&event, &cover),
        }
    }

    fn cover(&self, session: &Session) -> Cover {
        session
            .mask()
            .cover(&self.stream.id, &self.stream.category, None, Part::State)
    }
}

/// Events are told apart by the times at `path`: where rules hide it of events of this stream, no answer can be given that
/// does not tell of them, neither by what it prints nor by which events it counts. It goes by the rules alone, so that the
/// refusal does not say whether anything is there.
fn refuse_hidden(session: &Session, stream: &Stream, path: &Pointer) -> Result<(), AppError> {
    let ordinals = stream.track.types.iter();
    let types: BTreeSet<&[u8]> = ordinals.map(|of| stream.names().type_name(*of)).collect();
    for of in types {
        let cover = session
            .mask()
            .cover(&stream.id, &stream.category, Some(of), Part::Payload);
        if matches!(
            shown_at(&cover, &path.to_string(), &Value::Bool(true)),
            Value::Redacted(_)
        ) {
            return Err(AppError::new(
                ErrorCode::Denied,
                format!(
                    "masking rules hide {path} of events of the type {}, and when they happened would tell it",
                    text::shown(of)
                ),
                "reveal it with a reason (docs/masking.md), or leave --occurred away",
            ));
        }
    }
    Ok(())
}

/// When an event says it happened.
fn happened_at(event: &EventView<'_>, path: Option<&Pointer>) -> Timestamp {
    let Some(path) = path else {
        return event.occurred_at;
    };
    let payload = event
        .payload
        .and_then(|bytes| Value::from_json(bytes, Value::MAX_DEPTH).ok());
    match payload.as_ref().and_then(|payload| path.find(payload)) {
        Some(Value::Text(text)) => Timestamp::parse(&text.to_display()).unwrap_or(Timestamp::NONE),
        _ => Timestamp::NONE,
    }
}

/// The id that an event names in its metadata, under `corrects`. `cover`: of the metadata.
fn corrects(event: &EventView<'_>, cover: &Cover) -> Option<String> {
    let metadata = Value::from_json(event.metadata?, Value::MAX_DEPTH).ok()?;
    let place = Pointer::ROOT.push_key(&Text::from("corrects"));
    match shown_at(cover, &place.to_string(), place.find(&metadata)?) {
        Value::Text(id) => Some(id.to_display().into_owned()),
        Value::Redacted(_) => Some(Redacted::SHOWN.to_owned()),
        _ => None,
    }
}

/// A time, as a cursor names it.
fn instant(session: &Session, written: &str) -> Result<Timestamp, AppError> {
    let now = clock::now();
    match asked::cursor(written, session.zone())? {
        Cursor::At(time) => Ok(time),
        Cursor::Ago { nanos } => Ok(now.0.checked_sub(nanos).map_or(now, Timestamp)),
        Cursor::Head => Ok(now),
        Cursor::Start | Cursor::Version(_) | Cursor::Position(_) => Err(AppError::invalid(
            "what is known is asked about a time, not about an event",
            "write a time, as 2026-08-03T14:00:00Z, or -2h",
        )),
    }
}

fn order_matters(differences: &[Change]) -> AppError {
    let first = differences
        .first()
        .map(|change| change.path.to_string())
        .unwrap_or_default();
    AppError::invalid(
        format!(
            "events in the order in which they happened give another state than in the order in which they were recorded: \
             {} differ, first {first}",
            text::counted(differences.len() as u64, "place")
        ),
        "say which one is meant: --order recorded, or --order occurred",
    )
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
