//! What the window asks of streams as lanes.

use std::sync::Arc;

use refold_core::work::{CancelToken, Silent, Work};

use super::Desk;
use crate::error::AppError;
use crate::jobs::{ProgressSink, caught};
use crate::lock::lock;
use crate::usecase::lanes::Lanes;
use crate::wire::{
    Clock, CorrelationStreams, LaneMoment, LaneStep, LanesOpened, LanesPage, LanesQuery, SearchDirection,
};

impl Desk {
    /// The streams that share the correlation id of the event that led to `moment`.
    pub fn correlation_streams(&self, history: u32, moment: u32) -> Result<CorrelationStreams, AppError> {
        caught(|| {
            let cancel = CancelToken::default();
            self.history(history)?
                .correlation_streams(&Work::new(&cancel, &Silent), moment)
        })
    }

    /// Puts streams on one clock. By occurred time every event of them is read, which can be cancelled.
    pub fn open_lanes(
        &self,
        session: u32,
        streams: &[String],
        clock: Clock,
        progress: ProgressSink<'_>,
    ) -> Result<LanesOpened, AppError> {
        let opened = self.session(session)?;
        let lanes = self.jobs.run("lanes", session, progress, |work| {
            Lanes::open(work, &opened, streams, clock)
        })?;
        let number = self.next_number();
        let described = lanes.describe(number);
        lock(&self.lanes).insert(number, (session, Arc::new(lanes)));
        Ok(described)
    }

    pub fn close_lanes(&self, lanes: u32) -> Result<(), AppError> {
        lock(&self.lanes).remove(&lanes);
        Ok(())
    }

    pub fn lanes_page(&self, lanes: u32, query: &LanesQuery) -> Result<LanesPage, AppError> {
        caught(|| self.opened_lanes(lanes)?.page(query))
    }

    /// Where each lane is at an instant: floor, never nearest.
    pub fn lanes_at(&self, lanes: u32, time: &str) -> Result<Vec<LaneMoment>, AppError> {
        caught(|| self.opened_lanes(lanes)?.at(time))
    }

    /// The next event after an instant on any lane, or the last before it.
    pub fn lanes_step(&self, lanes: u32, from: &str, direction: SearchDirection) -> Result<Option<LaneStep>, AppError> {
        caught(|| self.opened_lanes(lanes)?.step(from, direction))
    }

    fn opened_lanes(&self, number: u32) -> Result<Arc<Lanes>, AppError> {
        let found = lock(&self.lanes).get(&number).map(|(_, lanes)| Arc::clone(lanes));
        found.ok_or_else(|| AppError::not_found("these lanes are not open any more", "open them again"))
    }
}
