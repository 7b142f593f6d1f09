//! Making the ids: each worker reads the envelopes of a part from the store, sorts its tables and writes its file.
//!
//! A worker holds the tables of one part and a batch, however many events there are.

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::port::store::EventStore;
use refold_core::work::{Phase, Work};

use super::{ENTRY_BYTES, Entry, IdKind, Ids, Part, key_of};
use crate::index::Index;
use crate::index::checked::CheckedWriter;
use crate::index::error::IndexError;
use crate::index::folder::{Folder, Place};
use crate::index::parts::{Building, Reading, Sources};

const ENVELOPES: Reading = Reading {
    phase: Phase::IndexingIds,
    columns: Columns {
        envelope: true,
        ..Columns::SKELETON
    },
    batch_rows: 8192,
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
    let sources = Sources {
        work,
        store,
        folder: &folder,
        fingerprint: &fingerprint,
        index,
    };
    build_ids_in(sources, threads)
}

pub(in crate::index) fn build_ids_in(sources: Sources<'_>, threads: usize) -> Result<Ids, IndexError> {
    let folder = sources.folder;
    let _lock = folder.lock()?;
    let building = Building::begin(sources, threads, |entry| Part::open(folder, entry).is_ok())?;
    let make = |number| {
        let mut tables = Tables::default();
        let take = |batch: &EventBatch, first: u32| {
            for (row, event) in (0..batch.len()).zip(first..) {
                tables.push(batch, row, event);
            }
            Ok(())
        };
        let events = building.read(number, &ENVELOPES, &Findings::default(), take)?;
        let mut writer = CheckedWriter::create(folder, &building.file_name(number))?;
        tables.write(&mut writer)?;
        Ok(Entry {
            file: writer.finish()?,
            number,
            rows: events.rows,
            last_position: events.last_position,
        })
    };
    let outcome = building.make_missing(make, |_| Ok(()));
    Ids::of_parts(folder, &building.finish(outcome)?)
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
