//! Trees as the rows that are in view.
//!
//! A tree is walked in display order and rows are counted; only those inside the window are made into texts. What is
//! folded is not entered, and a long container whose members are all folded is counted without looking at them.

mod changes;
mod value;

use std::collections::{BTreeSet, HashSet};

use refold_core::blame::{BlameTree, Stamp};
use refold_core::pointer::{Pointer, Segment};
use refold_core::track::Moment;
use refold_core::value::{Text, Value};

use crate::frame::{FrameRow, RowChange, RowKind};
use crate::stream::Stream;
use crate::text::{cut_literal, shown_path, shown_text, shown_value};

pub use changes::Changes;

/// Containers are open down to this depth unless a person wants otherwise. The root has depth 0.
pub const OPEN_DEPTH: u32 = 2;

/// Opening everything ends at the depth where there would be more rows than that.
const MOST_OPEN_ROWS: usize = 20_000;

/// More marks than that would be one bar beside the rows.
pub const CHANGED_ROWS_KEPT: usize = 200;

/// Which rows to make.
#[derive(Debug, Clone, Copy)]
pub struct RowWindow {
    pub first_row: u32,
    pub row_count: u32,
}

/// The rows in view, and how many there are in all.
#[derive(Debug, Default)]
pub struct Rows {
    pub rows: Vec<FrameRow>,
    pub total: u32,
    /// Which of all rows changed, or hold a change that is folded away; at most [`CHANGED_ROWS_KEPT`].
    pub changed: BTreeSet<u32>,
}

/// What rows say beside the values: which event made them so, and what changed.
#[derive(Clone, Copy, Default)]
pub struct Beside<'a> {
    pub blame: Option<(&'a BlameTree, &'a Stream)>,
    pub changes: Option<&'a Changes<'a>>,
}

/// How a person wants a tree.
#[derive(Debug, Clone, Copy)]
pub struct Folding<'a> {
    /// Containers are open down to this depth, except where `toggled`.
    pub open_depth: u32,
    pub toggled: &'a HashSet<Pointer>,
    /// Only what changed, and what is around it.
    pub only_changes: bool,
}

/// Pointers that are not well written fold nothing: they come from rows that are there.
pub fn toggled(pointers: &[String]) -> HashSet<Pointer> {
    pointers
        .iter()
        .filter_map(|pointer| Pointer::parse(pointer).ok())
        .collect()
}

/// The depth down to which containers of `state` can be open: `asked`, or less where that would be too many rows. What
/// is open by default always is.
pub fn open_depth(state: &Value, asked: u32) -> u32 {
    let (mut level, mut rows) = (vec![state], 1);
    for depth in 0..=asked {
        level = level
            .into_iter()
            .flat_map(value::members)
            .take(MOST_OPEN_ROWS)
            .collect();
        rows += level.len();
        if level.is_empty() {
            break;
        }
        if rows > MOST_OPEN_ROWS && depth > OPEN_DEPTH {
            return depth - 1;
        }
    }
    asked
}

/// The tree of `state`. What was removed stands where it was.
pub fn tree(state: &Value, beside: Beside<'_>, folding: Folding<'_>, window: RowWindow) -> Rows {
    let mut walk = Walk {
        beside,
        folding,
        window,
        out: Rows::default(),
    };
    walk.node(&Pointer::ROOT, None, state, RowChange::None);
    walk.out
}

/// Only what changed up to `state`, one row each, by path.
pub fn differences(state: &Value, changes: &Changes<'_>, beside: Beside<'_>, window: RowWindow) -> Rows {
    let mut rows = Rows::default();
    for (path, entry) in changes.iter() {
        if rows.is_in(window) {
            let mut row = FrameRow {
                change: entry.change(),
                before: entry.before_text(),
                moved_from: entry.moved_from(),
                ..FrameRow::default()
            };
            row.pointer = path.to_string();
            row.key = shown_path(path);
            let value = entry.after().or(entry.removed()).or_else(|| path.find(state));
            row.value = value.map(shown_value).unwrap_or_default();
            row.kind = kind_of(value.unwrap_or(&Value::Null));
            row.is_redacted = matches!(value, Some(Value::Redacted(_)));
            beside.stamp(&mut row, path);
            rows.rows.push(row);
        }
        rows.note_change();
        rows.total += 1;
    }
    rows
}

/// Every leaf (a scalar or an empty container), one row each, in the order of the tree.
pub fn leaves(state: &Value, beside: Beside<'_>, window: RowWindow) -> Rows {
    let mut rows = Rows::default();
    collect_leaves(&Pointer::ROOT, state, beside, window, &mut rows);
    rows
}

fn collect_leaves(path: &Pointer, value: &Value, beside: Beside<'_>, window: RowWindow, rows: &mut Rows) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            object
                .iter()
                .for_each(|(key, member)| collect_leaves(&path.push_key(key), member, beside, window, rows));
        }
        Value::Array(array) if !array.is_empty() => {
            for (index, element) in array.iter().enumerate() {
                collect_leaves(&path.push_index(index), element, beside, window, rows);
            }
        }
        Value::Object(_)
        | Value::Array(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Redacted(_)
        | Value::Repeated(_) => {
            if rows.is_in(window) {
                let mut row = FrameRow {
                    pointer: path.to_string(),
                    value: shown_value(value),
                    ..FrameRow::default()
                };
                row.key = shown_path(path);
                row.kind = kind_of(value);
                row.is_redacted = matches!(value, Value::Redacted(_));
                beside.stamp(&mut row, path);
                rows.rows.push(row);
            }
            rows.total += 1;
        }
    }
}

impl Rows {
    pub fn of_one(row: FrameRow) -> Rows {
        Rows {
            rows: vec![row],
            total: 1,
            ..Rows::default()
        }
    }

    fn is_in(&self, window: RowWindow) -> bool {
        self.total >= window.first_row && self.total - window.first_row < window.row_count
    }

    /// The next row has changed.
    fn note_change(&mut self) {
        self.note_change_at(self.total);
    }

    fn note_change_at(&mut self, row: u32) {
        if self.changed.len() < CHANGED_ROWS_KEPT {
            self.changed.insert(row);
        }
    }
}

impl Beside<'_> {
    fn stamp(&self, row: &mut FrameRow, path: &Pointer) {
        let Some((blame, stream)) = self.blame else { return };
        let Stamp { changed, wrote } = blame.at(path, row.kind != RowKind::Leaf);
        row.changed_moment = changed.0;
        row.wrote_moment = wrote.0;
        row.changed_version = stream.place_label(changed);
        row.wrote_version = stream.place_label(wrote);
        if changed > Moment::START {
            row.changed_type = stream.type_name(changed);
        }
    }
}

struct Walk<'a> {
    beside: Beside<'a>,
    folding: Folding<'a>,
    window: RowWindow,
    out: Rows,
}

impl Walk<'_> {
    /// `inherited`: the whole container around it was added.
    fn node(&mut self, path: &Pointer, key: Option<&str>, value: &Value, inherited: RowChange) {
        let entry = self.beside.changes.and_then(|changes| changes.at(path));
        let change = entry.map_or(inherited, |entry| entry.change());
        let removed = self
            .beside
            .changes
            .map(|changes| changes.removed_below(path))
            .unwrap_or_default();
        let is_expandable = value::member_count(value).is_some_and(|count| count > 0) || !removed.is_empty();
        let is_open = is_expandable && self.is_open(path);
        if self.out.is_in(self.window) {
            let mut row = FrameRow {
                change,
                is_expandable,
                is_open,
                kind: kind_of(value),
                is_redacted: matches!(value, Value::Redacted(_)),
                ..FrameRow::default()
            };
            row.depth = u16::try_from(path.depth()).unwrap_or(u16::MAX);
            row.pointer = path.to_string();
            row.key = key.unwrap_or_default().to_owned();
            row.value = shown_value(value);
            row.before = entry.map(|entry| entry.before_text()).unwrap_or_default();
            row.moved_from = entry.map(|entry| entry.moved_from()).unwrap_or_default();
            if let (Some(changes), RowChange::None | RowChange::Moved) = (self.beside.changes, change) {
                row.before = value::shown_count_before(value, changes, path);
            }
            self.beside.stamp(&mut row, path);
            self.out.rows.push(row);
        }
        if entry.is_some() || (!is_open && self.holds_change(path)) {
            self.out.note_change();
        }
        self.out.total += 1;
        if is_open {
            // What took the place of a scalar is new in all its members.
            let below = if change == RowChange::Added || entry.is_some_and(|entry| entry.was_scalar()) {
                RowChange::Added
            } else {
                RowChange::None
            };
            self.members(path, value, below, removed);
        }
    }

    fn members(&mut self, path: &Pointer, value: &Value, inherited: RowChange, removed: &[(Segment, &Value)]) {
        if self.folding.only_changes && inherited == RowChange::None {
            self.changed_members(path, value, removed);
            return;
        }
        match value {
            Value::Object(object) => {
                if removed.is_empty() && self.are_folded_below(path) {
                    self.note_folded(path, |key| {
                        object.iter().position(|(other, _)| Segment::from_key(other) == *key)
                    });
                    let skipped = self.skip(object.len());
                    for (key, member) in object.iter().skip(skipped.start).take(skipped.len()) {
                        self.node(&path.push_key(key), Some(&shown_text(key)), member, inherited);
                    }
                    self.count_rest(object.len() - skipped.end);
                    return;
                }
                let mut removed = removed
                    .iter()
                    .map(|(segment, value)| (segment.to_key(), *value))
                    .collect::<Vec<_>>();
                removed.sort_by(|a, b| a.0.cmp(&b.0));
                let mut removed = removed.into_iter().peekable();
                for (key, member) in object.iter() {
                    while let Some((gone, before)) = removed.next_if(|(gone, _)| gone < key) {
                        self.removed(&path.push_key(&gone), &gone, before);
                    }
                    self.node(&path.push_key(key), Some(&shown_text(key)), member, inherited);
                }
                removed.for_each(|(gone, before)| self.removed(&path.push_key(&gone), &gone, before));
            }
            Value::Array(array) => {
                if removed.is_empty() && self.are_folded_below(path) {
                    self.note_folded(path, |place| {
                        (0..array.len()).find(|index| Segment::from_index(*index) == *place)
                    });
                    let skipped = self.skip(array.len());
                    for index in skipped.clone() {
                        let Some(element) = array.get(index) else { break };
                        self.node(&path.push_index(index), Some(&index.to_string()), element, inherited);
                    }
                    self.count_rest(array.len() - skipped.end);
                    return;
                }
                // A removed element stands before the one that has its place now.
                let mut removed = removed.iter().peekable();
                for (index, element) in array.iter().enumerate() {
                    while let Some((gone, before)) = removed.next_if(|(gone, _)| *gone <= Segment::from_index(index)) {
                        self.removed(&path.push(gone.clone()), &gone.to_key(), before);
                    }
                    self.node(&path.push_index(index), Some(&index.to_string()), element, inherited);
                }
                removed.for_each(|(gone, before)| self.removed(&path.push(gone.clone()), &gone.to_key(), before));
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Redacted(_)
            | Value::Repeated(_) => {
                for (gone, before) in removed {
                    self.removed(&path.push(gone.clone()), &gone.to_key(), before);
                }
            }
        }
    }

    /// As [`Walk::members`], without those that are as they were.
    fn changed_members(&mut self, path: &Pointer, value: &Value, removed: &[(Segment, &Value)]) {
        let changes = self.beside.changes;
        let present = changes.map(|changes| changes.changed_members(path)).unwrap_or_default();
        let present = present.into_iter().map(|segment| (segment, None));
        let gone = removed.iter().map(|(segment, before)| (segment.clone(), Some(*before)));
        let mut members: Vec<(Segment, Option<&Value>)> = gone.chain(present).collect();
        // Stable: what was removed stands before what has its place now.
        match value {
            Value::Array(_) => members.sort_by(|a, b| a.0.cmp(&b.0)),
            _ => members.sort_by_key(|(segment, _)| segment.to_key()),
        }
        for (segment, before) in members {
            let (place, key) = (path.push(segment.clone()), segment.to_key());
            match (before, segment.find(value)) {
                (Some(before), _) => self.removed(&place, &key, before),
                (None, Some(member)) => self.node(&place, Some(&shown_text(&key)), member, RowChange::None),
                (None, None) => {} // a change of what is not there is none
            }
        }
    }

    fn removed(&mut self, path: &Pointer, key: &Text, before: &Value) {
        if self.out.is_in(self.window) {
            let depth = u16::try_from(path.depth()).unwrap_or(u16::MAX);
            let mut row = FrameRow {
                depth,
                change: RowChange::Removed,
                kind: kind_of(before),
                is_redacted: matches!(before, Value::Redacted(_)),
                ..FrameRow::default()
            };
            row.pointer = path.to_string();
            row.key = shown_text(key);
            row.value = shown_value(before);
            row.before = cut_literal(before);
            self.out.rows.push(row);
        }
        self.out.note_change();
        self.out.total += 1;
    }

    /// Notes which members of the container at `path`, each one row from here on, hold a change.
    fn note_folded(&mut self, path: &Pointer, place_of: impl Fn(&Segment) -> Option<usize>) {
        let Some(changes) = self.beside.changes else { return };
        let mut last = None;
        for below in changes.below(path) {
            let member = below.segments().get(path.depth()).copied().cloned();
            if member.is_none() || member == last || self.out.changed.len() >= CHANGED_ROWS_KEPT {
                continue;
            }
            if let Some(place) = member
                .as_ref()
                .and_then(&place_of)
                .and_then(|place| u32::try_from(place).ok())
            {
                self.out.note_change_at(self.out.total.saturating_add(place));
            }
            last = member;
        }
    }

    fn holds_change(&self, path: &Pointer) -> bool {
        self.beside
            .changes
            .is_some_and(|changes| changes.below(path).next().is_some())
    }

    fn is_open(&self, path: &Pointer) -> bool {
        (path.depth() <= self.folding.open_depth as usize) != self.folding.toggled.contains(path)
    }

    /// Whether each member of the container at `path` is one row.
    fn are_folded_below(&self, path: &Pointer) -> bool {
        path.depth() + 1 > self.folding.open_depth as usize
            && !self
                .folding
                .toggled
                .iter()
                .any(|toggled| toggled != path && path.contains(toggled))
    }

    /// Counts the members above the window; returns which of `count` are in it.
    fn skip(&mut self, count: usize) -> std::ops::Range<usize> {
        let before = (self.window.first_row.saturating_sub(self.out.total) as usize).min(count);
        self.count_rest(before);
        let end = u64::from(self.window.first_row) + u64::from(self.window.row_count);
        let room = usize::try_from(end.saturating_sub(u64::from(self.out.total))).unwrap_or(usize::MAX);
        before..before.saturating_add(room).min(count)
    }

    fn count_rest(&mut self, count: usize) {
        self.out.total = self.out.total.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
    }
}

fn kind_of(value: &Value) -> RowKind {
    match value {
        Value::Object(_) => RowKind::Object,
        Value::Array(_) => RowKind::Array,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Redacted(_) | Value::Repeated(_) => {
            RowKind::Leaf
        }
    }
}

#[cfg(test)]
mod tests;
