//! Drafts of handlers, as the window asks for them.

use super::Desk;
use crate::drafts::Draft;
use crate::error::AppError;
use crate::jobs::{ProgressSink, caught};
use crate::usecase::handlers;
use crate::wire::{DraftTried, HandlerTold};

impl Desk {
    /// How the draft of a version is opened, which is made where there is none yet.
    pub fn draft_handler(&self, handler: &str) -> Result<String, AppError> {
        caught(|| {
            let draft = Draft::of(&self.places, handler)?;
            draft.renew()?;
            Ok(draft.reference())
        })
    }

    /// Keeps a file of a draft as it is written now, and says what the draft comes to with it.
    pub fn write_draft(&self, draft: &str, file: &str, text: &str) -> Result<HandlerTold, AppError> {
        caught(|| {
            Draft::open(&self.places, draft)?.write(file, text)?;
            Ok(handlers::told(draft))
        })
    }

    pub fn discard_draft(&self, draft: &str) -> Result<(), AppError> {
        caught(|| Draft::open(&self.places, draft)?.discard())
    }

    /// Has the draft back that was thrown away last.
    pub fn restore_draft(&self, draft: &str) -> Result<(), AppError> {
        caught(|| Draft::restore(&self.places, draft).map(drop))
    }

    /// Writes a draft into its package, as a new version; answers how that is opened.
    pub fn publish_draft(&self, session: u32, draft: &str, version: &str) -> Result<String, AppError> {
        caught(|| {
            let session = self.session(session)?;
            Draft::open(&self.places, draft)?.publish(&session.beside(), version)
        })
    }

    /// Folds a stream with a draft, up to a cursor.
    pub fn try_draft(
        &self,
        session: u32,
        draft: &str,
        stream: &str,
        at: &str,
        progress: ProgressSink<'_>,
    ) -> Result<DraftTried, AppError> {
        let opened = self.session(session)?;
        let origin = Draft::open(&self.places, draft)?.origin();
        self.jobs.run("try", session, progress, |work| {
            handlers::try_on(work, &opened, &origin, draft, stream, at)
        })
    }
}
