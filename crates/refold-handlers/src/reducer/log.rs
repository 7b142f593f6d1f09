//! What an event writes, kept so that a fault puts the state back without a copy of it, and the size counted along.

use refold_core::count::counted;
use refold_core::value::Value;
use smallvec::SmallVec;

use super::place::{Located, Path, Place, PlaceRef, Places, Steps};
use super::refusal::{Refusal, Refused};
use crate::error::code;
use crate::expr::meter::{TooBig, measured, scalar_size};
use crate::limits::Limits;

/// What one event wrote, by paths from the root of the state, and how big the state is.
pub struct Log<'p> {
    limits: &'p Limits,
    byte_count: usize,
    undo: SmallVec<[Undo<'p>; 8]>,
    /// The places that were written, as they are now; `None` when nobody wants to know.
    touched: Option<Vec<Vec<Place<'static>>>>,
}

impl<'p> Log<'p> {
    /// `byte_count`: the size of the state before the event.
    pub fn new(limits: &'p Limits, byte_count: usize, is_traced: bool) -> Log<'p> {
        Log {
            limits,
            byte_count,
            undo: SmallVec::new(),
            touched: is_traced.then(Vec::new),
        }
    }

    pub fn limits(&self) -> &'p Limits {
        self.limits
    }

    /// The size of the state now.
    pub fn byte_count(&self) -> usize {
        self.byte_count
    }

    /// The places that were written and stay so; none where nobody wants to know.
    pub fn touched(&self) -> &[Vec<Place<'static>>] {
        self.touched.as_deref().unwrap_or_default()
    }

    /// Notes that what is at `path` is written, or an element of it.
    #[inline(always)]
    pub fn trace(&mut self, places: &Places<'p>, path: impl FnOnce() -> Path<'p>, element: Option<usize>) {
        if let Some(touched) = &mut self.touched {
            let mut place = places.steps(&path()).to_places();
            place.extend(element.map(Place::Element));
            touched.push(place);
        }
    }

    /// Moves what was traced of the array at `array`, from index `from` on, by `by`.
    pub fn shift(&mut self, array: Steps<'_>, from: usize, by: isize) {
        let len = array.len();
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

    /// Counts the size along. A state that grew too big is refused.
    pub fn account(&mut self, added: usize, freed: usize) -> Result<(), Refused> {
        self.byte_count = (self.byte_count + added).saturating_sub(freed);
        if added > freed && self.byte_count > self.limits.state_bytes {
            return Err(too_big(self.limits));
        }
        Ok(())
    }

    /// Notes a write that was made at the first `len` steps of `path`.
    #[inline(always)]
    pub fn note(&mut self, path: Path<'p>, len: usize, before: Before) {
        self.undo.push(Undo { path, len, before });
    }

    /// Puts the state back as it was before the first write.
    pub fn roll_back(&mut self, state: &mut Value, places: &Places<'p>) {
        while let Some(undo) = self.undo.pop() {
            let put = put_back(state, places, undo);
            debug_assert!(put.is_some(), "a write is undone where it was made");
            let (freed, added) = put.unwrap_or_default();
            self.byte_count = (self.byte_count + added).saturating_sub(freed);
        }
    }
}

/// A write that was made at the first `len` steps of `path`, and what was there before.
struct Undo<'p> {
    path: Path<'p>,
    len: usize,
    before: Before,
}

pub enum Before {
    Was(Value),
    Absent,
    Appended,
    Prepended,
    Removed(Value),
}

/// Undoes one write; how many bytes that frees, and how many it adds. `None`, and nothing happened: the state is not the
/// one that the write left.
fn put_back<'p>(state: &mut Value, places: &Places<'p>, undo: Undo<'p>) -> Option<(usize, usize)> {
    let Undo { path, len, before } = undo;
    let path = places.steps(&path);
    let last = len.checked_sub(1).and_then(|last| path.get(last));
    let is_inside = !matches!(before, Before::Absent | Before::Removed(_));
    let steps = if is_inside { len } else { len.saturating_sub(1) };
    // Writes are undone in reverse, so each finds the state as it left it.
    let Located::There(slot) = path.first(steps).locate(state) else {
        return None;
    };
    match (before, slot, last) {
        (Before::Was(old), slot, _) => {
            let added = size_of(&old);
            Some((size_of(&std::mem::replace(slot, old)), added))
        }
        (Before::Absent, Value::Array(values), Some(place)) => {
            let at = place.index().filter(|at| *at < values.len())?;
            Some((1 + size_of(&values.remove(at)), 0))
        }
        (Before::Absent, Value::Object(members), Some(PlaceRef::Key(key))) => {
            let key = key.text().as_wtf8();
            let removed = members.remove(key)?;
            Some((key.len() + 4 + size_of(&removed), 0))
        }
        (Before::Appended, Value::Array(values), _) if !values.is_empty() => {
            Some((1 + size_of(&values.remove(values.len() - 1)), 0))
        }
        (Before::Prepended, Value::Array(values), _) if !values.is_empty() => Some((1 + size_of(&values.remove(0)), 0)),
        (Before::Removed(old), Value::Array(values), Some(place)) => {
            let at = place.index().filter(|at| *at <= values.len())?;
            let added = 1 + size_of(&old);
            values.insert(at, old);
            Some((0, added))
        }
        (Before::Removed(old), Value::Object(members), Some(PlaceRef::Key(key))) => {
            let key = key.text();
            let added = key.as_wtf8().len() + 4 + size_of(&old);
            members.insert(key.clone(), old);
            Some((0, added))
        }
        _ => None,
    }
}

/// The size of what is in the state already, and so was measured before.
#[inline(always)]
pub fn size_of(value: &Value) -> usize {
    match scalar_size(value) {
        Some(size) => size,
        None => measured(value, usize::MAX, usize::MAX).unwrap_or(usize::MAX),
    }
}

/// The size of a value that is to stand `depth` levels down; refused when it is too big or too deep for a state.
#[inline(always)]
pub fn size_at(limits: &Limits, depth: usize, value: &Value) -> Result<usize, Refused> {
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
        "the state grew over {}; keep less in it, or count instead of collecting",
        counted(limits.state_bytes as u64, "byte")
    );
    Refusal::new(code::LIMIT_STATE, message)
}

#[cold]
fn too_deep(limits: &Limits) -> Refused {
    let message = format!("the state would nest deeper than {} levels; flatten it", limits.depth);
    Refusal::new(code::LIMIT_DEPTH, message)
}

#[cfg(test)]
mod tests {
    use refold_core::value::KnownKey;

    use super::*;

    /// What is undone in `state` at the path of these keys: the state then, and what [`put_back`] says.
    fn undone(state: &str, keys: &[&str], before: Before) -> (String, Option<(usize, usize)>) {
        let keys: Vec<KnownKey> = keys.iter().map(|key| KnownKey::new((*key).into())).collect();
        let mut state = Value::from_json(state.as_bytes(), 8).unwrap();
        let (path, len) = (Path::fixed(&keys), keys.len());
        let put = put_back(&mut state, &Places::default(), Undo { path, len, before });
        (state.display_json(), put)
    }

    #[test]
    fn a_write_is_undone_only_where_it_was_made() {
        let one = || Value::from_json(b"1", 1).unwrap();
        let state = r#"{"a":{"b":2},"list":[3]}"#;
        let same = (state.to_owned(), None);
        assert_eq!(
            undone(state, &["a", "b"], Before::Was(one())).0,
            r#"{"a":{"b":1},"list":[3]}"#
        );
        assert_eq!(undone(state, &["a", "b"], Before::Absent).0, r#"{"a":{},"list":[3]}"#);
        assert_eq!(
            undone(state, &["list"], Before::Appended).0,
            r#"{"a":{"b":2},"list":[]}"#
        );
        assert_eq!(
            undone(state, &["a", "c"], Before::Removed(one())).0,
            r#"{"a":{"b":2,"c":1},"list":[3]}"#
        );
        for (keys, before) in [
            (&["a", "c"][..], Before::Was(one())),
            (&["x", "b"], Before::Absent),
            (&["a", "c"], Before::Absent),
            (&["a"], Before::Appended),
            (&["a", "b"], Before::Prepended),
            (&["list", "b"], Before::Removed(one())),
            (&["a", "b", "c"], Before::Removed(one())),
        ] {
            assert_eq!(undone(state, keys, before), same, "{keys:?}");
        }
    }
}
