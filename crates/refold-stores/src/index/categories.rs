//! The density by the categories of streams. Few ask for it, so it is made of the finished index when somebody does, and
//! kept in memory: a byte an event for each order, and rows of counts.

use std::ops::Range;

use refold_core::event::Position;
use refold_core::work::{Phase, Work};

use super::Index;
use super::density::{CountTable, Density, SlotMap, column_start};
use super::derive::times::Survey;
use super::error::IndexError;
use super::query::DensityAxis;
use super::segment::Column;

const COUNTING: Phase = Phase::CountingEventsByCategory;

/// See the module.
#[derive(Debug)]
pub(super) struct ByCategory {
    slot_map: SlotMap,
    by_position: CountTable,
    /// `None`: times ascend with positions.
    by_time: Option<CountTable>,
}

impl Index {
    /// As [`Index::density`], by the categories of the events' streams. The first who asks waits for a pass over all
    /// events.
    pub fn density_by_category(
        &self,
        work: &Work<'_>,
        axis: DensityAxis,
        window: Range<i64>,
        columns: u32,
    ) -> Result<Density, IndexError> {
        let ByCategory {
            slot_map,
            by_position,
            by_time,
        } = self.by_category(work)?;
        let starts = (0..=columns).map(|column| column_start(&window, columns, column));
        match (axis, by_time, &self.by_time) {
            (DensityAxis::RecordedAt, Some(table), Some((times, _))) => {
                slot_map.density(columns, table.counts_before(starts.map(|start| times.before(start))))
            }
            (DensityAxis::RecordedAt, ..) => {
                let before = |start| self.segments.events_before(Column::RecordedAt, start);
                let ends = starts.map(|start| before(start).map(|events| events as usize));
                slot_map.density(columns, by_position.counts_before(ends))
            }
            (DensityAxis::Position, ..) => {
                let ends = starts.map(|start| Ok(self.event_at_or_after(Position(start))?.0 as usize));
                slot_map.density(columns, by_position.counts_before(ends))
            }
        }
    }

    /// Has the pass made that the first question by category waits for, where none was yet.
    pub fn count_by_category(&self, work: &Work<'_>) -> Result<(), IndexError> {
        self.by_category(work).map(drop)
    }

    fn by_category(&self, work: &Work<'_>) -> Result<&ByCategory, IndexError> {
        if let Some(made) = self.by_category.get() {
            return Ok(made);
        }
        let made = ByCategory::of(work, self)?;
        // Of two who made it at once, one is kept.
        Ok(self.by_category.get_or_init(|| made))
    }

    /// The name of a category by its ordinal.
    pub fn category_name(&self, category: u32) -> &[u8] {
        self.category_names.get(category as usize).map_or(&[], Vec::as_slice)
    }
}

impl ByCategory {
    fn of(work: &Work<'_>, index: &Index) -> Result<ByCategory, IndexError> {
        let mut events = vec![0_u32; index.category_names.len()];
        let mut categories = Vec::with_capacity(index.stream_count() as usize);
        for stream in 0..index.stream_count() {
            let record = index.records.record(stream)?;
            categories.push(record.category);
            if let Some(count) = events.get_mut(record.category as usize) {
                *count = count.saturating_add(record.events);
            }
        }
        let slot_map = SlotMap::of(&events);
        let is_named = |category: &u32| (*category as usize) < events.len();
        let slots: Vec<Option<u8>> = categories
            .iter()
            .map(|of| is_named(of).then(|| slot_map.slot(i64::from(*of))))
            .collect();
        // What a failing disk made of a file after it was checked may name anything.
        let slot = |stream: i64| slots.get(usize::try_from(stream).ok()?).copied().flatten();
        let mut in_order = Vec::with_capacity(index.event_count() as usize);
        let mut streams = Vec::new();
        for segment in index.segments.list() {
            let total = Some(u64::from(index.event_count()));
            work.tick(COUNTING, u64::from(segment.first_event), total)?;
            for block in 0..segment.block_count() {
                segment.read_block(Column::Stream, block, &mut streams)?;
                for stream in &streams {
                    let of = slot(*stream);
                    in_order.push(of.ok_or_else(|| segment.damaged("an event is of no stream, or of no category"))?);
                }
            }
        }
        let by_position = CountTable::in_memory(in_order, slot_map.slots());
        let by_time = match index.by_time {
            None => None,
            Some(_) => {
                let survey = Survey::of(work, &index.segments)?;
                let mut in_order = Vec::with_capacity(survey.timed_events);
                // Every event was looked at just now.
                let known = |stream: i64| slot(stream).unwrap_or_default();
                survey.in_order(work, &index.segments, (Column::Stream, &known), |rows| {
                    in_order.extend(rows.iter().map(|(_, slot)| *slot));
                    Ok(())
                })?;
                Some(CountTable::in_memory(in_order, slot_map.slots()))
            }
        };
        Ok(ByCategory {
            slot_map,
            by_position,
            by_time,
        })
    }
}
