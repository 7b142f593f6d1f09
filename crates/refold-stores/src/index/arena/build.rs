//! Filling the arena: each worker reads the events of a part from the store and writes its file; then, if that is asked
//! for, the search index of each part.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use refold_core::event::{Columns as Filled, Encoding, EventBatch, EventIndex, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, Fingerprint, ReadQuery, Scope, StoreError};
use refold_core::work::Work;

use super::envelope::Envelope;
use super::{
    Arena, ArenaManifest, BYTES, CODES, COLUMNS, ENVELOPES, HEADS, MANIFEST, PART_ROWS, PREFIX, PartEntry, grams, owns,
    part_events,
};
use crate::index::Index;
use crate::index::checked::CheckedWriter;
use crate::index::columns::ColumnsWriter;
use crate::index::error::IndexError;
use crate::index::folder::{Folder, Place};
use crate::index::manifest::StoredFinding;
use crate::index::packed::ABSENT;

const COPYING: &str = "copying payloads";
const INDEXING: &str = "indexing payloads";
const BATCH_ROWS: usize = 4096;

/// How to build an arena.
#[derive(Debug, Clone, Copy)]
pub struct ArenaOptions {
    pub threads: usize,
    /// Whether to make the search index too.
    pub is_searchable: bool,
    /// So many bytes may arena and search index take on disk; `None`: no limit.
    pub most_bytes: Option<u64>,
}

/// Brings the arena of an index up to date and opens it; `index` must be the current one of `store`. Parts that are
/// whole are kept, also those of an earlier build that was killed or cancelled.
///
/// Where it does not fit in [`ArenaOptions::most_bytes`], none of it stays on disk.
pub fn build_arena<'a>(
    work: &Work<'_>,
    store: &dyn EventStore,
    cache: impl Into<Place<'a>>,
    index: &Index,
    options: &ArenaOptions,
) -> Result<Arena, IndexError> {
    let fingerprint = store.fingerprint()?;
    let folder = Folder::of(cache, &fingerprint.identity);
    build_arena_in(work, store, &folder, &fingerprint, index, options)
}

pub(in crate::index) fn build_arena_in(
    work: &Work<'_>,
    store: &dyn EventStore,
    folder: &Folder,
    fingerprint: &Fingerprint,
    index: &Index,
    options: &ArenaOptions,
) -> Result<Arena, IndexError> {
    let _lock = folder.lock()?;
    let manifest = ArenaManifest::read(folder, fingerprint)?;
    let mut manifest = manifest.unwrap_or_else(|| ArenaManifest::empty(fingerprint));
    manifest.generation += 1;
    manifest.parts = manifest.parts_of(index)?;
    // A part that does not open is read again.
    manifest.parts.retain(|entry| super::Part::open(folder, entry).is_ok());
    let is_new = manifest.parts.is_empty();
    let building = Building {
        work,
        store,
        folder,
        index,
        options,
        generation: manifest.generation,
        filled_rows: AtomicU64::new(manifest.parts.iter().map(|entry| u64::from(entry.rows)).sum()),
        searchable_rows: AtomicU64::new(0),
        state: Mutex::new(BuildingState {
            manifest,
            failure: None,
        }),
    };
    let outcome = building.fill_missing().and_then(|()| {
        if options.is_searchable {
            building.make_searchable()?;
        }
        Ok(())
    });
    let mut manifest = building
        .state
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .manifest;
    if matches!(outcome, Err(IndexError::OverBudget { .. })) {
        manifest.parts.clear();
    }
    let saved = manifest.write(folder);
    let keeps = |name: &str| !owns(name) && name != MANIFEST || manifest.names(name);
    folder.remove_all_but(keeps)?;
    outcome.and(saved)?;
    let arena = Arena::of_parts(folder, &manifest.parts)?;
    Ok(Arena { is_new, ..arena })
}

struct Building<'a> {
    work: &'a Work<'a>,
    store: &'a dyn EventStore,
    folder: &'a Folder,
    index: &'a Index,
    options: &'a ArenaOptions,
    generation: u64,
    filled_rows: AtomicU64,
    searchable_rows: AtomicU64,
    state: Mutex<BuildingState>,
}

struct BuildingState {
    manifest: ArenaManifest,
    failure: Option<IndexError>,
}

impl Building<'_> {
    fn fill_missing(&self) -> Result<(), IndexError> {
        let is_there = |number| self.lock().manifest.parts.iter().any(|entry| entry.number == number);
        let parts = self.index.event_count().div_ceil(PART_ROWS);
        let missing: Vec<u32> = (0..parts).filter(|number| !is_there(*number)).collect();
        self.check_budget()?;
        self.for_each(&missing, |number| self.fill(*number))
    }

    fn make_searchable(&self) -> Result<(), IndexError> {
        let parts = self.lock().manifest.parts.clone();
        self.for_each(&parts, |entry| {
            let part = super::Part::open(self.folder, entry)?;
            let read = |rows| {
                let done = self.searchable_rows.fetch_add(rows, Ordering::Relaxed) + rows;
                self.work
                    .tick(INDEXING, done, Some(u64::from(self.index.event_count())))
            };
            let mut entry = entry.clone();
            if part.grams().is_some() || !grams::is_worth_it(part.byte_count()) {
                read(u64::from(entry.rows))?;
            } else {
                let name = format!("{PREFIX}{}-{}-grams", self.generation, entry.number);
                entry.grams = Some(grams::write(self.work, self.folder, &name, &part, &read)?);
            }
            Ok(entry)
        })
    }

    /// Makes a part of each item, by several threads, and writes down each that is whole.
    fn for_each<T: Sync>(
        &self,
        items: &[T],
        make: impl Fn(&T) -> Result<PartEntry, IndexError> + Sync,
    ) -> Result<(), IndexError> {
        let next = AtomicUsize::new(0);
        let run = || {
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                let outcome = make(item).and_then(|entry| {
                    let mut state = self.lock();
                    state.manifest.replace(entry);
                    state.manifest.write(self.folder)
                });
                let outcome = outcome.and_then(|()| self.check_budget());
                let mut state = self.lock();
                if let Err(error) = outcome {
                    state.failure.get_or_insert(error);
                }
                if state.failure.is_some() {
                    return;
                }
            }
        };
        std::thread::scope(|scope| {
            for worker in 1..self.options.threads.min(items.len()) {
                let thread = std::thread::Builder::new().name(format!("refold-arena-{worker}"));
                if thread.spawn_scoped(scope, run).is_err() {
                    break; // fewer threads are as right, only slower
                }
            }
            run();
        });
        self.lock().failure.take().map_or(Ok(()), Err)
    }

    /// Says so as soon as the parts that are there show that all of them will not fit.
    fn check_budget(&self) -> Result<(), IndexError> {
        let Some(most_bytes) = self.options.most_bytes else {
            return Ok(());
        };
        let state = self.lock();
        let parts = &state.manifest.parts;
        let rows: u64 = parts.iter().map(|entry| u64::from(entry.rows)).sum();
        let bytes: u64 = parts.iter().map(|entry| entry.file.byte_count).sum();
        drop(state);
        let filled = u128::from(bytes) * u128::from(self.index.event_count()) / u128::from(rows.max(1));
        let share = if self.options.is_searchable {
            grams::SHARE_PERCENT
        } else {
            0
        };
        let needed_bytes = u64::try_from(filled * (100 + share) / 100).unwrap_or(u64::MAX);
        if needed_bytes > most_bytes {
            return Err(IndexError::OverBudget {
                needed_bytes,
                most_bytes,
            });
        }
        Ok(())
    }

    /// The same of one part that is being written, which may be huge.
    fn check_part(&self, byte_count: i64) -> Result<(), IndexError> {
        let needed_bytes = byte_count.unsigned_abs();
        match self.options.most_bytes.filter(|most_bytes| needed_bytes > *most_bytes) {
            Some(most_bytes) => Err(IndexError::OverBudget {
                needed_bytes,
                most_bytes,
            }),
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BuildingState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_failed(&self) -> bool {
        self.lock().failure.is_some()
    }

    fn fill(&self, number: u32) -> Result<PartEntry, IndexError> {
        let events = part_events(number, self.index.event_count());
        let position = |event| Ok::<Position, IndexError>(self.index.event(EventIndex(event))?.position);
        let after = match events.start.checked_sub(1) {
            Some(before) => Some(position(before)?),
            None => None,
        };
        let up_to = position(events.end - 1)?; // a part that is missing has events
        let scope = Scope::All {
            after,
            up_to: Some(up_to),
        };
        let mut reader = self.store.read(&ReadQuery {
            scope,
            direction: Direction::Forward,
            columns: Filled::ALL,
        })?;
        let mut writer = PartWriter::create(self.folder, &format!("{PREFIX}{}-{number}", self.generation))?;
        let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
        let mut event = events.start;
        while reader.next_batch(self.work, BATCH_ROWS, &mut batch, &mut names, &findings)? {
            if self.has_failed() {
                return Err(refold_core::work::Cancelled.into());
            }
            for row in 0..batch.len() {
                if event >= events.end || position(event)? != batch.positions[row] {
                    return Err(changed());
                }
                event += 1;
            }
            writer.push(&batch)?;
            self.check_part(writer.byte_count)?;
            let rows = batch.len() as u64;
            let done = self.filled_rows.fetch_add(rows, Ordering::Relaxed) + rows;
            self.work
                .tick(COPYING, done, Some(u64::from(self.index.event_count())))?;
        }
        if event != events.end {
            return Err(changed());
        }
        Ok(PartEntry {
            file: writer.finish()?,
            grams: None,
            number,
            rows: event - events.start,
            last_position: up_to.0,
            findings: StoredFinding::all_of(&findings),
        })
    }
}

fn changed() -> IndexError {
    IndexError::Store(StoreError::Changed {
        location: "the store of the local index".to_owned(),
        detail: "it does not hold the events that were indexed".to_owned(),
    })
}

struct PartWriter {
    writer: CheckedWriter,
    codes: Vec<[i64; COLUMNS]>,
    envelopes: Vec<u8>,
    byte_count: i64,
}

impl PartWriter {
    fn create(folder: &Folder, name: &str) -> Result<PartWriter, IndexError> {
        let mut writer = CheckedWriter::create(folder, name)?;
        writer.begin(BYTES)?;
        Ok(PartWriter {
            writer,
            codes: Vec::new(),
            envelopes: Vec::new(),
            byte_count: 0,
        })
    }

    fn push(&mut self, batch: &EventBatch) -> Result<(), IndexError> {
        for row in 0..batch.len() {
            let event = batch.event(row);
            let encoding = match event.encoding {
                Encoding::Json => 0,
                Encoding::Text => 1,
                Encoding::Opaque => 2,
            };
            let len = |bytes: Option<&[u8]>| bytes.map_or(ABSENT, |bytes| bytes.len() as i64); // below 4 GiB
            self.codes.push([
                self.byte_count,
                len(event.payload),
                len(event.metadata),
                encoding,
                self.envelopes.len() as i64,
                event.occurred_at.0,
            ]);
            let envelope = Envelope {
                event_id: event.event_id,
                correlation_id: event.correlation_id,
                causation_id: event.causation_id,
                schema_version: event.schema_version,
            };
            envelope.write(event.metadata.unwrap_or_default(), &mut self.envelopes);
            for bytes in [event.payload, event.metadata].into_iter().flatten() {
                self.writer.write(bytes)?;
                self.byte_count += bytes.len() as i64;
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<crate::index::checked::FileStamp, IndexError> {
        self.writer.begin(ENVELOPES)?;
        self.writer.write(&self.envelopes)?;
        self.writer.begin(CODES)?;
        let column = |column: usize| self.codes.iter().map(|codes| codes[column]).collect::<Vec<i64>>();
        let values: [Vec<i64>; COLUMNS] = std::array::from_fn(column);
        let mut columns = ColumnsWriter::<COLUMNS>::new();
        columns.push(&mut self.writer, values.each_ref().map(Vec::as_slice))?;
        columns.finish(&mut self.writer, HEADS)?;
        self.writer.finish()
    }
}
