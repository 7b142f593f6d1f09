//! Making the ids: each worker reads the envelopes of a part from the store, sorts its tables and writes its file.
//!
//! A worker holds the tables of one part and a batch, however many events there are.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use refold_core::event::{Columns, EventBatch, EventIndex, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, Fingerprint, ReadQuery, Scope, StoreError};
use refold_core::work::{Cancelled, Work};

use super::{ENTRY_BYTES, IdKind, Ids, IdsManifest, MANIFEST, PART_ROWS, PREFIX, Part, PartEntry, key_of, part_events};
use crate::index::Index;
use crate::index::checked::{CheckedWriter, FORMAT_VERSION};
use crate::index::error::IndexError;
use crate::index::folder::{Folder, Place};
use crate::index::sealed;
use crate::index::segment::Column;

const PHASE: &str = "indexing ids";
const BATCH_ROWS: usize = 8192;
/// Ids of so many streams are kept while the store is read.
const MOST_NAMES: u32 = 100_000;
const ENVELOPE: Columns = Columns {
    envelope: true,
    ..Columns::SKELETON
};

/// Brings the ids of an index up to date and opens them; `index` must be the current one of `store`. Parts that are
/// whole are kept, also those of an earlier build that was killed or cancelled.
pub fn build_ids<'a>(
    work: &Work<'_>,
    store: &dyn EventStore,
    cache: impl Into<Place<'a>>,
    index: &Index,
    threads: usize,
) -> Result<Ids, IndexError> {
    let fingerprint = store.fingerprint()?;
    let folder = Folder::of(cache, &fingerprint.identity);
    build_ids_in(work, store, &folder, &fingerprint, index, threads)
}

pub(in crate::index) fn build_ids_in(
    work: &Work<'_>,
    store: &dyn EventStore,
    folder: &Folder,
    fingerprint: &Fingerprint,
    index: &Index,
    threads: usize,
) -> Result<Ids, IndexError> {
    let _lock = folder.lock()?;
    let mut manifest = IdsManifest::read(folder, fingerprint)?.unwrap_or_else(|| IdsManifest {
        format: FORMAT_VERSION,
        identity: fingerprint.identity.clone(),
        change_token: fingerprint.change_token.clone(),
        generation: 0,
        parts: Vec::new(),
    });
    manifest.generation += 1;
    manifest.parts = manifest.parts_of(index)?;
    // A part that does not open is read again.
    manifest.parts.retain(|entry| Part::open(folder, entry).is_ok());
    let building = Building {
        work,
        store,
        folder,
        index,
        generation: manifest.generation,
        rows: AtomicU64::new(manifest.parts.iter().map(|entry| u64::from(entry.rows)).sum()),
        state: Mutex::new(BuildingState {
            manifest,
            failure: None,
        }),
    };
    let outcome = building.make_missing(threads);
    let state = building.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut manifest = state.manifest;
    manifest.parts.sort_by_key(|entry| entry.number);
    let saved = sealed::write(folder, MANIFEST, &manifest);
    let is_named = |name: &str| name == MANIFEST || manifest.parts.iter().any(|entry| entry.file.name == name);
    folder.remove_all_but(|name| !super::owns(name) || is_named(name))?;
    outcome.and(saved)?;
    Ids::of_parts(folder, &manifest.parts)
}

struct Building<'a> {
    work: &'a Work<'a>,
    store: &'a dyn EventStore,
    folder: &'a Folder,
    index: &'a Index,
    generation: u64,
    rows: AtomicU64,
    state: Mutex<BuildingState>,
}

struct BuildingState {
    manifest: IdsManifest,
    failure: Option<IndexError>,
}

impl Building<'_> {
    fn make_missing(&self, threads: usize) -> Result<(), IndexError> {
        let is_there = |number| self.lock().manifest.parts.iter().any(|entry| entry.number == number);
        let parts = self.index.event_count().div_ceil(PART_ROWS);
        let missing: Vec<u32> = (0..parts).filter(|number| !is_there(*number)).collect();
        let next = AtomicUsize::new(0);
        let run = || {
            while let Some(number) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                let outcome = self.make(*number);
                let mut state = self.lock();
                let outcome = outcome.and_then(|entry| {
                    state.manifest.parts.push(entry);
                    sealed::write(self.folder, MANIFEST, &state.manifest)
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
            for worker in 1..threads.min(missing.len()) {
                let thread = std::thread::Builder::new().name(format!("refold-ids-{worker}"));
                if thread.spawn_scoped(scope, run).is_err() {
                    break; // fewer threads are as right, only slower
                }
            }
            run();
        });
        self.lock().failure.take().map_or(Ok(()), Err)
    }

    fn make(&self, number: u32) -> Result<PartEntry, IndexError> {
        let events = part_events(number, self.index.event_count());
        let position = |event| Ok::<_, IndexError>(Position(self.index.value(Column::Position, EventIndex(event))?));
        let after = events.start.checked_sub(1).map(position).transpose()?;
        let up_to = position(events.end - 1)?; // a part that is missing has events
        let scope = Scope::All {
            after,
            up_to: Some(up_to),
        };
        let mut reader = self.store.read(&ReadQuery {
            scope,
            direction: Direction::Forward,
            columns: ENVELOPE,
        })?;
        let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
        let mut tables = Tables::default();
        let mut event = events.start;
        while reader.next_batch(self.work, BATCH_ROWS, &mut batch, &mut names, &findings)? {
            if self.lock().failure.is_some() {
                return Err(Cancelled.into());
            }
            for row in 0..batch.len() {
                if event >= events.end || batch.positions.get(row) != Some(&position(event)?) {
                    return Err(changed());
                }
                tables.push(&batch, row, event);
                event += 1;
            }
            let rows = batch.len() as u64;
            let done = self.rows.fetch_add(rows, Ordering::Relaxed) + rows;
            self.work.tick(PHASE, done, Some(u64::from(self.index.event_count())))?;
            if names.stream_count() > MOST_NAMES {
                names = Names::default();
            }
        }
        if event != events.end {
            return Err(changed());
        }
        let mut writer = CheckedWriter::create(self.folder, &format!("{PREFIX}{}-{number}", self.generation))?;
        tables.write(&mut writer)?;
        Ok(PartEntry {
            file: writer.finish()?,
            number,
            rows: event - events.start,
            last_position: up_to.0,
        })
    }

    fn lock(&self) -> MutexGuard<'_, BuildingState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn changed() -> IndexError {
    IndexError::Store(StoreError::Changed {
        location: "the store of the local index".to_owned(),
        detail: "it does not hold the events that were indexed".to_owned(),
    })
}

/// The entries of one part, by kind of id.
#[derive(Default)]
struct Tables([Vec<u64>; 3]);

impl Tables {
    fn push(&mut self, batch: &EventBatch, row: usize, event: u32) {
        let spans = [&batch.event_ids, &batch.causation_ids, &batch.correlation_ids]; // in the order of `IdKind::ALL`
        for (table, spans) in self.0.iter_mut().zip(spans) {
            let id = spans.get(row).and_then(|span| batch.bytes(*span));
            // An empty id names nothing.
            table.extend(id.filter(|id| !id.is_empty()).map(|id| key_of(id) | u64::from(event)));
        }
    }

    fn write(mut self, writer: &mut CheckedWriter) -> Result<(), IndexError> {
        for (table, kind) in self.0.iter_mut().zip(IdKind::ALL) {
            table.sort_unstable();
            writer.begin(kind.section())?;
            for entries in table.chunks(1024) {
                let mut bytes = [0; 1024 * ENTRY_BYTES];
                for (place, entry) in bytes.chunks_exact_mut(ENTRY_BYTES).zip(entries) {
                    place.copy_from_slice(&entry.to_le_bytes());
                }
                writer.write(bytes.get(..entries.len() * ENTRY_BYTES).unwrap_or_default())?;
            }
        }
        Ok(())
    }
}
