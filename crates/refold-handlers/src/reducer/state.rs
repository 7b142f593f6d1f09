//! The state while an event is folded: it can be written, and put back as it was.
//!
//! Writes go into the tree in place where nobody else holds it. What each write replaced is kept, so that a fault puts
//! the state back without a copy of it. The size is counted along.

use std::convert::Infallible;

use refold_core::value::{Array, Object, Text, Value};
use smallvec::SmallVec;

use super::place::{Located, Path, Place, PlaceRef, Places, Steps};
use crate::error::code;
use crate::expr::meter::{TooBig, measured, scalar_size};
use crate::limits::Limits;
use crate::merge;

/// Why a write was refused.
#[derive(Debug)]
pub struct Refusal {
    pub code: &'static str,
    pub message: String,
}

/// In a box, because it is rare and a write returns often.
pub type Refused = Box<Refusal>;

impl From<Infallible> for Refused {
    fn from(never: Infallible) -> Refused {
        match never {}
    }
}

impl Refusal {
    pub fn new(code: &'static str, message: String) -> Refused {
        Box::new(Refusal { code, message })
    }
}

/// A write that was made at the first `len` steps of `path`, and what was there before.
struct Undo<'p> {
    path: Path<'p>,
    len: usize,
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
    /// What the paths of this event point into.
    pub places: &'s mut Places,
    undo: SmallVec<[Undo<'p>; 8]>,
    /// The places that were written, as they are now; `None` when nobody wants to know.
    touched: Option<Vec<Vec<Place>>>,
}

impl<'s, 'p> Writer<'s, 'p> {
    pub fn new(
        state: &'s mut Value,
        byte_count: &'s mut usize,
        places: &'s mut Places,
        limits: &'s Limits,
        is_traced: bool,
    ) -> Writer<'s, 'p> {
        places.clear();
        Writer {
            state,
            byte_count,
            limits,
            places,
            undo: SmallVec::new(),
            touched: is_traced.then(Vec::new),
        }
    }

    #[inline]
    pub fn state(&self) -> &Value {
        self.state
    }

    /// The value at `path`, if it is there.
    #[inline]
    pub fn find(&self, path: &Path<'p>) -> Option<&Value> {
        self.places.steps(path).find(self.state)
    }

    /// Writes `new` at `path`, as [`Writer::update`] does.
    pub fn set(&mut self, path: Path<'p>, new: Value) -> Result<(), Refused> {
        self.update(path, |_| Ok::<_, Infallible>(new))
    }

    /// Writes what `made` makes of the value at `path` (of `None` when there is none). Containers on the way that are
    /// missing or null are made.
    pub fn update<R: Into<Refused>>(
        &mut self,
        path: Path<'p>,
        made: impl FnOnce(Option<&Value>) -> Result<Value, R>,
    ) -> Result<(), Refused> {
        self.trace(&path, None);
        let len = path.len();
        match self.places.steps(&path).locate(self.state) {
            Located::There(slot) => {
                let new = made(Some(slot.resolved())).map_err(Into::into)?;
                let size = size_at(self.limits, len, &new)?;
                let freed = size_of(slot);
                let old = std::mem::replace(slot, new);
                self.undo.push(Undo {
                    path,
                    len,
                    before: Before::Was(old),
                });
                self.account(size, freed)
            }
            Located::Gap { at, key, gap } => {
                let mut new = made(None).map_err(Into::into)?;
                if at + 1 < len {
                    new = nested(self.places.steps(&path), at + 1, new)?;
                }
                let size = size_at(self.limits, at + 1, &new)? + key.text().byte_len() + 4;
                gap.insert(key.text().clone(), new);
                self.undo.push(Undo {
                    path,
                    len: at + 1,
                    before: Before::Absent,
                });
                self.account(size, 0)
            }
            Located::Missing { at } => {
                let new = nested(self.places.steps(&path), at + 1, made(None).map_err(Into::into)?)?;
                self.insert(path, at, new)
            }
            Located::Blocked { at } => {
                self.unblock(&path, at)?;
                self.update(path, made)
            }
        }
    }

    /// Adds to the end of the array at `path`, or to its front; makes the array when there is none.
    pub fn append(&mut self, path: Path<'p>, value: Value, is_front: bool) -> Result<(), Refused> {
        let Located::There(slot) = self.places.steps(&path).locate(self.state) else {
            return self.set(path, Value::Array([value].into_iter().collect()));
        };
        match slot {
            Value::Array(values) => {
                let len = path.len();
                let size = size_at(self.limits, len + 1, &value)? + 1;
                let at = if is_front { 0 } else { values.len() };
                if is_front {
                    values.push_front(value)
                } else {
                    values.push(value)
                }
                if is_front {
                    self.shift(&path, len, 0, 1);
                }
                self.trace(&path, Some(at));
                let before = if is_front { Before::Prepended } else { Before::Appended };
                self.undo.push(Undo { path, len, before });
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
                    Ok::<_, Infallible>(Value::Array(values))
                }
                _ => Ok(Value::Array([value].into_iter().collect())),
            }),
            other => {
                let message = format!("only an array can be appended to, but this is {}", other.kind());
                Err(Refusal::new(code::HANDLER_TYPE, message))
            }
        }
    }

    /// Takes the member or element at `path` away; nothing happens when there is none.
    pub fn remove(&mut self, path: Path<'p>) -> Result<(), Refused> {
        let len = path.len();
        let steps = self.places.steps(&path);
        let Some(last) = len.checked_sub(1).and_then(|last| steps.get(last)) else {
            return self.set(path, Value::Null);
        };
        let index = last.index();
        let removed = match steps.first(len - 1).locate(self.state) {
            Located::There(Value::Object(members)) => {
                let key = last.key().map(|key| key.text().as_wtf8());
                key.and_then(|key| members.remove(key).map(|old| (key.len() + 4, old)))
            }
            Located::There(Value::Array(values)) => match last {
                PlaceRef::Element(at) if at < values.len() => Some((1, values.remove(at))),
                _ => None,
            },
            Located::There(Value::Repeated(_)) => {
                self.unblock(&path, len - 1)?;
                return self.remove(path);
            }
            Located::There(_) | Located::Gap { .. } | Located::Missing { .. } => None,
            Located::Blocked { at } => {
                if !matches!(steps.first(at).locate(self.state), Located::There(Value::Repeated(_))) {
                    return Ok(());
                }
                self.unblock(&path, at)?;
                return self.remove(path);
            }
        };
        let Some((own_size, old)) = removed else { return Ok(()) };
        let freed = own_size + size_of(&old);
        self.trace(&path, None);
        if let Some(at) = index {
            self.shift(&path, len - 1, at + 1, -1);
        }
        self.undo.push(Undo {
            path,
            len,
            before: Before::Removed(old),
        });
        self.account(0, freed)
    }

    /// Puts the state back as it was before the first write.
    pub fn roll_back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            let (freed, added) = put_back(self.state, self.places, undo);
            *self.byte_count = (*self.byte_count + added).saturating_sub(freed);
        }
    }

    /// The places that were written and stay so; none where nobody wants to know.
    pub fn touched(&self) -> &[Vec<Place>] {
        self.touched.as_deref().unwrap_or_default()
    }

    /// Puts `new` into the array at the first `at` steps of `path`, which has no such element.
    fn insert(&mut self, path: Path<'p>, at: usize, new: Value) -> Result<(), Refused> {
        let mut size = size_at(self.limits, at + 1, &new)?;
        let steps = self.places.steps(&path);
        let Some(place) = steps.get(at) else { return Ok(()) };
        match (steps.first(at).locate(self.state), place) {
            (Located::There(Value::Array(values)), PlaceRef::Element(index)) if index == values.len() => {
                size += 1;
                values.push(new);
            }
            (Located::There(Value::Array(values)), PlaceRef::New { at: index, by, key }) if index == values.len() => {
                let new = keyed(new, by, key);
                size = size_at(self.limits, at + 1, &new)? + 1;
                values.push(new);
            }
            (Located::There(Value::Array(values)), place) => return Err(outside(place, values.len())),
            // `locate` found the array before, and nothing was written since.
            (Located::There(_) | Located::Gap { .. } | Located::Missing { .. } | Located::Blocked { .. }, _) => {
                return Ok(());
            }
        }
        self.undo.push(Undo {
            path,
            len: at + 1,
            before: Before::Absent,
        });
        self.account(size, 0)
    }

    /// Makes a container of what stands at the first `at` steps of `path`: of null, or of a repeated key.
    fn unblock(&mut self, path: &Path<'p>, at: usize) -> Result<(), Refused> {
        let steps = self.places.steps(path);
        let Some(place) = steps.get(at) else { return Ok(()) };
        let Located::There(slot) = steps.first(at).locate(self.state) else {
            return Ok(());
        };
        let new = match slot {
            Value::Null if place.index().is_some() => Value::Array(Array::default()),
            Value::Null => Value::Object(Object::default()),
            // Writing replaces all that a repeated key stands for.
            Value::Repeated(_) => slot.resolved().clone(),
            Value::Array(values) => return Err(outside(place, values.len())),
            other => {
                let message = format!("{} stands where an object or array is needed", other.kind());
                return Err(Refusal::new(code::HANDLER_TYPE, message));
            }
        };
        let size = size_at(self.limits, at, &new)?;
        let old = std::mem::replace(slot, new);
        let freed = size_of(&old);
        self.undo.push(Undo {
            path: *path,
            len: at,
            before: Before::Was(old),
        });
        self.account(size, freed)
    }

    fn account(&mut self, added: usize, freed: usize) -> Result<(), Refused> {
        *self.byte_count = (*self.byte_count + added).saturating_sub(freed);
        if added > freed && *self.byte_count > self.limits.state_bytes {
            return Err(too_big(self.limits));
        }
        Ok(())
    }

    #[inline(always)]
    fn trace(&mut self, path: &Path<'p>, element: Option<usize>) {
        if self.touched.is_some() {
            self.trace_it(path, element);
        }
    }

    #[cold]
    fn trace_it(&mut self, path: &Path<'p>, element: Option<usize>) {
        let mut places = self.places.steps(path).to_places();
        places.extend(element.map(Place::Element));
        self.touched.get_or_insert_default().push(places);
    }

    /// Moves traced elements of the array at the first `len` steps of `array`, from index `from` on, by `by`.
    fn shift(&mut self, array: &Path<'p>, len: usize, from: usize, by: isize) {
        let array = self.places.steps(array).first(len);
        for places in self.touched.iter_mut().flatten() {
            let is_inside = places.len() > len && places.iter().zip(array.iter()).all(|(a, b)| a.borrowed().is_same(b));
            if is_inside
                && let Some(place) = places.get_mut(len)
                && let Some(index) = place.borrowed().index()
                && index >= from
            {
                *place = Place::Element(index.saturating_add_signed(by));
            }
        }
    }
}

/// Wraps `value` in the containers that `path` goes through after its first `from` steps.
fn nested(path: Steps<'_>, from: usize, value: Value) -> Result<Value, Refused> {
    let mut value = value;
    for place in path.iter().rev().take(path.len().saturating_sub(from)) {
        value = match place {
            PlaceRef::Key(key) => Value::Object([(key.text().clone(), value)].into_iter().collect()),
            PlaceRef::Element(0) => Value::Array([value].into_iter().collect()),
            PlaceRef::New { at: 0, by, key } => Value::Array([keyed(value, by, key)].into_iter().collect()),
            PlaceRef::Element(_) | PlaceRef::New { .. } => return Err(outside(place, 0)),
        };
    }
    Ok(value)
}

/// A new element of a keyed array, with its key.
fn keyed(element: Value, by: &Text, key: &Value) -> Value {
    match element {
        Value::Object(mut members) => {
            if members.find(by).is_none() {
                members.insert(by.clone(), key.clone());
            }
            Value::Object(members)
        }
        Value::Null => Value::Object([(by.clone(), key.clone())].into_iter().collect::<Object>()),
        other => other,
    }
}

#[cold]
fn outside(place: PlaceRef<'_>, length: usize) -> Refused {
    let message = match place.index() {
        Some(index) => {
            format!("element {index} cannot be written: the array has {length}; add at its end with `append`")
        }
        None => "an array has no named members; declare its key in `keys`, or give a number".to_owned(),
    };
    Refusal::new(code::HANDLER_TYPE, message)
}

/// Undoes one write; how many bytes that frees, and how many it adds.
fn put_back(state: &mut Value, places: &Places, undo: Undo<'_>) -> (usize, usize) {
    let Undo { path, len, before } = undo;
    let path = places.steps(&path);
    let last = len.checked_sub(1).and_then(|last| path.get(last));
    let is_inside = !matches!(before, Before::Absent | Before::Removed(_));
    let steps = if is_inside { len } else { len.saturating_sub(1) };
    // Writes are undone in reverse, so each finds the state as it left it.
    let Located::There(slot) = path.first(steps).locate(state) else {
        return (0, 0);
    };
    match (before, slot, last) {
        (Before::Was(old), slot, _) => {
            let added = size_of(&old);
            (size_of(&std::mem::replace(slot, old)), added)
        }
        (Before::Absent, Value::Array(values), Some(place)) => match place.index() {
            Some(at) if at < values.len() => (1 + size_of(&values.remove(at)), 0),
            _ => (0, 0),
        },
        (Before::Absent, Value::Object(members), Some(PlaceRef::Key(key))) => {
            let key = key.text().as_wtf8();
            let removed = members.remove(key);
            (removed.map_or(0, |old| key.len() + 4 + size_of(&old)), 0)
        }
        (Before::Appended, Value::Array(values), _) if !values.is_empty() => {
            (1 + size_of(&values.remove(values.len() - 1)), 0)
        }
        (Before::Prepended, Value::Array(values), _) if !values.is_empty() => (1 + size_of(&values.remove(0)), 0),
        (Before::Removed(old), Value::Array(values), Some(place)) => {
            let added = 1 + size_of(&old);
            values.insert(place.index().unwrap_or(0).min(values.len()), old);
            (0, added)
        }
        (Before::Removed(old), Value::Object(members), Some(PlaceRef::Key(key))) => {
            let key = key.text();
            let added = key.as_wtf8().len() + 4 + size_of(&old);
            members.insert(key.clone(), old);
            (0, added)
        }
        _ => (0, 0),
    }
}

/// The size of what is in the state already, and so was measured before.
#[inline(always)]
fn size_of(value: &Value) -> usize {
    match scalar_size(value) {
        Some(size) => size,
        None => measured(value, usize::MAX, usize::MAX).unwrap_or(usize::MAX),
    }
}

/// The size of a value that is to stand `depth` levels down; refused when it is too big or too deep for a state.
#[inline(always)]
fn size_at(limits: &Limits, depth: usize, value: &Value) -> Result<usize, Refused> {
    match scalar_size(value) {
        Some(size) if size <= limits.state_bytes && depth <= limits.depth => Ok(size),
        _ => checked_size_at(limits, depth, value),
    }
}

#[inline(never)]
fn checked_size_at(limits: &Limits, depth: usize, value: &Value) -> Result<usize, Refused> {
    let Some(levels) = limits.depth.checked_sub(depth) else {
        return Err(too_deep(limits));
    };
    measured(value, limits.state_bytes, levels).map_err(|exceeded| match exceeded {
        TooBig::Size => too_big(limits),
        TooBig::Depth => too_deep(limits),
    })
}

#[cold]
fn too_big(limits: &Limits) -> Refused {
    let message = format!(
        "the state grew over {} bytes; keep less in it, or count instead of collecting",
        limits.state_bytes
    );
    Refusal::new(code::LIMIT_STATE, message)
}

#[cold]
fn too_deep(limits: &Limits) -> Refused {
    let message = format!("the state would nest deeper than {} levels; flatten it", limits.depth);
    Refusal::new(code::LIMIT_DEPTH, message)
}

/// What [`Writer::update`] needs for `merge`, `clear` and `removeValue`.
pub fn merged(old: Option<&Value>, patch: &Value) -> Value {
    let old = old.cloned().unwrap_or_default();
    if patch.has_repeated_keys() {
        merge::merge_patch(old, &patch.with_last_of_repeated())
    } else {
        merge::merge_patch(old, patch)
    }
}

pub fn cleared(old: Option<&Value>) -> Value {
    match old {
        Some(Value::Object(_)) => Value::Object(Object::default()),
        Some(Value::Array(_)) => Value::Array(Array::default()),
        _ => Value::Null,
    }
}
