//! What is known about a time, and how that differs from what was believed then.
//!
//! An event says when it happened, and the store says when it was recorded. What is *known about V* is made of the events
//! that happened at or before V, whenever they were recorded; what was *believed at T* of those recorded at or before T.
//! What cannot be known is said beside every answer.

mod dated;

use refold_core::cursor::Cursor;
use refold_core::diff::{ArrayKeys, Change, diff};
use refold_core::time::Timestamp;
use refold_core::work::Work;
use serde::Serialize;

use crate::answer::{CauseAnswer, ChangeAnswer, Literal};
use crate::asked;
use crate::error::AppError;
use crate::session::Session;
use crate::text::Exact;
use crate::usecase::upcast::change_answer;
use crate::wire::{FindingWire, HandlerWire};
use crate::{clock, findings, handler, text};

use dated::DatedStream;

/// Events that an answer lists; all are counted.
const MOST_LISTED: usize = 1_000;
/// Differences that are shown where the order matters.
const MOST_DIFFERENCES: usize = 20;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// When it is about: only what happened by then counts. A time. Corrections are of what was believed then.
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
    /// The last event that counts as known; `null`: none.
    pub known_at: Option<CauseAnswer>,
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
    /// The first event by which what was believed, or what is known, may lack something.
    pub incomplete_since: Option<String>,
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
pub fn known(work: &Work<'_>, session: &Session, stream: &str, asked: Question<'_>) -> Result<KnownAnswer, AppError> {
    let program = session.adopted(asked.handler)?;
    let dated = DatedStream::read(work, session, stream, asked.occurred)?;
    let about = instant(session, asked.about)?;
    let known_at = dated.stream.resolve(&session.cursor(asked.known_at)?, clock::now())?;
    let until = known_at.moment;
    let chosen = dated.happened_by(about, until);
    let cover = dated.cover(session);
    let known = dated.fold_chosen(work, program.as_ref(), &cover, &chosen, asked.order, &mut dated.found())?;
    let answer = known.answer.as_ref();
    Ok(KnownAnswer {
        stream: text::exact(&dated.stream.id),
        about: text::time_label(about, dated.digits),
        known_at: dated.stream.cause(until, dated.digits),
        handler: handler::wire(program.identity()),
        events: narrow(chosen.len()),
        state: answer.map(|answer| Literal(cover.value(&answer.folded.state))),
        incomplete_since: answer
            .and_then(|answer| answer.lacking)
            .map(|row| dated.place_of(row))
            .or_else(|| dated.missing_by(about, known_at)),
        order: known.order,
        difference_count: narrow(known.differences.len()),
        differences: known
            .differences
            .into_iter()
            .take(MOST_DIFFERENCES)
            .map(change_answer)
            .collect(),
        missing: dated.missing(until),
        findings: findings::wire(&dated.findings),
    })
}

/// What was believed at a time, against what is known about it at a later moment. With a handler `@as-deployed` what was
/// believed is that of the version of then; what is known is always that of the newest one.
pub fn corrections(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    asked: Question<'_>,
) -> Result<CorrectionsAnswer, AppError> {
    let Question { handler, order, .. } = asked;
    let instant = instant(session, asked.about)?;
    let (of_then, newest) = (session.believed(handler, asked.about)?, handler::newest(handler));
    let believed_by = session.adopted(of_then.as_deref())?;
    let known_by = session.adopted(newest.as_deref())?;
    let dated = DatedStream::read(work, session, stream, asked.occurred)?;
    let now = clock::now();
    let believed_at = dated.stream.resolve(&Cursor::At(instant), now)?;
    let known_at = dated.stream.resolve(&session.cursor(asked.known_at)?, now)?;
    let (until, known_until) = (believed_at.moment, known_at.moment);
    if known_until < until {
        return Err(AppError::invalid(
            format!(
                "what is known at {} is less than what was believed at {}",
                asked.known_at, asked.about
            ),
            "name a moment after the time at which it was believed, or leave it out for the newest event",
        ));
    }
    let recorded: Vec<usize> = (0..(until.0 as usize).min(dated.occurred.len())).collect();
    let mut found = dated.found();
    let believed = dated.fold(work, believed_by.as_ref(), &recorded, Some(&mut found))?;
    let chosen = dated.happened_by(instant, known_until);
    let cover = dated.cover(session);
    let known = dated.fold_chosen(work, known_by.as_ref(), &cover, &chosen, order, &mut found)?;
    let Some(answer) = &known.answer else {
        return Err(order_matters(&known.differences));
    };
    let keys = ArrayKeys::new(known_by.array_keys());
    let is_late = |row: &usize| *row >= recorded.len();
    let late: Vec<usize> = chosen.iter().copied().filter(is_late).collect();
    let early: Vec<usize> = recorded
        .iter()
        .copied()
        .filter(|row| dated.occurred[*row] > instant)
        .collect();
    let listed = |rows: &[usize]| {
        rows.iter()
            .take(MOST_LISTED)
            .map(|row| dated.late_event(session, *row))
            .collect()
    };
    let mut missing = dated.missing(known_until);
    if handler.is_none_or(|handler| !handler.contains("@as-deployed")) {
        missing.push(
            "which version of the handler was deployed then: what was believed is told with the same version; name \
             HANDLER@as-deployed where the manifest has the dates"
                .to_owned(),
        );
    }
    Ok(CorrectionsAnswer {
        stream: text::exact(&dated.stream.id),
        at: text::time_label(instant, dated.digits),
        known_at: dated.stream.cause(known_until, dated.digits),
        believed_by: handler::wire(believed_by.identity()),
        known_by: handler::wire(known_by.identity()),
        changes: diff(
            &cover.value(&believed.folded.state),
            &cover.value(&answer.folded.state),
            &keys,
        )
        .into_iter()
        .map(change_answer)
        .collect(),
        late_count: narrow(late.len()),
        late: listed(&late),
        early_count: narrow(early.len()),
        early: listed(&early),
        order: known.order,
        incomplete_since: believed
            .lacking
            .into_iter()
            .chain(answer.lacking)
            .min()
            .map(|row| dated.place_of(row))
            .or_else(|| dated.stream.lost_label().filter(|_| believed_at.lies_in_gap()))
            .or_else(|| dated.missing_by(instant, known_at)),
        missing,
        findings: findings::wire(&dated.findings),
    })
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
        "say which order is meant: as recorded, or as happened",
    ).typed("--order recorded, or --order occurred")
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
