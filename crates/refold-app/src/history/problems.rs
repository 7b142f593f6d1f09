//! The events of an opened history at which something is wrong: what folds came upon, and where invariants break.

use std::sync::{Arc, Mutex, PoisonError};

use refold_core::track::Moment;
use refold_core::work::Work;

use super::OpenedHistory;
use crate::error::AppError;
use crate::handler;
use crate::marks::Marks;
use crate::text;
use crate::usecase::invariants;
use crate::wire::{InvariantsChecked, ProblemFound, SearchDirection};

/// How many findings and breaks there were.
type Known = (u64, usize);

/// The marks that were made last, and of what.
#[derive(Default)]
pub(super) struct LatestMarks(Mutex<Option<(Known, Arc<Marks>)>>);

impl OpenedHistory {
    /// Holds the invariants of the handler against every state, once. What breaks is among the findings from then on.
    pub fn check_invariants(&self, work: &Work<'_>) -> Result<InvariantsChecked, AppError> {
        let identity = self.opening.program.identity();
        let Some(checked) = handler::checked(self.handler.as_deref(), identity)? else {
            return Ok(InvariantsChecked {
                invariants: 0,
                breaks: 0,
            });
        };
        if self.breaks.get().is_none() {
            // Kept apart until the end: cancelled work leaves no trace.
            let found = refold_core::finding::Findings::default();
            let breaks = invariants::breaks(work, &self.session, &self.stream, &checked, &found)?;
            if self.breaks.set(breaks).is_ok() {
                for (code, count, kept) in found.summary() {
                    self.findings.report_many(code, count, kept);
                }
                self.news.tell(&self.findings);
            }
        }
        Ok(InvariantsChecked {
            invariants: narrow(checked.invariants().iter().count()),
            breaks: narrow(self.breaks().len()),
        })
    }

    /// The next event after (or the last one before) the moment `from` at which something is wrong; behind the last it
    /// is the first, before the first the last. `None`: nothing is wrong at any event.
    pub fn next_problem(&self, from: u32, direction: SearchDirection) -> Option<ProblemFound> {
        let marks = self.marks();
        let found = marks.next(from, direction)?;
        Some(ProblemFound {
            moment: found.moment.0,
            ordinal: found.ordinal,
            total: found.total,
            details: self.details(&marks, found.moment),
        })
    }

    /// Which events something is wrong at: of all findings so far, made anew where there are more than last time.
    pub(super) fn marks(&self) -> Arc<Marks> {
        let breaks = self.breaks();
        // Asked first: what is found meanwhile is marked the next time.
        let known = (self.findings.count(), breaks.len());
        let mut latest = self.marks.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, marks)) = latest.as_ref().filter(|(of, _)| *of == known) {
            return Arc::clone(marks);
        }
        let marks = Arc::new(Marks::of(&self.stream, &self.findings, breaks));
        *latest = Some((known, Arc::clone(&marks)));
        marks
    }

    pub(super) fn breaks(&self) -> &[Moment] {
        self.breaks.get().map(Vec::as_slice).unwrap_or_default()
    }

    /// What is wrong at an event, in words. Of what was found after the first of its code only the code is known.
    fn details(&self, marks: &Marks, moment: Moment) -> Vec<String> {
        let position = moment
            .event_index()
            .and_then(|index| self.stream.track.positions.get(index));
        let kept = position.map(|at| self.findings.kept_at(*at)).unwrap_or_default();
        let in_words = kept.iter().map(|finding| text::shown(finding.detail.as_bytes()));
        let codes = marks.codes(moment).into_iter();
        let others = codes.filter(|code| !kept.iter().any(|finding| finding.code == code));
        in_words.chain(others).collect()
    }
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
