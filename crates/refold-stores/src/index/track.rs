//! The skeleton of one stream out of the columns.

use refold_core::event::{EventIndex, Position, StreamOrdinal, TypeOrdinal, Version};
use refold_core::names::Names;
use refold_core::time::Timestamp;
use refold_core::track::StreamTrack;
use refold_core::work::Work;

use super::Index;
use super::error::IndexError;
use super::packed::BLOCK_ROWS;
use super::segment::{Column, Segment};

/// From so many events of a stream in one block it is cheaper to decode the block than to look each of them up.
const DENSE_ROWS: usize = if cfg!(test) { 3 } else { 96 };

impl Index {
    /// All events of a stream without payloads, in fold order. The index's types are interned in `names`. `stream` must
    /// be below [`Index::stream_count`].
    pub fn track(&self, work: &Work<'_>, stream: StreamOrdinal, names: &mut Names) -> Result<StreamTrack, IndexError> {
        let types = self.intern_types(names);
        let events = self.events_of(stream)?;
        let mut reader = BlockReader::default();
        let mut track = StreamTrack::default();
        let mut rest = events.as_slice();
        while let Some(first) = rest.first() {
            work.check()?;
            let segment = self.segments.segment_of_event(*first);
            let first_row = first.0 - segment.first_event;
            let block = first_row as usize / BLOCK_ROWS;
            let start = segment.first_event + (block * BLOCK_ROWS) as u32; // inside the segment
            let in_block = start..start + segment.block_rows(block) as u32; // at most a block
            let run = rest.iter().take_while(|event| in_block.contains(&event.0)).count();
            let (now, later) = rest.split_at(run);
            reader.read(segment, block, now, in_block.start)?;
            track.versions.extend(reader.versions.iter().copied().map(Version));
            track.positions.extend(reader.positions.iter().copied().map(Position));
            track.recorded_at.extend(reader.times.iter().copied().map(Timestamp));
            let ordinals = reader
                .types
                .iter()
                .map(|of| types.get(*of as usize).copied().unwrap_or(TypeOrdinal(0)));
            track.types.extend(ordinals); // every ordinal of the index has a type
            rest = later;
        }
        Ok(track)
    }
}

/// The columns of some events of one block.
#[derive(Default)]
struct BlockReader {
    versions: Vec<i64>,
    positions: Vec<i64>,
    types: Vec<i64>,
    times: Vec<i64>,
    whole: Vec<i64>,
}

impl BlockReader {
    fn read(&mut self, segment: &Segment, block: usize, events: &[EventIndex], start: u32) -> Result<(), IndexError> {
        let columns = [
            (Column::Version, &mut self.versions),
            (Column::Position, &mut self.positions),
            (Column::Type, &mut self.types),
            (Column::RecordedAt, &mut self.times),
        ];
        for (column, values) in columns {
            values.clear();
            if events.len() >= DENSE_ROWS {
                segment.read_block(column, block, &mut self.whole)?;
                values.extend(events.iter().map(|event| self.whole[(event.0 - start) as usize])); // all in the block
            } else {
                for event in events {
                    values.push(segment.value(column, event.0 - segment.first_event)?);
                }
            }
        }
        Ok(())
    }
}
