//! What the names in an expression stand for, and what of an event it reads.

use std::collections::BTreeSet;

use refold_core::value::Text;

use super::types::Type;
use crate::path::{ArrayKeys, Pattern};

/// What an event's expressions read: the paths of its payload and metadata, each a slot, and whether its id.
#[derive(Debug, Default, Clone)]
pub struct EventNeeds {
    pub data: Vec<Vec<Text>>,
    pub meta: Vec<Vec<Text>>,
    pub needs_id: bool,
}

impl EventNeeds {
    pub(super) fn slot(paths: &mut Vec<Vec<Text>>, path: Vec<Text>) -> Option<u16> {
        let at = paths.iter().position(|known| *known == path).unwrap_or_else(|| {
            paths.push(path);
            paths.len() - 1
        });
        u16::try_from(at).ok()
    }
}

/// What the names in an expression stand for.
#[derive(Debug)]
pub struct Scope<'s> {
    /// `None` where there is no event, as in an invariant.
    pub event: Option<&'s mut EventNeeds>,
    /// The type of `state`; `None` where there is no state, as in an upcaster.
    pub state: Option<Type>,
    /// The type and the path of `this`, inside a child.
    pub this: Option<(Type, Pattern)>,
    pub keys: &'s ArrayKeys,
    /// The state paths that are read.
    pub reads: BTreeSet<Pattern>,
    pub(super) locals: Vec<(String, Type)>,
    most_locals: usize,
}

impl<'s> Scope<'s> {
    pub fn new(event: Option<&'s mut EventNeeds>, state: Option<Type>, keys: &'s ArrayKeys) -> Scope<'s> {
        Scope {
            event,
            state,
            this: None,
            keys,
            reads: BTreeSet::new(),
            locals: Vec::new(),
            most_locals: 0,
        }
    }

    /// Names a local from now on and says where it is kept. A later one of the same name hides it.
    pub fn bind(&mut self, name: &str, of: Type) -> u16 {
        let at = self.locals.len();
        self.locals.push((name.to_owned(), of));
        self.most_locals = self.most_locals.max(self.locals.len());
        // A file of at most 8 MiB binds fewer than 2^16 names at once: the nesting and the lists are bounded.
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    pub fn local_count(&self) -> usize {
        self.locals.len()
    }

    /// Forgets the locals that were bound since there were `count`.
    pub fn unbind_to(&mut self, count: usize) {
        self.locals.truncate(count);
    }

    /// How many locals are alive at once at most.
    pub fn most_locals(&self) -> usize {
        self.most_locals
    }
}

/// Names that cannot be given to a local.
pub const KEYWORDS: [&str; 3] = ["event", "state", "this"];
