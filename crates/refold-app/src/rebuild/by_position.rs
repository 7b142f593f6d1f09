//! All streams at once while the store passes in position order.
//!
//! Threads take ranges of positions in order and read each whole. Streams are dealt to partitions; a thread with a
//! range folds it partition by partition, and in each partition ranges take turns in their order. So every stream sees
//! its events in position order, whichever thread folds them.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use refold_core::event::{EventBatch, StreamOrdinal, Version};
use refold_core::finding::Findings;
use refold_core::fold::{Detail, Fold, FoldCheckpoint};
use refold_core::names::Names;
use refold_core::port::handler::HandlerProgram;
use refold_core::port::store::{Direction, PositionRange, ReadQuery, Scope};
use refold_core::track::Moment;
use refold_core::work::{Cancelled, Work};

use super::{Finish, on_threads};
use crate::error::AppError;
use crate::session::Session;
use crate::stream::Stream;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// More streams came than may keep their state. Nothing was finished.
    TooManyStreams,
}

/// Events of one range, about: 10 MB of payload. Few in tests, so that a small store has many ranges.
const RANGE_EVENTS: u64 = if cfg!(test) { 512 } else { 32_768 };
const PARTITIONS: usize = 16;
const READ_EVENTS: usize = 8_192;

struct Shared<'a> {
    work: &'a Work<'a>,
    session: &'a Session,
    program: &'a dyn HandlerProgram,
    findings: &'a Findings,
    ranges: Vec<PositionRange>,
    next_range: AtomicUsize,
    names: Mutex<Names>,
    partitions: Vec<Partition>,
    most_streams: u32,
    has_too_many: AtomicBool,
    has_stopped: AtomicBool,
    done_ranges: AtomicU32,
}

#[derive(Default)]
struct Partition {
    turn: Mutex<Turn>,
    passed: Condvar,
}

/// Whose turn it is in a partition, and the states of its streams by ordinal in the names of all.
#[derive(Default)]
struct Turn {
    range: usize,
    streams: Vec<Option<StreamState>>,
}

struct StreamState {
    checkpoint: FoldCheckpoint,
    last: Version,
    /// Positions and versions disagree: it is folded again by version at the end.
    is_unordered: bool,
}

pub(super) fn fold_all(
    work: &Work<'_>,
    session: &Session,
    program: &Arc<dyn HandlerProgram>,
    threads: usize,
    most_streams: u32,
    findings: &Findings,
    finish: Finish<'_>,
) -> Result<Outcome, AppError> {
    let events = session.description().event_count.unwrap_or(RANGE_EVENTS);
    let parts = usize::try_from(events.div_ceil(RANGE_EVENTS)).unwrap_or(1).max(1);
    let shared = Shared {
        work,
        session,
        program: program.as_ref(),
        findings,
        ranges: session.store().split(parts)?,
        next_range: AtomicUsize::new(0),
        names: Mutex::default(),
        partitions: (0..PARTITIONS).map(|_| Partition::default()).collect(),
        most_streams,
        has_too_many: AtomicBool::new(false),
        has_stopped: AtomicBool::new(false),
        done_ranges: AtomicU32::new(0),
    };
    let next_partition = AtomicUsize::new(0);
    on_threads(threads, || shared.fold_ranges().inspect_err(|_| shared.stop()))?;
    if shared.has_too_many.load(Ordering::Relaxed) {
        return Ok(Outcome::TooManyStreams);
    }
    on_threads(threads, || {
        let mut fold = Fold::new(shared.program, Detail::State)?;
        while let Some(number) = shared.take_partition(&next_partition) {
            shared.finish_partition(number, &mut fold, finish)?;
        }
        Ok(())
    })?;
    Ok(Outcome::Done)
}

/// What a thread reads into, range after range.
struct Range {
    /// The first `batch_count` hold the range; the others are kept for their memory.
    batches: Vec<EventBatch>,
    batch_count: usize,
    names: Names,
    /// Events by stream of `names`, in position order: `events[starts[s]..starts[s + 1]]`, each as batch and row.
    starts: Vec<u32>,
    events: Vec<(u32, u32)>,
}

impl Shared<'_> {
    fn fold_ranges(&self) -> Result<(), AppError> {
        let mut fold = Fold::new(self.program, Detail::State)?;
        let mut range = Range {
            batches: Vec::new(),
            batch_count: 0,
            names: Names::default(),
            starts: Vec::new(),
            events: Vec::new(),
        };
        loop {
            let number = self.next_range.fetch_add(1, Ordering::Relaxed);
            let Some(positions) = self.ranges.get(number) else {
                return Ok(());
            };
            self.read(*positions, &mut range)?;
            let streams = {
                let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
                let merged = names.merge(&range.names);
                if names.stream_count() > self.most_streams {
                    self.has_too_many.store(true, Ordering::Relaxed);
                }
                merged.streams
            };
            if self.has_too_many.load(Ordering::Relaxed) {
                self.stop();
                return Ok(());
            }
            for (partition, place) in self.partitions.iter().enumerate() {
                let Some(mut turn) = self.wait(place, number) else {
                    return self.stopped();
                };
                self.fold_partition(&range, &streams, partition, &mut turn, &mut fold)?;
                turn.range = number + 1;
                drop(turn);
                place.passed.notify_all();
            }
            let done = self.done_ranges.fetch_add(1, Ordering::Relaxed) + 1;
            self.work
                .tick("folding ranges", done.into(), Some(self.ranges.len() as u64))?;
        }
    }

    fn read(&self, (after, up_to): PositionRange, range: &mut Range) -> Result<(), AppError> {
        let Range {
            batches,
            batch_count,
            names,
            starts,
            events,
        } = range;
        // The same types first, so that a type has the same ordinal in every range and handlers look it up once.
        let mut fresh = Names::default();
        for ordinal in 0..names.type_count() {
            fresh.intern_type(names.type_name(refold_core::event::TypeOrdinal(ordinal)));
        }
        *names = fresh;
        let scope = Scope::All { after, up_to };
        let query = ReadQuery {
            scope,
            direction: Direction::Forward,
            columns: self.program.columns(),
        };
        let mut reader = self.session.store().read(&query)?;
        *batch_count = 0;
        loop {
            if batches.len() == *batch_count {
                batches.push(EventBatch::default());
            }
            let Some(batch) = batches.get_mut(*batch_count) else {
                break;
            };
            batch.clear();
            if !reader.next_batch(self.work, READ_EVENTS, batch, names, self.findings)? {
                break;
            }
            *batch_count += 1;
        }
        starts.clear();
        starts.resize(names.stream_count() as usize + 1, 0);
        let read = || batches.iter().take(*batch_count);
        for stream in read().flat_map(|batch| &batch.streams) {
            starts[stream.0 as usize + 1] += 1; // interned in these names
        }
        let mut sum = 0;
        for start in starts.iter_mut() {
            sum += *start;
            *start = sum;
        }
        let mut free = starts.clone();
        events.clear();
        events.resize(sum as usize, (0, 0));
        for (number, batch) in (0..).zip(read()) {
            for (row, stream) in (0..).zip(&batch.streams) {
                let place = &mut free[stream.0 as usize];
                events[*place as usize] = (number, row); // counted above
                *place += 1;
            }
        }
        Ok(())
    }

    fn fold_partition(
        &self,
        range: &Range,
        streams: &[StreamOrdinal],
        partition: usize,
        turn: &mut Turn,
        fold: &mut Fold,
    ) -> Result<(), AppError> {
        for (local, stream) in streams.iter().enumerate() {
            if stream.0 as usize % PARTITIONS != partition {
                continue;
            }
            let events = &range.events[range.starts[local] as usize..range.starts[local + 1] as usize];
            if events.is_empty() {
                continue;
            }
            let place = stream.0 as usize / PARTITIONS;
            if turn.streams.len() <= place {
                turn.streams.resize_with(place + 1, || None);
            }
            let slot = &mut turn.streams[place];
            let (mut last, mut is_unordered) = (EventBatch::NO_VERSION, false);
            match slot.take() {
                // The checkpoint is dropped here: the fold then owns its state alone and changes it in place.
                Some(state) => {
                    fold.restore(&state.checkpoint)?;
                    (last, is_unordered) = (state.last, state.is_unordered);
                }
                None => fold.reset()?,
            }
            for (batch, row) in events {
                let event = range.batches[*batch as usize].event(*row as usize);
                is_unordered |= event.version < last;
                last = event.version;
                fold.step(&event, &range.names, Some(self.findings))?;
            }
            *slot = Some(StreamState {
                checkpoint: fold.checkpoint()?,
                last,
                is_unordered,
            });
        }
        Ok(())
    }

    /// The partition, when it is this range's turn; `None` when all stopped.
    fn wait<'p>(&self, partition: &'p Partition, range: usize) -> Option<MutexGuard<'p, Turn>> {
        let mut turn = partition.turn.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if self.has_stopped.load(Ordering::Relaxed) {
                return None;
            }
            if turn.range == range {
                return Some(turn);
            }
            turn = partition.passed.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Wakes everybody who waits for a turn that will not come.
    fn stop(&self) {
        self.has_stopped.store(true, Ordering::Relaxed);
        for partition in &self.partitions {
            // Whoever looked at the flag before it was set is waiting once the lock is free.
            drop(partition.turn.lock());
            partition.passed.notify_all();
        }
    }

    fn stopped(&self) -> Result<(), AppError> {
        if self.has_too_many.load(Ordering::Relaxed) {
            Ok(())
        } else {
            Err(Cancelled.into())
        }
    }

    fn take_partition(&self, next: &AtomicUsize) -> Option<usize> {
        Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number < PARTITIONS)
    }

    fn finish_partition(&self, number: usize, fold: &mut Fold, finish: Finish<'_>) -> Result<(), AppError> {
        let Some(partition) = self.partitions.get(number) else {
            return Ok(());
        };
        let streams = std::mem::take(&mut partition.turn.lock().unwrap_or_else(PoisonError::into_inner).streams);
        for (place, state) in streams.into_iter().enumerate() {
            let Some(state) = state else { continue };
            // Dealt from 32 bits.
            let ordinal = StreamOrdinal((place * PARTITIONS + number) as u32);
            let id = self
                .names
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .stream(ordinal)
                .to_vec();
            if state.is_unordered {
                self.fold_by_version(&id, fold)?;
            } else {
                fold.restore(&state.checkpoint)?;
            }
            finish(&id, &fold.folded()?);
        }
        Ok(())
    }

    fn fold_by_version(&self, id: &[u8], fold: &mut Fold) -> Result<(), AppError> {
        let quiet = Findings::default();
        let stream = Stream::load(self.work, self.session, &crate::text::shown(id), &quiet)?;
        fold.reset()?;
        let head = stream.track.head();
        stream.visit(self.work, self.session.store(), Moment::START, head, &mut |_, event| {
            Ok(fold.step(event, stream.names(), None)?)
        })
    }
}
