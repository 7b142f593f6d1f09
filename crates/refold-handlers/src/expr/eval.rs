//! Evaluates compiled expressions on exact values, under a budget.

mod look;
mod macros;

use std::cmp::Ordering;

use refold_core::event::{EventBatch, EventView, Position};
use refold_core::port::handler::HandlerFault;
use refold_core::value::{Array, Number, Object, Text, Value};

pub use look::keyed_position;
use look::member;

use super::functions::{self, Failure};
use super::ir::{Arithmetic, Comparison, EventField, Ir, Node, NodeId, Slot};
use super::meter::{Exhausted, Meter};
use crate::error::code;
use crate::limits::Limits;
use crate::reducer::place::Steps;

/// What an expression can see.
pub struct Inputs<'v> {
    /// The projected paths of the payload; `None` where the payload has no such path.
    pub data: &'v [Option<Value>],
    pub meta: &'v [Option<Value>],
    pub event: Option<EventFacts<'v>>,
    pub state: &'v Value,
    /// Where `this` is, inside a child.
    pub this: Option<Steps<'v>>,
}

/// The event beside its payload.
#[derive(Clone, Copy)]
pub struct EventFacts<'v> {
    pub view: &'v EventView<'v>,
    pub stream: &'v [u8],
    /// The type after upcasting.
    pub event_type: &'v [u8],
}

/// A value that is borrowed while it can be.
pub enum Seen<'v> {
    Kept(&'v Value),
    Made(Value),
}

impl Seen<'_> {
    /// The value that reading means.
    pub fn get(&self) -> &Value {
        match self {
            Seen::Kept(value) => value.resolved(),
            Seen::Made(value) => value.resolved(),
        }
    }

    pub fn into_value(self) -> Value {
        match self {
            Seen::Made(Value::Repeated(values)) => Value::Repeated(values).resolved().clone(),
            Seen::Made(value) => value,
            Seen::Kept(value) => value.resolved().clone(),
        }
    }
}

type Fault = Box<HandlerFault>;

static NULL: Value = Value::Null;

/// Evaluates a node that reads nothing.
pub fn constant(ir: &Ir, id: NodeId) -> Result<Value, Fault> {
    let inputs = Inputs {
        data: &[],
        meta: &[],
        event: None,
        state: &NULL,
        this: None,
    };
    let mut meter = Meter::new(&Limits::DEFAULT);
    evaluate(ir, id, &inputs, &mut Vec::new(), &mut meter).map(Seen::into_value)
}

/// Evaluates a node. `locals` are the bound names, as many as the scope had at most.
pub fn evaluate<'v>(
    ir: &'v Ir,
    id: NodeId,
    inputs: &Inputs<'v>,
    locals: &mut Vec<Value>,
    meter: &mut Meter,
) -> Result<Seen<'v>, Fault> {
    Evaluation {
        ir,
        inputs,
        locals,
        meter,
    }
    .value(id)
}

/// Evaluates a node that must give a boolean.
pub fn evaluate_condition(
    ir: &Ir,
    id: NodeId,
    inputs: &Inputs<'_>,
    locals: &mut Vec<Value>,
    meter: &mut Meter,
) -> Result<bool, Fault> {
    Evaluation {
        ir,
        inputs,
        locals,
        meter,
    }
    .truth(id)
}

/// Equality of meaning: numbers by amount, members whatever their order. `at` is where a fault is placed.
pub fn equal(ir: &Ir, at: NodeId, left: &Value, right: &Value, meter: &mut Meter) -> Result<bool, Fault> {
    let inputs = Inputs {
        data: &[],
        meta: &[],
        event: None,
        state: &NULL,
        this: None,
    };
    Evaluation {
        ir,
        inputs: &inputs,
        locals: &mut Vec::new(),
        meter,
    }
    .equal(at, left, right)
}

/// The fault of a used-up budget.
pub fn exhausted(ir: &Ir, at: NodeId, exhausted: Exhausted) -> Fault {
    match exhausted {
        Exhausted::Steps => ir.fault(
            at,
            code::LIMIT_STEPS,
            "the rules for this event took more steps than allowed; loop over less, or fold less in one event",
        ),
        Exhausted::Memory => ir.fault(
            at,
            code::LIMIT_MEMORY,
            "the rules for this event made more values than the memory limit allows; build smaller texts and lists",
        ),
    }
}

/// What of an event an expression sees beside its payload and metadata.
pub fn field(event: &EventFacts<'_>, of: EventField) -> Value {
    let text = |bytes: &[u8]| Value::Text(Text::from(String::from_utf8_lossy(bytes).as_ref()));
    match of {
        EventField::Type => text(event.event_type),
        EventField::Stream => text(event.stream),
        EventField::Version if event.view.version == EventBatch::NO_VERSION => Value::Null,
        EventField::Version => Value::Number(Number::from(event.view.version.0)),
        EventField::Position => {
            let Position(position) = event.view.position;
            Value::Number(Number::from(position))
        }
        EventField::Time if event.view.recorded_at.is_none() => Value::Null,
        EventField::Time => text(event.view.recorded_at.display(3).to_string().as_bytes()),
        EventField::Id => event.view.event_id.map_or(Value::Null, text),
    }
}

struct Evaluation<'e, 'v> {
    ir: &'v Ir,
    inputs: &'e Inputs<'v>,
    locals: &'e mut Vec<Value>,
    meter: &'e mut Meter,
}

impl<'v> Evaluation<'_, 'v> {
    #[inline(always)]
    fn value(&mut self, id: NodeId) -> Result<Seen<'v>, Fault> {
        if self.meter.step().is_err() {
            return Err(exhausted(self.ir, id, Exhausted::Steps));
        }
        let node = self.ir.node(id);
        match node {
            Node::Constant(value) => Ok(Seen::Kept(value)),
            Node::Slot(slot) => match self.slot(*slot) {
                Some(value) => Ok(Seen::Kept(value)),
                None => self.missing(id, "the event"),
            },
            // All others have something to do.
            _ => self.outcome(id, node),
        }
    }

    /// The value of a node whose step was counted.
    fn outcome(&mut self, id: NodeId, node: &'v Node) -> Result<Seen<'v>, Fault> {
        Ok(match node {
            Node::Constant(value) => Seen::Kept(value),
            Node::Slot(slot) => match self.slot(*slot) {
                Some(value) => Seen::Kept(value),
                None => self.missing(id, "the event")?,
            },
            Node::HasSlot(_)
            | Node::Has { .. }
            | Node::Not(_)
            | Node::And(..)
            | Node::Or(..)
            | Node::Equal { .. }
            | Node::Compare { .. }
            | Node::In { .. } => Seen::Made(Value::Bool(self.test(id, node)?)),
            Node::Field(of) => Seen::Made(self.inputs.event.map_or(Value::Null, |event| field(&event, *of))),
            Node::State => Seen::Kept(self.inputs.state),
            Node::This => Seen::Kept(
                self.inputs
                    .this
                    .and_then(|path| path.find(self.inputs.state))
                    .unwrap_or(&NULL),
            ),
            Node::Local(at) => Seen::Made(self.locals.get(usize::from(*at)).cloned().unwrap_or_default()),
            Node::Member { of, key } => match self.value(*of)? {
                Seen::Kept(value) => match member(value, key) {
                    Some(found) => Seen::Kept(found),
                    None => self.missing(id, "the object")?,
                },
                Seen::Made(value) => match member(&value, key) {
                    Some(found) => Seen::Made(found.clone()),
                    None => self.missing(id, "the object")?,
                },
            },
            Node::Index { of, index, by } => {
                let container = self.value(*of)?;
                let index_value = self.value(*index)?;
                match container {
                    Seen::Kept(value) => match self.element(*index, value, index_value.get(), by.as_ref())? {
                        Some(found) => Seen::Kept(found),
                        None => self.missing(id, "the container")?,
                    },
                    Seen::Made(value) => match self.element(*index, &value, index_value.get(), by.as_ref())?.cloned() {
                        Some(found) => Seen::Made(found),
                        None => self.missing(id, "the container")?,
                    },
                }
            }
            Node::Negate(operand) => {
                let operand_value = self.value(*operand)?;
                let Value::Number(number) = operand_value.get() else {
                    return Err(self.wrong(*operand, "`-` needs a number", operand_value.get()));
                };
                Seen::Made(Value::Number(
                    number.neg().map_err(|error| self.arithmetic(id, &error))?,
                ))
            }
            Node::Arithmetic {
                arithmetic,
                left,
                right,
            } => {
                let (left, right) = (self.value(*left)?, self.value(*right)?);
                Seen::Made(self.compute(id, *arithmetic, left.get(), right.get())?)
            }
            Node::Choice {
                condition,
                then,
                otherwise,
            } => {
                let chosen = if self.truth(*condition)? { *then } else { *otherwise };
                self.value(chosen)?
            }
            Node::List(elements) => {
                self.allocate(id, elements.len() * 32)?;
                let values: Result<Array, Fault> = elements
                    .iter()
                    .map(|element| Ok(self.value(*element)?.into_value()))
                    .collect();
                Seen::Made(Value::Array(values?))
            }
            Node::Object(members) => Seen::Made(self.object(id, members)?),
            Node::Call { function, arguments } => {
                let arguments: Vec<Seen<'v>> = arguments
                    .iter()
                    .map(|argument| self.value(*argument))
                    .collect::<Result<_, Fault>>()?;
                let arguments: Vec<&Value> = arguments.iter().map(Seen::get).collect();
                let result = functions::call(*function, &arguments, self.meter);
                Seen::Made(result.map_err(|failure| self.failed(id, failure))?)
            }
            Node::Macro {
                kind,
                list,
                local,
                keep,
                body,
            } => self.run_macro(id, *kind, *list, *local, *keep, *body)?,
        })
    }

    /// The outcome of a node that says whether something holds; its step was counted.
    #[inline]
    fn test(&mut self, id: NodeId, node: &'v Node) -> Result<bool, Fault> {
        Ok(match node {
            Node::HasSlot(slot) => self.slot(*slot).is_some(),
            Node::Has { of, key } => member(self.value(*of)?.get(), key).is_some(),
            Node::Not(operand) => !self.truth(*operand)?,
            Node::And(left, right) => self.truth(*left)? && self.truth(*right)?,
            Node::Or(left, right) => self.truth(*left)? || self.truth(*right)?,
            Node::Equal { left, right, expected } => {
                let (left, right) = (self.value(*left)?, self.value(*right)?);
                self.equal(id, left.get(), right.get())? == *expected
            }
            Node::Compare {
                comparison,
                left,
                right,
            } => {
                let (left, right) = (self.value(*left)?, self.value(*right)?);
                let Some(ordering) = functions::ordering(left.get(), right.get()) else {
                    let message = format!(
                        "only two numbers or two texts can be compared, but these are {} and {}",
                        left.get().kind(),
                        right.get().kind()
                    );
                    return Err(self.ir.fault(id, code::HANDLER_TYPE, message));
                };
                match comparison {
                    Comparison::Less => ordering == Ordering::Less,
                    Comparison::LessOrEqual => ordering != Ordering::Greater,
                    Comparison::Greater => ordering == Ordering::Greater,
                    Comparison::GreaterOrEqual => ordering != Ordering::Less,
                }
            }
            Node::In { element, container } => {
                let (element, container_value) = (self.value(*element)?, self.value(*container)?);
                self.contains(*container, element.get(), container_value.get())?
            }
            // All others give a value, which must be a boolean.
            _ => {
                let value = self.outcome(id, node)?;
                match value.get() {
                    Value::Bool(truth) => *truth,
                    other => return Err(self.wrong(id, "a condition must be a boolean", other)),
                }
            }
        })
    }

    #[inline(always)]
    fn slot(&self, slot: Slot) -> Option<&'v Value> {
        let (slots, at) = match slot {
            Slot::Data(at) => (self.inputs.data, at),
            Slot::Meta(at) => (self.inputs.meta, at),
        };
        slots.get(usize::from(at))?.as_ref().map(Value::resolved)
    }

    fn missing(&self, id: NodeId, of: &str) -> Result<Seen<'v>, Fault> {
        if !self.ir.is_strict {
            return Ok(Seen::Kept(&NULL));
        }
        let message = format!("{of} has no such member, and this handler is strict; test it with `has(…)` first");
        Err(self.ir.fault(id, code::HANDLER_TYPE, message))
    }

    fn truth(&mut self, id: NodeId) -> Result<bool, Fault> {
        if self.meter.step().is_err() {
            return Err(exhausted(self.ir, id, Exhausted::Steps));
        }
        self.test(id, self.ir.node(id))
    }

    fn object(&mut self, id: NodeId, members: &[(NodeId, NodeId)]) -> Result<Value, Fault> {
        self.allocate(id, members.len() * 64)?;
        let mut object = Object::default();
        for (key, value) in members {
            let key_value = self.value(*key)?;
            let Value::Text(name) = key_value.get() else {
                return Err(self.wrong(*key, "a key must be text", key_value.get()));
            };
            object.insert(name.clone(), self.value(*value)?.into_value());
        }
        Ok(Value::Object(object))
    }

    fn compute(&mut self, id: NodeId, arithmetic: Arithmetic, left: &Value, right: &Value) -> Result<Value, Fault> {
        if let (Value::Number(left), Value::Number(right)) = (left, right) {
            let result = arithmetic.compute(left, right);
            return result.map(Value::Number).map_err(|error| self.arithmetic(id, &error));
        }
        match (arithmetic, left, right) {
            (Arithmetic::Add, Value::Text(left), Value::Text(right)) => {
                self.allocate(id, left.as_wtf8().len() + right.as_wtf8().len())?;
                Ok(Value::Text(Text::from_wtf8(
                    &[left.as_wtf8(), right.as_wtf8()].concat(),
                )))
            }
            (Arithmetic::Add, Value::Array(left), Value::Array(right)) => {
                self.meter
                    .steps(right.len())
                    .map_err(|spent| exhausted(self.ir, id, spent))?;
                self.allocate(id, right.len() * 32)?;
                let mut joined = left.clone();
                for value in right.iter() {
                    joined.push(value.clone());
                }
                Ok(Value::Array(joined))
            }
            _ => {
                let sign = match arithmetic {
                    Arithmetic::Add => "+",
                    Arithmetic::Subtract => "-",
                    Arithmetic::Multiply => "*",
                    Arithmetic::Divide => "/",
                    Arithmetic::Remainder => "%",
                };
                let message = format!(
                    "`{sign}` cannot take {} and {}; test what may be missing with `has(…)` or `!= null`",
                    left.kind(),
                    right.kind()
                );
                Err(self.ir.fault(id, code::HANDLER_TYPE, message))
            }
        }
    }

    fn allocate(&mut self, id: NodeId, byte_count: usize) -> Result<(), Fault> {
        self.meter
            .allocate(byte_count)
            .map_err(|spent| exhausted(self.ir, id, spent))
    }

    fn arithmetic(&self, id: NodeId, error: &refold_core::value::NumberError) -> Fault {
        self.failed(id, functions::number_failure(error))
    }

    fn failed(&self, id: NodeId, failure: Failure) -> Fault {
        match failure {
            Failure::Exhausted(spent) => exhausted(self.ir, id, spent),
            Failure::Fault { code, message } => self.ir.fault(id, code, message),
        }
    }

    fn wrong(&self, id: NodeId, wanted: &str, found: &Value) -> Fault {
        self.ir.fault(
            id,
            code::HANDLER_TYPE,
            format!("{wanted}, but this is {}", found.kind()),
        )
    }
}
