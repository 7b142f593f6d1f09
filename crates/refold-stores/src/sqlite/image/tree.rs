//! The way down a tree of pages to one of its leaves, and on to the next.
//!
//! In the tree of a table, the pages above say between which rowids each page lies. A page whose rows are not in their
//! order between these is odd: SQLite would look for rows in the wrong half of it and not notice.

use std::cmp::Ordering;
use std::sync::Arc;

use super::cell::{self, Kind, Payload};
use super::{Image, Odd, Window};

/// A tree with more levels is damaged.
const MOST_LEVELS: usize = 19;

/// Rowids that a part of a table may have: above the first, up to the second; `None` is without bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds {
    pub after: Option<i64>,
    pub up_to: Option<i64>,
}

impl Bounds {
    pub fn hold(self, rowid: i64) -> bool {
        self.after.is_none_or(|after| rowid > after) && self.up_to.is_none_or(|up_to| rowid <= up_to)
    }

    /// Those of the child before the key at `at` among the ascending keys of a page with these bounds.
    pub fn of_child(self, keys: &[i64], at: usize) -> Bounds {
        Bounds {
            after: at
                .checked_sub(1)
                .and_then(|before| keys.get(before))
                .copied()
                .or(self.after),
            up_to: keys.get(at).copied().or(self.up_to),
        }
    }

    /// Whether these are in ascending order and within the bounds.
    pub fn are_kept_by(self, rowids: impl IntoIterator<Item = i64>) -> bool {
        let mut last = self.after;
        rowids.into_iter().all(|rowid| {
            let is_kept = last.is_none_or(|last| rowid > last) && self.up_to.is_none_or(|up_to| rowid <= up_to);
            last = Some(rowid);
            is_kept
        })
    }
}

/// The part of a table that one page and all below it hold.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    pub page: u32,
    pub bounds: Bounds,
    /// The rows of a leaf that is as it should be; `None` where the way down ended early.
    pub row_count: Option<usize>,
}

/// A tree, and the way to a leaf of it.
pub struct Tree {
    root: u32,
    is_table: bool,
    window: Window,
    /// The pages above the leaf; those beyond `level_count` are of an earlier way and may be used again.
    path: Vec<Inner>,
    level_count: usize,
    /// The page that the way has come to: the leaf, unless the way ended early.
    leaf: u32,
    cells: Vec<Payload>,
}

/// A page with pages below it.
#[derive(Default)]
struct Inner {
    number: u32,
    bytes: Vec<u8>,
    cell_count: usize,
    /// The keys of its cells, in the tree of a table.
    keys: Vec<i64>,
    /// The child that the way leads through: before the cell of the same number, the last one behind all cells.
    at: usize,
}

impl Tree {
    /// `root` is the first page of a table, or else of an index.
    pub fn new(image: &Arc<Image>, root: u32, is_table: bool) -> Tree {
        Tree {
            root,
            is_table,
            window: Window::new(Arc::clone(image)),
            path: Vec::new(),
            level_count: 0,
            leaf: 0,
            cells: Vec::new(),
        }
    }

    /// The cells of the leaf.
    pub fn cells(&self) -> &[Payload] {
        &self.cells
    }

    /// The page of the leaf, in which the payloads of its cells lie.
    pub fn leaf(&self) -> Result<&[u8], Odd> {
        self.window.loaded(self.leaf)
    }

    /// Goes to the leaf where something would be, and returns the first cell there that is not less. `compare` says how
    /// a cell stands to it.
    pub fn seek(&mut self, mut compare: impl FnMut(&[u8], Payload) -> Result<Ordering, Odd>) -> Result<usize, Odd> {
        self.descend(self.root, 0, &mut compare)?;
        let page = self.window.loaded(self.leaf)?;
        search(self.cells.len(), |at| compare(page, self.cells[at]))
    }

    /// The part of a table where `rowid` would be: a leaf, or the highest page on the way there that is odd.
    pub fn part(&mut self, rowid: i64) -> Part {
        let descended = self.descend(self.root, 0, &mut |_, row| Ok(row.rowid.cmp(&rowid)));
        Part {
            page: self.leaf,
            bounds: self.bounds(),
            row_count: descended.is_ok().then_some(self.cells.len()),
        }
    }

    /// The lowest page above the leaf that has a cell behind the way, by its level; the way ends there. `None` at the
    /// end of the tree.
    pub fn climb(&mut self) -> Option<usize> {
        while let Some(level) = self.level_count.checked_sub(1) {
            let inner = &self.path[level];
            if inner.at < inner.cell_count {
                return Some(level);
            }
            self.level_count = level;
        }
        None
    }

    /// The cell behind the way in the page at `level`, which [`Tree::climb`] found, and that page.
    pub fn cell_above(&self, level: usize) -> Result<(&[u8], Payload), Odd> {
        let inner = &self.path[level];
        let payload = Kind::of(&inner.bytes)?.payload(&inner.bytes, inner.at)?;
        Ok((&inner.bytes, payload))
    }

    /// Goes to the first leaf behind that cell.
    pub fn enter_behind(&mut self, level: usize) -> Result<(), Odd> {
        let inner = &mut self.path[level];
        inner.at += 1;
        let child = inner.child()?;
        self.descend(child, level + 1, &mut |_, _| Ok(Ordering::Greater))
    }

    /// Between which rowids the pages above say that the page lies which the way has come to.
    fn bounds(&self) -> Bounds {
        let above = self.path.iter().take(self.level_count);
        above.fold(Bounds::default(), |bounds, inner| {
            bounds.of_child(&inner.keys, inner.at)
        })
    }

    fn descend(
        &mut self,
        mut number: u32,
        mut level: usize,
        compare: &mut impl FnMut(&[u8], Payload) -> Result<Ordering, Odd>,
    ) -> Result<(), Odd> {
        self.cells.clear(); // nothing is left of an earlier leaf where the way down ends early
        loop {
            (self.leaf, self.level_count) = (number, level);
            if self.path.get(level).is_none_or(|inner| inner.number != number) {
                let page = self.window.page(number)?;
                let kind = Kind::of(page)?;
                if kind.is_of_table() != self.is_table || level == MOST_LEVELS {
                    return Err(Odd);
                }
                let cells = &mut self.cells;
                let is_odd = match kind.check(page, |cell| cells.push(cell)) {
                    Ok(0) => level > 0 || !kind.is_leaf(), // only a tree without cells has an empty page
                    Ok(_) => false,
                    Err(Odd) => true,
                };
                if is_odd || self.is_table && !self.bounds().are_kept_by(self.cells.iter().map(|cell| cell.rowid)) {
                    self.cells.clear();
                    return Err(Odd);
                }
                if kind.is_leaf() {
                    return Ok(());
                }
                if level == self.path.len() {
                    self.path.push(Inner::default());
                }
                let page = self.window.loaded(number)?;
                self.path[level].load(number, page, self.cells.drain(..).map(|cell| cell.rowid));
            }
            let inner = &mut self.path[level];
            let kind = Kind::of(&inner.bytes)?;
            inner.at = search(inner.cell_count, |at| {
                compare(&inner.bytes, kind.payload(&inner.bytes, at)?)
            })?;
            number = inner.child()?;
            level += 1;
        }
    }
}

impl Inner {
    fn load(&mut self, number: u32, page: &[u8], keys: impl Iterator<Item = i64>) {
        self.keys.clear();
        self.keys.extend(keys);
        self.bytes.clear();
        self.bytes.extend_from_slice(page);
        self.number = number;
        self.cell_count = cell::count(page);
        self.at = 0;
    }

    fn child(&self) -> Result<u32, Odd> {
        let at = if self.at < self.cell_count {
            cell::start(&self.bytes, cell::INNER_HEAD_BYTES, self.at)?
        } else {
            8 // the head of an inner page names its last child
        };
        let number = self.bytes.get(at..at + 4).ok_or(Odd)?;
        number.try_into().map(u32::from_be_bytes).map_err(|_| Odd)
    }
}

/// Searches as SQLite does, step for step, so that a damaged page leads both to the same place. `compare` says how a cell
/// stands to what is looked for; the result is the first cell that is not less, or one that is equal.
fn search(cell_count: usize, mut compare: impl FnMut(usize) -> Result<Ordering, Odd>) -> Result<usize, Odd> {
    let (mut low, mut end) = (0, cell_count);
    while low < end {
        // The middle of `low` and `end - 1`.
        let at = (low + end - 1) / 2;
        match compare(at)? {
            Ordering::Less => low = at + 1,
            Ordering::Greater => end = at,
            Ordering::Equal => return Ok(at),
        }
    }
    Ok(low)
}
