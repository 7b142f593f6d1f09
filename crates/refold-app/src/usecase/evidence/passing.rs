//! The events of a store in the order of their positions, as they are anchored.

use refold_audit::anchor::event::{AnchoredEvent, Extra, ExtraValue, Time, uuid};
use refold_core::event::{Columns, Encoding, EventBatch, EventView, Position};
use refold_core::finding::{Findings, Severity};
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::time::Timestamp;
use refold_core::work::Work;

use crate::error::{AppError, ErrorCode};
use crate::session::Session;

const BATCH_ROWS: usize = 4_096;

/// What the leaves cover, for a person who wants to know what an anchor claims.
pub(super) const TREATMENT: [&str; 6] = [
    "position, stream, version, event id and event type: as the store holds them; a UUID in its canonical form as 16 bytes",
    "recorded time: the instant in nanoseconds; where the store has none or one that cannot be read: none",
    "payload and metadata: every byte after the decode steps of the layout, never parsed",
    "content type: application/json, text/plain or application/octet-stream, by what the layout says of the payload",
    "occurred time, schema version, correlation id and causation id: where the layout has them",
    "columns that the layout does not name are not covered",
];

/// Passes the events up to a position, or all, in their order. What cannot be read is in `findings`. Answers the positions
/// below zero, which have no place in a tree: their events are not passed.
pub(super) fn pass(
    work: &Work<'_>,
    session: &Session,
    phase: &'static str,
    after: Option<Position>,
    up_to: Option<Position>,
    findings: &Findings,
    on_event: &mut dyn FnMut(&AnchoredEvent<'_>) -> Result<(), AppError>,
) -> Result<Vec<i64>, AppError> {
    let query = ReadQuery {
        scope: Scope::All { after, up_to },
        direction: Direction::Forward,
        columns: Columns::ALL,
    };
    let mut reader = session.store().read(&query)?;
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    let (mut done, total) = (0u64, session.description().event_count);
    let (mut last, mut below_zero) = (None, Vec::new());
    work.tick(phase, 0, total)?;
    while reader.next_batch(work, BATCH_ROWS, &mut batch, &mut names, findings)? {
        for row in 0..batch.len() {
            let event = batch.event(row);
            let Ok(position) = u64::try_from(event.position.0) else {
                below_zero.push(event.position.0);
                continue;
            };
            if last >= Some(position) {
                return Err(out_of_order(event.position));
            }
            last = Some(position);
            with_anchored(&event, position, &names, on_event)?;
        }
        done += batch.len() as u64;
        work.tick(phase, done, total)?;
        batch.clear();
    }
    Ok(below_zero)
}

fn out_of_order(position: Position) -> AppError {
    AppError::new(
        ErrorCode::Corrupt,
        format!("an anchor needs positions that ascend, and {} does not", position.0),
        "look whether the layout names the right column for the position",
    )
}

fn with_anchored(
    event: &EventView<'_>,
    position: u64,
    names: &Names,
    on_event: &mut dyn FnMut(&AnchoredEvent<'_>) -> Result<(), AppError>,
) -> Result<(), AppError> {
    let id = event.event_id.unwrap_or_default();
    let short_id = uuid(id);
    let links = [
        (&b"causation_id"[..], event.causation_id.map(ExtraValue::Bytes)),
        (b"correlation_id", event.correlation_id.map(ExtraValue::Bytes)),
        (b"occurred_at", nanos(event.occurred_at).map(ExtraValue::Nanos)),
        (b"schema_version", event.schema_version.map(ExtraValue::Bytes)),
    ];
    let mut extra = [Extra {
        name: b"",
        value: ExtraValue::Nanos(0),
    }; 5];
    let mut count = 0;
    let mut add = |name, value| {
        extra[count] = Extra { name, value };
        count += 1;
    };
    for (name, value) in links {
        if let Some(value) = value {
            add(name, value);
        }
    }
    // A version below zero has no place of its own in the bytes.
    let has_version = event.version != EventBatch::NO_VERSION;
    let below_zero = event.version.0.to_string();
    let version = u64::try_from(event.version.0).ok();
    if has_version && version.is_none() {
        add(b"stream_version", ExtraValue::Bytes(below_zero.as_bytes()));
    }
    on_event(&AnchoredEvent {
        position,
        stream: names.stream(event.stream),
        version,
        id: short_id.as_ref().map_or(id, |id| &id[..]),
        event_type: names.type_name(event.event_type),
        time: nanos(event.recorded_at).map_or(Time::Absent, Time::Nanos),
        content_type: match event.encoding {
            Encoding::Json => b"application/json",
            Encoding::Text => b"text/plain",
            Encoding::Opaque => b"application/octet-stream",
        },
        payload: event.payload,
        metadata: event.metadata,
        extra: &extra[..count],
    })
}

fn nanos(time: Timestamp) -> Option<i64> {
    Some(time.0).filter(|_| !time.is_none())
}

/// What could not be read, in a sentence; `None`: everything could.
pub(super) fn unread(findings: &Findings) -> Option<String> {
    let summary = findings.summary();
    let mut found = summary.iter().flat_map(|(_, _, kept)| kept);
    found
        .find(|it| it.severity == Severity::Error)
        .map(|it| it.detail.clone())
}
