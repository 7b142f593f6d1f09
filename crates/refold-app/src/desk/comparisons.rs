//! What the window asks of two states side by side.

use std::sync::Arc;

use refold_core::work::{CancelToken, Silent, Work};

use super::Desk;
use crate::error::AppError;
use crate::jobs::{ProgressSink, caught};
use crate::lock::lock;
use crate::usecase::comparison::Comparison;
use crate::wire::{
    ComparisonIntervals, ComparisonOpened, ComparisonQuery, ComparisonSide, EventPage, EventQuery, UpcastWire,
};

impl Desk {
    /// Folds both sides, which may take long and can be cancelled.
    pub fn open_comparison(
        &self,
        session: u32,
        base: &ComparisonSide,
        current: &ComparisonSide,
        progress: ProgressSink<'_>,
    ) -> Result<ComparisonOpened, AppError> {
        let opened = self.session(session)?;
        let number = self.next_number();
        let (comparison, described) = self.jobs.run("compare", session, progress, |work| {
            let comparison = Comparison::open(work, (&opened, base), (&opened, current))?;
            let described = comparison.describe(work, number)?;
            Ok((comparison, described))
        })?;
        lock(&self.comparisons).insert(number, (session, Arc::new(comparison)));
        Ok(described)
    }

    pub fn close_comparison(&self, comparison: u32) -> Result<(), AppError> {
        lock(&self.comparisons).remove(&comparison);
        Ok(())
    }

    /// A [`crate::frame::StateFrame`] of the later side, with what differs from the earlier one.
    pub fn comparison_frame(&self, comparison: u32, query: &ComparisonQuery) -> Result<Vec<u8>, AppError> {
        caught(|| {
            let cancel = CancelToken::default();
            let (_, comparison) = self.opened_comparison(comparison)?;
            Ok(comparison.frame(&Work::new(&cancel, &Silent), query)?.encode())
        })
    }

    /// The events between both moments of one stream.
    pub fn comparison_events(&self, comparison: u32, query: &EventQuery) -> Result<EventPage, AppError> {
        caught(|| Ok(self.opened_comparison(comparison)?.1.events(query)))
    }

    /// Where two handlers differ over all of one stream.
    pub fn comparison_intervals(
        &self,
        comparison: u32,
        progress: ProgressSink<'_>,
    ) -> Result<ComparisonIntervals, AppError> {
        let (session, comparison) = self.opened_comparison(comparison)?;
        self.jobs
            .run("compare", session, progress, |work| comparison.intervals(work))
    }

    /// How the handler's upcasters bring the event that led to `moment` to the version that its rules expect; `None`:
    /// it has none for it.
    pub fn upcast(&self, history: u32, moment: u32) -> Result<Option<UpcastWire>, AppError> {
        caught(|| {
            let cancel = CancelToken::default();
            self.history(history)?.upcast(&Work::new(&cancel, &Silent), moment)
        })
    }

    /// What stands at a path of the state at a moment, as JSON with its literals.
    pub fn state_json(&self, history: u32, moment: u32, path: &str) -> Result<String, AppError> {
        caught(|| self.history(history)?.state_json(moment, path))
    }

    fn opened_comparison(&self, number: u32) -> Result<(u32, Arc<Comparison>), AppError> {
        let found = lock(&self.comparisons)
            .get(&number)
            .map(|(session, comparison)| (*session, Arc::clone(comparison)));
        found.ok_or_else(|| AppError::not_found("this comparison is not open any more", "run it again"))
    }
}
