//! Which events carry an id: as their own, as that of their cause, or as that of their correlation. Made on demand beside
//! the index of the same store, in [`parts`].
//!
//! ```text
//! one file for so many events   three tables, one a kind of id, each ascending
//! one entry of a table          half a hash of the id · the number of the event
//! ```
//! Ids themselves are not kept: hashes meet, so whoever asks holds what is found against the store.

pub(super) mod build;

use std::ops::Range;

use refold_core::event::EventIndex;
use refold_core::port::store::Fingerprint;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

pub use build::build_ids;

use super::Index;
use super::checked::{CheckedFile, FileStamp, MANIFESTS, u64_at};
use super::error::IndexError;
use super::folder::{Folder, Place};
use super::parts::{self, PartEntry, PartEvents};

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
    parts::owns::<Entry>(name)
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    file: FileStamp,
    number: u32,
    rows: u32,
    last_position: i64,
}

impl PartEntry for Entry {
    // Few in tests, so that a small store has many files.
    const ROWS: u32 = if cfg!(test) { 20 } else { 1 << 20 };
    const MANIFEST: &str = MANIFESTS[3];
    const PREFIX: &str = "ids-";

    fn events(&self) -> PartEvents {
        PartEvents {
            number: self.number,
            rows: self.rows,
            last_position: self.last_position,
        }
    }

    fn files(&self) -> impl Iterator<Item = &FileStamp> {
        std::iter::once(&self.file)
    }
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
    parts::open_all(&folder, fingerprint, index, |entries| Ids::of_parts(&folder, entries))
}

impl Ids {
    fn of_parts(folder: &Folder, entries: &[Entry]) -> Result<Ids, IndexError> {
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
    fn open(folder: &Folder, entry: &Entry) -> Result<Part, IndexError> {
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
