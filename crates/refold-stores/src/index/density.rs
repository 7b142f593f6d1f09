//! How many events of each kind lie in each column of a window, exactly, in a time that does not depend on how many
//! events there are. Kinds are the types of the events, or the categories of their streams.
//!
//! The events are laid out once in the order of the axis, a byte for the kind of each, and at every so many events the
//! counts of all kinds so far. The counts before any event are then one row of that table and the few bytes behind it,
//! and a column is the difference of two such counts. Nothing is rounded to buckets, so the sums are exact whatever the
//! window is.

use std::ops::Range;
use std::sync::Arc;

use super::checked::{CheckedFile, CheckedWriter, u32_at};
use super::error::IndexError;

/// Kinds are told apart up to this many; if there are more, the last slot holds all others.
pub const SLOTS: usize = 32;

/// Counts before an event, by slot.
pub(super) type Counts = [u32; SLOTS];

/// Events between two rows of counts, at least.
const STRIDE: usize = if cfg!(test) { 4 } else { 64 };
/// What the rows of counts of one axis may take.
const TABLE_BYTES: usize = 8 << 20;

/// Counts of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Density {
    /// The ordinals of the slots' types, or categories, most frequent first.
    pub kinds: Vec<u32>,
    /// Whether there is one more slot behind them, for all others together.
    pub has_other: bool,
    pub columns: u32,
    /// `counts[column * slots + slot]`.
    pub counts: Vec<u32>,
}

impl Density {
    /// How many slots a column has.
    pub fn slots(&self) -> usize {
        self.kinds.len() + usize::from(self.has_other)
    }
}

/// Which kind has which slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SlotMap {
    /// Most frequent first; equally frequent ones by ordinal.
    pub(super) kinds: Vec<u32>,
    pub(super) has_other: bool,
    slot_of_kind: Vec<u8>,
}

impl SlotMap {
    /// `events[ordinal]` is how many events a kind has. Kinds without events get no slot of their own.
    pub(super) fn of(events: &[u32]) -> SlotMap {
        let mut kinds: Vec<u32> = (0..)
            .take(events.len())
            .filter(|kind| events[*kind as usize] > 0)
            .collect();
        kinds.sort_by_key(|kind| (std::cmp::Reverse(events[*kind as usize]), *kind));
        let has_other = kinds.len() > SLOTS;
        if has_other {
            kinds.truncate(SLOTS - 1);
        }
        let other = kinds.len() as u8; // at most SLOTS
        let mut slot_of_kind = vec![other; events.len()];
        for (slot, kind) in (0..).zip(&kinds) {
            slot_of_kind[*kind as usize] = slot;
        }
        SlotMap {
            kinds,
            has_other,
            slot_of_kind,
        }
    }

    pub(super) fn slots(&self) -> usize {
        self.kinds.len() + usize::from(self.has_other)
    }

    #[inline]
    pub(super) fn slot(&self, kind: i64) -> u8 {
        self.slot_of_kind[kind as usize] // ordinals of the index are below the number of its names
    }

    /// `columns + 1` rows of counts as the counts of the columns between them.
    pub(super) fn density(
        &self,
        columns: u32,
        rows: impl Iterator<Item = Result<Counts, IndexError>>,
    ) -> Result<Density, IndexError> {
        let slots = self.slots();
        let mut counts = Vec::with_capacity(columns as usize * slots);
        let mut before: Option<Counts> = None;
        for row in rows {
            let row = row?;
            if let Some(before) = before {
                counts.extend(
                    row.iter()
                        .zip(&before)
                        .take(slots)
                        .map(|(after, before)| after.saturating_sub(*before)),
                );
            }
            before = Some(row);
        }
        Ok(Density {
            kinds: self.kinds.clone(),
            has_other: self.has_other,
            columns,
            counts,
        })
    }
}

/// Where a column of a window starts: the `column`-th of `columns` equal parts of `from..to`, rounded down. Column
/// number `columns` starts at `to`.
pub(super) fn column_start(window: &Range<i64>, columns: u32, column: u32) -> i64 {
    let span = i128::from(window.end) - i128::from(window.start);
    let start = i128::from(window.start) + span.max(0) * i128::from(column) / i128::from(columns.max(1));
    i64::try_from(start).unwrap_or(window.end) // between the two ends
}

/// Slots of events in the order of an axis, with rows of counts.
#[derive(Debug)]
pub(super) struct CountTable {
    bytes: Bytes,
    slots: Range<usize>,
    rows: Range<usize>,
    slot_count: usize,
    stride: usize,
}

#[derive(Debug)]
enum Bytes {
    File(Arc<CheckedFile>),
    Memory(Vec<u8>),
}

impl CountTable {
    /// The table that a [`CountTableWriter`] wrote into two sections.
    pub(super) fn of_file(
        file: &Arc<CheckedFile>,
        slots_tag: u32,
        rows_tag: u32,
        slot_count: usize,
    ) -> Result<CountTable, IndexError> {
        let (slots, rows) = (file.section(slots_tag)?, file.section(rows_tag)?);
        let stride = stride_of(slots.len(), slot_count);
        if rows.len() != (slots.len() / stride + 1) * slot_count * 4 {
            return Err(file.damaged("counts and events do not fit together"));
        }
        Ok(CountTable {
            bytes: Bytes::File(file.clone()),
            slots,
            rows,
            slot_count,
            stride,
        })
    }

    pub(super) fn in_memory(slots: Vec<u8>, slot_count: usize) -> CountTable {
        let mut rows = CountRows::new(slots.len(), slot_count);
        rows.add(&slots);
        let slots_end = slots.len();
        let mut bytes = slots;
        bytes.extend_from_slice(&rows.bytes);
        let rows_end = bytes.len();
        CountTable {
            bytes: Bytes::Memory(bytes),
            slots: 0..slots_end,
            rows: slots_end..rows_end,
            slot_count,
            stride: rows.stride,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// For each of `ends`, which ascend, the counts of the events before it.
    pub(super) fn counts_before<'a>(
        &'a self,
        ends: impl Iterator<Item = Result<usize, IndexError>> + 'a,
    ) -> impl Iterator<Item = Result<Counts, IndexError>> + 'a {
        let mut at = usize::MAX;
        let mut counts = [0; SLOTS];
        ends.map(move |end| {
            let end = end?.min(self.len());
            if at > end || end - at >= self.stride {
                let row = end / self.stride;
                counts = self.row(row)?;
                at = row * self.stride;
            }
            for slot in self.read(self.slots.start + at..self.slots.start + end)? {
                counts[usize::from(*slot) % SLOTS] += 1;
            }
            at = end;
            Ok(counts)
        })
    }

    fn row(&self, row: usize) -> Result<Counts, IndexError> {
        let row_bytes = self.slot_count * 4;
        let start = self.rows.start + row * row_bytes;
        let bytes = self.read(start..start + row_bytes)?;
        let mut counts = [0; SLOTS];
        for (count, bytes) in counts.iter_mut().zip(bytes.chunks_exact(4)) {
            *count = u32_at(bytes, 0).unwrap_or(0); // always four bytes
        }
        Ok(counts)
    }

    fn read(&self, range: Range<usize>) -> Result<&[u8], IndexError> {
        match &self.bytes {
            Bytes::File(file) => file.bytes(range),
            Bytes::Memory(bytes) => Ok(&bytes[range]),
        }
    }
}

/// Writes the slots of one axis as they come, and keeps the rows of counts for the section behind.
pub(super) struct CountTableWriter {
    rows: CountRows,
}

impl CountTableWriter {
    pub(super) fn new(events: usize, slot_count: usize) -> CountTableWriter {
        CountTableWriter {
            rows: CountRows::new(events, slot_count),
        }
    }

    pub(super) fn push(&mut self, writer: &mut CheckedWriter, slots: &[u8]) -> Result<(), IndexError> {
        self.rows.add(slots);
        writer.write(slots)
    }

    pub(super) fn finish(self, writer: &mut CheckedWriter, rows_tag: u32) -> Result<(), IndexError> {
        writer.begin(rows_tag)?;
        writer.write(&self.rows.bytes)
    }
}

/// The rows of counts: one before the first event and one behind every `stride` events.
struct CountRows {
    bytes: Vec<u8>,
    counts: Counts,
    slot_count: usize,
    stride: usize,
    events: usize,
}

impl CountRows {
    fn new(events: usize, slot_count: usize) -> CountRows {
        let stride = stride_of(events, slot_count);
        let bytes = vec![0; slot_count * 4];
        CountRows {
            bytes,
            counts: [0; SLOTS],
            slot_count,
            stride,
            events: 0,
        }
    }

    fn add(&mut self, mut slots: &[u8]) {
        while !slots.is_empty() {
            let until_row = self.stride - self.events % self.stride;
            let (now, later) = slots.split_at(until_row.min(slots.len()));
            for slot in now {
                self.counts[usize::from(*slot) % SLOTS] += 1;
            }
            self.events += now.len();
            if self.events.is_multiple_of(self.stride) {
                self.counts[..self.slot_count]
                    .iter()
                    .for_each(|count| self.bytes.extend_from_slice(&count.to_le_bytes()));
            }
            slots = later;
        }
    }
}

fn stride_of(events: usize, slot_count: usize) -> usize {
    let mut stride = STRIDE;
    while (events / stride + 1) * slot_count * 4 > TABLE_BYTES {
        stride *= 2;
    }
    stride
}
