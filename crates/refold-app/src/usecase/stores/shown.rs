//! The first difference of a stream as a person may see it: both events, and what changed in what they say.

use std::sync::Arc;

use refold_core::diff::{ArrayKeys, Change, ChangeOp, diff};
use refold_core::event::{Columns, Encoding, EventBatch, EventView, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::value::Value;
use refold_core::work::Work;

use super::align::{First, Place};
use super::answer::{FirstAnswer, StatesAnswer};
use super::measure::{By, EventPart, Measure};
use crate::answer::{ChangeAnswer, EventAnswer, Literal};
use crate::error::AppError;
use crate::mask::Part;
use crate::session::Session;
use crate::usecase::comparison::Comparison;
use crate::usecase::{events, upcast};
use crate::wire::{ComparisonSide, StoresDocument};

/// One event of one side, under what is hidden of it.
pub(super) struct Shown {
    pub answer: EventAnswer,
    /// `None`: not there, or no JSON.
    pub payload: Option<Value>,
    pub metadata: Option<Value>,
    /// Its parts by their meaning, where that was asked for.
    meant: Vec<Option<Vec<u8>>>,
    hides_payload: bool,
    hides_metadata: bool,
}

/// Reads both events. `None` of one side: it has no such event. `meaning`: how each side is looked at by meaning, where it
/// is to be told whether they mean the same.
pub(super) fn first(
    work: &Work<'_>,
    (left, right): (&Session, &Session),
    stream: &[u8],
    first: &First,
    (by, meaning): (By, Option<&[Measure; 2]>),
) -> Result<FirstAnswer, AppError> {
    let (left, right) = both(work, (left, right), stream, first, meaning)?;
    let means_same = match (&left, &right) {
        (Some(left), Some(right)) => meaning.is_some() && !first.is_unclear && left.meant == right.meant,
        _ => false,
    };
    let (mut payload, mut metadata, mut hidden) = (Vec::new(), Vec::new(), false);
    if let (Some(left), Some(right)) = (&left, &right) {
        if first.parts.holds(EventPart::Payload) {
            payload = told(left.payload.as_ref(), right.payload.as_ref(), by);
            hidden |= (left.hides_payload || right.hides_payload) && is_hidden(&payload);
        }
        if first.parts.holds(EventPart::Metadata) {
            metadata = told(left.metadata.as_ref(), right.metadata.as_ref(), by);
            hidden |= (left.hides_metadata || right.hides_metadata) && is_hidden(&metadata);
        }
    }
    Ok(FirstAnswer {
        parts: first.parts.iter().collect(),
        left: left.map(|shown| shown.answer),
        right: right.map(|shown| shown.answer),
        payload,
        metadata,
        hidden,
        means_same,
    })
}

/// Reads the event of each side, and writes down that the stream was looked at. `None` of one side: it has no such event.
pub(super) fn both(
    work: &Work<'_>,
    (left, right): (&Session, &Session),
    stream: &[u8],
    of: &First,
    meaning: Option<&[Measure; 2]>,
) -> Result<(Option<Shown>, Option<Shown>), AppError> {
    let shown = |session: &Session, place: Option<Place>, meaning: Option<&Measure>| match place {
        Some(place) => {
            session.log_stream(stream)?;
            read(work, session, place.position, meaning)
        }
        None => Ok(None),
    };
    let [left_meaning, right_meaning] = [0, 1].map(|at: usize| meaning.and_then(|of| of.get(at)));
    Ok((
        shown(left, of.left, left_meaning)?,
        shown(right, of.right, right_meaning)?,
    ))
}

/// What a handler makes of both streams at their heads.
pub(super) fn states(
    work: &Work<'_>,
    (left, right): (&Arc<Session>, &Arc<Session>),
    stream: &str,
    handlers: &[Option<String>; 2],
) -> Result<StatesAnswer, AppError> {
    let side = |handler: Option<String>| ComparisonSide {
        stream: stream.to_owned(),
        at: "head".to_owned(),
        handler,
    };
    let [of_left, of_right] = handlers.clone().map(side);
    let comparison = Comparison::open(work, (left, &of_left), (right, &of_right))?;
    let answer = comparison.answer(work, false)?;
    let fault = [&answer.left, &answer.right].into_iter().find_map(|side| {
        let since = side
            .incomplete_since
            .as_ref()
            .map(|since| format!("incomplete since {since}"));
        side.fault.clone().or(since)
    });
    Ok(StatesAnswer {
        changes: fault
            .is_none()
            .then(|| u32::try_from(answer.changes.len()).unwrap_or(u32::MAX)),
        fault,
    })
}

impl Shown {
    /// Whether masking rules hide any of a document.
    pub fn hides(&self, document: StoresDocument) -> bool {
        match document {
            StoresDocument::Payload => self.hides_payload,
            StoresDocument::Metadata => self.hides_metadata,
        }
    }
}

fn read(
    work: &Work<'_>,
    session: &Session,
    position: Position,
    meaning: Option<&Measure>,
) -> Result<Option<Shown>, AppError> {
    let query = ReadQuery {
        scope: Scope::Positions(vec![position]),
        direction: Direction::Forward,
        columns: Columns::ALL,
    };
    let mut reader = session.store().read(&query)?;
    let (mut batch, mut names, told) = (EventBatch::default(), Names::default(), Findings::default());
    if !reader.next_batch(work, 1, &mut batch, &mut names, &told)? || batch.is_empty() {
        return Ok(None);
    }
    Ok(Some(shown(&batch.event(0), &names, session, meaning)))
}

fn shown(event: &EventView<'_>, names: &Names, session: &Session, meaning: Option<&Measure>) -> Shown {
    let mask = session.mask();
    let [payload, metadata] = [Part::Payload, Part::Metadata].map(|part| mask.of_event(event, names, part));
    let value = |bytes: Option<&[u8]>| Value::from_json(bytes?, Value::MAX_DEPTH).ok();
    let mut meant = Vec::new();
    if let Some(meaning) = meaning {
        meaning.each(event, names, &mut Vec::new(), &mut |_, bytes| {
            meant.push(bytes.map(<[u8]>::to_vec));
        });
    }
    Shown {
        meant,
        answer: events::event_answer(event, names, session.description().time_digits, mask),
        payload: value(event.payload.filter(|_| event.encoding == Encoding::Json)).map(|it| payload.value(&it)),
        metadata: value(event.metadata).map(|it| metadata.value(&it)),
        hides_payload: !payload.is_empty(),
        hides_metadata: !metadata.is_empty(),
    }
}

fn told(left: Option<&Value>, right: Option<&Value>, by: By) -> Vec<ChangeAnswer> {
    let (Some(left), Some(right)) = (left, right) else {
        return Vec::new();
    };
    changes(left, right, by)
        .into_iter()
        .map(upcast::change_answer)
        .collect()
}

/// What differs of two documents, as far as it counts.
pub(super) fn changes(left: &Value, right: &Value, by: By) -> Vec<Change> {
    let differs = |change: &Change| match &change.op {
        ChangeOp::Changed { before, after } => by == By::Bytes || !before.means_same(after),
        ChangeOp::Added { .. } | ChangeOp::Removed { .. } | ChangeOp::Moved { .. } => true,
    };
    let changes = diff(left, right, &ArrayKeys::default());
    changes.into_iter().filter(differs).collect()
}

/// Whether not all that differs is shown. Where nothing is, it is hidden, or a document that is no JSON is.
pub(super) fn is_hidden(changes: &[ChangeAnswer]) -> bool {
    let is_redacted = |value: &Option<Literal>| value.as_ref().is_some_and(Literal::is_redacted);
    let is_partly = |change: &ChangeAnswer| is_redacted(&change.before) || is_redacted(&change.after);
    changes.is_empty() || changes.iter().any(is_partly)
}
