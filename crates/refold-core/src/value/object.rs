//! Objects and arrays with structural sharing.

use std::sync::Arc;

use super::{Text, Value};

/// Members by key, in byte order of the keys. Up to [`Object::SMALL`] members a sorted vector, above a persistent
/// B-tree: cloning is O(1), a write copies only what is shared.
#[derive(Debug, Clone)]
pub struct Object(Members);

#[derive(Debug, Clone)]
enum Members {
    Small(Arc<Vec<(Text, Value)>>),
    Large(imbl::OrdMap<Text, Value>),
}

/// Elements in order, with structural sharing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Array(imbl::Vector<Value>);

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
            Members::Small(members) => members
                .binary_search_by(|(present, _)| present.as_wtf8().cmp(key))
                .ok()
                .and_then(|at| members.get(at))
                .map(|(_, value)| value),
            Members::Large(members) => members.get(&Text::from_wtf8(key)),
        }
    }

    /// A member to change in place; what is shared on the way is copied first.
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut Value> {
        match &mut self.0 {
            Members::Small(members) => {
                let at = members
                    .binary_search_by(|(present, _)| present.as_wtf8().cmp(key))
                    .ok()?;
                Arc::make_mut(members).get_mut(at).map(|(_, value)| value)
            }
            Members::Large(members) => members.get_mut(&Text::from_wtf8(key)),
        }
    }

    /// Sets a member and returns what it replaced.
    pub fn insert(&mut self, key: Text, value: Value) -> Option<Value> {
        match &mut self.0 {
            Members::Small(members) => {
                match members.binary_search_by(|(present, _)| present.cmp(&key)) {
                    Ok(at) => {
                        return Arc::make_mut(members)
                            .get_mut(at)
                            .map(|(_, present)| std::mem::replace(present, value));
                    }
                    Err(at) if members.len() < Object::SMALL => {
                        Arc::make_mut(members).insert(at, (key, value));
                        return None;
                    }
                    Err(_) => {}
                }
                let mut large: imbl::OrdMap<Text, Value> = members.iter().cloned().collect();
                large.insert(key, value);
                self.0 = Members::Large(large);
                None
            }
            Members::Large(members) => members.insert(key, value),
        }
    }

    /// Removes a member. An object that shrinks to [`Object::SMALL`] becomes a vector again.
    pub fn remove(&mut self, key: &[u8]) -> Option<Value> {
        match &mut self.0 {
            Members::Small(members) => {
                let at = members
                    .binary_search_by(|(present, _)| present.as_wtf8().cmp(key))
                    .ok()?;
                Some(Arc::make_mut(members).remove(at).1)
            }
            Members::Large(members) => {
                let removed = members.remove(&Text::from_wtf8(key))?;
                if members.len() <= Object::SMALL {
                    let small = members
                        .iter()
                        .map(|(key, value)| (key.clone(), value.clone()))
                        .collect();
                    self.0 = Members::Small(Arc::new(small));
                }
                Some(removed)
            }
        }
    }

    /// Members in byte order of their keys.
    pub fn iter(&self) -> Box<dyn Iterator<Item = (&Text, &Value)> + '_> {
        match &self.0 {
            Members::Small(members) => Box::new(members.iter().map(|(key, value)| (key, value))),
            Members::Large(members) => Box::new(members.iter()),
        }
    }

    /// Whether both are the same allocation: equal without looking. `false` says nothing.
    pub fn is_same(&self, other: &Object) -> bool {
        match (&self.0, &other.0) {
            (Members::Small(a), Members::Small(b)) => Arc::ptr_eq(a, b),
            (Members::Large(a), Members::Large(b)) => a.ptr_eq(b),
            _ => false,
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
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, index: usize) -> Option<&Value> {
        self.0.get(index)
    }

    pub fn get_mut(&mut self, index: usize) -> Option<&mut Value> {
        self.0.get_mut(index)
    }

    pub fn last(&self) -> Option<&Value> {
        self.0.last()
    }

    pub fn push(&mut self, value: Value) {
        self.0.push_back(value);
    }

    pub fn push_front(&mut self, value: Value) {
        self.0.push_front(value);
    }

    /// `index <= len()`.
    pub fn insert(&mut self, index: usize, value: Value) {
        self.0.insert(index, value);
    }

    /// `index < len()`.
    pub fn remove(&mut self, index: usize) -> Value {
        self.0.remove(index)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Value> + DoubleEndedIterator {
        self.0.iter()
    }

    /// Whether both are the same allocation: equal without looking. `false` says nothing.
    pub fn is_same(&self, other: &Array) -> bool {
        self.0.ptr_eq(&other.0)
    }
}

impl FromIterator<Value> for Array {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Array {
        Array(values.into_iter().collect())
    }
}
