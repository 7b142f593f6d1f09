//! Runs the operations of one event as a fold does, and notes what each read and did.
//!
//! It goes through the same operations, and lets [`Run`] do what they do, so that both cannot come to differ.

use std::collections::BTreeSet;

use refold_core::pointer::{Pointer, Segment};
use refold_core::port::explain::{
    Choice, Effect, Explained, Guard, Operation as ToldOperation, OperationId, Outcome, Ran, Read,
};
use refold_core::port::handler::HandlerFault;
use refold_core::value::Value;

use super::fold::Run;
use super::place::{Path, pointer};
use super::rules::{Action, Operation, Step, Target, TypeRules};
use crate::error::Mark;
use crate::expr::eval::{Inputs, keyed_position};
use crate::expr::ir::NodeId;
use crate::expr::number;
use crate::expr::reads::{Bound, Reader};

/// Who wants to know what the operations of an event do.
pub struct Watch {
    pub explained: Explained,
    chosen: Chosen,
    /// By local.
    bound: Vec<Bound>,
    /// The conditions on the way to where the walk is.
    guards: Vec<usize>,
    /// What found the children that the walk is in.
    child_reads: Vec<Read>,
    /// Where children that the walk is in are, as far as the rules alone say it.
    child_steps: Vec<Option<Segment>>,
    next_ordinal: u32,
}

enum Chosen {
    AsFolded,
    Also(OperationId),
    Only(BTreeSet<OperationId>),
}

type Fault = Box<HandlerFault>;

impl Watch {
    pub fn new(choice: Choice<'_>) -> Watch {
        Watch {
            explained: Explained::default(),
            chosen: match choice {
                Choice::AsFolded => Chosen::AsFolded,
                Choice::Also(id) => Chosen::Also(id),
                Choice::Only(ids) => Chosen::Only(ids.clone()),
            },
            bound: Vec::new(),
            guards: Vec::new(),
            child_reads: Vec::new(),
            child_steps: Vec::new(),
            next_ordinal: 0,
        }
    }

    /// As [`Run::all`], for one part of the event.
    pub fn all<'r, 'p: 'r>(&mut self, run: &mut Run<'r, '_, 'p>, of_type: &'p TypeRules) -> Result<(), Fault> {
        run.begin(of_type);
        self.explained.types.push(run.facts.event_type.to_vec());
        self.bound = vec![Bound::default(); of_type.locals];
        self.next_ordinal = 0;
        let mut walk = Walk {
            watch: self,
            run,
            of_type,
        };
        walk.operations(&of_type.operations, &Path::default())
    }

    fn id(&self, ordinal: u32) -> OperationId {
        OperationId {
            part: crate::error::count(self.explained.types.len().saturating_sub(1)),
            ordinal,
        }
    }

    /// Whether the operation of this id runs when its conditions hold.
    fn is_chosen(&self, ordinal: u32) -> bool {
        match &self.chosen {
            Chosen::AsFolded | Chosen::Also(_) => true,
            Chosen::Only(ids) => ids.contains(&self.id(ordinal)),
        }
    }

    /// Whether an operation that runs is among `count` of them.
    fn has_chosen(&self, first: u32, count: u32) -> bool {
        match &self.chosen {
            Chosen::AsFolded | Chosen::Also(_) => true,
            Chosen::Only(ids) => ids.range(self.id(first)..self.id(first + count)).next().is_some(),
        }
    }

    /// Whether the conditions of `count` operations count as true.
    fn is_forced(&self, first: u32, count: u32) -> bool {
        matches!(self.chosen, Chosen::Also(id) if (self.id(first)..self.id(first + count)).contains(&id))
    }

    fn is_part(&self) -> bool {
        matches!(self.chosen, Chosen::Only(_))
    }

    fn ran_count(&self) -> usize {
        self.explained
            .operations
            .iter()
            .filter(|operation| operation.ran().is_some())
            .count()
    }
}

/// One part of an event on its way through its rules.
struct Walk<'w, 'r, 's, 'p> {
    watch: &'w mut Watch,
    run: &'w mut Run<'r, 's, 'p>,
    of_type: &'p TypeRules,
}

/// An operation that writes: its name, where, what, and how the new value depends on the old one.
struct Writes<'p> {
    does: &'static str,
    /// `None`: the whole state.
    target: Option<&'p Target>,
    value: Option<NodeId>,
    effect: Effect,
}

impl<'r, 'p: 'r> Walk<'_, 'r, '_, 'p> {
    fn operations(&mut self, operations: &'p [Operation], base: &Path<'p>) -> Result<(), Fault> {
        operations
            .iter()
            .try_for_each(|operation| self.operation(operation, base))
    }

    fn operation(&mut self, operation: &'p Operation, base: &Path<'p>) -> Result<(), Fault> {
        let (ordinal, count) = (self.watch.next_ordinal, count_of(operation));
        self.watch.next_ordinal += 1;
        let binds = bound_by(operation);
        if binds.is_empty() && !self.watch.has_chosen(ordinal, count) {
            self.watch.next_ordinal = ordinal + count;
            return Ok(());
        }
        self.run.step(operation)?;
        let outer_guards = self.watch.guards.len();
        let mut guard_reads = Vec::new();
        if let Some(guard) = operation.guard {
            let reads = self.reads_of(guard, base);
            let holds = match self.run.truth(guard, base) {
                // Where only some operations run, what binds names may fail: nobody needs them then.
                Err(_) if self.watch.is_part() && !binds.is_empty() => false,
                holds => holds?,
            };
            guard_reads.clone_from(&reads);
            self.watch.guards.push(self.watch.explained.guards.len());
            self.watch.explained.guards.push(Guard {
                place: self.run.rules.ir.place(self.run.rules.ir.mark(guard)),
                holds,
                reads,
            });
            if !holds && !self.watch.is_forced(ordinal, count) {
                let known: Vec<Option<Segment>> =
                    self.pointer(base).segments().into_iter().cloned().map(Some).collect();
                self.watch.next_ordinal = ordinal;
                self.left(operation, &known, Some(base));
                self.watch.guards.truncate(outer_guards);
                self.hang_on(&binds, &guard_reads);
                return Ok(());
            }
        }
        let acted = self.act(ordinal, operation, base);
        self.watch.guards.truncate(outer_guards);
        self.hang_on(&binds, &guard_reads);
        acted
    }

    /// What names stand for hangs on a condition too, whichever way it went.
    fn hang_on(&mut self, locals: &[u16], reads: &[Read]) {
        for local in locals {
            if let Some(bound) = self.watch.bound.get_mut(usize::from(*local)) {
                bound.reads.extend_from_slice(reads);
            }
        }
    }

    fn act(&mut self, ordinal: u32, operation: &'p Operation, base: &Path<'p>) -> Result<(), Fault> {
        match &operation.action {
            Action::Block(operations) => return self.operations(operations, base),
            Action::Child {
                target,
                create,
                operations,
                ..
            } => return self.child(ordinal, target, *create, operations, base),
            Action::Let { local, value } => return self.bind(operation, *local, *value, base),
            Action::Require { .. } | Action::Emit { .. } if self.watch.is_part() => return Ok(()),
            // All others write, or do what needs no word.
            _ => {}
        }
        let Some(writes) = writes_of(&operation.action) else {
            return self.run.act(operation, base);
        };
        if !self.watch.is_chosen(ordinal) {
            return Ok(());
        }
        let (target, place_reads) = match writes.target {
            Some(target) => {
                let path = self.run.resolved(target, base)?;
                (self.pointer(&path), self.reads_to(target, &path, base))
            }
            None => (Pointer::ROOT, Vec::new()),
        };
        let reads = writes.value.map(|value| self.reads_of(value, base)).unwrap_or_default();
        let before = self.run.writer.state().clone();
        self.run.act(operation, base)?;
        let ran = Ran {
            target,
            effect: writes.effect,
            reads,
            place_reads,
            before,
            after: self.run.writer.state().clone(),
        };
        self.tell(ordinal, operation.mark, writes.target, writes.does, Outcome::Ran(ran));
        Ok(())
    }

    fn child(
        &mut self,
        ordinal: u32,
        target: &'p Target,
        create: Option<NodeId>,
        operations: &'p [Operation],
        base: &Path<'p>,
    ) -> Result<(), Fault> {
        let path = self.run.resolved(target, base)?;
        let place_reads = self.reads_to(target, &path, base);
        let is_missing = self.run.writer.find(&path).is_none_or(Value::is_null);
        if is_missing && self.watch.is_chosen(ordinal) {
            let reads = create.map(|create| self.reads_of(create, base)).unwrap_or_default();
            let before = self.run.writer.state().clone();
            self.run.create(target, path, create, base)?;
            let ran = Ran {
                target: self.pointer(&path),
                effect: Effect::Creates,
                reads,
                place_reads: place_reads.clone(),
                before,
                after: self.run.writer.state().clone(),
            };
            self.tell(ordinal, target.mark, Some(target), "child", Outcome::Ran(ran));
        }
        let inside = self.run.writer.places.settled(path);
        let outer_reads = self.watch.child_reads.len();
        // What found the outer children is among them.
        self.watch.child_reads.extend(place_reads);
        let steps = self.static_steps(Some(target));
        let outer_steps = std::mem::replace(&mut self.watch.child_steps, steps);
        let ran = self.operations(operations, &inside);
        self.watch.child_reads.truncate(outer_reads);
        self.watch.child_steps = outer_steps;
        ran
    }

    fn bind(&mut self, operation: &'p Operation, local: u16, value: NodeId, base: &Path<'p>) -> Result<(), Fault> {
        let mut reader = self.reader(base);
        let place = reader.place_of(value);
        if place.is_none() {
            reader.look(value);
        }
        let bound = Bound {
            reads: std::mem::take(&mut reader.reads),
            place,
        };
        match self.run.act(operation, base) {
            Err(_) if self.watch.is_part() => {}
            acted => acted?,
        }
        if let Some(kept) = self.watch.bound.get_mut(usize::from(local)) {
            *kept = bound;
        }
        Ok(())
    }

    /// Tells of operations that do not run. `base`: where expressions can still be asked: not where names that they may
    /// use were not bound, nor inside a child.
    fn left(&mut self, operation: &'p Operation, known: &[Option<Segment>], base: Option<&Path<'p>>) {
        let ordinal = self.watch.next_ordinal;
        self.watch.next_ordinal += 1;
        match &operation.action {
            Action::Block(operations) => self.all_left(operations, known, base),
            Action::Child { target, operations, .. } => {
                let inside = self.steps_to(target, known, base);
                let outcome = Outcome::Left { target: inside.clone() };
                self.tell(ordinal, target.mark, Some(target), "child", outcome);
                let steps = self.static_steps(Some(target));
                let outer_steps = std::mem::replace(&mut self.watch.child_steps, steps);
                self.all_left(operations, &inside, None);
                self.watch.child_steps = outer_steps;
            }
            action => {
                if let Some(writes) = writes_of(action) {
                    let steps = writes.target.map(|target| self.steps_to(target, known, base));
                    let outcome = Outcome::Left {
                        target: steps.unwrap_or_default(),
                    };
                    self.tell(ordinal, operation.mark, writes.target, writes.does, outcome);
                }
            }
        }
    }

    fn all_left(&mut self, operations: &'p [Operation], known: &[Option<Segment>], base: Option<&Path<'p>>) {
        let mut base = base;
        for operation in operations {
            self.left(operation, known, base);
            if matches!(operation.action, Action::Let { .. }) {
                base = None;
            }
        }
    }

    /// Where a target leads, as far as that can be told without running what leads there.
    fn steps_to(
        &mut self,
        target: &'p Target,
        known: &[Option<Segment>],
        base: Option<&Path<'p>>,
    ) -> Vec<Option<Segment>> {
        let mut steps = if target.is_absolute { Vec::new() } else { known.to_vec() };
        for step in &target.steps {
            let segment = match step {
                Step::Key(key) => Some(Segment::from_key(key.text())),
                Step::Index { index, by } => {
                    let value = base.and_then(|base| self.reader(base).value(*index));
                    let container = pointer_of(&steps)
                        .and_then(|pointer| pointer.find(self.run.writer.state()).map(Value::resolved).cloned());
                    match (value, by, container) {
                        (Some(wanted), Some(by), Some(Value::Array(values))) => {
                            keyed_position(&values, by, &wanted).map(Segment::from_index)
                        }
                        (Some(Value::Number(index)), _, Some(Value::Array(_))) => {
                            number::index(&index).map(Segment::from_index)
                        }
                        (Some(Value::Text(key)), None, _) => Some(Segment::from_key(&key)),
                        _ => None,
                    }
                }
            };
            steps.push(segment);
        }
        steps.extend(target.keys.iter().map(|key| Some(Segment::from_key(key.text()))));
        steps
    }

    /// What was read to find the path of a target, children around it included.
    fn reads_to(&mut self, target: &'p Target, path: &Path<'p>, base: &Path<'p>) -> Vec<Read> {
        let found = self.pointer(path);
        let segments: Vec<Segment> = found.segments().into_iter().cloned().collect();
        let begin = segments.len() - target.steps.len() - target.keys.len();
        let mut outer = self.watch.child_reads.clone();
        if target.is_absolute {
            outer.clear();
        }
        let state = self.run.writer.state().clone();
        let mut reader = self.reader(base);
        reader.reads = outer;
        for (at, step) in target.steps.iter().enumerate() {
            let Step::Index { index, by } = step else { continue };
            reader.look(*index);
            if let Some(by) = by
                && let Some(wanted) = reader.value(*index)
            {
                let around = segments.iter().take(begin + at);
                let array = around.fold(Pointer::ROOT, |pointer, segment| pointer.push(segment.clone()));
                reader.look_for_key(&array, array.find(&state), by, &wanted);
            }
        }
        reader.reads
    }

    fn reads_of(&mut self, id: NodeId, base: &Path<'p>) -> Vec<Read> {
        let mut reader = self.reader(base);
        reader.look(id);
        reader.reads
    }

    fn reader<'e>(&'e mut self, base: &'e Path<'p>) -> Reader<'e, 'e> {
        let after_operations = self.watch.ran_count();
        let this = self.pointer(base);
        let Run {
            rules,
            data,
            meta,
            facts,
            locals,
            limits,
            writer,
            ..
        } = &mut *self.run;
        Reader {
            ir: &rules.ir,
            inputs: Inputs {
                data,
                meta,
                event: Some(*facts),
                state: writer.state(),
                this: Some(writer.places.steps(base)),
            },
            needs: &self.of_type.needs,
            this: Some(this),
            locals,
            bound: &mut self.watch.bound,
            limits,
            after_operations,
            reads: Vec::new(),
        }
    }

    fn pointer(&self, path: &Path<'p>) -> Pointer {
        pointer(&self.run.writer.places.steps(path).to_places())
    }

    /// `mark`: that of the operation, where it has no target.
    fn tell(&mut self, ordinal: u32, mark: Mark, target: Option<&Target>, does: &'static str, outcome: Outcome) {
        let told = ToldOperation {
            id: self.watch.id(ordinal),
            place: self.run.rules.ir.place(target.map_or(mark, |target| target.mark)),
            does,
            guards: self.watch.guards.clone(),
            writes: self.static_steps(target),
            outcome,
        };
        self.watch.explained.operations.push(told);
    }

    /// Where a target leads, as far as the rules alone say it.
    fn static_steps(&self, target: Option<&Target>) -> Vec<Option<Segment>> {
        let Some(target) = target else { return Vec::new() };
        let mut steps = match target.is_absolute {
            true => Vec::new(),
            false => self.watch.child_steps.clone(),
        };
        steps.extend(target.steps.iter().map(|step| match step {
            Step::Key(key) => Some(Segment::from_key(key.text())),
            Step::Index { .. } => None,
        }));
        steps.extend(target.keys.iter().map(|key| Some(Segment::from_key(key.text()))));
        steps
    }
}

fn pointer_of(steps: &[Option<Segment>]) -> Option<Pointer> {
    let mut pointer = Pointer::ROOT;
    for step in steps {
        pointer = pointer.push(step.clone()?);
    }
    Some(pointer)
}

/// An operation and those in it.
fn count_of(operation: &Operation) -> u32 {
    let inside = match &operation.action {
        Action::Block(operations) | Action::Child { operations, .. } => &operations[..],
        // The others hold none.
        _ => &[],
    };
    1 + inside.iter().map(count_of).sum::<u32>()
}

/// The names that an operation binds.
fn bound_by(operation: &Operation) -> Vec<u16> {
    match &operation.action {
        Action::Let { local, .. } => vec![*local],
        Action::Block(operations) => operations.iter().flat_map(bound_by).collect(),
        // The others bind none.
        _ => Vec::new(),
    }
}

/// `None`: it writes nothing, or holds others that do.
fn writes_of(action: &Action) -> Option<Writes<'_>> {
    let (does, target, value, effect) = match action {
        Action::Set { target, value } => ("set", Some(target), Some(*value), Effect::Replaces),
        Action::Add { target, value } => ("add", Some(target), Some(*value), Effect::Updates),
        Action::Subtract { target, value } => ("sub", Some(target), Some(*value), Effect::Updates),
        Action::Min { target, value } => ("min", Some(target), Some(*value), Effect::Updates),
        Action::Max { target, value } => ("max", Some(target), Some(*value), Effect::Updates),
        Action::Append { target, value } => ("append", Some(target), Some(*value), Effect::Appends),
        Action::Prepend { target, value } => ("prepend", Some(target), Some(*value), Effect::Prepends),
        Action::RemoveValue { target, value } => ("removeValue", Some(target), Some(*value), Effect::Updates),
        Action::Merge { target, value } => ("merge", Some(target), Some(*value), Effect::Merges),
        Action::Remove(target) => ("remove", Some(target), None, Effect::Removes),
        Action::Clear(target) => ("clear", Some(target), None, Effect::Clears),
        Action::DeleteState => ("delete", None, None, Effect::Replaces),
        Action::Child { .. } | Action::Let { .. } | Action::Block(_) | Action::Require { .. } | Action::Emit { .. } => {
            return None;
        }
    };
    Some(Writes {
        does,
        target,
        value,
        effect,
    })
}
