//! Filling the arena: each worker reads the events of a part from the store and writes its file.

use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use refold_core::event::{Columns as Filled, Encoding, EventBatch, EventIndex, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, ReadQuery, Scope, StoreError};
use refold_core::work::Work;

use super::{
    Arena, ArenaManifest, BYTES, CODES, COLUMNS, HEADS, MANIFEST, PART_ROWS, PREFIX, PartEntry, owns, part_events,
};
use crate::index::Index;
use crate::index::checked::{CheckedWriter, FORMAT_VERSION};
use crate::index::columns::ColumnsWriter;
use crate::index::error::IndexError;
use crate::index::folder::Folder;
use crate::index::manifest::StoredFinding;
use crate::index::packed::ABSENT;

const PHASE: &str = "copying payloads";
const BATCH_ROWS: usize = 4096;

/// Brings the arena of an index up to date and opens it; `index` must be the current one of `store`. Parts that are
/// whole are kept, also those of an earlier build that was killed or cancelled.
pub fn build_arena(
    work: &Work<'_>,
    store: &dyn EventStore,
    cache: &Path,
    index: &Index,
    threads: usize,
) -> Result<Arena, IndexError> {
    let fingerprint = store.fingerprint()?;
    build_arena_in(
        work,
        store,
        &Folder::of(cache, &fingerprint.identity),
        &fingerprint.identity,
        index,
        threads,
    )
}

pub(in crate::index) fn build_arena_in(
    work: &Work<'_>,
    store: &dyn EventStore,
    folder: &Folder,
    identity: &str,
    index: &Index,
    threads: usize,
) -> Result<Arena, IndexError> {
    let _lock = folder.lock()?;
    let found = ArenaManifest::read(folder, identity)?;
    let empty = ArenaManifest {
        format: FORMAT_VERSION,
        identity: identity.to_owned(),
        generation: 0,
        parts: Vec::new(),
    };
    let mut manifest = found.unwrap_or(empty);
    manifest.generation += 1;
    manifest.parts = manifest.parts_of(index)?;
    // A part that does not open is read again.
    manifest.parts.retain(|entry| super::Part::open(folder, entry).is_ok());
    let missing: Vec<u32> = (0..index.event_count().div_ceil(PART_ROWS))
        .filter(|number| manifest.parts.iter().all(|entry| entry.number != *number))
        .collect();
    let filling = Filling {
        work,
        store,
        folder,
        index,
        generation: manifest.generation,
        missing: &missing,
        next: AtomicUsize::new(0),
        done: AtomicU64::new(manifest.parts.iter().map(|entry| u64::from(entry.rows)).sum()),
        state: Mutex::new(FillingState {
            manifest,
            failure: None,
        }),
    };
    std::thread::scope(|scope| {
        for worker in 1..threads.min(missing.len()) {
            let thread = std::thread::Builder::new().name(format!("refold-arena-{worker}"));
            let filling = &filling;
            if thread.spawn_scoped(scope, || filling.run()).is_err() {
                break; // fewer threads are as right, only slower
            }
        }
        filling.run();
    });
    let state = filling.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    let manifest = state.manifest;
    let keeps =
        |name: &str| !owns(name) || name == MANIFEST || manifest.parts.iter().any(|entry| entry.file.name == name);
    if let Some(failure) = state.failure {
        folder.remove_all_but(keeps)?;
        return Err(failure);
    }
    manifest.write(folder)?;
    folder.remove_all_but(keeps)?;
    Arena::of_parts(folder, &manifest.parts)
}

struct Filling<'a> {
    work: &'a Work<'a>,
    store: &'a dyn EventStore,
    folder: &'a Folder,
    index: &'a Index,
    generation: u64,
    missing: &'a [u32],
    next: AtomicUsize,
    done: AtomicU64,
    state: Mutex<FillingState>,
}

struct FillingState {
    manifest: ArenaManifest,
    failure: Option<IndexError>,
}

impl Filling<'_> {
    fn run(&self) {
        while let Some(number) = self.missing.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = self.fill(*number);
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let outcome = outcome.and_then(|entry| {
                state.manifest.parts.push(entry);
                state.manifest.parts.sort_by_key(|entry| entry.number);
                state.manifest.write(self.folder)
            });
            if let Err(error) = outcome {
                state.failure.get_or_insert(error);
            }
            if state.failure.is_some() {
                return;
            }
        }
    }

    fn has_failed(&self) -> bool {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .failure
            .is_some()
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
        let columns = Filled {
            payload: true,
            metadata: true,
            envelope: false,
        };
        let mut reader = self.store.read(&ReadQuery {
            scope,
            direction: Direction::Forward,
            columns,
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
            let done = self.done.fetch_add(batch.len() as u64, Ordering::Relaxed) + batch.len() as u64;
            self.work.tick(PHASE, done, Some(u64::from(self.index.event_count())))?;
            batch.clear();
        }
        if event != events.end {
            return Err(changed());
        }
        Ok(PartEntry {
            file: writer.finish()?,
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
    byte_count: i64,
}

impl PartWriter {
    fn create(folder: &Folder, name: &str) -> Result<PartWriter, IndexError> {
        let mut writer = CheckedWriter::create(folder, name)?;
        writer.begin(BYTES)?;
        Ok(PartWriter {
            writer,
            codes: Vec::new(),
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
            self.codes
                .push([self.byte_count, len(event.payload), len(event.metadata), encoding]);
            for bytes in [event.payload, event.metadata].into_iter().flatten() {
                self.writer.write(bytes)?;
                self.byte_count += bytes.len() as i64;
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<crate::index::checked::FileStamp, IndexError> {
        self.writer.begin(CODES)?;
        let column = |column: usize| self.codes.iter().map(|codes| codes[column]).collect::<Vec<i64>>();
        let values: [Vec<i64>; COLUMNS] = std::array::from_fn(column);
        let mut columns = ColumnsWriter::<COLUMNS>::new();
        columns.push(&mut self.writer, values.each_ref().map(Vec::as_slice))?;
        columns.finish(&mut self.writer, HEADS)?;
        self.writer.finish()
    }
}
