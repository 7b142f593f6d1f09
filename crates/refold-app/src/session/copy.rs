//! The copy of all payloads of a store (the payload arena), and how far it is believed.
//!
//! It names the state of the store that it is a copy of, and is thrown away with it. Whoever sets the times of a file back,
//! or changes a server in the middle of what it holds, leaves no trace in that name. So what is looked up in a copy that was
//! there is held against the store event by event, and states are folded from a copy only once all of it was.

use std::sync::{Arc, PoisonError};

use refold_core::event::Position;
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::work::Work;
use refold_stores::index::{self, Arena, ArenaOptions, Index};

use super::{Session, keep, thread_count, when_free};
use crate::error::AppError;

/// The copy that a session has open.
#[derive(Clone)]
pub(super) struct KnownCopy {
    arena: Arc<Arena>,
    /// All of it was read from the store by this session, or held against it.
    is_held: bool,
}

impl Session {
    /// The payload arena, when it is there and whole for the present index. What is shown of it must be held against the
    /// store.
    pub fn arena(&self) -> Result<Option<Arc<Arena>>, AppError> {
        if let Some(copy) = self.copy() {
            return Ok(Some(copy.arena));
        }
        let Some(index) = self.index() else { return Ok(None) };
        let fingerprint = self.store.fingerprint()?;
        let opened = self
            .cache
            .with(|place| index::open_arena(place, &fingerprint, &index))?;
        let opened = opened.map(Arc::new);
        let copy = opened.clone().map(|arena| KnownCopy { arena, is_held: false });
        keep(&self.copy, copy);
        Ok(opened)
    }

    /// The payload arena, where this session knows of each of its events that the store holds it so. That of a server is
    /// none: it was so at one moment. Who reads it asks beside each read whether the store changed
    /// ([`index::expect_unchanged`]).
    pub fn held_arena(&self) -> Option<Arc<Arena>> {
        let held = self.copy().filter(|copy| copy.is_held && !self.is_on_server);
        held.map(|copy| copy.arena)
    }

    /// The payload arena, held against the store as it is now; made first where it is not there, and again where it is not
    /// what the store holds. Needs room in the cache folder for all payloads, at most as much as the settings allow.
    pub fn build_arena(&self, work: &Work<'_>) -> Result<Arc<Arena>, AppError> {
        let index = self.build_index(work)?;
        if let Some(arena) = self.held_arena() {
            return Ok(arena);
        }
        let arena = match self.arena()? {
            Some(arena) => KnownCopy { arena, is_held: false },
            None => self.make_arena(work, &index, false)?,
        };
        if arena.is_held {
            return Ok(arena.arena);
        }
        let holds = index::is_as_stored(work, self.store.as_ref(), &index, &arena.arena, thread_count())?;
        if holds {
            keep(
                &self.copy,
                Some(KnownCopy {
                    is_held: true,
                    ..arena.clone()
                }),
            );
            return Ok(arena.arena);
        }
        drop(arena);
        self.notices.report(self.throw_copy_away(work, None, "")?);
        Ok(self.make_arena(work, &index, false)?.arena)
    }

    /// The payload arena with its search index; what is missing of them is made first. What is shown of it must be held
    /// against the store.
    pub fn build_search(&self, work: &Work<'_>) -> Result<Arc<Arena>, AppError> {
        let index = self.build_index(work)?;
        match self.arena()?.filter(|arena| arena.is_searchable()) {
            Some(arena) => Ok(arena),
            None => Ok(self.make_arena(work, &index, true)?.arena),
        }
    }

    /// Throws the copy away, on disk too, and says so: it is not what the store holds, at `position` where that is known.
    /// `so`: what that means for who asked.
    pub fn throw_copy_away(&self, work: &Work<'_>, position: Option<Position>, so: &str) -> Result<Finding, AppError> {
        keep(&self.copy, None);
        let fingerprint = self.store.fingerprint()?;
        when_free(work, || {
            self.cache.with(|place| index::discard_arena(place, &fingerprint))
        })?;
        let place = position.map(|position| format!(" at position {}", position.0));
        Ok(Finding {
            code: "copy-differs",
            severity: Severity::Warning,
            stream: None,
            version: None,
            position,
            detail: format!(
                "the copy of the payloads is not what the store holds{}, though nothing said that the store was written to: it \
                 was thrown away{so}",
                place.unwrap_or_default()
            ),
        })
    }

    /// What is to be said of a search in the copy, where a change in the middle of the store leaves no trace.
    pub fn report_search_in_copy(&self, findings: &Findings) {
        // Out of what is kept there is nothing but the copy, and `out-of-reach` says as of when.
        if self.is_on_server && self.out_of_reach.is_none() {
            findings.report(Finding {
                code: "searched-copy",
                severity: Severity::Notice,
                stream: None,
                version: None,
                position: None,
                detail: "the text was looked for in the copy of the payloads; what was found is shown as the server holds it, \
                         and an event that was changed there since it was copied may be missing"
                    .to_owned(),
            });
        }
    }

    /// Takes the copy of a store that is itself out of what is kept.
    pub(super) fn adopt_copy(&self, arena: Option<Arc<Arena>>) {
        keep(&self.copy, arena.map(|arena| KnownCopy { arena, is_held: false }));
    }

    pub(super) fn has_copy_open(&self) -> bool {
        self.copy().is_some()
    }

    fn copy(&self) -> Option<KnownCopy> {
        self.copy.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn make_arena(&self, work: &Work<'_>, index: &Index, is_searchable: bool) -> Result<KnownCopy, AppError> {
        if !self.may_copy {
            return Err(AppError::invalid(
                "this needs a copy of all payloads, and the connection keeps none (cache = off)",
                "set its cache to memory or disk",
            ));
        }
        let options = ArenaOptions {
            threads: thread_count(),
            is_searchable,
            most_bytes: self.most_copied_bytes,
        };
        let was_held = self.held_arena().is_some();
        let build = || {
            self.cache
                .with(|place| index::build_arena(work, self.store.as_ref(), place, index, &options))
        };
        let arena = when_free(work, build)?;
        // The search index of a copy that was held changes none of its payloads.
        let is_held = arena.is_new() || was_held;
        let copy = KnownCopy {
            arena: Arc::new(arena),
            is_held,
        };
        keep(&self.copy, Some(copy.clone()));
        Ok(copy)
    }
}

#[cfg(test)]
mod tests;
