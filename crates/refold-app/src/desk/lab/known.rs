//! What is known about a time and what was believed then, asked of an opened history.

use refold_core::work::Work;

use crate::Desk;
use crate::answer::{CauseAnswer, ChangeAnswer, Literal};
use crate::error::AppError;
use crate::jobs::ProgressSink;
use crate::text;
use crate::usecase::lab::known::{CorrectionsAnswer, KnownAnswer, LateEvent, Order, Question, corrections, known};
use crate::wire::{CorrectionsTold, KnownAsked, KnownChange, KnownEvent, KnownOrder, KnownTold};

/// Rows of one answer; all are counted.
const MOST_ROWS: usize = 200;

impl Desk {
    /// The state of what happened by a time, whenever it was recorded.
    pub fn known(&self, history: u32, asked: &KnownAsked, progress: ProgressSink<'_>) -> Result<KnownTold, AppError> {
        let (session, opened) = self.placed(history)?;
        let ask = |work: &Work<'_>| {
            let (stream, handler) = opened.named();
            known(work, opened.session(), &stream, question(asked, handler))
        };
        self.jobs.run("known", session, progress, ask).map(KnownTold::from)
    }

    /// What of the state at a time came to be known later.
    pub fn corrections(
        &self,
        history: u32,
        asked: &KnownAsked,
        progress: ProgressSink<'_>,
    ) -> Result<CorrectionsTold, AppError> {
        let (session, opened) = self.placed(history)?;
        let ask = |work: &Work<'_>| {
            let (stream, handler) = opened.named();
            corrections(work, opened.session(), &stream, question(asked, handler))
        };
        self.jobs
            .run("corrections", session, progress, ask)
            .map(CorrectionsTold::from)
    }
}

fn question<'a>(asked: &'a KnownAsked, handler: Option<&'a str>) -> Question<'a> {
    Question {
        about: &asked.about,
        known_at: &asked.known_at,
        handler,
        occurred: Some(asked.occurred.as_str()).filter(|path| !path.is_empty()),
        order: match asked.order {
            KnownOrder::Either => Order::Either,
            KnownOrder::Recorded => Order::Recorded,
            KnownOrder::Occurred => Order::Occurred,
        },
    }
}

impl From<KnownAnswer> for KnownTold {
    fn from(answer: KnownAnswer) -> KnownTold {
        KnownTold {
            about: answer.about,
            known_at: answer.known_at.as_ref().map(cursor_of).unwrap_or_default(),
            handler: answer.handler,
            events: answer.events,
            state: answer.state.as_ref().map(Literal::shown_lines).unwrap_or_default(),
            order: answer.order.to_owned(),
            differences: answer.differences.iter().map(change).collect(),
            difference_count: answer.difference_count,
            incomplete_since: answer.incomplete_since.unwrap_or_default(),
            missing: answer.missing,
            findings: answer.findings,
        }
    }
}

impl From<CorrectionsAnswer> for CorrectionsTold {
    fn from(answer: CorrectionsAnswer) -> CorrectionsTold {
        let events = |events: &[LateEvent]| events.iter().take(MOST_ROWS).map(event).collect();
        CorrectionsTold {
            about: answer.at,
            known_at: answer.known_at.as_ref().map(cursor_of).unwrap_or_default(),
            believed_by: answer.believed_by,
            known_by: answer.known_by,
            changes: answer.changes.iter().take(MOST_ROWS).map(change).collect(),
            change_count: u32::try_from(answer.changes.len()).unwrap_or(u32::MAX),
            late: events(&answer.late),
            late_count: answer.late_count,
            early: events(&answer.early),
            early_count: answer.early_count,
            order: answer.order.to_owned(),
            incomplete_since: answer.incomplete_since.unwrap_or_default(),
            missing: answer.missing,
            findings: answer.findings,
        }
    }
}

fn change(change: &ChangeAnswer) -> KnownChange {
    KnownChange {
        path: text::shown(change.path.as_bytes()),
        before: change.before.as_ref().map(Literal::row),
        after: change.after.as_ref().map(Literal::row),
        moved_from: change.moved_from.as_ref().map(|from| text::shown(from.as_bytes())),
    }
}

fn event(late: &LateEvent) -> KnownEvent {
    KnownEvent {
        cursor: cursor_of(&late.event),
        event_type: text::shown(late.event.event_type.as_bytes()),
        recorded_at: late.event.recorded_at.clone().unwrap_or_default(),
        occurred_at: late.occurred_at.clone(),
        corrects: late
            .corrects
            .as_deref()
            .map(|id| text::shown(id.as_bytes()))
            .unwrap_or_default(),
    }
}

fn cursor_of(event: &CauseAnswer) -> String {
    match (&event.version, &event.position) {
        (Some(version), _) => format!("v{version}"),
        (None, Some(position)) => format!("#{position}"),
        (None, None) => String::new(),
    }
}
