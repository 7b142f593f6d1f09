//! Making the parts: each worker makes one after the other, and the manifest is written with each that is whole.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use refold_core::event::{Columns, EventBatch, EventIndex, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, Fingerprint, ReadQuery, Scope, StoreError};
use refold_core::work::{Cancelled, Phase, Work};

use super::{PartEntry, PartEvents, PartsManifest, owns, part_count, part_events};
use crate::index::Index;
use crate::index::error::IndexError;
use crate::index::folder::Folder;
use crate::index::segment::Column;

/// Ids of so many streams are kept while the store is read.
const MOST_NAMES: u32 = 100_000;

/// What parts are made of, and where. `index` must be the current one of `store`, which is in the state of `fingerprint`.
#[derive(Clone, Copy)]
pub(in crate::index) struct Sources<'a> {
    pub(in crate::index) work: &'a Work<'a>,
    pub(in crate::index) store: &'a dyn EventStore,
    pub(in crate::index) folder: &'a Folder,
    pub(in crate::index) fingerprint: &'a Fingerprint,
    pub(in crate::index) index: &'a Index,
}

/// What is read of the store for a part.
pub(in crate::index) struct Reading {
    /// What progress calls it.
    pub(in crate::index) phase: Phase,
    pub(in crate::index) columns: Columns,
    pub(in crate::index) batch_rows: usize,
}

/// The parts of an index while they are made. The folder must be locked until they are.
pub(in crate::index) struct Building<'a, P> {
    sources: Sources<'a>,
    threads: usize,
    generation: u64,
    rows_read: AtomicU64,
    state: Mutex<State<P>>,
}

struct State<P> {
    manifest: PartsManifest<P>,
    failure: Option<IndexError>,
}

impl<'a, P: PartEntry> Building<'a, P> {
    /// Keeps of the parts that are there those that are of the index, whole for it and can be opened.
    pub(in crate::index) fn begin(
        sources: Sources<'a>,
        threads: usize,
        can_open: impl Fn(&P) -> bool,
    ) -> Result<Building<'a, P>, IndexError> {
        let manifest = PartsManifest::<P>::read(sources.folder, sources.fingerprint)?;
        let mut manifest = manifest.unwrap_or_else(|| PartsManifest::empty(sources.fingerprint));
        manifest.generation += 1;
        manifest.parts = manifest.parts_of(sources.index)?;
        manifest.parts.retain(can_open);
        let kept_rows = manifest.parts.iter().map(|entry| u64::from(entry.events().rows));
        Ok(Building {
            sources,
            threads,
            generation: manifest.generation,
            rows_read: AtomicU64::new(kept_rows.sum()),
            state: Mutex::new(State {
                manifest,
                failure: None,
            }),
        })
    }

    /// Those that are there by now, in order.
    pub(in crate::index) fn parts(&self) -> Vec<P> {
        self.lock().manifest.parts.clone()
    }

    /// Makes each part that is not there yet from its number.
    pub(in crate::index) fn make_missing(
        &self,
        make: impl Fn(u32) -> Result<P, IndexError> + Sync,
        may_stay: impl Fn(&[P]) -> Result<(), IndexError> + Sync,
    ) -> Result<(), IndexError> {
        let parts = self.parts();
        let is_missing = |number: &u32| parts.iter().all(|entry| entry.events().number != *number);
        let missing: Vec<u32> = (0..part_count::<P>(self.sources.index)).filter(is_missing).collect();
        may_stay(&parts)?;
        self.for_each(&missing, |number| make(*number), may_stay)
    }

    /// Makes a part of each item, by several threads, and writes down each that is whole. `may_stay` says whether those
    /// that are there then may.
    pub(in crate::index) fn for_each<T: Sync>(
        &self,
        items: &[T],
        make: impl Fn(&T) -> Result<P, IndexError> + Sync,
        may_stay: impl Fn(&[P]) -> Result<(), IndexError> + Sync,
    ) -> Result<(), IndexError> {
        let next = AtomicUsize::new(0);
        let run = || {
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                let made = make(item);
                let mut state = self.lock();
                let outcome = made.and_then(|entry| {
                    state.manifest.replace(entry);
                    state.manifest.write(self.sources.folder)?;
                    may_stay(&state.manifest.parts)
                });
                if let Err(error) = outcome {
                    state.failure.get_or_insert(error);
                }
                if state.failure.is_some() {
                    return;
                }
            }
        };
        std::thread::scope(|scope| {
            for worker in 1..self.threads.min(items.len()) {
                let thread = std::thread::Builder::new().name(format!("refold-{}{worker}", P::PREFIX));
                if thread.spawn_scoped(scope, run).is_err() {
                    break; // fewer threads are as right, only slower
                }
            }
            run();
        });
        self.lock().failure.take().map_or(Ok(()), Err)
    }

    /// The name of the file of a part that is made now.
    pub(in crate::index) fn file_name(&self, number: u32) -> String {
        format!("{}{}-{number}", P::PREFIX, self.generation)
    }

    /// Reads the events of a part from the store and gives them to `take` batch after batch, each with the number of its
    /// first event. Fails unless they are those that the index holds.
    pub(in crate::index) fn read(
        &self,
        number: u32,
        reading: &Reading,
        findings: &Findings,
        mut take: impl FnMut(&EventBatch, u32) -> Result<(), IndexError>,
    ) -> Result<PartEvents, IndexError> {
        let Sources { work, store, index, .. } = self.sources;
        let events = part_events::<P>(number, index.event_count());
        let position = |event| Ok::<_, IndexError>(Position(index.value(Column::Position, EventIndex(event))?));
        let after = events.start.checked_sub(1).map(position).transpose()?;
        let up_to = position(events.end - 1)?; // a part that is missing has events
        let mut reader = store.read(&ReadQuery {
            scope: Scope::All {
                after,
                up_to: Some(up_to),
            },
            direction: Direction::Forward,
            columns: reading.columns,
        })?;
        let (mut batch, mut names) = (EventBatch::default(), Names::default());
        let mut event = events.start;
        while reader.next_batch(work, reading.batch_rows, &mut batch, &mut names, findings)? {
            if self.lock().failure.is_some() {
                return Err(Cancelled.into());
            }
            let first = event;
            for stored in &batch.positions {
                if event >= events.end || position(event)? != *stored {
                    return Err(changed());
                }
                event += 1;
            }
            take(&batch, first)?;
            let rows = u64::from(event - first);
            let done = self.rows_read.fetch_add(rows, Ordering::Relaxed) + rows;
            work.tick(reading.phase, done, Some(u64::from(index.event_count())))?;
            if names.stream_count() > MOST_NAMES {
                names = Names::default();
            }
        }
        if event != events.end {
            return Err(changed());
        }
        Ok(PartEvents {
            number,
            rows: event - events.start,
            last_position: up_to.0,
        })
    }

    /// Writes down which parts there are and removes all files that none of them needs, however the making ended. Where they
    /// do not fit, none stays.
    pub(in crate::index) fn finish(self, outcome: Result<(), IndexError>) -> Result<Vec<P>, IndexError> {
        let folder = self.sources.folder;
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut manifest = state.manifest;
        if matches!(outcome, Err(IndexError::OverBudget { .. })) {
            manifest.parts.clear();
        }
        let saved = manifest.write(folder);
        folder.remove_all_but(|name| !owns::<P>(name) || manifest.names(name))?;
        outcome.and(saved)?;
        Ok(manifest.parts)
    }

    fn lock(&self) -> MutexGuard<'_, State<P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn changed() -> IndexError {
    IndexError::Store(StoreError::Changed {
        location: "the store of the local index".to_owned(),
        detail: "it does not hold the events that were indexed".to_owned(),
    })
}
