//! What a reducer file is compiled to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use refold_core::value::{KnownKey, Text, Value};

use crate::error::Mark;
use crate::expr::ir::{Ir, Node, NodeId};
use crate::expr::scope::EventNeeds;
use crate::path::{ArrayKeys, Pattern};
use crate::project::Projection;
use crate::upcast::Plan;

/// A compiled reducer.
#[derive(Debug, Clone)]
pub struct Rules {
    pub ir: Ir,
    pub initial: Value,
    pub unhandled: Unhandled,
    pub keys: ArrayKeys,
    /// The first is for types that are not in `by_name`: the operations of `every` alone.
    pub types: Vec<TypeRules>,
    /// Event types that `on` names or that have upcasters, and the place of their rules.
    pub by_name: BTreeMap<Vec<u8>, usize>,
}

impl Rules {
    /// The place of a type's rules in `types`.
    pub fn place_of(&self, event_type: &[u8]) -> usize {
        self.by_name.get(event_type).copied().unwrap_or(0)
    }

    /// The same rules, with texts that nobody else holds; equal texts are one, which makes members quick to find.
    pub fn privately(&self) -> Rules {
        let mut own = self.clone();
        let mut texts = OwnTexts::default();
        own.initial = texts.value(&own.initial);
        own.ir.rename_texts(&mut |node| match node {
            Node::Constant(value) => *value = texts.value(value),
            Node::Member { key, .. } | Node::Has { key, .. } => *key = texts.known_key(key),
            Node::Index { by: Some(by), .. } => *by = texts.text(by),
            // The others hold no text.
            _ => {}
        });
        for of_type in &mut own.types {
            texts.operations(&mut of_type.operations);
        }
        own
    }
}

/// What to do about an event whose type the reducer does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unhandled {
    Ignore,
    Warn,
    Error,
}

/// The rules for one event type, with what they touch.
#[derive(Debug, Clone)]
pub struct TypeRules {
    /// `on` names the type.
    pub is_named: bool,
    pub operations: Box<[Operation]>,
    /// The payload and metadata paths that the operations read.
    pub needs: EventNeeds,
    /// The slots of `needs`, then what the plans read.
    pub data: Projection,
    pub meta: Projection,
    /// How to fill the slots from a payload of an older version, by the step of the upcasters that it begins at.
    pub plans: Vec<Option<Plan>>,
    /// The state paths that the operations read and may write.
    pub reads: BTreeSet<Pattern>,
    pub writes: BTreeSet<Pattern>,
    /// How many local names live at once at most.
    pub locals: usize,
}

#[derive(Debug, Clone)]
pub struct Operation {
    pub mark: Mark,
    pub guard: Option<NodeId>,
    pub action: Action,
}

#[derive(Debug, Clone)]
pub enum Action {
    Set {
        target: Target,
        value: NodeId,
    },
    Add {
        target: Target,
        value: NodeId,
    },
    Subtract {
        target: Target,
        value: NodeId,
    },
    Min {
        target: Target,
        value: NodeId,
    },
    Max {
        target: Target,
        value: NodeId,
    },
    Append {
        target: Target,
        value: NodeId,
    },
    Prepend {
        target: Target,
        value: NodeId,
    },
    RemoveValue {
        target: Target,
        value: NodeId,
    },
    Merge {
        target: Target,
        value: NodeId,
    },
    Child {
        target: Target,
        create: Option<NodeId>,
        operations: Box<[Operation]>,
        /// See [`is_apart`].
        is_apart: bool,
    },
    Remove(Target),
    Clear(Target),
    DeleteState,
    Let {
        local: u16,
        value: NodeId,
    },
    Block(Box<[Operation]>),
    Require {
        condition: NodeId,
        message: Option<NodeId>,
    },
    Emit {
        event_type: NodeId,
        data: Option<NodeId>,
    },
}

/// Whether the operations of a child, and what it is created as, look at nothing of the state, and write to places that
/// begin at the child and are named by keys alone. Its own path ends with an index.
pub fn is_apart(ir: &Ir, target: &Target, create: Option<NodeId>, operations: &[Operation]) -> bool {
    let writes = |operation: &Operation| match &operation.action {
        Action::Set { target, value }
        | Action::Add { target, value }
        | Action::Subtract { target, value }
        | Action::Min { target, value }
        | Action::Max { target, value } => !target.is_absolute && target.steps.is_empty() && ir.is_of_event(*value),
        // What the others do hangs on more than the child, or is rare.
        _ => false,
    };
    target.keys.is_empty()
        && create.is_none_or(|create| ir.is_of_event(create))
        && operations
            .iter()
            .all(|operation| operation.guard.is_none_or(|guard| ir.is_of_event(guard)) && writes(operation))
}

/// A place in the state that an operation writes to.
#[derive(Debug, Clone)]
pub struct Target {
    pub mark: Mark,
    /// From the root of the state, also inside a child.
    pub is_absolute: bool,
    /// The steps up to the last index.
    pub steps: Box<[Step]>,
    /// The keys after them.
    pub keys: Box<[KnownKey]>,
}

#[derive(Debug, Clone)]
pub enum Step {
    Key(KnownKey),
    /// `[…]`: a member by name, an element by number, or an element by the key that its array declares.
    Index {
        index: NodeId,
        by: Option<Text>,
    },
}

/// Texts of one instance, each once.
#[derive(Default)]
struct OwnTexts(HashMap<Vec<u8>, Text>);

impl OwnTexts {
    fn text(&mut self, text: &Text) -> Text {
        let own = self.0.entry(text.as_wtf8().to_vec());
        own.or_insert_with_key(|bytes| Text::from_wtf8(bytes)).clone()
    }

    fn known_key(&mut self, key: &KnownKey) -> KnownKey {
        KnownKey::new(self.text(key.text()))
    }

    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::Text(text) => Value::Text(self.text(text)),
            Value::Array(values) => Value::Array(values.iter().map(|value| self.value(value)).collect()),
            Value::Repeated(values) => Value::Repeated(values.iter().map(|value| self.value(value)).collect()),
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(key, value)| (self.text(key), self.value(value)))
                    .collect(),
            ),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Redacted(_) => value.clone(),
        }
    }

    fn operations(&mut self, operations: &mut [Operation]) {
        for operation in operations {
            match &mut operation.action {
                Action::Set { target, .. }
                | Action::Add { target, .. }
                | Action::Subtract { target, .. }
                | Action::Min { target, .. }
                | Action::Max { target, .. }
                | Action::Append { target, .. }
                | Action::Prepend { target, .. }
                | Action::RemoveValue { target, .. }
                | Action::Merge { target, .. }
                | Action::Remove(target)
                | Action::Clear(target) => self.target(target),
                Action::Child { target, operations, .. } => {
                    self.target(target);
                    self.operations(operations);
                }
                Action::Block(operations) => self.operations(operations),
                Action::DeleteState | Action::Let { .. } | Action::Require { .. } | Action::Emit { .. } => {}
            }
        }
    }

    fn target(&mut self, target: &mut Target) {
        for step in &mut target.steps {
            match step {
                Step::Key(key) => *key = self.known_key(key),
                Step::Index { by: Some(by), .. } => *by = self.text(by),
                Step::Index { by: None, .. } => {}
            }
        }
        for key in &mut target.keys {
            *key = self.known_key(key);
        }
    }
}
