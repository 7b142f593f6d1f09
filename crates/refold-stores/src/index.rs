//! The local index: what a store's events are, in columns, kept in the user's cache folder and never beside the store.
//!
//! It is a cache. The store stays the truth, and an index that is damaged, of another store or of another format is
//! built again. [`build`] reads the store once in position order; [`Index`] answers from mapped files: pages of streams,
//! the events of a stream, the density over time and position. It must not know layouts, SQL, handlers or a face.
//!
//! ```text
//! segments   the skeleton of all events in position order, and the names that first appear in each
//!   └─ made from them: events by stream · stream records and slots · stream orders · density · times in order
//! manifest   which files belong together, of which store, up to where; written last
//! ```

mod build;
mod checked;
mod checks;
mod chunk;
mod density;
mod derive;
mod error;
mod folder;
mod manifest;
mod map;
mod packed;
mod query;
mod segment;
mod streams;
mod table;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use refold_core::port::store::Fingerprint;

pub use build::{BuildOptions, build};
pub use checks::{Checked, check_stream, is_implausible, report_implausible};
pub use density::{Density, SLOTS};
pub use derive::StreamOrder;
pub use error::IndexError;
pub use query::{DensityAxis, EventSkeleton, StreamEntry};
pub use streams::{StreamPage, StreamQuery};

use checked::CheckedFile;
use density::{CountTable, SlotMap};
use derive::{Orders, StreamRecords, density_file};
use folder::Folder;
use manifest::Manifest;
use packed::{BLOCK_ROWS, BlockHead, HEAD_BYTES};
use segment::Segments;
use streams::Matches;

/// What [`open`] found.
#[derive(Debug)]
pub enum Opened {
    /// The index of the store as it is now.
    Current(Index),
    /// The index of the store as it was before it grew. Right up to [`Index::last_position`]; [`build`] brings it up
    /// to date.
    Behind(Index),
    /// There is none, or none that fits: [`build`] makes it.
    Absent,
}

/// Opens the index of a store, if there is one, without reading the store.
pub fn open(cache: &Path, fingerprint: &Fingerprint) -> Result<Opened, IndexError> {
    let folder = Folder::of(cache, &fingerprint.identity);
    let Some(manifest) = Manifest::read(&folder, &fingerprint.identity)? else {
        return Ok(Opened::Absent);
    };
    if manifest.derived.is_none() {
        return Ok(Opened::Absent);
    }
    let is_current = manifest.change_token == fingerprint.change_token;
    match Index::of_manifest(&folder, manifest) {
        Ok(index) if is_current => Ok(Opened::Current(index)),
        Ok(index) => Ok(Opened::Behind(index)),
        Err(IndexError::Damaged { .. }) => Ok(Opened::Absent),
        Err(error) => Err(error),
    }
}

/// Throws the index of a store away, after a query found it damaged.
pub fn discard(cache: &Path, fingerprint: &Fingerprint) -> Result<(), IndexError> {
    let folder = Folder::of(cache, &fingerprint.identity);
    let _lock = folder.lock()?;
    folder.remove_all_but(|_| false)
}

/// The index of one store, opened. Shareable between threads. After [`IndexError::Damaged`] from any query, drop it,
/// [`discard`] it and build again.
#[derive(Debug)]
pub struct Index {
    manifest: Manifest,
    segments: Segments,
    records: StreamRecords,
    orders: Orders,
    slot_map: SlotMap,
    by_position: CountTable,
    by_time: CountTable,
    times: TimeColumn,
    type_events: Vec<u32>,
    type_names: Vec<Vec<u8>>,
    category_names: Vec<Vec<u8>>,
    matches: Matches,
}

/// All recorded times, ascending.
#[derive(Debug)]
struct TimeColumn {
    file: CheckedFile,
    codes_start: usize,
    heads: Vec<BlockHead>,
    len: usize,
}

impl Index {
    fn of_manifest(folder: &Folder, manifest: Manifest) -> Result<Index, IndexError> {
        let Some(derived) = &manifest.derived else {
            return Err(IndexError::damaged(folder.path(), "it is not finished"));
        };
        let segments = Segments::open(folder, &manifest.segments)?;
        let all = |names: fn(&segment::Segment) -> &Vec<Vec<u8>>| {
            segments.list().iter().flat_map(names).cloned().collect::<Vec<_>>()
        };
        let type_names = all(|segment| &segment.types);
        let category_names = all(|segment| &segment.categories);
        let records = StreamRecords::open(folder, &derived.streams, &derived.events_by_stream)?;
        let category_count = category_names.len() as u32; // as many as streams at most
        let orders = Orders::open(folder, &derived.orders, records.stream_count(), category_count)?;
        let type_events = derived.type_events.clone();
        let slot_map = SlotMap::of(&type_events);
        let density = Arc::new(CheckedFile::open(folder, &derived.density)?);
        let table = |slots, counts| CountTable::of_file(&density, slots, counts, slot_map.slots());
        let by_position = table(density_file::POSITION_SLOTS, density_file::POSITION_COUNTS)?;
        let by_time = table(density_file::TIME_SLOTS, density_file::TIME_COUNTS)?;
        let times = TimeColumn::open(CheckedFile::open(folder, &derived.times)?, by_time.len())?;
        let fits = records.stream_count() == segments.stream_count()
            && type_events.len() == type_names.len()
            && by_position.len() == segments.event_count() as usize;
        if !fits {
            return Err(IndexError::damaged(folder.path(), "its files do not fit together"));
        }
        Ok(Index {
            segments,
            records,
            orders,
            slot_map,
            by_position,
            by_time,
            times,
            type_events,
            type_names,
            category_names,
            matches: Matches::default(),
            manifest,
        })
    }
}

impl TimeColumn {
    fn open(file: CheckedFile, len: usize) -> Result<TimeColumn, IndexError> {
        let mut heads = Vec::new();
        let mut start = 0;
        for (block, bytes) in file
            .bytes(file.section(density_file::TIME_HEADS)?)?
            .chunks_exact(HEAD_BYTES)
            .enumerate()
        {
            let Some(head) = BlockHead::from_bytes(bytes, start) else {
                return Err(file.damaged("a block head cannot be read"));
            };
            start += head.code_bytes(len.saturating_sub(block * BLOCK_ROWS).min(BLOCK_ROWS));
            heads.push(head);
        }
        if heads.len() != len.div_ceil(BLOCK_ROWS) {
            return Err(file.damaged("times and events do not fit together"));
        }
        let codes_start = file.section(density_file::TIME_CODES)?.start;
        Ok(TimeColumn {
            file,
            codes_start,
            heads,
            len,
        })
    }

    /// How many events were recorded before `instant`.
    fn before(&self, instant: i64) -> Result<usize, IndexError> {
        // Blocks that start before it; all but the last of them lie before it as a whole.
        let blocks = self.heads.partition_point(|head| head.base() < instant);
        let Some(block) = blocks.checked_sub(1) else {
            return Ok(0);
        };
        let head = self.heads[block];
        let (mut low, mut high) = (0, (self.len - block * BLOCK_ROWS).min(BLOCK_ROWS));
        while low < high {
            let middle = (low + high) / 2;
            let range = head.code_at(middle);
            let code = self
                .file
                .bytes(self.codes_start + range.start..self.codes_start + range.end)?;
            if head.value(code.try_into().unwrap_or_default()) < instant {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(block * BLOCK_ROWS + low)
    }
}
