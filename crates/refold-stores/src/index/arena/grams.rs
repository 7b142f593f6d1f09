//! The search index of the arena: for each run of four bytes in which blocks of a part it may occur, so that a search
//! reads only the blocks that may hold the needle.
//!
//! ```text
//! part      events of about 36 KiB │ events of about 36 KiB │ …         a block ends where an event ends
//! file      for each of 2^15 hashes of four bytes a row with a bit per block, then the event that ends each block
//! ```
//! A row is as long as one bit of every block, so a search reads a few hundred bytes for each four bytes of its needle,
//! whatever the part holds. The size is 11 % of the bytes by construction. A bit may stand for other four bytes of the
//! same hash: what is found here is looked at again, and nothing is missed. It knows bytes, not needles.

use std::ops::Range;

use refold_core::work::{Cancelled, Work};

use super::Part;
use crate::index::checked::{CheckedFile, CheckedWriter, FileStamp, Window, u32_at};
use crate::index::error::IndexError;
use crate::index::folder::Folder;
use crate::index::packed::BLOCK_ROWS;

/// Needles that are shorter cannot be looked up.
pub(in crate::index) const GRAM_BYTES: usize = 4;

/// A block takes no more events once it holds so many bytes.
const BLOCK_BYTES: usize = if cfg!(test) { 30 } else { 36 * 1024 };
/// Two to this power are the hashes of four bytes. Few in tests, so that hashes collide.
const HASH_BITS: u32 = if cfg!(test) { 7 } else { 15 };
const HASHES: usize = 1 << HASH_BITS;
/// 64 bits of one block, and of one hash.
const WORDS: usize = HASHES / 64;
/// A part of fewer blocks is read as fast as it is looked up, and rows of whole bytes would make its index too large.
const LEAST_BLOCKS: usize = if cfg!(test) { 2 } else { 128 };
/// Of a long needle so many runs of four bytes are looked up.
const MOST_GRAMS: usize = 64;

const ROWS: u32 = 1;
const ENDS: u32 = 2;

/// So much of the bytes of a part its index takes at most, in percent.
pub(super) const SHARE_PERCENT: u128 = 12;

/// Whether a part of so many bytes gets a search index.
pub(super) fn is_worth_it(byte_count: usize) -> bool {
    byte_count >= LEAST_BLOCKS * BLOCK_BYTES
}

/// The search index of one part, opened.
#[derive(Debug)]
pub(in crate::index) struct Grams {
    file: CheckedFile,
    rows_start: usize,
    row_bytes: usize,
    /// For each block the row of the part behind its last event.
    ends: Vec<u32>,
}

impl Grams {
    pub(super) fn open(folder: &Folder, stamp: &FileStamp, part_rows: u32) -> Result<Grams, IndexError> {
        let file = CheckedFile::open(folder, stamp)?;
        let ends = file.bytes(file.section(ENDS)?)?.chunks_exact(4);
        let ends: Vec<u32> = ends.map(|end| u32_at(end, 0).unwrap_or(0)).collect(); // always four bytes
        let row_bytes = ends.len().div_ceil(8);
        let rows = file.section(ROWS)?;
        if !ends.is_sorted() || ends.last() != Some(&part_rows) || rows.len() != HASHES * row_bytes {
            return Err(file.damaged("a search index does not fit its part"));
        }
        Ok(Grams {
            file,
            rows_start: rows.start,
            row_bytes,
            ends,
        })
    }

    pub(super) fn byte_count(&self) -> u64 {
        self.file.byte_count()
    }

    pub(super) fn pages_held(&self) -> usize {
        self.file.pages_held()
    }

    /// Runs of rows that hold all places of any of `forms`, ascending, none longer than about `most_rows`. Each form
    /// must have at least [`GRAM_BYTES`] bytes.
    pub(in crate::index) fn rows_with<'f>(
        &self,
        forms: impl Iterator<Item = &'f [u8]>,
        most_rows: u32,
    ) -> Result<Vec<Range<u32>>, IndexError> {
        let mut found = vec![0; self.row_bytes];
        let mut of_form = Vec::with_capacity(self.row_bytes);
        let mut window = Window::default();
        for form in forms {
            of_form.clear();
            of_form.resize(self.row_bytes, 0xFF);
            for gram in form.windows(GRAM_BYTES).take(MOST_GRAMS) {
                let start = self.rows_start + hash_of(gram) * self.row_bytes;
                let row = self.file.read(start..start + self.row_bytes, &mut window)?;
                of_form.iter_mut().zip(row).for_each(|(bits, row)| *bits &= row);
            }
            found.iter_mut().zip(&of_form).for_each(|(bits, form)| *bits |= form);
        }
        let mut runs: Vec<Range<u32>> = Vec::new();
        let mut start = 0;
        for (block, end) in self.ends.iter().enumerate() {
            if found[block / 8] >> (block % 8) & 1 == 1 {
                match runs.last_mut() {
                    Some(last) if last.end == start && end - last.start <= most_rows => last.end = *end,
                    _ => runs.push(start..*end),
                }
            }
            start = *end;
        }
        Ok(runs)
    }
}

/// Writes the search index of a part. `read` is told how many rows it has read since it was told last.
pub(super) fn write(
    work: &Work<'_>,
    folder: &Folder,
    name: &str,
    part: &Part,
    read: &dyn Fn(u64) -> Result<(), Cancelled>,
) -> Result<FileStamp, IndexError> {
    let (bits, ends) = bits_of_blocks(part, read)?;
    let row_bytes = ends.len().div_ceil(8);
    let mut writer = CheckedWriter::create(folder, name)?;
    writer.begin(ROWS)?;
    let mut rows = vec![0_u8; 64 * row_bytes];
    for word in 0..WORDS {
        work.check()?;
        rows.fill(0);
        for (first_block, blocks) in (0..ends.len()).step_by(64).zip(bits.chunks(64 * WORDS)) {
            let mut square = [0; 64];
            for (lane, block) in square.iter_mut().zip(blocks.chunks_exact(WORDS)) {
                *lane = block[word];
            }
            transpose(&mut square);
            for (row, lane) in rows.chunks_exact_mut(row_bytes).zip(square) {
                let lane = lane.to_le_bytes();
                row[first_block / 8..]
                    .iter_mut()
                    .zip(lane)
                    .for_each(|(byte, bits)| *byte = bits);
            }
        }
        writer.write(&rows)?;
    }
    writer.begin(ENDS)?;
    for end in ends {
        writer.write(&end.to_le_bytes())?;
    }
    writer.finish()
}

/// For each block [`WORDS`] words with a bit per hash that occurs in it, and the row behind its last event.
fn bits_of_blocks(
    part: &Part,
    read: &dyn Fn(u64) -> Result<(), Cancelled>,
) -> Result<(Vec<u64>, Vec<u32>), IndexError> {
    let (mut bits, mut ends) = (Vec::new(), Vec::new());
    let (mut starts, mut window) = (Vec::new(), Window::default());
    let mut block_start = 0;
    for block in 0..part.block_count() {
        part.columns.read_block(&part.file, super::START, block, &mut starts)?;
        for (start, row) in starts.iter().zip(block * BLOCK_ROWS..) {
            if start - block_start >= BLOCK_BYTES as i64 {
                push_block(&mut bits, part.bytes(block_start..*start, &mut window)?);
                ends.push(row as u32); // rows of a part are below 2^18
                block_start = *start;
            }
        }
        read(part.block_rows(block) as u64)?;
    }
    let rest = block_start..part.byte_count() as i64; // a file is far smaller than 2^63
    push_block(&mut bits, part.bytes(rest, &mut window)?);
    ends.push(part.rows);
    Ok((bits, ends))
}

fn push_block(bits: &mut Vec<u64>, bytes: &[u8]) {
    let start = bits.len();
    bits.resize(start + WORDS, 0);
    let block = &mut bits[start..];
    for gram in bytes.windows(GRAM_BYTES) {
        let hash = hash_of(gram);
        block[hash / 64] |= 1 << (hash % 64);
    }
}

/// Below [`HASHES`].
#[inline]
fn hash_of(gram: &[u8]) -> usize {
    let gram = u32_at(gram, 0).map_or(0, u64::from); // always GRAM_BYTES bytes
    (gram.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - HASH_BITS)) as usize // as many bits as are left
}

/// Bit `b` of word `a` becomes bit `a` of word `b`: quarters are swapped, then the quarters of each, down to bits.
fn transpose(square: &mut [u64; 64]) {
    let mut width = 32;
    let mut mask = u64::MAX >> 32;
    while width > 0 {
        for upper in (0..64).filter(|row| row & width == 0) {
            let differing = (square[upper] >> width ^ square[upper + width]) & mask;
            square[upper] ^= differing << width;
            square[upper + width] ^= differing;
        }
        width /= 2;
        mask ^= mask << width;
    }
}

#[cfg(test)]
mod tests;
