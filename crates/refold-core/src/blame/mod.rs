//! Blame: which event last changed, and which last wrote, each place of a state.
//!
//! The tree is sparse: a place without a node of its own is as old as the nearest node above it. It shares its
//! unchanged parts with the trees of other moments, so that every checkpoint can hold one.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{Change, ChangeOp};
use crate::pointer::{Pointer, Segment};
use crate::shared_map::SharedMap;
use crate::track::Moment;
use crate::value::Value;

#[cfg(test)]
mod tests;

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

#[derive(Debug, Clone, Default, PartialEq)]
struct Node {
    /// When this place became what it is as a whole (added, or replaced).
    changed: Moment,
    /// When a handler last wrote this place as a whole.
    wrote: Moment,
    /// When anything at or below this place last changed or was removed.
    touched: Moment,
    /// When a handler last wrote anything at or below this place.
    written_below: Moment,
    children: SharedMap<Segment, Node>,
}

impl BlameTree {
    /// Takes in what one event did: the changes that led to the state `after`, and the places its handler wrote there.
    pub fn note(&mut self, moment: Moment, after: &Value, changes: &[Change], written: &[Pointer]) {
        for array in reordered_arrays(after, changes) {
            self.reorder(&array);
        }
        for change in changes {
            match &change.op {
                ChangeOp::Added { .. } | ChangeOp::Changed { .. } => {
                    let fresh = Node {
                        changed: moment,
                        touched: moment,
                        ..Node::default()
                    };
                    self.walk(&change.path, |node| node.touched = moment, |node| *node = fresh);
                }
                ChangeOp::Removed { .. } => {
                    let (Some(parent), Some(segment)) = (change.path.parent(), change.path.last()) else {
                        continue;
                    };
                    // An element was dropped by the reordering of its array: its index means another one now.
                    let is_member = !matches!(parent.find(after), Some(Value::Array(_)));
                    self.walk(
                        parent,
                        |node| node.touched = moment,
                        |node| {
                            node.touched = moment;
                            if is_member {
                                node.children.remove(segment);
                            }
                        },
                    );
                }
                ChangeOp::Moved { .. } => {
                    if let Some(array) = change.path.parent() {
                        self.walk(array, |node| node.touched = moment, |node| node.touched = moment);
                    }
                }
            }
        }
        for path in written {
            let note = |node: &mut Node| node.written_below = moment;
            self.walk(path, note, |node| {
                node.wrote = moment;
                node.written_below = moment;
            });
        }
    }

    /// The events behind the place `path` of the state that this tree belongs to.
    pub fn at(&self, path: &Pointer, is_container: bool) -> Stamp {
        let mut node = &self.root;
        let (mut changed, mut wrote) = (node.changed, node.wrote);
        for segment in path.segments() {
            let Some(child) = node.children.get(segment) else {
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
        self.root.bytes_beside(&earlier.root)
    }

    /// Changes the node at `path`, making the nodes on the way; `on_way` is called for each node above it.
    fn walk(&mut self, path: &Pointer, on_way: impl Fn(&mut Node), at_end: impl FnOnce(&mut Node)) {
        let mut node = &mut self.root;
        for segment in path.segments() {
            on_way(node);
            node = node.children.get_or_default(segment);
        }
        at_end(node);
    }

    /// Lets the nodes of an array's elements follow the elements.
    fn reorder(&mut self, array: &ReorderedArray) {
        let mut node = &mut self.root;
        for segment in array.path.segments() {
            // Nothing below was ever noted: there is nothing to follow.
            let Some(child) = node.children.get_mut(segment) else {
                return;
            };
            node = child;
        }
        if !node.children.is_empty() {
            let moved = node.children.iter().filter_map(|(segment, child)| {
                let Segment::Index(index) = segment else { return None };
                Some((Segment::Index(array.later_index(*index)?), child.clone()))
            });
            let mut moved: Vec<_> = moved.collect();
            moved.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            node.children = SharedMap::from_sorted(moved);
        }
    }
}

impl Node {
    fn bytes_beside(&self, earlier: &Node) -> usize {
        let differences = earlier.children.differences(&self.children);
        if differences.is_empty() {
            return 0;
        }
        let own = self.children.byte_count(differences.len());
        let none = Node::default();
        let below = differences.into_iter().map(|(_, before, after)| match after {
            Some(after) => after.bytes_beside(before.unwrap_or(&none)),
            None => 0,
        });
        own + below.sum::<usize>()
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
                let child = node.and_then(|node| node.children.get(&segment));
                collect(member, child, own, &path.push(segment), leaves);
            }
        }
        Value::Array(array) if !array.is_empty() => {
            for (index, element) in array.iter().enumerate() {
                let segment = Segment::from_index(index);
                let child = node.and_then(|node| node.children.get(&segment));
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

/// An array whose elements have other indices than before.
struct ReorderedArray {
    path: Pointer,
    /// Earlier indices of elements that are gone, ascending.
    removed: Vec<u32>,
    /// Earlier and later index of elements that moved.
    moved: BTreeMap<u32, u32>,
    /// Later indices of elements that were added or moved.
    taken: BTreeSet<u32>,
}

impl ReorderedArray {
    /// Where the element of an earlier index is now; `None` when it was removed.
    fn later_index(&self, earlier: u32) -> Option<u32> {
        if self.removed.binary_search(&earlier).is_ok() {
            return None;
        }
        if let Some(later) = self.moved.get(&earlier) {
            return Some(*later);
        }
        // Elements that stay fill the later indices that no added or moved one takes, in their order.
        let gone = self.removed.partition_point(|index| *index < earlier) + self.moved.range(..earlier).count();
        let mut later = earlier - u32::try_from(gone).unwrap_or(earlier);
        for index in &self.taken {
            if *index > later {
                break;
            }
            later += 1;
        }
        Some(later)
    }
}

/// The arrays in which elements were removed, moved, or added before others.
fn reordered_arrays(after: &Value, changes: &[Change]) -> Vec<ReorderedArray> {
    let mut arrays: Vec<(ReorderedArray, usize)> = Vec::new();
    for change in changes {
        let (Some(parent), Some(Segment::Index(index))) = (change.path.parent(), change.path.last()) else {
            continue;
        };
        if matches!(change.op, ChangeOp::Changed { .. }) {
            continue;
        }
        let at = match arrays.iter().rposition(|(array, _)| array.path == *parent) {
            Some(at) => at,
            None => {
                // A member whose name is digits is no element.
                let Some(Value::Array(elements)) = parent.find(after) else {
                    continue;
                };
                let (removed, moved, taken) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
                arrays.push((
                    ReorderedArray {
                        path: parent.clone(),
                        removed,
                        moved,
                        taken,
                    },
                    elements.len(),
                ));
                arrays.len() - 1
            }
        };
        let array = &mut arrays[at].0;
        match &change.op {
            ChangeOp::Removed { .. } => array.removed.push(*index),
            ChangeOp::Added { .. } => {
                array.taken.insert(*index);
            }
            ChangeOp::Moved { from } => {
                if let Some(Segment::Index(from)) = from.last() {
                    array.moved.insert(*from, *index);
                    array.taken.insert(*index);
                }
            }
            ChangeOp::Changed { .. } => {}
        }
    }
    let is_reordered = |array: &ReorderedArray, len: usize| {
        let appended_from = len.saturating_sub(array.taken.len());
        let is_appended = array.taken.first().is_none_or(|first| *first as usize >= appended_from);
        !(array.removed.is_empty() && array.moved.is_empty() && is_appended)
    };
    arrays
        .into_iter()
        .filter(|(array, len)| is_reordered(array, *len))
        .map(|(array, _)| array)
        .collect()
}
