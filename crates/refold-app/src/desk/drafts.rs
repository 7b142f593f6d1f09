//! Drafts of handlers, as the window asks for them.

use super::Desk;
use crate::drafts::{Draft, Written};
use crate::error::AppError;
use crate::jobs::{ProgressSink, caught};
use crate::usecase::handlers;
use crate::wire::{DraftCaseAsked, DraftCaseMade, DraftTried, DraftWritten, HandlerTold};

impl Desk {
    /// How the draft of a version is opened, which is made where there is none yet.
    pub fn draft_handler(&self, handler: &str) -> Result<String, AppError> {
        caught(|| {
            let draft = Draft::of(&self.places, handler)?;
            draft.renew()?;
            Ok(draft.reference())
        })
    }

    /// Keeps a file of a draft as it is written now, where it still is `before`, and says what the draft comes to.
    pub fn write_draft(&self, draft: &str, file: &str, text: &str, before: &str) -> Result<DraftWritten, AppError> {
        self.written(draft, |draft| draft.write(file, text, before))
    }

    /// Adds a file to the version of a draft, or a test case to the draft.
    pub fn add_draft_file(&self, draft: &str, file: &str, text: &str) -> Result<HandlerTold, AppError> {
        let written = self.written(draft, |draft| draft.add(file, text).map(|()| Written::Done))?;
        Ok(written.told)
    }

    /// Gives a file of a draft another name, in the same folder.
    pub fn rename_draft_file(&self, draft: &str, file: &str, to: &str) -> Result<HandlerTold, AppError> {
        let written = self.written(draft, |draft| draft.rename(file, to).map(|()| Written::Done))?;
        Ok(written.told)
    }

    /// Takes a file of a draft away, where it still is `before`; its manifest follows that of the package again.
    pub fn remove_draft_file(&self, draft: &str, file: &str, before: &str) -> Result<DraftWritten, AppError> {
        self.written(draft, |draft| draft.remove(file, before))
    }

    fn written(
        &self,
        draft: &str,
        write: impl FnOnce(&Draft) -> Result<Written, AppError>,
    ) -> Result<DraftWritten, AppError> {
        caught(|| {
            let is_written = write(&Draft::open(&self.places, draft)?)? == Written::Done;
            let told = handlers::told(draft);
            Ok(DraftWritten { is_written, told })
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
    /// Makes a test case of a draft from a stream up to a cursor: its events, and the state that the draft makes of them.
    pub fn make_draft_case(
        &self,
        session: u32,
        asked: &DraftCaseAsked,
        progress: ProgressSink<'_>,
    ) -> Result<DraftCaseMade, AppError> {
        let opened = self.session(session)?;
        let draft = Draft::open(&self.places, &asked.draft)?;
        let DraftCaseAsked { at, name, stream, .. } = asked;
        self.jobs.run("case", session, progress, |work| {
            handlers::make_case(work, &opened, &draft, stream, at, name)
        })
    }
}
