//! The way of an event of an opened history through the handler's upcasters.

use refold_core::diff::diff;
use refold_core::work::Work;

use super::OpenedHistory;
use crate::error::AppError;
use crate::frame::StateFrame;
use crate::rows::{self, Beside, Changes, Folding, RowWindow, Rows};
use crate::usecase::upcast::{self, Way};
use crate::wire::{StateQuery, UpcastWire};

impl OpenedHistory {
    /// How the event that led to `moment` comes to the version that the rules expect; `None`: the handler has no
    /// upcasters for it.
    pub fn upcast(&self, work: &Work<'_>, moment: u32) -> Result<Option<UpcastWire>, AppError> {
        Ok(self.way(work, moment)?.map(|way| way.wire()))
    }

    /// The rows in view of what became of its payload. Says in `frame` how much changed.
    pub(super) fn upcast_rows(
        &self,
        work: &Work<'_>,
        query: &StateQuery,
        folding: Folding<'_>,
        window: RowWindow,
        frame: &mut StateFrame,
    ) -> Result<Rows, AppError> {
        if query.moment == 0 {
            return Ok(Rows::default());
        }
        let way = self.way(work, query.moment)?;
        let part = usize::try_from(query.part).unwrap_or(usize::MAX);
        let Some((way, (_, made))) = way.as_ref().and_then(|way| Some((way, way.made.get(part)?))) else {
            return Ok(Rows::default());
        };
        let changed = diff(&way.stored, made, &self.array_keys);
        let changes = Changes::of(&changed);
        frame.added = changes.added_count;
        frame.changed = changes.changed_count;
        frame.removed = changes.removed_count;
        let beside = Beside {
            blame: None,
            changes: Some(&changes),
        };
        Ok(rows::tree(made, beside, folding, window))
    }

    fn way(&self, work: &Work<'_>, moment: u32) -> Result<Option<Way>, AppError> {
        let moment = self.known_moment(moment)?;
        upcast::way(work, &self.session, &self.stream, self.opening.program.as_ref(), moment)
    }
}
