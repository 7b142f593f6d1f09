//! Events as a list shows them, and everything of one event.

use std::collections::HashSet;

use refold_core::event::{Columns, Encoding, EventBatch, EventView, TypeOrdinal};
use refold_core::history::EventSource as _;
use refold_core::port::store::RawColumn;
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::value::Redacted;
use refold_core::work::Work;
use sha2::{Digest as _, Sha256};

use crate::error::AppError;
use crate::marks::Marks;
use crate::mask::{Cover, Part};
use crate::payload;
use crate::session::Session;
use crate::stream::Stream;
use crate::text;
use crate::text::boundary;
use crate::wire::{EventDetail, EventPage, EventQuery, EventRow, RawColumnWire, SearchDirection};

/// Of a column's text so much is shown.
const TEXT_BYTES: usize = 64 << 10;
/// Of a column's bytes so many are shown in hex.
const HEX_BYTES: usize = 4 << 10;
/// A page has at most so many rows.
const MAX_ROWS: u32 = 10_000;

/// A page of the events of a stream, those of the asked types only.
pub fn page(stream: &Stream, marks: &Marks, query: &EventQuery, digits: u8) -> EventPage {
    let head = stream.track.head().0;
    let limit = query.limit.min(MAX_ROWS);
    let (matching, moments): (u32, Vec<u32>) = if query.types.is_empty() {
        let first = query.offset.min(head);
        (head, (first + 1..=first.saturating_add(limit).min(head)).collect())
    } else {
        let is_asked = asked_types(stream, &query.types);
        let mut matching = 0;
        let mut moments = Vec::new();
        for (moment, of) in (1..=head).zip(&stream.track.types) {
            if is_asked.get(of.0 as usize) == Some(&true) {
                if matching >= query.offset && matching - query.offset < limit {
                    moments.push(moment);
                }
                matching += 1;
            }
        }
        (matching, moments)
    };
    let rows = moments
        .into_iter()
        .map(|moment| row(stream, marks, Moment(moment), digits))
        .collect();
    EventPage {
        total: head,
        matching,
        rows,
    }
}

/// The first moment after `from`, or the last before it, whose event is of one of these types; of any, where none is
/// named. `None`: there is no such event.
pub fn next_of_types(stream: &Stream, types: &[String], from: u32, direction: SearchDirection) -> Option<u32> {
    let head = stream.track.head().0;
    let is_asked = asked_types(stream, types);
    let is_hit = |moment: &u32| {
        let of = Moment(*moment)
            .event_index()
            .and_then(|index| stream.track.types.get(index));
        types.is_empty() || of.is_some_and(|of| is_asked.get(of.0 as usize) == Some(&true))
    };
    match direction {
        SearchDirection::Forward => (from.saturating_add(1)..=head).find(is_hit),
        SearchDirection::Backward => (1..from.min(head.saturating_add(1))).rev().find(is_hit),
    }
}

/// The event that led to `moment`.
pub fn row(stream: &Stream, marks: &Marks, moment: Moment, digits: u8) -> EventRow {
    let time = |index: Option<usize>| {
        index
            .and_then(|index| stream.track.recorded_at.get(index))
            .copied()
            .unwrap_or(Timestamp::NONE)
    };
    let index = moment.event_index();
    EventRow {
        moment: moment.0,
        version: stream.version_label(moment),
        position: stream.position_label(moment),
        stream: text::shown(&stream.id),
        event_type: stream.type_name(moment),
        recorded_at: stream.time_label(moment, digits),
        since_previous: text::since_previous(time(index.and_then(|index| index.checked_sub(1))), time(index)),
        problems: marks.codes(moment),
    }
}

/// Everything of the event that led to `moment` besides its trees.
pub fn detail(
    work: &Work<'_>,
    session: &Session,
    stream: &Stream,
    marks: &Marks,
    moment: Moment,
) -> Result<EventDetail, AppError> {
    let digits = session.description().time_digits;
    let mut events = stream.events(session.store(), Columns::ALL);
    let mut batch = EventBatch::default();
    events.read(work, Moment(moment.0.saturating_sub(1)), moment, &mut batch)?;
    let event = batch.event(0);
    let shown = |bytes: Option<&[u8]>| bytes.map(text::shown);
    let hidden = Hidden::of(&event, session, stream);
    let payload = event.payload.unwrap_or_default();
    let raw = session.store().raw(event.position)?.unwrap_or_default();
    Ok(EventDetail {
        row: row(stream, marks, moment, digits),
        event_id: shown(event.event_id),
        schema_version: shown(event.schema_version),
        occurred_at: Some(text::time_label(event.occurred_at, digits)).filter(|time| !time.is_empty()),
        correlation_id: shown(event.correlation_id),
        causation_id: shown(event.causation_id),
        encoding: match event.encoding {
            Encoding::Json => "JSON",
            Encoding::Text => "text",
            Encoding::Opaque => "unknown",
        }
        .to_owned(),
        is_redacted: hidden.is_payload,
        payload_bytes: match hidden.is_payload {
            true => 0,
            false => u32::try_from(payload.len()).unwrap_or(u32::MAX),
        },
        payload_sha256: match hidden.is_payload {
            true => String::new(),
            false => text::hex(&Sha256::digest(payload)),
        },
        undecodable: payload::undecodable(&event),
        raw: raw
            .iter()
            .map(|column| raw_column(column, hidden.is_in(column)))
            .collect(),
    })
}

/// What masking rules hide of an event. Of what has a hidden part neither size nor hash is told: whoever guesses the part
/// could check his guess.
struct Hidden<'a> {
    is_payload: bool,
    is_metadata: bool,
    parts: Vec<Redacted>,
    event: &'a EventView<'a>,
}

impl<'a> Hidden<'a> {
    fn of(event: &'a EventView<'a>, session: &Session, stream: &Stream) -> Hidden<'a> {
        let cover = |part| session.mask().of_event(event, stream.names(), part);
        let (payload, metadata) = (cover(Part::Payload), cover(Part::Metadata));
        let mut parts = Vec::new();
        for value in payload::decoded(event, &payload, &metadata) {
            value.redacted_parts(&mut parts);
        }
        let is_touched = |cover: &Cover, bytes: Option<&[u8]>| bytes.is_some_and(|bytes| *cover.json(bytes) != *bytes);
        Hidden {
            is_payload: is_touched(&payload, event.payload),
            is_metadata: is_touched(&metadata, event.metadata),
            parts,
            event,
        }
    }

    /// Whether a column of the store may tell what is hidden: it is the payload or the metadata, a document or bytes in
    /// which they may be, or a text that tells a hidden leaf.
    fn is_in(&self, column: &RawColumn) -> bool {
        let bytes = column.bytes.as_slice();
        let is_document = || {
            let first = bytes.trim_ascii_start().first();
            matches!(first, Some(b'{' | b'[')) || std::str::from_utf8(bytes).is_err()
        };
        (self.is_payload || self.is_metadata)
            && (self.event.payload == Some(bytes)
                || self.event.metadata == Some(bytes)
                || is_document()
                || self.parts.iter().any(|part| part.is_told_by(bytes)))
    }
}

/// By type ordinal of the stream: whether its name, as shown, is one of these.
fn asked_types(stream: &Stream, types: &[String]) -> Vec<bool> {
    let asked: HashSet<&str> = types.iter().map(String::as_str).collect();
    let names = stream.names();
    (0..names.type_count())
        .map(|of| asked.contains(text::shown(names.type_name(TypeOrdinal(of))).as_str()))
        .collect()
}

fn raw_column(column: &RawColumn, is_redacted: bool) -> RawColumnWire {
    if is_redacted {
        return RawColumnWire {
            name: text::shown(column.name.as_bytes()),
            kind: column.kind.clone(),
            bytes: 0,
            hex: None,
            text: Some(Redacted::SHOWN.to_owned()),
            is_redacted,
        };
    }
    let as_text = match column.kind.as_str() {
        "NULL" => Some(String::new()),
        _ => std::str::from_utf8(&column.bytes).ok().map(|whole| {
            let end = boundary(whole, TEXT_BYTES);
            let shown = text::shown(whole.get(..end).unwrap_or_default().as_bytes());
            let size = text::size_label(whole.len() as u64);
            if end < whole.len() {
                format!("{shown}… ({size} in all)")
            } else {
                shown
            }
        }),
    };
    RawColumnWire {
        name: text::shown(column.name.as_bytes()),
        kind: column.kind.clone(),
        bytes: u32::try_from(column.bytes.len()).unwrap_or(u32::MAX),
        hex: as_text.is_none().then(|| payload::hex(&column.bytes, HEX_BYTES)),
        text: as_text,
        is_redacted,
    }
}

#[cfg(test)]
mod tests;
