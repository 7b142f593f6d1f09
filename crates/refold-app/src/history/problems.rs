//! The events of an opened history at which something is wrong: what folds came upon, and where invariants break.

use std::collections::{BTreeMap, HashMap};

use refold_core::track::Moment;
use refold_core::work::Work;

use super::OpenedHistory;
use crate::error::AppError;
use crate::handler;
use crate::text;
use crate::usecase::event_page::Problems;
use crate::usecase::invariants;
use crate::wire::{InvariantsChecked, ProblemFound, SearchDirection};

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
        let problems = self.problem_moments();
        let moments: Vec<Moment> = problems.keys().copied().collect();
        let index = match direction {
            SearchDirection::Forward => moments.iter().position(|moment| moment.0 > from).unwrap_or(0),
            SearchDirection::Backward => {
                let last = moments.len().saturating_sub(1);
                moments.iter().rposition(|moment| moment.0 < from).unwrap_or(last)
            }
        };
        let moment = *moments.get(index)?;
        Some(ProblemFound {
            moment: moment.0,
            ordinal: narrow(index + 1),
            total: narrow(moments.len()),
            details: problems.get(&moment).cloned().unwrap_or_default(),
        })
    }

    /// Codes of findings by the position of their event.
    pub(super) fn problems(&self) -> Problems {
        let mut problems: HashMap<i64, Vec<String>> = HashMap::new();
        let mut add = |position: i64, code: &str| {
            let codes = problems.entry(position).or_default();
            if !codes.iter().any(|known| known == code) {
                codes.push(code.to_owned());
            }
        };
        for (code, _, kept) in self.findings.summary() {
            for position in kept.iter().filter_map(|finding| finding.position) {
                add(position.0, code);
            }
        }
        for moment in self.breaks() {
            if let Some(position) = moment
                .event_index()
                .and_then(|index| self.stream.track.positions.get(index))
            {
                add(position.0, invariants::BROKEN);
            }
        }
        problems
    }

    pub(super) fn breaks(&self) -> &[Moment] {
        self.breaks.get().map(Vec::as_slice).unwrap_or_default()
    }

    /// What is wrong, by moment. Of breaks beyond those that findings keep only the code is known.
    fn problem_moments(&self) -> BTreeMap<Moment, Vec<String>> {
        let mut problems: BTreeMap<Moment, Vec<String>> = BTreeMap::new();
        for (_, _, kept) in self.findings.summary() {
            for finding in &kept {
                if let Some(moment) = finding.position.and_then(|position| self.stream.moment_at(position)) {
                    let detail = text::shown(finding.detail.as_bytes());
                    problems.entry(moment).or_default().push(detail);
                }
            }
        }
        for moment in self.breaks().iter().filter(|moment| **moment > Moment::START) {
            problems
                .entry(*moment)
                .or_insert_with(|| vec![invariants::BROKEN.to_owned()]);
        }
        problems
    }
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
