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

mod arena;
mod build;
mod categories;
mod checked;
mod checks;
mod chunk;
mod columns;
mod density;
mod derive;
mod error;
mod folder;
mod ids;
mod manifest;
mod map;
mod marked;
mod options;
mod packed;
mod parts;
mod places;
mod query;
mod sealed;
mod search;
mod segment;
mod stream_density;
mod streams;
mod table;
mod tally;
mod track;

#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use refold_core::port::store::Fingerprint;

pub use arena::{
    Arena, ArenaEvent, ArenaOptions, ArenaSource, Unsealed, build_arena, discard_arena, expect_unchanged, is_as_stored,
    is_same, open_arena,
};
pub use build::{build, grow};
pub use checks::{Checked, VERSION_GAP, VERSION_MISSING, check_stream, is_implausible, report_implausible};
pub use density::{Density, SLOTS};
pub use derive::StreamOrder;
pub use error::IndexError;
pub use folder::Place;
pub use ids::{Candidates, IdKind, Ids, build_ids, open_ids};
pub use marked::MarkedColumn;
pub use options::BuildOptions;
pub use query::{DensityAxis, EventSkeleton, StreamEntry};
pub use search::{Field, Hit, Needle, SearchQuery, Wanted, search_arena, search_store};
pub use stream_density::{StreamAxis, StreamDensity};
pub use streams::{StreamPage, StreamQuery};
pub use tally::{RangeSample, Tally};

use categories::ByCategory;
use checked::CheckedFile;
use columns::Columns;
use density::{CountTable, SlotMap};
use derive::{Orders, StreamRecords, density_file};
use folder::Folder;
use manifest::Manifest;
use marked::Marked;
use packed::BLOCK_ROWS;
use segment::Segments;
use streams::Matches;

/// What [`open`] found.
#[derive(Debug)]
pub enum Opened {
    /// The index of the store as it is now.
    Current(Index),
    /// The index of the store as it was before it grew, or one that was added to while the store was followed. Right up
    /// to [`Index::last_position`]; [`build`] brings it up to date.
    Behind(Index),
    /// There is none, or none that fits: [`build`] makes it.
    Absent,
}

/// Opens the index of a store, if there is one, without reading the store.
pub fn open<'a>(cache: impl Into<Place<'a>>, fingerprint: &Fingerprint) -> Result<Opened, IndexError> {
    let folder = Folder::of(cache, &fingerprint.identity);
    let Some(manifest) = Manifest::read(&folder, &fingerprint.identity)? else {
        return Ok(Opened::Absent);
    };
    let is_current = manifest.is_of(fingerprint);
    match Index::of_manifest(&folder, manifest) {
        Ok(index) if is_current => Ok(Opened::Current(index)),
        Ok(index) => Ok(Opened::Behind(index)),
        Err(IndexError::Damaged { .. }) => Ok(Opened::Absent),
        Err(error) => Err(error),
    }
}

/// Throws the index of a store away, after a query found it damaged.
pub fn discard<'a>(cache: impl Into<Place<'a>>, fingerprint: &Fingerprint) -> Result<(), IndexError> {
    let folder = Folder::of(cache, &fingerprint.identity);
    let _lock = folder.lock()?;
    folder.remove_all_but(|_| false)
}

/// Throws away the indexes of other stores in a place that is kept for one: what stood there before it.
pub fn forget_others(place: Place<'_>, fingerprint: &Fingerprint) {
    let own = Folder::of(place, &fingerprint.identity);
    for entry in std::fs::read_dir(place.folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path != own.path() && Folder::is_named(&entry.file_name()) {
            // One that somebody just uses, and the system keeps, goes the next time.
            let _ = std::fs::remove_dir_all(path);
        }
    }
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
    /// `None`: times ascend with positions.
    by_time: Option<(TimeColumn, CountTable)>,
    type_events: Vec<u32>,
    type_names: Vec<Vec<u8>>,
    category_names: Vec<Vec<u8>>,
    /// Made when it is first asked for.
    by_category: OnceLock<ByCategory>,
    /// Made when it is first asked for.
    marked: OnceLock<Marked>,
    matches: Matches,
}

/// All recorded times, ascending.
#[derive(Debug)]
struct TimeColumn {
    file: CheckedFile,
    column: Columns<1>,
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
        let by_time = match &derived.times {
            None => None,
            Some(stamp) => {
                let counts = table(density_file::TIME_SLOTS, density_file::TIME_COUNTS)?;
                Some((
                    TimeColumn::open(CheckedFile::open(folder, stamp)?, counts.len())?,
                    counts,
                ))
            }
        };
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
            type_events,
            type_names,
            category_names,
            by_category: OnceLock::new(),
            marked: OnceLock::new(),
            matches: Matches::default(),
            manifest,
        })
    }
}

impl TimeColumn {
    fn open(file: CheckedFile, len: usize) -> Result<TimeColumn, IndexError> {
        let column = Columns::open(&file, density_file::TIME_CODES, density_file::TIME_HEADS, len)?;
        Ok(TimeColumn { file, column, len })
    }

    /// How many events were recorded before `instant`.
    fn before(&self, instant: i64) -> Result<usize, IndexError> {
        // Of the blocks that start before it, all but the last lie before it as a whole.
        let Some(block) = self.column.blocks_before(0, instant).checked_sub(1) else {
            return Ok(0);
        };
        Ok(block * BLOCK_ROWS + self.column.rows_before(&self.file, 0, block, instant)?)
    }
}
