//! Paths of a state whose indexes are known: where an operation writes.

use std::rc::Rc;

use refold_core::pointer::Pointer;
use refold_core::value::{Text, Value};

/// One step of a path.
#[derive(Debug, Clone)]
pub enum Place {
    Key(Text),
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
    Key(&'a Text),
    Element(usize),
    New { at: usize, by: &'a Text, key: &'a Value },
}

/// A path: what was found out for this event, then what the rules say. Cloning it allocates nothing.
#[derive(Debug, Clone, Default)]
pub struct Path<'p> {
    found: Option<Rc<[Place]>>,
    fixed: &'p [Text],
}

impl<'p> Path<'p> {
    pub fn fixed(fixed: &'p [Text]) -> Path<'p> {
        Path { found: None, fixed }
    }

    pub fn new(found: Vec<Place>, fixed: &'p [Text]) -> Path<'p> {
        Path {
            found: Some(found.into()),
            fixed,
        }
    }

    /// This path and `keys` after it, where that takes no copy.
    pub fn extended(&self, keys: &'p [Text]) -> Option<Path<'p>> {
        self.fixed.is_empty().then(|| Path {
            found: self.found.clone(),
            fixed: keys,
        })
    }

    pub fn len(&self) -> usize {
        self.found.as_ref().map_or(0, |found| found.len()) + self.fixed.len()
    }

    pub fn is_root(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = PlaceRef<'_>> + Clone {
        let found = self.found.as_deref().unwrap_or_default().iter().map(Place::borrowed);
        found.chain(self.fixed.iter().map(PlaceRef::Key))
    }

    pub fn get(&self, at: usize) -> Option<PlaceRef<'_>> {
        let found = self.found.as_deref().unwrap_or_default();
        match found.get(at) {
            Some(place) => Some(place.borrowed()),
            None => self.fixed.get(at - found.len()).map(PlaceRef::Key),
        }
    }

    pub fn to_places(&self) -> Vec<Place> {
        self.iter().map(PlaceRef::to_place).collect()
    }

    /// The path once a new element at its end has been made.
    pub fn settled(self) -> Path<'p> {
        if !self.iter().any(|place| matches!(place, PlaceRef::New { .. })) {
            return self;
        }
        let settle = |place: PlaceRef<'_>| match place {
            PlaceRef::New { at, .. } => Place::Element(at),
            place => place.to_place(),
        };
        Path::new(self.iter().map(settle).collect(), &[])
    }

    /// The value at this path of `state`, if it is there.
    pub fn find<'v>(&self, state: &'v Value) -> Option<&'v Value> {
        let mut at = state;
        for place in self.iter() {
            at = match (at.resolved(), place) {
                (Value::Object(members), PlaceRef::Key(key)) => members.find(key)?,
                (Value::Array(values), PlaceRef::Element(index)) => values.get(index)?,
                _ => return None,
            };
        }
        Some(at)
    }
}

impl Place {
    pub fn borrowed(&self) -> PlaceRef<'_> {
        match self {
            Place::Key(key) => PlaceRef::Key(key),
            Place::Element(at) => PlaceRef::Element(*at),
            Place::New { at, by, key } => PlaceRef::New { at: *at, by, key },
        }
    }
}

impl<'a> PlaceRef<'a> {
    pub fn to_place(self) -> Place {
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

    pub fn key(self) -> Option<&'a Text> {
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
pub fn pointer(places: &[Place]) -> Pointer {
    places
        .iter()
        .fold(Pointer::ROOT, |pointer, place| match place.borrowed() {
            PlaceRef::Key(key) => pointer.push_key(key),
            PlaceRef::Element(at) | PlaceRef::New { at, .. } => pointer.push_index(at),
        })
}
