//! What an expression is compiled to: nodes in one vector, children by number.
//!
//! Children come before their parents, so that evaluation cannot loop. Each node knows its place in the file.

use std::sync::Arc;

use refold_core::port::handler::HandlerFault;
use refold_core::value::{KnownKey, Number, NumberError, Text, Value};

use super::functions::Function;
use crate::error::{Mark, Place};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeId(u32);

/// A projected path of the payload or of the metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    Data(u16),
    Meta(u16),
}

/// What an event is beside its payload and metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventField {
    Type,
    Version,
    Time,
    Stream,
    Position,
    Id,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Arithmetic {
    #[inline]
    pub fn compute(self, left: &Number, right: &Number) -> Result<Number, NumberError> {
        match self {
            Arithmetic::Add => left.add(right),
            Arithmetic::Subtract => left.sub(right),
            Arithmetic::Multiply => left.mul(right),
            Arithmetic::Divide => left.div_exact(right),
            Arithmetic::Remainder => left.rem(right),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MacroKind {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

#[derive(Debug, Clone)]
pub enum Node {
    Constant(Value),
    Slot(Slot),
    HasSlot(Slot),
    Field(EventField),
    State,
    This,
    Local(u16),
    Member {
        of: NodeId,
        key: KnownKey,
    },
    Has {
        of: NodeId,
        key: KnownKey,
    },
    /// `by` is the declared key of the array that is indexed, if it has one: then a text finds an element.
    Index {
        of: NodeId,
        index: NodeId,
        by: Option<Text>,
    },
    Not(NodeId),
    Negate(NodeId),
    And(NodeId, NodeId),
    Or(NodeId, NodeId),
    Equal {
        left: NodeId,
        right: NodeId,
        expected: bool,
    },
    Compare {
        comparison: Comparison,
        left: NodeId,
        right: NodeId,
    },
    In {
        element: NodeId,
        container: NodeId,
    },
    Arithmetic {
        arithmetic: Arithmetic,
        left: NodeId,
        right: NodeId,
    },
    Choice {
        condition: NodeId,
        then: NodeId,
        otherwise: NodeId,
    },
    List(Box<[NodeId]>),
    Object(Box<[(NodeId, NodeId)]>),
    Call {
        function: Function,
        arguments: Box<[NodeId]>,
    },
    /// Binds each element (of an object: each key) to `local`, and asks `body`; `keep` is the filter of a `map`.
    Macro {
        kind: MacroKind,
        list: NodeId,
        local: u16,
        keep: Option<NodeId>,
        body: NodeId,
    },
}

/// All expressions of one file.
#[derive(Debug, Clone)]
pub struct Ir {
    pub(super) file: Arc<str>,
    nodes: Vec<Node>,
    marks: Vec<Mark>,
    /// Reading what is missing is a fault instead of null.
    pub is_strict: bool,
}

impl Ir {
    pub fn new(file: &Arc<str>, is_strict: bool) -> Ir {
        Ir {
            file: Arc::clone(file),
            nodes: Vec::new(),
            marks: Vec::new(),
            is_strict,
        }
    }

    pub fn push(&mut self, node: Node, mark: Mark) -> NodeId {
        let id = NodeId(crate::error::count(self.nodes.len()));
        self.nodes.push(node);
        self.marks.push(mark);
        id
    }

    pub fn node(&self, id: NodeId) -> &Node {
        // Ids are made by `push` alone, and nodes are never removed.
        &self.nodes[id.0 as usize]
    }

    /// Lets `change` replace the texts of every node.
    pub fn rename_texts(&mut self, change: &mut dyn FnMut(&mut Node)) {
        self.nodes.iter_mut().for_each(change);
    }

    /// Whether evaluating a node surely looks at nothing of the state: what is rare says no.
    pub fn is_of_event(&self, id: NodeId) -> bool {
        match self.node(id) {
            Node::Constant(_) | Node::Slot(_) | Node::HasSlot(_) | Node::Field(_) => true,
            Node::Not(operand) | Node::Negate(operand) => self.is_of_event(*operand),
            Node::Arithmetic { left, right, .. }
            | Node::Equal { left, right, .. }
            | Node::Compare { left, right, .. }
            | Node::And(left, right)
            | Node::Or(left, right) => self.is_of_event(*left) && self.is_of_event(*right),
            Node::Object(members) => {
                let mut parts = members.iter();
                parts.all(|(key, value)| self.is_of_event(*key) && self.is_of_event(*value))
            }
            // What may look at it, and what is rare.
            _ => false,
        }
    }

    pub fn constant(&self, id: NodeId) -> Option<&Value> {
        match self.node(id) {
            Node::Constant(value) => Some(value),
            _ => None,
        }
    }

    pub fn mark(&self, id: NodeId) -> Mark {
        self.marks.get(id.0 as usize).copied().unwrap_or(Mark::START)
    }

    pub fn fault(&self, at: NodeId, code: &'static str, message: impl Into<String>) -> Box<HandlerFault> {
        self.fault_at(self.mark(at), code, message)
    }

    pub fn fault_at(&self, mark: Mark, code: &'static str, message: impl Into<String>) -> Box<HandlerFault> {
        Box::new(HandlerFault {
            code,
            message: message.into(),
            place: Some(self.place(mark)),
        })
    }

    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// A mark with its file: `reducer.yaml:12:7`.
    pub fn place(&self, mark: Mark) -> String {
        let file = Arc::clone(&self.file);
        Place { file, mark }.to_string()
    }

    /// The same without the column: `reducer.yaml:12`.
    pub fn line(&self, mark: Mark) -> String {
        format!("{}:{}", self.file, mark.line)
    }
}
