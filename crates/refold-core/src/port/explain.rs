//! What a handler tells of how it folded one event: every operation that it came to, what each read, and which
//! conditions stood before it.

use std::collections::BTreeSet;

use super::fault::HandlerFault;
use crate::pointer::{Pointer, Segment};
use crate::value::Value;

/// How one event was folded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Explained {
    /// What the rules got: the types of the event after its upcasters, one for each part of it.
    pub types: Vec<Vec<u8>>,
    /// Whether upcasters made the parts: then no path of a payload is one of the stored payload.
    pub is_upcast: bool,
    /// The conditions that were come to, in order.
    pub guards: Vec<Guard>,
    /// The operations that write to the state, in the order of the rules.
    pub operations: Vec<Operation>,
    /// Why the event changed nothing: whatever ran before was undone.
    pub fault: Option<HandlerFault>,
    /// The payload is no JSON that the handler reads: the event was not folded at all.
    pub is_unread: bool,
}

/// An operation of one event: which part of the event it is of, and its place among the rules for that part's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId {
    pub part: u32,
    pub ordinal: u32,
}

/// Which operations are to run.
#[derive(Debug, Clone, Copy)]
pub enum Choice<'c> {
    /// Those that run when the event is folded.
    AsFolded,
    /// Also this one: the conditions on the way to it count as true.
    Also(OperationId),
    /// Of those that run, these alone.
    Only(&'c BTreeSet<OperationId>),
}

/// One operation of the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    pub id: OperationId,
    /// Where it is written: `reducer.yaml:12:7`. Empty where no file says it.
    pub place: String,
    /// Its name: `set`, `add`, …
    pub does: &'static str,
    /// The conditions on the way to it, outermost first, as places in [`Explained::guards`].
    pub guards: Vec<usize>,
    /// Where it writes, as far as the rules alone say it; `None` for a step that hangs on the event or the state.
    pub writes: Vec<Option<Segment>>,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Ran(Ran),
    /// The last of its conditions did not hold. Where it would have written; `None` for a step that only running it
    /// could tell.
    Left {
        target: Vec<Option<Segment>>,
    },
}

/// An operation that ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// Where it wrote. An element that it added itself has the index at which it came to stand.
    pub target: Pointer,
    pub effect: Effect,
    /// What the value that it wrote was made of.
    pub reads: Vec<Read>,
    /// What was read to find the place.
    pub place_reads: Vec<Read>,
    /// The whole state before and after it.
    pub before: Value,
    pub after: Value,
}

/// How what an operation leaves depends on what stood at its target before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Not at all.
    Replaces,
    /// It makes what was missing, and else does nothing.
    Creates,
    /// On its value.
    Updates,
    /// On its kind alone.
    Clears,
    /// An array gets one more element, at its end or at its front.
    Appends,
    Prepends,
    /// Members that are not named stay.
    Merges,
    /// It takes a member or an element away.
    Removes,
}

/// A condition that was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    pub place: String,
    pub holds: bool,
    pub reads: Vec<Read>,
}

/// Something that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    pub of: Source,
    /// `None`: there was nothing.
    pub value: Option<Value>,
    /// How many of the operations that ran had run before it.
    pub after_operations: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    State(Pointer),
    /// Of the event as the rules got it.
    Payload(Pointer),
    Metadata(Pointer),
    /// `event.time`, `event.type`, …
    Event(&'static str),
}

impl Operation {
    pub fn ran(&self) -> Option<&Ran> {
        match &self.outcome {
            Outcome::Ran(ran) => Some(ran),
            Outcome::Left { .. } => None,
        }
    }

    /// Whether it wrote, or may have written, to `place`, to something in it, or to what it is in.
    pub fn reaches(&self, place: &Pointer) -> bool {
        match &self.outcome {
            Outcome::Ran(ran) => ran.target.contains(place) || place.contains(&ran.target),
            Outcome::Left { target } => is_on_way(target, place),
        }
    }

    /// Whether it would with another event, or in another state.
    pub fn may_reach(&self, place: &Pointer) -> bool {
        is_on_way(&self.writes, place)
    }
}

impl Explained {
    /// Of an event whose payload is no JSON that the handler reads.
    pub fn unread() -> Explained {
        Explained {
            is_unread: true,
            ..Explained::default()
        }
    }

    /// What ran, in order, unless all of it was undone.
    pub fn ran(&self) -> impl DoubleEndedIterator<Item = (&Operation, &Ran)> {
        let operations = if self.fault.is_some() {
            &[][..]
        } else {
            &self.operations
        };
        operations
            .iter()
            .filter_map(|operation| Some((operation, operation.ran()?)))
    }
}

fn is_on_way(steps: &[Option<Segment>], place: &Pointer) -> bool {
    let meets = |(step, segment): (&Option<Segment>, &Segment)| step.as_ref().is_none_or(|step| step == segment);
    steps.iter().zip(place.segments()).all(meets)
}
