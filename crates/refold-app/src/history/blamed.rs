//! Who and what stands behind the rows of a blame: when the event was recorded, who did it, which line of the handler.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use refold_core::pointer::Pointer;
use refold_core::track::Moment;
use refold_core::work::Work;

use super::OpenedHistory;
use crate::actor::actor;
use crate::error::AppError;
use crate::frame::FrameRow;

/// So many are kept before they are forgotten together.
const MOST_KEPT: usize = 10_000;

/// Who did which event, of those that were looked at.
#[derive(Default)]
pub struct Actors(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// Of the mask that they went through.
    revision: u64,
    by_moment: HashMap<Moment, String>,
}

impl OpenedHistory {
    /// Adds to rows of a blame what is behind the event that changed each.
    pub(super) fn tell_who(&self, work: &Work<'_>, rows: &mut [FrameRow]) -> Result<(), AppError> {
        let digits = self.digits();
        for row in rows {
            let moment = Moment(row.changed_moment);
            let Some(index) = moment.event_index() else { continue };
            row.changed_at = self.stream.time_label(moment, digits);
            row.actor = self.actor(work, moment)?;
            if let (Some(of), Ok(place)) = (self.stream.track.types.get(index), Pointer::parse(&row.pointer)) {
                let stored_type = self.stream.names().type_name(*of);
                row.line = self.opening.program.lines_writing(stored_type, &place).join(", ");
            }
        }
        Ok(())
    }

    fn actor(&self, work: &Work<'_>, moment: Moment) -> Result<String, AppError> {
        let revision = self.session.mask().revision();
        let mut kept = self.actors.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.revision != revision || kept.by_moment.len() >= MOST_KEPT {
            *kept = Kept {
                revision,
                ..Kept::default()
            };
        }
        if let Some(known) = kept.by_moment.get(&moment) {
            return Ok(known.clone());
        }
        let found = actor(work, &self.session, &self.stream, moment)?;
        Ok(kept.by_moment.entry(moment).or_insert(found).clone())
    }
}
