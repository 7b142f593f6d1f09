//! A database file as its pages, read by positioned reads and without SQLite's machine: for what is big and simple.
//!
//! The format is the one that SQLite publishes and promises to keep, "Database File Format"
//! (<https://www.sqlite.org/fileformat2.html>): trees of pages ([`table`], [`index`]), whose cells hold records
//! ([`record`]); of a damaged tree, [`salvage`] finds what is left. Only what every release since 2006 writes by default is known here. Whatever else a page holds is
//! [`Odd`], and then SQLite is asked, whose answer always counts: so a page that it would call damaged must be odd.
//!
//! Nothing here is ever mapped: a file that is cut short while it is read must be an error, not a signal. Whether it was
//! changed is checked by the reader around each batch. This module must not know layouts or events.

pub mod cell;
pub mod index;
pub mod record;
pub mod salvage;
pub mod table;
pub mod tree;

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::cell::Payload;

/// Here the file is not as this module knows it; SQLite knows more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Odd;

/// The longest run of pages that is read at once.
const MOST_RUN_BYTES: usize = 256 << 10;
/// So many buffers of windows are kept for the next ones.
const MOST_SPARE: usize = 8;
/// The byte that SQLite locks lies on a page that holds nothing.
const LOCK_BYTE: u64 = 1 << 30;

/// An open database file whose every page is there.
#[derive(Debug)]
pub struct Image {
    file: File,
    page_byte_count: usize,
    /// Of each page; extensions of SQLite may keep the rest for themselves.
    usable_byte_count: usize,
    page_count: u32,
    /// Of windows that are gone: a rebuild opens one after the other, and fresh memory costs more than a run of pages.
    spare: Mutex<Vec<Vec<u8>>>,
}

impl Image {
    /// `head` is the first 100 bytes of `file`. `None` when its header says anything unusual.
    pub fn new(file: File, head: &[u8], byte_count: u64) -> Option<Image> {
        let head: &[u8; 100] = head.try_into().ok()?;
        let page_byte_count = match u16::from_be_bytes([head[16], head[17]]) {
            1 => 65_536,
            size if size.is_power_of_two() && size >= 512 => usize::from(size),
            _ => return None,
        };
        let usable_byte_count = page_byte_count.checked_sub(usize::from(head[20]))?;
        let number = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let page_count = match number(28) {
            // The count in the header counts only when it was written with the last change.
            count if count > 0 && number(24) == number(92) => count,
            _ => u32::try_from(byte_count / u64::try_from(page_byte_count).ok()?).ok()?,
        };
        let (fractions, schema_format, encoding) = (&head[21..24], number(44), number(56));
        let is_usual = usable_byte_count >= 480 && fractions == [64, 32, 32] && schema_format == 4 && encoding == 1;
        let is_whole = u64::from(page_count).checked_mul(u64::try_from(page_byte_count).ok()?)? <= byte_count;
        (is_usual && is_whole).then_some(Image {
            file,
            page_byte_count,
            usable_byte_count,
            page_count,
            spare: Mutex::default(),
        })
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where page `number` begins in the file.
    fn offset(&self, number: u32) -> Result<u64, Odd> {
        let page_byte_count = u64::try_from(self.page_byte_count).map_err(|_| Odd)?;
        // The first page holds the schema, and no tree that is read here.
        if number < 2 || number > self.page_count {
            return Err(Odd);
        }
        let offset = u64::from(number - 1) * page_byte_count;
        if LOCK_BYTE >= offset && LOCK_BYTE - offset < page_byte_count {
            return Err(Odd);
        }
        Ok(offset)
    }
}

/// The last run of pages that was read. Runs grow while most of their pages are asked for, and shrink when few are.
struct Window {
    image: Arc<Image>,
    /// At least as many as the run has.
    bytes: Vec<u8>,
    first: u32,
    count: u32,
    /// How many pages the next run has.
    run: u32,
    most_run: u32,
    last_asked: u32,
    asked_count: u32,
}

impl Window {
    fn new(image: Arc<Image>) -> Window {
        let most_run = u32::try_from(MOST_RUN_BYTES / image.page_byte_count)
            .unwrap_or(1)
            .max(1);
        let bytes = image.spare().pop().unwrap_or_default();
        Window {
            image,
            bytes,
            first: 0,
            count: 0,
            run: 1,
            most_run,
            last_asked: 0,
            asked_count: 0,
        }
    }

    /// The usable bytes of a page.
    fn page(&mut self, number: u32) -> Result<&[u8], Odd> {
        if number.wrapping_sub(self.first) >= self.count {
            self.load(number)?;
        }
        if number != self.last_asked {
            self.last_asked = number;
            self.asked_count += 1;
        }
        self.loaded(number)
    }

    /// A page of the run that was read last.
    fn loaded(&self, number: u32) -> Result<&[u8], Odd> {
        let index = number.wrapping_sub(self.first);
        if index >= self.count {
            return Err(Odd);
        }
        let index = usize::try_from(index).map_err(|_| Odd)?;
        let start = index.checked_mul(self.image.page_byte_count).ok_or(Odd)?;
        self.bytes.get(start..start + self.image.usable_byte_count).ok_or(Odd)
    }

    fn load(&mut self, number: u32) -> Result<(), Odd> {
        let offset = self.image.offset(number)?;
        if self.asked_count * 2 >= self.count {
            self.run = (self.run * 2).min(self.most_run);
        } else if self.asked_count * 4 < self.count {
            self.run = (self.run / 2).max(1);
        }
        self.asked_count = 0;
        self.count = 0;
        let count = self.run.min(self.image.page_count - number + 1);
        let byte_count = usize::try_from(count).map_err(|_| Odd)? * self.image.page_byte_count;
        if self.bytes.len() < byte_count {
            self.bytes.resize(byte_count, 0);
        }
        let run = self.bytes.get_mut(..byte_count).ok_or(Odd)?;
        self.image.file.read_exact_at(run, offset).map_err(|_| Odd)?;
        (self.first, self.count) = (number, count);
        Ok(())
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let mut spare = self.image.spare();
        if !bytes.is_empty() && spare.len() < MOST_SPARE {
            spare.push(bytes);
        }
    }
}

/// Collects the first `needed` bytes of a payload whose beginning is `local`, the rest being in a chain of pages.
fn follow_chain(
    overflow: &mut Window,
    local: &[u8],
    payload: Payload,
    needed: usize,
    bytes: &mut Vec<u8>,
) -> Result<(), Odd> {
    let most_byte_count = u64::from(overflow.image.page_count) * (overflow.image.usable_byte_count as u64);
    if payload.byte_count as u64 > most_byte_count {
        return Err(Odd);
    }
    bytes.clear();
    bytes.extend_from_slice(local);
    let mut next = payload.first_overflow;
    while bytes.len() < needed {
        let page = overflow.page(next)?;
        let (number, content) = page.split_at_checked(4).ok_or(Odd)?;
        next = number.try_into().map(u32::from_be_bytes).map_err(|_| Odd)?;
        let wanted = content.len().min(payload.byte_count - bytes.len());
        bytes.extend_from_slice(&content[..wanted]);
    }
    Ok(())
}
