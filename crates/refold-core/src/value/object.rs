//! Objects and arrays with structural sharing.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Text, Value};

/// Members by key, in byte order of the keys. Up to [`Object::SMALL`] members a sorted vector, above a persistent
/// B-tree: cloning is O(1), a write copies only what is shared.
#[derive(Debug, Clone)]
pub struct Object(Members);

/// Two words, so that a [`Value`] is three.
#[derive(Debug, Clone)]
enum Members {
    Small(Arc<Vec<(Text, Value)>>),
    Large(Arc<imbl::OrdMap<Text, Value>>),
}

/// Members in byte order of their keys; see [`Object::iter`].
pub enum ObjectIter<'a> {
    #[doc(hidden)]
    Small(std::slice::Iter<'a, (Text, Value)>),
    #[doc(hidden)]
    Large(Box<imbl::ordmap::Iter<'a, Text, Value, imbl::shared_ptr::DefaultSharedPtr>>),
}

/// Elements in order. Up to [`Array::SMALL`] elements a vector, above a persistent tree, with structural sharing.
#[derive(Debug, Clone)]
pub struct Array(Elements);

#[derive(Debug, Clone)]
enum Elements {
    Small(Arc<Vec<Value>>),
    Large(Arc<imbl::Vector<Value>>),
}

impl Object {
    /// The most members that are kept as a sorted vector.
    pub const SMALL: usize = 32;

    pub fn len(&self) -> usize {
        match &self.0 {
            Members::Small(members) => members.len(),
            Members::Large(members) => members.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Looks a member up by the WTF-8 bytes of its key.
    pub fn get(&self, key: &[u8]) -> Option<&Value> {
        match &self.0 {
            Members::Small(members) => {
                let at = place_of(members, key).ok()?;
                members.get(at).map(|(_, value)| value)
            }
            Members::Large(members) => members.get(key),
        }
    }

    /// A member to change in place; what is shared on the way is copied first.
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut Value> {
        match &mut self.0 {
            Members::Small(members) => {
                let at = place_of(members, key).ok()?;
                Arc::make_mut(members).get_mut(at).map(|(_, value)| value)
            }
            Members::Large(members) => Arc::make_mut(members).get_mut(key),
        }
    }

    /// Sets a member and returns what it replaced.
    pub fn insert(&mut self, key: Text, value: Value) -> Option<Value> {
        match &mut self.0 {
            Members::Small(members) => match place_of(members, key.as_wtf8()) {
                Ok(at) => {
                    let (_, present) = Arc::make_mut(members).get_mut(at)?;
                    Some(std::mem::replace(present, value))
                }
                Err(at) if members.len() < Object::SMALL => {
                    Arc::make_mut(members).insert(at, (key, value));
                    None
                }
                Err(_) => {
                    let mut large: imbl::OrdMap<Text, Value> = members.iter().cloned().collect();
                    large.insert(key, value);
                    self.0 = Members::Large(Arc::new(large));
                    None
                }
            },
            Members::Large(members) => Arc::make_mut(members).insert(key, value),
        }
    }

    /// Removes a member. An object that shrinks to [`Object::SMALL`] becomes a vector again.
    pub fn remove(&mut self, key: &[u8]) -> Option<Value> {
        match &mut self.0 {
            Members::Small(members) => {
                let at = place_of(members, key).ok()?;
                Some(Arc::make_mut(members).remove(at).1)
            }
            Members::Large(members) => {
                // Looked up first: a removal of nothing must not copy what is shared.
                members.get(key)?;
                let removed = Arc::make_mut(members).remove(key);
                if members.len() <= Object::SMALL {
                    let small = members
                        .iter()
                        .map(|(key, value)| (key.clone(), value.clone()))
                        .collect();
                    self.0 = Members::Small(Arc::new(small));
                }
                removed
            }
        }
    }

    /// Members in byte order of their keys.
    pub fn iter(&self) -> ObjectIter<'_> {
        match &self.0 {
            Members::Small(members) => ObjectIter::Small(members.iter()),
            Members::Large(members) => ObjectIter::Large(Box::new(members.iter())),
        }
    }

    /// The members that are not the same in both, in byte order of their keys: what they are here and what they are in
    /// `later`. Parts that both share are skipped unseen, so that this costs about what differs.
    pub fn differences<'a>(&'a self, later: &'a Object) -> Vec<(&'a Text, Option<&'a Value>, Option<&'a Value>)> {
        if self.is_same(later) {
            return Vec::new();
        }
        if let (Members::Large(earlier), Members::Large(later)) = (&self.0, &later.0) {
            let item = |item| match item {
                imbl::ordmap::DiffItem::Add(key, after) => (key, None, Some(after)),
                imbl::ordmap::DiffItem::Update { old, new } => (new.0, Some(old.1), Some(new.1)),
                imbl::ordmap::DiffItem::Remove(key, before) => (key, Some(before), None),
            };
            return earlier.diff(later).map(item).collect();
        }
        let mut differences = Vec::new();
        let (mut earlier, mut later) = (self.iter().peekable(), later.iter().peekable());
        loop {
            let order = match (earlier.peek(), later.peek()) {
                (Some((left, _)), Some((right, _))) => left.cmp(right),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return differences,
            };
            let before = if order.is_le() { earlier.next() } else { None };
            let after = if order.is_ge() { later.next() } else { None };
            if let Some((key, _)) = before.or(after) {
                let (before, after) = (before.map(|(_, value)| value), after.map(|(_, value)| value));
                if before != after {
                    differences.push((key, before, after));
                }
            }
        }
    }

    /// Whether both are the same allocation: equal without looking. `false` says nothing.
    pub fn is_same(&self, other: &Object) -> bool {
        match (&self.0, &other.0) {
            (Members::Small(a), Members::Small(b)) => Arc::ptr_eq(a, b),
            (Members::Large(a), Members::Large(b)) => Arc::ptr_eq(a, b) || a.ptr_eq(b),
            (Members::Small(_), Members::Large(_)) | (Members::Large(_), Members::Small(_)) => false,
        }
    }

    /// Takes members whose keys ascend strictly.
    pub(super) fn from_sorted(members: Vec<(Text, Value)>) -> Object {
        if members.len() <= Object::SMALL {
            Object(Members::Small(Arc::new(members)))
        } else {
            Object(Members::Large(Arc::new(members.into_iter().collect())))
        }
    }
}

impl<'a> Iterator for ObjectIter<'a> {
    type Item = (&'a Text, &'a Value);

    fn next(&mut self) -> Option<(&'a Text, &'a Value)> {
        match self {
            ObjectIter::Small(members) => members.next().map(|(key, value)| (key, value)),
            ObjectIter::Large(members) => members.next(),
        }
    }
}

impl Default for Object {
    fn default() -> Object {
        Object(Members::Small(Arc::new(Vec::new())))
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Object) -> bool {
        self.is_same(other) || (self.len() == other.len() && self.iter().eq(other.iter()))
    }
}

impl Eq for Object {}

impl FromIterator<(Text, Value)> for Object {
    /// Later members replace earlier ones of the same key.
    fn from_iter<I: IntoIterator<Item = (Text, Value)>>(members: I) -> Object {
        let mut object = Object::default();
        for (key, value) in members {
            object.insert(key, value);
        }
        object
    }
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
            Elements::Small(elements) => Arc::make_mut(elements).get_mut(index),
            Elements::Large(elements) => Arc::make_mut(elements).get_mut(index),
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
            Elements::Small(elements) => Arc::make_mut(elements).push(value),
            Elements::Large(elements) => Arc::make_mut(elements).push_back(value),
        }
    }

    pub fn push_front(&mut self, value: Value) {
        match self.room_for_one() {
            Elements::Small(elements) => Arc::make_mut(elements).insert(0, value),
            Elements::Large(elements) => Arc::make_mut(elements).push_front(value),
        }
    }

    /// `index <= len()`.
    pub fn insert(&mut self, index: usize, value: Value) {
        match self.room_for_one() {
            Elements::Small(elements) => Arc::make_mut(elements).insert(index, value),
            Elements::Large(elements) => Arc::make_mut(elements).insert(index, value),
        }
    }

    /// `index < len()`.
    pub fn remove(&mut self, index: usize) -> Value {
        match &mut self.0 {
            Elements::Small(elements) => Arc::make_mut(elements).remove(index),
            Elements::Large(elements) => Arc::make_mut(elements).remove(index),
        }
    }

    pub fn iter(&self) -> ArrayIter<'_> {
        match &self.0 {
            Elements::Small(elements) => ArrayIter::Small(elements.iter()),
            Elements::Large(elements) => ArrayIter::Large(Box::new(elements.iter())),
        }
    }

    /// Whether both are the same allocation: equal without looking. `false` says nothing.
    pub fn is_same(&self, other: &Array) -> bool {
        match (&self.0, &other.0) {
            (Elements::Small(a), Elements::Small(b)) => Arc::ptr_eq(a, b),
            (Elements::Large(a), Elements::Large(b)) => Arc::ptr_eq(a, b) || a.ptr_eq(b),
            (Elements::Small(_), Elements::Large(_)) | (Elements::Large(_), Elements::Small(_)) => false,
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
        Array(Elements::Small(Arc::new(Vec::new())))
    }
}

impl PartialEq for Array {
    fn eq(&self, other: &Array) -> bool {
        self.is_same(other) || (self.len() == other.len() && self.iter().eq(other.iter()))
    }
}

impl Eq for Array {}

impl FromIterator<Value> for Array {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Array {
        let elements: Vec<Value> = values.into_iter().collect();
        if elements.len() <= Array::SMALL {
            Array(Elements::Small(Arc::new(elements)))
        } else {
            Array(Elements::Large(Arc::new(elements.into_iter().collect())))
        }
    }
}

fn place_of(members: &[(Text, Value)], key: &[u8]) -> Result<usize, usize> {
    members.binary_search_by(|(present, _)| present.as_wtf8().cmp(key))
}
