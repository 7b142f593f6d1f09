//! Segments: the skeleton columns of a run of events in position order, and the names that first appear in it.
//!
//! A segment never changes once it has its name. Everything else in the index is made from the segments.

use std::ops::Range;

use refold_core::event::EventIndex;

use super::checked::{CheckedFile, CheckedWriter, u32_at, u64_at};
use super::error::IndexError;
use super::folder::Folder;
use super::manifest::{SegmentEntry, StoredFinding};
use super::packed::{self, ABSENT, BLOCK_ROWS, BlockHead, HEAD_BYTES, SLACK_BYTES};

/// A segment takes no more events once the next chunk would pass this.
pub(super) const SEGMENT_ROWS: u32 = 1 << 20;

const CODES: u32 = 1;
const HEADS: u32 = 2;
const ZONES: u32 = 3;
const STREAM_IDS: u32 = 4;
const STREAMS: u32 = 5;
const TYPES: u32 = 6;
const CATEGORIES: u32 = 7;
const FINDINGS: u32 = 8;

const ZONE_BYTES: usize = 24;
const STREAM_BYTES: usize = 8;

/// The columns of a segment, in the order in which a block holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Stream,
    Version,
    Type,
    RecordedAt,
    /// Stored less the row in the block, so that positions that count up by one take no room.
    Position,
}

impl Column {
    pub(super) const COUNT: usize = 5;
}

/// Events in columns with ordinals of the whole index, as they go into a segment.
#[derive(Debug, Default, Clone)]
pub(super) struct Rows {
    pub(super) columns: [Vec<i64>; Column::COUNT],
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.columns[0].len()
    }

    pub(super) fn column(&self, column: Column) -> &[i64] {
        &self.columns[column as usize]
    }

    pub(super) fn push(&mut self, stream: u32, version: i64, event_type: u32, recorded_at: i64, position: i64) {
        let values = [i64::from(stream), version, i64::from(event_type), recorded_at, position];
        for (column, value) in self.columns.iter_mut().zip(values) {
            column.push(value);
        }
    }

    pub(super) fn clear(&mut self) {
        self.columns.iter_mut().for_each(Vec::clear);
    }

    fn drain_front(&mut self, rows: usize) {
        for column in &mut self.columns {
            column.drain(..rows);
        }
    }
}

/// What a block of rows can hold at most, to skip it without reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Zone {
    /// Earliest and latest recorded time; `first > last` when no row has a time.
    pub(super) first: i64,
    pub(super) last: i64,
    /// A bit for each type ordinal, modulo 64.
    pub(super) types: u64,
}

/// Writes a segment block by block.
#[derive(Debug)]
pub(super) struct SegmentWriter {
    writer: CheckedWriter,
    waiting: Rows,
    heads: Vec<u8>,
    zones: Vec<u8>,
    codes: Vec<u8>,
    rows: u32,
    last_position: Option<i64>,
}

/// The names that first appear in a segment, in the order of their ordinals.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct NewNames {
    pub(super) stream_ids: Vec<u8>,
    /// End of each id in `stream_ids`, and the stream's category.
    pub(super) streams: Vec<(u32, u32)>,
    pub(super) types: Vec<Vec<u8>>,
    pub(super) categories: Vec<Vec<u8>>,
}

impl SegmentWriter {
    pub(super) fn create(folder: &Folder, name: &str) -> Result<SegmentWriter, IndexError> {
        let mut writer = CheckedWriter::create(folder, name)?;
        writer.begin(CODES)?;
        Ok(SegmentWriter {
            writer,
            waiting: Rows::default(),
            heads: Vec::new(),
            zones: Vec::new(),
            codes: Vec::new(),
            rows: 0,
            last_position: None,
        })
    }

    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    pub(super) fn push(&mut self, rows: &Rows) -> Result<(), IndexError> {
        for (waiting, new) in self.waiting.columns.iter_mut().zip(&rows.columns) {
            waiting.extend_from_slice(new);
        }
        self.rows += rows.len() as u32; // a chunk is far smaller than 2^32
        self.last_position = rows.column(Column::Position).last().copied().or(self.last_position);
        let whole = self.waiting.len() / BLOCK_ROWS * BLOCK_ROWS;
        for start in (0..whole).step_by(BLOCK_ROWS) {
            self.write_block(start..start + BLOCK_ROWS)?;
        }
        self.waiting.drain_front(whole);
        Ok(())
    }

    pub(super) fn finish(mut self, names: &NewNames, findings: &[StoredFinding]) -> Result<SegmentEntry, IndexError> {
        if self.waiting.len() > 0 {
            self.write_block(0..self.waiting.len())?;
        }
        let mut writer = self.writer;
        writer.write(&[0; SLACK_BYTES])?;
        writer.begin(HEADS)?;
        writer.write(&self.heads)?;
        writer.begin(ZONES)?;
        writer.write(&self.zones)?;
        writer.begin(STREAM_IDS)?;
        writer.write(&names.stream_ids)?;
        writer.begin(STREAMS)?;
        for (end, category) in &names.streams {
            writer.write(&end.to_le_bytes())?;
            writer.write(&category.to_le_bytes())?;
        }
        writer.begin(TYPES)?;
        write_list(&mut writer, &names.types)?;
        writer.begin(CATEGORIES)?;
        write_list(&mut writer, &names.categories)?;
        writer.begin(FINDINGS)?;
        writer.write(&StoredFinding::to_bytes(findings))?;
        Ok(SegmentEntry {
            file: writer.finish()?,
            rows: self.rows,
            streams: names.streams.len() as u32, // ordinals are 32 bits: the table refuses more
            last_position: self.last_position.unwrap_or(i64::MIN),
        })
    }

    fn write_block(&mut self, rows: Range<usize>) -> Result<(), IndexError> {
        self.codes.clear();
        for (column, values) in self.waiting.columns.iter().enumerate() {
            let values = &values[rows.clone()];
            let head = if column == Column::Position as usize {
                let steady: Vec<i64> = values
                    .iter()
                    .zip(0..)
                    .map(|(value, row)| value.wrapping_sub(row))
                    .collect();
                packed::encode(&steady, &mut self.codes)
            } else {
                packed::encode(values, &mut self.codes)
            };
            self.heads.extend_from_slice(&head.to_bytes());
        }
        let times = &self.waiting.column(Column::RecordedAt)[rows.clone()];
        let first = times
            .iter()
            .filter(|time| **time != ABSENT)
            .min()
            .copied()
            .unwrap_or(i64::MAX);
        let last = times
            .iter()
            .filter(|time| **time != ABSENT)
            .max()
            .copied()
            .unwrap_or(i64::MIN);
        let types = self.waiting.column(Column::Type)[rows]
            .iter()
            .fold(0_u64, |mask, t| mask | 1 << (t % 64));
        self.zones.extend_from_slice(&first.to_le_bytes());
        self.zones.extend_from_slice(&last.to_le_bytes());
        self.zones.extend_from_slice(&types.to_le_bytes());
        self.writer.write(&self.codes)
    }
}

/// A segment opened for reading.
#[derive(Debug)]
pub(super) struct Segment {
    file: CheckedFile,
    pub(super) rows: u32,
    pub(super) first_event: u32,
    pub(super) first_stream: u32,
    pub(super) stream_count: u32,
    pub(super) last_position: i64,
    codes_start: usize,
    heads: Vec<[BlockHead; Column::COUNT]>,
    pub(super) zones: Vec<Zone>,
    stream_ids: Range<usize>,
    streams: Range<usize>,
    pub(super) types: Vec<Vec<u8>>,
    pub(super) categories: Vec<Vec<u8>>,
    pub(super) findings: Vec<StoredFinding>,
}

impl Segment {
    pub(super) fn open(
        folder: &Folder,
        entry: &SegmentEntry,
        first_event: u32,
        first_stream: u32,
    ) -> Result<Segment, IndexError> {
        let file = CheckedFile::open(folder, &entry.file)?;
        let blocks = (entry.rows as usize).div_ceil(BLOCK_ROWS);
        let heads = read_heads(file.bytes(file.section(HEADS)?)?, entry.rows as usize);
        let zones = file.bytes(file.section(ZONES)?)?;
        let zones = zones.chunks_exact(ZONE_BYTES).map(|zone| {
            let number = |at| u64_at(zone, at);
            Some(Zone {
                first: number(0)? as i64,
                last: number(8)? as i64,
                types: number(16)?,
            }) // bits as written
        });
        let zones: Option<Vec<_>> = zones.collect();
        let (Some(heads), Some(zones)) = (heads, zones) else {
            return Err(file.damaged("a block head cannot be read"));
        };
        let types = read_list(file.bytes(file.section(TYPES)?)?);
        let categories = read_list(file.bytes(file.section(CATEGORIES)?)?);
        let findings = StoredFinding::from_bytes(file.bytes(file.section(FINDINGS)?)?);
        let (Some(types), Some(categories), Some(findings)) = (types, categories, findings) else {
            return Err(file.damaged("a list of names cannot be read"));
        };
        let streams = file.section(STREAMS)?;
        if heads.len() != blocks || zones.len() != blocks || streams.len() != entry.streams as usize * STREAM_BYTES {
            return Err(file.damaged("its sections do not fit together"));
        }
        let codes_start = file.section(CODES)?.start;
        let stream_ids = file.section(STREAM_IDS)?;
        Ok(Segment {
            file,
            rows: entry.rows,
            first_event,
            first_stream,
            stream_count: entry.streams,
            last_position: entry.last_position,
            codes_start,
            heads,
            zones,
            stream_ids,
            streams,
            types,
            categories,
            findings,
        })
    }

    pub(super) fn block_count(&self) -> usize {
        self.heads.len()
    }

    pub(super) fn block_rows(&self, block: usize) -> usize {
        (self.rows as usize - block * BLOCK_ROWS).min(BLOCK_ROWS)
    }

    /// One value; `row` counts from the start of the segment.
    #[inline]
    pub(super) fn value(&self, column: Column, row: u32) -> Result<i64, IndexError> {
        let (block, row) = (row as usize / BLOCK_ROWS, row as usize % BLOCK_ROWS);
        let Some(heads) = self.heads.get(block) else {
            return Err(self.file.damaged("it points behind the last event"));
        };
        let head = heads[column as usize];
        let range = head.code_at(row);
        let code = self
            .file
            .bytes(self.codes_start + range.start..self.codes_start + range.end)?;
        let value = head.value(code.try_into().unwrap_or_default()); // always eight bytes
        Ok(if column == Column::Position {
            value.wrapping_add(row as i64)
        } else {
            value
        })
    }

    /// The lowest position of a block, which is that of its first event.
    pub(super) fn first_position(&self, block: usize) -> Option<i64> {
        self.heads
            .get(block)
            .map(|heads| heads[Column::Position as usize].base())
    }

    /// Replaces `values` by those of a block.
    pub(super) fn read_block(&self, column: Column, block: usize, values: &mut Vec<i64>) -> Result<(), IndexError> {
        values.clear();
        let Some(heads) = self.heads.get(block) else {
            return Err(self.file.damaged("it points behind the last event"));
        };
        let head = heads[column as usize];
        let rows = self.block_rows(block);
        let range = head.code_range(rows);
        let codes = self
            .file
            .bytes(self.codes_start + range.start..self.codes_start + range.end)?;
        head.decode(codes, rows, values);
        if column == Column::Position {
            values
                .iter_mut()
                .zip(0..)
                .for_each(|(value, row)| *value = value.wrapping_add(row));
        }
        Ok(())
    }

    /// Id and category of the stream `first_stream + local`.
    pub(super) fn stream(&self, local: u32) -> Result<(&[u8], u32), IndexError> {
        let (range, category) = self.stream_range(local)?;
        let start = self.stream_ids.start;
        Ok((self.file.bytes(start + range.start..start + range.end)?, category))
    }

    /// Where the id of a stream lies in [`Segment::all_ids`], and its category.
    pub(super) fn stream_range(&self, local: u32) -> Result<(Range<usize>, u32), IndexError> {
        let at = self.streams.start + local as usize * STREAM_BYTES;
        let before = if local == 0 { at } else { at - STREAM_BYTES };
        let bytes = self.file.bytes(before..at + STREAM_BYTES)?;
        let last = bytes.len() - STREAM_BYTES;
        let start = if local == 0 { Some(0) } else { u32_at(bytes, 0) };
        let (Some(start), Some(end), Some(category)) = (start, u32_at(bytes, last), u32_at(bytes, last + 4)) else {
            return Err(self.file.damaged("a stream id cannot be read"));
        };
        Ok((start as usize..end as usize, category))
    }

    /// The stream whose id holds byte `at` of [`Segment::all_ids`]; not before `from`, which is at or before it.
    pub(super) fn stream_holding(&self, at: usize, from: u32) -> Result<u32, IndexError> {
        let ends_behind = |local: u32| Ok::<_, IndexError>(self.stream_range(local)?.0.end > at);
        // Most often it is near: steps that double, then halves.
        let (mut low, mut step) = (from, 1);
        while low + step < self.stream_count && !ends_behind(low + step)? {
            low += step;
            step *= 2;
        }
        let mut high = (low + step).min(self.stream_count.saturating_sub(1));
        while low < high {
            let middle = low + (high - low) / 2;
            if ends_behind(middle)? {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }

    /// All ids that first appear here, one after the other.
    pub(super) fn all_ids(&self) -> Result<&[u8], IndexError> {
        self.file.bytes(self.stream_ids.clone())
    }
}

/// All segments of an index, addressed by event.
#[derive(Debug, Default)]
pub(super) struct Segments {
    list: Vec<Segment>,
    first_events: Vec<u32>,
    first_streams: Vec<u32>,
}

impl Segments {
    pub(super) fn open(folder: &Folder, entries: &[SegmentEntry]) -> Result<Segments, IndexError> {
        let mut segments = Segments::default();
        for entry in entries {
            segments.push(folder, entry)?;
        }
        Ok(segments)
    }

    pub(super) fn push(&mut self, folder: &Folder, entry: &SegmentEntry) -> Result<(), IndexError> {
        let segment = Segment::open(folder, entry, self.event_count(), self.stream_count())?;
        self.first_events.push(segment.first_event);
        self.first_streams.push(segment.first_stream);
        self.list.push(segment);
        Ok(())
    }

    pub(super) fn list(&self) -> &[Segment] {
        &self.list
    }

    pub(super) fn event_count(&self) -> u32 {
        self.list.last().map_or(0, |segment| segment.first_event + segment.rows)
    }

    pub(super) fn stream_count(&self) -> u32 {
        self.list
            .last()
            .map_or(0, |segment| segment.first_stream + segment.stream_count)
    }

    pub(super) fn last_position(&self) -> Option<i64> {
        self.list.last().map(|segment| segment.last_position)
    }

    /// One value of an event; `event` must be below the number of events.
    #[inline]
    pub(super) fn value(&self, column: Column, event: EventIndex) -> Result<i64, IndexError> {
        let segment = self.segment_of_event(event);
        segment.value(column, event.0 - segment.first_event)
    }

    #[inline]
    pub(super) fn segment_of_event(&self, event: EventIndex) -> &Segment {
        let behind = self.first_events.partition_point(|first| *first <= event.0);
        &self.list[behind.saturating_sub(1)] // the first segment starts at 0
    }

    /// Id and category of a stream, which must be below the number of streams.
    pub(super) fn stream(&self, stream: u32) -> Result<(&[u8], u32), IndexError> {
        let segment = self.segment_of_stream(stream);
        segment.stream(stream - segment.first_stream)
    }

    fn segment_of_stream(&self, stream: u32) -> &Segment {
        let behind = self.first_streams.partition_point(|first| *first <= stream);
        &self.list[behind.saturating_sub(1)] // the first segment starts at 0
    }
}

fn write_list(writer: &mut CheckedWriter, names: &[Vec<u8>]) -> Result<(), IndexError> {
    for name in names {
        writer.write(&(name.len() as u32).to_le_bytes())?; // names come from batches, whose arena is below 4 GiB
        writer.write(name)?;
    }
    Ok(())
}

fn read_heads(bytes: &[u8], rows: usize) -> Option<Vec<[BlockHead; Column::COUNT]>> {
    let mut start = 0;
    let mut blocks = Vec::new();
    for (block, bytes) in bytes.chunks_exact(HEAD_BYTES * Column::COUNT).enumerate() {
        let rows = rows.checked_sub(block * BLOCK_ROWS)?.min(BLOCK_ROWS);
        let mut heads = bytes.chunks_exact(HEAD_BYTES);
        let mut next = || {
            let head = BlockHead::from_bytes(heads.next()?, start)?;
            start += head.code_bytes(rows);
            Some(head)
        };
        blocks.push([next()?, next()?, next()?, next()?, next()?]);
    }
    Some(blocks)
}

fn read_list(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    while !bytes.is_empty() {
        let len = u32_at(bytes, 0)? as usize;
        names.push(bytes.get(4..4 + len)?.to_vec());
        bytes = &bytes[4 + len..];
    }
    Some(names)
}
