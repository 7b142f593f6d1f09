//! What the window asks of a read model.

use std::path::Path;
use std::time::Instant;

use refold_core::work::{CancelToken, Silent, Work};

use super::Desk;
use crate::answer::Literal;
use crate::error::AppError;
use crate::jobs::{ProgressSink, caught};
use crate::text::{self, Exact};
use crate::usecase::evidence::drift::answer::{DriftAnswer, Fault, FaultKind, PositionFrom};
use crate::usecase::evidence::drift::guess::guess;
use crate::usecase::evidence::drift::{DriftAsked, MappingFrom, drift, saved_mapping, tables, write_mapping};
use crate::wire::{
    DriftAskedWire, DriftColumn, DriftDistinguishing, DriftFault, DriftFound, DriftKind, DriftPositionFrom,
    MappingAsked, MappingOffered,
};

/// Faults that cross to the window.
const MOST_FAULTS: usize = 1_000;

impl Desk {
    /// The tables of a database; none for an export.
    pub fn read_model_tables(&self, session: u32, read_model: &str) -> Result<Vec<String>, AppError> {
        let cancel = CancelToken::default();
        caught(|| tables(&Work::new(&cancel, &Silent), &*self.session(session)?, read_model))
    }

    /// The mapping that lies beside a read model, or a guess.
    pub fn read_model_mapping(
        &self,
        session: u32,
        asked: &MappingAsked,
        progress: ProgressSink<'_>,
    ) -> Result<MappingOffered, AppError> {
        let opened = self.session(session)?;
        let table = Some(asked.table.as_str()).filter(|table| !table.is_empty());
        let (file, saved) = saved_mapping(&opened, &asked.read_model, table)?;
        if let Some(text) = saved.filter(|_| !asked.is_guess) {
            return Ok(MappingOffered {
                text,
                file,
                is_guess: false,
                sampled: 0,
                matched: 0,
            });
        }
        let handler = Some(asked.handler.as_str()).filter(|handler| !handler.is_empty());
        let guessed = self.jobs.run("guess", session, progress, |work| {
            guess(work, &opened, &asked.read_model, table, handler)
        })?;
        Ok(MappingOffered {
            text: guessed.mapping,
            file,
            is_guess: true,
            sampled: guessed.sampled,
            matched: guessed.matched,
        })
    }

    /// Holds every row of a read model against a handler.
    pub fn compare_read_model(
        &self,
        session: u32,
        asked: &DriftAskedWire,
        progress: ProgressSink<'_>,
    ) -> Result<DriftFound, AppError> {
        let opened = self.session(session)?;
        let started = Instant::now();
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let how = DriftAsked {
            read_model: asked.read_model.clone(),
            table: given(&asked.table),
            handler: given(&asked.handler),
            mapping: MappingFrom::Text(asked.mapping.clone()),
            position: given(&asked.position),
            most_faults: MOST_FAULTS,
        };
        let answer = self
            .jobs
            .run("drift", session, progress, |work| drift(work, &opened, &how))?;
        let took = text::span_label(u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX));
        Ok(found(answer, took))
    }

    /// Writes a mapping where a person says.
    pub fn save_mapping(&self, session: u32, file: &str, mapping: &str) -> Result<(), AppError> {
        caught(|| write_mapping(&*self.session(session)?, Path::new(file), mapping))
    }
}

fn found(answer: DriftAnswer, took: String) -> DriftFound {
    let narrow = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let visible = |text: &str| text::visible(text).into_owned();
    DriftFound {
        table: answer.table.as_deref().map(visible).unwrap_or_default(),
        handler: answer.handler,
        rows: answer.rows,
        equal: answer.equal,
        missing: answer.missing,
        extra: answer.extra,
        different: answer.different,
        lost_updates: answer.lost_updates,
        unplaced: answer.unplaced,
        behind: answer.behind,
        unclear: answer.unclear,
        position: answer.position.unwrap_or_default(),
        position_from: match answer.position_from {
            PositionFrom::Given => DriftPositionFrom::Given,
            PositionFrom::Checkpoint => DriftPositionFrom::Checkpoint,
            PositionFrom::Rows => DriftPositionFrom::Rows,
            PositionFrom::Nobody => DriftPositionFrom::Nobody,
        },
        lag_events: narrow(answer.lag_events.unwrap_or_default()),
        columns: answer
            .columns
            .iter()
            .map(|of| DriftColumn {
                column: visible(&of.column),
                path: visible(&of.path),
                rows: of.rows,
            })
            .collect(),
        distinguishing: answer
            .distinguishing
            .iter()
            .map(|of| DriftDistinguishing {
                attribute: of.attribute.to_owned(),
                value: of.value.to_string(),
                wrong: of.wrong,
                wrong_of: of.wrong_of,
                right: of.right,
                right_of: of.right_of,
            })
            .collect(),
        faults: answer.faults.iter().map(fault).collect(),
        fault_count: narrow(answer.fault_count),
        findings: answer.findings,
        took,
    }
}

fn fault(of: &Fault) -> DriftFault {
    let shown = |text: &Option<String>| {
        text.as_deref()
            .map(|text| text::visible(text).into_owned())
            .unwrap_or_default()
    };
    let value = |value: &Option<Literal>| value.as_ref().map(Literal::row).unwrap_or_default();
    DriftFault {
        key: of.key.to_string(),
        kind: match of.kind {
            FaultKind::Missing => DriftKind::Missing,
            FaultKind::Extra => DriftKind::Extra,
            FaultKind::Different => DriftKind::Different,
            FaultKind::Unplaced => DriftKind::Unplaced,
            FaultKind::Behind => DriftKind::Behind,
            FaultKind::Unclear => DriftKind::Unclear,
        },
        stream: of.stream.as_ref().map(Exact::to_string).unwrap_or_default(),
        column: shown(&of.column),
        path: shown(&of.path),
        expected: value(&of.expected),
        found: value(&of.found),
        version: shown(&of.version),
        position: shown(&of.position),
        recorded_at: shown(&of.recorded_at),
        event_type: shown(&of.event_type),
        at: shown(&of.at),
        holds: shown(&of.holds),
        is_lost_update: of.lost_update,
        is_last_change: of.last_change,
        behind_by: of.behind_by,
        why: shown(&of.why),
    }
}
