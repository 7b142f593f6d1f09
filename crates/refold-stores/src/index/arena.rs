//! The payload arena: payload, metadata and envelope of every event in position order, so that searching and folding the whole
//! store again need not ask the store. Made on demand beside the index of the same store, in [`parts`].
//!
//! The bytes are as the adapter gave them. A part may have a search index beside it ([`grams`]). It must not know what is
//! in a payload.

pub(super) mod build;
mod envelope;
mod grams;
mod held;
mod source;

use std::ops::Range;

use refold_core::event::{Encoding, EventIndex};
use refold_core::finding::Findings;
use refold_core::port::store::Fingerprint;
use refold_core::time::Timestamp;
use serde::{Deserialize, Serialize};

pub use build::{ArenaOptions, build_arena};
pub(super) use grams::GRAM_BYTES;
pub use held::{expect_unchanged, is_as_stored, is_same};
pub use source::ArenaSource;

use super::Index;
use super::checked::{CheckedFile, FileStamp, MANIFESTS, Window};
use super::columns::Columns;
use super::error::IndexError;
use super::folder::{Folder, Place};
use super::manifest::StoredFinding;
use super::packed::{ABSENT, BLOCK_ROWS};
use super::parts::{self, PartEntry, PartEvents};
use envelope::Envelope;
use grams::Grams;

const BYTES: u32 = 1;
const CODES: u32 = 2;
const HEADS: u32 = 3;
const ENVELOPES: u32 = 4;

/// Columns of a part: where an event's bytes start, how long the payload is, how long the metadata that follows it is
/// (both absent where the store holds no value), what the payload is, where the event's envelope starts, and when it
/// occurred.
const START: usize = 0;
const PAYLOAD: usize = 1;
const METADATA: usize = 2;
const ENCODING: usize = 3;
const ENVELOPE: usize = 4;
const OCCURRED_AT: usize = 5;
const COLUMNS: usize = 6;

/// Whether a file in the folder of an index belongs to its arena.
pub(super) fn owns(name: &str) -> bool {
    parts::owns::<Entry>(name)
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    file: FileStamp,
    /// Its search index, once that was asked for; a small part has none.
    grams: Option<FileStamp>,
    number: u32,
    rows: u32,
    last_position: i64,
    /// What the adapter found while its payloads were read.
    findings: Vec<StoredFinding>,
}

impl PartEntry for Entry {
    // Few in tests, so that a small store has many files.
    const ROWS: u32 = if cfg!(test) { 20 } else { 1 << 18 };
    const MANIFEST: &str = MANIFESTS[2];
    const PREFIX: &str = "arena-";

    fn events(&self) -> PartEvents {
        PartEvents {
            number: self.number,
            rows: self.rows,
            last_position: self.last_position,
        }
    }

    fn files(&self) -> impl Iterator<Item = &FileStamp> {
        std::iter::once(&self.file).chain(&self.grams)
    }
}

/// Payload, metadata and envelope of all events of an index. Shareable between threads.
#[derive(Debug)]
pub struct Arena {
    parts: Vec<Part>,
    findings: Vec<StoredFinding>,
    is_new: bool,
}

/// What events of a sealed arena are unsealed into, one after the other; it holds those that were read last. Of an arena that
/// lies there as it is nothing is copied.
#[derive(Debug, Default)]
pub struct Unsealed {
    contents: Window,
    envelopes: Window,
}

/// One event in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArenaEvent<'a> {
    /// `None` where the store holds no value.
    pub payload: Option<&'a [u8]>,
    pub encoding: Encoding,
    pub metadata: Option<&'a [u8]>,
}

/// One file of the arena, opened.
#[derive(Debug)]
pub(super) struct Part {
    file: CheckedFile,
    columns: Columns<COLUMNS>,
    bytes: Range<usize>,
    envelopes: Range<usize>,
    grams: Option<Grams>,
    rows: u32,
    first_event: u32,
}

/// Opens the arena of an index. `None` when there is none that covers every event of it: [`build_arena`] makes it.
pub fn open_arena<'a>(
    cache: impl Into<Place<'a>>,
    fingerprint: &Fingerprint,
    index: &Index,
) -> Result<Option<Arena>, IndexError> {
    let folder = Folder::of(cache, &fingerprint.identity);
    parts::open_all(&folder, fingerprint, index, |entries| Arena::of_parts(&folder, entries))
}

/// Removes the arena of a store: it is not what the store holds. What has it open still reads it.
pub fn discard_arena<'a>(cache: impl Into<Place<'a>>, fingerprint: &Fingerprint) -> Result<(), IndexError> {
    let folder = Folder::of(cache, &fingerprint.identity);
    let _lock = folder.lock()?;
    folder.remove_all_but(|name| !owns(name))
}

impl Arena {
    fn of_parts(folder: &Folder, entries: &[Entry]) -> Result<Arena, IndexError> {
        let mut arena = Arena {
            parts: Vec::new(),
            findings: Vec::new(),
            is_new: false,
        };
        for entry in entries {
            arena.parts.push(Part::open(folder, entry)?);
            StoredFinding::merge(&mut arena.findings, entry.findings.clone());
        }
        Ok(arena)
    }

    /// Whether all of it was read from the store by the [`build_arena`] that gave it. Of another one it is known which state
    /// of the store it was made of, as far as the store tells its states apart; [`is_as_stored`] knows.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Reports to `findings` what the adapter found while the payloads were read.
    pub fn report_findings(&self, findings: &Findings) {
        StoredFinding::report_all(&self.findings, findings);
    }

    /// Payload and metadata of an event, which must be one of the index that the arena was opened with.
    pub fn event<'a>(&'a self, event: EventIndex, unsealed: &'a mut Unsealed) -> Result<ArenaEvent<'a>, IndexError> {
        let (part, row) = self.place_of(event);
        part.event(row, true, &mut unsealed.contents)
    }

    /// How many pages of it are held unsealed in memory as long as it is open: of what says where its bytes lie, and none of
    /// these.
    pub fn pages_held(&self) -> usize {
        let of_part = |part: &Part| {
            let grams = part.grams.as_ref().map_or(0, Grams::pages_held);
            part.file.pages_held() + grams
        };
        self.parts.iter().map(of_part).sum()
    }

    /// Its part, and the row there.
    fn place_of(&self, event: EventIndex) -> (&Part, usize) {
        let part = &self.parts[(event.0 / Entry::ROWS) as usize]; // the arena covers every event of its index
        (part, (event.0 % Entry::ROWS) as usize)
    }

    /// Whether each part has the search index that is worth making for it.
    pub fn is_searchable(&self) -> bool {
        let is_ready = |part: &Part| part.grams.is_some() || !grams::is_worth_it(part.byte_count());
        self.parts.iter().all(is_ready)
    }

    /// Bytes on disk of the payloads, and of the search index.
    pub fn disk_bytes(&self) -> (u64, u64) {
        let add = |(payloads, grams): (u64, u64), part: &Part| {
            let of_grams = part.grams.as_ref().map_or(0, Grams::byte_count);
            (payloads + part.file.byte_count(), grams + of_grams)
        };
        self.parts.iter().fold((0, 0), add)
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }
}

impl Part {
    fn open(folder: &Folder, entry: &Entry) -> Result<Part, IndexError> {
        let file = CheckedFile::open(folder, &entry.file)?;
        let columns = Columns::open(&file, CODES, HEADS, entry.rows as usize)?;
        let bytes = file.section(BYTES)?;
        let envelopes = file.section(ENVELOPES)?;
        let grams = match entry.grams.as_ref().map(|stamp| Grams::open(folder, stamp, entry.rows)) {
            None | Some(Err(IndexError::Damaged { .. })) => None, // all of the part is searched
            Some(grams) => Some(grams?),
        };
        Ok(Part {
            file,
            columns,
            bytes,
            envelopes,
            grams,
            rows: entry.rows,
            first_event: entry.number * Entry::ROWS,
        })
    }

    /// Without `with_metadata` the metadata is `None`.
    fn event<'a>(
        &'a self,
        row: usize,
        with_metadata: bool,
        window: &'a mut Window,
    ) -> Result<ArenaEvent<'a>, IndexError> {
        let columns = [START, PAYLOAD, METADATA, ENCODING];
        let [start, payload, metadata, encoding] = self.columns.row(&self.file, columns, row)?;
        let has_metadata = with_metadata && metadata != ABSENT;
        let middle = start + payload.max(0);
        let end = if has_metadata { middle + metadata } else { middle };
        let content = self.bytes(start..end, window)?;
        let (of_payload, of_metadata) = usize::try_from(middle - start)
            .ok()
            .and_then(|len| content.split_at_checked(len))
            .ok_or_else(|| self.file.damaged("an event points outside of the file"))?;
        Ok(ArenaEvent {
            payload: (payload != ABSENT).then_some(of_payload),
            encoding: match encoding {
                0 => Encoding::Json,
                1 => Encoding::Text,
                _ => Encoding::Opaque, // 2 is all that is ever written beside 0 and 1
            },
            metadata: has_metadata.then_some(of_metadata),
        })
    }

    fn envelope<'a>(
        &'a self,
        row: usize,
        metadata: Option<&'a [u8]>,
        window: &'a mut Window,
    ) -> Result<Envelope<'a>, IndexError> {
        let start_of = |row| {
            let start = self.columns.value(&self.file, ENVELOPE, row)?;
            usize::try_from(start).map_err(|_| self.file.damaged("an envelope points outside of the file"))
        };
        let start = self.envelopes.start + start_of(row)?;
        let end = if row + 1 < self.rows as usize {
            self.envelopes.start + start_of(row + 1)?
        } else {
            self.envelopes.end
        };
        Envelope::read(self.file.read(start..end, window)?, metadata.unwrap_or_default())
            .ok_or_else(|| self.file.damaged("an envelope cannot be read"))
    }

    fn occurred_at(&self, row: usize) -> Result<Timestamp, IndexError> {
        Ok(Timestamp(self.columns.value(&self.file, OCCURRED_AT, row)?))
    }

    fn block_count(&self) -> usize {
        self.columns.block_count()
    }

    fn block_rows(&self, block: usize) -> usize {
        self.columns.block_rows(block)
    }

    fn byte_count(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    /// The number of its first event.
    pub(super) fn first_event(&self) -> u32 {
        self.first_event
    }

    pub(super) fn grams(&self) -> Option<&Grams> {
        self.grams.as_ref()
    }

    /// All bytes of the events of some rows.
    pub(super) fn bytes_of<'a>(&'a self, rows: &Range<u32>, window: &'a mut Window) -> Result<&'a [u8], IndexError> {
        self.bytes(self.start_of(rows.start)?..self.start_of(rows.end)?, window)
    }

    /// The first of some rows, as many as have no more than so many bytes together, but one at least.
    pub(super) fn rows_within(&self, rows: &Range<u32>, most_bytes: i64) -> Result<Range<u32>, IndexError> {
        let most = self.start_of(rows.start)?.saturating_add(most_bytes);
        let (mut end, mut behind) = (rows.end.min(rows.start.saturating_add(1)), rows.end);
        if self.start_of(behind)? <= most {
            return Ok(rows.clone());
        }
        // What ends at `end` fits or is one row; what ends at `behind` does not fit.
        while end + 1 < behind {
            let middle = end.midpoint(behind);
            if self.start_of(middle)? <= most {
                end = middle;
            } else {
                behind = middle;
            }
        }
        Ok(rows.start..end)
    }

    /// Where each event of some rows starts in [`Part::bytes_of`] the same rows.
    pub(super) fn read_layout(&self, rows: &Range<u32>, layout: &mut RowLayout) -> Result<(), IndexError> {
        let (first, end) = (rows.start as usize, rows.end as usize);
        layout.first_row = rows.start;
        layout.starts.clear();
        for block in first / BLOCK_ROWS..end.div_ceil(BLOCK_ROWS) {
            self.columns.read_block(&self.file, START, block, &mut layout.block)?;
            let block_start = block * BLOCK_ROWS;
            let wanted = first.max(block_start) - block_start..(end - block_start).min(layout.block.len());
            layout.starts.extend_from_slice(&layout.block[wanted]);
        }
        layout.first = layout.starts.first().copied().unwrap_or(0);
        layout.end = self.start_of(rows.end)?;
        Ok(())
    }

    /// Where the bytes of a row start, or, behind the last one, where they end.
    fn start_of(&self, row: u32) -> Result<i64, IndexError> {
        if row < self.rows {
            self.columns.value(&self.file, START, row as usize)
        } else {
            Ok(self.byte_count() as i64) // a file is far smaller than 2^63
        }
    }

    /// How long the payload of a row is.
    pub(super) fn payload_len(&self, row: u32) -> Result<usize, IndexError> {
        Ok(usize::try_from(self.columns.value(&self.file, PAYLOAD, row as usize)?).unwrap_or(0)) // absent is negative
    }

    fn bytes<'a>(&'a self, range: Range<i64>, window: &'a mut Window) -> Result<&'a [u8], IndexError> {
        let (Ok(start), Ok(end)) = (usize::try_from(range.start), usize::try_from(range.end)) else {
            return Err(self.file.damaged("an event points outside of the file"));
        };
        self.file.read(self.bytes.start + start..self.bytes.start + end, window)
    }
}

/// Where the events of some rows start.
#[derive(Debug, Default)]
pub(super) struct RowLayout {
    first_row: u32,
    starts: Vec<i64>,
    first: i64,
    end: i64,
    /// Only so that its memory is kept.
    block: Vec<i64>,
}

impl RowLayout {
    /// The row of the event that holds byte `at`, and its bytes; both count from the start of the first row.
    pub(super) fn row_at(&self, at: usize) -> (u32, Range<usize>) {
        let place = self.first + at as i64; // inside a file
        // Events without bytes start where the next one does: the last that starts there holds the byte.
        let row = self.starts.partition_point(|start| *start <= place).saturating_sub(1);
        let start = self.starts.get(row).map_or(0, |start| start - self.first);
        let end = self.starts.get(row + 1).copied().unwrap_or(self.end) - self.first;
        (self.first_row + row as u32, start as usize..end as usize) // rows of a part are below 2^18
    }
}
