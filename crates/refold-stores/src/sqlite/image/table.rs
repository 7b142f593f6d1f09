//! The rows of a table in the order of their rowid.

use std::sync::Arc;

use super::cell::{Kind, Payload};
use super::record::{self, Place, Record, Wanted};
use super::{Image, Inner, MOST_LEVELS, Odd, Window, follow_chain, search};

/// Stands on a row, or behind the last one.
pub struct TableCursor {
    root: u32,
    leaves: Window,
    overflow: Window,
    /// The pages above the leaf; those beyond `level_count` are of an earlier way and may be used again.
    path: Vec<Inner>,
    level_count: usize,
    leaf: u32,
    rows: Vec<Payload>,
    /// The row of the leaf; behind the last one at the end of the table.
    at: usize,
    /// A row that goes on in other pages.
    assembled: Vec<u8>,
}

impl TableCursor {
    pub fn new(image: &Arc<Image>, root: u32) -> TableCursor {
        TableCursor {
            root,
            leaves: Window::new(Arc::clone(image)),
            overflow: Window::new(Arc::clone(image)),
            path: Vec::new(),
            level_count: 0,
            leaf: 0,
            rows: Vec::new(),
            at: 0,
            assembled: Vec::new(),
        }
    }

    /// Goes to the first row from `rowid` on.
    pub fn seek(&mut self, rowid: i64) -> Result<(), Odd> {
        self.descend(self.root, 0, Some(rowid))?;
        self.at = self.search_leaf(rowid)?;
        if self.at == self.rows.len() {
            self.next_leaf()
        } else {
            Ok(())
        }
    }

    /// Goes to the row `rowid`, if there is one. Cheap when it is on the leaf of the row before.
    pub fn find(&mut self, rowid: i64) -> Result<bool, Odd> {
        let is_here = match (self.rows.first(), self.rows.last()) {
            (Some(first), Some(last)) => (first.rowid..=last.rowid).contains(&rowid),
            _ => false,
        };
        if !is_here {
            self.descend(self.root, 0, Some(rowid))?;
        }
        self.at = self.search_leaf(rowid)?;
        Ok(self.rowid() == Some(rowid))
    }

    /// Goes to the next row.
    #[inline]
    pub fn advance(&mut self) -> Result<(), Odd> {
        self.at += 1;
        if self.at < self.rows.len() {
            Ok(())
        } else {
            self.next_leaf()
        }
    }

    /// The row that the cursor stands on.
    #[inline]
    pub fn rowid(&self) -> Option<i64> {
        self.rows.get(self.at).map(|row| row.rowid)
    }

    /// Whether the row is the first of its page.
    pub fn is_at_page_start(&self) -> bool {
        self.at == 0
    }

    /// The wanted values of the row. No value of it is longer than `most_byte_count`.
    #[inline]
    pub fn record<'a>(
        &'a mut self,
        wanted: &[Wanted],
        places: &'a mut [Place],
        most_byte_count: usize,
    ) -> Result<Record<'a>, Odd> {
        let payload = *self.rows.get(self.at).ok_or(Odd)?;
        let page = self.leaves.loaded(self.leaf)?;
        let local = page
            .get(payload.start..payload.start + payload.local_byte_count)
            .ok_or(Odd)?;
        if payload.byte_count > most_byte_count {
            return Err(Odd);
        }
        let needed = record::locate(local, payload.byte_count, wanted, places)?;
        let bytes = if needed <= local.len() {
            local
        } else {
            follow_chain(&mut self.overflow, local, payload, needed, &mut self.assembled)?;
            &self.assembled
        };
        Ok(Record {
            rowid: payload.rowid,
            bytes,
            places,
        })
    }

    fn search_leaf(&self, rowid: i64) -> Result<usize, Odd> {
        search(self.rows.len(), |at| Ok(self.rows[at].rowid.cmp(&rowid)))
    }

    /// Goes down to a leaf, to where `rowid` would be or to the left.
    fn descend(&mut self, mut number: u32, mut level: usize, rowid: Option<i64>) -> Result<(), Odd> {
        self.rows.clear(); // nothing is left of an earlier leaf where the way down ends early
        loop {
            if self.path.get(level).is_none_or(|inner| inner.number != number) {
                let page = self.leaves.page(number)?;
                let kind = Kind::of(page)?;
                if !kind.is_of_table() || level == MOST_LEVELS {
                    return Err(Odd);
                }
                if kind.is_leaf() {
                    let rows = &mut self.rows;
                    let count = kind.check(page, |row| rows.push(row))?;
                    (self.leaf, self.level_count, self.at) = (number, level, 0);
                    // Only a table without rows has an empty page.
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
            inner.at = match rowid {
                None => 0,
                Some(rowid) => {
                    let kind = Kind::of(&inner.bytes)?;
                    search(inner.cell_count, |at| {
                        Ok(kind.payload(&inner.bytes, at)?.rowid.cmp(&rowid))
                    })?
                }
            };
            number = inner.child()?;
            level += 1;
        }
    }

    fn next_leaf(&mut self) -> Result<(), Odd> {
        while let Some(level) = self.level_count.checked_sub(1) {
            let inner = &mut self.path[level];
            if inner.at < inner.cell_count {
                inner.at += 1;
                let child = inner.child()?;
                return self.descend(child, level + 1, None);
            }
            self.level_count = level;
        }
        self.at = self.rows.len();
        Ok(())
    }
}
