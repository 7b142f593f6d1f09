//! Why a field of an opened history has its value.

use refold_core::track::Moment;
use refold_core::work::Work;

use super::OpenedHistory;
use crate::answer::Literal;
use crate::error::AppError;
use crate::text;
use crate::usecase::field_history::path_of;
use crate::usecase::lab::why::{ReadAnswer, StepAnswer, USUAL_EVENTS, why_place};
use crate::wire::{WhyRead, WhyStep, WhyTold};

impl OpenedHistory {
    /// What made `path` as it is at `moment`.
    pub fn why(&self, work: &Work<'_>, path: &str, moment: u32) -> Result<WhyTold, AppError> {
        let path = path_of(path)?;
        let moment = Moment(moment).min(self.stream.track.head());
        let program = &self.opening.program;
        let told = why_place(
            work,
            &self.session,
            &self.stream,
            program,
            (&path, moment),
            USUAL_EVENTS,
        )?;
        Ok(WhyTold {
            path: text::shown(path.to_string().as_bytes()),
            value: told.value.as_ref().map(Literal::row),
            steps: told.steps.iter().map(|step| self.why_step(step)).collect(),
            events: told.events,
            is_cut: told.cut_at.is_some(),
            is_of_start: told.is_of_start,
            confirmed: told.is_confirmed,
            untold: told.untold,
        })
    }

    fn why_step(&self, step: &StepAnswer) -> WhyStep {
        WhyStep {
            moment: step.moment,
            place: self.stream.place_label(Moment(step.moment)),
            event_type: step.event.event_type.clone(),
            recorded_at: step.event.recorded_at.clone().unwrap_or_default(),
            line: text::shown(step.place.as_bytes()),
            does: step.does.to_owned(),
            path: text::shown(step.path.as_bytes()),
            before: step.before.as_ref().map(Literal::row),
            after: step.after.as_ref().map(Literal::row),
            role: step.role.to_owned(),
            guards: step.guards.iter().map(|guard| text::shown(guard.as_bytes())).collect(),
            reads: step.reads.iter().map(read).collect(),
        }
    }
}

fn read(read: &ReadAnswer) -> WhyRead {
    WhyRead {
        of: read.of.to_owned(),
        path: text::shown(read.path.as_bytes()),
        value: read.value.as_ref().map(Literal::row),
        role: read.role.to_owned(),
        guard: read.guard.as_ref().map(|guard| text::shown(guard.as_bytes())),
        makers: read.made_by.clone(),
        is_of_start: read.of_start,
    }
}
