//! The rows of a damaged part of a table, page by page: what can be had of it, and where something is missing.
//!
//! Nothing is looked for by its rowid here, since these may be damaged themselves: all pages below the part are gone
//! through as they hang together, and of the rows of a leaf those are taken whose rowids are in order. Each page is looked
//! at once, so that a tree that leads back into itself ends.

use std::collections::HashSet;
use std::sync::Arc;

use super::cell::{self, INNER_HEAD_BYTES, Kind, LEAF_HEAD_BYTES, Payload};
use super::tree::{Bounds, Part};
use super::{Image, Odd, Window};

/// The way through a damaged part, in one direction.
pub struct Salvage {
    window: Window,
    is_backward: bool,
    /// Pages that are still ahead, the next one last.
    ahead: Vec<(u32, Bounds)>,
    seen: HashSet<u32>,
    /// The rowid of the last row that was taken.
    last: Option<i64>,
}

/// What was found on one page.
pub struct Leaf {
    pub page: u32,
    /// A copy of the page, in which the rows lie.
    pub bytes: Vec<u8>,
    pub finds: Vec<Find>,
}

#[derive(Debug, Clone, Copy)]
pub enum Find {
    Row(Payload),
    /// One row that cannot be told from others.
    LostRow,
    /// A page of which nothing can be read.
    LostPage,
}

impl Salvage {
    pub fn new(image: &Arc<Image>, part: Part, is_backward: bool) -> Salvage {
        Salvage {
            window: Window::new(Arc::clone(image)),
            is_backward,
            ahead: vec![(part.page, part.bounds)],
            seen: HashSet::new(),
            last: None,
        }
    }

    /// What is on the next page that holds rows, or cannot be read; `None` at the end of the part.
    pub fn next_leaf(&mut self) -> Option<Leaf> {
        while let Some((page, bounds)) = self.ahead.pop() {
            let is_new = self.seen.insert(page);
            let bytes = self.window.page(page).map(<[u8]>::to_vec);
            let (Ok(bytes), true) = (bytes, is_new) else {
                return Some(lost(page));
            };
            match Kind::of(&bytes) {
                Ok(kind) if kind.is_of_table() && kind.is_leaf() => return Some(self.leaf(page, bytes, kind, bounds)),
                Ok(kind) if kind.is_of_table() && self.enter(&bytes, kind, bounds).is_ok() => {}
                _ => return Some(lost(page)),
            }
        }
        None
    }

    /// Puts the pages below a page ahead.
    fn enter(&mut self, page: &[u8], kind: Kind, bounds: Bounds) -> Result<(), Odd> {
        let count = possible_count(page)?;
        let keys: Result<Vec<i64>, Odd> = (0..count)
            .map(|at| kind.payload(page, at).map(|payload| payload.rowid))
            .collect();
        // Where the keys are not in order, only the bounds of all are known of each.
        let keys = keys
            .ok()
            .filter(|keys| bounds.are_kept_by(keys.iter().copied()))
            .unwrap_or_default();
        let mut children = Vec::new();
        for at in 0..=count {
            let start = if at < count {
                cell::start(page, INNER_HEAD_BYTES, at)?
            } else {
                8
            };
            // A pointer that cannot be read leads to page 0, which cannot be read either.
            let number = page.get(start..start + 4).and_then(|bytes| bytes.try_into().ok());
            let child_bounds = if keys.is_empty() {
                bounds
            } else {
                bounds.of_child(&keys, at)
            };
            children.push((number.map_or(0, u32::from_be_bytes), child_bounds));
        }
        if !self.is_backward {
            children.reverse();
        }
        self.ahead.extend(children);
        Ok(())
    }

    fn leaf(&mut self, page: u32, bytes: Vec<u8>, kind: Kind, bounds: Bounds) -> Leaf {
        let Ok(count) = possible_count(&bytes) else {
            return lost(page);
        };
        let rows: Vec<Option<Payload>> = (0..count)
            .map(|at| row(&bytes, kind, count, at).filter(|row| self.is_ahead(row.rowid) && bounds.hold(row.rowid)))
            .collect();
        let taken = longest_ascent(&rows);
        let find = |(row, is_taken): (&Option<Payload>, bool)| match row {
            Some(row) if is_taken => Find::Row(*row),
            _ => Find::LostRow,
        };
        let mut finds: Vec<Find> = rows.iter().zip(taken).map(find).collect();
        if self.is_backward {
            finds.reverse();
        }
        let is_row = |find: &Find| match find {
            Find::Row(row) => Some(row.rowid),
            Find::LostRow | Find::LostPage => None,
        };
        self.last = finds.iter().rev().find_map(is_row).or(self.last);
        if finds.is_empty() {
            return lost(page); // only a table without rows has a page without rows, and that one is not damaged
        }
        Leaf { page, bytes, finds }
    }

    fn is_ahead(&self, rowid: i64) -> bool {
        self.last
            .is_none_or(|last| if self.is_backward { rowid < last } else { rowid > last })
    }
}

fn lost(page: u32) -> Leaf {
    Leaf {
        page,
        bytes: Vec::new(),
        finds: vec![Find::LostPage],
    }
}

/// How many cells a page has, where there is room for so many.
fn possible_count(page: &[u8]) -> Result<usize, Odd> {
    let count = cell::count(page);
    if count > page.len().saturating_sub(8) / 6 {
        Err(Odd)
    } else {
        Ok(count)
    }
}

/// The row of a leaf, if it lies within the page.
fn row(page: &[u8], kind: Kind, count: usize, at: usize) -> Option<Payload> {
    let start = cell::start(page, LEAF_HEAD_BYTES, at).ok()?;
    let payload = kind.payload(page, at).ok()?;
    let is_within = start >= LEAF_HEAD_BYTES + 2 * count && payload.start + payload.local_byte_count <= page.len();
    is_within.then_some(payload)
}

/// Which of the rows are among the most that are in ascending order.
fn longest_ascent(rows: &[Option<Payload>]) -> Vec<bool> {
    // Of each length, the row with the lowest rowid that an ascent of this length can end with.
    let mut ends: Vec<(i64, usize)> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; rows.len()];
    for (at, row) in rows.iter().enumerate() {
        let Some(row) = row else { continue };
        let length = ends.partition_point(|(rowid, _)| *rowid < row.rowid);
        before[at] = length.checked_sub(1).map(|shorter| ends[shorter].1);
        match ends.get_mut(length) {
            Some(end) => *end = (row.rowid, at),
            None => ends.push((row.rowid, at)),
        }
    }
    let mut taken = vec![false; rows.len()];
    let mut next = ends.last().map(|(_, at)| *at);
    while let Some(at) = next {
        taken[at] = true;
        next = before[at];
    }
    taken
}

#[cfg(test)]
mod tests;
