//! The state while an event is folded: it can be written, and put back as it was.
//!
//! Writes go into the tree in place where nobody else holds it. What each write replaced is kept, so that a fault puts
//! the state back without a copy of it. The size is counted along.

use refold_core::value::{Array, Object, Text, Value};
use smallvec::SmallVec;

use crate::error::code;
use crate::expr::meter::{TooBig, measured};
use crate::limits::Limits;
use crate::merge;

/// One step of a path whose indexes are known.
#[derive(Debug, Clone)]
pub enum Place<'p> {
    Key(&'p Text),
    Made(Text),
    Element(usize),
    /// A new element for the end of a keyed array: it gets its key.
    New {
        at: usize,
        by: &'p Text,
        key: Value,
    },
}

pub type Path<'p> = SmallVec<[Place<'p>; 4]>;

/// Why a write was refused.
#[derive(Debug)]
pub struct Refusal {
    pub code: &'static str,
    pub message: String,
}

/// A write that was made, and what was there before.
struct Undo<'p> {
    path: Path<'p>,
    before: Before,
}

enum Before {
    Was(Value),
    Absent,
    Appended,
    Prepended,
    Removed(Value),
}

/// Writes one event's changes.
pub struct Writer<'s, 'p> {
    state: &'s mut Value,
    byte_count: &'s mut usize,
    limits: &'s Limits,
    undo: SmallVec<[Undo<'p>; 8]>,
    /// The places that were written, as they are now; `None` when nobody wants to know.
    touched: Option<Vec<Path<'p>>>,
}

impl<'s, 'p> Writer<'s, 'p> {
    pub fn new(state: &'s mut Value, byte_count: &'s mut usize, limits: &'s Limits, is_traced: bool) -> Writer<'s, 'p> {
        Writer {
            state,
            byte_count,
            limits,
            undo: SmallVec::new(),
            touched: is_traced.then(Vec::new),
        }
    }

    pub fn state(&self) -> &Value {
        self.state
    }

    /// The value at `path`, if it is there.
    pub fn get(&self, path: &[Place<'_>]) -> Option<&Value> {
        let mut at: &Value = self.state;
        for place in path {
            at = match (at.resolved(), place) {
                (Value::Object(members), Place::Key(key)) => members.get(key.as_wtf8())?,
                (Value::Object(members), Place::Made(key)) => members.get(key.as_wtf8())?,
                (Value::Array(values), Place::Element(index)) => values.get(*index)?,
                _ => return None,
            };
        }
        Some(at)
    }

    /// Writes what `made` makes of the value at `path` (of `None` when there is none). Containers on the way that are
    /// missing or null are made.
    pub fn update(
        &mut self,
        path: Path<'p>,
        made: impl FnOnce(Option<&Value>) -> Result<Value, Refusal>,
    ) -> Result<(), Refusal> {
        self.trace(&path);
        match locate(self.state, &path) {
            Located::There(slot) => {
                let new = made(Some(slot.resolved()))?;
                let size = size_at(self.limits, path.len(), &new)?;
                let old = std::mem::replace(slot, new);
                let freed = size_of(&old);
                self.undo.push(Undo {
                    path,
                    before: Before::Was(old),
                });
                self.account(size, freed)
            }
            Located::Missing { at } => {
                let new = nested(path.get(at + 1..).unwrap_or_default(), made(None)?)?;
                self.insert(path, at, new)
            }
            Located::Blocked { at } => {
                let new = nested(path.get(at..).unwrap_or_default(), made(None)?)?;
                self.replace_blocking(path, at, new)
            }
        }
    }

    /// Adds to the end of the array at `path`; makes the array when there is none.
    pub fn append(&mut self, path: Path<'p>, value: Value, is_front: bool) -> Result<(), Refusal> {
        let Located::There(slot) = locate(self.state, &path) else {
            return self.update(path, |_| Ok(Value::Array([value].into_iter().collect())));
        };
        match slot {
            Value::Array(values) => {
                let size = size_at(self.limits, path.len() + 1, &value)? + 1;
                let at = if is_front { 0 } else { values.len() };
                if is_front {
                    values.push_front(value)
                } else {
                    values.push(value)
                }
                if is_front {
                    self.shift(&path, 0, 1);
                }
                if self.touched.is_some() {
                    let mut element = path.clone();
                    element.push(Place::Element(at));
                    self.trace(&element);
                }
                let before = if is_front { Before::Prepended } else { Before::Appended };
                self.undo.push(Undo { path, before });
                self.account(size, 0)
            }
            Value::Null | Value::Repeated(_) => self.update(path, |old| match old {
                Some(Value::Array(values)) => {
                    let mut values = values.clone();
                    if is_front {
                        values.push_front(value)
                    } else {
                        values.push(value)
                    }
                    Ok(Value::Array(values))
                }
                _ => Ok(Value::Array([value].into_iter().collect())),
            }),
            other => {
                let message = format!("only an array can be appended to, but this is {}", other.kind());
                Err(Refusal {
                    code: code::HANDLER_TYPE,
                    message,
                })
            }
        }
    }

    /// Takes the member or element at `path` away; nothing happens when there is none.
    pub fn remove(&mut self, path: Path<'p>) -> Result<(), Refusal> {
        let Some((last, parent)) = path.split_last() else {
            return self.update(path, |_| Ok(Value::Null));
        };
        let Located::There(container) = locate(self.state, parent) else {
            return Ok(());
        };
        if let Value::Repeated(values) = container {
            // Writing replaces all that a repeated key stands for.
            let last_value = values.last().cloned().unwrap_or_default();
            let parent: Path<'p> = parent.iter().cloned().collect();
            self.update(parent, |_| Ok(last_value))?;
            return self.remove(path);
        }
        let removed = match (container, last) {
            (Value::Object(members), Place::Key(key)) => {
                members.remove(key.as_wtf8()).map(|old| (key.as_wtf8().len() + 4, old))
            }
            (Value::Object(members), Place::Made(key)) => {
                members.remove(key.as_wtf8()).map(|old| (key.as_wtf8().len() + 4, old))
            }
            (Value::Array(values), Place::Element(at)) if *at < values.len() => Some((1, values.remove(*at))),
            _ => None,
        };
        let Some((own_size, old)) = removed else { return Ok(()) };
        let freed = own_size + size_of(&old);
        self.trace(&path);
        if let Some(Place::Element(at)) = path.last() {
            let at = *at;
            let parent: Path<'p> = path.iter().take(path.len() - 1).cloned().collect();
            self.shift(&parent, at + 1, -1);
        }
        self.undo.push(Undo {
            path,
            before: Before::Removed(old),
        });
        self.account(0, freed)
    }

    /// Puts the state back as it was before the first write.
    pub fn roll_back(mut self) {
        while let Some(undo) = self.undo.pop() {
            let freed_and_taken = put_back(self.state, undo);
            *self.byte_count = (*self.byte_count + freed_and_taken.1).saturating_sub(freed_and_taken.0);
        }
    }

    /// Keeps the writes; the places that they wrote, when somebody wants to know.
    pub fn commit(self) -> Vec<Path<'p>> {
        self.touched.unwrap_or_default()
    }

    fn insert(&mut self, mut path: Path<'p>, at: usize, new: Value) -> Result<(), Refusal> {
        let parent = path.get(..at).unwrap_or_default();
        let mut size = size_at(self.limits, at + 1, &new)?;
        let Located::There(container) = locate(self.state, parent) else {
            return Err(Refusal {
                code: code::HANDLER_TYPE,
                message: "the place to write to vanished".to_owned(),
            });
        };
        match (container, path.get(at)) {
            (Value::Object(members), Some(Place::Key(key))) => {
                size += key.as_wtf8().len() + 4;
                members.insert((*key).clone(), new);
            }
            (Value::Object(members), Some(Place::Made(key))) => {
                size += key.as_wtf8().len() + 4;
                members.insert(key.clone(), new);
            }
            (Value::Array(values), Some(Place::Element(index) | Place::New { at: index, .. }))
                if *index == values.len() =>
            {
                size += 1;
                values.push(match path.get(at) {
                    Some(Place::New { by, key, .. }) => keyed(new, by, key),
                    _ => new,
                });
                let index = *index;
                if let Some(place) = path.get_mut(at) {
                    *place = Place::Element(index);
                }
            }
            (Value::Array(values), Some(place)) => return Err(outside(place, values.len())),
            (other, _) => {
                let message = format!("{} has no members to write to", other.kind());
                return Err(Refusal {
                    code: code::HANDLER_TYPE,
                    message,
                });
            }
        }
        path.truncate(at + 1);
        self.undo.push(Undo {
            path,
            before: Before::Absent,
        });
        self.account(size, 0)
    }

    /// Writes over what stands in the way at `path[..at]`: null, or a repeated key.
    fn replace_blocking(&mut self, mut path: Path<'p>, at: usize, new: Value) -> Result<(), Refusal> {
        let Located::There(slot) = locate(self.state, path.get(..at).unwrap_or_default()) else {
            return Err(Refusal {
                code: code::HANDLER_TYPE,
                message: "the place to write to vanished".to_owned(),
            });
        };
        match slot {
            Value::Null => {
                let size = size_at(self.limits, at, &new)?;
                let old = std::mem::replace(slot, new);
                path.truncate(at);
                self.undo.push(Undo {
                    path,
                    before: Before::Was(old),
                });
                self.account(size, 4)
            }
            Value::Repeated(_) => {
                let last = slot.resolved().clone();
                let (size, freed) = (size_of(&last), size_of(slot));
                let old = std::mem::replace(slot, last);
                let here: Path<'p> = path.iter().take(at).cloned().collect();
                self.undo.push(Undo {
                    path: here,
                    before: Before::Was(old),
                });
                self.account(size, freed)?;
                // `new` is nested from `at` on; what it holds at the end of the path is what was to be written.
                let mut inner = new;
                for place in path.iter().skip(at) {
                    inner = unwrapped(inner, place);
                }
                self.update(path, |_| Ok(inner))
            }
            other => {
                let message = format!("{} stands where an object or array is needed", other.kind());
                Err(Refusal {
                    code: code::HANDLER_TYPE,
                    message,
                })
            }
        }
    }

    fn account(&mut self, added: usize, freed: usize) -> Result<(), Refusal> {
        *self.byte_count = (*self.byte_count + added).saturating_sub(freed);
        if added > freed && *self.byte_count > self.limits.state_bytes {
            return Err(too_big(self.limits));
        }
        Ok(())
    }

    fn trace(&mut self, path: &Path<'p>) {
        if let Some(touched) = &mut self.touched {
            touched.push(path.clone());
        }
    }

    /// Moves traced elements of the array at `array`, from index `from` on, by `by`.
    fn shift(&mut self, array: &Path<'p>, from: usize, by: isize) {
        for path in self.touched.iter_mut().flatten() {
            let is_inside = path.len() > array.len() && path.iter().zip(array).all(|(a, b)| a.is_same(b));
            if is_inside
                && let Some(Place::Element(index)) = path.get_mut(array.len())
                && *index >= from
            {
                *index = index.saturating_add_signed(by);
            }
        }
    }
}

impl Place<'_> {
    fn is_same(&self, other: &Place<'_>) -> bool {
        match (self.key(), other.key()) {
            (Some(a), Some(b)) => a == b,
            (None, None) => self.index() == other.index(),
            _ => false,
        }
    }

    pub fn key(&self) -> Option<&Text> {
        match self {
            Place::Key(key) => Some(key),
            Place::Made(key) => Some(key),
            Place::Element(_) | Place::New { .. } => None,
        }
    }

    pub fn index(&self) -> Option<usize> {
        match self {
            Place::Element(at) | Place::New { at, .. } => Some(*at),
            Place::Key(_) | Place::Made(_) => None,
        }
    }
}

enum Located<'s> {
    There(&'s mut Value),
    /// The container `path[..at]` is there and has no `path[at]`.
    Missing {
        at: usize,
    },
    /// What is at `path[..at]` is no container for `path[at]`.
    Blocked {
        at: usize,
    },
}

fn locate<'s>(root: &'s mut Value, path: &[Place<'_>]) -> Located<'s> {
    let mut here = root;
    for (at, place) in path.iter().enumerate() {
        let next = match (here, place) {
            (Value::Object(members), Place::Key(key)) => members.get_mut(key.as_wtf8()),
            (Value::Object(members), Place::Made(key)) => members.get_mut(key.as_wtf8()),
            (Value::Array(values), Place::Element(index)) => values.get_mut(*index),
            (Value::Array(_), Place::New { .. }) => None,
            _ => return Located::Blocked { at },
        };
        match next {
            Some(next) => here = next,
            None => return Located::Missing { at },
        }
    }
    Located::There(here)
}

/// Wraps `value` in the containers that `path` goes through.
fn nested(path: &[Place<'_>], value: Value) -> Result<Value, Refusal> {
    let mut value = value;
    for place in path.iter().rev() {
        value = match place {
            Place::Key(key) => Value::Object([((*key).clone(), value)].into_iter().collect()),
            Place::Made(key) => Value::Object([(key.clone(), value)].into_iter().collect()),
            Place::Element(0) => Value::Array([value].into_iter().collect()),
            Place::New { at: 0, by, key } => Value::Array([keyed(value, by, key)].into_iter().collect()),
            Place::Element(_) | Place::New { .. } => return Err(outside(place, 0)),
        };
    }
    Ok(value)
}

/// What `nested` wrapped for `place`.
fn unwrapped(value: Value, place: &Place<'_>) -> Value {
    match (&value, place.key()) {
        (Value::Object(members), Some(key)) => members.get(key.as_wtf8()).cloned().unwrap_or_default(),
        (Value::Array(values), None) => values.get(0).cloned().unwrap_or_default(),
        _ => value,
    }
}

/// A new element of a keyed array, with its key.
fn keyed(element: Value, by: &Text, key: &Value) -> Value {
    match element {
        Value::Object(mut members) => {
            if members.get(by.as_wtf8()).is_none() {
                members.insert(by.clone(), key.clone());
            }
            Value::Object(members)
        }
        Value::Null => Value::Object([(by.clone(), key.clone())].into_iter().collect::<Object>()),
        other => other,
    }
}

fn outside(place: &Place<'_>, length: usize) -> Refusal {
    let message = match place.index() {
        Some(index) => {
            format!("element {index} cannot be written: the array has {length}; add at its end with `append`")
        }
        None => "an array has no named members; declare its key in `keys`, or give a number".to_owned(),
    };
    Refusal {
        code: code::HANDLER_TYPE,
        message,
    }
}

fn put_back(state: &mut Value, undo: Undo<'_>) -> (usize, usize) {
    let (last, parent) = match undo.path.split_last() {
        Some((last, parent)) => (Some(last), parent),
        None => (None, &[][..]),
    };
    match undo.before {
        Before::Was(old) => match locate(state, &undo.path) {
            Located::There(slot) => {
                let added = size_of(&old);
                let new = std::mem::replace(slot, old);
                (size_of(&new), added)
            }
            Located::Missing { .. } | Located::Blocked { .. } => (0, 0),
        },
        Before::Absent => match (locate(state, parent), last) {
            (Located::There(Value::Array(values)), Some(place)) => match place.index() {
                Some(at) if at < values.len() => (1 + size_of(&values.remove(at)), 0),
                _ => (0, 0),
            },
            (Located::There(Value::Object(members)), Some(place)) => match place.key() {
                Some(key) => {
                    let removed = members.remove(key.as_wtf8());
                    (removed.map_or(0, |old| key.as_wtf8().len() + 4 + size_of(&old)), 0)
                }
                None => (0, 0),
            },
            _ => (0, 0),
        },
        Before::Appended | Before::Prepended => match locate(state, &undo.path) {
            Located::There(Value::Array(values)) if !values.is_empty() => {
                let at = if matches!(undo.before, Before::Prepended) {
                    0
                } else {
                    values.len() - 1
                };
                (1 + size_of(&values.remove(at)), 0)
            }
            _ => (0, 0),
        },
        Before::Removed(old) => match (locate(state, parent), last) {
            (Located::There(Value::Array(values)), Some(place)) => {
                let added = 1 + size_of(&old);
                values.insert(place.index().unwrap_or(0).min(values.len()), old);
                (0, added)
            }
            (Located::There(Value::Object(members)), Some(place)) => match place.key() {
                Some(key) => {
                    let added = key.as_wtf8().len() + 4 + size_of(&old);
                    members.insert(key.clone(), old);
                    (0, added)
                }
                None => (0, 0),
            },
            _ => (0, 0),
        },
    }
}

/// The size of what is in the state already, and so was measured before.
fn size_of(value: &Value) -> usize {
    measured(value, usize::MAX, usize::MAX).unwrap_or(usize::MAX)
}

/// The size of a value that is to stand `depth` levels down; refused when it is too big or too deep for a state.
fn size_at(limits: &Limits, depth: usize, value: &Value) -> Result<usize, Refusal> {
    let levels = limits.depth.checked_sub(depth);
    let is_leaf = !matches!(value, Value::Array(_) | Value::Object(_) | Value::Repeated(_));
    match (levels, is_leaf) {
        (None, _) => Err(too_deep(limits)),
        (Some(levels), _) => measured(value, limits.state_bytes, levels).map_err(|too_big_for| match too_big_for {
            TooBig::Size => too_big(limits),
            TooBig::Depth => too_deep(limits),
        }),
    }
}

fn too_big(limits: &Limits) -> Refusal {
    let message = format!(
        "the state grew over {} bytes; keep less in it, or count instead of collecting",
        limits.state_bytes
    );
    Refusal {
        code: code::LIMIT_STATE,
        message,
    }
}

fn too_deep(limits: &Limits) -> Refusal {
    let message = format!("the state would nest deeper than {} levels; flatten it", limits.depth);
    Refusal {
        code: code::LIMIT_DEPTH,
        message,
    }
}

/// What [`Writer::update`] needs for `merge`, `clear` and `removeValue`.
pub fn merged(old: Option<&Value>, patch: &Value) -> Value {
    merge::merge_patch(old.cloned().unwrap_or_default(), patch)
}

pub fn cleared(old: Option<&Value>) -> Value {
    match old {
        Some(Value::Object(_)) => Value::Object(Object::default()),
        Some(Value::Array(_)) => Value::Array(Array::default()),
        _ => Value::Null,
    }
}
