//! Runs the operations of one event type.

use std::convert::Infallible;

use refold_core::count::counted;
use refold_core::port::handler::HandlerFault;
use refold_core::value::{Array, KnownKey, Number, NumberError, Object, Text, Value};

use super::place::{Path, Place};
use super::refusal::{Refusal, Refused};
use super::rules::{Action, Operation, Rules, Step, Target, TypeRules};
use super::state::{Writer, cleared, merged};
use crate::error::{Mark, code};
use crate::expr::eval::{self, EventFacts, Inputs, Seen, evaluate, evaluate_condition, keyed_position};
use crate::expr::functions;
use crate::expr::ir::{Node, NodeId, Slot};
use crate::expr::meter::{Exhausted, Meter};
use crate::expr::number;
use crate::limits::Limits;

/// An event that the rules want to see written. It is recorded, never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emitted {
    pub event_type: Text,
    pub data: Value,
}

/// What the operations of one event work with.
pub struct Run<'r, 's, 'p> {
    pub rules: &'p Rules,
    pub data: &'r [Option<Value>],
    pub meta: &'r [Option<Value>],
    pub facts: EventFacts<'r>,
    pub locals: &'r mut Vec<Value>,
    pub emitted: &'r mut Vec<Emitted>,
    pub meter: &'r mut Meter,
    pub limits: &'r Limits,
    pub writer: &'r mut Writer<'s, 'p>,
}

type Fault = Box<HandlerFault>;

impl<'r, 'p: 'r> Run<'r, '_, 'p> {
    /// Runs the operations of a type. On a fault the caller rolls the writer back.
    pub fn all(&mut self, rules: &'p TypeRules) -> Result<(), Fault> {
        self.begin(rules);
        self.operations(&rules.operations, &Path::default())
    }

    /// Makes room for the names that the operations of a type bind.
    #[inline(always)]
    pub(super) fn begin(&mut self, rules: &TypeRules) {
        if rules.locals > 0 {
            self.locals.clear();
            self.locals.resize(rules.locals, Value::Null);
        }
    }

    fn operations(&mut self, operations: &'p [Operation], base: &Path<'p>) -> Result<(), Fault> {
        for operation in operations {
            self.operation(operation, base)?;
        }
        Ok(())
    }

    fn operation(&mut self, operation: &'p Operation, base: &Path<'p>) -> Result<(), Fault> {
        self.step(operation)?;
        if let Some(guard) = operation.guard
            && !self.truth(guard, base)?
        {
            return Ok(());
        }
        self.act(operation, base)
    }

    /// Counts an operation against the budget.
    #[inline(always)]
    pub(super) fn step(&mut self, operation: &Operation) -> Result<(), Fault> {
        if self.meter.step().is_err() {
            let message = "the rules for this event took more steps than allowed; do less in one event";
            return Err(self.rules.ir.fault_at(operation.mark, code::LIMIT_STEPS, message));
        }
        Ok(())
    }

    /// What an operation does when its guard holds.
    #[inline(always)]
    pub(super) fn act(&mut self, operation: &'p Operation, base: &Path<'p>) -> Result<(), Fault> {
        let mark = operation.mark;
        match &operation.action {
            // What is kept is copied to its place, not through others.
            Action::Set { target, value } => match self.kept(*value) {
                Some(value) => self.update(target, base, |_| Ok::<_, Infallible>(value.clone())),
                None => {
                    let value = self.value(*value, base)?;
                    self.update(target, base, |_| Ok::<_, Infallible>(value))
                }
            },
            Action::Add { target, value } => self.accumulate(target, *value, base, Number::add),
            Action::Subtract { target, value } => self.accumulate(target, *value, base, Number::sub),
            Action::Min { target, value } => self.extreme(target, *value, base, std::cmp::Ordering::Less),
            Action::Max { target, value } => self.extreme(target, *value, base, std::cmp::Ordering::Greater),
            Action::Append { target, value } => self.append(target, *value, base, false),
            Action::Prepend { target, value } => self.append(target, *value, base, true),
            Action::RemoveValue { target, value } => self.remove_value(target, *value, base),
            Action::Merge { target, value } => {
                let patch = self.value(*value, base)?;
                self.update(target, base, |old| Ok::<_, Infallible>(merged(old, &patch)))
            }
            Action::Child {
                target,
                create,
                operations,
                is_apart,
            } => self.child(target, *create, operations, *is_apart, base),
            Action::Remove(target) => {
                let path = self.resolved(target, base)?;
                let removed = self.writer.remove(path);
                self.written(target.mark, removed)
            }
            Action::Clear(target) => self.update(target, base, |old| Ok::<_, Infallible>(cleared(old))),
            Action::DeleteState => {
                let deleted = self.writer.set(Path::default(), Value::Null);
                self.written(mark, deleted)
            }
            Action::Let { local, value } => {
                let value = self.value(*value, base)?;
                if let Some(kept) = self.locals.get_mut(usize::from(*local)) {
                    *kept = value;
                }
                Ok(())
            }
            Action::Block(operations) => self.operations(operations, base),
            Action::Require { condition, message } => self.require(mark, *condition, *message, base),
            Action::Emit { event_type, data } => self.emit(mark, *event_type, *data, base),
        }
    }

    fn accumulate(
        &mut self,
        target: &'p Target,
        value: NodeId,
        base: &Path<'p>,
        compute: impl FnOnce(&Number, &Number) -> Result<Number, NumberError>,
    ) -> Result<(), Fault> {
        let made;
        let amount = match self.kept(value) {
            Some(Value::Number(amount)) => amount,
            _ => {
                made = self.value(value, base)?;
                match &made {
                    Value::Number(amount) => amount,
                    other => return Err(self.no_amount(value, other)),
                }
            }
        };
        self.update(target, base, |old| {
            let zero = Number::from(0);
            let old = match old {
                None | Some(Value::Null) => &zero,
                Some(Value::Number(old)) => old,
                Some(other) => {
                    let message = format!("only a number can be added to, but this is {}", other.kind());
                    return Err(Refusal::new(code::HANDLER_TYPE, message));
                }
            };
            compute(old, amount)
                .map(Value::Number)
                .map_err(|error| Refusal::new(code::HANDLER_THROW, error.to_string()))
        })
    }

    fn extreme(
        &mut self,
        target: &'p Target,
        value: NodeId,
        base: &Path<'p>,
        wanted: std::cmp::Ordering,
    ) -> Result<(), Fault> {
        let candidate = self.value(value, base)?;
        self.update(target, base, |old| {
            let Some(old) = old.filter(|old| !old.is_null()) else {
                return Ok(candidate);
            };
            match functions::ordering(&candidate, old) {
                Some(ordering) if ordering == wanted => Ok(candidate),
                Some(_) => Ok(old.clone()),
                None => {
                    let message = format!(
                        "only two numbers or two texts can be compared, but these are {} and {}",
                        candidate.kind(),
                        old.kind()
                    );
                    Err(Refusal::new(code::HANDLER_TYPE, message))
                }
            }
        })
    }

    fn append(&mut self, target: &'p Target, value: NodeId, base: &Path<'p>, is_front: bool) -> Result<(), Fault> {
        let value = self.value(value, base)?;
        let path = self.resolved(target, base)?;
        let appended = self.writer.append(path, value, is_front);
        self.written(target.mark, appended)
    }

    fn remove_value(&mut self, target: &'p Target, value: NodeId, base: &Path<'p>) -> Result<(), Fault> {
        let unwanted = self.value(value, base)?;
        let path = self.resolved(target, base)?;
        let kept = match self.writer.find(&path).map(Value::resolved) {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::Array(values)) => {
                if self.meter.steps(values.len()).is_err() {
                    return Err(eval::exhausted(&self.rules.ir, value, Exhausted::Steps));
                }
                let mut kept = Vec::new();
                for element in values.iter() {
                    if !eval::equal(&self.rules.ir, value, element, &unwanted, self.meter)? {
                        kept.push(element.clone());
                    }
                }
                (kept.len() < values.len()).then(|| kept.into_iter().collect::<Array>())
            }
            Some(other) => {
                let message = format!("`removeValue` needs an array, but this is {}", other.kind());
                return Err(self.rules.ir.fault_at(target.mark, code::HANDLER_TYPE, message));
            }
        };
        let Some(kept) = kept else { return Ok(()) };
        let removed = self.writer.set(path, Value::Array(kept));
        self.written(target.mark, removed)
    }

    fn child(
        &mut self,
        target: &'p Target,
        create: Option<NodeId>,
        operations: &'p [Operation],
        is_apart: bool,
        base: &Path<'p>,
    ) -> Result<(), Fault> {
        let path = self.resolved(target, base)?;
        if is_apart && self.apart(target, path, create, operations)? {
            return Ok(());
        }
        self.create(target, path, create, base)?;
        let inside = self.writer.places.settled(path);
        self.operations(operations, &inside)
    }

    /// The operations of a child, made first where it is missing, that look at nothing of the state: the way to it is gone
    /// once for all of them. `false`, and nothing was done, where something is in the way.
    fn apart(
        &mut self,
        target: &'p Target,
        path: Path<'p>,
        create: Option<NodeId>,
        operations: &'p [Operation],
    ) -> Result<bool, Fault> {
        let (rules, data, meta, facts, limits) = (self.rules, self.data, self.meta, self.facts, self.limits);
        let kept = create.and_then(|create| self.kept(create));
        let (locals, emitted, meter) = (&mut *self.locals, &mut *self.emitted, &mut *self.meter);
        let null = Value::Null;
        let made = || match (kept, create) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(create)) => {
                let inputs = Inputs {
                    data,
                    meta,
                    event: Some(facts),
                    state: &null,
                    this: None,
                };
                evaluate(&rules.ir, create, &inputs, locals, meter).map(Seen::into_value)
            }
            (None, None) => Ok(Value::Object(Object::default())),
        };
        let refuse = |refusal: Refused| rules.ir.fault_at(target.mark, refusal.code, refusal.message);
        let Some(mut inside) = self.writer.inside(path, made, refuse)? else {
            return Ok(false);
        };
        let mut run = Run {
            rules,
            data,
            meta,
            facts,
            locals,
            emitted,
            meter,
            limits,
            writer: &mut inside,
        };
        run.operations(operations, &Path::default())?;
        Ok(true)
    }

    /// Makes what a `child` works on, where there is nothing at `path` yet.
    #[inline(always)]
    pub(super) fn create(
        &mut self,
        target: &'p Target,
        path: Path<'p>,
        create: Option<NodeId>,
        base: &Path<'p>,
    ) -> Result<(), Fault> {
        if self.writer.find(&path).is_none_or(Value::is_null) {
            let created = match create {
                Some(create) => self.value(create, base)?,
                None => Value::Object(Object::default()),
            };
            let made = self.writer.set(path, created);
            self.written(target.mark, made)?;
        }
        Ok(())
    }

    fn require(
        &mut self,
        mark: Mark,
        condition: NodeId,
        message: Option<NodeId>,
        base: &Path<'p>,
    ) -> Result<(), Fault> {
        if self.truth(condition, base)? {
            return Ok(());
        }
        let message = match message.and_then(|message| self.rules.ir.constant(message)) {
            Some(Value::Text(text)) => text.to_display().into_owned(),
            _ => "the handler requires what does not hold here; look at the event, or relax the rule".to_owned(),
        };
        Err(self.rules.ir.fault_at(mark, code::HANDLER_THROW, message))
    }

    fn emit(&mut self, mark: Mark, event_type: NodeId, data: Option<NodeId>, base: &Path<'p>) -> Result<(), Fault> {
        if self.emitted.len() >= self.limits.output_events {
            let message = format!(
                "more than {} emitted for one event; emit fewer",
                counted(self.limits.output_events as u64, "event")
            );
            return Err(self.rules.ir.fault_at(mark, code::LIMIT_OUTPUT, message));
        }
        let data = data.map(|data| self.value(data, base)).transpose()?.unwrap_or_default();
        if let Some(Value::Text(event_type)) = self.rules.ir.constant(event_type) {
            self.emitted.push(Emitted {
                event_type: event_type.clone(),
                data,
            });
        }
        Ok(())
    }

    #[inline(always)]
    fn update<R: Into<Refused>>(
        &mut self,
        target: &'p Target,
        base: &Path<'p>,
        made: impl FnOnce(Option<&Value>) -> Result<Value, R>,
    ) -> Result<(), Fault> {
        let path = self.resolved(target, base)?;
        let updated = self.writer.update(path, made);
        self.written(target.mark, updated)
    }

    #[inline(always)]
    fn written(&self, mark: Mark, result: Result<(), Refused>) -> Result<(), Fault> {
        match result {
            Ok(()) => Ok(()),
            Err(refusal) => Err(self.refused(mark, *refusal)),
        }
    }

    #[cold]
    fn refused(&self, mark: Mark, refusal: Refusal) -> Fault {
        self.rules.ir.fault_at(mark, refusal.code, refusal.message)
    }

    /// The path of a target with its indexes evaluated.
    #[inline(always)]
    pub(super) fn resolved(&mut self, target: &'p Target, base: &Path<'p>) -> Result<Path<'p>, Fault> {
        if target.steps.is_empty() {
            if target.is_absolute || base.is_root() {
                return Ok(Path::fixed(&target.keys));
            }
            if let Some(path) = base.extended(&target.keys) {
                return Ok(path);
            }
        }
        self.found(target, base)
    }

    /// The path of a target that must be found out.
    #[inline(never)]
    fn found(&mut self, target: &'p Target, base: &Path<'p>) -> Result<Path<'p>, Fault> {
        let begins_at_root = target.is_absolute || base.is_root();
        let begin = self.writer.places.begin();
        if !begins_at_root {
            self.writer.places.push_all(base);
        }
        for step in &target.steps {
            let place = match step {
                Step::Key(key) => Place::Named(key),
                Step::Index { index, by } => match (self.kept(*index), by) {
                    (Some(Value::Text(key)), None) => Place::Key(KnownKey::new(key.clone())),
                    _ => {
                        let value = self.value(*index, base)?;
                        self.place(*index, value, by.as_ref(), begin)?
                    }
                },
            };
            self.writer.places.push(place);
        }
        Ok(self.writer.places.end(begin, &target.keys))
    }

    /// The step that an evaluated index stands for, in the container at the path that was pushed since `begin`.
    fn place(&mut self, at: NodeId, index: Value, by: Option<&Text>, begin: usize) -> Result<Place<'p>, Fault> {
        let is_counted = by.is_some() || matches!(index, Value::Number(_));
        let container = if is_counted {
            let container = self.writer.places.since(begin).find(self.writer.state());
            container.map(Value::resolved)
        } else {
            None
        };
        match (index, by, container) {
            (Value::Text(key), None, _) => Ok(Place::Key(KnownKey::new(key))),
            (Value::Null, _, _) => {
                let message = "the index of a target is null; test it with `when` before";
                Err(self.rules.ir.fault(at, code::HANDLER_TYPE, message))
            }
            (key @ (Value::Text(_) | Value::Number(_)), Some(by), None | Some(Value::Null)) => {
                let by = by.clone();
                Ok(Place::New { at: 0, by, key })
            }
            (key @ (Value::Text(_) | Value::Number(_)), Some(by), Some(Value::Array(values))) => {
                if self.meter.steps(values.len()).is_err() {
                    return Err(eval::exhausted(&self.rules.ir, at, Exhausted::Steps));
                }
                let (end, by) = (values.len(), by.clone());
                Ok(match keyed_position(values, &by, &key) {
                    Some(found) => Place::Element(found),
                    None => Place::New { at: end, by, key },
                })
            }
            (Value::Number(index), _, Some(Value::Array(_))) => match number::index(&index) {
                Some(index) => Ok(Place::Element(index)),
                None => {
                    let message = "an element is counted from 0 with a whole number";
                    Err(self.rules.ir.fault(at, code::HANDLER_TYPE, message))
                }
            },
            (Value::Text(key), _, _) => Ok(Place::Key(KnownKey::new(key))),
            (Value::Number(number), _, _) => Ok(Place::Key(KnownKey::new(Text::from(number.to_string().as_str())))),
            (other, _, _) => {
                let kind = other.kind();
                let message = format!("the index of a target must be text or a number, but this is {kind}");
                Err(self.rules.ir.fault(at, code::HANDLER_TYPE, message))
            }
        }
    }

    /// What needs no look around: a constant, or a path of the payload.
    #[inline(always)]
    fn kept(&self, id: NodeId) -> Option<&'r Value> {
        match self.rules.ir.node(id) {
            Node::Constant(value) => Some(value),
            Node::Slot(Slot::Data(at)) => self.data.get(usize::from(*at))?.as_ref().map(Value::resolved),
            // All others are evaluated.
            _ => None,
        }
    }

    /// What most amounts are: a sum or product of two numbers that need no look around. `None` says nothing.
    #[inline(always)]
    fn computed(&mut self, id: NodeId) -> Option<Number> {
        let Node::Arithmetic {
            arithmetic,
            left,
            right,
        } = self.rules.ir.node(id)
        else {
            return None;
        };
        let (Some(Value::Number(left)), Some(Value::Number(right))) = (self.kept(*left), self.kept(*right)) else {
            return None;
        };
        let number = arithmetic.compute(left, right).ok()?;
        // The node and its two operands, as an evaluation counts them.
        self.meter.steps(3).ok()?;
        Some(number)
    }

    #[inline]
    fn value(&mut self, id: NodeId, base: &Path<'p>) -> Result<Value, Fault> {
        if let Some(value) = self.kept(id) {
            return Ok(value.clone());
        }
        if let Some(number) = self.computed(id) {
            return Ok(Value::Number(number));
        }
        let inputs = Inputs {
            data: self.data,
            meta: self.meta,
            event: Some(self.facts),
            state: self.writer.state(),
            this: Some(self.writer.places.steps(base)),
        };
        evaluate(&self.rules.ir, id, &inputs, self.locals, self.meter).map(Seen::into_value)
    }

    #[cold]
    fn no_amount(&self, value: NodeId, found: &Value) -> Fault {
        let message = format!(
            "only a number can be added or subtracted, but this is {}; test what may be missing with `when`",
            found.kind()
        );
        self.rules.ir.fault(value, code::HANDLER_TYPE, message)
    }

    pub(super) fn truth(&mut self, id: NodeId, base: &Path<'p>) -> Result<bool, Fault> {
        let inputs = Inputs {
            data: self.data,
            meta: self.meta,
            event: Some(self.facts),
            state: self.writer.state(),
            this: Some(self.writer.places.steps(base)),
        };
        evaluate_condition(&self.rules.ir, id, &inputs, self.locals, self.meter)
    }
}
