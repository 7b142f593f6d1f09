//! What an expression read when it was evaluated: places of the state, of the payload, of the metadata.
//!
//! The branch that was not taken counts for nothing, unless it cannot be told which one was. A list that is gone through
//! counts whole. It must not know operations.

use refold_core::pointer::Pointer;
use refold_core::port::explain::{Read, Source};
use refold_core::value::{Text, Value};

use super::eval::{EventFacts, Inputs, Seen, evaluate, evaluate_condition, field, keyed_position};
use super::ir::{EventField, Ir, Node, NodeId, Slot};
use super::meter::Meter;
use super::number;
use super::scope::EventNeeds;
use crate::limits::Limits;

/// What a local name stands for.
#[derive(Debug, Clone, Default)]
pub struct Bound {
    /// What its value was made of; of a place, what was read to find it.
    pub reads: Vec<Read>,
    /// The place of the state that it was taken from, and how many operations had run then.
    pub place: Option<(Pointer, usize)>,
}

/// Looks at the expressions of one event.
pub struct Reader<'e, 'v> {
    pub ir: &'v Ir,
    pub inputs: Inputs<'v>,
    pub needs: &'e EventNeeds,
    /// Where `this` is.
    pub this: Option<Pointer>,
    pub locals: &'e mut Vec<Value>,
    pub bound: &'e mut Vec<Bound>,
    pub limits: &'e Limits,
    /// How many operations ran before.
    pub after_operations: usize,
    /// What was found so far.
    pub reads: Vec<Read>,
}

/// A place of the state that an expression leads to, with what stood there.
#[derive(Clone)]
struct Place {
    pointer: Pointer,
    after_operations: usize,
    value: Option<Value>,
}

impl<'v> Reader<'_, 'v> {
    /// Adds what a node read.
    pub fn look(&mut self, id: NodeId) {
        if let Some(place) = self.place(id) {
            self.note_state(place);
            return;
        }
        match self.ir.node(id) {
            Node::Constant(_) | Node::State | Node::This => {}
            Node::Slot(slot) | Node::HasSlot(slot) => self.note_slot(*slot),
            Node::Field(of) => self.note_field(*of),
            Node::Local(at) => {
                let bound = self.bound.get(usize::from(*at)).cloned().unwrap_or_default();
                bound.reads.into_iter().for_each(|read| self.note(read));
            }
            Node::Has { of, key } => match self.place(*of) {
                Some(place) => self.note_state(place.member(key.text())),
                None => self.look(*of),
            },
            Node::Member { of, .. } => self.look(*of),
            Node::Index { of, index, .. } => self.look_at([*of, *index]),
            Node::Not(operand) | Node::Negate(operand) => self.look(*operand),
            Node::And(left, right) => {
                self.look(*left);
                if self.truth(*left) != Some(false) {
                    self.look(*right);
                }
            }
            Node::Or(left, right) => {
                self.look(*left);
                if self.truth(*left) != Some(true) {
                    self.look(*right);
                }
            }
            Node::Choice {
                condition,
                then,
                otherwise,
            } => {
                self.look(*condition);
                let held = self.truth(*condition);
                if held != Some(false) {
                    self.look(*then);
                }
                if held != Some(true) {
                    self.look(*otherwise);
                }
            }
            Node::Equal { left, right, .. }
            | Node::Compare { left, right, .. }
            | Node::Arithmetic { left, right, .. } => self.look_at([*left, *right]),
            Node::In { element, container } => self.look_at([*element, *container]),
            Node::List(elements) => elements.iter().for_each(|element| self.look(*element)),
            Node::Object(members) => members.iter().for_each(|(key, value)| self.look_at([*key, *value])),
            Node::Call { arguments, .. } => arguments.iter().for_each(|argument| self.look(*argument)),
            Node::Macro {
                list,
                local,
                keep,
                body,
                ..
            } => self.look_through(*list, usize::from(*local), *keep, *body),
        }
    }

    /// The place of the state that a node leads to, as a local is bound to it; what was read to find it is added.
    pub fn place_of(&mut self, id: NodeId) -> Option<(Pointer, usize)> {
        let place = self.place(id)?;
        Some((place.pointer, place.after_operations))
    }

    /// The reads of an index that led from the array at `pointer` to one of its elements by the key `by`: the keys that
    /// were compared. Where none was equal, that is all of them.
    pub fn look_for_key(&mut self, array: &Pointer, value: Option<&Value>, by: &Text, wanted: &Value) {
        let Some(Value::Array(values)) = value.map(Value::resolved) else {
            return;
        };
        let end = keyed_position(values, by, wanted).map_or(values.len(), |found| found + 1);
        for (at, element) in values.iter().take(end).enumerate() {
            let pointer = array.push_index(at).push_key(by);
            let value = Pointer::ROOT.push_key(by).find(element).cloned();
            self.note_state(Place {
                pointer,
                after_operations: self.after_operations,
                value,
            });
        }
    }

    pub fn value(&mut self, id: NodeId) -> Option<Value> {
        let mut meter = Meter::new(self.limits);
        let value = evaluate(self.ir, id, &self.inputs, self.locals, &mut meter);
        value.map(Seen::into_value).ok()
    }

    fn truth(&mut self, id: NodeId) -> Option<bool> {
        let mut meter = Meter::new(self.limits);
        evaluate_condition(self.ir, id, &self.inputs, self.locals, &mut meter).ok()
    }

    fn look_at<const COUNT: usize>(&mut self, ids: [NodeId; COUNT]) {
        ids.into_iter().for_each(|id| self.look(id));
    }

    /// A list counts whole, so that what the body reads of an element was read before.
    fn look_through(&mut self, list: NodeId, local: usize, keep: Option<NodeId>, body: NodeId) {
        self.look(list);
        let elements: Vec<Value> = match self.value(list) {
            Some(Value::Array(values)) => values.iter().map(|value| value.resolved().clone()).collect(),
            Some(Value::Object(members)) => members.iter().map(|(key, _)| Value::Text(key.clone())).collect(),
            _ => Vec::new(),
        };
        if self.locals.len() <= local {
            self.locals.resize(local + 1, Value::Null);
        }
        if self.bound.len() <= local {
            self.bound.resize(local + 1, Bound::default());
        }
        let outside = self.bound.get_mut(local).map(std::mem::take);
        for element in elements {
            // Made longer just above.
            self.locals[local] = element;
            keep.into_iter().chain([body]).for_each(|id| self.look(id));
        }
        if let (Some(bound), Some(outside)) = (self.bound.get_mut(local), outside) {
            *bound = outside;
        }
    }

    /// The place that a node leads to; what was read on the way to it is added.
    fn place(&mut self, id: NodeId) -> Option<Place> {
        match self.ir.node(id) {
            Node::State => Some(Place {
                pointer: Pointer::ROOT,
                after_operations: self.after_operations,
                value: Some(self.inputs.state.clone()),
            }),
            Node::This => {
                let pointer = self.this.clone()?;
                let value = pointer.find(self.inputs.state).cloned();
                Some(Place {
                    pointer,
                    after_operations: self.after_operations,
                    value,
                })
            }
            Node::Local(at) => {
                let bound = self.bound.get(usize::from(*at))?.clone();
                let (pointer, after_operations) = bound.place?;
                bound.reads.into_iter().for_each(|read| self.note(read));
                Some(Place {
                    pointer,
                    after_operations,
                    value: self.locals.get(usize::from(*at)).cloned(),
                })
            }
            Node::Member { of, key } => Some(self.place(*of)?.member(key.text())),
            Node::Index { of, index, by } => {
                let place = self.place(*of)?;
                self.look(*index);
                let index = self.value(*index)?;
                let container = place.value.as_ref().map(Value::resolved);
                match (container, by, &index) {
                    (Some(Value::Array(values)), Some(by), wanted) if !wanted.is_null() => {
                        let found = keyed_position(values, by, wanted);
                        self.look_for_key(&place.pointer, container, by, wanted);
                        // That there is none is true of the whole array.
                        Some(found.map_or_else(|| place.clone(), |found| place.element(found)))
                    }
                    (Some(Value::Array(_)), _, Value::Number(index)) => {
                        number::index(index).map(|at| place.element(at))
                    }
                    (_, _, Value::Text(key)) => Some(place.member(key)),
                    (_, _, Value::Number(index)) => Some(place.member(&Text::from(index.to_string().as_str()))),
                    _ => Some(place.clone()),
                }
            }
            // All others make a value.
            _ => None,
        }
    }

    fn note_state(&mut self, place: Place) {
        self.note(Read {
            of: Source::State(place.pointer),
            value: place.value,
            after_operations: place.after_operations,
        });
    }

    fn note_slot(&mut self, slot: Slot) {
        let (paths, values, at) = match slot {
            Slot::Data(at) => (&self.needs.data, self.inputs.data, usize::from(at)),
            Slot::Meta(at) => (&self.needs.meta, self.inputs.meta, usize::from(at)),
        };
        let Some(path) = paths.get(at) else { return };
        let pointer = path.iter().fold(Pointer::ROOT, |pointer, key| pointer.push_key(key));
        let value = values.get(at).cloned().flatten();
        let of = match slot {
            Slot::Data(_) => Source::Payload(pointer),
            Slot::Meta(_) => Source::Metadata(pointer),
        };
        self.note(Read {
            of,
            value,
            after_operations: self.after_operations,
        });
    }

    fn note_field(&mut self, of: EventField) {
        let value = self.inputs.event.map(|facts: EventFacts<'_>| field(&facts, of));
        let name = match of {
            EventField::Type => "type",
            EventField::Version => "version",
            EventField::Time => "time",
            EventField::Stream => "stream",
            EventField::Position => "position",
            EventField::Id => "id",
        };
        self.note(Read {
            of: Source::Event(name),
            value,
            after_operations: self.after_operations,
        });
    }

    fn note(&mut self, read: Read) {
        if !self.reads.contains(&read) {
            self.reads.push(read);
        }
    }
}

impl Place {
    fn member(&self, key: &Text) -> Place {
        self.inside(self.pointer.push_key(key), &Pointer::ROOT.push_key(key))
    }

    fn element(&self, at: usize) -> Place {
        self.inside(self.pointer.push_index(at), &Pointer::ROOT.push_index(at))
    }

    fn inside(&self, pointer: Pointer, step: &Pointer) -> Place {
        Place {
            pointer,
            after_operations: self.after_operations,
            value: self.value.as_ref().and_then(|value| step.find(value)).cloned(),
        }
    }
}
