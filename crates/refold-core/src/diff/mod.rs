//! The difference of two states: which places were added, removed, changed or moved.
//!
//! Shared parts are skipped by pointer equality, so that the difference of neighbouring states costs what changed.
//! It must not know events: it is given two states.

use std::collections::BTreeMap;

use crate::pointer::{Pointer, Segment};
use crate::value::{Array, Text, Value};

mod align;
#[cfg(test)]
mod tests;
mod unordered;

pub use align::longest_ascending;
pub use unordered::diff_unordered;

use align::{Alignment, align};

/// One change between two states.
///
/// `path` is the place in the later state, except that the last segment of a removed array element is its index in
/// the earlier array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub path: Pointer,
    pub op: ChangeOp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeOp {
    Added {
        after: Value,
    },
    Removed {
        before: Value,
    },
    Changed {
        before: Value,
        after: Value,
    },
    /// An array element that stands elsewhere now; changes inside it are changes of their own.
    /// `from` is its array's place with the earlier index.
    Moved {
        from: Pointer,
    },
}

/// Which member tells the elements of an array of objects apart, by the place of the array.
#[derive(Debug, Clone, Default)]
pub struct ArrayKeys {
    rules: Vec<(Vec<Option<Segment>>, Text)>,
}

impl ArrayKeys {
    /// `rules` are pairs of a JSON pointer to the array, in which `*` matches any one segment, and a member name.
    /// A pointer that is not well written matches nothing: handlers check theirs when they are loaded.
    pub fn new(rules: &[(String, String)]) -> ArrayKeys {
        let rules = rules.iter().filter_map(|(place, member)| {
            let pointer = Pointer::parse(place).ok()?;
            let any = Segment::Key(Text::from("*"));
            let segments = pointer.segments().into_iter();
            let pattern = segments
                .map(|segment| (*segment != any).then(|| segment.clone()))
                .collect();
            Some((pattern, Text::from(member.as_str())))
        });
        ArrayKeys { rules: rules.collect() }
    }

    /// The member that is the key of the elements of the array at `place`, when one is declared.
    pub fn key_at(&self, place: &Pointer) -> Option<&Text> {
        if self.rules.is_empty() {
            return None;
        }
        let segments = place.segments();
        let fits = |pattern: &[Option<Segment>]| {
            pattern.len() == segments.len()
                && pattern
                    .iter()
                    .zip(&segments)
                    .all(|(rule, segment)| rule.as_ref().is_none_or(|rule| rule == *segment))
        };
        self.rules
            .iter()
            .find(|(pattern, _)| fits(pattern))
            .map(|(_, member)| member)
    }
}

/// What leads from `before` to `after`, top-down in the order of the later state, removed array elements first.
/// Empty exactly when the two are equal.
pub fn diff(before: &Value, after: &Value, keys: &ArrayKeys) -> Vec<Change> {
    let mut changes = Vec::new();
    diff_value(before, after, &Pointer::ROOT, keys, &mut changes);
    changes
}

/// The state that `changes` lead to: `apply(&diff(a, b, keys), a) == b`.
///
/// Changes that do not fit `before` (they came from other states) are left out as far as they do not fit.
pub fn apply(changes: &[Change], before: &Value) -> Value {
    let mut root = Edit::default();
    for change in changes {
        let mut edit = &mut root;
        let mut segments = change.path.segments().into_iter().peekable();
        while let Some(segment) = segments.next() {
            let is_removal = segments.peek().is_none() && matches!(change.op, ChangeOp::Removed { .. });
            let slot = edit.children.entry(segment.clone()).or_default();
            if is_removal {
                slot.is_removed = true;
            }
            edit = &mut slot.edit;
        }
        match &change.op {
            ChangeOp::Added { after } => {
                edit.becomes = Some(after.clone());
                edit.is_added = true;
            }
            ChangeOp::Changed { after, .. } => edit.becomes = Some(after.clone()),
            ChangeOp::Moved { from } => edit.from = from.last().cloned(),
            ChangeOp::Removed { .. } => {}
        }
    }
    root.apply(before)
}

fn diff_value(before: &Value, after: &Value, path: &Pointer, keys: &ArrayKeys, changes: &mut Vec<Change>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, earlier, later) in before.differences(after) {
                let path = path.push_key(key);
                match (earlier, later) {
                    (Some(earlier), Some(later)) => diff_value(earlier, later, &path, keys, changes),
                    (None, Some(later)) => changes.push(Change {
                        path,
                        op: ChangeOp::Added { after: later.clone() },
                    }),
                    (Some(earlier), None) => {
                        changes.push(Change {
                            path,
                            op: ChangeOp::Removed {
                                before: earlier.clone(),
                            },
                        });
                    }
                    (None, None) => {}
                }
            }
        }
        (Value::Array(before), Value::Array(after)) => diff_array(before, after, path, keys, changes),
        _ if before == after => {}
        _ => changes.push(Change {
            path: path.clone(),
            op: ChangeOp::Changed {
                before: before.clone(),
                after: after.clone(),
            },
        }),
    }
}

fn diff_array(before: &Array, after: &Array, path: &Pointer, keys: &ArrayKeys, changes: &mut Vec<Change>) {
    if before.is_same(after) {
        return;
    }
    let Alignment {
        prefix,
        removed,
        origins,
    } = align(before, after, keys.key_at(path));
    for index in removed {
        if let Some(element) = before.get(index) {
            let op = ChangeOp::Removed {
                before: element.clone(),
            };
            changes.push(Change {
                path: path.push_index(index),
                op,
            });
        }
    }
    for (index, (element, origin)) in (prefix..).zip(after.iter_from(prefix).zip(origins)) {
        let Some(origin) = origin else {
            changes.push(Change {
                path: path.push_index(index),
                op: ChangeOp::Added { after: element.clone() },
            });
            continue;
        };
        if origin.is_moved {
            let op = ChangeOp::Moved {
                from: path.push_index(origin.index),
            };
            changes.push(Change {
                path: path.push_index(index),
                op,
            });
        }
        if let Some(earlier) = before.get(origin.index) {
            diff_value(earlier, element, &path.push_index(index), keys, changes);
        }
    }
}

/// What happens at one place and below it, gathered from a list of changes.
#[derive(Default)]
struct Edit {
    becomes: Option<Value>,
    /// Whether `becomes` is a new element or member and takes the place of none.
    is_added: bool,
    /// The earlier place of a moved element.
    from: Option<Segment>,
    children: BTreeMap<Segment, Slot>,
}

/// One segment below an edit. In an array it speaks of two elements: the one removed from this index of the earlier
/// array, and the one at this index of the later array.
#[derive(Default)]
struct Slot {
    is_removed: bool,
    edit: Edit,
}

impl Edit {
    fn apply(&self, before: &Value) -> Value {
        if let Some(value) = &self.becomes {
            return value.clone();
        }
        if self.children.is_empty() {
            return before.clone();
        }
        match before {
            Value::Object(object) => {
                let mut object = object.clone();
                for (segment, slot) in &self.children {
                    let key = segment.to_key();
                    if slot.is_removed {
                        object.remove(key.as_wtf8());
                    } else if let Some(value) = &slot.edit.becomes {
                        object.insert(key, value.clone());
                    } else if let Some(earlier) = object.get(key.as_wtf8()) {
                        let value = slot.edit.apply(earlier);
                        object.insert(key, value);
                    }
                }
                Value::Object(object)
            }
            Value::Array(array) => Value::Array(self.apply_to_array(array)),
            _ => before.clone(),
        }
    }

    fn apply_to_array(&self, before: &Array) -> Array {
        let slot = |index: usize| self.children.get(&Segment::from_index(index));
        let mut is_taken = vec![false; before.len()];
        for (segment, slot) in &self.children {
            if slot.is_removed
                && let Some(taken) = position(segment).and_then(|index| is_taken.get_mut(index))
            {
                *taken = true;
            }
            if let Some(taken) = slot
                .edit
                .from
                .as_ref()
                .and_then(position)
                .and_then(|index| is_taken.get_mut(index))
            {
                *taken = true;
            }
        }
        let mut staying = before
            .iter()
            .zip(&is_taken)
            .filter(|(_, taken)| !**taken)
            .map(|(element, _)| element);
        let mut after = Array::default();
        loop {
            let at = slot(after.len());
            let earlier = match at.map(|slot| &slot.edit) {
                Some(edit) if edit.is_added => None,
                Some(Edit { from: Some(from), .. }) => position(from).and_then(|index| before.get(index)),
                _ => match staying.next() {
                    Some(element) => Some(element),
                    None => break,
                },
            };
            let value = match (at, earlier) {
                (Some(slot), Some(earlier)) => slot.edit.apply(earlier),
                (Some(slot), None) => slot.edit.becomes.clone().unwrap_or_default(),
                (None, Some(earlier)) => earlier.clone(),
                (None, None) => break,
            };
            after.push(value);
        }
        after
    }
}

fn position(segment: &Segment) -> Option<usize> {
    match segment {
        Segment::Index(index) => usize::try_from(*index).ok(),
        Segment::Key(_) => None,
    }
}
