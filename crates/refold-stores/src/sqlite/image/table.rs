//! The rows of a table in the order of their rowid.

use std::sync::Arc;

use super::cell::Payload;
use super::record::{self, Place, Record, Wanted};
use super::tree::{Part, Tree};
use super::{Image, Odd, Window, follow_chain};

/// Stands on a row, or behind the last one.
pub struct TableCursor {
    tree: Tree,
    /// The row of the leaf; behind the last one at the end of the table.
    at: usize,
    overflow: Window,
    /// A row that goes on in other pages.
    assembled: Vec<u8>,
}

impl TableCursor {
    pub fn new(image: &Arc<Image>, root: u32) -> TableCursor {
        TableCursor {
            tree: Tree::new(image, root, true),
            at: 0,
            overflow: Window::new(Arc::clone(image)),
            assembled: Vec::new(),
        }
    }

    /// Goes to the first row from `rowid` on.
    pub fn seek(&mut self, rowid: i64) -> Result<(), Odd> {
        self.at = self.tree.seek(|_, row| Ok(row.rowid.cmp(&rowid)))?;
        if self.at == self.tree.cells().len() {
            self.next_leaf()
        } else {
            Ok(())
        }
    }

    /// Goes to the row `rowid`, if there is one. Cheap when it is on the leaf of the row before.
    pub fn find(&mut self, rowid: i64) -> Result<bool, Odd> {
        let rows = self.tree.cells();
        let is_here = match (rows.first(), rows.last()) {
            (Some(first), Some(last)) => (first.rowid..=last.rowid).contains(&rowid),
            _ => false,
        };
        self.at = if is_here {
            rows.partition_point(|row| row.rowid < rowid)
        } else {
            self.tree.seek(|_, row| Ok(row.rowid.cmp(&rowid)))?
        };
        Ok(self.rowid() == Some(rowid))
    }

    /// Goes to the next row.
    #[inline]
    pub fn advance(&mut self) -> Result<(), Odd> {
        self.at += 1;
        if self.at < self.tree.cells().len() {
            Ok(())
        } else {
            self.next_leaf()
        }
    }

    /// The row that the cursor stands on.
    #[inline]
    pub fn rowid(&self) -> Option<i64> {
        self.tree.cells().get(self.at).map(|row| row.rowid)
    }

    /// The part of the table where `rowid` would be: a leaf, or what is damaged there.
    pub fn part(&mut self, rowid: i64) -> Part {
        self.tree.part(rowid)
    }

    /// Whether the row is the first of its page.
    pub fn is_at_page_start(&self) -> bool {
        self.at == 0
    }

    /// The wanted values of the row. A row of more than `most_byte_count` is odd.
    #[inline(always)]
    pub fn record<'a>(
        &'a mut self,
        wanted: &[Wanted],
        places: &'a mut [Place],
        most_byte_count: usize,
    ) -> Result<Record<'a>, Odd> {
        let row = *self.tree.cells().get(self.at).ok_or(Odd)?;
        let (overflow, assembled) = (&mut self.overflow, &mut self.assembled);
        record_of(
            self.tree.leaf()?,
            row,
            wanted,
            places,
            most_byte_count,
            overflow,
            assembled,
        )
    }

    /// As [`TableCursor::record`], of a row on a page that was found elsewhere.
    pub fn record_on<'a>(
        &'a mut self,
        page: &'a [u8],
        row: Payload,
        wanted: &[Wanted],
        places: &'a mut [Place],
        most_byte_count: usize,
    ) -> Result<Record<'a>, Odd> {
        let (overflow, assembled) = (&mut self.overflow, &mut self.assembled);
        record_of(page, row, wanted, places, most_byte_count, overflow, assembled)
    }

    fn next_leaf(&mut self) -> Result<(), Odd> {
        match self.tree.climb() {
            None => self.at = self.tree.cells().len(),
            Some(level) => {
                self.tree.enter_behind(level)?;
                self.at = 0;
            }
        }
        Ok(())
    }
}

/// Inlined: returned through memory, a record would be read in other pieces than it was written in, which waits for all
/// that was written before.
#[inline(always)]
fn record_of<'a>(
    page: &'a [u8],
    row: Payload,
    wanted: &[Wanted],
    places: &'a mut [Place],
    most_byte_count: usize,
    overflow: &mut Window,
    assembled: &'a mut Vec<u8>,
) -> Result<Record<'a>, Odd> {
    let local = page.get(row.start..row.start + row.local_byte_count).ok_or(Odd)?;
    if row.byte_count > most_byte_count {
        return Err(Odd);
    }
    let needed = record::locate(local, row.byte_count, wanted, places)?;
    let bytes = if needed <= local.len() {
        local
    } else {
        follow_chain(overflow, local, row, needed, assembled)?;
        assembled
    };
    Ok(Record {
        rowid: row.rowid,
        bytes,
        places,
    })
}
