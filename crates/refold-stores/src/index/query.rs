//! What an opened index answers about events, types and density.

use std::ops::Range;

use refold_core::event::{EventIndex, Position, StreamOrdinal, TypeOrdinal, Version};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Fingerprint, PositionRange};
use refold_core::time::Timestamp;
use refold_core::work::Work;

use super::Index;
use super::density::{Density, column_start};
use super::error::IndexError;
use super::manifest::StoredFinding;
use super::segment::Column;

/// What the index knows of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventSkeleton {
    pub position: Position,
    pub stream: StreamOrdinal,
    pub version: Version,
    pub event_type: TypeOrdinal,
    pub recorded_at: Timestamp,
}

/// One stream as a list shows it. Times and type are of the first and last event in version order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamEntry<'a> {
    pub id: &'a [u8],
    pub category: &'a [u8],
    pub events: u32,
    pub first_recorded_at: Timestamp,
    pub last_recorded_at: Timestamp,
    pub last_type: TypeOrdinal,
}

/// What a density is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DensityAxis {
    /// Recorded time in nanoseconds. Events without a time are in no column.
    RecordedAt,
    Position,
}

/// Events that are near each other: about as many as are folded together.
const OPEN_CHUNK_EVENTS: usize = if cfg!(test) { 4 } else { 8_192 };
/// Streams between two looks whether it is cancelled.
const OPEN_CHECK_STREAMS: u32 = 1 << 16;

impl Index {
    pub fn event_count(&self) -> u32 {
        self.segments.event_count()
    }

    /// Whether all of its events were found in the store when it was last added to. Else only the last of them were, and
    /// the others may have been changed or taken away since they were read.
    pub fn is_compared(&self) -> bool {
        self.manifest.is_compared
    }

    /// Whether it is of the store in this state, all of it compared or only its end.
    pub fn is_of(&self, fingerprint: &Fingerprint) -> bool {
        self.manifest.change_token == fingerprint.change_token
    }

    pub fn stream_count(&self) -> u32 {
        self.segments.stream_count()
    }

    /// The newest event that the index holds.
    pub fn last_position(&self) -> Option<Position> {
        self.segments.last_position().map(Position)
    }

    /// Name and number of events of each type, by ordinal.
    pub fn types(&self) -> impl ExactSizeIterator<Item = (&[u8], u32)> {
        self.type_names
            .iter()
            .map(Vec::as_slice)
            .zip(self.type_events.iter().copied())
    }

    pub fn type_name(&self, event_type: TypeOrdinal) -> &[u8] {
        self.type_names.get(event_type.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// Name and number of streams of each category, in the order in which they first appear.
    pub fn categories(&self) -> Result<Vec<(&[u8], u32)>, IndexError> {
        let names = self.category_names.iter().zip(0..);
        names
            .map(|(name, category)| Ok((name.as_slice(), self.orders.category_streams(category)?)))
            .collect()
    }

    /// Earliest and latest recorded time; `None` when no event has one.
    pub fn time_span(&self) -> Option<(Timestamp, Timestamp)> {
        let zones = || {
            self.segments
                .list()
                .iter()
                .flat_map(|segment| &segment.zones)
                .filter(|z| z.first <= z.last)
        };
        let first = zones().map(|zone| zone.first).min()?;
        let last = zones().map(|zone| zone.last).max()?;
        Some((Timestamp(first), Timestamp(last)))
    }

    /// First and last position; `None` for a store without events.
    pub fn position_span(&self) -> Result<Option<(Position, Position)>, IndexError> {
        let Some(last) = self.last_position() else {
            return Ok(None);
        };
        let first = self.segments.value(Column::Position, EventIndex(0))?;
        Ok(Some((Position(first), last)))
    }

    /// How many events carry no recorded time.
    pub fn untimed_events(&self) -> u32 {
        let timed = self.by_time.as_ref().map(|(times, _)| times.len as u32); // events are numbered with 32 bits
        timed.map_or(0, |timed| self.event_count().saturating_sub(timed))
    }

    /// Reports to `findings` what was found while the index was built: by the adapter and by the checks of the index.
    pub fn report_findings(&self, findings: &Findings) {
        let derived = self.manifest.derived.iter();
        derived.for_each(|derived| StoredFinding::report_all(&derived.findings, findings));
    }

    /// One event. `event` must be below [`Index::event_count`].
    pub fn event(&self, event: EventIndex) -> Result<EventSkeleton, IndexError> {
        let columns = [
            Column::Position,
            Column::Stream,
            Column::Version,
            Column::Type,
            Column::RecordedAt,
        ];
        let [position, stream, version, event_type, recorded_at] = self.segments.row(columns, event)?;
        Ok(EventSkeleton {
            position: Position(position),
            stream: StreamOrdinal(stream as u32), // ordinals were written from 32 bits
            version: Version(version),
            event_type: TypeOrdinal(event_type as u32),
            recorded_at: Timestamp(recorded_at),
        })
    }

    /// The first event at or behind a position: [`Index::event_count`] when there is none.
    pub fn event_at_or_after(&self, position: Position) -> Result<EventIndex, IndexError> {
        self.segments
            .events_before(Column::Position, position.0)
            .map(EventIndex)
    }

    #[inline]
    pub(super) fn value(&self, column: Column, event: EventIndex) -> Result<i64, IndexError> {
        self.segments.value(column, event)
    }

    pub fn find_stream(&self, id: &[u8]) -> Result<Option<StreamOrdinal>, IndexError> {
        for candidate in self.records.candidates(xxhash_rust::xxh3::xxh3_64(id)) {
            let candidate = candidate?;
            if candidate < self.stream_count() && self.segments.stream(candidate)?.0 == id {
                return Ok(Some(StreamOrdinal(candidate)));
            }
        }
        Ok(None)
    }

    /// One stream. `stream` must be below [`Index::stream_count`].
    pub fn stream(&self, stream: StreamOrdinal) -> Result<StreamEntry<'_>, IndexError> {
        let record = self.records.record(stream.0)?;
        let (id, category) = self.segments.stream(stream.0)?;
        Ok(StreamEntry {
            id,
            category: self.category_names.get(category as usize).map_or(&[], Vec::as_slice),
            events: record.events,
            first_recorded_at: Timestamp(record.first_recorded_at),
            last_recorded_at: Timestamp(record.last_recorded_at),
            last_type: TypeOrdinal(record.last_type),
        })
    }

    /// The events of a stream in version order, position order among equals.
    pub fn events_of(&self, stream: StreamOrdinal) -> Result<Vec<EventIndex>, IndexError> {
        Ok(self.records.events(&self.records.record(stream.0)?)?.collect())
    }

    /// Ranges of position `(after, up_to]`, in order and without gap, that hold so many events each and all together.
    pub fn ranges_of(&self, events: u32) -> Result<Vec<PositionRange>, IndexError> {
        let (count, mut ranges, mut after) = (self.event_count(), Vec::new(), None);
        let mut end = 0;
        while end < count {
            end = end.saturating_add(events.max(1)).min(count);
            let last = Some(self.event(EventIndex(end - 1))?.position);
            ranges.push((after, last));
            after = last;
        }
        Ok(ranges)
    }

    /// The most streams that have had an event and have another to come, at any place of the order of the store; of events
    /// that are near each other those are counted together. All that is kept of a stream is looked at: whoever relies on it
    /// next comes upon no damage.
    pub fn most_open_streams(&self, work: &Work<'_>) -> Result<u32, IndexError> {
        let chunks = self.event_count() as usize / OPEN_CHUNK_EVENTS + 2;
        // By chunk: streams that begin in it, less those that ended in the one before.
        let mut changes = vec![0_i64; chunks];
        for stream in 0..self.stream_count() {
            if stream % OPEN_CHECK_STREAMS == 0 {
                work.check()?;
            }
            self.find_stream(self.segments.stream(stream)?.0)?;
            let events = self.records.events(&self.records.record(stream)?)?;
            let span = events.fold(None, |span: Option<(u32, u32)>, EventIndex(event)| {
                let (first, last) = span.unwrap_or((event, event));
                Some((first.min(event), last.max(event)))
            });
            if let Some((first, last)) = span {
                for (event, later, change) in [(first, 0, 1), (last, 1, -1)] {
                    // A damaged record may name any event.
                    let chunk = changes.get_mut(event as usize / OPEN_CHUNK_EVENTS + later);
                    chunk.into_iter().for_each(|open| *open += change);
                }
            }
        }
        let open = changes.into_iter().scan(0, |open, change| {
            *open += change;
            Some(*open)
        });
        Ok(u32::try_from(open.max().unwrap_or_default()).unwrap_or(u32::MAX))
    }

    /// The ordinals of the index's types in `names`, in which they are interned.
    pub fn intern_types(&self, names: &mut Names) -> Vec<TypeOrdinal> {
        self.type_names.iter().map(|name| names.intern_type(name)).collect()
    }

    /// How many events of each type lie in each of `columns` equal parts of `window`. The sum over all columns is the
    /// number of events in `window.start <= x < window.end`, whatever the window is.
    pub fn density(&self, axis: DensityAxis, window: Range<i64>, columns: u32) -> Result<Density, IndexError> {
        let starts = (0..=columns).map(|column| column_start(&window, columns, column));
        match axis {
            DensityAxis::RecordedAt => match &self.by_time {
                Some((times, table)) => {
                    let ends = starts.map(|start| times.before(start));
                    self.slot_map.density(columns, table.counts_before(ends))
                }
                None => {
                    let before = |start| self.segments.events_before(Column::RecordedAt, start);
                    let ends = starts.map(|start| before(start).map(|events| events as usize));
                    self.slot_map.density(columns, self.by_position.counts_before(ends))
                }
            },
            DensityAxis::Position => {
                let ends = starts.map(|start| Ok(self.event_at_or_after(Position(start))?.0 as usize));
                self.slot_map.density(columns, self.by_position.counts_before(ends))
            }
        }
    }
}
