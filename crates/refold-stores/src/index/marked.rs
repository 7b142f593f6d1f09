//! The events that something was found at, counted by column as the density counts all. Made of the finished index when
//! somebody first asks: of few the places are listed, of many there is a byte for each event of the store.

use std::cell::OnceCell;
use std::ops::Range;

use refold_core::event::{EventIndex, Position};
use refold_core::work::{Phase, Work};

use super::Index;
use super::density::{CountTable, column_start};
use super::derive::times::Survey;
use super::error::IndexError;
use super::manifest::StoredFinding;
use super::packed::ABSENT;
use super::places::Run;
use super::query::DensityAxis;
use super::segment::Column;

const MARKING: Phase = Phase::MarkingEvents;

/// Of more marked events there is a byte for each event of the store. Few in tests, so that a small store has both.
const MOST_LISTED: u64 = if cfg!(test) { 5 } else { 1 << 20 };
/// Places between two looks whether it is cancelled.
const CHECK_PLACES: usize = 1 << 16;

const UNMARKED: u8 = 0;
const MARKED: u8 = 1;
const GRAVE: u8 = 2;
const KINDS: usize = 3;

/// What was found in one column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MarkedColumn {
    /// Events that something was found at, each counted once.
    pub events: u32,
    /// Those of them that something grave was found at.
    pub grave: u32,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Marked {
    by_position: Line,
    /// `None`: times ascend with positions, and a table serves for both.
    by_time: Option<Line>,
}

/// Marked events in the order of an axis.
#[derive(Debug)]
enum Line {
    /// Where each is, and whether it is grave.
    Few(Vec<(i64, bool)>),
    /// Of every event, how it is marked.
    Many(CountTable),
}

impl Index {
    /// How many events that something was found at lie in each of `columns` equal parts of `window`: of all findings, and
    /// not of those alone whose words are kept. What was found where no event is counts at the event behind it. The first
    /// who asks waits for all of them to be looked up, and says for good of which codes a finding is grave.
    pub fn marked(
        &self,
        work: &Work<'_>,
        is_grave: fn(&str) -> bool,
        axis: DensityAxis,
        window: &Range<i64>,
        columns: u32,
    ) -> Result<Vec<MarkedColumn>, IndexError> {
        if self.stored_findings().all(|found| found.places.runs().is_empty()) {
            return Ok(vec![MarkedColumn::default(); columns as usize]);
        }
        let Marked { by_position, by_time } = match self.marked.get() {
            Some(made) => made,
            None => {
                let made = Marked::of(work, self, is_grave)?;
                // Of two who made it at once, one is kept.
                self.marked.get_or_init(|| made)
            }
        };
        let starts = (0..=columns).map(|column| column_start(window, columns, column));
        match (axis, by_time) {
            (DensityAxis::Position, _) => by_position.columns(starts, |start| {
                self.event_at_or_after(Position(start)).map(|event| event.0 as usize)
            }),
            (DensityAxis::RecordedAt, Some(line)) => line.columns(starts, |start| match &self.by_time {
                Some((times, _)) => times.before(start),
                None => self.timed_before(start),
            }),
            (DensityAxis::RecordedAt, None) => by_position.columns(starts, |start| self.timed_before(start)),
        }
    }

    /// Positions that something of this code was found at, behind one; `None`: all of them.
    pub fn places_of(&self, code: &str, after: Option<Position>) -> impl Iterator<Item = Position> + '_ {
        // A code is stored once.
        let found = self.stored_findings().find(|found| found.code == code);
        found.into_iter().flat_map(move |found| found.places.behind(after))
    }

    fn stored_findings(&self) -> impl Iterator<Item = &StoredFinding> {
        self.manifest.derived.iter().flat_map(|derived| &derived.findings)
    }

    fn timed_before(&self, start: i64) -> Result<usize, IndexError> {
        let before = self.segments.events_before(Column::RecordedAt, start)?;
        Ok(before as usize)
    }
}

impl Marked {
    fn of(work: &Work<'_>, index: &Index, is_grave: fn(&str) -> bool) -> Result<Marked, IndexError> {
        let codes: Vec<(&StoredFinding, bool)> = index
            .stored_findings()
            .map(|found| (found, is_grave(&found.code)))
            .collect();
        let places: u64 = codes.iter().map(|(found, _)| found.places.len()).sum();
        match places <= MOST_LISTED {
            true => Marked::few(work, index, &codes),
            false => Marked::many(work, index, &codes),
        }
    }

    fn few(work: &Work<'_>, index: &Index, codes: &[(&StoredFinding, bool)]) -> Result<Marked, IndexError> {
        let mut events: Vec<(u32, bool)> = Vec::new();
        for (found, is_grave) in codes {
            for (run, number) in found.places.runs().iter().zip(0_usize..) {
                if number.is_multiple_of(CHECK_PLACES) {
                    work.check()?;
                }
                events.extend(index.events_in(*run)?.map(|event| (event, *is_grave)));
            }
        }
        events.sort_unstable();
        // Of one event the grave one is the last.
        events.reverse();
        events.dedup_by_key(|(event, _)| *event);
        let (mut by_position, mut by_time) = (Vec::new(), Vec::new());
        for (event, is_grave) in events {
            by_position.push((index.value(Column::Position, EventIndex(event))?, is_grave));
            let time = index.value(Column::RecordedAt, EventIndex(event))?;
            if time != ABSENT {
                by_time.push((time, is_grave));
            }
        }
        by_position.sort_unstable();
        by_time.sort_unstable();
        Ok(Marked {
            by_position: Line::Few(by_position),
            by_time: Some(Line::Few(by_time)),
        })
    }

    fn many(work: &Work<'_>, index: &Index, codes: &[(&StoredFinding, bool)]) -> Result<Marked, IndexError> {
        let mut kinds = vec![UNMARKED; index.event_count() as usize];
        for (found, is_grave) in codes {
            let kind = if *is_grave { GRAVE } else { MARKED };
            for (run, number) in found.places.runs().iter().zip(0_usize..) {
                if number.is_multiple_of(CHECK_PLACES) {
                    work.check()?;
                }
                let events = index.events_in(*run)?;
                let marked = kinds
                    .get_mut(events.start as usize..events.end as usize)
                    .unwrap_or_default();
                marked.iter_mut().for_each(|of| *of = kind.max(*of));
            }
        }
        let by_time = match index.by_time {
            None => None,
            Some(_) => {
                let survey = Survey::of(work, &index.segments)?;
                let mut in_order = Vec::with_capacity(survey.timed_events);
                let failed = OnceCell::new();
                let kind_at = |position: i64| match index.event_at_or_after(Position(position)) {
                    // The position of an event that was read just now.
                    Ok(event) => kinds.get(event.0 as usize).copied().unwrap_or(UNMARKED),
                    Err(error) => {
                        let _ = failed.set(error);
                        UNMARKED
                    }
                };
                survey.in_order(work, &index.segments, (Column::Position, &kind_at), |rows| {
                    work.tick(MARKING, in_order.len() as u64, Some(survey.timed_events as u64))?;
                    in_order.extend(rows.iter().map(|(_, kind)| *kind));
                    Ok(())
                })?;
                if let Some(error) = failed.into_inner() {
                    return Err(error);
                }
                Some(Line::Many(CountTable::in_memory(in_order, KINDS)))
            }
        };
        Ok(Marked {
            by_position: Line::Many(CountTable::in_memory(kinds, KINDS)),
            by_time,
        })
    }
}

impl Index {
    /// The events at the positions of a run; the one behind it, or the last, where none is.
    fn events_in(&self, run: Run) -> Result<Range<u32>, IndexError> {
        let first = self.event_at_or_after(Position(run.first))?.0;
        let end = match run.last.checked_add(1) {
            Some(behind) => self.event_at_or_after(Position(behind))?.0,
            None => self.event_count(),
        };
        if first < end {
            return Ok(first..end);
        }
        let first = first.min(self.event_count().saturating_sub(1));
        Ok(first..(first + 1).min(self.event_count()))
    }
}

impl Line {
    /// `starts`: of each column, and the end of the last. `events_before`: how many events of the axis lie before a place.
    fn columns(
        &self,
        starts: impl Iterator<Item = i64>,
        events_before: impl Fn(i64) -> Result<usize, IndexError>,
    ) -> Result<Vec<MarkedColumn>, IndexError> {
        match self {
            Line::Few(places) => {
                let before = |start: i64| places.partition_point(|(place, _)| *place < start);
                let ends: Vec<usize> = starts.map(before).collect();
                let column = |pair: &[usize]| {
                    let [from, to] = pair else {
                        return MarkedColumn::default();
                    };
                    let own = places.get(*from..*to).unwrap_or_default();
                    MarkedColumn {
                        events: own.len() as u32, // of events, which are counted with 32 bits
                        grave: own.iter().filter(|(_, is_grave)| *is_grave).count() as u32,
                    }
                };
                Ok(ends.windows(2).map(column).collect())
            }
            Line::Many(table) => {
                let mut columns = Vec::new();
                let mut before: Option<[u32; 2]> = None;
                for counts in table.counts_before(starts.map(events_before)) {
                    let counts = counts?;
                    let now = [counts[usize::from(MARKED)], counts[usize::from(GRAVE)]];
                    if let Some([marked, grave]) = before {
                        let grave = now[1].saturating_sub(grave);
                        let events = now[0].saturating_sub(marked).saturating_add(grave);
                        columns.push(MarkedColumn { events, grave });
                    }
                    before = Some(now);
                }
                Ok(columns)
            }
        }
    }
}
