//! A program that runs two programs in lockstep, and whose state is where their states differ.
//!
//! As long as both are equal, only the places that either wrote are compared; once they differ, the whole states are,
//! until they are equal again. A fault is an outcome like any other: a side that failed keeps its state and takes no
//! more events.

use std::sync::Arc;

use refold_core::diff::{ArrayKeys, Change, ChangeOp, diff};
use refold_core::event::{Columns, EventView};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::handler::{
    Applied, Checkpoint, HandlerFault, HandlerIdentity, HandlerInstance, HandlerProgram, StatesAsked, Untold, Written,
};
use refold_core::value::Value;

use super::running::state_of;
use super::sight::{Sighting, elements, foreign_checkpoint, list, number, text, whole, words};

#[cfg(test)]
mod tests;

/// See the module. Its identity is that of the left program.
pub struct Compared {
    left: Arc<dyn HandlerProgram>,
    right: Arc<dyn HandlerProgram>,
    most_intervals: usize,
}

/// Where two programs differ in one stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Divergences {
    /// In the order of the events; the first ones, when there are more than were to be kept.
    pub intervals: Vec<Interval>,
    /// All of them.
    pub interval_count: u32,
    /// What differs after the first event of the first interval, top-down; the first few places of it.
    pub first: Vec<Divergence>,
    /// How many places differ there.
    pub first_count: u32,
    /// The side that failed: left, right.
    pub stops: [Option<Stop>; 2],
}

/// States that differ, from the one after an event to the one before another, or to the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    pub from: Sighting,
    /// The event after which both are equal again; `None`: they are not.
    pub until: Option<Sighting>,
}

/// One place at which the states differ. `None`: there is nothing on that side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    pub path: String,
    pub left: Option<Value>,
    pub right: Option<Value>,
}

/// The event on which a side failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    pub event: Sighting,
    pub reason: String,
}

impl Divergences {
    pub fn is_equal(&self) -> bool {
        self.interval_count == 0 && self.stops[0].is_some() == self.stops[1].is_some()
    }

    /// Whether the states at the head differ.
    pub fn differs_at_head(&self) -> bool {
        self.intervals.last().is_some_and(|last| last.until.is_none())
    }
}

impl Compared {
    /// `most_intervals`: how many of one stream are kept. The last one is kept always.
    pub fn new(left: Arc<dyn HandlerProgram>, right: Arc<dyn HandlerProgram>, most_intervals: usize) -> Compared {
        Compared {
            left,
            right,
            most_intervals: most_intervals.max(1),
        }
    }
}

impl HandlerProgram for Compared {
    fn identity(&self) -> &HandlerIdentity {
        self.left.identity()
    }

    fn start(&self) -> Box<dyn HandlerInstance> {
        Box::new(ComparedInstance {
            sides: [&self.left, &self.right].map(|program| Side {
                inner: program.start(),
                written: Written::on(),
            }),
            keys: ArrayKeys::new(self.left.array_keys()),
            most_intervals: self.most_intervals,
            seen: Divergences::default(),
            is_started: false,
        })
    }

    fn columns(&self) -> Columns {
        let (left, right) = (self.left.columns(), self.right.columns());
        Columns {
            payload: left.payload || right.payload,
            metadata: left.metadata || right.metadata,
            envelope: left.envelope || right.envelope,
            row: false,
        }
    }
}

struct Side {
    inner: Box<dyn HandlerInstance>,
    written: Written,
}

struct ComparedInstance {
    /// Left, right.
    sides: [Side; 2],
    keys: ArrayKeys,
    most_intervals: usize,
    seen: Divergences,
    is_started: bool,
}

struct Kept {
    sides: [Checkpoint; 2],
    seen: Divergences,
    is_started: bool,
}

/// Places of the first divergence that are kept.
const MOST_PLACES: usize = 16;

impl HandlerInstance for ComparedInstance {
    fn reset(&mut self) {
        self.sides.iter_mut().for_each(|side| side.inner.reset());
        self.seen = Divergences::default();
        self.is_started = false;
    }

    fn apply(&mut self, event: &EventView<'_>, names: &Names, _: &mut Written) -> Result<Applied, HandlerFault> {
        let mut outcomes = [Applied::Ignored; 2];
        for ((side, stop), outcome) in self.sides.iter_mut().zip(&mut self.seen.stops).zip(&mut outcomes) {
            side.written.clear();
            if stop.is_some() {
                continue;
            }
            match side.inner.apply(event, names, &mut side.written) {
                Ok(applied) => *outcome = applied,
                Err(fault) if fault.is_cancelled() => return Err(fault),
                Err(fault) => {
                    side.written.clear();
                    *stop = Some(Stop {
                        event: Sighting::of(event, names),
                        reason: fault.to_string(),
                    });
                }
            }
        }
        self.look(event, names)?;
        Ok(applied_of(outcomes))
    }

    fn look_ahead<'e>(&mut self, coming: &mut dyn Iterator<Item = EventView<'e>>, names: &Names, _asked: StatesAsked) {
        let coming: Vec<EventView<'e>> = coming.collect();
        for (side, stop) in self.sides.iter_mut().zip(&self.seen.stops) {
            if stop.is_none() {
                // What is written is found by the states before and after.
                let mut coming = coming.iter().copied();
                side.inner.look_ahead(&mut coming, names, StatesAsked::EveryState);
            }
        }
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        Ok(self.seen.to_value())
    }

    fn tells_late(&self) -> bool {
        false
    }

    fn is_told(&self) -> bool {
        true
    }

    fn take_untold(&mut self) -> Option<Untold> {
        None
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault> {
        let [left, right] = &mut self.sides;
        let kept = Kept {
            sides: [left.inner.checkpoint()?, right.inner.checkpoint()?],
            seen: self.seen.clone(),
            is_started: self.is_started,
        };
        let byte_count = size_of::<Kept>() + kept.seen.intervals.len() * size_of::<Interval>();
        Ok(Checkpoint::Opaque {
            body: Arc::new(kept),
            byte_count,
        })
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        if let Checkpoint::Opaque { body, .. } = checkpoint
            && let Some(kept) = body.downcast_ref::<Kept>()
        {
            self.seen.clone_from(&kept.seen);
            self.is_started = kept.is_started;
            let mut sides = self.sides.iter_mut().zip(&kept.sides);
            return sides.try_for_each(|(side, kept)| side.inner.restore(kept));
        }
        Err(foreign_checkpoint())
    }
}

/// What the event did: unreadable and unknown only where it is so for both.
fn applied_of(outcomes: [Applied; 2]) -> Applied {
    match outcomes {
        [Applied::Undecodable(error), Applied::Undecodable(_)] => Applied::Undecodable(error),
        [Applied::Unknown, Applied::Unknown] => Applied::Unknown,
        _ => Applied::Folded,
    }
}

impl ComparedInstance {
    fn look(&mut self, event: &EventView<'_>, names: &Names) -> Result<(), HandlerFault> {
        let wrote_nothing = self.sides.iter().all(|side| side.written.paths().is_empty());
        if self.is_started && wrote_nothing {
            return Ok(());
        }
        let [left, right] = &mut self.sides;
        let (left_state, right_state) = (state_of(left.inner.as_mut())?, state_of(right.inner.as_mut())?);
        let was_different = self.seen.differs_at_head();
        // Nothing is known of the initial states before they were compared once.
        let is_different = if was_different || !self.is_started {
            left_state != right_state
        } else {
            let mut written = left.written.paths().iter().chain(right.written.paths());
            written.any(|path| differs_at(path, &left_state, &right_state))
        };
        self.is_started = true;
        match (was_different, is_different) {
            (false, true) => self.open_interval(Sighting::of(event, names), &left_state, &right_state),
            (true, false) => {
                if let Some(last) = self.seen.intervals.last_mut() {
                    last.until = Some(Sighting::of(event, names));
                }
            }
            (false, false) | (true, true) => {}
        }
        Ok(())
    }

    fn open_interval(&mut self, from: Sighting, left: &Value, right: &Value) {
        let seen = &mut self.seen;
        if seen.interval_count == 0 {
            let changes = diff(left, right, &self.keys);
            seen.first_count = crate::error::count(changes.len());
            seen.first = changes.into_iter().take(MOST_PLACES).map(Divergence::of).collect();
        }
        seen.interval_count = seen.interval_count.saturating_add(1);
        if seen.intervals.len() == self.most_intervals {
            seen.intervals.pop();
        }
        seen.intervals.push(Interval { from, until: None });
    }
}

/// Whether the states differ at a place, or where the place would hang.
fn differs_at(path: &Pointer, left: &Value, right: &Value) -> bool {
    // Whoever writes an element may have moved the others.
    if let Some(parent) = path.parent()
        && let (Some(Value::Array(_)), _) | (_, Some(Value::Array(_))) = (parent.find(left), parent.find(right))
    {
        return differs_at(parent, left, right);
    }
    match (path.find(left), path.find(right)) {
        (None, None) => path.parent().is_some_and(|parent| differs_at(parent, left, right)),
        (left, right) => left != right,
    }
}

impl Divergence {
    /// What a difference from left to right says of one place.
    pub fn of(change: Change) -> Divergence {
        let path = change.path.to_string();
        let (left, right) = match change.op {
            ChangeOp::Added { after } => (None, Some(after)),
            ChangeOp::Removed { before } => (Some(before), None),
            ChangeOp::Changed { before, after } => (Some(before), Some(after)),
            ChangeOp::Moved { from } => (Some(text(&format!("at {from}"))), Some(text(&format!("at {path}")))),
        };
        Divergence { path, left, right }
    }
}

impl Divergences {
    fn to_value(&self) -> Value {
        let side = |value: &Option<Value>| Value::Array(value.iter().cloned().collect());
        let event = |event: &Option<Sighting>| event.as_ref().map_or(Value::Null, Sighting::to_value);
        let intervals = self
            .intervals
            .iter()
            .map(|it| list([it.from.to_value(), event(&it.until)]));
        let first = self
            .first
            .iter()
            .map(|it| list([text(&it.path), side(&it.left), side(&it.right)]));
        let stops = self.stops.iter().map(|stop| match stop {
            Some(stop) => list([stop.event.to_value(), text(&stop.reason)]),
            None => Value::Null,
        });
        list([
            Value::Array(intervals.collect()),
            number(self.interval_count.into()),
            Value::Array(first.collect()),
            number(self.first_count.into()),
            Value::Array(stops.collect()),
        ])
    }

    /// What a fold of [`Compared`] came to; `None` for a state of any other program.
    pub fn of_state(state: &Value) -> Option<Divergences> {
        let [
            Value::Array(intervals),
            interval_count,
            Value::Array(first),
            first_count,
            stops,
        ] = elements(state)?
        else {
            return None;
        };
        let interval = |value: &Value| {
            let [from, until] = elements(value)?;
            let until = if until.is_null() {
                None
            } else {
                Some(Sighting::from_value(until)?)
            };
            let from = Sighting::from_value(from)?;
            Some(Interval { from, until })
        };
        let divergence = |value: &Value| {
            let [path, Value::Array(left), Value::Array(right)] = elements(value)? else {
                return None;
            };
            Some(Divergence {
                path: words(path)?,
                left: left.get(0).cloned(),
                right: right.get(0).cloned(),
            })
        };
        let stop = |value: &Value| {
            if value.is_null() {
                return Some(None);
            }
            let [event, reason] = elements(value)?;
            let (event, reason) = (Sighting::from_value(event)?, words(reason)?);
            Some(Some(Stop { event, reason }))
        };
        let [left, right] = elements(stops)?;
        Some(Divergences {
            intervals: intervals.iter().map(interval).collect::<Option<_>>()?,
            interval_count: u32::try_from(whole(interval_count)?).ok()?,
            first: first.iter().map(divergence).collect::<Option<_>>()?,
            first_count: u32::try_from(whole(first_count)?).ok()?,
            stops: [stop(left)?, stop(right)?],
        })
    }
}
