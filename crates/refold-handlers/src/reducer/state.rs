//! The state while an event is folded: it can be written, and put back as it was.
//!
//! Writes go into the tree in place where nobody else holds it. What each write replaced goes to the [`Log`].

use std::convert::Infallible;

use refold_core::value::{Array, Object, Text, Value};

use super::log::{Before, Log, size_at, size_of};
use super::place::{Located, Path, PlaceRef, Places, Steps};
use super::refusal::{Refusal, Refused};
use crate::error::code;
use crate::merge;

/// Writes one event's changes to the state, or to a place of it.
pub struct Writer<'s, 'p> {
    /// What stands at `inside` of the state. All other paths begin here.
    state: &'s mut Value,
    inside: Path<'p>,
    /// What the paths of this event point into.
    pub places: &'s mut Places<'p>,
    log: &'s mut Log<'p>,
}

impl<'s, 'p> Writer<'s, 'p> {
    pub fn new(state: &'s mut Value, places: &'s mut Places<'p>, log: &'s mut Log<'p>) -> Writer<'s, 'p> {
        Writer {
            state,
            inside: Path::default(),
            places,
            log,
        }
    }

    /// A writer of what stands at `path`, so that the way there is gone once for many writes: to paths of keys alone, and
    /// without [`Writer::remove`], to which the place itself would be the whole state. Where the container around it holds
    /// nothing there, `made` is put there first. `None`, and nothing happened: something else is in the way, or null.
    ///
    /// `path` was found out whole.
    pub fn inside<E>(
        &mut self,
        path: Path<'p>,
        made: impl FnOnce() -> Result<Value, E>,
        refuse: impl FnOnce(Refused) -> E,
    ) -> Result<Option<Writer<'_, 'p>>, E> {
        let (len, outer) = (path.len(), self.inside.len());
        let whole = self.inside.followed_by(path);
        let state = match self.places.steps(&path).locate(self.state) {
            Located::There(slot) if !slot.is_null() => slot,
            Located::Gap { at, key, gap } if at + 1 == len => {
                let new = made()?;
                self.log.trace(self.places, || whole, None);
                let size = match size_at(self.log.limits(), outer + len, &new) {
                    Ok(size) => size + key.text().byte_len() + 4,
                    Err(refused) => return Err(refuse(refused)),
                };
                let slot = gap.inserted(key.text().clone(), new);
                self.log.note(whole, outer + len, Before::Absent);
                self.log.account(size, 0).map_err(refuse)?;
                slot
            }
            Located::There(_) | Located::Gap { .. } | Located::Missing { .. } | Located::Blocked { .. } => {
                return Ok(None);
            }
        };
        Ok(Some(Writer {
            state,
            inside: whole,
            places: self.places,
            log: self.log,
        }))
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
        let (limits, depth) = (self.log.limits(), self.inside.len());
        match self.places.locate(&path, self.state) {
            Located::There(slot) => {
                let new = made(Some(slot.resolved())).map_err(Into::into)?;
                let size = size_at(limits, depth + len, &new)?;
                let freed = size_of(slot);
                let old = std::mem::replace(slot, new);
                self.note(path, len, Before::Was(old));
                self.log.account(size, freed)
            }
            Located::Gap { at, key, gap } => {
                let mut new = made(None).map_err(Into::into)?;
                if at + 1 < len {
                    new = nested(self.places.steps(&path), at + 1, new)?;
                }
                let size = size_at(limits, depth + at + 1, &new)? + key.text().byte_len() + 4;
                gap.insert(key.text().clone(), new);
                self.note(path, at + 1, Before::Absent);
                self.log.account(size, 0)
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
        let Located::There(Value::Array(values)) = self.places.steps(&path).locate(self.state) else {
            return self.update(path, |old| {
                let mut values = match old {
                    None | Some(Value::Null) => Array::default(),
                    Some(Value::Array(values)) => values.clone(),
                    Some(other) => {
                        let message = format!("only an array can be appended to, but this is {}", other.kind());
                        return Err(Refusal::new(code::HANDLER_TYPE, message));
                    }
                };
                extend(&mut values, value, is_front);
                Ok(Value::Array(values))
            });
        };
        let len = path.len();
        let size = size_at(self.log.limits(), self.inside.len() + len + 1, &value)? + 1;
        let at = if is_front { 0 } else { values.len() };
        extend(values, value, is_front);
        if is_front {
            self.shift(&path, len, 0, 1);
        }
        self.trace(&path, Some(at));
        let before = if is_front { Before::Prepended } else { Before::Appended };
        self.note(path, len, before);
        self.log.account(size, 0)
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
        self.note(path, len, Before::Removed(old));
        self.log.account(0, freed)
    }

    /// Puts `new` into the array at the first `at` steps of `path`, which has no such element.
    fn insert(&mut self, path: Path<'p>, at: usize, new: Value) -> Result<(), Refused> {
        let (limits, depth) = (self.log.limits(), self.inside.len());
        let mut size = size_at(limits, depth + at + 1, &new)?;
        let steps = self.places.steps(&path);
        let Some(place) = steps.get(at) else { return Ok(()) };
        match (steps.first(at).locate(self.state), place) {
            (Located::There(Value::Array(values)), PlaceRef::Element(index)) if index == values.len() => {
                size += 1;
                values.push(new);
            }
            (Located::There(Value::Array(values)), PlaceRef::New { at: index, by, key }) if index == values.len() => {
                let new = keyed(new, by, key);
                size = size_at(limits, depth + at + 1, &new)? + 1;
                values.push(new);
            }
            (Located::There(Value::Array(values)), place) => return Err(outside(place, values.len())),
            // `locate` found the array before, and nothing was written since.
            (Located::There(_) | Located::Gap { .. } | Located::Missing { .. } | Located::Blocked { .. }, _) => {
                return Ok(());
            }
        }
        self.note(path, at + 1, Before::Absent);
        self.log.account(size, 0)
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
        let size = size_at(self.log.limits(), self.inside.len() + at, &new)?;
        let old = std::mem::replace(slot, new);
        let freed = size_of(&old);
        self.note(*path, at, Before::Was(old));
        self.log.account(size, freed)
    }

    /// Notes a write that was made at the first `len` steps of `path`.
    #[inline(always)]
    fn note(&mut self, path: Path<'p>, len: usize, before: Before) {
        let len = self.inside.len() + len;
        self.log.note(self.inside.followed_by(path), len, before);
    }

    #[inline(always)]
    fn trace(&mut self, path: &Path<'p>, element: Option<usize>) {
        self.log.trace(self.places, || self.inside.followed_by(*path), element);
    }

    /// Moves traced elements of the array at the first `len` steps of `array`, from index `from` on, by `by`.
    fn shift(&mut self, array: &Path<'p>, len: usize, from: usize, by: isize) {
        let (array, len) = (self.inside.followed_by(*array), self.inside.len() + len);
        let array = self.places.steps(&array).first(len);
        self.log.shift(array, from, by);
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

fn extend(values: &mut Array, value: Value, is_front: bool) {
    if is_front {
        values.push_front(value);
    } else {
        values.push(value);
    }
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
