//! Why a field has its value, asked of an opened history.

use refold_core::work::Work;

use super::Desk;
use crate::error::AppError;
use crate::jobs::ProgressSink;
use crate::wire::WhyTold;

impl Desk {
    /// What made a place of the state as it is at a moment.
    pub fn why(&self, history: u32, path: &str, moment: u32, progress: ProgressSink<'_>) -> Result<WhyTold, AppError> {
        let (session, opened) = self.placed(history)?;
        let ask = |work: &Work<'_>| opened.why(work, path, moment);
        self.jobs.run("why", session, progress, ask)
    }
}
