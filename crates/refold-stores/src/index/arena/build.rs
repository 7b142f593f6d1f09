//! Filling the arena: each worker reads the events of a part from the store and writes its file; then, if that is asked
//! for, the search index of each part.

use std::sync::atomic::{AtomicU64, Ordering};

use refold_core::event::{Columns as Filled, Encoding, EventBatch};
use refold_core::finding::Findings;
use refold_core::port::store::EventStore;
use refold_core::work::{Phase, Work};

use super::envelope::Envelope;
use super::{Arena, BYTES, CODES, COLUMNS, ENVELOPES, Entry, HEADS, Part, grams};
use crate::index::Index;
use crate::index::checked::{CheckedWriter, FileStamp};
use crate::index::columns::ColumnsWriter;
use crate::index::error::IndexError;
use crate::index::folder::{Folder, Place};
use crate::index::manifest::StoredFinding;
use crate::index::packed::ABSENT;
use crate::index::parts::{Building, Reading, Sources};

const INDEXING: Phase = Phase::IndexingPayloads;
const PAYLOADS: Reading = Reading {
    phase: Phase::CopyingPayloads,
    columns: Filled::ALL,
    batch_rows: 4096,
};

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
    let sources = Sources {
        work,
        store,
        folder: &folder,
        fingerprint: &fingerprint,
        index,
    };
    build_arena_in(sources, options)
}

pub(in crate::index) fn build_arena_in(sources: Sources<'_>, options: &ArenaOptions) -> Result<Arena, IndexError> {
    let folder = sources.folder;
    let _lock = folder.lock()?;
    let filling = Filling {
        sources,
        options,
        building: Building::begin(sources, options.threads, |entry| Part::open(folder, entry).is_ok())?,
        searchable_rows: AtomicU64::new(0),
    };
    let is_new = filling.building.parts().is_empty();
    let outcome = filling.run();
    let arena = Arena::of_parts(folder, &filling.building.finish(outcome)?)?;
    Ok(Arena { is_new, ..arena })
}

struct Filling<'a> {
    sources: Sources<'a>,
    options: &'a ArenaOptions,
    building: Building<'a, Entry>,
    searchable_rows: AtomicU64,
}

impl Filling<'_> {
    fn run(&self) -> Result<(), IndexError> {
        let fits = |parts: &[Entry]| self.check_budget(parts);
        self.building.make_missing(|number| self.fill(number), fits)?;
        if self.options.is_searchable {
            let parts = self.building.parts();
            self.building
                .for_each(&parts, |entry| self.make_searchable(entry), fits)?;
        }
        Ok(())
    }

    fn make_searchable(&self, entry: &Entry) -> Result<Entry, IndexError> {
        let Sources {
            work, folder, index, ..
        } = self.sources;
        let part = Part::open(folder, entry)?;
        let read = |rows| {
            let done = self.searchable_rows.fetch_add(rows, Ordering::Relaxed) + rows;
            work.tick(INDEXING, done, Some(u64::from(index.event_count())))
        };
        let mut entry = entry.clone();
        if part.grams().is_some() || !grams::is_worth_it(part.byte_count()) {
            read(u64::from(entry.rows))?;
        } else {
            let name = format!("{}-grams", self.building.file_name(entry.number));
            entry.grams = Some(grams::write(work, folder, &name, &part, &read)?);
        }
        Ok(entry)
    }

    /// Says so as soon as the parts that are there show that all of them will not fit.
    fn check_budget(&self, parts: &[Entry]) -> Result<(), IndexError> {
        let Some(most_bytes) = self.options.most_bytes else {
            return Ok(());
        };
        let rows: u64 = parts.iter().map(|entry| u64::from(entry.rows)).sum();
        let bytes: u64 = parts.iter().map(|entry| entry.file.byte_count).sum();
        let filled = u128::from(bytes) * u128::from(self.sources.index.event_count()) / u128::from(rows.max(1));
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

    fn fill(&self, number: u32) -> Result<Entry, IndexError> {
        let mut writer = PartWriter::create(self.sources.folder, &self.building.file_name(number))?;
        let findings = Findings::default();
        let take = |batch: &EventBatch, _first: u32| {
            writer.push(batch)?;
            self.check_part(writer.byte_count)
        };
        let events = self.building.read(number, &PAYLOADS, &findings, take)?;
        Ok(Entry {
            file: writer.finish()?,
            grams: None,
            number,
            rows: events.rows,
            last_position: events.last_position,
            findings: StoredFinding::all_of(&findings),
        })
    }
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

    fn finish(mut self) -> Result<FileStamp, IndexError> {
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
