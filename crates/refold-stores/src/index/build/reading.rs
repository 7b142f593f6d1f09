//! Several threads read ranges of positions; their chunks are put in order and written by whoever brings the next one.
//!
//! Whatever goes wrong in one of them ends them all: an error, a cancelled job, an adapter that panics.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use refold_core::event::{Columns, EventBatch};
use refold_core::port::store::{Direction, EventStore, PositionRange, ReadQuery, Scope, StoreError};
use refold_core::work::{Phase, Work};

use super::sink::Sink;
use super::{BATCH_ROWS, BuildOptions};
use crate::index::chunk::{Chunk, Gatherer};
use crate::index::error::IndexError;

const PHASE: Phase = Phase::ReadingEvents;
/// Chunks that wait for their turn, at most.
const WAITING_CHUNKS: usize = if cfg!(test) { 2 } else { 16 };

/// Reads the ranges, which are in order, into `sink`.
pub(super) fn read_ranges<'a>(
    work: &Work<'_>,
    store: &dyn EventStore,
    options: &BuildOptions,
    ranges: &[PositionRange],
    sink: Sink<'a>,
) -> Result<Sink<'a>, IndexError> {
    let gate = Gate::new(sink);
    let reading = Reading {
        work,
        store,
        ranges,
        gate: &gate,
        next_range: AtomicUsize::new(0),
        events: AtomicU64::new(u64::from(gate.lock().sink.event_count())),
        total: store.describe().event_count,
    };
    std::thread::scope(|scope| {
        for worker in 1..options.threads.min(ranges.len()) {
            let thread = std::thread::Builder::new().name(format!("refold-index-{worker}"));
            let reading = &reading;
            if thread.spawn_scoped(scope, move || reading.run(worker)).is_err() {
                break; // fewer threads are as right, only slower
            }
        }
        reading.run(0);
    });
    gate.into_sink()
}

/// What the workers share.
struct Reading<'a, 'b> {
    work: &'a Work<'a>,
    store: &'a dyn EventStore,
    ranges: &'a [PositionRange],
    gate: &'a Gate<'b>,
    next_range: AtomicUsize,
    events: AtomicU64,
    total: Option<u64>,
}

impl Reading<'_, '_> {
    fn run(&self, worker: usize) {
        // After a panic nothing is used any more but the gate, whose state is whole or of no use to anybody.
        let outcome = catch_unwind(AssertUnwindSafe(|| self.read_all(worker)));
        if let Err(error) = outcome.unwrap_or_else(|panic| Err(self.panicked(panic.as_ref()))) {
            self.gate.fail(error);
        }
    }

    fn read_all(&self, worker: usize) -> Result<(), IndexError> {
        let mut gatherer = Gatherer::new(worker);
        let mut batch = EventBatch::default();
        while let Some((range, bounds)) = self.take_range() {
            self.read_range(range, *bounds, &mut gatherer, &mut batch)?;
        }
        Ok(())
    }

    fn panicked(&self, panic: &(dyn Any + Send)) -> IndexError {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        StoreError::Driver {
            location: self.store.describe().kind.clone(),
            detail: format!("reading it panicked ({message}); that is a bug of Refold, please report it"),
        }
        .into()
    }

    fn take_range(&self) -> Option<(usize, &PositionRange)> {
        let range = self.next_range.fetch_add(1, Ordering::Relaxed);
        self.ranges.get(range).map(|bounds| (range, bounds))
    }

    fn read_range(
        &self,
        range: usize,
        (after, up_to): PositionRange,
        gatherer: &mut Gatherer,
        batch: &mut EventBatch,
    ) -> Result<(), IndexError> {
        let scope = Scope::All { after, up_to };
        let query = ReadQuery {
            scope,
            direction: Direction::Forward,
            columns: Columns::SKELETON,
        };
        let mut reader = self.store.read(&query)?;
        loop {
            if !reader.next_batch(self.work, BATCH_ROWS, batch, &mut gatherer.names, &gatherer.findings)? {
                self.gate.deliver(range, gatherer.take(), true)?;
                return Ok(());
            }
            let events = self.events.fetch_add(batch.len() as u64, Ordering::Relaxed) + batch.len() as u64;
            self.work.tick(PHASE, events, self.total)?;
            gatherer.add(batch);
            if gatherer.is_full() {
                self.gate.deliver(range, gatherer.take(), false)?;
            }
        }
    }
}

/// Lets chunks through in the order of their ranges.
struct Gate<'a> {
    state: Mutex<GateState<'a>>,
    turned: Condvar,
}

struct GateState<'a> {
    sink: Sink<'a>,
    /// The range whose chunks are written as they come.
    turn: usize,
    /// Chunks of later ranges, and whether each is the last of its range.
    waiting: BTreeMap<usize, VecDeque<(Chunk, bool)>>,
    waiting_count: usize,
    failure: Option<IndexError>,
    is_over: bool,
}

impl<'a> Gate<'a> {
    fn new(sink: Sink<'a>) -> Gate<'a> {
        let state = GateState {
            sink,
            turn: 0,
            waiting: BTreeMap::new(),
            waiting_count: 0,
            failure: None,
            is_over: false,
        };
        Gate {
            state: Mutex::new(state),
            turned: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, GateState<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the chunk if it is its range's turn, else keeps it; waits while too many are kept. The worker of the
    /// range whose turn it is never waits, so that there is always one who goes on.
    fn deliver(&self, range: usize, chunk: Chunk, is_last: bool) -> Result<(), IndexError> {
        let mut state = self.lock();
        while !state.is_over && range != state.turn && state.waiting_count >= WAITING_CHUNKS {
            state = self.turned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_over {
            return Err(refold_core::work::Cancelled.into()); // another worker failed: its error counts, not this one
        }
        state.waiting.entry(range).or_default().push_back((chunk, is_last));
        state.waiting_count += 1;
        let turn_before = state.turn;
        state.write_those_in_turn()?;
        if state.turn != turn_before {
            self.turned.notify_all();
        }
        Ok(())
    }

    fn fail(&self, error: IndexError) {
        let mut state = self.lock();
        if !state.is_over {
            state.failure = Some(error);
            state.is_over = true;
        }
        self.turned.notify_all();
    }

    fn into_sink(self) -> Result<Sink<'a>, IndexError> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        match state.failure {
            Some(error) => Err(error),
            None => Ok(state.sink),
        }
    }
}

impl GateState<'_> {
    fn write_those_in_turn(&mut self) -> Result<(), IndexError> {
        while let Some((chunk, is_last)) = self.waiting.get_mut(&self.turn).and_then(VecDeque::pop_front) {
            self.waiting_count -= 1;
            self.sink.write(&chunk)?;
            if is_last {
                self.waiting.remove(&self.turn);
                self.turn += 1;
            }
        }
        Ok(())
    }
}
