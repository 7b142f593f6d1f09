//! A history that goes on with what its handler became: the same stream, every state of it anew.

use std::sync::Arc;

use refold_core::port::handler::{HandlerIdentity, HandlerProgram};
use refold_core::work::Work;
use refold_handlers::story::Story;

use super::OpenedHistory;
use crate::error::AppError;
use crate::mask;

impl OpenedHistory {
    /// What the states are of.
    pub(crate) fn handler_identity(&self) -> &HandlerIdentity {
        self.opening.program.identity()
    }

    /// Whether its states, and its story as far as that was told, are what `program` and `story` make of it.
    pub(crate) fn is_of(&self, program: &dyn HandlerProgram, story: &Story) -> bool {
        self.handler_identity() == program.identity() && self.templates.get().is_none_or(|told| **told == *story)
    }

    /// The same stream under `program`. Requests that run in the one before are still answered, as that one has it.
    pub(crate) fn folded_with(
        &self,
        work: &Work<'_>,
        program: Arc<dyn HandlerProgram>,
    ) -> Result<OpenedHistory, AppError> {
        let (stream, handler) = self.named();
        self.session.adopt_rules(handler)?;
        let program = mask::masked(program, self.session.mask());
        let news = Arc::clone(&self.news);
        let next = OpenedHistory::of_program(work, &self.session, &stream, (handler, program), news)?;
        let latest = Arc::clone(&self.latest);
        Ok(OpenedHistory { latest, ..next })
    }
}
