//! The arena held against the store. It says of itself which state of the store it is a copy of; that a store was changed
//! without a trace, or a server in the middle of what it holds, is known only once one is held against the other.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use refold_core::event::{Columns as Filled, EventBatch, EventIndex, EventView, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, ReadQuery, Scope, StoreError};
use refold_core::work::{Phase, Work};

use super::{Arena, Part, Unsealed};
use crate::index::Index;
use crate::index::error::IndexError;

const HOLDING: Phase = Phase::HoldingTheCopyAgainstTheStore;
const BATCH_ROWS: usize = 4096;
/// Ids of so many streams are kept meanwhile.
const MOST_NAMES: u32 = 100_000;

/// Whether two readings of an event, with all columns but the row, are the same. Streams and types are ordinals of each
/// reading's own names: whoever has these compares them.
pub fn is_same(copied: &EventView<'_>, stored: &EventView<'_>) -> bool {
    let skeleton = |of: &EventView<'_>| (of.position, of.version, of.recorded_at, of.occurred_at, of.encoding);
    skeleton(copied) == skeleton(stored) && bytes(copied) == bytes(stored)
}

fn bytes<'v>(of: &EventView<'v>) -> [Option<&'v [u8]>; 6] {
    [
        of.payload,
        of.metadata,
        of.event_id,
        of.correlation_id,
        of.causation_id,
        of.schema_version,
    ]
}

/// Whether every event of the arena is byte for byte what the store holds, and of the stream and type that the index says.
/// Reads all of the store, by `threads` threads.
pub fn is_as_stored(
    work: &Work<'_>,
    store: &dyn EventStore,
    index: &Index,
    arena: &Arena,
    threads: usize,
) -> Result<bool, IndexError> {
    let holding = Holding {
        work,
        store,
        index,
        arena,
        next: AtomicUsize::new(0),
        done: AtomicU64::new(0),
        differs: AtomicBool::new(false),
        failure: Mutex::new(None),
    };
    std::thread::scope(|scope| {
        for number in 1..threads.min(arena.parts.len()) {
            let thread = std::thread::Builder::new().name(format!("refold-held-{number}"));
            if thread.spawn_scoped(scope, || holding.run()).is_err() {
                break; // fewer threads are as right, only slower
            }
        }
        holding.run();
    });
    let failure = holding.failure.into_inner().unwrap_or_else(PoisonError::into_inner);
    match failure {
        Some(error) => Err(error),
        None => Ok(!holding.differs.into_inner()),
    }
}

/// Fails where what is read of the store is no longer of the state that was opened, as every read does: an arena would go
/// on answering. `position`: of any event.
pub fn expect_unchanged(work: &Work<'_>, store: &dyn EventStore, position: Position) -> Result<(), StoreError> {
    let mut reader = store.read(&ReadQuery {
        scope: Scope::Positions(vec![position]),
        direction: Direction::Forward,
        columns: Filled::SKELETON,
    })?;
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    let is_there = reader.next_batch(work, 1, &mut batch, &mut names, &Findings::default())?;
    match is_there && batch.positions.first() == Some(&position) {
        true => Ok(()),
        false => Err(StoreError::Changed {
            location: "the store of the local index".to_owned(),
            detail: format!("the event at position {} is gone", position.0),
        }),
    }
}

struct Holding<'a> {
    work: &'a Work<'a>,
    store: &'a dyn EventStore,
    index: &'a Index,
    arena: &'a Arena,
    next: AtomicUsize,
    done: AtomicU64,
    differs: AtomicBool,
    failure: Mutex<Option<IndexError>>,
}

impl Holding<'_> {
    /// Takes part after part, until one differs or cannot be read.
    fn run(&self) {
        while !self.is_over() {
            let Some(part) = self.arena.parts.get(self.next.fetch_add(1, Ordering::Relaxed)) else {
                return;
            };
            match self.holds(part) {
                Ok(true) => {}
                Ok(false) => self.differs.store(true, Ordering::Relaxed),
                Err(error) => {
                    let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
                    failure.get_or_insert(error);
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        let has_failed = || self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        self.differs.load(Ordering::Relaxed) || has_failed()
    }

    fn holds(&self, part: &Part) -> Result<bool, IndexError> {
        let Holding { work, index, .. } = self;
        let events = part.first_event..part.first_event + part.rows;
        let position = |event: u32| Ok::<Position, IndexError>(index.event(EventIndex(event))?.position);
        let after = events.start.checked_sub(1).map(position).transpose()?;
        let up_to = events.end.checked_sub(1).map(position).transpose()?;
        let mut reader = self.store.read(&ReadQuery {
            scope: Scope::All { after, up_to },
            direction: Direction::Forward,
            columns: Filled::ALL,
        })?;
        let mut known = Names::default();
        let types = index.intern_types(&mut known);
        let (mut batch, mut names, ignored) = (EventBatch::default(), Names::default(), Findings::default());
        let mut unsealed = Unsealed::default();
        let mut event = events.start;
        while reader.next_batch(work, BATCH_ROWS, &mut batch, &mut names, &ignored)? {
            if self.is_over() {
                return Ok(true); // whoever found something says it
            }
            for row in 0..batch.len() {
                if event == events.end {
                    return Ok(false);
                }
                let (at, stored) = (EventIndex(event), batch.event(row));
                let copied = index.view(self.arena, at, Filled::ALL, &types, stored.stream, &mut unsealed)?;
                let id = index.stream(index.event(at)?.stream)?.id;
                let is_of = id == names.stream(stored.stream)
                    && known.type_name(copied.event_type) == names.type_name(stored.event_type);
                if !is_of || !is_same(&copied, &stored) {
                    return Ok(false);
                }
                event += 1;
            }
            if names.stream_count() > MOST_NAMES {
                names = Names::default();
            }
            let rows = batch.len() as u64;
            let done = self.done.fetch_add(rows, Ordering::Relaxed) + rows;
            work.tick(HOLDING, done, Some(u64::from(index.event_count())))?;
        }
        Ok(event == events.end)
    }
}
