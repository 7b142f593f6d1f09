//! A difference, ready to be asked by path.

use std::collections::{BTreeMap, HashMap};

use refold_core::diff::{Change, ChangeOp};
use refold_core::pointer::{Pointer, Segment};
use refold_core::value::Value;

use crate::frame::RowChange;
use crate::text::{cut_literal, shown_path};

/// The changes from one state to another.
#[derive(Debug, Default)]
pub struct Changes<'a> {
    /// What is there after it, by path.
    present: HashMap<Pointer, Entry<'a>>,
    /// What is gone, by the container it was in; in the order of the difference.
    removed: HashMap<Pointer, Vec<(Segment, &'a Value)>>,
    /// By path and whether it is there now.
    in_order: BTreeMap<(Pointer, bool), Entry<'a>>,
    /// How many members or elements are new in a container.
    added: HashMap<Pointer, usize>,
    pub added_count: u32,
    pub changed_count: u32,
    pub removed_count: u32,
}

/// What happened at one path. An element that moved may have changed besides.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entry<'a> {
    op: Option<&'a ChangeOp>,
    moved_from: Option<&'a Pointer>,
}

impl<'a> Changes<'a> {
    pub fn of(changes: &'a [Change]) -> Changes<'a> {
        let mut all = Changes::default();
        for change in changes {
            match &change.op {
                ChangeOp::Removed { before } => {
                    all.removed_count += 1;
                    if let (Some(parent), Some(last)) = (change.path.parent(), change.path.last()) {
                        all.removed
                            .entry(parent.clone())
                            .or_default()
                            .push((last.clone(), before));
                    }
                    let entry = Entry {
                        op: Some(&change.op),
                        moved_from: None,
                    };
                    all.in_order.insert((change.path.clone(), false), entry);
                }
                ChangeOp::Moved { from } => all.present.entry(change.path.clone()).or_default().moved_from = Some(from),
                ChangeOp::Added { .. } | ChangeOp::Changed { .. } => {
                    all.present.entry(change.path.clone()).or_default().op = Some(&change.op);
                }
            }
        }
        for (path, entry) in &all.present {
            match entry.op {
                Some(ChangeOp::Added { .. }) => {
                    all.added_count += 1;
                    if let Some(parent) = path.parent() {
                        *all.added.entry(parent.clone()).or_default() += 1;
                    }
                }
                _ => all.changed_count += 1, // changed, moved, or both
            }
            all.in_order.insert((path.clone(), true), *entry);
        }
        for removed in all.removed.values_mut() {
            removed.sort_by(|a, b| a.0.cmp(&b.0));
        }
        all
    }

    /// How many members or elements the whole state has, where it was null and holds some now: rows show each as added.
    pub fn members_of_new_root(&self) -> Option<u32> {
        let Some(ChangeOp::Changed { before, after }) = self.present.get(&Pointer::ROOT)?.op else {
            return None;
        };
        let count = match after {
            Value::Object(members) => members.len(),
            Value::Array(elements) => elements.len(),
            _ => 0,
        };
        (*before == Value::Null && count > 0).then(|| u32::try_from(count).unwrap_or(u32::MAX))
    }

    pub fn at(&self, path: &Pointer) -> Option<&Entry<'a>> {
        self.present.get(path)
    }

    /// What was removed directly from the container at `path`, by its place there before.
    pub fn removed_below(&self, path: &Pointer) -> &[(Segment, &'a Value)] {
        self.removed.get(path).map_or(&[], Vec::as_slice)
    }

    /// How many members or elements a container had, of which `count` are there now.
    pub fn count_before(&self, path: &Pointer, count: usize) -> usize {
        let added = self.added.get(path).copied().unwrap_or_default();
        (count + self.removed_below(path).len()).saturating_sub(added)
    }

    /// The members or elements that are in the container at `path` and changed, or hold a change; each once.
    pub fn changed_members(&self, path: &Pointer) -> Vec<Segment> {
        let depth = path.depth();
        let from_here = self.in_order.range((path.clone(), false)..);
        let inside = from_here
            .map(|((other, is_present), _)| (other, *is_present))
            .filter(|(other, _)| *other != path)
            .take_while(|(other, _)| path.contains(other))
            .filter(|(other, is_present)| *is_present || other.depth() > depth + 1);
        let mut members: Vec<Segment> = Vec::new();
        for (other, _) in inside {
            if let Some(member) = other.segments().get(depth).copied()
                && members.last() != Some(member)
            {
                members.push(member.clone());
            }
        }
        members
    }

    /// What changed inside the value at `path`, by path.
    pub fn below<'b>(&'b self, path: &'b Pointer) -> impl Iterator<Item = &'b Pointer> {
        // By path, what is inside a value stands right behind the value itself.
        let from_here = self.in_order.range((path.clone(), false)..);
        let paths = from_here
            .map(|((other, _), _)| other)
            .filter(move |other| *other != path);
        paths.take_while(move |other| path.contains(other))
    }

    /// All of them by path; what was removed comes before what took its place.
    pub fn iter(&self) -> impl Iterator<Item = (&Pointer, &Entry<'a>)> {
        self.in_order.iter().map(|((path, _), entry)| (path, entry))
    }
}

impl Entry<'_> {
    pub fn change(&self) -> RowChange {
        match self.op {
            Some(ChangeOp::Added { .. }) => RowChange::Added,
            Some(ChangeOp::Removed { .. }) => RowChange::Removed,
            Some(ChangeOp::Changed { .. }) => RowChange::Changed,
            Some(ChangeOp::Moved { .. }) | None => RowChange::Moved,
        }
    }

    /// Whether a scalar stood where a container may stand now.
    pub fn was_scalar(&self) -> bool {
        matches!(self.op, Some(ChangeOp::Changed { before, .. }) if !matches!(before, Value::Object(_) | Value::Array(_)))
    }

    pub fn after(&self) -> Option<&Value> {
        match self.op {
            Some(ChangeOp::Added { after } | ChangeOp::Changed { after, .. }) => Some(after),
            Some(ChangeOp::Removed { .. } | ChangeOp::Moved { .. }) | None => None,
        }
    }

    pub fn removed(&self) -> Option<&Value> {
        match self.op {
            Some(ChangeOp::Removed { before }) => Some(before),
            Some(ChangeOp::Added { .. } | ChangeOp::Changed { .. } | ChangeOp::Moved { .. }) | None => None,
        }
    }

    /// What stood here, as a literal; empty where there was nothing else.
    pub fn before_text(&self) -> String {
        match self.op {
            Some(ChangeOp::Changed { before, .. } | ChangeOp::Removed { before }) => cut_literal(before),
            Some(ChangeOp::Added { .. } | ChangeOp::Moved { .. }) | None => String::new(),
        }
    }

    /// Where it stood before it moved; empty where it did not.
    pub fn moved_from(&self) -> String {
        self.moved_from.map(shown_path).unwrap_or_default()
    }
}
