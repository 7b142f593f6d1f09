//! A program whose state is where the invariants of another program's state broke, and where they held again.
//!
//! An invariant is asked after every event that wrote something it reads, so what is found is exact: the first event
//! that broke it, and each change since. What it cannot be asked of (it compares text with a number) is told apart.

use std::fmt::Display;
use std::sync::Arc;

use refold_core::event::{Columns, EventView};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::handler::{
    Applied, Checkpoint, HandlerFault, HandlerIdentity, HandlerInstance, HandlerProgram, StatesAsked, Untold, Written,
};
use refold_core::value::{Array, Object, Text, Value};

use super::running::told;
use super::sight::{Sighting, elements, foreign_checkpoint, list, number, text, whole, words};
use crate::error::{PackageError, count};
use crate::invariant::Invariants;
use crate::limits::Limits;
use crate::package::Opened;
use crate::path::{Pattern, Segment};

#[cfg(test)]
mod tests;

/// Values of one flip that are kept: the single values that its invariant reads.
const MOST_VALUES: usize = 8;

/// The invariants that are asked.
pub enum Rules {
    /// Those of a package.
    OfPackage(Opened),
    /// One that a person wrote.
    Own(Invariants),
}

impl Rules {
    /// A condition on `state`, in the expression language of handlers.
    pub fn own(condition: &str) -> Result<Rules, PackageError> {
        Invariants::of_text(condition).map(Rules::Own)
    }

    pub fn invariants(&self) -> &Invariants {
        match self {
            Rules::OfPackage(handler) => handler.invariants(),
            Rules::Own(invariants) => invariants,
        }
    }

    /// Whether `state` breaks the invariant at this place of [`Rules::invariants`]. One that cannot be asked of it is not
    /// broken.
    pub fn is_broken(&self, at: usize, state: &Value) -> bool {
        let invariants = self.invariants();
        let asked = invariants.iter().nth(at);
        asked.is_some_and(|invariant| matches!(invariants.holds(invariant, state, self.limits()), Ok(false)))
    }

    fn limits(&self) -> &Limits {
        match self {
            Rules::OfPackage(handler) => handler.limits(),
            Rules::Own(_) => &Limits::DEFAULT,
        }
    }
}

/// See the module. Its identity is that of the program it watches.
pub struct Checked {
    program: Arc<dyn HandlerProgram>,
    rules: Arc<Rules>,
    most_flips: usize,
}

/// What was seen in one stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watched {
    /// In the order of the events; of each invariant the first ones, when there are more than were to be kept.
    pub flips: Vec<Flip>,
    /// All of them.
    pub flip_count: u32,
    /// The invariants that are broken at the head.
    pub broken: Vec<usize>,
    /// The first event of each invariant after which it could not be asked.
    pub unclear: Vec<Unclear>,
}

/// An invariant that broke, or that holds again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flip {
    /// Its place in [`Rules::invariants`].
    pub invariant: usize,
    pub holds: bool,
    pub event: Sighting,
    /// The single values that it reads, by path.
    pub values: Vec<(String, Value)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclear {
    pub invariant: usize,
    pub event: Sighting,
    pub reason: String,
}

impl Checked {
    /// `most_flips`: how many of one invariant in one stream are kept.
    pub fn new(program: Arc<dyn HandlerProgram>, rules: Arc<Rules>, most_flips: usize) -> Checked {
        Checked {
            program,
            rules,
            most_flips,
        }
    }
}

impl HandlerProgram for Checked {
    fn identity(&self) -> &HandlerIdentity {
        self.program.identity()
    }

    fn start(&self) -> Box<dyn HandlerInstance> {
        Box::new(CheckedInstance {
            inner: self.program.start(),
            rules: Arc::clone(&self.rules),
            most_flips: self.most_flips,
            written: Written::on(),
            seen: Seen::of(&self.rules),
        })
    }

    fn columns(&self) -> Columns {
        self.program.columns()
    }
}

/// What is known after an event.
#[derive(Debug, Clone)]
struct Seen {
    is_started: bool,
    /// By invariant.
    holds: Vec<bool>,
    /// By invariant: how many of its flips are kept.
    kept: Vec<usize>,
    watched: Watched,
}

impl Seen {
    fn of(rules: &Rules) -> Seen {
        Seen {
            is_started: false,
            holds: rules.invariants().iter().map(|_| true).collect(),
            kept: rules.invariants().iter().map(|_| 0).collect(),
            watched: Watched::default(),
        }
    }
}

struct CheckedInstance {
    inner: Box<dyn HandlerInstance>,
    rules: Arc<Rules>,
    most_flips: usize,
    written: Written,
    seen: Seen,
}

impl HandlerInstance for CheckedInstance {
    fn reset(&mut self) {
        self.inner.reset();
        self.seen = Seen::of(&self.rules);
    }

    fn apply(&mut self, event: &EventView<'_>, names: &Names, _: &mut Written) -> Result<Applied, HandlerFault> {
        self.written.clear();
        let applied = self.inner.apply(event, names, &mut self.written)?;
        if !self.seen.is_started || !self.written.paths().is_empty() {
            self.look(event, names)?;
        }
        Ok(applied)
    }

    fn look_ahead<'e>(&mut self, coming: &mut dyn Iterator<Item = EventView<'e>>, names: &Names, _asked: StatesAsked) {
        // What is written is found by the states before and after.
        self.inner.look_ahead(coming, names, StatesAsked::EveryState);
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        Ok(self.seen.watched.to_value())
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
        let body = (self.inner.checkpoint()?, self.seen.clone());
        let byte_count = size_of::<Seen>() + self.seen.watched.flips.len() * size_of::<Flip>();
        Ok(Checkpoint::Opaque {
            body: Arc::new(body),
            byte_count,
        })
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        if let Checkpoint::Opaque { body, .. } = checkpoint
            && let Some((inner, seen)) = body.downcast_ref::<(Checkpoint, Seen)>()
        {
            self.seen.clone_from(seen);
            return self.inner.restore(inner);
        }
        Err(foreign_checkpoint())
    }
}

impl CheckedInstance {
    /// Asks each invariant that reads what the event wrote; after the first event, all.
    fn look(&mut self, event: &EventView<'_>, names: &Names) -> Result<(), HandlerFault> {
        let told = told(self.inner.as_mut())?;
        let CheckedInstance {
            rules, seen, written, ..
        } = self;
        let invariants = rules.invariants();
        let state = match told {
            Ok(state) => state,
            // Of no invariant is known whether it holds here; a later event may lead to a state that can be told.
            Err(untold) => {
                (0..seen.holds.len()).for_each(|at| seen.watched.note_unclear(at, event, names, &untold.fault));
                return Ok(());
            }
        };
        for (at, invariant) in invariants.iter().enumerate() {
            if seen.is_started
                && !invariant
                    .reads
                    .iter()
                    .any(|read| written.paths().iter().any(|path| meets(read, path)))
            {
                continue;
            }
            match (
                invariants.holds(invariant, &state, rules.limits()),
                seen.holds.get_mut(at),
            ) {
                (Ok(holds), Some(before)) if holds != *before => {
                    *before = holds;
                    match holds {
                        true => seen.watched.broken.retain(|broken| *broken != at),
                        false => seen.watched.broken.push(at),
                    }
                    seen.watched.flip_count = seen.watched.flip_count.saturating_add(1);
                    if let Some(kept) = seen.kept.get_mut(at).filter(|kept| **kept < self.most_flips) {
                        *kept += 1;
                        seen.watched.flips.push(Flip {
                            invariant: at,
                            holds,
                            event: Sighting::of(event, names),
                            values: values_of(&invariant.reads, &state),
                        });
                    }
                }
                (Ok(_), _) => {}
                (Err(fault), _) if fault.is_cancelled() => return Err(fault),
                (Err(fault), _) => seen.watched.note_unclear(at, event, names, &fault),
            }
        }
        seen.is_started = true;
        Ok(())
    }
}

/// Whether one of the two lies at or below the other.
fn meets(read: &Pattern, written: &Pointer) -> bool {
    read.segments()
        .iter()
        .zip(written.segments())
        .all(|(read, written)| match read {
            // Whoever writes an element may have moved the others.
            _ if matches!(written, refold_core::pointer::Segment::Index(_)) => true,
            Segment::Any => true,
            Segment::Key(key) => *key == written.to_key(),
        })
}

/// The single values at the places that are read, as far as these are known without looking.
fn values_of(reads: &[Pattern], state: &Value) -> Vec<(String, Value)> {
    let find = |read: &Pattern| {
        let mut value = state;
        for segment in read.segments() {
            let (Segment::Key(key), Value::Object(object)) = (segment, value.resolved()) else {
                return None;
            };
            value = object.find(key)?;
        }
        let is_single = !matches!(value.resolved(), Value::Object(_) | Value::Array(_));
        is_single.then(|| (read.to_string(), value.resolved().clone()))
    };
    reads.iter().filter_map(find).take(MOST_VALUES).collect()
}

impl Watched {
    /// That an invariant cannot be asked after this event; the first such event counts.
    fn note_unclear(&mut self, invariant: usize, event: &EventView<'_>, names: &Names, reason: &impl Display) {
        if self.unclear.iter().all(|known| known.invariant != invariant) {
            self.unclear.push(Unclear {
                invariant,
                event: Sighting::of(event, names),
                reason: reason.to_string(),
            });
        }
    }

    fn to_value(&self) -> Value {
        let flips = self.flips.iter().map(|flip| {
            let values = flip
                .values
                .iter()
                .map(|(path, value)| (Text::from(path.as_str()), value.clone()));
            let values = Value::Object(Object::from_iter(values));
            list([
                place(flip.invariant),
                Value::Bool(flip.holds),
                flip.event.to_value(),
                values,
            ])
        });
        let unclear = self.unclear.iter();
        let unclear = unclear.map(|it| list([place(it.invariant), it.event.to_value(), text(&it.reason)]));
        let (flips, unclear) = (Array::from_iter(flips), Array::from_iter(unclear));
        list([
            Value::Array(flips),
            number(self.flip_count.into()),
            Value::Array(self.broken.iter().map(|invariant| place(*invariant)).collect()),
            Value::Array(unclear),
        ])
    }

    /// What a fold of [`Checked`] came to; `None` for a state of any other program.
    pub fn of_state(state: &Value) -> Option<Watched> {
        let [
            Value::Array(flips),
            flip_count,
            Value::Array(broken),
            Value::Array(unclear),
        ] = elements(state)?
        else {
            return None;
        };
        let flip = |value: &Value| {
            let [invariant, Value::Bool(holds), event, Value::Object(values)] = elements(value)? else {
                return None;
            };
            Some(Flip {
                invariant: usize::try_from(whole(invariant)?).ok()?,
                holds: *holds,
                event: Sighting::from_value(event)?,
                values: values
                    .iter()
                    .map(|(path, value)| (path.to_display().into_owned(), value.clone()))
                    .collect(),
            })
        };
        let unknown = |value: &Value| {
            let [invariant, event, reason] = elements(value)?;
            Some(Unclear {
                invariant: usize::try_from(whole(invariant)?).ok()?,
                event: Sighting::from_value(event)?,
                reason: words(reason)?,
            })
        };
        Some(Watched {
            flips: flips.iter().map(flip).collect::<Option<_>>()?,
            flip_count: u32::try_from(whole(flip_count)?).ok()?,
            broken: broken
                .iter()
                .map(|at| usize::try_from(whole(at)?).ok())
                .collect::<Option<_>>()?,
            unclear: unclear.iter().map(unknown).collect::<Option<_>>()?,
        })
    }
}

fn place(of: usize) -> Value {
    number(count(of).into())
}
