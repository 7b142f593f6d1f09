//! Which events carry an id: as their own, as that of their cause, or as that of their correlation. Made on demand,
//! beside the index of the same store, and only as good as it: it numbers events as the index does.
//!
//! ```text
//! one file for so many events   three tables, one a kind of id, each ascending
//! one entry of a table          half a hash of the id · the number of the event
//! ```
//! Ids themselves are not kept: hashes meet, so whoever asks holds what is found against the store. A file is complete
//! before the manifest names it, so a build that was killed goes on.

pub(super) mod build;

use std::ops::Range;

use refold_core::event::EventIndex;
use refold_core::port::store::Fingerprint;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

pub use build::build_ids;

use super::Index;
use super::checked::{CheckedFile, FORMAT_VERSION, FileStamp, MANIFESTS, u64_at};
use super::error::IndexError;
use super::folder::{Folder, Place};
use super::sealed;

/// Events of one file. Few in tests, so that a small store has many files.
const PART_ROWS: u32 = if cfg!(test) { 20 } else { 1 << 20 };

/// All files of the ids start so; the index leaves them alone.
const PREFIX: &str = "ids-";
const MANIFEST: &str = MANIFESTS[3];
const ENTRY_BYTES: usize = 8;

/// What an id is to the event that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdKind {
    /// Its own.
    Event,
    /// That of the event or message that caused it.
    Causation,
    /// One that it shares with all that belongs to the same affair.
    Correlation,
}

impl IdKind {
    pub const ALL: [IdKind; 3] = [IdKind::Event, IdKind::Causation, IdKind::Correlation];

    /// The section of a file that holds its table. Written: never reuse one.
    fn section(self) -> u32 {
        match self {
            IdKind::Event => 1,
            IdKind::Causation => 2,
            IdKind::Correlation => 3,
        }
    }
}

/// Whether a file in the folder of an index belongs to its ids.
pub(super) fn owns(name: &str) -> bool {
    name.starts_with(PREFIX)
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct IdsManifest {
    format: u32,
    identity: String,
    /// The state of the store that the ids are of.
    change_token: String,
    generation: u64,
    parts: Vec<PartEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PartEntry {
    file: FileStamp,
    /// Which events: those from `number * PART_ROWS`.
    number: u32,
    rows: u32,
    /// Of its last event, so that a part of another index is noticed.
    last_position: i64,
}

impl IdsManifest {
    /// `None` also for the ids of another state of the store: where anything changed, any id may have.
    fn read(folder: &Folder, fingerprint: &Fingerprint) -> Result<Option<IdsManifest>, IndexError> {
        let manifest = sealed::read::<IdsManifest>(folder, MANIFEST)?;
        Ok(manifest.filter(|manifest| {
            manifest.format == FORMAT_VERSION
                && manifest.identity == fingerprint.identity
                && manifest.change_token == fingerprint.change_token
        }))
    }

    /// Its parts that are of this index and whole for it, in order.
    fn parts_of(&self, index: &Index) -> Result<Vec<PartEntry>, IndexError> {
        let mut fitting = Vec::new();
        for entry in &self.parts {
            let events = part_events(entry.number, index.event_count());
            let is_whole = !events.is_empty() && entry.rows as usize == events.len();
            if is_whole && index.event(EventIndex(events.end - 1))?.position.0 == entry.last_position {
                fitting.push(entry.clone());
            }
        }
        fitting.sort_by_key(|entry| entry.number);
        Ok(fitting)
    }
}

/// The events of a part.
fn part_events(number: u32, event_count: u32) -> Range<u32> {
    let start = number.saturating_mul(PART_ROWS).min(event_count);
    start..start.saturating_add(PART_ROWS).min(event_count)
}

/// The half of a hash that entries keep, as their upper half.
fn key_of(id: &[u8]) -> u64 {
    xxh3_64(id) & 0xFFFF_FFFF_0000_0000
}

/// The ids of all events of an index. Shareable between threads.
#[derive(Debug)]
pub struct Ids {
    parts: Vec<Part>,
}

/// Events that may carry an id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Candidates {
    /// Ascending.
    pub events: Vec<EventIndex>,
    /// There are more than were asked for.
    pub is_cut: bool,
}

#[derive(Debug)]
struct Part {
    file: CheckedFile,
    tables: [Range<usize>; 3],
}

/// Opens the ids of an index. `None` when there are none that cover every event of it: [`build_ids`] makes them.
pub fn open_ids<'a>(
    cache: impl Into<Place<'a>>,
    fingerprint: &Fingerprint,
    index: &Index,
) -> Result<Option<Ids>, IndexError> {
    let folder = Folder::of(cache, &fingerprint.identity);
    let Some(manifest) = IdsManifest::read(&folder, fingerprint)? else {
        return Ok(None);
    };
    let entries = manifest.parts_of(index)?;
    if entries.len() != index.event_count().div_ceil(PART_ROWS) as usize {
        return Ok(None);
    }
    match Ids::of_parts(&folder, &entries) {
        Ok(ids) => Ok(Some(ids)),
        Err(IndexError::Damaged { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Ids {
    fn of_parts(folder: &Folder, entries: &[PartEntry]) -> Result<Ids, IndexError> {
        let parts = entries.iter().map(|entry| Part::open(folder, entry));
        Ok(Ids {
            parts: parts.collect::<Result<_, _>>()?,
        })
    }

    /// The first `most` events that carry an id of this kind with the same half of a hash: all that carry `id`, and by
    /// chance others.
    pub fn candidates(&self, kind: IdKind, id: &[u8], most: usize) -> Result<Candidates, IndexError> {
        let mut found = Candidates::default();
        for part in &self.parts {
            part.candidates(kind, key_of(id), most, &mut found)?;
            if found.is_cut {
                break;
            }
        }
        Ok(found)
    }

    /// How many events carry an id of this kind.
    pub fn count(&self, kind: IdKind) -> u64 {
        let entries = |part: &Part| (part.table(kind).len() / ENTRY_BYTES) as u64;
        self.parts.iter().map(entries).sum()
    }

    /// Bytes on disk.
    pub fn disk_bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.file.byte_count()).sum()
    }
}

impl Part {
    fn open(folder: &Folder, entry: &PartEntry) -> Result<Part, IndexError> {
        let file = CheckedFile::open(folder, &entry.file)?;
        let mut tables = [0..0, 0..0, 0..0];
        for (table, kind) in tables.iter_mut().zip(IdKind::ALL) {
            *table = file.section(kind.section())?;
            if table.len() % ENTRY_BYTES != 0 || table.len() / ENTRY_BYTES > entry.rows as usize {
                return Err(file.damaged("a table of ids has another length than its events"));
            }
        }
        Ok(Part { file, tables })
    }

    fn table(&self, kind: IdKind) -> Range<usize> {
        let [event, causation, correlation] = &self.tables;
        match kind {
            IdKind::Event => event.clone(),
            IdKind::Causation => causation.clone(),
            IdKind::Correlation => correlation.clone(),
        }
    }

    fn candidates(&self, kind: IdKind, key: u64, most: usize, found: &mut Candidates) -> Result<(), IndexError> {
        let table = self.table(kind);
        let entry = |at: usize| {
            let start = table.start + at * ENTRY_BYTES;
            let bytes = self.file.bytes(start..start + ENTRY_BYTES)?;
            u64_at(bytes, 0).ok_or_else(|| self.file.damaged("an entry of a table of ids is cut"))
        };
        let count = table.len() / ENTRY_BYTES;
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low + (high - low) / 2;
            if entry(middle)? < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        for at in low..count {
            let value = entry(at)?;
            if value & 0xFFFF_FFFF_0000_0000 != key {
                break;
            }
            if found.events.len() == most {
                found.is_cut = true;
                break;
            }
            found.events.push(EventIndex(value as u32)); // the lower half
        }
        Ok(())
    }
}
