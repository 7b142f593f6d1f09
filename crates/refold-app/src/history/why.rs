//! Why a field of an opened history has its value, and why events left it as it was.

use refold_core::track::Moment;
use refold_core::work::Work;

use super::OpenedHistory;
use crate::answer::{CauseAnswer, Literal};
use crate::error::AppError;
use crate::text;
use crate::usecase::field_history::path_of;
use crate::usecase::lab::left_out::{LeftOutAnswer, WithoutAnswer};
use crate::usecase::lab::why::{ReadAnswer, StepAnswer, USUAL_EVENTS, why_place};
use crate::usecase::lab::why_not::{self, MissAnswer, TriedAnswer};
use crate::wire::{
    LabEvent, WhyLeftOut, WhyNotGuard, WhyNotMiss, WhyNotOtherwise, WhyNotRan, WhyNotStopped, WhyNotTold, WhyNotTried,
    WhyNotType, WhyRead, WhyStep, WhyTold, WhyWithout,
};

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
            (&path, self.stream.at(moment)),
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
            left_out: told.left_out.as_ref().map(|left_out| self.left_out(left_out)),
            incomplete_since: told.incomplete_since.unwrap_or_default(),
        })
    }

    /// What kept the events after `from` up to `to` from changing `path`.
    pub fn why_not(&self, work: &Work<'_>, path: &str, (from, to): (u32, u32)) -> Result<WhyNotTold, AppError> {
        let path = path_of(path)?;
        let to = Moment(to).min(self.stream.track.head());
        let program = &self.opening.program;
        let asked = (&path, Moment(from).min(to), self.stream.at(to));
        let told = why_not::why_not_place(work, &self.session, &self.stream, program, asked, why_not::USUAL_EVENTS)?;
        Ok(WhyNotTold {
            path: text::shown(path.to_string().as_bytes()),
            events: told.events,
            changed: told.changed,
            last_changed: told.last_changed.as_ref().map(named),
            types: told.types.iter().map(counted).collect(),
            misses: told.misses.iter().map(|miss| self.miss(miss)).collect(),
            further_misses: told.further_misses,
            untold: told.untold,
            stopped: told.stopped.as_ref().map(|stopped| WhyNotStopped {
                event: named(&stopped.event),
                fault: stopped.fault.clone(),
                events: stopped.events,
            }),
            incomplete_since: told.incomplete_since.unwrap_or_default(),
        })
    }

    fn miss(&self, miss: &MissAnswer) -> WhyNotMiss {
        WhyNotMiss {
            moment: miss.moment,
            place: self.stream.place_label(Moment(miss.moment)),
            event_type: miss.event.event_type.clone(),
            recorded_at: miss.event.recorded_at.clone().unwrap_or_default(),
            fault: miss.fault.clone(),
            is_unread: miss.unread,
            tried: miss.tried.iter().map(tried).collect(),
            ran: miss.ran.as_ref().map(|ran| WhyNotRan {
                changed: ran.changed.iter().map(|path| text::shown(path.as_bytes())).collect(),
                further: ran.further,
            }),
        }
    }

    fn left_out(&self, found: &LeftOutAnswer) -> WhyLeftOut {
        WhyLeftOut {
            events: found.events.iter().map(|without| self.without(without)).collect(),
            further: found.further,
            tried: found.tried,
            untaken: found.untaken,
            since: found.since.as_ref().map(named),
            enough: found.enough,
        }
    }

    fn without(&self, without: &WithoutAnswer) -> WhyWithout {
        WhyWithout {
            moment: without.moment,
            place: self.stream.place_label(Moment(without.moment)),
            event_type: without.event.event_type.clone(),
            recorded_at: without.event.recorded_at.clone().unwrap_or_default(),
            value: without.value.as_ref().map(Literal::row),
            failed_at: without.failed.as_ref().map(|failed| named(&failed.event)),
            fault: without.failed.as_ref().map(|failed| failed.fault.clone()),
        }
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

fn tried(tried: &TriedAnswer) -> WhyNotTried {
    WhyNotTried {
        line: text::shown(tried.place.as_bytes()),
        does: tried.does.to_owned(),
        kept_by: tried.kept_by.to_owned(),
        elsewhere: tried.elsewhere.as_ref().map(|place| text::shown(place.as_bytes())),
        otherwise: tried.otherwise.as_ref().map(|otherwise| WhyNotOtherwise {
            value: otherwise.value.as_ref().map(Literal::row),
            fault: otherwise.fault.clone(),
        }),
        guards: tried
            .guards
            .iter()
            .map(|guard| WhyNotGuard {
                line: text::shown(guard.place.as_bytes()),
                holds: guard.holds,
                reads: guard.reads.iter().map(read).collect(),
            })
            .collect(),
    }
}

fn counted(of: &why_not::WhyNotType) -> WhyNotType {
    WhyNotType {
        event_type: of.event_type.to_string(),
        events: of.events,
        changed: of.changed,
        writes: of.writes,
        untaken: of.untaken,
    }
}

fn named(event: &CauseAnswer) -> LabEvent {
    LabEvent {
        version: event.version.clone().unwrap_or_default(),
        position: event.position.clone().unwrap_or_default(),
        event_type: event.event_type.clone(),
    }
}
