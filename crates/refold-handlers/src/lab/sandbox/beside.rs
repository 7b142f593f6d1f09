//! Walks record and branch at once, row by row.

use refold_core::event::EventBatch;
use refold_core::fold::FoldError;
use refold_core::history::EventSource;
use refold_core::port::handler::{HandlerFault, HandlerProgram, Written};
use refold_core::track::Moment;
use refold_core::value::Value;
use refold_core::work::{Phase, Work};

use super::branch::{Mark, Row};
use crate::lab::running::{Running, Step};

/// Events read at a time.
const READ_EVENTS: u32 = 2_048;
/// Rows between two looks at the cancel token.
const STRIDE: usize = 256;

/// What an event came to on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Changed,
    /// The handler has rules for it, and the state is as before.
    Unchanged,
    /// The handler has no rules for it.
    Passed,
    Undecodable,
    /// The handler failed, or the state cannot be told after it.
    Failed(HandlerFault),
    /// The handler had failed before.
    NotApplied,
}

/// Both lines after a row: record, branch.
#[derive(Debug)]
pub struct Seen<'s> {
    pub states: [&'s Value; 2],
    /// `None`: the event is not on that line here.
    pub outcomes: [Option<Outcome>; 2],
    pub differs: bool,
}

/// Folds both lines and calls `visit` after each row. Up to the first row that is otherwise they are one fold.
pub fn walk<E: From<FoldError>>(
    work: &Work<'_>,
    program: &dyn HandlerProgram,
    rows: &[Row],
    sources: [&mut dyn EventSource; 2],
    visit: &mut dyn FnMut(&Row, &Seen<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let shared = rows.iter().take_while(|row| row.mark == Mark::Kept).count();
    let (before, after) = rows.split_at(shared);
    let [record, branch] = sources;
    let total = rows.len() as u64;
    let tick = |at: usize| {
        if at.is_multiple_of(STRIDE) {
            work.tick(Phase::FoldingBothLines, at as u64, Some(total))
                .map_err(FoldError::from)?;
        }
        Ok::<_, FoldError>(())
    };
    let [record_events, branch_events] = rows.last().map_or([0; 2], |row| row.moments);
    let mut line = Line::start(program, record, record_events)?;
    for (at, row) in before.iter().enumerate() {
        tick(at)?;
        let outcome = Some(line.step(work)?);
        visit(
            row,
            &Seen {
                states: [&line.state; 2],
                outcomes: [outcome.clone(), outcome],
                differs: false,
            },
        )?;
    }
    let mut other = line.branched(program, branch, branch_events)?;
    for (at, row) in (shared..).zip(after) {
        tick(at)?;
        let [is_in_record, is_in_branch] = row.mark.sides();
        let outcomes = [
            is_in_record.then(|| line.step(work)).transpose()?,
            is_in_branch.then(|| other.step(work)).transpose()?,
        ];
        visit(
            row,
            &Seen {
                states: [&line.state, &other.state],
                outcomes,
                differs: line.state != other.state,
            },
        )?;
    }
    Ok(())
}

/// One line, as far as it is folded.
struct Line<'l> {
    source: &'l mut dyn EventSource,
    running: Running,
    state: Value,
    /// How many events are folded, and how many there are.
    at: u32,
    events: u32,
    batch: EventBatch,
    next: usize,
}

impl<'l> Line<'l> {
    /// The record, before its first event.
    fn start(
        program: &dyn HandlerProgram,
        source: &'l mut dyn EventSource,
        events: u32,
    ) -> Result<Line<'l>, FoldError> {
        let mut running = Running::start(program, Written::on());
        Ok(Line {
            source,
            state: running.state()?,
            running,
            at: 0,
            events,
            batch: EventBatch::default(),
            next: 0,
        })
    }

    /// A line that goes on from here with other events.
    fn branched(
        &mut self,
        program: &dyn HandlerProgram,
        source: &'l mut dyn EventSource,
        events: u32,
    ) -> Result<Line<'l>, FoldError> {
        let mut running = Running::start(program, Written::on());
        running.instance.restore(&self.running.instance.checkpoint()?)?;
        running.fault.clone_from(&self.running.fault);
        Ok(Line {
            source,
            state: running.state()?,
            running,
            at: self.at,
            events,
            batch: EventBatch::default(),
            next: 0,
        })
    }

    fn step(&mut self, work: &Work<'_>) -> Result<Outcome, FoldError> {
        if self.next == self.batch.len() {
            self.next = 0;
            let to = Moment(self.events.min(self.at.saturating_add(READ_EVENTS)));
            self.source.read(work, Moment(self.at), to, &mut self.batch)?;
            if self.batch.is_empty() {
                return Err(FoldError::StreamChanged);
            }
        }
        let event = self.batch.event(self.next);
        let step = self.running.step(&event, self.source.names());
        self.next += 1;
        self.at += 1;
        let outcome = match step {
            Step::Undecodable => Outcome::Undecodable,
            Step::NotApplied => Outcome::NotApplied,
            Step::Failed => match self.running.failure() {
                Some(fault) if fault.is_cancelled() => return Err(fault.clone().into()),
                Some(fault) => Outcome::Failed(fault.clone()),
                None => Outcome::NotApplied,
            },
            Step::Folded | Step::Passed if self.running.written.paths().is_empty() => match step {
                Step::Folded => Outcome::Unchanged,
                _ => Outcome::Passed,
            },
            Step::Folded | Step::Passed => {
                let state = self.running.state()?;
                let has_changed = state != self.state;
                self.state = state;
                if has_changed {
                    Outcome::Changed
                } else {
                    Outcome::Unchanged
                }
            }
        };
        Ok(outcome)
    }
}
