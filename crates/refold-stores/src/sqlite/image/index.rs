//! The entries of an index that begin with given texts, in the order of the number that follows.

use std::cmp::Ordering;
use std::sync::Arc;

use rusqlite::types::ValueRef;

use super::cell::Payload;
use super::record::Walk;
use super::tree::Tree;
use super::{Image, Odd};

/// Stands on an entry, or behind the last one. Entries are compared byte by byte, as the collation BINARY does.
pub struct IndexCursor {
    tree: Tree,
    stand: Stand,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// On an entry of the leaf.
    Leaf(usize),
    /// On the entry behind the way in the page above the leaf at this level.
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
            tree: Tree::new(image, root, false),
            stand: Stand::End,
        }
    }

    /// Goes to the first entry that is not less than `probe`.
    pub fn seek(&mut self, probe: Probe<'_>) -> Result<(), Odd> {
        let at = self.tree.seek(|page, entry| compare(local(page, entry)?, probe))?;
        self.stand = self.stand_at(at);
        Ok(())
    }

    /// Goes to the next entry.
    pub fn advance(&mut self) -> Result<(), Odd> {
        self.stand = match self.stand {
            Stand::Leaf(at) => self.stand_at(at + 1),
            Stand::Inner(level) => {
                self.tree.enter_behind(level)?;
                Stand::Leaf(0)
            }
            Stand::End => Stand::End,
        };
        Ok(())
    }

    /// The entry that the cursor stands on, if it begins with `texts`. An entry without a number there is odd.
    pub fn entry(&self, texts: &[Vec<u8>]) -> Result<Option<Entry>, Odd> {
        let bytes = match self.stand {
            Stand::End => return Ok(None),
            Stand::Leaf(at) => local(self.tree.leaf()?, *self.tree.cells().get(at).ok_or(Odd)?)?,
            Stand::Inner(level) => {
                let (page, entry) = self.tree.cell_above(level)?;
                local(page, entry)?
            }
        };
        let mut values = Walk::new(bytes)?;
        for text in texts {
            match compare_text(values.next()?.ok_or(Odd)?, text) {
                Ordering::Equal => {}
                Ordering::Greater => return Ok(None),
                Ordering::Less => return Err(Odd), // it stands where it does not belong
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

    /// Behind the last entry of a leaf comes the one above it: inner pages of an index hold entries too.
    fn stand_at(&mut self, at: usize) -> Stand {
        if at < self.tree.cells().len() {
            return Stand::Leaf(at);
        }
        self.tree.climb().map_or(Stand::End, Stand::Inner)
    }
}

/// The bytes of an entry. One that goes on in other pages is odd: ids are not that long.
fn local(page: &[u8], payload: Payload) -> Result<&[u8], Odd> {
    if payload.local_byte_count < payload.byte_count {
        return Err(Odd);
    }
    page.get(payload.start..payload.start + payload.byte_count).ok_or(Odd)
}

fn compare_text(stored: ValueRef<'_>, text: &[u8]) -> Ordering {
    match stored {
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => Ordering::Less,
        ValueRef::Text(stored) => stored.cmp(text),
        ValueRef::Blob(_) => Ordering::Greater,
    }
}

/// How an entry stands to the first one that fits `probe`: less, or not. It is never equal.
fn compare(entry: &[u8], probe: Probe<'_>) -> Result<Ordering, Odd> {
    let mut values = Walk::new(entry)?;
    for text in probe.texts {
        let order = compare_text(values.next()?.ok_or(Odd)?, text);
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
