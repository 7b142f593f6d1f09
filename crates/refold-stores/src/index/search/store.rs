//! Searching a store that has no arena: by several threads, each reading ranges of positions and asking of every event
//! whether it is wanted.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use refold_core::event::{Columns, EventBatch, EventView, Span};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, PositionRange, ReadQuery, Scope, StoreError};
use refold_core::work::{Cancelled, Work};

use super::PHASE;

const BATCH_ROWS: usize = if cfg!(test) { 5 } else { 4096 };
/// Events of a range, about.
const RANGE_ROWS: u64 = if cfg!(test) { 10 } else { 1 << 17 };
/// Events that a thread hands over at once, about their bytes, and how often it may before they are taken.
const MOST_FOUND: usize = if cfg!(test) { 4 } else { 256 };
const MOST_FOUND_BYTES: usize = 1 << 20;
const WAITING_BATCHES: usize = 16;

/// Whether an event is wanted. Asked by several threads at once; what is noteworthy about it goes to the findings.
pub type Wanted<'a> = &'a (dyn Fn(&EventView<'_>, &Names, &Findings) -> bool + Sync);

/// Searches the store itself with `threads` threads, as fast as it can be read. Events that are wanted come whole and in
/// position order; `on_event` may stop. What cannot be read is reported to `findings`.
pub fn search_store(
    work: &Work<'_>,
    store: &dyn EventStore,
    wanted: Wanted<'_>,
    threads: usize,
    findings: &Findings,
    on_event: &mut dyn FnMut(&EventView<'_>, &Names) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let total = store.describe().event_count;
    let parts = usize::try_from(total.unwrap_or(0) / RANGE_ROWS).unwrap_or(usize::MAX);
    let ranges = if threads > 1 && parts > 1 {
        store.split(parts)?
    } else {
        vec![(None, None)]
    };
    let search = StoreSearch {
        work,
        store,
        wanted,
        total,
        done: AtomicU64::new(0),
        is_over: AtomicBool::new(false),
    };
    let lane_count = threads.min(ranges.len());
    if lane_count <= 1 {
        for range in ranges {
            if search.range(range, findings, on_event)?.is_break() {
                break;
            }
        }
        return Ok(());
    }
    std::thread::scope(|scope| {
        let mut lanes: Vec<Receiver<Message>> = Vec::new();
        for lane in 0..lane_count {
            let (sender, receiver) = sync_channel(WAITING_BATCHES);
            let thread = std::thread::Builder::new().name(format!("refold-search-{lane}"));
            let (search, ranges) = (&search, &ranges);
            let spawned = thread.spawn_scoped(scope, move || search.run_lane(ranges, lane, lane_count, &sender));
            spawned.map_err(|error| StoreError::Driver {
                location: "a search".to_owned(),
                detail: format!("no thread can be started: {error}"),
            })?;
            lanes.push(receiver);
        }
        let outcome = take_in_order(&lanes, ranges.len(), findings, on_event);
        search.is_over.store(true, Ordering::Relaxed);
        outcome
    })
}

/// What a lane says of the range that it reads.
enum Message {
    Found(Box<FoundEvents>),
    /// The range is read; what was noteworthy in it.
    End(Findings),
    Failed(StoreError),
}

/// Events that are wanted, with the names that they use.
#[derive(Default)]
struct FoundEvents {
    batch: EventBatch,
    names: Names,
}

impl FoundEvents {
    fn push(&mut self, event: &EventView<'_>, names: &Names) {
        let FoundEvents { batch, names: own } = self;
        batch.positions.push(event.position);
        let id = names.stream(event.stream);
        batch
            .streams
            .push(own.intern_stream(id, || names.category(event.stream)));
        batch.versions.push(event.version);
        batch.types.push(own.intern_type(names.type_name(event.event_type)));
        batch.recorded_at.push(event.recorded_at);
        let mut store = |bytes: Option<&[u8]>| bytes.map_or(Span::NULL, |bytes| batch.store(bytes));
        let payload = store(event.payload);
        let metadata = store(event.metadata);
        let values = [
            event.event_id,
            event.correlation_id,
            event.causation_id,
            event.schema_version,
        ];
        let [event_id, correlation_id, causation_id, schema_version] = values.map(store);
        batch.payloads.push(payload);
        batch.payload_encodings.push(event.encoding);
        batch.metadata.push(metadata);
        batch.event_ids.push(event_id);
        batch.correlation_ids.push(correlation_id);
        batch.causation_ids.push(causation_id);
        batch.schema_versions.push(schema_version);
        batch.occurred_at.push(event.occurred_at);
    }
}

/// Takes what was found in all ranges, which the lanes read in turn. A lane that is gone was cancelled with the rest.
fn take_in_order(
    lanes: &[Receiver<Message>],
    ranges: usize,
    findings: &Findings,
    on_event: &mut dyn FnMut(&EventView<'_>, &Names) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    for range in 0..ranges {
        loop {
            match lanes[range % lanes.len()].recv().map_err(|_| Cancelled)? {
                Message::Found(found) => {
                    for row in 0..found.batch.len() {
                        if on_event(&found.batch.event(row), &found.names).is_break() {
                            return Ok(());
                        }
                    }
                }
                Message::End(of_range) => {
                    for (code, count, kept) in of_range.summary() {
                        findings.report_many(code, count, kept);
                    }
                    break;
                }
                Message::Failed(error) => return Err(error),
            }
        }
    }
    Ok(())
}

struct StoreSearch<'a> {
    work: &'a Work<'a>,
    store: &'a dyn EventStore,
    wanted: Wanted<'a>,
    total: Option<u64>,
    done: AtomicU64,
    is_over: AtomicBool,
}

impl StoreSearch<'_> {
    /// Reads every `lanes`-th range, until nobody listens any more.
    fn run_lane(&self, ranges: &[PositionRange], lane: usize, lanes: usize, sender: &SyncSender<Message>) {
        for range in ranges.iter().skip(lane).step_by(lanes) {
            let findings = Findings::default();
            let mut found = Box::<FoundEvents>::default();
            let mut enough = 1; // the first come at once
            let outcome = self.range(*range, &findings, &mut |event, names| {
                found.push(event, names);
                if found.batch.len() < enough && found.batch.arena.len() < MOST_FOUND_BYTES {
                    return ControlFlow::Continue(());
                }
                enough = (2 * enough).min(MOST_FOUND);
                match sender.send(Message::Found(std::mem::take(&mut found))) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                }
            });
            let message = match outcome {
                Ok(ControlFlow::Continue(())) => Message::End(findings),
                Ok(ControlFlow::Break(())) => return,
                Err(error) => Message::Failed(error),
            };
            let is_end = matches!(message, Message::Failed(_));
            let is_rest_taken = found.batch.is_empty() || sender.send(Message::Found(found)).is_ok();
            if !is_rest_taken || sender.send(message).is_err() || is_end {
                return;
            }
        }
    }

    fn range(
        &self,
        (after, up_to): PositionRange,
        findings: &Findings,
        on_event: &mut dyn FnMut(&EventView<'_>, &Names) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let mut reader = self.store.read(&ReadQuery {
            scope: Scope::All { after, up_to },
            direction: Direction::Forward,
            columns: Columns::ALL,
        })?;
        let (mut batch, mut names) = (EventBatch::default(), Names::default());
        while reader.next_batch(self.work, BATCH_ROWS, &mut batch, &mut names, findings)? {
            for row in 0..batch.len() {
                let event = batch.event(row);
                if (self.wanted)(&event, &names, findings) && on_event(&event, &names).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            if self.is_over.load(Ordering::Relaxed) {
                return Ok(ControlFlow::Break(()));
            }
            let rows = batch.len() as u64;
            let done = self.done.fetch_add(rows, Ordering::Relaxed) + rows;
            self.work.tick(PHASE, done, self.total)?;
        }
        Ok(ControlFlow::Continue(()))
    }
}
