//! Which events of a history change a value when they are left out, one at a time: what can be told of a handler into
//! whose code nobody looks.
//!
//! It is found by folding alone, so it is so for every handler, and it says less than a slice ([`super::why`]): that an
//! event matters, and not what was read of it. Where either of two events would do, neither matters by itself; folding
//! those alone that were found shows whether there are such. It must not know where events come from.

#[cfg(test)]
mod tests;

use refold_core::event::{Columns, EventBatch, EventView};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::handler::{HandlerFault, HandlerProgram, StatesAsked, Written};
use refold_core::value::Value;
use refold_core::work::{Cancelled, Phase, Work};

use super::running::{Running, Step};

/// What the search is called while it runs.
const PHASE: Phase = Phase::LeavingEventsOut;
/// Events that a handler is told of ahead; so often the cancel token is looked at.
const STRIDE: usize = 256;

/// The events of one stream: those that come first are only folded, each of the others is left out in its turn.
pub struct Leaving<'a> {
    program: &'a dyn HandlerProgram,
    names: &'a Names,
    /// Folded up to the first event that is left out.
    line: Running,
    passed_over: usize,
    batch: EventBatch,
}

/// What leaving events out showed.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// Those without which the value is another one; the latest first.
    pub events: Vec<Without>,
    /// How many more of them there are, which are earlier.
    pub further: u32,
    /// Events that were left out in their turn.
    pub tried: u32,
    /// Those that need not be: the handler has nothing for their type, cannot read them, or had failed before.
    pub untaken: u32,
    /// Whether those that matter, folded alone, give the same value. `None`: not every event was left out.
    pub is_enough: Option<bool>,
}

/// What would be there without one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Without {
    /// Its place among those that are left out in turn.
    pub row: usize,
    pub value: Option<Value>,
    /// Where the handler fails without it, as such a place, and why: the value is the one before that.
    pub fault: Option<(usize, HandlerFault)>,
}

/// Why nothing can be told.
#[derive(Debug)]
pub enum LeftOutError {
    /// All events together, folded once more, do not give the value that is asked about.
    Differs,
    /// The engine itself failed, outside of any event.
    Handler(HandlerFault),
    Cancelled,
}

impl From<Cancelled> for LeftOutError {
    fn from(_: Cancelled) -> LeftOutError {
        LeftOutError::Cancelled
    }
}

impl From<HandlerFault> for LeftOutError {
    fn from(fault: HandlerFault) -> LeftOutError {
        match fault.is_cancelled() {
            true => LeftOutError::Cancelled,
            false => LeftOutError::Handler(fault),
        }
    }
}

impl<'a> Leaving<'a> {
    pub fn new(program: &'a dyn HandlerProgram, names: &'a Names) -> Leaving<'a> {
        Leaving {
            program,
            names,
            line: Running::start(program, Written::off()),
            passed_over: 0,
            batch: EventBatch::default(),
        }
    }

    /// The next event, which is in every history that is tried.
    pub fn pass(&mut self, event: &EventView<'_>) -> Result<(), LeftOutError> {
        self.passed_over += 1;
        self.line.step(event, self.names);
        Ok(unless_cancelled(&self.line)?)
    }

    /// The next event, which is left out in its turn. None may be passed over after it.
    pub fn take(&mut self, event: &EventView<'_>) {
        let columns = Columns {
            metadata: self.program.columns().metadata,
            ..Columns::ALL
        };
        self.batch.push(event, columns);
    }

    /// The bytes that the events to be left out take.
    pub fn byte_count(&self) -> usize {
        self.batch.arena.len()
    }

    /// Looks for the events without which what is at `path` in the end is not `value`. At most `most` are told of.
    pub fn find(
        mut self,
        work: &Work<'_>,
        path: &Pointer,
        value: Option<&Value>,
        most: usize,
    ) -> Result<LeftOut, LeftOutError> {
        let rows: Vec<usize> = (0..self.batch.len()).collect();
        // All of them twice, and for each those that come later.
        let total = (2 * rows.len() + rows.len() * rows.len().saturating_sub(1) / 2) as u64;
        let mut found = LeftOut {
            events: Vec::new(),
            further: 0,
            tried: 0,
            untaken: 0,
            is_enough: None,
        };
        let mut other = Running::start(self.program, Written::off());
        let before = self.line.instance.checkpoint()?;
        // What a handler keeps beside its state is new in the first, and of the first in the second: as in each history that
        // is tried later.
        for done in [0, rows.len() as u64] {
            other.fault.clone_from(&self.line.fault);
            other.instance.restore(&before)?;
            self.fold(work, &mut other, &rows, (done, total))?;
            if path.find(&other.state()?) != value {
                return Err(LeftOutError::Differs);
            }
        }
        let mut matters = Vec::new();
        let mut folded = 2 * rows.len() as u64;
        for row in &rows {
            let before = self.line.instance.checkpoint()?;
            let step = self.line.step(&self.batch.event(*row), self.names);
            unless_cancelled(&self.line)?;
            let rest = rows.get(row + 1..).unwrap_or_default();
            if matches!(step, Step::Folded | Step::Failed) {
                found.tried += 1;
                other.fault = None;
                other.instance.restore(&before)?;
                let failed = self.fold(work, &mut other, rest, (folded, total))?;
                let without = path.find(&other.state()?).cloned();
                if without.as_ref() != value {
                    matters.push(*row);
                    found.events.push(Without {
                        row: *row,
                        value: without,
                        fault: failed.zip(other.fault.clone()),
                    });
                }
            } else {
                found.untaken += 1;
            }
            folded += rest.len() as u64;
            work.tick(PHASE, folded, Some(total))?;
        }
        if self.passed_over == 0 {
            other.reset();
            self.fold(work, &mut other, &matters, (total, total))?;
            found.is_enough = Some(path.find(&other.state()?) == value);
        }
        let further = found.events.len().saturating_sub(most);
        found.events.drain(..further);
        found.events.reverse();
        found.further = crate::error::count(further);
        Ok(found)
    }

    /// Folds these rows, which ascend; where the handler fails, the row is said.
    fn fold(
        &self,
        work: &Work<'_>,
        running: &mut Running,
        rows: &[usize],
        (done, total): (u64, u64),
    ) -> Result<Option<usize>, LeftOutError> {
        let mut failed = None;
        for (stretch, so_far) in rows.chunks(STRIDE).zip((done..).step_by(STRIDE)) {
            work.tick(PHASE, so_far.min(total), Some(total))?;
            let mut coming = stretch.iter().map(|row| self.batch.event(*row));
            running.look_ahead(&mut coming, self.names, StatesAsked::LastState);
            for row in stretch {
                if running.step(&self.batch.event(*row), self.names) == Step::Failed {
                    failed = Some(*row);
                }
            }
            unless_cancelled(running)?;
        }
        Ok(failed)
    }
}

fn unless_cancelled(running: &Running) -> Result<(), Cancelled> {
    match &running.fault {
        Some(fault) if fault.is_cancelled() => Err(Cancelled),
        _ => Ok(()),
    }
}
