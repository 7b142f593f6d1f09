//! The events of a store in the order of their positions, as they are anchored.

use refold_audit::anchor::event::{AnchoredEvent, Extra, ExtraValue, Time, uuid};
use refold_core::event::{Columns, Encoding, EventBatch, EventView, Position};
use refold_core::finding::{Findings, Severity};
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::row;
use refold_core::time::Timestamp;
use refold_core::work::Work;

use crate::error::{AppError, ErrorCode};
use crate::session::Session;

const BATCH_ROWS: usize = 4_096;

/// What the leaves cover, for a person who wants to know what an anchor claims.
pub(super) const TREATMENT: [&str; 7] = [
    "position, stream, version, event id and event type: as the store holds them; a UUID in its canonical form as 16 bytes",
    "recorded time: the instant in nanoseconds; where the store has none or one that cannot be read: none",
    "payload and metadata: every byte after the decode steps of the layout, never parsed",
    "content type: application/json, text/plain or application/octet-stream, by what the layout says of the payload",
    "occurred time, schema version, correlation id and causation id: where the layout has them",
    "every column of the event's row, mapped or not, with its kind and its bytes as the store holds them: those under columns",
    "not covered: rows that are no events, other tables, and of a joined table what the layout does not name",
];

/// A read of all events for their leaves.
pub(super) struct Pass<'a> {
    pub session: &'a Session,
    /// What it is called in the progress.
    pub phase: &'static str,
    /// The columns of rows that enter; `None`: all that the first row has.
    pub columns: Option<&'a [String]>,
    /// Gets what cannot be read.
    pub findings: &'a Findings,
}

/// What a pass came by.
#[derive(Default)]
pub(super) struct Passed {
    /// Positions below zero have no place in a tree: their events are not passed.
    pub below_zero: Vec<i64>,
    /// The columns that entered, in the order of their names.
    pub columns: Vec<String>,
    /// Columns of the first row that did not.
    pub more_columns: Vec<String>,
}

impl Pass<'_> {
    /// Passes the events in the order of their positions.
    pub fn run(
        &self,
        work: &Work<'_>,
        on_event: &mut dyn FnMut(&AnchoredEvent<'_>) -> Result<(), AppError>,
    ) -> Result<Passed, AppError> {
        let query = ReadQuery {
            scope: Scope::All {
                after: None,
                up_to: None,
            },
            direction: Direction::Forward,
            columns: Columns {
                row: true,
                ..Columns::ALL
            },
        };
        let mut reader = self.session.store().read(&query)?;
        let (mut batch, mut names) = (EventBatch::default(), Names::default());
        let (mut done, total) = (0u64, self.session.description().event_count);
        let (mut last, mut row_bytes) = (None, Vec::new());
        let mut passed: Option<Passed> = None;
        let mut below_zero = Vec::new();
        work.tick(self.phase, 0, total)?;
        while reader.next_batch(work, BATCH_ROWS, &mut batch, &mut names, self.findings)? {
            for row in 0..batch.len() {
                let event = batch.event(row);
                let passed = passed.get_or_insert_with(|| self.begin(&event));
                let Ok(position) = u64::try_from(event.position.0) else {
                    below_zero.push(event.position.0);
                    continue;
                };
                if last >= Some(position) {
                    return Err(out_of_order(event.position));
                }
                last = Some(position);
                take_columns(event.row, &passed.columns, &mut row_bytes);
                with_anchored(&event, position, &row_bytes, &names, on_event)?;
            }
            done += batch.len() as u64;
            work.tick(self.phase, done, total)?;
        }
        let mut passed = passed.unwrap_or_default();
        passed.below_zero = below_zero;
        Ok(passed)
    }

    fn begin(&self, first: &EventView<'_>) -> Passed {
        let there = row::columns(first.row.unwrap_or_default());
        let there = there.map(|column| String::from_utf8_lossy(column.name).into_owned());
        let (columns, more_columns) = match self.columns {
            None => (there.collect(), Vec::new()),
            Some(known) => (known.to_vec(), there.filter(|name| !known.contains(name)).collect()),
        };
        Passed {
            columns,
            more_columns,
            below_zero: Vec::new(),
        }
    }
}

/// Puts the columns that are among `names`, both in the order of their names, into `out`, which is emptied first.
fn take_columns(row: Option<&[u8]>, names: &[String], out: &mut Vec<u8>) {
    out.clear();
    let mut names = names.iter().map(String::as_bytes).peekable();
    for column in row::columns(row.unwrap_or_default()) {
        while names.next_if(|name| *name < column.name).is_some() {}
        if names.next_if_eq(&column.name).is_some() {
            out.extend_from_slice(column.framed);
        }
    }
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
    row: &[u8],
    names: &Names,
    on_event: &mut dyn FnMut(&AnchoredEvent<'_>) -> Result<(), AppError>,
) -> Result<(), AppError> {
    let id = event.event_id.unwrap_or_default();
    let short_id = uuid(id);
    let links = [
        (&b"causation_id"[..], event.causation_id.map(ExtraValue::Bytes)),
        (b"correlation_id", event.correlation_id.map(ExtraValue::Bytes)),
        (b"occurred_at", nanos(event.occurred_at).map(ExtraValue::Nanos)),
        (b"row", (!row.is_empty()).then_some(ExtraValue::Row(row))),
        (b"schema_version", event.schema_version.map(ExtraValue::Bytes)),
    ];
    let mut extra = [Extra {
        name: b"",
        value: ExtraValue::Nanos(0),
    }; 6];
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

/// What could not be read, in a sentence; `None`: everything could. A value that is too large to be loaded was not read
/// either, though everybody else can do without it.
pub(super) fn unread(findings: &Findings) -> Option<String> {
    let summary = findings.summary();
    let mut found = summary.iter().flat_map(|(_, _, kept)| kept);
    found
        .find(|it| it.severity == Severity::Error || it.code == "too-large")
        .map(|it| it.detail.clone())
}
