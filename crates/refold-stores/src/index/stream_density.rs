//! The density of one stream: any window in a time that does not depend on how long the stream is.

use std::ops::Range;

use refold_core::track::StreamTrack;

use super::density::{CountTable, Density, SlotMap, column_start};
use super::error::IndexError;

/// What a stream's density is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamAxis {
    /// The moment after an event: 1 is the first event, and the head is the last.
    Moment,
    /// Recorded time in nanoseconds. Events without a time are in no column.
    RecordedAt,
    Position,
}

/// Made once of a track; costs five to seventeen bytes an event.
#[derive(Debug)]
pub struct StreamDensity {
    slot_map: SlotMap,
    by_moment: CountTable,
    by_time: Sorted,
    by_position: Sorted,
}

/// Events in the order of a column.
#[derive(Debug)]
struct Sorted {
    values: Vec<i64>,
    table: CountTable,
}

impl StreamDensity {
    pub fn new(track: &StreamTrack) -> StreamDensity {
        let mut type_events: Vec<u32> = Vec::new();
        for event_type in &track.types {
            let ordinal = event_type.0 as usize;
            if type_events.len() <= ordinal {
                type_events.resize(ordinal + 1, 0);
            }
            type_events[ordinal] += 1;
        }
        let slot_map = SlotMap::of(&type_events);
        let slots: Vec<u8> = track.types.iter().map(|of| slot_map.slot(i64::from(of.0))).collect();
        let times = track.recorded_at.iter().map(|time| (!time.is_none()).then_some(time.0));
        let by_time = Sorted::of(times, &slots, slot_map.slots());
        let by_position = Sorted::of(track.positions.iter().map(|of| Some(of.0)), &slots, slot_map.slots());
        let by_moment = CountTable::in_memory(slots, slot_map.slots());
        StreamDensity {
            slot_map,
            by_moment,
            by_time,
            by_position,
        }
    }

    /// How many events of each type lie in each of `columns` equal parts of `window`; see [`super::Index::density`].
    pub fn density(&self, axis: StreamAxis, window: Range<i64>, columns: u32) -> Result<Density, IndexError> {
        let starts = (0..=columns).map(|column| column_start(&window, columns, column));
        match axis {
            StreamAxis::Moment => {
                let events = self.by_moment.len();
                // The moment n is that of the event with n - 1 before it.
                let ends = starts.map(|start| Ok(usize::try_from(start.saturating_sub(1)).unwrap_or(0).min(events)));
                self.slot_map.density(columns, self.by_moment.counts_before(ends))
            }
            StreamAxis::RecordedAt => self.by_time.density(&self.slot_map, starts, columns),
            StreamAxis::Position => self.by_position.density(&self.slot_map, starts, columns),
        }
    }
}

impl Sorted {
    fn of(values: impl Iterator<Item = Option<i64>>, slots: &[u8], slot_count: usize) -> Sorted {
        let mut rows: Vec<(i64, u8)> = values
            .zip(slots)
            .filter_map(|(value, slot)| Some((value?, *slot)))
            .collect();
        if !rows.is_sorted_by_key(|(value, _)| *value) {
            rows.sort_unstable();
        }
        let table = CountTable::in_memory(rows.iter().map(|(_, slot)| *slot).collect(), slot_count);
        Sorted {
            values: rows.into_iter().map(|(value, _)| value).collect(),
            table,
        }
    }

    fn density(
        &self,
        slot_map: &SlotMap,
        starts: impl Iterator<Item = i64>,
        columns: u32,
    ) -> Result<Density, IndexError> {
        let ends = starts.map(|start| Ok(self.values.partition_point(|value| *value < start)));
        slot_map.density(columns, self.table.counts_before(ends))
    }
}
