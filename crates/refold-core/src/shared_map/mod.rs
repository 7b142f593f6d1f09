//! A sorted map with structural sharing: cloning is O(1), a write copies only what is shared.
//!
//! It must not know what it holds.

mod unshared;

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use ecow::EcoVec;

pub(crate) use unshared::unshared;

/// Entries in the order of their keys: up to [`SharedMap::SMALL`] in a vector, above that in a persistent B-tree. A small
/// map is one allocation beside its own two words, an empty one none.
#[derive(Clone)]
pub struct SharedMap<K, V>(Entries<K, V>);

#[derive(Clone)]
enum Entries<K, V> {
    Small(EcoVec<(K, V)>),
    Large(Arc<imbl::OrdMap<K, V>>),
}

/// Entries in the order of their keys; see [`SharedMap::iter`].
pub struct Iter<'a, K, V>(Inner<'a, K, V>);

enum Inner<'a, K, V> {
    Small(std::slice::Iter<'a, (K, V)>),
    Large(Box<imbl::ordmap::Iter<'a, K, V, imbl::shared_ptr::DefaultSharedPtr>>),
}

/// An entry to change in place, or the place for one.
pub enum Entry<'m, K, V> {
    There(&'m mut V),
    Missing(Gap<'m, K, V>),
}

/// Where an entry of some key belongs that a map does not have.
pub struct Gap<'m, K, V> {
    map: &'m mut SharedMap<K, V>,
    /// Of a vector; otherwise anything.
    at: usize,
}

impl<'m, K: Ord + Clone, V: Clone> Gap<'m, K, V> {
    /// Makes the entry. `key` is the one that was looked for.
    pub fn insert(self, key: K, value: V) {
        match &mut self.map.0 {
            Entries::Small(entries) if entries.len() < SharedMap::<K, V>::SMALL => {
                insert_at(entries, self.at, key, value);
            }
            _ => drop(self.map.insert(key, value)),
        }
    }

    /// As [`Gap::insert`]; gives the entry to change in place.
    pub fn inserted(self, key: K, value: V) -> &'m mut V {
        let Gap { map, at } = self;
        Gap { map: &mut *map, at }.insert(key.clone(), value);
        let made = match &mut map.0 {
            Entries::Small(entries) => entries.make_mut().get_mut(at).map(|(_, value)| value),
            Entries::Large(entries) => unshared(entries).get_mut(&key),
        };
        match made {
            Some(value) => value,
            None => unreachable!("the entry was made just now"),
        }
    }
}

/// Where an entry was found last, to look there first. A guess: any number is right.
#[derive(Debug, Default)]
pub struct Hint(AtomicUsize);

impl Clone for Hint {
    fn clone(&self) -> Hint {
        Hint(AtomicUsize::new(self.0.load(Relaxed)))
    }
}

impl<K: Ord + Clone, V: Clone> SharedMap<K, V> {
    /// The most entries that are kept as a vector.
    pub const SMALL: usize = 32;

    /// Takes entries whose keys ascend strictly.
    pub fn from_sorted(entries: impl ExactSizeIterator<Item = (K, V)>) -> SharedMap<K, V> {
        SharedMap(match entries.len() {
            0..=Self::SMALL => Entries::Small(entries.collect()),
            _ => Entries::Large(Arc::new(entries.collect())),
        })
    }

    pub fn len(&self) -> usize {
        match &self.0 {
            Entries::Small(entries) => entries.len(),
            Entries::Large(entries) => entries.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        match &self.0 {
            Entries::Small(entries) => {
                let at = place_of(entries, key).ok()?;
                entries.get(at).map(|(_, value)| value)
            }
            Entries::Large(entries) => entries.get(key),
        }
    }

    /// An entry to change in place; what is shared on the way is copied first.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        match &mut self.0 {
            Entries::Small(entries) => {
                let at = place_of(entries, key).ok()?;
                entries.make_mut().get_mut(at).map(|(_, value)| value)
            }
            Entries::Large(entries) => unshared(entries).get_mut(key),
        }
    }

    /// As [`SharedMap::get`], for keys that are quicker to tell equal than to order.
    #[inline]
    pub fn find(&self, key: &K) -> Option<&V> {
        match &self.0 {
            Entries::Small(entries) => entries
                .iter()
                .find(|(present, _)| present == key)
                .map(|(_, value)| value),
            Entries::Large(entries) => entries.get(key),
        }
    }

    /// As [`SharedMap::find`], with a look at the place of `hint` first.
    #[inline]
    pub fn find_hinted(&self, key: &K, hint: &Hint) -> Option<&V> {
        match &self.0 {
            Entries::Small(entries) => {
                let at = hinted_place(entries, key, hint).ok()?;
                entries.get(at).map(|(_, value)| value)
            }
            Entries::Large(entries) => entries.get(key),
        }
    }

    /// The entry of a key, to be changed or made, with a look at the place of `hint` first. What is shared is copied only
    /// when it is.
    #[inline(always)]
    pub fn entry_hinted<'m>(&'m mut self, key: &K, hint: &Hint) -> Entry<'m, K, V> {
        let place = match &self.0 {
            Entries::Small(entries) => hinted_place(entries, key, hint),
            Entries::Large(entries) => entries.get(key).map(|_| 0).ok_or(0),
        };
        let at = match place {
            Ok(at) => at,
            Err(at) => return Entry::Missing(Gap { map: self, at }),
        };
        let found = match &mut self.0 {
            Entries::Small(entries) => entries.make_mut().get_mut(at).map(|(_, value)| value),
            Entries::Large(entries) => unshared(entries).get_mut(key),
        };
        match found {
            Some(value) => Entry::There(value),
            None => unreachable!("the entry was found just now"),
        }
    }

    /// Sets an entry and returns what it replaced.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match &mut self.0 {
            // Many are made in the order of their keys.
            Entries::Small(entries)
                if entries.len() < SharedMap::<K, V>::SMALL && entries.last().is_none_or(|(last, _)| *last < key) =>
            {
                insert_at(entries, entries.len(), key, value);
                None
            }
            Entries::Small(entries) => match place_of(entries, &key) {
                Ok(at) => {
                    let (_, present) = entries.make_mut().get_mut(at)?;
                    Some(std::mem::replace(present, value))
                }
                Err(at) if entries.len() < SharedMap::<K, V>::SMALL => {
                    insert_at(entries, at, key, value);
                    None
                }
                Err(_) => {
                    let mut large: imbl::OrdMap<K, V> = entries.iter().cloned().collect();
                    large.insert(key, value);
                    self.0 = Entries::Large(Arc::new(large));
                    None
                }
            },
            Entries::Large(entries) => unshared(entries).insert(key, value),
        }
    }

    /// An entry to change in place, made first where there is none.
    pub fn get_or_default(&mut self, key: &K) -> &mut V
    where
        V: Default,
    {
        if self.get(key).is_none() {
            self.insert(key.clone(), V::default());
        }
        match self.get_mut(key) {
            Some(value) => value,
            None => unreachable!("the entry was there or was made just now"),
        }
    }

    /// Removes an entry. A map that shrinks to [`SharedMap::SMALL`] becomes a vector again.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (removed, len) = match &mut self.0 {
            Entries::Small(entries) => {
                let at = place_of(entries, key).ok()?;
                (Some(entries.remove(at).1), entries.len())
            }
            Entries::Large(entries) => {
                // Looked up first: a removal of nothing must not copy what is shared.
                entries.get(key)?;
                (unshared(entries).remove(key), entries.len())
            }
        };
        if let Entries::Large(entries) = &self.0
            && len <= SharedMap::<K, V>::SMALL
        {
            let small = entries
                .iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            self.0 = Entries::Small(small);
        }
        removed
    }

    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter(match &self.0 {
            Entries::Small(entries) => Inner::Small(entries.iter()),
            Entries::Large(entries) => Inner::Large(Box::new(entries.iter())),
        })
    }

    /// Whether both are the same allocation: equal without looking. `false` says nothing.
    pub fn is_same(&self, other: &SharedMap<K, V>) -> bool {
        match (&self.0, &other.0) {
            (Entries::Small(a), Entries::Small(b)) => std::ptr::eq(a.as_slice(), b.as_slice()),
            (Entries::Large(a), Entries::Large(b)) => Arc::ptr_eq(a, b) || a.ptr_eq(b),
            _ => false,
        }
    }

    /// About how many bytes are allocated for the entries themselves, when `differing` of them are not shared with
    /// another map. What the entries point to is not counted.
    pub fn byte_count(&self, differing: usize) -> usize {
        let entry_bytes = size_of::<(K, V)>();
        match &self.0 {
            Entries::Small(entries) => vector_bytes(entries),
            Entries::Large(entries) => {
                // Leaves hold up to 16 entries, are allocated whole, and are about two thirds full.
                let leaves = differing.min(entries.len().div_ceil(10));
                let leaf_bytes = 16 * entry_bytes + ALLOCATION_BYTES;
                ALLOCATION_BYTES + leaves * (leaf_bytes + leaf_bytes / 8)
            }
        }
    }
}

impl<K: Ord + Clone, V: Clone + PartialEq> SharedMap<K, V> {
    /// The entries that are not the same in both, in the order of their keys: what they are here and what they are in
    /// `later`. Parts that both share are skipped unseen, so that this costs about what differs.
    pub fn differences<'a>(&'a self, later: &'a SharedMap<K, V>) -> Vec<(&'a K, Option<&'a V>, Option<&'a V>)> {
        if self.is_same(later) {
            return Vec::new();
        }
        if let (Entries::Large(earlier), Entries::Large(later)) = (&self.0, &later.0) {
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
}

/// What the allocator and the counters of a shared allocation take.
pub(crate) const ALLOCATION_BYTES: usize = 32;

/// What a shared vector takes; what its elements point to is not counted.
pub(crate) fn vector_bytes<T>(vector: &EcoVec<T>) -> usize {
    match vector.capacity() {
        0 => 0,
        capacity => ALLOCATION_BYTES + capacity * size_of::<T>(),
    }
}

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> SharedMap<K, V> {
        SharedMap(Entries::Small(EcoVec::new()))
    }
}

impl<K: Ord + Clone + fmt::Debug, V: Clone + fmt::Debug> fmt::Debug for SharedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Ord + Clone, V: Clone + PartialEq> PartialEq for SharedMap<K, V> {
    fn eq(&self, other: &SharedMap<K, V>) -> bool {
        if self.is_same(other) {
            return true;
        }
        match (&self.0, &other.0) {
            (Entries::Large(a), Entries::Large(b)) => a.len() == b.len() && a.diff(b).next().is_none(),
            _ => self.len() == other.len() && self.iter().eq(other.iter()),
        }
    }
}

impl<K: Ord + Clone, V: Clone + Eq> Eq for SharedMap<K, V> {}

impl<'a, K: Ord, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<(&'a K, &'a V)> {
        match &mut self.0 {
            Inner::Small(entries) => entries.next().map(|(key, value)| (key, value)),
            Inner::Large(entries) => entries.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Inner::Small(entries) => entries.size_hint(),
            Inner::Large(entries) => entries.size_hint(),
        }
    }
}

/// Where an entry is, or else belongs.
#[inline(always)]
fn hinted_place<K: Ord, V>(entries: &[(K, V)], key: &K, hint: &Hint) -> Result<usize, usize> {
    let guess = hint.0.load(Relaxed);
    match entries.get(guess) {
        Some((present, _)) if present == key => Ok(guess),
        _ => other_place(entries, key, guess, hint),
    }
}

/// The place of a key that is not at the place `guess`; that becomes the next guess.
#[inline(never)]
fn other_place<K: Ord, V>(entries: &[(K, V)], key: &K, guess: usize, hint: &Hint) -> Result<usize, usize> {
    let is_before = |at: usize| entries.get(at).is_some_and(|(present, _)| present < key);
    let is_gap = guess <= entries.len() && (guess == 0 || is_before(guess - 1)) && !is_before(guess);
    if is_gap {
        return Err(guess);
    }
    let place = place_of(entries, key);
    let (Ok(at) | Err(at)) = place;
    hint.0.store(at, Relaxed);
    place
}

/// Puts an entry to the place where it belongs.
fn insert_at<K: Clone, V: Clone>(entries: &mut EcoVec<(K, V)>, at: usize, key: K, value: V) {
    if entries.len() == entries.capacity() {
        // What grows once mostly goes on, and few maps stay with one entry.
        entries.reserve(4);
    }
    if at == entries.len() {
        entries.push((key, value));
    } else {
        entries.insert(at, (key, value));
    }
}

fn place_of<K: Borrow<Q>, V, Q: Ord + ?Sized>(entries: &[(K, V)], key: &Q) -> Result<usize, usize> {
    entries.binary_search_by(|(present, _)| present.borrow().cmp(key))
}

#[cfg(test)]
mod tests;
