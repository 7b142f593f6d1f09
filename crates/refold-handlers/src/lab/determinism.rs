//! Whether a program makes the same states of the same events, each time and everywhere: checks that are run, not
//! promises that are believed.
//!
//! It sees a program through its port alone, so every engine is asked the same. What a program keeps beside its state,
//! shares between streams or takes from its surroundings shows here. That events stay what they are need not be asked:
//! a program gets them to read. It must not know where the events come from.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;

use refold_core::diff::{ArrayKeys, ChangeOp, diff};
use refold_core::event::{EventBatch, StreamOrdinal};
use refold_core::names::Names;
use refold_core::port::handler::{Checkpoint, HandlerProgram, Written};
use refold_core::value::Value;
use refold_core::work::{Cancelled, Work};
use refold_guests::heed_cancel;

use super::Sighting;
use super::running::{Running, Step};

#[cfg(test)]
mod tests;

/// What is asked of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Folding again, on another thread and in an instance that folded other streams before, gives the same states.
    Again,
    /// Going on from a checkpoint, its state written as JSON and read back, gives the same states as going on.
    Cut,
    /// A stream gives the same states alone and while others are folded between its events.
    Alone,
}

impl Check {
    pub const ALL: [Check; 3] = [Check::Again, Check::Cut, Check::Alone];

    pub fn id(self) -> &'static str {
        match self {
            Check::Again => "again",
            Check::Cut => "cut",
            Check::Alone => "alone",
        }
    }
}

/// The first event after which a check found another state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    pub check: Check,
    /// As stored.
    pub stream: Vec<u8>,
    pub event: Sighting,
    /// Where in the state, as a JSON pointer; empty for all of it, and where one of the two failed.
    pub path: String,
    /// What folding straight gives, and what the check gives; `None`: nothing, or it failed.
    pub expected: Option<Value>,
    pub found: Option<Value>,
}

/// What trying a program came to. Without a mismatch it is safe to replay, as far as the events tell that were folded;
/// where none was, nothing tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Events of the sample for which the program has rules, and ran them.
    pub folded: u32,
    /// The first one of each check that found one.
    pub mismatches: Vec<Mismatch>,
}

/// Runs every check on a sample of events, in the order in which they were stored.
pub fn try_out(
    work: &Work<'_>,
    program: &Arc<dyn HandlerProgram>,
    names: &Names,
    batch: &EventBatch,
) -> Result<Tried, Cancelled> {
    let mut streams: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for row in 0..batch.len() {
        let stream = batch.streams.get(row).map_or(0, |stream| stream.0);
        streams.entry(stream).or_default().push(row);
    }
    let sample = Sample {
        program: program.as_ref(),
        names,
        batch,
        streams,
    };
    let (straight, folded) = sample.straight(work)?;
    let runs = [
        (Check::Again, sample.again(work)?),
        (Check::Cut, sample.cut(work)?),
        (Check::Alone, sample.interleaved(work)?),
    ];
    // What a handler gave up is no mismatch.
    work.check()?;
    let first = |(check, course): &(Check, Course)| sample.first_mismatch(*check, &straight, course);
    Ok(Tried {
        folded,
        mismatches: runs.iter().filter_map(first).collect(),
    })
}

/// The state after each row, or what failed there.
type Course = Vec<Option<Result<Value, String>>>;

struct Sample<'a> {
    program: &'a dyn HandlerProgram,
    names: &'a Names,
    batch: &'a EventBatch,
    /// The rows of each, in order.
    streams: BTreeMap<u32, Vec<usize>>,
}

impl Sample<'_> {
    /// Each stream in an instance of its own; and how many events were folded.
    fn straight(&self, work: &Work<'_>) -> Result<(Course, u32), Cancelled> {
        let (mut course, mut folded) = (self.nothing(), 0);
        for rows in self.streams.values() {
            work.check()?;
            folded += self.fold(&mut self.start(), rows, &mut course);
        }
        Ok((course, folded))
    }

    /// All streams in one instance, the last one first, on a thread of its own.
    fn again(&self, work: &Work<'_>) -> Result<Course, Cancelled> {
        let fold = || {
            let _heeds = heed_cancel(work.cancel_token());
            let mut course = self.nothing();
            let mut running = self.start();
            for rows in self.streams.values().rev() {
                work.check()?;
                running.reset();
                self.fold(&mut running, rows, &mut course);
            }
            Ok(course)
        };
        thread::scope(|threads| {
            let thread = thread::Builder::new().name("refold-again".to_owned());
            match thread.spawn_scoped(threads, fold) {
                Ok(running) => running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                // Without another thread, on this one.
                Err(_) => fold(),
            }
        })
    }

    /// Each stream from a checkpoint somewhere in it, in an instance that knows nothing else.
    fn cut(&self, work: &Work<'_>) -> Result<Course, Cancelled> {
        let mut course = self.nothing();
        for (stream, rows) in &self.streams {
            work.check()?;
            // Elsewhere in each stream, and never before its first event.
            let cut = 1 + *stream as usize * 7 % rows.len().max(1);
            let (before, after) = rows.split_at(cut.min(rows.len()));
            let mut running = self.start();
            self.fold(&mut running, before, &mut course);
            if running.fault.is_none() {
                let mut next = self.start();
                let kept = running.instance.checkpoint();
                next.fault = kept.and_then(|kept| next.instance.restore(&as_json(kept))).err();
                running = next;
            }
            self.fold(&mut running, after, &mut course);
        }
        Ok(course)
    }

    /// Every stream in an instance of its own, all at once, in the order of the events.
    fn interleaved(&self, work: &Work<'_>) -> Result<Course, Cancelled> {
        let mut course = self.nothing();
        let mut all: BTreeMap<u32, Running> = BTreeMap::new();
        for row in 0..self.batch.len() {
            work.check()?;
            let stream = self.batch.streams.get(row).map_or(0, |stream| stream.0);
            let running = all.entry(stream).or_insert_with(|| self.start());
            self.fold(running, &[row], &mut course);
        }
        Ok(course)
    }

    fn nothing(&self) -> Course {
        vec![None; self.batch.len()]
    }

    fn start(&self) -> Running {
        Running::start(self.program, Written::off())
    }

    /// Notes the state after each of these rows, and says how many events were folded.
    fn fold(&self, running: &mut Running, rows: &[usize], course: &mut Course) -> u32 {
        let mut folded = 0;
        for row in rows {
            let step = running.step(&self.batch.event(*row), self.names);
            folded += u32::from(step == Step::Folded);
            let state = match &running.fault {
                Some(fault) => Err(fault.to_string()),
                None => running.state().map_err(|fault| running.fault.insert(fault).to_string()),
            };
            if let Some(of) = course.get_mut(*row) {
                *of = Some(state);
            }
        }
        folded
    }

    fn first_mismatch(&self, check: Check, straight: &Course, course: &Course) -> Option<Mismatch> {
        let both = straight.iter().zip(course).enumerate();
        let (row, (expected, found)) = both.into_iter().find(|(_, (expected, found))| expected != found)?;
        let state = |of: &Option<Result<Value, String>>| of.as_ref().and_then(|of| of.as_ref().ok().cloned());
        Some(self.mismatch(check, row, state(expected), state(found)))
    }

    fn mismatch(&self, check: Check, row: usize, expected: Option<Value>, found: Option<Value>) -> Mismatch {
        let event = self.batch.event(row);
        let stream = self.batch.streams.get(row).copied().unwrap_or(StreamOrdinal(0));
        let (path, expected, found) = first_place(expected, found);
        Mismatch {
            check,
            stream: self.names.stream(stream).to_vec(),
            event: Sighting::of(&event, self.names),
            path,
            expected,
            found,
        }
    }
}

/// A state that is kept as a value, as it comes back from a file: nothing but its JSON is left of it.
fn as_json(checkpoint: Checkpoint) -> Checkpoint {
    match checkpoint {
        Checkpoint::State { state, json_bytes } => {
            let state = Value::from_json(&state.to_canonical(), Value::MAX_DEPTH).unwrap_or(state);
            Checkpoint::State { state, json_bytes }
        }
        opaque => opaque,
    }
}

fn first_place(expected: Option<Value>, found: Option<Value>) -> (String, Option<Value>, Option<Value>) {
    let (Some(before), Some(after)) = (&expected, &found) else {
        return (String::new(), expected, found);
    };
    let Some(change) = diff(before, after, &ArrayKeys::default()).into_iter().next() else {
        return (String::new(), expected, found);
    };
    let path = change.path.to_string();
    match change.op {
        ChangeOp::Added { after } => (path, None, Some(after)),
        ChangeOp::Removed { before } => (path, Some(before), None),
        ChangeOp::Changed { before, after } => (path, Some(before), Some(after)),
        ChangeOp::Moved { .. } => (path, expected, found),
    }
}
