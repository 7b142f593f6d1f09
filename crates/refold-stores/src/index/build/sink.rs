//! Turns chunks, in the order of their positions, into segments, and writes the manifest after each.

use refold_core::event::Position;

use super::BuildOptions;
use crate::index::chunk::Chunk;
use crate::index::error::IndexError;
use crate::index::folder::Folder;
use crate::index::manifest::{Manifest, StoredFinding};
use crate::index::segment::{Column, Rows, SegmentWriter, Segments};
use crate::index::table::NameTable;

/// Ids that a segment brings, at most, before it is finished early.
const SEGMENT_ID_BYTES: usize = 1 << 28;

/// Turns chunks, in order, into segments.
pub(super) struct Sink<'a> {
    folder: &'a Folder,
    manifest: Manifest,
    segment_rows: u32,
    segments: Segments,
    table: NameTable,
    writer: Option<SegmentWriter>,
    /// Findings that go into the segment that is being written.
    findings: Vec<StoredFinding>,
    /// For each worker, its ordinals as ordinals of the index.
    ordinals: Vec<Ordinals>,
    rows: Rows,
    last_position: Option<i64>,
}

#[derive(Debug, Default)]
struct Ordinals {
    streams: Vec<u32>,
    types: Vec<u32>,
}

impl<'a> Sink<'a> {
    pub(super) fn new(folder: &'a Folder, manifest: Manifest, options: &BuildOptions) -> Result<Sink<'a>, IndexError> {
        let segments = Segments::open(folder, &manifest.segments)?;
        Ok(Sink {
            folder,
            table: NameTable::of(&segments)?,
            last_position: segments.last_position(),
            segments,
            manifest,
            segment_rows: options.segment_rows,
            writer: None,
            findings: Vec::new(),
            ordinals: (0..options.threads.max(1)).map(|_| Ordinals::default()).collect(),
            rows: Rows::default(),
        })
    }

    pub(super) fn event_count(&self) -> u32 {
        self.segments.event_count() + self.writer.as_ref().map_or(0, SegmentWriter::rows)
    }

    /// Takes the last segment apart if it is small, so that a store that grows often has not many small ones. Its
    /// file stays until the manifest no longer names it.
    pub(super) fn reopen_tail(&mut self) -> Result<(), IndexError> {
        let Some(last) = self.manifest.segments.last() else {
            return Ok(());
        };
        if last.rows >= self.segment_rows / 2 {
            return Ok(());
        }
        let before = &self.manifest.segments[..self.manifest.segments.len() - 1];
        let shortened = Segments::open(self.folder, before)?;
        let all = std::mem::replace(&mut self.segments, shortened);
        self.table = NameTable::of(&self.segments)?;
        self.manifest.segments.pop();
        let Some(tail) = all.list().last() else { return Ok(()) };
        for local in 0..tail.stream_count {
            let (id, category) = tail.stream(local)?;
            let category = all
                .list()
                .iter()
                .flat_map(|segment| &segment.categories)
                .nth(category as usize);
            self.table
                .intern_stream(&self.segments, id, category.map_or(&[], |name| name))?;
        }
        for name in &tail.types {
            self.table.intern_type(name);
        }
        self.findings.clone_from(&tail.findings);
        let mut values = Vec::new();
        for block in 0..tail.block_count() {
            let columns = [
                Column::Stream,
                Column::Version,
                Column::Type,
                Column::RecordedAt,
                Column::Position,
            ];
            for column in columns {
                tail.read_block(column, block, &mut values)?;
                self.rows.columns[column as usize].clone_from(&values);
            }
            self.push_rows()?;
        }
        Ok(())
    }

    pub(super) fn write(&mut self, chunk: &Chunk) -> Result<(), IndexError> {
        let rows = chunk.events.len() as u32; // a chunk is far smaller than 2^32
        let is_full = self.writer.as_ref().is_some_and(|writer| {
            writer.rows() + rows > self.segment_rows || self.table.fresh_id_bytes() > SEGMENT_ID_BYTES
        });
        if is_full {
            self.finish_segment()?;
        }
        if self
            .event_count()
            .checked_add(rows)
            .is_none_or(|events| events == u32::MAX)
        {
            return Err(IndexError::TooLarge { what: "events" });
        }
        let ordinals = &mut self.ordinals[chunk.worker];
        if chunk.starts_names {
            ordinals.streams.clear();
            ordinals.types.clear();
        }
        for (id, category) in chunk.streams.iter().zip(chunk.categories.iter()) {
            ordinals
                .streams
                .push(self.table.intern_stream(&self.segments, id, category)?);
        }
        ordinals
            .types
            .extend(chunk.types.iter().map(|name| self.table.intern_type(name)));
        let events = &chunk.events;
        self.rows.clear();
        for row in 0..events.len() {
            let position = events.positions[row].0;
            if self.last_position.is_some_and(|last| last >= position) {
                return Err(IndexError::Unordered {
                    position: Position(position),
                });
            }
            self.last_position = Some(position);
            // The worker's names brought every ordinal that its rows use.
            let stream = ordinals.streams[events.streams[row].0 as usize];
            let event_type = ordinals.types[events.types[row].0 as usize];
            self.rows.push(
                stream,
                events.versions[row].0,
                event_type,
                events.recorded_at[row].0,
                position,
            );
        }
        StoredFinding::merge(&mut self.findings, chunk.findings.clone());
        self.push_rows()
    }

    fn push_rows(&mut self) -> Result<(), IndexError> {
        if self.rows.len() == 0 {
            return Ok(());
        }
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.create_writer()?,
        };
        writer.push(&self.rows)?;
        self.writer = Some(writer);
        Ok(())
    }

    fn create_writer(&self) -> Result<SegmentWriter, IndexError> {
        let name = format!("segment-{}-{}", self.manifest.generation, self.manifest.segments.len());
        SegmentWriter::create(self.folder, &name)
    }

    fn finish_segment(&mut self) -> Result<(), IndexError> {
        let Some(writer) = self.writer.take() else {
            return Ok(());
        };
        let findings = std::mem::take(&mut self.findings);
        let entry = writer.finish(&self.table.take_fresh(), &findings)?;
        self.segments.push(self.folder, &entry)?;
        self.manifest.segments.push(entry);
        self.manifest.write(self.folder)
    }

    /// Also returns what was found behind the last event: it belongs to no segment, and is found again by whoever
    /// reads on from there.
    pub(super) fn finish(mut self) -> Result<(Manifest, Segments, NameTable, Vec<StoredFinding>), IndexError> {
        self.finish_segment()?;
        Ok((self.manifest, self.segments, self.table, self.findings))
    }
}
