//! The entries of an index that begin with given texts, in the order of the number that follows.

use std::cmp::Ordering;
use std::sync::Arc;

use rusqlite::types::ValueRef;

use super::cell::{Kind, Payload};
use super::record::Walk;
use super::{Image, Inner, MOST_LEVELS, Odd, Window, search};

/// Stands on an entry, or behind the last one. Entries are compared byte by byte, as the collation BINARY does.
pub struct IndexCursor {
    root: u32,
    window: Window,
    /// The pages above the leaf. In an index they hold entries too.
    path: Vec<Inner>,
    level_count: usize,
    leaf: u32,
    cells: Vec<Payload>,
    stand: Stand,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// On an entry of the leaf.
    Leaf(usize),
    /// On an entry of the path's page at this level: the one behind the child that the way leads through.
    Inner(usize),
    End,
}

/// What is looked for: `texts`, then a number.
#[derive(Debug, Clone, Copy)]
pub struct Probe<'a> {
    pub texts: &'a [Vec<u8>],
    /// The least number; without one, whatever follows the texts.
    pub least: Option<i64>,
}

/// What an entry holds behind the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub number: i64,
    pub rowid: i64,
}

impl IndexCursor {
    pub fn new(image: &Arc<Image>, root: u32) -> IndexCursor {
        IndexCursor {
            root,
            window: Window::new(Arc::clone(image)),
            path: Vec::new(),
            level_count: 0,
            leaf: 0,
            cells: Vec::new(),
            stand: Stand::End,
        }
    }

    /// Goes to the first entry that is not less than `probe`.
    pub fn seek(&mut self, probe: Probe<'_>) -> Result<(), Odd> {
        self.descend(self.root, 0, Some(probe))?;
        let page = self.window.loaded(self.leaf)?;
        let at = search(self.cells.len(), |at| compare(local(page, self.cells[at])?, probe))?;
        self.stand = Stand::Leaf(at);
        if at == self.cells.len() { self.climb() } else { Ok(()) }
    }

    /// Goes to the next entry.
    pub fn advance(&mut self) -> Result<(), Odd> {
        match self.stand {
            Stand::Leaf(at) if at + 1 < self.cells.len() => {
                self.stand = Stand::Leaf(at + 1);
                Ok(())
            }
            Stand::Leaf(_) => self.climb(),
            Stand::Inner(level) => {
                let inner = &mut self.path[level];
                inner.at += 1;
                let child = inner.child()?;
                self.descend(child, level + 1, None)
            }
            Stand::End => Ok(()),
        }
    }

    /// The entry that the cursor stands on, if it begins with `texts`. An entry without a number there is odd.
    pub fn entry(&self, texts: &[Vec<u8>]) -> Result<Option<Entry>, Odd> {
        let bytes = match self.stand {
            Stand::End => return Ok(None),
            Stand::Leaf(at) => local(self.window.loaded(self.leaf)?, *self.cells.get(at).ok_or(Odd)?)?,
            Stand::Inner(level) => {
                let inner = &self.path[level];
                local(&inner.bytes, Kind::of(&inner.bytes)?.payload(&inner.bytes, inner.at)?)?
            }
        };
        let mut values = Walk::new(bytes)?;
        for text in texts {
            if values.next()?.ok_or(Odd)? != ValueRef::Text(text) {
                return Ok(None);
            }
        }
        let Some(ValueRef::Integer(number)) = values.next()? else {
            return Err(Odd);
        };
        let mut last = None;
        while let Some(value) = values.next()? {
            last = Some(value);
        }
        let Some(ValueRef::Integer(rowid)) = last else {
            return Err(Odd);
        };
        Ok(Some(Entry { number, rowid }))
    }

    fn descend(&mut self, mut number: u32, mut level: usize, probe: Option<Probe<'_>>) -> Result<(), Odd> {
        self.cells.clear();
        self.stand = Stand::End;
        loop {
            if self.path.get(level).is_none_or(|inner| inner.number != number) {
                let page = self.window.page(number)?;
                let kind = Kind::of(page)?;
                if kind.is_of_table() || level == MOST_LEVELS {
                    return Err(Odd);
                }
                if kind.is_leaf() {
                    let cells = &mut self.cells;
                    let count = kind.check(page, |cell| cells.push(cell))?;
                    (self.leaf, self.level_count) = (number, level);
                    self.stand = if count == 0 { Stand::End } else { Stand::Leaf(0) };
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
            inner.at = match probe {
                None => 0,
                Some(probe) => {
                    let kind = Kind::of(&inner.bytes)?;
                    search(inner.cell_count, |at| {
                        compare(local(&inner.bytes, kind.payload(&inner.bytes, at)?)?, probe)
                    })?
                }
            };
            number = inner.child()?;
            level += 1;
        }
    }

    /// Goes from behind a leaf to the entry above it.
    fn climb(&mut self) -> Result<(), Odd> {
        while let Some(level) = self.level_count.checked_sub(1) {
            let inner = &self.path[level];
            if inner.at < inner.cell_count {
                self.stand = Stand::Inner(level);
                return Ok(());
            }
            self.level_count = level;
        }
        self.stand = Stand::End;
        Ok(())
    }
}

/// The bytes of an entry. One that goes on in other pages is odd: ids are not that long.
fn local(page: &[u8], payload: Payload) -> Result<&[u8], Odd> {
    if payload.local_byte_count < payload.byte_count {
        return Err(Odd);
    }
    page.get(payload.start..payload.start + payload.byte_count).ok_or(Odd)
}

/// How an entry stands to the first one that fits `probe`: less, or not. It is never equal.
fn compare(entry: &[u8], probe: Probe<'_>) -> Result<Ordering, Odd> {
    let mut values = Walk::new(entry)?;
    for text in probe.texts {
        let order = match values.next()?.ok_or(Odd)? {
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => Ordering::Less,
            ValueRef::Text(stored) => stored.cmp(text.as_slice()),
            ValueRef::Blob(_) => Ordering::Greater,
        };
        if order.is_ne() {
            return Ok(order);
        }
    }
    let Some(least) = probe.least else {
        return Ok(Ordering::Greater);
    };
    Ok(match values.next()?.ok_or(Odd)? {
        ValueRef::Null => Ordering::Less,
        ValueRef::Integer(number) if number < least => Ordering::Less,
        ValueRef::Real(_) => return Err(Odd),
        ValueRef::Integer(_) | ValueRef::Text(_) | ValueRef::Blob(_) => Ordering::Greater,
    })
}
