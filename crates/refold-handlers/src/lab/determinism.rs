//! Whether a program makes the same states of the same events, each time and everywhere: checks that are run, not
//! promises that are believed.
//!
//! It sees a program through its port alone, so every engine is asked the same. What a program keeps beside its state,
//! shares between streams or takes from its surroundings shows here. That events stay what they are need not be asked:
//! a program gets them to read. It must not know where the events come from.

use std::collections::{BTreeMap, BTreeSet};
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
    /// Going on from checkpoints, each time in an instance that was just started and with the state written as JSON and read
    /// back, gives the same states as going on.
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

/// A program is started again from a checkpoint so often: a guest, or a process, is made each time.
const MOST_CUTS: usize = 16;

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
    let cuts = sample.cuts(&folded);
    let runs = [
        (Check::Again, sample.again(work)?),
        (Check::Cut, sample.cut(work, &cuts)?),
        (Check::Alone, sample.interleaved(work)?),
    ];
    // What a handler gave up is no mismatch.
    work.check()?;
    let first = |(check, course): &(Check, Course)| sample.first_mismatch(*check, &straight, course);
    Ok(Tried {
        folded: u32::try_from(folded.len()).unwrap_or(u32::MAX),
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
    /// Each stream in an instance of its own; and the rows that were folded.
    fn straight(&self, work: &Work<'_>) -> Result<(Course, BTreeSet<usize>), Cancelled> {
        let (mut course, mut folded) = (self.nothing(), BTreeSet::new());
        for rows in self.streams.values() {
            work.check()?;
            folded.extend(self.fold(&mut self.start(), rows, &mut course));
        }
        Ok((course, folded))
    }

    /// The rows before which a stream is cut: those that are folded after others of their stream were. What a program
    /// keeps outside of its state is not there before the first, and is not asked for after the last.
    fn cuts(&self, folded: &BTreeSet<usize>) -> BTreeSet<usize> {
        let most = (MOST_CUTS / self.streams.len().max(1)).max(1);
        let of_stream = |(stream, rows): (&u32, &Vec<usize>)| {
            let rows: Vec<usize> = rows
                .iter()
                .copied()
                .filter(|row| folded.contains(row))
                .skip(1)
                .collect();
            let apart = rows.len().div_ceil(most).max(1);
            // Elsewhere in each stream.
            let first = *stream as usize * 7 % apart;
            rows.into_iter().skip(first).step_by(apart).collect::<Vec<_>>()
        };
        self.streams.iter().flat_map(of_stream).collect()
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

    /// Each stream from checkpoints in it, each time in an instance that knows nothing else.
    fn cut(&self, work: &Work<'_>, cuts: &BTreeSet<usize>) -> Result<Course, Cancelled> {
        let mut course = self.nothing();
        for rows in self.streams.values() {
            let mut running = self.start();
            for part in rows.chunk_by(|_, next| !cuts.contains(next)) {
                work.check()?;
                let is_first = part.first() == rows.first();
                if !is_first && running.fault.is_none() {
                    let mut next = self.start();
                    let kept = running.instance.checkpoint();
                    next.fault = kept.and_then(|kept| next.instance.restore(&as_json(kept))).err();
                    running = next;
                }
                self.fold(&mut running, part, &mut course);
            }
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

    /// Notes the state after each of these rows, and says which were folded.
    fn fold(&self, running: &mut Running, rows: &[usize], course: &mut Course) -> Vec<usize> {
        let mut folded = Vec::new();
        for row in rows {
            let step = running.step(&self.batch.event(*row), self.names);
            folded.extend((step == Step::Folded).then_some(*row));
            let state = match &running.fault {
                Some(fault) => Err(fault.to_string()),
                None => running.state().map_err(|fault| running.fault.insert(fault).to_string()),
            };
            let state = running.untold.as_ref().map_or(state, |fault| Err(fault.to_string()));
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
