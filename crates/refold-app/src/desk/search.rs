//! Searching, as the window does it: rows are kept here while they are looked at, and told of while they come.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use refold_core::finding::Findings;
use refold_core::work::{CancelToken, Silent, Work};

use super::Desk;
use crate::error::AppError;
use crate::findings;
use crate::jobs::{ProgressSink, caught};
use crate::lock::lock;
use crate::session::Session;
use crate::usecase::search::found::{FoundRows, MOST_ROWS};
use crate::usecase::search::{Search, offer, search};
use crate::wire::{FoundPage, HistoryHits, JobUpdate, SearchAsked, SearchEnd, SearchEnded, SearchOffer, SearchUpdate};

/// Who is told how far a search is.
pub type SearchSink<'a> = &'a (dyn Fn(SearchUpdate) + Send + Sync);

/// With so many rows a first page is full, and is told of at once.
const FIRST_PAGE_ROWS: u32 = 50;

/// The rows of a search on the desk.
#[derive(Clone)]
pub(super) struct PlacedSearch {
    pub session: u32,
    job: u32,
    opened: Arc<Session>,
    rows: Arc<FoundRows>,
}

impl Desk {
    /// Searches a store; returns when that is over. Its rows can be asked for from the first update on, until
    /// [`Desk::close_search`]. One that is cancelled, or fails on its way, keeps the rows that it found.
    pub fn search(&self, session: u32, asked: &SearchAsked, sink: SearchSink<'_>) -> Result<SearchEnded, AppError> {
        let placed = PlacedSearch {
            session,
            job: self.jobs.next_number(),
            opened: self.session(session)?,
            rows: Arc::default(),
        };
        let asked = Search::from(asked);
        let number = self.next_number();
        lock(&self.searches).insert(number, placed.clone());
        let PlacedSearch { job, opened, rows, .. } = &placed;
        let findings = Findings::default();
        let is_cut = AtomicBool::new(false);
        let tell = |update: JobUpdate| {
            sink(SearchUpdate {
                search: number,
                job: *job,
                found: rows.count(),
                done: update.done,
                total: update.total,
            });
        };
        let outcome = self.jobs.run_as(*job, "search", session, &tell, |work| {
            search(work, opened, &asked, &findings, &mut |found| {
                if rows.count() == MOST_ROWS {
                    is_cut.store(true, Ordering::Relaxed);
                    return Ok(ControlFlow::Break(()));
                }
                let count = rows.push(found);
                if count == 1 || count == FIRST_PAGE_ROWS {
                    tell(JobUpdate::bare(*job));
                }
                Ok(ControlFlow::Continue(()))
            })
        });
        let (end, failure) = match outcome {
            Ok(()) if is_cut.into_inner() => (SearchEnd::TooMany, None),
            Ok(()) => (SearchEnd::Whole, None),
            Err(error) if error.is_cancelled() => (SearchEnd::Cancelled, None),
            Err(error) => {
                opened.forget_damaged(&error);
                (SearchEnd::Failed, Some(error.into()))
            }
        };
        Ok(SearchEnded {
            search: number,
            found: rows.count(),
            end,
            failure,
            findings: findings::wire(&findings),
        })
    }

    /// A page of what a search has found so far.
    pub fn search_rows(&self, search: u32, offset: u32, limit: u32) -> Result<FoundPage, AppError> {
        let placed = lock(&self.searches).get(&search).cloned();
        let placed =
            placed.ok_or_else(|| AppError::not_found("the rows of this search are gone", "search once more"))?;
        Ok(placed.rows.page(offset, limit, placed.opened.description().time_digits))
    }

    /// Stops a search and forgets its rows; one that is closed already is left alone.
    pub fn close_search(&self, search: u32) {
        if let Some(placed) = lock(&self.searches).remove(&search) {
            self.jobs.cancel(placed.job);
        }
    }

    /// Stops the searches of a session and forgets their rows.
    pub(super) fn forget_searches(&self, session: u32) {
        let placed: Vec<PlacedSearch> = {
            let mut searches = lock(&self.searches);
            let of_session = searches.extract_if(.., |_, placed| placed.session == session);
            of_session.map(|(_, placed)| placed).collect()
        };
        placed.iter().for_each(|placed| self.jobs.cancel(placed.job));
    }

    /// What the copy that makes searching fast would cost, and whether it is there.
    pub fn search_offer(&self, session: u32) -> Result<SearchOffer, AppError> {
        caught(|| {
            let cancel = CancelToken::default();
            offer::offer(&Work::new(&cancel, &Silent), &*self.session(session)?)
        })
    }

    /// Makes that copy. Returns when it is there, or with [`crate::error::ErrorCode::Cancelled`].
    pub fn copy_for_search(&self, session: u32, progress: ProgressSink<'_>) -> Result<(), AppError> {
        let opened = self.session(session)?;
        self.jobs
            .run("copy", session, progress, |work| opened.build_search(work).map(drop))
    }

    /// The moments of a history whose events are looked for.
    pub fn history_hits(
        &self,
        history: u32,
        asked: &SearchAsked,
        progress: ProgressSink<'_>,
    ) -> Result<HistoryHits, AppError> {
        let (session, opened) = self.placed(history)?;
        let asked = Search::from(asked);
        self.jobs
            .run("find", session, progress, |work| opened.hits(work, &asked))
    }
}

impl From<&SearchAsked> for Search {
    fn from(asked: &SearchAsked) -> Search {
        let given = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Search {
            text: asked.text.clone(),
            types: asked.types.clone(),
            categories: asked.categories.clone(),
            stream: asked.stream.trim().to_owned(),
            from: given(&asked.from),
            to: given(&asked.to),
            condition: given(&asked.condition),
        }
    }
}

#[cfg(test)]
mod tests;
