//! Every event of a scope through the upcasters of a handler, as the window lists it.

use std::time::Instant;

use refold_core::work::Work;

use super::Desk;
use super::lab::{narrow, scope_of, took};
use crate::error::AppError;
use crate::jobs::ProgressSink;
use crate::text;
use crate::usecase::lab::gate::{self, GateAnswer, GateBecome, GateChange, GateFailure, GateGroup, GateStep};
use crate::usecase::lab::gate_example::gate_example;
use crate::wire::{GateExample, GateFirst, GateOutcome, GateRow, GateStepRow, GateTold, LabEvent, LabScope};

/// Rows that are told at once.
const MOST_ROWS: usize = 1_000;

impl Desk {
    pub fn gate(
        &self,
        session: u32,
        scope: &LabScope,
        handler: &str,
        progress: ProgressSink<'_>,
    ) -> Result<GateTold, AppError> {
        let opened = self.session(session)?;
        let started = Instant::now();
        let answer = self.jobs.run("gate", session, progress, |work| {
            gate::gate(work, &opened, scope_of(scope), Some(handler))
        })?;
        Ok(told(&answer, took(started)))
    }

    /// One event beside what the upcasters make of it. `cursor`: the event in its stream.
    pub fn gate_example(
        &self,
        session: u32,
        stream: &str,
        cursor: &str,
        handler: &str,
        progress: ProgressSink<'_>,
    ) -> Result<GateExample, AppError> {
        let opened = self.session(session)?;
        let ask = |work: &Work<'_>| gate_example(work, &opened, stream, cursor, Some(handler));
        self.jobs.run("gate example", session, progress, ask)
    }
}

fn told(answer: &GateAnswer, took: String) -> GateTold {
    let mut rows: Vec<GateRow> = answer.groups.iter().flat_map(rows_of).collect();
    rows.sort_by_key(|row| row.outcome); // what stands first in an outcome stays as the answer has it
    let row_count = narrow(rows.len() as u64);
    rows.truncate(MOST_ROWS);
    GateTold {
        handler: answer.handler.clone(),
        events: narrow(answer.events),
        upcast: narrow(answer.upcast),
        failed: narrow(answer.failed),
        dropped: narrow(answer.dropped),
        losing: narrow(answer.losing),
        rows,
        row_count,
        steps: answer.steps.iter().map(step_row).collect(),
        findings: answer.findings.clone(),
        took,
    }
}

fn rows_of(group: &GateGroup) -> Vec<GateRow> {
    let row = |outcome, events: u64| GateRow {
        event_type: group.event_type.to_string(),
        from: group.from,
        outcome,
        path: String::new(),
        detail: String::new(),
        events: narrow(events),
        first: None,
    };
    let failed = |of: &GateFailure| GateRow {
        detail: format!("{}: {}", of.code, text::shown(of.message.as_bytes())),
        first: Some(first(&of.first)),
        ..row(GateOutcome::Fails, of.events)
    };
    let became = |of: &GateBecome| GateRow {
        detail: of.types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        first: Some(first(&of.first)),
        ..row(
            if of.types.is_empty() {
                GateOutcome::Dropped
            } else {
                GateOutcome::Becomes
            },
            of.events,
        )
    };
    let changed = |of: &GateChange| GateRow {
        path: text::shown(of.path.as_bytes()),
        detail: match (&of.to, of.kinds) {
            (Some(to), _) => text::shown(to.as_bytes()),
            (None, Some([from, to])) => format!("{from} → {to}"),
            (None, None) => String::new(),
        },
        first: Some(first(&of.first)),
        ..row(outcome_of(of), of.events)
    };
    let mut rows: Vec<GateRow> = group.failures.iter().map(failed).collect();
    rows.extend(group.becomes.iter().map(became));
    let taken: u64 = group.failures.iter().map(|of| of.events).sum::<u64>()
        + group.becomes.iter().map(|of| of.events).sum::<u64>()
        + group.further_failures;
    rows.extend(group.changes.iter().map(changed));
    let rest = [
        (GateOutcome::FailsElse, group.further_failures),
        (GateOutcome::ChangesElse, group.further_changes),
        (GateOutcome::AsStored, group.events.saturating_sub(taken)),
    ];
    rows.extend(
        rest.into_iter()
            .filter(|(_, events)| *events > 0)
            .map(|(outcome, events)| row(outcome, events)),
    );
    rows
}

fn outcome_of(change: &GateChange) -> GateOutcome {
    match change.what {
        "lost" => GateOutcome::Lost,
        "moved" => GateOutcome::Moved,
        "added" => GateOutcome::Added,
        "retyped" => GateOutcome::Retyped,
        _ => GateOutcome::Revalued, // the answer has no other word
    }
}

fn first(example: &gate::GateExample) -> GateFirst {
    GateFirst {
        stream: example.stream.to_string(),
        event: LabEvent::from(&example.event),
    }
}

fn step_row(step: &GateStep) -> GateStepRow {
    GateStepRow {
        place: text::shown(step.place.as_bytes()),
        event_type: step.event_type.to_string(),
        from: step.from,
        to: step.to,
        events: narrow(step.events),
    }
}

#[cfg(test)]
mod tests;
