//! A history that goes on when its store has grown: the same cursors mean the same moments, and more follow.

use std::sync::{Arc, OnceLock};

use refold_core::diff::ArrayKeys;
use refold_core::work::Work;

use super::OpenedHistory;
use super::blamed::Actors;
use super::documents::Documents;
use super::held::held;
use super::problems::LatestMarks;
use super::types::types_of;
use crate::error::AppError;
use crate::session::Session;

impl OpenedHistory {
    /// The same history in `session`, which is the same store as it is now. What was folded stays; requests that run in
    /// the one before are still answered, of the events that it has.
    pub fn grown(&self, work: &Work<'_>, session: &Arc<Session>) -> Result<OpenedHistory, AppError> {
        let has_more = match session.index() {
            None => true,
            Some(index) => match index.find_stream(&self.stream.id)? {
                None => true,
                Some(ordinal) => index.stream(ordinal)?.events != self.stream.track.head().0,
            },
        };
        let stream = if has_more {
            self.stream.grown(work, session)?
        } else {
            self.stream.clone()
        };
        let held = match has_more {
            true => held(work, session, &stream)?,
            false => self.held,
        };
        self.lock_replay()?.grow(session, &stream, &self.opening)?;
        Ok(OpenedHistory {
            session: Arc::clone(session),
            array_keys: ArrayKeys::new(self.opening.program.array_keys()),
            types: types_of(&stream, session),
            stream,
            held,
            opening: self.opening.clone(),
            findings: Arc::clone(&self.findings),
            marks: LatestMarks::default(),
            density: OnceLock::new(),
            handler: self.handler.clone(),
            fields: Arc::clone(&self.fields),
            templates: self.templates.clone(),
            documents: Documents::default(),
            actors: Actors::default(),
            // Of the new events nobody knows yet.
            breaks: OnceLock::new(),
            news: Arc::clone(&self.news),
            replay: Arc::clone(&self.replay),
            latest: Arc::clone(&self.latest),
        })
    }

    /// How many events it has.
    pub fn event_count(&self) -> u32 {
        self.stream.track.head().0
    }
}
