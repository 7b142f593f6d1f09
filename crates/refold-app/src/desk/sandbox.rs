//! Sandboxes, as the window uses them.

use std::sync::Arc;

use refold_core::work::{CancelToken, Silent, Work};

use super::Desk;
use super::lab::{Run, gone};
use crate::error::AppError;
use crate::jobs::{ProgressSink, caught};
use crate::usecase::lab::sandbox::Sandbox;
use crate::wire::{SandboxAsked, SandboxOpened, SandboxPage, SandboxRows};

impl Desk {
    /// Makes a branch and folds it beside the record.
    pub fn open_sandbox(
        &self,
        session: u32,
        asked: &SandboxAsked,
        progress: ProgressSink<'_>,
    ) -> Result<SandboxOpened, AppError> {
        let opened = self.session(session)?;
        let sandbox = self.jobs.run("sandbox", session, progress, |work| {
            Sandbox::open(work, &opened, &asked.stream, &asked.handler, &asked.edits)
        })?;
        let sandbox = Arc::new(sandbox);
        let number = self.place(session, Run::Sandbox(Arc::clone(&sandbox)));
        Ok(sandbox.describe(number))
    }

    /// A page of both lines, side by side.
    pub fn sandbox_rows(&self, sandbox: u32, offset: u32, limit: u32) -> Result<SandboxRows, AppError> {
        Ok(self.sandbox(sandbox)?.rows(offset, limit))
    }

    /// Both states after a row.
    pub fn sandbox_page(&self, sandbox: u32, row: u32, is_whole: bool) -> Result<SandboxPage, AppError> {
        caught(|| {
            let cancel = CancelToken::default();
            let work = Work::new(&cancel, &Silent);
            self.sandbox(sandbox)?.page(&work, row, is_whole)
        })
    }

    /// The text of an edit of a row's event, to begin with.
    pub fn sandbox_draft(&self, session: u32, sandbox: u32, row: u32) -> Result<String, AppError> {
        caught(|| {
            let opened = self.session(session)?;
            let cancel = CancelToken::default();
            let work = Work::new(&cancel, &Silent);
            self.sandbox(sandbox)?.draft(&work, &opened, row)
        })
    }

    fn sandbox(&self, number: u32) -> Result<Arc<Sandbox>, AppError> {
        match self.run(number)? {
            Run::Sandbox(sandbox) => Ok(sandbox),
            Run::Compared(_) | Run::Checked(_) | Run::Pair(_) => Err(gone()),
        }
    }
}
