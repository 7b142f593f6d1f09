//! Objects, with structural sharing.

use super::{KnownKey, Text, Value};
use crate::shared_map::{Entry, Gap, Iter, SharedMap};

/// Members by key, in byte order of the keys. Cloning is O(1), a write copies only what is shared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object(SharedMap<Text, Value>);

/// Members in byte order of their keys; see [`Object::iter`].
pub type ObjectIter<'a> = Iter<'a, Text, Value>;

/// A member, or the place for it; see [`Object::entry_known`].
pub type MemberEntry<'m> = Entry<'m, Text, Value>;
/// The place of a member that is not there.
pub type MemberGap<'m> = Gap<'m, Text, Value>;

impl Object {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Looks a member up by the WTF-8 bytes of its key.
    pub fn get(&self, key: &[u8]) -> Option<&Value> {
        self.0.get(&Text::from_wtf8(key))
    }

    /// As [`Object::get`], quicker for a key that is a text already: most are kept in place and told equal at a glance.
    #[inline]
    pub fn find(&self, key: &Text) -> Option<&Value> {
        self.0.find(key)
    }

    /// As [`Object::get`], quicker for a key that was found before, here or in an object like this.
    #[inline]
    pub fn find_known(&self, key: &KnownKey) -> Option<&Value> {
        self.0.find_hinted(key.text(), &key.hint)
    }

    /// A member to change in place or to make, found as [`Object::find_known`] does. What is shared is copied only then.
    #[inline(always)]
    pub fn entry_known<'m>(&'m mut self, key: &KnownKey) -> MemberEntry<'m> {
        self.0.entry_hinted(key.text(), &key.hint)
    }

    /// A member to change in place; what is shared on the way is copied first.
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut Value> {
        self.0.get_mut(&Text::from_wtf8(key))
    }

    /// Sets a member and returns what it replaced.
    pub fn insert(&mut self, key: Text, value: Value) -> Option<Value> {
        self.0.insert(key, value)
    }

    pub fn remove(&mut self, key: &[u8]) -> Option<Value> {
        self.0.remove(key)
    }

    /// Members in byte order of their keys.
    pub fn iter(&self) -> ObjectIter<'_> {
        self.0.iter()
    }

    /// The members that are not the same in both, in byte order of their keys: what they are here and what they are in
    /// `later`. Parts that both share are skipped unseen, so that this costs about what differs.
    pub fn differences<'a>(&'a self, later: &'a Object) -> Vec<(&'a Text, Option<&'a Value>, Option<&'a Value>)> {
        self.0.differences(&later.0)
    }

    /// Whether both are the same allocation: equal without looking. `false` says nothing.
    pub fn is_same(&self, other: &Object) -> bool {
        self.0.is_same(&other.0)
    }

    /// Takes members whose keys ascend strictly.
    pub(super) fn from_sorted(members: impl ExactSizeIterator<Item = (Text, Value)>) -> Object {
        Object(SharedMap::from_sorted(members))
    }

    /// See [`SharedMap::byte_count`].
    pub(super) fn own_bytes(&self, differing: usize) -> usize {
        self.0.byte_count(differing)
    }
}

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
