//! The events of a branch, by moment: those of the record are read from where they are.

use std::sync::Arc;

use refold_core::event::{Columns, EventBatch};
use refold_core::history::EventSource;
use refold_core::names::Names;
use refold_core::port::store::StoreError;
use refold_core::track::Moment;
use refold_core::work::Work;

use super::branch::{Branch, Item};

/// See the module.
pub struct BranchSource<Record> {
    branch: Arc<Branch>,
    record: Record,
    columns: Columns,
}

impl<Record: EventSource> BranchSource<Record> {
    /// `record`: the events of the stream that the branch was made of, with these columns.
    pub fn new(branch: Arc<Branch>, record: Record, columns: Columns) -> BranchSource<Record> {
        BranchSource {
            branch,
            record,
            columns,
        }
    }
}

impl<Record: EventSource> EventSource for BranchSource<Record> {
    fn read(&mut self, work: &Work<'_>, from: Moment, to: Moment, batch: &mut EventBatch) -> Result<(), StoreError> {
        batch.clear();
        let line = self.branch.line();
        let wanted = line
            .get(from.0 as usize..line.len().min(to.0 as usize))
            .unwrap_or_default();
        let mut rest = wanted;
        while let Some(first) = rest.first() {
            let Item::Record(index) = *first else {
                let Some(event) = self.branch.own_event(first) else {
                    return Ok(());
                };
                if !batch.has_room_for(event.byte_count()) {
                    return Ok(());
                }
                batch.push(&event, self.columns);
                rest = rest.split_first().map_or(&[], |(_, rest)| rest);
                continue;
            };
            if !batch.is_empty() {
                // Reading the record puts its events in place of what is here: the caller asks again from here.
                return Ok(());
            }
            // Of a run of events that follow on each other in the record too, all at once.
            let is_next = |(item, wanted): &(&Item, u32)| **item == Item::Record(*wanted);
            let run = rest.iter().zip(index..).take_while(is_next).count();
            let end = index.saturating_add(u32::try_from(run).unwrap_or(u32::MAX));
            self.record.read(work, Moment(index), Moment(end), batch)?;
            if batch.len() < run {
                return Ok(());
            }
            rest = rest.get(run..).unwrap_or_default();
        }
        Ok(())
    }

    fn names(&self) -> &Names {
        self.branch.names()
    }
}
