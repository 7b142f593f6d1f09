//! The way down a tree of pages to one of its leaves, and on to the next.

use std::cmp::Ordering;
use std::sync::Arc;

use super::cell::{self, Kind, Payload};
use super::{Image, Odd, Window};

/// A tree with more levels is damaged.
const MOST_LEVELS: usize = 19;

/// A tree, and the way to a leaf of it.
pub struct Tree {
    root: u32,
    is_table: bool,
    window: Window,
    /// The pages above the leaf; those beyond `level_count` are of an earlier way and may be used again.
    path: Vec<Inner>,
    level_count: usize,
    leaf: u32,
    cells: Vec<Payload>,
}

/// A page with pages below it.
#[derive(Default)]
struct Inner {
    number: u32,
    bytes: Vec<u8>,
    cell_count: usize,
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

    fn descend(
        &mut self,
        mut number: u32,
        mut level: usize,
        compare: &mut impl FnMut(&[u8], Payload) -> Result<Ordering, Odd>,
    ) -> Result<(), Odd> {
        self.cells.clear(); // nothing is left of an earlier leaf where the way down ends early
        loop {
            if self.path.get(level).is_none_or(|inner| inner.number != number) {
                let page = self.window.page(number)?;
                let kind = Kind::of(page)?;
                if kind.is_of_table() != self.is_table || level == MOST_LEVELS {
                    return Err(Odd);
                }
                if kind.is_leaf() {
                    let cells = &mut self.cells;
                    let count = kind.check(page, |cell| cells.push(cell))?;
                    (self.leaf, self.level_count) = (number, level);
                    // Only a tree without cells has an empty page.
                    return if count == 0 && level > 0 { Err(Odd) } else { Ok(()) };
                }
                if kind.check(page, |_| {})? == 0 {
                    return Err(Odd);
                }
                if level == self.path.len() {
                    self.path.push(Inner::default());
                }
                self.path[level].load(number, page);
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
    fn load(&mut self, number: u32, page: &[u8]) {
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
