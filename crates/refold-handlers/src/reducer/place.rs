//! Paths of a state whose indexes are known: where an operation writes. It knows nothing of rules.

use refold_core::pointer::Pointer;
use refold_core::value::{KnownKey, MemberEntry, MemberGap, Text, Value};
use smallvec::SmallVec;

/// One step of a path.
#[derive(Debug, Clone)]
pub enum Place<'p> {
    Key(KnownKey),
    /// A key of the rules themselves, so that what it remembers serves the next event too.
    Named(&'p KnownKey),
    Element(usize),
    /// A new element for the end of a keyed array: it gets its key.
    New {
        at: usize,
        by: Text,
        key: Value,
    },
}

/// A place, borrowed from a path.
#[derive(Debug, Clone, Copy)]
pub enum PlaceRef<'a> {
    Key(&'a KnownKey),
    Element(usize),
    New { at: usize, by: &'a Text, key: &'a Value },
}

/// The places that were found out for one event. Paths point into them, so that a path is copied for nothing.
#[derive(Debug, Default)]
pub struct Places<'p>(SmallVec<[Place<'p>; 4]>);

/// A path: what was found out for this event, then what the rules say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Path<'p> {
    found_from: usize,
    found_to: usize,
    fixed: &'p [KnownKey],
}

/// A path with its places at hand.
#[derive(Debug, Clone, Copy)]
pub struct Steps<'a> {
    found: &'a [Place<'a>],
    fixed: &'a [KnownKey],
}

impl<'p> Path<'p> {
    pub fn fixed(fixed: &'p [KnownKey]) -> Path<'p> {
        Path {
            found_from: 0,
            found_to: 0,
            fixed,
        }
    }

    /// This path and `keys` after it, where nothing must be copied for that.
    pub fn extended(self, keys: &'p [KnownKey]) -> Option<Path<'p>> {
        self.fixed.is_empty().then_some(Path { fixed: keys, ..self })
    }

    /// This path and `inner` after it, where [`Path::joins`] says that they are one path.
    #[inline(always)]
    pub fn followed_by(self, inner: Path<'p>) -> Path<'p> {
        debug_assert!(self.joins(&inner), "{self:?} and {inner:?} are no one path");
        Path {
            found_from: self.found_from + inner.found_from,
            found_to: self.found_to + inner.found_to,
            fixed: inner.fixed,
        }
    }

    /// Whether this path is empty, or was found out whole and `inner` says nothing but keys: so at most one of the two has
    /// places that were found out, and those of the other begin and end at 0.
    fn joins(&self, inner: &Path<'p>) -> bool {
        self.fixed.is_empty() && (self.found_to == 0 || inner.found_to == 0)
    }

    pub fn len(&self) -> usize {
        self.found_to - self.found_from + self.fixed.len()
    }

    pub fn is_root(&self) -> bool {
        self.len() == 0
    }
}

impl<'p> Places<'p> {
    #[inline]
    pub fn steps<'a>(&'a self, path: &Path<'a>) -> Steps<'a> {
        Steps {
            // Paths are made by `end` alone, of places that are there.
            found: self.0.get(path.found_from..path.found_to).unwrap_or_default(),
            fixed: path.fixed,
        }
    }

    /// What a path leads to in `root`; see [`Steps::locate`]. Of most paths nothing was found out: these ask nothing of the
    /// places.
    #[inline(always)]
    pub fn locate<'v, 'a>(&'a self, path: &Path<'a>, root: &'v mut Value) -> Located<'v, 'a> {
        if path.found_from == path.found_to {
            let (found, fixed) = (&[][..], path.fixed);
            Steps { found, fixed }.locate(root)
        } else {
            self.locate_found(path, root)
        }
    }

    #[inline(never)]
    fn locate_found<'v, 'a>(&'a self, path: &Path<'a>, root: &'v mut Value) -> Located<'v, 'a> {
        self.steps(path).locate(root)
    }

    /// Where a path begins that is pushed now.
    pub fn begin(&self) -> usize {
        self.0.len()
    }

    pub fn push(&mut self, place: Place<'p>) {
        self.0.push(place);
    }

    pub fn push_all(&mut self, path: &Path<'p>) {
        for at in path.found_from..path.found_to {
            // Paths are made by `end` alone, of places that are there.
            self.0.push(self.0[at].clone());
        }
        self.0.extend(path.fixed.iter().map(Place::Named));
    }

    /// The path of what was pushed since `begin`, as far as it is known.
    pub fn since(&self, begin: usize) -> Steps<'_> {
        Steps {
            found: self.0.get(begin..).unwrap_or_default(),
            fixed: &[],
        }
    }

    /// Ends the path that began at `begin`: `fixed` comes after what was pushed.
    pub fn end(&self, begin: usize, fixed: &'p [KnownKey]) -> Path<'p> {
        Path {
            found_from: begin,
            found_to: self.0.len(),
            fixed,
        }
    }

    /// The path once a new element on it has been made.
    pub fn settled(&mut self, path: Path<'p>) -> Path<'p> {
        let found = self.0.get(path.found_from..path.found_to).unwrap_or_default();
        if !found.iter().any(|place| matches!(place, Place::New { .. })) {
            return path;
        }
        let begin = self.begin();
        for at in path.found_from..path.found_to {
            let settled = match self.0.get(at) {
                Some(Place::New { at, .. }) => Place::Element(*at),
                Some(place) => place.clone(),
                None => break,
            };
            self.0.push(settled);
        }
        self.end(begin, path.fixed)
    }
}

impl<'a> Steps<'a> {
    pub fn len(self) -> usize {
        self.found.len() + self.fixed.len()
    }

    pub fn get(self, at: usize) -> Option<PlaceRef<'a>> {
        match self.found.get(at) {
            Some(place) => Some(place.borrowed()),
            None => self.fixed.get(at - self.found.len()).map(PlaceRef::Key),
        }
    }

    pub fn iter(self) -> impl DoubleEndedIterator<Item = PlaceRef<'a>> + Clone {
        let found = self.found.iter().map(Place::borrowed);
        found.chain(self.fixed.iter().map(PlaceRef::Key))
    }

    /// Its first `len` steps, or all when it has no more.
    #[inline]
    pub fn first(self, len: usize) -> Steps<'a> {
        let found = self.found.get(..len).unwrap_or(self.found);
        Steps {
            found,
            fixed: self.fixed.get(..len - found.len()).unwrap_or(self.fixed),
        }
    }

    pub fn to_places(self) -> Vec<Place<'static>> {
        self.iter().map(PlaceRef::to_place).collect()
    }

    /// The value at this path of `state`, if it is there.
    pub fn find(self, state: &Value) -> Option<&Value> {
        let mut here = state;
        for place in self.found {
            here = match (here.resolved(), place.borrowed()) {
                (Value::Object(members), PlaceRef::Key(key)) => members.find_known(key)?,
                (Value::Array(values), PlaceRef::Element(index)) => values.get(index)?,
                _ => return None,
            };
        }
        for key in self.fixed {
            here = match here.resolved() {
                Value::Object(members) => members.find_known(key)?,
                _ => return None,
            };
        }
        Some(here)
    }

    /// The value at this path of `root`, to be changed; or how far the path leads.
    #[inline(always)]
    pub fn locate(self, root: &mut Value) -> Located<'_, 'a> {
        let mut here = root;
        for (at, place) in self.found.iter().enumerate() {
            here = match (here, place.borrowed()) {
                (Value::Object(members), PlaceRef::Key(key)) => match members.entry_known(key) {
                    MemberEntry::There(next) => next,
                    MemberEntry::Missing(gap) => return Located::Gap { at, key, gap },
                },
                (Value::Array(values), PlaceRef::Element(index)) => match values.get_mut(index) {
                    Some(next) => next,
                    None => return Located::Missing { at },
                },
                (Value::Array(_), PlaceRef::New { .. }) => return Located::Missing { at },
                _ => return Located::Blocked { at },
            };
        }
        for (at, key) in (self.found.len()..).zip(self.fixed) {
            let Value::Object(members) = here else {
                return Located::Blocked { at };
            };
            here = match members.entry_known(key) {
                MemberEntry::There(next) => next,
                MemberEntry::Missing(gap) => return Located::Gap { at, key, gap },
            };
        }
        Located::There(here)
    }
}

/// What a path leads to.
pub enum Located<'v, 'a> {
    There(&'v mut Value),
    /// What is at the first `at` steps is an object that has no member `key`.
    Gap {
        at: usize,
        key: &'a KnownKey,
        gap: MemberGap<'v>,
    },
    /// What is at the first `at` steps is an array that has no such element.
    Missing {
        at: usize,
    },
    /// What is at the first `at` steps is no container for the next.
    Blocked {
        at: usize,
    },
}

impl Place<'_> {
    #[inline(always)]
    pub fn borrowed(&self) -> PlaceRef<'_> {
        match self {
            Place::Key(key) => PlaceRef::Key(key),
            Place::Named(key) => PlaceRef::Key(key),
            Place::Element(at) => PlaceRef::Element(*at),
            Place::New { at, by, key } => PlaceRef::New { at: *at, by, key },
        }
    }
}

impl<'a> PlaceRef<'a> {
    pub fn to_place(self) -> Place<'static> {
        match self {
            PlaceRef::Key(key) => Place::Key(key.clone()),
            PlaceRef::Element(at) => Place::Element(at),
            PlaceRef::New { at, by, key } => Place::New {
                at,
                by: by.clone(),
                key: key.clone(),
            },
        }
    }

    pub fn key(self) -> Option<&'a KnownKey> {
        match self {
            PlaceRef::Key(key) => Some(key),
            PlaceRef::Element(_) | PlaceRef::New { .. } => None,
        }
    }

    pub fn index(self) -> Option<usize> {
        match self {
            PlaceRef::Element(at) | PlaceRef::New { at, .. } => Some(at),
            PlaceRef::Key(_) => None,
        }
    }

    /// Both lead from the same container to the same place.
    pub fn is_same(self, other: PlaceRef<'_>) -> bool {
        self.key() == other.key() && self.index() == other.index()
    }
}

/// As the core writes a place.
pub fn pointer(places: &[Place<'_>]) -> Pointer {
    places
        .iter()
        .fold(Pointer::ROOT, |pointer, place| match place.borrowed() {
            PlaceRef::Key(key) => pointer.push_key(key.text()),
            PlaceRef::Element(at) | PlaceRef::New { at, .. } => pointer.push_index(at),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_paths_are_one_where_only_one_of_them_was_found_out() {
        let keys = [KnownKey::new("a".into())];
        let mut places = Places::default();
        let before = places.begin();
        places.push(Place::Element(7));
        let found = places.end(before, &[]);
        let (fixed, mixed) = (Path::fixed(&keys), places.end(before, &keys));
        let later = places.end(places.begin(), &keys);
        for (outer, inner, joins) in [
            (Path::default(), fixed, true),
            (Path::default(), mixed, true),
            (found, fixed, true),
            (found, Path::default(), true),
            // What the rules say of the outer path would be lost.
            (fixed, Path::default(), false),
            (mixed, fixed, false),
            // Two spans of places do not add up to one.
            (found, found, false),
            (found, later, false),
        ] {
            assert_eq!(outer.joins(&inner), joins, "{outer:?} {inner:?}");
            if joins {
                let both = [places.steps(&outer), places.steps(&inner)]
                    .map(Steps::to_places)
                    .concat();
                let whole = places.steps(&outer.followed_by(inner)).to_places();
                assert_eq!(format!("{whole:?}"), format!("{both:?}"));
            }
        }
    }
}
