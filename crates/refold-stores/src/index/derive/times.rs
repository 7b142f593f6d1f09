//! All recorded times in order, with the slot of each event's kind: what the density over time is counted on.
//!
//! Times are sorted in parts, so that the memory for it is bounded. Parts are cut at quantiles of a sample; a time that
//! fills a part alone needs no sorting and is never gathered.

use std::ops::Range;

use refold_core::event::EventIndex;
use refold_core::finding::Findings;
use refold_core::time::Timestamp;
use refold_core::work::Work;

use super::density_file::{TIME_CODES, TIME_COUNTS, TIME_HEADS, TIME_SLOTS};
use crate::index::checked::{CheckedWriter, FileStamp};
use crate::index::checks::{self, Checked};
use crate::index::columns::ColumnsWriter;
use crate::index::density::{CountTableWriter, SlotMap};
use crate::index::error::IndexError;
use crate::index::packed::{ABSENT, BLOCK_ROWS};
use crate::index::segment::{Column, Segments};

/// Events of a part, about. Few in tests, so that a small store has many parts.
const PART_EVENTS: usize = if cfg!(test) { 8 } else { 1 << 22 };
/// Of so many events one is in the sample.
const SAMPLE: usize = if cfg!(test) { 2 } else { 256 };

/// Writes the slots in the order of times to one file and the times to another. Events without a time are in neither.
pub(super) fn write(
    work: &Work<'_>,
    slots_writer: &mut CheckedWriter,
    mut times_writer: CheckedWriter,
    segments: &Segments,
    slot_map: &SlotMap,
) -> Result<FileStamp, IndexError> {
    let survey = Survey::of(work, segments)?;
    slots_writer.begin(TIME_SLOTS)?;
    let mut table = CountTableWriter::new(survey.timed_events, slot_map.slots());
    times_writer.begin(TIME_CODES)?;
    let mut times = ColumnsWriter::<1>::new();
    let (mut slots, mut instants) = (Vec::new(), Vec::new());
    let emit = |rows: &[(i64, u8)]| {
        slots.clear();
        slots.extend(rows.iter().map(|(_, slot)| *slot));
        table.push(slots_writer, &slots)?;
        instants.clear();
        instants.extend(rows.iter().map(|(time, _)| *time));
        times.push(&mut times_writer, [&instants])
    };
    let slot = |event_type| slot_map.slot(event_type);
    survey.in_order(work, segments, (Column::Type, &slot), emit)?;
    table.finish(slots_writer, TIME_COUNTS)?;
    times.finish(&mut times_writer, TIME_HEADS)?;
    times_writer.finish()
}

/// Whether every event has a time and none is earlier than one before it.
pub(super) fn ascend(work: &Work<'_>, segments: &Segments) -> Result<bool, IndexError> {
    let mut times = Vec::new();
    let mut latest = ABSENT + 1;
    for segment in segments.list() {
        work.check()?;
        for (block, zone) in segment.zones.iter().enumerate() {
            if zone.first < latest || zone.first > zone.last {
                return Ok(false);
            }
            segment.read_block(Column::RecordedAt, block, &mut times)?;
            if !times.is_sorted() || times.first() == Some(&ABSENT) {
                return Ok(false);
            }
            latest = zone.last;
        }
    }
    Ok(true)
}

/// Reports the times that no event store can have.
pub(super) fn check(
    work: &Work<'_>,
    segments: &Segments,
    now: Timestamp,
    findings: &Findings,
) -> Result<(), IndexError> {
    let mut times = Vec::new();
    for segment in segments.list() {
        work.check()?;
        for (block, zone) in segment.zones.iter().enumerate() {
            let has_times = zone.first <= zone.last;
            if !has_times || !(checks::is_implausible(zone.first, now) || checks::is_implausible(zone.last, now)) {
                continue;
            }
            segment.read_block(Column::RecordedAt, block, &mut times)?;
            let first_event = segment.first_event + (block * BLOCK_ROWS) as u32; // inside the segment
            for (recorded_at, event) in times.iter().zip(first_event..) {
                if checks::is_implausible(*recorded_at, now) {
                    let value = |column| segments.value(column, EventIndex(event));
                    let (id, _) = segments.stream(value(Column::Stream)? as u32)?; // an ordinal
                    let (version, position) = (value(Column::Version)?, value(Column::Position)?);
                    let event = Checked {
                        version,
                        recorded_at: *recorded_at,
                        position,
                    };
                    checks::report_implausible(id, event, now, findings);
                }
            }
        }
    }
    Ok(())
}

/// Where to cut the times into parts.
pub(in crate::index) struct Survey {
    pub(in crate::index) timed_events: usize,
    /// Ascending; the parts lie between two neighbours.
    cuts: Vec<i64>,
}

/// The column of an event's kind, and the slot of a value of it.
type Kind<'a> = (Column, &'a dyn Fn(i64) -> u8);

impl Survey {
    pub(in crate::index) fn of(work: &Work<'_>, segments: &Segments) -> Result<Survey, IndexError> {
        let mut times = Vec::new();
        let mut sample = Vec::new();
        let mut timed_events = 0;
        for segment in segments.list() {
            work.check()?;
            for block in 0..segment.block_count() {
                segment.read_block(Column::RecordedAt, block, &mut times)?;
                timed_events += times.iter().filter(|time| **time != ABSENT).count();
                sample.extend(times.iter().step_by(SAMPLE).filter(|time| **time != ABSENT));
            }
        }
        sample.sort_unstable();
        let mut cuts = vec![ABSENT + 1];
        for part in sample.chunks(PART_EVENTS / SAMPLE).skip(1) {
            if let (Some(first), Some(last)) = (part.first(), part.last()) {
                cuts.push(*first);
                if first == last {
                    cuts.push(first.saturating_add(1));
                }
            }
        }
        cuts.push(i64::MAX);
        // A time that fills several parts of the sample was cut around more than once.
        cuts.sort_unstable();
        cuts.dedup();
        Ok(Survey { timed_events, cuts })
    }

    /// Calls `emit` with time and slot of the events that have a time, all of them in the order of times.
    pub(in crate::index) fn in_order(
        &self,
        work: &Work<'_>,
        segments: &Segments,
        kind: Kind<'_>,
        mut emit: impl FnMut(&[(i64, u8)]) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        let mut part = Vec::new();
        for bounds in self.cuts.windows(2) {
            work.check()?;
            let (from, to) = (bounds[0], bounds[1]); // windows of two
            if from.checked_add(1) == Some(to) {
                for_each_block(segments, kind, from..to, &mut emit)?;
                continue;
            }
            part.clear();
            for_each_block(segments, kind, from..to, |rows| {
                part.extend_from_slice(rows);
                Ok(())
            })?;
            if !part.is_sorted_by_key(|(time, _)| *time) {
                part.sort_unstable();
            }
            emit(&part)?;
        }
        Ok(())
    }
}

/// Calls `emit` with time and slot of the events of each block that lie in a part: `from <= time < to`, and in the last
/// part the very last instant too.
fn for_each_block(
    segments: &Segments,
    (column, slot): Kind<'_>,
    part: Range<i64>,
    mut emit: impl FnMut(&[(i64, u8)]) -> Result<(), IndexError>,
) -> Result<(), IndexError> {
    let is_inside = |time: i64| part.contains(&time) || (time == i64::MAX && part.end == i64::MAX);
    let (mut times, mut kinds, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for segment in segments.list() {
        for (block, zone) in segment.zones.iter().enumerate() {
            let overlaps = zone.first <= zone.last && zone.last >= part.start && zone.first <= part.end;
            if !overlaps {
                continue;
            }
            segment.read_block(Column::RecordedAt, block, &mut times)?;
            segment.read_block(column, block, &mut kinds)?;
            let inside = times
                .iter()
                .zip(&kinds)
                .filter(|(time, _)| **time != ABSENT && is_inside(**time));
            rows.clear();
            rows.extend(inside.map(|(time, kind)| (*time, slot(*kind))));
            emit(&rows)?;
        }
    }
    Ok(())
}
