//! Segments: the skeleton columns of a run of events in position order, and the names that first appear in it.
//!
//! A segment never changes once it has its name. Everything else in the index is made from the segments.

use std::ops::Range;

use refold_core::event::EventIndex;

use super::checked::{CheckedFile, CheckedWriter, u32_at, u64_at};
use super::columns::{Columns, ColumnsWriter};
use super::error::IndexError;
use super::folder::Folder;
use super::manifest::{SegmentEntry, StoredFinding};
use super::packed::{ABSENT, BLOCK_ROWS};

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
    columns: ColumnsWriter<{ Column::COUNT }>,
    zones: ZoneWriter,
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
            columns: ColumnsWriter::new(),
            zones: ZoneWriter::default(),
            rows: 0,
            last_position: None,
        })
    }

    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    pub(super) fn push(&mut self, rows: &Rows) -> Result<(), IndexError> {
        let first_row = self.rows as usize;
        self.zones
            .push(rows.column(Column::RecordedAt), rows.column(Column::Type));
        let positions = rows.column(Column::Position).iter().zip(first_row..);
        let steady: Vec<i64> = positions
            .map(|(position, row)| position.wrapping_sub(row_in_block(row)))
            .collect();
        let mut columns = rows.columns.each_ref().map(Vec::as_slice);
        columns[Column::Position as usize] = &steady;
        self.columns.push(&mut self.writer, columns)?;
        self.rows += rows.len() as u32; // a chunk is far smaller than 2^32
        self.last_position = rows.column(Column::Position).last().copied().or(self.last_position);
        Ok(())
    }

    pub(super) fn finish(self, names: &NewNames, findings: &[StoredFinding]) -> Result<SegmentEntry, IndexError> {
        let mut writer = self.writer;
        self.columns.finish(&mut writer, HEADS)?;
        writer.begin(ZONES)?;
        writer.write(&self.zones.finish())?;
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
}

/// The row in its block, as a number that positions are stored less of.
fn row_in_block(row: usize) -> i64 {
    (row % BLOCK_ROWS) as i64 // below the rows of a block
}

/// Zones of blocks as their rows come.
#[derive(Debug, Default)]
struct ZoneWriter {
    bytes: Vec<u8>,
    open: Option<(Zone, usize)>,
}

impl ZoneWriter {
    fn push(&mut self, times: &[i64], types: &[i64]) {
        for (time, event_type) in times.iter().zip(types) {
            let (zone, rows) = self.open.get_or_insert((
                Zone {
                    first: i64::MAX,
                    last: i64::MIN,
                    types: 0,
                },
                0,
            ));
            if *time != ABSENT {
                zone.first = zone.first.min(*time);
                zone.last = zone.last.max(*time);
            }
            zone.types |= 1 << (event_type % 64);
            *rows += 1;
            if *rows == BLOCK_ROWS {
                self.end_block();
            }
        }
    }

    fn end_block(&mut self) {
        if let Some((zone, _)) = self.open.take() {
            self.bytes.extend_from_slice(&zone.first.to_le_bytes());
            self.bytes.extend_from_slice(&zone.last.to_le_bytes());
            self.bytes.extend_from_slice(&zone.types.to_le_bytes());
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.end_block();
        self.bytes
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
    columns: Columns<{ Column::COUNT }>,
    pub(super) zones: Vec<Zone>,
    stream_ids: Range<usize>,
    streams: Range<usize>,
    pub(super) types: Vec<Vec<u8>>,
    pub(super) categories: Vec<Vec<u8>>,
    pub(super) findings: Vec<StoredFinding>,
}

impl Segment {
    pub(super) fn damaged(&self, detail: &str) -> IndexError {
        self.file.damaged(detail)
    }

    pub(super) fn open(
        folder: &Folder,
        entry: &SegmentEntry,
        first_event: u32,
        first_stream: u32,
    ) -> Result<Segment, IndexError> {
        let file = CheckedFile::open(folder, &entry.file)?;
        let columns = Columns::open(&file, CODES, HEADS, entry.rows as usize)?;
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
        let Some(zones) = zones else {
            return Err(file.damaged("a zone cannot be read"));
        };
        let types = read_list(file.bytes(file.section(TYPES)?)?);
        let categories = read_list(file.bytes(file.section(CATEGORIES)?)?);
        let findings = StoredFinding::from_bytes(file.bytes(file.section(FINDINGS)?)?);
        let (Some(types), Some(categories), Some(findings)) = (types, categories, findings) else {
            return Err(file.damaged("a list of names cannot be read"));
        };
        let streams = file.section(STREAMS)?;
        if zones.len() != columns.block_count() || streams.len() != entry.streams as usize * STREAM_BYTES {
            return Err(file.damaged("its sections do not fit together"));
        }
        let stream_ids = file.section(STREAM_IDS)?;
        Ok(Segment {
            file,
            rows: entry.rows,
            first_event,
            first_stream,
            stream_count: entry.streams,
            last_position: entry.last_position,
            columns,
            zones,
            stream_ids,
            streams,
            types,
            categories,
            findings,
        })
    }

    pub(super) fn block_count(&self) -> usize {
        self.columns.block_count()
    }

    pub(super) fn block_rows(&self, block: usize) -> usize {
        self.columns.block_rows(block)
    }

    /// One value; `row` counts from the start of the segment.
    #[inline]
    pub(super) fn value(&self, column: Column, row: u32) -> Result<i64, IndexError> {
        self.row([column], row).map(|[value]| value)
    }

    /// The values of one row in some of the columns.
    #[inline]
    fn row<const M: usize>(&self, columns: [Column; M], row: u32) -> Result<[i64; M], IndexError> {
        let places = columns.map(|column| column as usize);
        let mut values = self.columns.row(&self.file, places, row as usize)?;
        for (value, column) in values.iter_mut().zip(columns) {
            if column == Column::Position {
                *value = value.wrapping_add(row_in_block(row as usize));
            }
        }
        Ok(values)
    }

    /// How many events, by a column that ascends over the whole index, are below `value`.
    fn rows_before(&self, column: Column, value: i64) -> Result<u32, IndexError> {
        // Of the blocks that start below it, all but the last lie below it as a whole.
        let Some(block) = self.columns.blocks_before(column as usize, value).checked_sub(1) else {
            return Ok(0);
        };
        let start = block * BLOCK_ROWS;
        let rows = if column == Column::Position {
            // What is stored is less the row, and so need not ascend strictly: halve.
            let (mut low, mut high) = (0, self.block_rows(block));
            while low < high {
                let middle = (low + high) / 2;
                if self.value(column, (start + middle) as u32)? < value {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            low
        } else {
            self.columns.rows_before(&self.file, column as usize, block, value)?
        };
        Ok((start + rows) as u32) // inside the segment
    }

    /// The last value of a column that ascends over the whole index.
    fn last_value(&self, column: Column) -> i64 {
        match column {
            Column::Position => self.last_position,
            // No other column is searched but times.
            _ => self.zones.last().map_or(i64::MIN, |zone| zone.last),
        }
    }

    /// Replaces `values` by those of a block.
    pub(super) fn read_block(&self, column: Column, block: usize, values: &mut Vec<i64>) -> Result<(), IndexError> {
        self.columns.read_block(&self.file, column as usize, block, values)?;
        if column == Column::Position {
            values
                .iter_mut()
                .zip(0..)
                .for_each(|(value, row)| *value = value.wrapping_add(row_in_block(row)));
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
    fn stream_range(&self, local: u32) -> Result<(Range<usize>, u32), IndexError> {
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

    /// Where each id ends in [`Segment::all_ids`].
    pub(super) fn id_ends(&self) -> Result<IdEnds<'_>, IndexError> {
        Ok(IdEnds(self.file.bytes(self.streams.clone())?))
    }

    /// All ids that first appear here, one after the other.
    pub(super) fn all_ids(&self) -> Result<&[u8], IndexError> {
        self.file.bytes(self.stream_ids.clone())
    }
}

/// Ends of the ids that first appear in a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct IdEnds<'a>(&'a [u8]);

impl IdEnds<'_> {
    pub(super) fn len(&self) -> usize {
        self.0.len() / STREAM_BYTES
    }

    /// `local` must be below the number of ids.
    #[inline]
    pub(super) fn end(&self, local: usize) -> usize {
        u32_at(self.0, local * STREAM_BYTES).unwrap_or(0) as usize
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

    /// The values of an event in some of the columns; `event` must be below the number of events.
    #[inline]
    pub(super) fn row<const M: usize>(&self, columns: [Column; M], event: EventIndex) -> Result<[i64; M], IndexError> {
        let segment = self.segment_of_event(event);
        segment.row(columns, event.0 - segment.first_event)
    }

    #[inline]
    pub(super) fn segment_of_event(&self, event: EventIndex) -> &Segment {
        let behind = self.first_events.partition_point(|first| *first <= event.0);
        &self.list[behind.saturating_sub(1)] // the first segment starts at 0
    }

    /// How many events, by a column that ascends over the whole index, are below `value`.
    pub(super) fn events_before(&self, column: Column, value: i64) -> Result<u32, IndexError> {
        let before = self.list.partition_point(|segment| segment.last_value(column) < value);
        match self.list.get(before) {
            Some(segment) => Ok(segment.first_event + segment.rows_before(column, value)?),
            None => Ok(self.event_count()),
        }
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

fn read_list(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    while !bytes.is_empty() {
        let len = u32_at(bytes, 0)? as usize;
        names.push(bytes.get(4..4 + len)?.to_vec());
        bytes = &bytes[4 + len..];
    }
    Some(names)
}
