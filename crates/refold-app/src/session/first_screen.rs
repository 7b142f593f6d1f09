//! What can be said of a store without reading all of it: its newest events, their types, and the times it spans.

use refold_core::event::{Columns, EventBatch, TypeOrdinal};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery};
use refold_core::time::Timestamp;
use refold_core::work::Work;

use super::Session;
use crate::error::AppError;

/// So many of the newest events are on the first screen.
const NEWEST_COUNT: usize = 100;

/// The first screen says of so many of the newest events which types they have.
const SAMPLE_COUNT: usize = 10_000;

/// See the module's text.
pub struct FirstScreen {
    /// The newest events, newest first, skeleton only.
    pub newest: EventBatch,
    pub names: Names,
    /// Earliest and latest recorded time among the first and the newest events; `None` where none has a time.
    pub time_span: Option<(Timestamp, Timestamp)>,
    /// Event types among the newest events with how many of them there are, most frequent first.
    pub sampled_types: Vec<(Vec<u8>, u32)>,
    pub sampled_count: u32,
}

impl Session {
    /// The first useful screen. Reads a fixed number of events, however many there are.
    pub fn first_screen(&self, work: &Work<'_>, findings: &Findings) -> Result<FirstScreen, AppError> {
        let mut names = Names::default();
        let mut newest = EventBatch::default();
        let forward = ReadQuery::all(Columns::SKELETON);
        let mut reader = self.store.read(&ReadQuery {
            direction: Direction::Backward,
            ..forward.clone()
        })?;
        reader.next_batch(work, NEWEST_COUNT, &mut newest, &mut names, findings)?;
        let mut sample = Sample::default();
        sample.add(&newest);
        let mut more = EventBatch::default();
        while sample.count < SAMPLE_COUNT {
            if !reader.next_batch(work, SAMPLE_COUNT - sample.count, &mut more, &mut names, findings)? {
                break;
            }
            sample.add(&more);
        }
        let mut reader = self.store.read(&forward)?;
        reader.next_batch(work, NEWEST_COUNT, &mut more, &mut names, findings)?;
        sample.add_times(&more);
        let types = sample.types.iter().enumerate().filter(|(_, events)| **events > 0);
        let mut sampled_types: Vec<(Vec<u8>, u32)> = types
            .map(|(ordinal, events)| {
                // Ordinals are 32 bits.
                let name = names.type_name(TypeOrdinal(ordinal as u32));
                (name.to_vec(), *events)
            })
            .collect();
        sampled_types.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Ok(FirstScreen {
            newest,
            names,
            time_span: sample.time_span,
            sampled_types,
            sampled_count: u32::try_from(sample.count).unwrap_or(u32::MAX),
        })
    }
}

#[derive(Default)]
struct Sample {
    count: usize,
    types: Vec<u32>,
    time_span: Option<(Timestamp, Timestamp)>,
}

impl Sample {
    fn add(&mut self, batch: &EventBatch) {
        self.count += batch.len();
        for event_type in &batch.types {
            let ordinal = event_type.0 as usize;
            if self.types.len() <= ordinal {
                self.types.resize(ordinal + 1, 0);
            }
            if let Some(events) = self.types.get_mut(ordinal) {
                *events += 1;
            }
        }
        self.add_times(batch);
    }

    fn add_times(&mut self, batch: &EventBatch) {
        for time in batch.recorded_at.iter().filter(|time| !time.is_none()) {
            let (first, last) = self.time_span.unwrap_or((*time, *time));
            self.time_span = Some((first.min(*time), last.max(*time)));
        }
    }
}
