//! The nodes of the elements of one array, in the order of the elements.
//!
//! A persistent vector, so that an element that is put first, taken out or moved costs O(log n): nodes are not numbered,
//! they stand where their elements stand. It must not know what a node holds.

use std::collections::HashSet;
use std::sync::Arc;

use crate::shared_map::ALLOCATION_BYTES;

/// A slot an element, from the first on; the last elements may have none.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Elements<Node: Clone>(imbl::Vector<Slot<Node>>);

/// `None`: the element is as old as its array.
type Slot<Node> = Option<Arc<Node>>;

/// What happened to the places of an array's elements.
#[derive(Debug, Default)]
pub(super) struct Reordering {
    /// Earlier indices of elements that were removed or moved.
    pub left: Vec<u32>,
    /// Later indices of elements that were added (`None`) or moved, and then from which earlier index.
    pub arrived: Vec<(u32, Option<u32>)>,
}

impl<Node: Clone + Default> Elements<Node> {
    pub fn get(&self, index: u32) -> Option<&Node> {
        self.0.get(index as usize)?.as_deref()
    }

    pub fn get_mut(&mut self, index: u32) -> Option<&mut Node> {
        let slot = self.0.get_mut(index as usize)?;
        slot.as_mut().map(Arc::make_mut)
    }

    /// The node of the element, made when there is none. The slots before it are fewer than the elements of the array.
    pub fn get_or_default(&mut self, index: u32) -> &mut Node {
        self.pad(index as usize + 1);
        match self.0.get_mut(index as usize) {
            Some(slot) => Arc::make_mut(slot.get_or_insert_default()),
            None => unreachable!("the slot was there or was made just now"),
        }
    }

    /// Lets the nodes follow their elements.
    pub fn reorder(&mut self, reordering: &mut Reordering) {
        let Reordering { left, arrived } = reordering;
        // Elements that stay close up; then each arrival, in later order, finds its place among what is before it.
        left.sort_unstable();
        arrived.sort_unstable();
        let slot = |earlier: u32| self.0.get(earlier as usize).cloned().flatten();
        let arrivals: Vec<(u32, Slot<Node>)> = arrived
            .iter()
            .map(|(later, earlier)| (*later, earlier.and_then(slot)))
            .collect();
        for index in left.iter().rev().map(|index| *index as usize) {
            if index < self.0.len() {
                self.0.remove(index);
            }
        }
        for (index, slot) in arrivals {
            if slot.is_some() {
                self.pad(index as usize);
            }
            if (index as usize) <= self.0.len() {
                self.0.insert(index as usize, slot);
            }
        }
    }

    /// The bytes that these hold and `earlier` do not, about. `below` says the same of what is below one node and another.
    pub fn bytes_beside(&self, earlier: &Elements<Node>, below: impl Fn(&Node, &Node) -> usize) -> usize {
        let mut before: Vec<&[Slot<Node>]> = earlier.0.leaves().collect();
        let mut after: Vec<&[Slot<Node>]> = self.0.leaves().collect();
        let is_same = |(a, b): &(&&[Slot<Node>], &&[Slot<Node>])| std::ptr::eq(**a, **b);
        let first = before.iter().zip(&after).take_while(is_same).count();
        before.drain(..first);
        after.drain(..first);
        let last = before.iter().rev().zip(after.iter().rev()).take_while(is_same).count();
        before.truncate(before.len() - last);
        after.truncate(after.len() - last);

        let shared_leaves: HashSet<*const Slot<Node>> = before.iter().map(|leaf| leaf.as_ptr()).collect();
        let own_leaves = after.iter().filter(|leaf| !shared_leaves.contains(&leaf.as_ptr()));
        let leaf_bytes = own_leaves.count() * (LEAF_SLOTS * size_of::<Slot<Node>>() + 2 * ALLOCATION_BYTES);
        let nodes = |leaves: &[&'_ [Slot<Node>]]| -> Vec<Arc<Node>> { leaves.concat().into_iter().flatten().collect() };
        let (before, after) = (nodes(&before), nodes(&after));
        let addresses = |nodes: &[Arc<Node>]| -> HashSet<*const Node> { nodes.iter().map(Arc::as_ptr).collect() };
        let (known, kept) = (addresses(&before), addresses(&after));
        // Which earlier node a new one replaced is not written down; in their order is near enough.
        let mut replaced = before.iter().filter(|node| !kept.contains(&Arc::as_ptr(node)));
        let none = Node::default();
        let own_nodes = after.iter().filter(|node| !known.contains(&Arc::as_ptr(node)));
        let node_bytes = own_nodes.map(|node| {
            let earlier = replaced.next().map_or(&none, |node| node);
            size_of::<Node>() + ALLOCATION_BYTES + below(node, earlier)
        });
        leaf_bytes + node_bytes.sum::<usize>()
    }

    fn pad(&mut self, len: usize) {
        while self.0.len() < len {
            self.0.push_back(None);
        }
    }
}

/// A leaf of the persistent vector is allocated whole; the branches above are few.
const LEAF_SLOTS: usize = 64;
