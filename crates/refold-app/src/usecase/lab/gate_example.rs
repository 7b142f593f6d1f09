//! One event beside what the upcasters of a handler make of it: what is stored, and what the rules get.

use std::sync::Arc;

use refold_core::finding::Findings;
use refold_core::track::Moment;
use refold_core::value::Value;
use refold_core::work::Work;

use super::course::event_at;
use super::pair::side_by_side;
use crate::error::AppError;
use crate::session::Session;
use crate::stream::Stream;
use crate::usecase::upcast::way;
use crate::wire::{GateExample, GatePart, PairRow};
use crate::{clock, text};

/// Events that an event became, of which so many are told.
const MOST_PARTS: usize = 100;

/// `cursor`: the event in its stream.
pub fn gate_example(
    work: &Work<'_>,
    session: &Session,
    stream: &str,
    cursor: &str,
    handler: Option<&str>,
) -> Result<GateExample, AppError> {
    let program = session.adopted(handler)?;
    let stream = Stream::load(work, session, stream, &Arc::<Findings>::default())?;
    let moment = stream.track.resolve(&session.cursor(cursor)?, clock::now())?;
    let way = if moment == Moment::START {
        None
    } else {
        way(work, session, &stream, program.as_ref(), moment)?
    };
    let Some(way) = way else {
        return Err(AppError::not_found(
            format!("no upcaster takes an event at {cursor}"),
            "choose another event, or send the events through again",
        ));
    };
    let told = way.made.iter().take(MOST_PARTS);
    let mut parts: Vec<GatePart> = told.map(|(of, made)| beside(&way.stored, of, made)).collect();
    if parts.is_empty() {
        parts.push(alone(&way.stored));
    }
    Ok(GateExample {
        stream: text::shown(&stream.id),
        event: event_at(&stream, moment),
        recorded_at: stream.time_label(moment, session.description().time_digits),
        parts,
        part_count: u32::try_from(way.made.len()).unwrap_or(u32::MAX),
        fault: way.fault.unwrap_or_default(),
        is_redacted: way.is_redacted,
    })
}

/// What has too many places to be told whole is told by those that differ.
fn beside(stored: &Value, event_type: &[u8], made: &Value) -> GatePart {
    let (mut rows, differing, places) = side_by_side(stored, made, true);
    if u32::try_from(rows.len()).is_ok_and(|told| told < places) {
        (rows, ..) = side_by_side(stored, made, false);
    }
    GatePart {
        event_type: text::shown(event_type),
        rows,
        differing,
        places,
    }
}

/// What is stored, beside nothing at all.
fn alone(stored: &Value) -> GatePart {
    let (rows, _, places) = side_by_side(stored, stored, true);
    let gone = |row| PairRow {
        right: None,
        differs: true,
        is_same_number: false,
        ..row
    };
    GatePart {
        event_type: String::new(),
        rows: rows.into_iter().map(gone).collect(),
        differing: places,
        places,
    }
}
