//! A branch beside the record while a person looks at it: its rows, and both states after each.

mod typed;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use refold_core::finding::Findings;
use refold_core::fold::Detail;
use refold_core::history::Budget;
use refold_core::pointer::Pointer;
use refold_core::track::Moment;
use refold_core::value::Value;
use refold_core::work::Work;
use refold_handlers::lab::sandbox::{Row, RowMark};

use super::course::{MOST_CHANGES, bar};
use super::pair::side_by_side;
use super::whatif::{LineCourse, Noted, SandboxEvent, WhatIf, fold_both};
use crate::error::{AppError, ErrorCode};
use crate::mask::Part;
use crate::replay::{Opening, Replay};
use crate::session::Session;
use crate::wire::{LabEvent, SandboxInvariant, SandboxMark, SandboxOpened, SandboxPage, SandboxRow, SandboxRows};
use typed::Typed;

/// Places of a payload that a draft of an edit names.
const MOST_DRAFTED: usize = 40;

/// See the module.
pub struct Sandbox {
    whatif: WhatIf,
    typed: Typed,
    /// Record, branch.
    replays: Mutex<[Replay; 2]>,
}

impl Sandbox {
    /// `edits`: each as a file of edits has it, as JSON; or a list of such.
    pub fn open(
        work: &Work<'_>,
        session: &Session,
        stream: &str,
        handler: &str,
        edits: &[String],
    ) -> Result<Sandbox, AppError> {
        let typed = Typed::read(edits)?;
        let edits = typed.edits()?;
        let whatif = fold_both(work, session, stream, Some(handler), &edits, &|error| {
            typed.told(&error)
        })?;
        let opening = Opening {
            program: Arc::clone(&whatif.program),
            detail: Detail::State,
            budget: Budget::default(),
            is_whole: false,
        };
        let findings = Arc::<Findings>::default();
        let opened = &whatif.opened;
        let record = Replay::of_stream(session, &opened.stream, &opening, &findings)?;
        let source = Box::new(opened.source(session, whatif.program.columns()));
        let track = Arc::clone(opened.branch.track());
        let branch = Replay::of_events(session, &opened.stream, track, source, &opening, &findings)?;
        Ok(Sandbox {
            replays: Mutex::new([record, branch]),
            whatif,
            typed,
        })
    }

    /// `number`: that of the sandbox on the desk.
    pub fn describe(&self, number: u32) -> SandboxOpened {
        let WhatIf {
            answer, rows, course, ..
        } = &self.whatif;
        let turns = self.turns();
        let end = narrow(rows.len()).saturating_add(1);
        let bad: Vec<(u32, u32)> = turns
            .chunks(2)
            .filter_map(|turn| Some((turn.first()? + 1, turn.get(1).map_or(end, |until| until + 1))))
            .collect();
        let is_otherwise = |at: &usize| {
            let same = rows.get(*at).is_some_and(|row| row.mark == RowMark::Kept);
            same && course
                .get(*at)
                .is_some_and(|noted| noted.outcomes[0] != noted.outcomes[1])
        };
        let otherwise = (0..rows.len()).filter(is_otherwise).take(MOST_CHANGES);
        let invariants = answer.invariants.iter().map(|of| SandboxInvariant {
            id: of.id.clone(),
            severity: of.severity,
            record: broken_by(&of.record),
            sandbox: broken_by(&of.sandbox),
            record_unclear: unclear_since(&of.record),
            sandbox_unclear: unclear_since(&of.sandbox),
            is_otherwise: of.record != of.sandbox,
        });
        SandboxOpened {
            sandbox: number,
            stream: answer.stream.to_string(),
            handler: answer.handler.clone(),
            edits: answer.edits.clone(),
            texts: self.typed.texts(),
            record_events: answer.record_events,
            sandbox_events: answer.sandbox_events,
            rows: narrow(rows.len()),
            first_edited: rows.iter().position(|row| row.mark != RowMark::Kept).map(narrow),
            bar: bar(&bad, narrow(rows.len())),
            turns: turns.into_iter().take(MOST_CHANGES).collect(),
            differing_at_head: narrow(answer.at_head.len()),
            otherwise: otherwise.filter_map(|at| self.row(at)).collect(),
            otherwise_count: answer.otherwise_count,
            invariants: invariants.collect(),
            incomplete_since: answer.incomplete_since.clone().unwrap_or_default(),
            findings: answer.findings.clone(),
        }
    }

    pub fn rows(&self, offset: u32, limit: u32) -> SandboxRows {
        let all = 0..self.whatif.rows.len();
        let page = all.skip(offset as usize).take(limit as usize);
        SandboxRows {
            total: narrow(self.whatif.rows.len()),
            rows: page.filter_map(|at| self.row(at)).collect(),
        }
    }

    /// Both states after a row. `is_whole`: what is equal too.
    pub fn page(&self, work: &Work<'_>, row: u32, is_whole: bool) -> Result<SandboxPage, AppError> {
        let found = self.whatif.rows.get(row as usize).ok_or_else(no_row)?;
        let [record, branch] = {
            let mut replays = self.lock()?;
            let [record, branch] = &mut *replays;
            let [record_moment, branch_moment] = found.moments.map(Moment);
            [
                record.state_at(work, record_moment)?,
                branch.state_at(work, branch_moment)?,
            ]
        };
        let (rows, differing, places) = side_by_side(&record.state, &branch.state, is_whole);
        Ok(SandboxPage {
            row,
            label: label(&self.whatif.opened.event(found)),
            rows,
            differing,
            places,
        })
    }

    /// An edit of a row's event that changes nothing yet: its single values as they are, for a person to change. What
    /// masking rules hide is not among them.
    pub fn draft(&self, work: &Work<'_>, session: &Session, row: u32) -> Result<String, AppError> {
        let found = *self.whatif.rows.get(row as usize).ok_or_else(no_row)?;
        let payload = self.whatif.opened.payload(work, session, &found)?;
        let opened = &self.whatif.opened;
        let type_name = opened.event(&found).event.event_type.to_string();
        let cover = session.mask().cover(
            &opened.stream.id,
            &opened.stream.category,
            Some(type_name.as_bytes()),
            Part::Payload,
        );
        let mut leaves = Vec::new();
        if let Some(payload) = &payload {
            leaves_of(&cover.value(payload), &Pointer::ROOT, &mut leaves);
        }
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let name = quoted(&name_of(&opened.event(&found)));
        if payload.is_none() {
            return Ok(format!("{{\n  \"edit\": {name},\n  \"payload\": {{}}\n}}"));
        }
        let lines: Vec<String> = leaves
            .iter()
            .map(|(path, json)| format!("    {}: {json}", quoted(&path.to_string())))
            .collect();
        Ok(format!(
            "{{\n  \"edit\": {name},\n  \"set\": {{\n{}\n  }}\n}}",
            lines.join(",\n")
        ))
    }

    fn row(&self, at: usize) -> Option<SandboxRow> {
        let (row, noted): (&Row, &Noted) = (self.whatif.rows.get(at)?, self.whatif.course.get(at)?);
        let event = self.whatif.opened.event(row);
        let told = |side: usize| {
            let word = noted.outcomes.get(side).copied().flatten().unwrap_or_default();
            match self.whatif.stops.get(side).and_then(Option::as_ref) {
                Some(reason) if word == Noted::FAILED => reason.clone(),
                _ => word.to_owned(),
            }
        };
        Some(SandboxRow {
            row: narrow(at),
            name: name_of(&event),
            event: LabEvent::from(&event.event),
            mark: match row.mark {
                RowMark::Kept => SandboxMark::Kept,
                RowMark::Edited => SandboxMark::Edited,
                RowMark::Skipped => SandboxMark::Skipped,
                RowMark::Inserted => SandboxMark::Inserted,
                RowMark::MovedFrom => SandboxMark::MovedFrom,
                RowMark::MovedTo => SandboxMark::MovedTo,
            },
            record: told(0),
            sandbox: told(1),
            differs: noted.differs,
        })
    }

    /// The rows at which the states begin to differ, or to be equal again.
    fn turns(&self) -> Vec<u32> {
        let mut was_different = false;
        let course = self.whatif.course.iter().enumerate();
        let turn = |(at, noted): (usize, &Noted)| {
            let is_turn = noted.differs != was_different;
            was_different = noted.differs;
            is_turn.then(|| narrow(at))
        };
        course.filter_map(turn).collect()
    }

    /// A panic in the middle of a fold may leave half a state: then nothing of it is used again.
    fn lock(&self) -> Result<MutexGuard<'_, [Replay; 2]>, AppError> {
        self.replays.lock().map_err(|_: PoisonError<_>| {
            AppError::new(
                ErrorCode::Internal,
                "these states broke off half-way",
                "branch the stream again",
            )
        })
    }
}

/// How an edit names an event.
fn name_of(event: &SandboxEvent) -> String {
    match (event.inserted, &event.event.version, &event.event.position) {
        (Some(number), ..) => format!("+{number}"),
        (None, Some(version), _) => format!("v{version}"),
        (None, None, position) => format!("#{}", position.clone().unwrap_or_default()),
    }
}

/// `v5 ItemRemoved`
fn label(event: &SandboxEvent) -> String {
    format!("{} {}", name_of(event), event.event.event_type)
}

fn broken_by(course: &LineCourse) -> String {
    course.first_broken.as_ref().map(label).unwrap_or_default()
}

fn unclear_since(course: &LineCourse) -> String {
    course.unclear_since.as_ref().map(name_of).unwrap_or_default()
}

fn leaves_of(value: &Value, path: &Pointer, leaves: &mut Vec<(Pointer, String)>) {
    if leaves.len() >= MOST_DRAFTED {
        return;
    }
    match value.resolved() {
        Value::Object(object) if !object.is_empty() => {
            for (key, member) in object.iter() {
                leaves_of(member, &path.push_key(key), leaves);
            }
        }
        Value::Array(array) if !array.is_empty() => {
            for (index, element) in array.iter().enumerate() {
                leaves_of(element, &path.push_index(index), leaves);
            }
        }
        Value::Redacted(_) => {}
        leaf => {
            let mut json = Vec::new();
            leaf.write_json(&mut json);
            leaves.push((path.clone(), String::from_utf8_lossy(&json).into_owned()));
        }
    }
}

fn no_row() -> AppError {
    AppError::not_found("the sandbox has no such row", "choose one of its list")
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
