//! One place of a blame tree, and the places below it.

use std::sync::Arc;

use super::elements::Elements;
use crate::pointer::Segment;
use crate::shared_map::SharedMap;
use crate::track::Moment;

/// What is known of a place beside what is known of the places above it. A default node knows nothing: it says the same
/// as no node at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Node {
    /// When this place became what it is as a whole (added, or replaced).
    pub changed: Moment,
    /// When a handler last wrote this place as a whole.
    pub wrote: Moment,
    /// When anything at or below this place last changed or was removed.
    pub touched: Moment,
    /// When a handler last wrote anything at or below this place.
    pub written_below: Moment,
    pub below: Below,
}

/// The nodes below one, as its value is: members by name, or elements by index. A value that turns from the one into
/// the other is a new value, and its node a new node.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Below {
    Members(SharedMap<Segment, Node>),
    Elements(Arc<Elements<Node>>),
}

impl Default for Below {
    fn default() -> Below {
        Below::Members(SharedMap::default())
    }
}

impl Below {
    pub fn get(&self, segment: &Segment) -> Option<&Node> {
        match (self, segment) {
            (Below::Members(members), _) => members.get(segment),
            (Below::Elements(elements), Segment::Index(index)) => elements.get(*index),
            (Below::Elements(_), Segment::Key(_)) => None,
        }
    }

    /// The node at `segment`, made when there is none. `is_in_array` is asked only where a number may be either a name or
    /// an index: before the first node below is made.
    pub fn get_or_default(&mut self, segment: &Segment, is_in_array: impl FnOnce() -> bool) -> &mut Node {
        if let Segment::Index(index) = segment
            && match self {
                Below::Elements(_) => true,
                Below::Members(members) => members.is_empty() && is_in_array(),
            }
        {
            return self.elements().get_or_default(*index);
        }
        self.members().get_or_default(segment)
    }

    pub fn get_mut(&mut self, segment: &Segment) -> Option<&mut Node> {
        match (self, segment) {
            (Below::Members(members), _) => members.get_mut(segment),
            (Below::Elements(elements), Segment::Index(index)) => Arc::make_mut(elements).get_mut(*index),
            (Below::Elements(_), Segment::Key(_)) => None,
        }
    }

    pub fn remove_member(&mut self, segment: &Segment) {
        if let Below::Members(members) = self {
            members.remove(segment);
        }
    }

    /// The nodes of an array.
    pub fn elements(&mut self) -> &mut Elements<Node> {
        if let Below::Members(_) = self {
            *self = Below::Elements(Arc::default());
        }
        match self {
            Below::Elements(elements) => Arc::make_mut(elements),
            Below::Members(_) => unreachable!("members were replaced just now"),
        }
    }

    /// The bytes that these hold and `earlier` do not, about.
    pub fn bytes_beside(&self, earlier: &Below) -> usize {
        let below = |node: &Node, earlier: &Node| node.below.bytes_beside(&earlier.below);
        match (self, earlier) {
            (Below::Members(members), Below::Members(earlier)) => member_bytes_beside(members, earlier),
            (Below::Members(members), Below::Elements(_)) => member_bytes_beside(members, &SharedMap::default()),
            (Below::Elements(elements), Below::Elements(earlier)) if Arc::ptr_eq(elements, earlier) => 0,
            (Below::Elements(elements), Below::Elements(earlier)) => elements.bytes_beside(earlier, below),
            (Below::Elements(elements), Below::Members(_)) => elements.bytes_beside(&Elements::default(), below),
        }
    }

    fn members(&mut self) -> &mut SharedMap<Segment, Node> {
        if let Below::Elements(_) = self {
            *self = Below::default();
        }
        match self {
            Below::Members(members) => members,
            Below::Elements(_) => unreachable!("elements were replaced just now"),
        }
    }
}

fn member_bytes_beside(members: &SharedMap<Segment, Node>, earlier: &SharedMap<Segment, Node>) -> usize {
    let differences = earlier.differences(members);
    if differences.is_empty() {
        return 0;
    }
    let own = members.byte_count(differences.len());
    let none = Below::default();
    let below = differences.into_iter().map(|(_, before, after)| match after {
        Some(after) => after.below.bytes_beside(before.map_or(&none, |before| &before.below)),
        None => 0,
    });
    own + below.sum::<usize>()
}
