//! What a reducer file is compiled to.

use std::collections::{BTreeMap, BTreeSet};

use refold_core::value::{Text, Value};

use crate::error::Mark;
use crate::expr::compile::EventNeeds;
use crate::expr::ir::{Ir, NodeId};
use crate::path::{ArrayKeys, Pattern};
use crate::project::Projection;
use crate::upcast::Plan;

/// A compiled reducer.
#[derive(Debug)]
pub struct Rules {
    pub ir: Ir,
    pub initial: Value,
    pub unhandled: Unhandled,
    pub keys: ArrayKeys,
    pub on: BTreeMap<Vec<u8>, TypeRules>,
    /// Types that `on` does not name and that have upcasters: the operations of `every` alone.
    pub unruled: BTreeMap<Vec<u8>, TypeRules>,
    /// All other types: the operations of `every` alone.
    pub every: TypeRules,
}

impl Rules {
    pub fn of_type(&self, event_type: &[u8]) -> &TypeRules {
        self.on
            .get(event_type)
            .or_else(|| self.unruled.get(event_type))
            .unwrap_or(&self.every)
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
#[derive(Debug)]
pub struct TypeRules {
    pub operations: Box<[Operation]>,
    /// The payload and metadata paths that the operations read.
    pub needs: EventNeeds,
    pub data: Projection,
    pub meta: Projection,
    /// How to fill `data` from a payload of an older version, by the step of the upcasters that it begins at.
    pub plans: Vec<Option<Plan>>,
    /// The state paths that the operations read and may write.
    pub reads: BTreeSet<Pattern>,
    pub writes: BTreeSet<Pattern>,
    /// How many local names live at once at most.
    pub locals: usize,
}

#[derive(Debug)]
pub struct Operation {
    pub mark: Mark,
    pub guard: Option<NodeId>,
    pub action: Action,
}

#[derive(Debug)]
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

/// A place in the state that an operation writes to.
#[derive(Debug)]
pub struct Target {
    pub mark: Mark,
    /// From the root of the state, also inside a child.
    pub is_absolute: bool,
    pub steps: Box<[Step]>,
}

#[derive(Debug)]
pub enum Step {
    Key(Text),
    /// `[…]`: a member by name, an element by number, or an element by the key that its array declares.
    Index {
        index: NodeId,
        by: Option<Text>,
    },
}
