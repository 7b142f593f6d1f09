//! The events of a range counted by what the index knows of them, and a sample of them and of the rest. It must not know
//! what the counts are compared for.

use std::ops::Range;

use refold_core::event::{EventIndex, Position};
use refold_core::work::{Phase, Work};

use super::Index;
use super::error::IndexError;
use super::packed::BLOCK_ROWS;
use super::query::DensityAxis;
use super::segment::{Column, Segment};

const COUNTING: Phase = Phase::CountingEvents;
const CHOOSING: Phase = Phase::ChoosingEvents;
const NANOS_PER_HOUR: i64 = 3_600_000_000_000;
const NO_TIME: i64 = i64::MIN;

/// How many events a range holds, exactly. By ordinal of the index, except for the hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    pub events: u32,
    /// Events of the range by type.
    pub types: Vec<u32>,
    /// Events of the range by stream.
    pub streams: Vec<u32>,
    /// Name, events of the range and of the store of each category, in the order in which they first appear.
    pub categories: Vec<(Vec<u8>, u32, u32)>,
    /// Events of the range and of the store by the hour of the day (UTC) in which they were recorded.
    pub hours: [(u32, u32); 24],
}

/// Positions at even distances, of the range and of what is outside of it, each ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RangeSample {
    pub inside: Vec<Position>,
    pub outside: Vec<Position>,
}

impl Index {
    /// Counts the events in `window.start <= x < window.end` on `axis`. Events without a time are in no window of time.
    pub fn tally(&self, work: &Work<'_>, axis: DensityAxis, window: &Range<i64>) -> Result<Tally, IndexError> {
        let mut tally = Tally {
            events: 0,
            types: vec![0; self.type_names.len()],
            streams: vec![0; self.stream_count() as usize],
            categories: self.category_names.iter().map(|name| (name.clone(), 0, 0)).collect(),
            hours: [(0, 0); 24],
        };
        let (mut types, mut streams) = (Vec::new(), Vec::new());
        self.each_block(work, COUNTING, axis, window, &mut |block| {
            for (time, is_inside) in block.times.iter().zip(block.is_inside) {
                if *time != NO_TIME {
                    let (inside, all) = &mut tally.hours[hour_of(*time)];
                    *inside += u32::from(*is_inside);
                    *all += 1;
                }
            }
            if !block.is_inside.contains(&true) {
                return Ok(());
            }
            block.segment.read_block(Column::Type, block.number, &mut types)?;
            block.segment.read_block(Column::Stream, block.number, &mut streams)?;
            let rows = types.iter().zip(&streams).zip(block.is_inside);
            for ((event_type, stream), _) in rows.filter(|(_, is_inside)| **is_inside) {
                tally.events += 1;
                // Only ordinals that the index names are written, and the checksums say that they still are.
                tally.types[*event_type as usize] += 1;
                tally.streams[*stream as usize] += 1;
            }
            Ok(())
        })?;
        for (stream, inside) in (0..).zip(&tally.streams) {
            let record = self.records.record(stream)?;
            if let Some((_, events, all)) = tally.categories.get_mut(record.category as usize) {
                *events += inside;
                *all += record.events;
            }
        }
        Ok(tally)
    }

    /// Of each type, by ordinal: how many events the streams of the categories that count have, and the first of
    /// them in the order of the store.
    pub fn tally_types(
        &self,
        work: &Work<'_>,
        is_counted: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<(u32, Option<EventIndex>)>, IndexError> {
        let counted: Vec<bool> = self.category_names.iter().map(|name| is_counted(name)).collect();
        let is_of = |stream: u32| -> Result<bool, IndexError> {
            let record = self.records.record(stream)?;
            Ok(counted.get(record.category as usize).copied().unwrap_or_default())
        };
        let wanted = (0..self.stream_count()).map(is_of).collect::<Result<Vec<bool>, _>>()?;
        let mut tally = vec![(0, None); self.type_names.len()];
        let (mut types, mut streams) = (Vec::new(), Vec::new());
        self.each_block(work, COUNTING, DensityAxis::Position, &(0..0), &mut |block| {
            block.segment.read_block(Column::Type, block.number, &mut types)?;
            block.segment.read_block(Column::Stream, block.number, &mut streams)?;
            for (event, (event_type, stream)) in (block.first_event..).zip(types.iter().zip(&streams)) {
                // As in `tally`: only ordinals that the index names.
                if wanted[*stream as usize] {
                    let (events, first) = &mut tally[*event_type as usize];
                    *events += 1;
                    first.get_or_insert(EventIndex(event));
                }
            }
            Ok(())
        })?;
        Ok(tally)
    }

    /// Every so many events one, so that about `most` come from inside of the window and as many from outside; all of
    /// them, where they are no more. `events`: how many are inside.
    pub fn sample(
        &self,
        work: &Work<'_>,
        axis: DensityAxis,
        window: &Range<i64>,
        events: u32,
        most: u32,
    ) -> Result<RangeSample, IndexError> {
        let distance = |count: u32| count.div_ceil(most.max(1)).max(1);
        let distances = [distance(self.event_count().saturating_sub(events)), distance(events)];
        let mut seen = [0_u32; 2];
        let mut chosen: [Vec<EventIndex>; 2] = Default::default();
        self.each_block(work, CHOOSING, axis, window, &mut |block| {
            for (event, is_inside) in (block.first_event..).zip(block.is_inside) {
                let side = usize::from(*is_inside);
                if seen[side].is_multiple_of(distances[side]) {
                    chosen[side].push(EventIndex(event));
                }
                seen[side] += 1;
            }
            Ok(())
        })?;
        let positions = |events: &[EventIndex]| {
            let positions = events
                .iter()
                .map(|event| self.value(Column::Position, *event).map(Position));
            positions.collect::<Result<Vec<_>, IndexError>>()
        };
        let [outside, inside] = &chosen;
        Ok(RangeSample {
            inside: positions(inside)?,
            outside: positions(outside)?,
        })
    }

    fn each_block(
        &self,
        work: &Work<'_>,
        phase: Phase,
        axis: DensityAxis,
        window: &Range<i64>,
        visit: &mut dyn FnMut(&Block<'_>) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        let event = |place| self.event_at_or_after(Position(place));
        let events = match axis {
            DensityAxis::Position => Some(event(window.start)?.0..event(window.end)?.0),
            DensityAxis::RecordedAt => None,
        };
        let (mut times, mut is_inside) = (Vec::new(), Vec::new());
        for segment in self.segments.list() {
            let total = Some(u64::from(self.event_count()));
            work.tick(phase, u64::from(segment.first_event), total)?;
            for number in 0..segment.block_count() {
                segment.read_block(Column::RecordedAt, number, &mut times)?;
                let first_event = segment.first_event + (number * BLOCK_ROWS) as u32; // inside the segment
                is_inside.clear();
                match &events {
                    Some(events) => is_inside.extend((first_event..).zip(&times).map(|(at, _)| events.contains(&at))),
                    None => is_inside.extend(times.iter().map(|time| *time != NO_TIME && window.contains(time))),
                }
                visit(&Block {
                    segment,
                    number,
                    first_event,
                    times: &times,
                    is_inside: &is_inside,
                })?;
            }
            work.check()?;
        }
        Ok(())
    }
}

/// One block of rows. `times` and `is_inside` have an entry for each of its rows.
struct Block<'a> {
    segment: &'a Segment,
    number: usize,
    first_event: u32,
    times: &'a [i64],
    is_inside: &'a [bool],
}

/// The hour of the day, 0 to 23.
fn hour_of(nanos: i64) -> usize {
    nanos.div_euclid(NANOS_PER_HOUR).rem_euclid(24) as usize // below 24
}
