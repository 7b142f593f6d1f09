//! Arrays, with structural sharing.

use std::sync::Arc;

use ecow::EcoVec;

use super::Value;
use crate::shared_map::{ALLOCATION_BYTES, unshared, vector_bytes};

/// Elements in order. Up to [`Array::SMALL`] elements a vector, above that a persistent tree: cloning is O(1), a write
/// copies only what is shared. An empty array takes no memory beside its own two words.
#[derive(Debug, Clone)]
pub struct Array(Elements);

/// Two words, so that a [`Value`] is three.
#[derive(Debug, Clone)]
enum Elements {
    Small(EcoVec<Value>),
    Large(Arc<imbl::Vector<Value>>),
}

impl Array {
    /// The most elements that are kept as a vector; a larger array stays a tree when it shrinks.
    pub const SMALL: usize = 32;

    pub fn len(&self) -> usize {
        match &self.0 {
            Elements::Small(elements) => elements.len(),
            Elements::Large(elements) => elements.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, index: usize) -> Option<&Value> {
        match &self.0 {
            Elements::Small(elements) => elements.get(index),
            Elements::Large(elements) => elements.get(index),
        }
    }

    pub fn get_mut(&mut self, index: usize) -> Option<&mut Value> {
        match &mut self.0 {
            Elements::Small(elements) => elements.make_mut().get_mut(index),
            Elements::Large(elements) => unshared(elements).get_mut(index),
        }
    }

    pub fn last(&self) -> Option<&Value> {
        match &self.0 {
            Elements::Small(elements) => elements.last(),
            Elements::Large(elements) => elements.last(),
        }
    }

    pub fn push(&mut self, value: Value) {
        match self.room_for_one() {
            Elements::Small(elements) => elements.push(value),
            Elements::Large(elements) => unshared(elements).push_back(value),
        }
    }

    pub fn push_front(&mut self, value: Value) {
        match self.room_for_one() {
            Elements::Small(elements) => elements.insert(0, value),
            Elements::Large(elements) => unshared(elements).push_front(value),
        }
    }

    /// `index <= len()`.
    pub fn insert(&mut self, index: usize, value: Value) {
        match self.room_for_one() {
            Elements::Small(elements) => elements.insert(index, value),
            Elements::Large(elements) => unshared(elements).insert(index, value),
        }
    }

    /// `index < len()`.
    pub fn remove(&mut self, index: usize) -> Value {
        match &mut self.0 {
            Elements::Small(elements) => elements.remove(index),
            Elements::Large(elements) => unshared(elements).remove(index),
        }
    }

    pub fn iter(&self) -> ArrayIter<'_> {
        match &self.0 {
            Elements::Small(elements) => ArrayIter::Small(elements.iter()),
            Elements::Large(elements) => ArrayIter::Large(Box::new(elements.iter())),
        }
    }

    /// The elements from the index `first` on, which is at most the length.
    pub fn iter_from(&self, first: usize) -> ArrayIter<'_> {
        match &self.0 {
            Elements::Small(elements) => ArrayIter::Small(elements.get(first..).unwrap_or_default().iter()),
            Elements::Large(elements) => ArrayIter::Large(Box::new(elements.focus().narrow(first..).into_iter())),
        }
    }

    /// Whether both are the same allocation: equal without looking. `false` says nothing.
    pub fn is_same(&self, other: &Array) -> bool {
        match (&self.0, &other.0) {
            (Elements::Small(a), Elements::Small(b)) => std::ptr::eq(a.as_slice(), b.as_slice()),
            (Elements::Large(a), Elements::Large(b)) => Arc::ptr_eq(a, b) || a.ptr_eq(b),
            (Elements::Small(_), Elements::Large(_)) | (Elements::Large(_), Elements::Small(_)) => false,
        }
    }

    /// How many elements at the start are equal in both. What both share is skipped, not compared.
    pub fn common_prefix(&self, other: &Array) -> usize {
        let most = self.len().min(other.len());
        let shared = match (&self.0, &other.0) {
            (Elements::Large(a), Elements::Large(b)) => shared_prefix(a, b),
            _ => 0,
        };
        let equal = self
            .iter_from(shared)
            .zip(other.iter_from(shared))
            .take_while(|(a, b)| a == b)
            .count();
        (shared + equal).min(most)
    }

    /// How many of at most `most` elements at the end are equal in both. What both share is skipped, not compared.
    pub fn common_suffix(&self, other: &Array, most: usize) -> usize {
        let shared = match (&self.0, &other.0) {
            (Elements::Large(a), Elements::Large(b)) => shared_suffix(a, b).min(most),
            _ => 0,
        };
        let equal = |back: &usize| {
            let element = |array: &'_ Array| array.len().checked_sub(back + 1);
            match (element(self), element(other)) {
                (Some(a), Some(b)) => self.get(a) == other.get(b),
                _ => false,
            }
        };
        shared + (shared..most).take_while(equal).count()
    }

    /// About how many bytes the array and what is in it take, beyond what `base` holds.
    pub(super) fn bytes_beside(&self, base: Option<&Array>) -> usize {
        let beside = |element: &Value, before: Option<&Value>| match before {
            Some(before) => element.bytes_beside(before),
            None => element.byte_count(),
        };
        match (&self.0, base.map(|base| &base.0)) {
            (Elements::Small(elements), Some(Elements::Small(base)))
                if std::ptr::eq(elements.as_slice(), base.as_slice()) =>
            {
                0
            }
            (Elements::Small(elements), base) => {
                let before = |at: usize| match base {
                    Some(Elements::Small(base)) => base.get(at),
                    Some(Elements::Large(base)) => base.get(at),
                    None => None,
                };
                let below = elements
                    .iter()
                    .enumerate()
                    .map(|(at, element)| beside(element, before(at)));
                vector_bytes(elements) + below.sum::<usize>()
            }
            (Elements::Large(elements), base) => {
                let leaves: Vec<&[Value]> = match base {
                    Some(Elements::Large(base)) => base.leaves().collect(),
                    Some(Elements::Small(base)) => vec![base],
                    None => Vec::new(),
                };
                let mut bytes = 0;
                for (at, leaf) in elements.leaves().enumerate() {
                    let before = leaves.get(at).copied().unwrap_or_default();
                    if !std::ptr::eq(leaf, before) {
                        let below = leaf
                            .iter()
                            .enumerate()
                            .map(|(at, element)| beside(element, before.get(at)));
                        bytes += LEAF_BYTES + below.sum::<usize>();
                    }
                }
                if bytes == 0 {
                    0
                } else {
                    bytes + ALLOCATION_BYTES + LEAF_BYTES
                }
            }
        }
    }

    fn room_for_one(&mut self) -> &mut Elements {
        if let Elements::Small(elements) = &self.0
            && elements.len() >= Array::SMALL
        {
            self.0 = Elements::Large(Arc::new(elements.iter().cloned().collect()));
        }
        &mut self.0
    }
}

/// A leaf of the persistent tree is allocated whole; the branches above are few.
const LEAF_BYTES: usize = 64 * size_of::<Value>() + 2 * ALLOCATION_BYTES;

/// How many elements at the start lie in leaves that both trees hold at the same place.
fn shared_prefix(a: &imbl::Vector<Value>, b: &imbl::Vector<Value>) -> usize {
    let leaves = a.leaves().zip(b.leaves());
    leaves
        .take_while(|(a, b)| std::ptr::eq(*a, *b))
        .map(|(leaf, _)| leaf.len())
        .sum()
}

/// The same at the end, counted from there.
fn shared_suffix(a: &imbl::Vector<Value>, b: &imbl::Vector<Value>) -> usize {
    let (mut a_focus, mut b_focus) = (a.focus(), b.focus());
    let mut shared = 0;
    while let (Some(at), Some(bt)) = ((a.len() - shared).checked_sub(1), (b.len() - shared).checked_sub(1)) {
        let (_, a_leaf) = a_focus.chunk_at(at);
        let (_, b_leaf) = b_focus.chunk_at(bt);
        if !std::ptr::eq(a_leaf, b_leaf) {
            break;
        }
        shared += a_leaf.len();
    }
    shared
}

/// Elements in order; see [`Array::iter`].
pub enum ArrayIter<'a> {
    #[doc(hidden)]
    Small(std::slice::Iter<'a, Value>),
    #[doc(hidden)]
    Large(Box<imbl::vector::Iter<'a, Value, imbl::shared_ptr::DefaultSharedPtr>>),
}

impl<'a> Iterator for ArrayIter<'a> {
    type Item = &'a Value;

    fn next(&mut self) -> Option<&'a Value> {
        match self {
            ArrayIter::Small(elements) => elements.next(),
            ArrayIter::Large(elements) => elements.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            ArrayIter::Small(elements) => elements.size_hint(),
            ArrayIter::Large(elements) => elements.size_hint(),
        }
    }
}

impl DoubleEndedIterator for ArrayIter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            ArrayIter::Small(elements) => elements.next_back(),
            ArrayIter::Large(elements) => elements.next_back(),
        }
    }
}

impl ExactSizeIterator for ArrayIter<'_> {}

impl Default for Array {
    fn default() -> Array {
        Array(Elements::Small(EcoVec::new()))
    }
}

impl PartialEq for Array {
    fn eq(&self, other: &Array) -> bool {
        self.is_same(other) || (self.len() == other.len() && self.common_prefix(other) == self.len())
    }
}

impl Eq for Array {}

impl FromIterator<Value> for Array {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Array {
        let elements: EcoVec<Value> = values.into_iter().collect();
        Array(if elements.len() <= Array::SMALL {
            Elements::Small(elements)
        } else {
            Elements::Large(Arc::new(elements.into_iter().collect()))
        })
    }
}
