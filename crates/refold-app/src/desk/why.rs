//! Why a field has its value, and why events left it as it was, asked of an opened history.

use refold_core::work::Work;

use super::Desk;
use crate::error::AppError;
use crate::jobs::ProgressSink;
use crate::wire::{WhyNotTold, WhyTold};

impl Desk {
    /// What made a place of the state as it is at a moment.
    pub fn why(&self, history: u32, path: &str, moment: u32, progress: ProgressSink<'_>) -> Result<WhyTold, AppError> {
        let (session, opened) = self.placed(history)?;
        let ask = |work: &Work<'_>| opened.why(work, path, moment);
        self.jobs.run("why", session, progress, ask)
    }

    /// What kept the events after the moment `from` up to `to` from changing a place of the state.
    pub fn why_not(
        &self,
        history: u32,
        path: &str,
        (from, to): (u32, u32),
        progress: ProgressSink<'_>,
    ) -> Result<WhyNotTold, AppError> {
        let (session, opened) = self.placed(history)?;
        let ask = |work: &Work<'_>| opened.why_not(work, path, (from, to));
        self.jobs.run("why not", session, progress, ask)
    }
}

#[cfg(test)]
mod tests;
