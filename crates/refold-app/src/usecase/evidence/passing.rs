//! The events of a store in the order of their positions, as they are anchored: read and hashed by several threads, range
//! by range, and given on by one.

use refold_audit::anchor::event::{AnchoredEvent, Extra, ExtraValue, SaltKey, Time, uuid};
use refold_audit::anchor::leaves::{Hashed, Hasher};
use refold_core::event::{Columns, Encoding, EventBatch, EventView};
use refold_core::finding::{Findings, Severity};
use refold_core::names::Names;
use refold_core::port::store::{Direction, PositionRange, ReadQuery, Scope};
use refold_core::row;
use refold_core::time::Timestamp;
use refold_core::work::{Phase, Work};

use crate::error::{AppError, ErrorCode};
use crate::in_order::in_order;
use crate::session::{Session, thread_count};

const BATCH_ROWS: usize = 4_096;
/// Events of one range, about. Few in tests, so that a small store has many ranges.
const RANGE_EVENTS: u64 = if cfg!(test) { 64 } else { 8_192 };
/// Events whose hashes are held at once; where positions are not dense a range may have nearly all.
const MOST_EVENTS: usize = 4 * RANGE_EVENTS as usize;
/// Threads that read and hash: each holds a batch of events, whatever their size.
const MOST_THREADS: usize = 4;
/// Ranges of a store that does not say how many events it has.
const UNCOUNTED_RANGES: usize = 256;

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
    pub phase: Phase,
    /// The columns of rows that enter; `None`: all that the first row has.
    pub columns: Option<&'a [String]>,
    /// By which payloads and metadata are salted.
    pub key: Option<SaltKey>,
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
    /// Columns that were to enter and that the first row does not have.
    pub gone_columns: Vec<String>,
}

/// The events of one range, or the first of them.
#[derive(Default)]
struct HashedRange {
    hashed: Vec<Hashed>,
    below_zero: Vec<i64>,
    /// What was not read of it.
    rest: Option<PositionRange>,
}

impl Pass<'_> {
    /// Gives the hashes in the order of positions. `look` is shown each event as it is hashed, by any thread and in any
    /// order.
    pub fn run(
        &self,
        work: &Work<'_>,
        look: &(dyn Fn(&AnchoredEvent<'_>) + Sync),
        on_hashed: &mut dyn FnMut(Hashed) -> Result<(), AppError>,
    ) -> Result<Passed, AppError> {
        let total = self.session.description().event_count;
        work.tick(self.phase, 0, total)?;
        let mut passed = self.begin(work)?;
        let parts = total.map_or(UNCOUNTED_RANGES, |events| events.div_ceil(RANGE_EVENTS) as usize); // not so many
        let ranges = self.session.store().split(parts.max(1))?;
        let columns = std::mem::take(&mut passed.columns);
        let hash = |number: usize| {
            let range = ranges.get(number).copied().unwrap_or_default();
            self.hash_range(work, range, &columns, look)
        };
        let (mut done, mut last) = (0u64, None);
        let mut take = |mut range: HashedRange| {
            loop {
                passed.below_zero.append(&mut range.below_zero);
                for hashed in &range.hashed {
                    let position = hashed.leaf.position;
                    if last >= Some(position) {
                        return Err(out_of_order(position));
                    }
                    last = Some(position);
                    on_hashed(*hashed)?;
                }
                done += range.hashed.len() as u64;
                work.tick(self.phase, done, total)?;
                let Some(rest) = range.rest else { return Ok(()) };
                range = self.hash_range(work, rest, &columns, look)?;
            }
        };
        in_order(thread_count().min(MOST_THREADS), ranges.len(), hash, &mut take)?;
        passed.columns = columns;
        Ok(passed)
    }

    fn hash_range(
        &self,
        work: &Work<'_>,
        range: PositionRange,
        columns: &[String],
        look: &(dyn Fn(&AnchoredEvent<'_>) + Sync),
    ) -> Result<HashedRange, AppError> {
        let mut of = HashedRange::default();
        let (mut hasher, mut row_bytes) = (Hasher::new(self.key), Vec::new());
        let mut reader = self.session.store().read(&query(range))?;
        let (mut batch, mut names) = (EventBatch::default(), Names::default());
        while reader.next_batch(work, BATCH_ROWS, &mut batch, &mut names, self.findings)? {
            work.check()?;
            for row in 0..batch.len() {
                let event = batch.event(row);
                let Ok(position) = u64::try_from(event.position.0) else {
                    of.below_zero.push(event.position.0);
                    continue;
                };
                take_columns(event.row, columns, &mut row_bytes);
                with_anchored(&event, position, &row_bytes, &names, &mut |event| {
                    look(event);
                    of.hashed.push(hasher.hash(event));
                });
            }
            if of.hashed.len() >= MOST_EVENTS {
                of.rest = batch.positions.last().map(|last| (Some(*last), range.1));
                break;
            }
        }
        Ok(of)
    }

    /// What the first event says of the columns.
    fn begin(&self, work: &Work<'_>) -> Result<Passed, AppError> {
        let mut reader = self.session.store().read(&query((None, None)))?;
        let (mut batch, mut names) = (EventBatch::default(), Names::default());
        // What it comes upon is come upon again.
        let is_any = reader.next_batch(work, 1, &mut batch, &mut names, &Findings::default())?;
        let first = is_any.then(|| batch.event(0));
        let there = row::columns(first.and_then(|first| first.row).unwrap_or_default());
        let there: Vec<String> = there
            .map(|column| String::from_utf8_lossy(column.name).into_owned())
            .collect();
        let (columns, more_columns, gone_columns) = match self.columns {
            None => (there, Vec::new(), Vec::new()),
            Some(known) => {
                let less = |of: &[String], others: &[String]| -> Vec<String> {
                    of.iter().filter(|name| !others.contains(name)).cloned().collect()
                };
                // A store without events has no row that could say it.
                let gone = if is_any { less(known, &there) } else { Vec::new() };
                (known.to_vec(), less(&there, known), gone)
            }
        };
        Ok(Passed {
            columns,
            more_columns,
            gone_columns,
            below_zero: Vec::new(),
        })
    }
}

fn query((after, up_to): PositionRange) -> ReadQuery {
    ReadQuery {
        scope: Scope::All { after, up_to },
        direction: Direction::Forward,
        columns: Columns {
            row: true,
            ..Columns::ALL
        },
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

fn out_of_order(position: u64) -> AppError {
    AppError::new(
        ErrorCode::Corrupt,
        format!("an anchor needs positions that ascend, and {position} does not"),
        "look whether the layout names the right column for the position",
    )
}

fn with_anchored(
    event: &EventView<'_>,
    position: u64,
    row: &[u8],
    names: &Names,
    on_event: &mut dyn FnMut(&AnchoredEvent<'_>),
) {
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
    let version = u64::try_from(event.version.0).ok();
    let is_below_zero = version.is_none() && event.version != EventBatch::NO_VERSION;
    let below_zero = is_below_zero.then(|| event.version.0.to_string());
    if let Some(below_zero) = &below_zero {
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
    });
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
