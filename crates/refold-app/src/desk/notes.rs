//! What a person keeps: notes on a store, saved searches, files of what was found.

use std::path::Path;
use std::sync::Arc;

use super::Desk;
use crate::error::AppError;
use crate::jobs::{ProgressSink, caught};
use crate::session::Session;
use crate::usecase::case::{self, Existing};
use crate::usecase::search::Search;
use crate::usecase::search::export::export;
use crate::wire::{CaseAsked, ExportFormat, Note, Notebook, QueryBook, SavedQuery, SearchAsked, Written};
use crate::{notebook, saved_queries};

impl Desk {
    pub fn notebook(&self, session: u32) -> Result<Notebook, AppError> {
        caught(|| {
            let session = self.session(session)?;
            match session.case() {
                Some(case) => Ok(Notebook {
                    notes: case.contents().notes.clone(),
                    file: session.location().to_owned(),
                    is_read_only: true,
                }),
                None => notebook::load(&self.places, &session.noted_as()),
            }
        })
    }

    /// Adds a note, or replaces the one with its id.
    pub fn put_note(&self, session: u32, note: &Note) -> Result<Notebook, AppError> {
        caught(|| notebook::put(&self.places, &self.noted(session)?.noted_as(), note))
    }

    pub fn remove_note(&self, session: u32, id: &str) -> Result<Notebook, AppError> {
        caught(|| notebook::remove(&self.places, &self.noted(session)?.noted_as(), id))
    }

    pub fn queries(&self) -> Result<QueryBook, AppError> {
        caught(|| saved_queries::load(&self.places))
    }

    /// `before`: the saved search that this one replaces, wherever it goes now.
    pub fn save_query(&self, query: &SavedQuery, before: Option<&SavedQuery>) -> Result<QueryBook, AppError> {
        let before = before.map(|before| (before.folder.as_str(), before.name.as_str()));
        caught(|| saved_queries::save(&self.places, query, before))
    }

    pub fn remove_query(&self, query: &SavedQuery) -> Result<QueryBook, AppError> {
        caught(|| saved_queries::remove(&self.places, &query.folder, &query.name))
    }

    /// Puts a search on top of the recent ones.
    pub fn remember_query(&self, asked: &SearchAsked) -> Result<QueryBook, AppError> {
        caught(|| saved_queries::remember(&self.places, asked))
    }

    /// Writes the notebook, the streams that it is about and where the window stands into a file that a person chose, and
    /// was asked about where it is there already.
    pub fn save_case(
        &self,
        session: u32,
        asked: &CaseAsked,
        file: &str,
        progress: ProgressSink<'_>,
    ) -> Result<Written, AppError> {
        let opened = self.session(session)?;
        self.jobs.run("case", session, progress, |work| {
            case::save(work, &opened, &self.places, asked, Path::new(file), Existing::Replaced)
                .map(|saved| saved.written)
        })
    }

    /// Writes all events that are looked for into a file.
    pub fn export_search(
        &self,
        session: u32,
        asked: &SearchAsked,
        file: &str,
        format: ExportFormat,
        progress: ProgressSink<'_>,
    ) -> Result<Written, AppError> {
        let opened = self.session(session)?;
        let asked = Search::from(asked);
        self.jobs.run("export", session, progress, |work| {
            export(work, &opened, &asked, Path::new(file), format)
        })
    }

    /// A store that has a notebook.
    fn noted(&self, session: u32) -> Result<Arc<Session>, AppError> {
        let session = self.session(session)?;
        if session.case().is_none() {
            return Ok(session);
        }
        Err(AppError::invalid(
            format!(
                "the notes of a case file are read and not written: {}",
                session.location()
            ),
            "open the store that it is from to note something",
        ))
    }
}
