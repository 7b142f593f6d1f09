//! Blame: which event last changed, and which last wrote, each place of a state.
//!
//! The tree is sparse: a place without a node of its own is as old as the nearest node above it. It shares its
//! unchanged parts with the trees of other moments, so that every checkpoint can hold one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::diff::{Change, ChangeOp};
use crate::pointer::{Pointer, Segment};
use crate::track::Moment;
use crate::value::Value;

mod elements;
mod node;
#[cfg(test)]
mod tests;

use elements::Reordering;
use node::Node;

/// Who made each place of one state so. [`Moment::START`] stands for the handler's initial state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BlameTree {
    root: Node,
}

/// The events behind one place, as the moments that they led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The last event that changed the value here; of a container, that changed, added or removed anything in it.
    pub changed: Moment,
    /// The last event whose handler wrote here, also when the value stayed equal. Never before `changed`.
    pub wrote: Moment,
}

/// One leaf of a state (a scalar, or an empty container) with the events behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct BlamedLeaf {
    pub path: Pointer,
    pub value: Value,
    pub stamp: Stamp,
}

impl BlameTree {
    /// Takes in what one event did: the changes that led to the state `after`, and the places its handler wrote there.
    pub fn note(&mut self, moment: Moment, after: &Value, changes: &[Change], written: &[Pointer]) {
        self.reorder_arrays(after, changes);
        let touch = |node: &mut Node| node.touched = moment;
        for change in changes {
            match &change.op {
                ChangeOp::Added { .. } | ChangeOp::Changed { .. } => {
                    let fresh = Node {
                        changed: moment,
                        touched: moment,
                        ..Node::default()
                    };
                    self.walk(&change.path, after, touch, |node| *node = fresh);
                }
                ChangeOp::Removed { .. } => {
                    if let (Some(parent), Some(segment)) = (change.path.parent(), change.path.last()) {
                        self.walk(parent, after, touch, |node| {
                            touch(node);
                            // An element is gone already: its index means another one now.
                            node.below.remove_member(segment);
                        });
                    }
                }
                ChangeOp::Moved { .. } => {
                    if let Some(array) = change.path.parent() {
                        self.walk(array, after, touch, touch);
                    }
                }
            }
        }
        let note = |node: &mut Node| node.written_below = moment;
        for path in written {
            self.walk(path, after, note, |node| {
                node.wrote = moment;
                note(node);
            });
        }
    }

    /// The events behind the place `path` of the state that this tree belongs to.
    pub fn at(&self, path: &Pointer, is_container: bool) -> Stamp {
        let mut node = &self.root;
        let (mut changed, mut wrote) = (node.changed, node.wrote);
        for segment in path.segments() {
            let Some(child) = node.below.get(segment) else {
                return Stamp {
                    changed,
                    wrote: wrote.max(changed),
                };
            };
            node = child;
            (changed, wrote) = (changed.max(node.changed), wrote.max(node.wrote));
        }
        if is_container {
            (changed, wrote) = (changed.max(node.touched), wrote.max(node.written_below));
        }
        Stamp {
            changed,
            wrote: wrote.max(changed),
        }
    }

    /// Every leaf of `state` with the events behind it, top-down, members by key.
    pub fn leaves(&self, state: &Value) -> Vec<BlamedLeaf> {
        let mut leaves = Vec::new();
        let stamp = Stamp {
            changed: Moment::START,
            wrote: Moment::START,
        };
        collect(state, Some(&self.root), stamp, &Pointer::ROOT, &mut leaves);
        leaves
    }

    /// The bytes that this tree holds and `earlier` does not, about: what it costs to keep both.
    pub fn bytes_beside(&self, earlier: &BlameTree) -> usize {
        self.root.below.bytes_beside(&earlier.root.below)
    }

    /// Changes the node at `path` of the state `after`, making the nodes on the way; `on_way` is called for each node above
    /// it.
    fn walk(&mut self, path: &Pointer, after: &Value, on_way: impl Fn(&mut Node), at_end: impl FnOnce(&mut Node)) {
        let mut node = &mut self.root;
        let segments = path.segments();
        for (depth, segment) in segments.iter().enumerate() {
            on_way(node);
            let is_in_array = || {
                let mut above = segments.iter().take(depth);
                let container = above.try_fold(after, |value, segment| segment.find(value));
                matches!(container.map(Value::resolved), Some(Value::Array(_)))
            };
            node = node.below.get_or_default(segment, is_in_array);
        }
        at_end(node);
    }

    /// Lets the nodes of elements that were removed, moved, or have others before them now follow the elements.
    fn reorder_arrays(&mut self, after: &Value, changes: &[Change]) {
        let mut arrays: HashMap<&Pointer, Reordering> = HashMap::new();
        for change in changes {
            let (Some(array), Some(Segment::Index(index))) = (change.path.parent(), change.path.last()) else {
                continue;
            };
            if matches!(change.op, ChangeOp::Changed { .. }) {
                continue;
            }
            let reordering = match arrays.entry(array) {
                Entry::Occupied(known) => known.into_mut(),
                // A member whose name is digits is no element.
                Entry::Vacant(new) if matches!(array.find(after), Some(Value::Array(_))) => {
                    new.insert(Reordering::default())
                }
                Entry::Vacant(_) => continue,
            };
            match &change.op {
                ChangeOp::Removed { .. } => reordering.left.push(*index),
                ChangeOp::Added { .. } => reordering.arrived.push((*index, None)),
                ChangeOp::Moved { from } => {
                    if let Some(Segment::Index(from)) = from.last() {
                        reordering.left.push(*from);
                        reordering.arrived.push((*index, Some(*from)));
                    }
                }
                ChangeOp::Changed { .. } => {}
            }
        }
        // The path to an array names the later places of the elements that it is in: those are put in order first.
        let mut arrays: Vec<(&Pointer, Reordering)> = arrays.into_iter().collect();
        arrays.sort_unstable_by_key(|(array, _)| array.depth());
        for (array, mut reordering) in arrays {
            self.reorder(array, &mut reordering);
        }
    }

    fn reorder(&mut self, array: &Pointer, reordering: &mut Reordering) {
        let mut node = &mut self.root;
        for segment in array.segments() {
            // Nothing below was ever noted: there is nothing to follow.
            let Some(child) = node.below.get_mut(segment) else {
                return;
            };
            node = child;
        }
        node.below.elements().reorder(reordering);
    }
}

fn collect(value: &Value, node: Option<&Node>, stamp: Stamp, path: &Pointer, leaves: &mut Vec<BlamedLeaf>) {
    let own = node.map_or(stamp, |node| Stamp {
        changed: stamp.changed.max(node.changed),
        wrote: stamp.wrote.max(node.wrote),
    });
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (key, member) in object.iter() {
                let segment = Segment::from_key(key);
                let child = node.and_then(|node| node.below.get(&segment));
                collect(member, child, own, &path.push(segment), leaves);
            }
        }
        Value::Array(array) if !array.is_empty() => {
            for (index, element) in array.iter().enumerate() {
                let segment = Segment::from_index(index);
                let child = node.and_then(|node| node.below.get(&segment));
                collect(element, child, own, &path.push(segment), leaves);
            }
        }
        _ => {
            // A container that became empty changed when its last element went.
            let is_container = matches!(value, Value::Object(_) | Value::Array(_));
            let touched = node.filter(|_| is_container).map_or(Moment::START, |node| node.touched);
            let changed = own.changed.max(touched);
            let written = node
                .filter(|_| is_container)
                .map_or(Moment::START, |node| node.written_below);
            let stamp = Stamp {
                changed,
                wrote: own.wrote.max(written).max(changed),
            };
            leaves.push(BlamedLeaf {
                path: path.clone(),
                value: value.clone(),
                stamp,
            });
        }
    }
}
