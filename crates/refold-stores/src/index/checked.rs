//! Immutable files in sections, with a checksum for every page.
//!
//! ```text
//! sections, each at a multiple of 8   │ a checksum per 16 KiB page │ section table │ trailer of 40 bytes
//! ```
//! All numbers are little-endian. The trailer's checksum covers the page checksums and the section table, and stands
//! in the manifest: so opening costs one hash of a few kilobytes, and a page is hashed when it is first read. It does
//! not know what the sections mean.
//!
//! In a folder with a key each page lies sealed, its tag stands in the place of its checksum, the salt of the file behind
//! the tags, and the trailer's checksum is one that nobody makes without the key.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::error::IndexError;
use super::folder::{Folder, Unfinished};
use super::map::{PAGE_BYTES, Pages, map_exactly};
use super::{arena, ids};
use crate::sealing::{FileKey, Key, SALT_BYTES, TAG_BYTES};

/// Raised by every change of what files hold; an index of another version is built again.
pub(super) const FORMAT_VERSION: u32 = 5;

const MAGIC: [u8; 8] = *b"refoldix";
const CHECKSUM_BYTES: usize = 8;
const TRAILER_BYTES: usize = 40;
const SECTION_ENTRY_BYTES: usize = 24;
/// How much is gathered before it is written; a multiple of the page.
const WRITE_BYTES: usize = 64 * PAGE_BYTES;

/// The files that say which others belong together: of the index, of one that is being built, of the arena, and of the
/// ids.
pub(super) const MANIFESTS: [&str; 4] = ["manifest", "growing-manifest", "arena-manifest", "ids-manifest"];

/// What the manifest keeps of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileStamp {
    pub(super) name: String,
    pub(super) byte_count: u64,
    pub(super) checksum: u64,
}

/// What a section is. The number is written: never reuse one.
pub(super) type SectionTag = u32;

/// Writes one file, section after section.
#[derive(Debug)]
pub(super) struct CheckedWriter {
    name: String,
    file: Unfinished,
    buffer: Vec<u8>,
    /// Bytes given to the file, without those still in `buffer`.
    written: u64,
    page_checksums: Vec<u8>,
    sections: Vec<(SectionTag, Range<u64>)>,
    sealing: Option<(Key, FileKey)>,
}

impl CheckedWriter {
    pub(super) fn create(folder: &Folder, name: &str) -> Result<CheckedWriter, IndexError> {
        let sealing = match folder.key() {
            None => None,
            Some(key) => {
                let file_key = key.new_file();
                let file_key = file_key.map_err(|source| IndexError::disk("write", folder.path(), source))?;
                Some((key.clone(), file_key))
            }
        };
        Ok(CheckedWriter {
            name: name.to_owned(),
            file: folder.create(name)?,
            buffer: Vec::with_capacity(WRITE_BYTES),
            written: 0,
            page_checksums: Vec::new(),
            sections: Vec::new(),
            sealing,
        })
    }

    /// Ends the section before and starts the next.
    pub(super) fn begin(&mut self, tag: SectionTag) -> Result<(), IndexError> {
        self.end_section();
        let padding = self.position().next_multiple_of(8) - self.position();
        self.push(&[0; 8][..padding as usize])?; // less than 8
        let start = self.position();
        self.sections.push((tag, start..start));
        Ok(())
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), IndexError> {
        self.push(bytes)
    }

    pub(super) fn finish(mut self) -> Result<FileStamp, IndexError> {
        self.end_section();
        let payload_bytes = self.position();
        self.flush()?;
        let mut tail = std::mem::take(&mut self.page_checksums);
        if let Some((_, file_key)) = &self.sealing {
            tail.extend_from_slice(&file_key.salt());
        }
        for (tag, range) in &self.sections {
            tail.extend_from_slice(&u64::from(*tag).to_le_bytes());
            tail.extend_from_slice(&range.start.to_le_bytes());
            tail.extend_from_slice(&range.end.to_le_bytes());
        }
        tail.extend_from_slice(&MAGIC);
        tail.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        tail.extend_from_slice(&u32::from(self.sealing.is_some()).to_le_bytes());
        tail.extend_from_slice(&payload_bytes.to_le_bytes());
        tail.extend_from_slice(&(self.sections.len() as u64).to_le_bytes());
        let checksum = checksum_of(self.sealing.as_ref().map(|(key, _)| key), &tail);
        tail.extend_from_slice(&checksum.to_le_bytes());
        self.file.write(&tail)?;
        self.file.finish()?;
        Ok(FileStamp {
            name: self.name,
            byte_count: payload_bytes + tail.len() as u64,
            checksum,
        })
    }

    fn position(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    fn end_section(&mut self) {
        let end = self.position();
        if let Some((_, range)) = self.sections.last_mut() {
            range.end = end;
        }
    }

    fn push(&mut self, mut bytes: &[u8]) -> Result<(), IndexError> {
        while self.buffer.len() + bytes.len() >= WRITE_BYTES {
            let (now, later) = bytes.split_at(WRITE_BYTES - self.buffer.len());
            self.buffer.extend_from_slice(now);
            self.flush()?;
            bytes = later;
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Called with whole pages, but for the end of the file. Whatever comes of it, no page is sealed a second time: twice
    /// under one nonce is once in clear.
    fn flush(&mut self) -> Result<(), IndexError> {
        let flushed = self.seal_and_write();
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        flushed
    }

    fn seal_and_write(&mut self) -> Result<(), IndexError> {
        let first_page = self.written / PAGE_BYTES as u64;
        for (page, number) in self.buffer.chunks_mut(PAGE_BYTES).zip(first_page..) {
            match &self.sealing {
                None => self.page_checksums.extend_from_slice(&xxh3_64(page).to_le_bytes()),
                Some((_, file_key)) => {
                    let tag = file_key.seal(number, page);
                    let tag = tag.map_err(|source| IndexError::disk("write", Path::new(&self.name), source))?;
                    self.page_checksums.extend_from_slice(&tag);
                }
            }
        }
        match self.buffer.is_empty() {
            true => Ok(()),
            false => self.file.write(&self.buffer),
        }
    }
}

/// One file, mapped. Bytes come out only after their page was verified.
#[derive(Debug)]
pub(super) struct CheckedFile {
    path: PathBuf,
    pages: Pages,
    sections: Vec<(u64, Range<usize>)>,
    /// Of a file that is sealed.
    key: Option<FileKey>,
}

impl CheckedFile {
    pub(super) fn open(folder: &Folder, stamp: &FileStamp) -> Result<CheckedFile, IndexError> {
        let path = folder.file(&stamp.name);
        let file = map_exactly(&path, stamp.byte_count).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => IndexError::damaged(&path, "a file is missing"),
            std::io::ErrorKind::InvalidData => IndexError::damaged(&path, error.to_string()),
            _ => IndexError::disk("read", &path, error),
        })?;
        let other = || IndexError::damaged(&path, "the end of the file does not match its checksum");
        let tail = read_tail(&file, stamp.checksum, folder.key()).ok_or_else(other)?;
        let key = folder.key().zip(tail.salt).map(|(key, salt)| key.of_file(salt));
        let pages = match &key {
            None => Pages::mapped(file, tail.payload_bytes),
            Some(_) => {
                Pages::unsealed(file, tail.payload_bytes).map_err(|error| IndexError::disk("read", &path, error))?
            }
        };
        Ok(CheckedFile {
            pages: pages.ok_or_else(other)?,
            sections: tail.sections,
            key,
            path,
        })
    }

    /// Where a section lies. A section that the writer began is always there.
    pub(super) fn section(&self, tag: SectionTag) -> Result<Range<usize>, IndexError> {
        let found = self.sections.iter().find(|(found, _)| *found == u64::from(tag));
        found
            .map(|(_, range)| range.clone())
            .ok_or_else(|| self.damaged("a section is missing"))
    }

    /// Verified bytes. `range` counts from the start of the file.
    #[inline]
    pub(super) fn bytes(&self, range: Range<usize>) -> Result<&[u8], IndexError> {
        match self.pages.bytes(range.clone()) {
            Some(bytes) => Ok(bytes),
            None => self.first_bytes(range),
        }
    }

    #[cold]
    fn first_bytes(&self, range: Range<usize>) -> Result<&[u8], IndexError> {
        let outside = || self.damaged("it points outside of a file");
        if range.start > range.end || range.end > self.pages.byte_count() {
            return Err(outside());
        }
        for page in range.start / PAGE_BYTES..range.end.div_ceil(PAGE_BYTES) {
            if !self.pages.is_right(page) {
                self.verify(page)?;
            }
        }
        self.pages.bytes(range).ok_or_else(outside)
    }

    /// As [`CheckedFile::bytes`], for whatever is large or is passed over once: of a sealed file the bytes are unsealed into
    /// `window`, and nothing of them stays when that is used again or goes.
    pub(super) fn read<'a>(&'a self, range: Range<usize>, window: &'a mut Window) -> Result<&'a [u8], IndexError> {
        let Some(key) = &self.key else {
            return self.bytes(range);
        };
        if range.start > range.end || range.end > self.pages.byte_count() {
            return Err(self.damaged("it points outside of a file"));
        }
        if range.is_empty() {
            return Ok(&[]);
        }
        let pages = range.start / PAGE_BYTES..range.end.div_ceil(PAGE_BYTES);
        window.move_to(key.salt(), &pages);
        let missing = pages.end.saturating_sub(window.pages.end);
        window.clear.reserve_exact(missing * PAGE_BYTES);
        while window.pages.end < pages.end {
            let (page, tag) = self.sealed_page(window.pages.end);
            if !key.unseal_onto(window.pages.end as u64, page, tag, &mut window.clear) {
                return Err(self.disowned(window.pages.end));
            }
            window.pages.end += 1;
        }
        let start = range.start - window.pages.start * PAGE_BYTES;
        let clear = window.clear.get(start..start + range.len());
        clear.ok_or_else(|| self.damaged("it points outside of a file"))
    }

    /// A page as it lies in a sealed file, which has one of this number, and its tag.
    fn sealed_page(&self, page: usize) -> (&[u8], &[u8]) {
        let (file, payload_bytes) = (self.pages.file(), self.pages.byte_count());
        let start = page * PAGE_BYTES;
        let tag = payload_bytes + page * TAG_BYTES;
        (
            &file[start..(start + PAGE_BYTES).min(payload_bytes)],
            &file[tag..tag + TAG_BYTES],
        )
    }

    /// How many pages are held unsealed in memory until the file is closed.
    pub(super) fn pages_held(&self) -> usize {
        self.key.as_ref().map_or(0, |_| self.pages.right_count())
    }

    /// As [`CheckedFile::bytes`], the eight from `at` on.
    #[inline(always)]
    pub(super) fn word(&self, at: usize) -> Result<[u8; 8], IndexError> {
        match self.pages.word(at) {
            Some(word) => Ok(word),
            None => self.rare_word(at),
        }
    }

    #[cold]
    fn rare_word(&self, at: usize) -> Result<[u8; 8], IndexError> {
        let bytes = self.bytes(at..at.saturating_add(8))?;
        Ok(bytes.try_into().unwrap_or_default()) // eight
    }

    /// Of the whole file.
    pub(super) fn byte_count(&self) -> u64 {
        self.pages.file().len() as u64
    }

    pub(super) fn damaged(&self, detail: &str) -> IndexError {
        IndexError::damaged(&self.path, detail)
    }

    /// Takes the manifests of what it is a file of away, so that the next opening finds nothing and builds again. If that
    /// fails, the next reader of this page is told the same as this one.
    fn disown(&self) {
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let manifests: &[&str] = match name {
            // They stand beside the index, which needs neither: of a server that is out of reach nothing is made again.
            _ if arena::owns(name) => &MANIFESTS[2..3],
            _ if ids::owns(name) => &MANIFESTS[3..],
            _ => &MANIFESTS,
        };
        for manifest in manifests {
            let _ = std::fs::remove_file(self.path.with_file_name(manifest));
        }
    }

    #[cold]
    fn verify(&self, page: usize) -> Result<(), IndexError> {
        let is_right = match &self.key {
            None => {
                let (file, payload_bytes) = (self.pages.file(), self.pages.byte_count());
                let start = page * PAGE_BYTES;
                let lying = &file[start..(start + PAGE_BYTES).min(payload_bytes)];
                let at = payload_bytes + page * CHECKSUM_BYTES;
                let is_right = xxh3_64(lying).to_le_bytes() == file[at..at + CHECKSUM_BYTES];
                if is_right {
                    self.pages.mark(page);
                }
                is_right
            }
            Some(key) => {
                let (lying, tag) = self.sealed_page(page);
                key.unseal(page as u64, lying, tag).is_some_and(|clear| {
                    self.pages.fill(page, &clear);
                    true
                })
            }
        };
        match is_right {
            true => Ok(()),
            false => Err(self.disowned(page)),
        }
    }

    #[cold]
    fn disowned(&self, page: usize) -> IndexError {
        self.disown();
        let start = page * PAGE_BYTES;
        self.damaged(&format!("the page at byte {start} does not match its checksum"))
    }
}

/// The pages of a sealed file that were read last, for whoever reads what need not stay: what was passed over is let go, and
/// the memory is used again.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// The salt of the file, which no other has.
    file: [u8; SALT_BYTES],
    pages: Range<usize>,
    clear: Vec<u8>,
}

impl Window {
    /// Memory that is kept for what is read next.
    const KEPT_BYTES: usize = 64 * PAGE_BYTES;

    /// Lets go what is not wanted, so that it holds the first of these pages, all of them, or none at all.
    fn move_to(&mut self, file: [u8; SALT_BYTES], pages: &Range<usize>) {
        let begins = self.file == file && self.pages.contains(&pages.start);
        let is_small = self.clear.len() <= Window::KEPT_BYTES;
        if begins && pages.end <= self.pages.end && is_small {
            return;
        }
        // A pass begins with the page that its last read ended in.
        let passed = if begins {
            pages.start - self.pages.start
        } else {
            self.pages.len()
        };
        self.clear.drain(..(passed * PAGE_BYTES).min(self.clear.len()));
        self.clear.truncate(pages.len() * PAGE_BYTES);
        self.clear.shrink_to(Window::KEPT_BYTES);
        let end = if begins {
            self.pages.end.min(pages.end)
        } else {
            pages.start
        };
        (self.file, self.pages) = (file, pages.start..end);
    }
}

/// Sections by their number.
type Sections = Vec<(u64, Range<usize>)>;

/// What stands behind the pages.
struct Tail {
    payload_bytes: usize,
    sections: Sections,
    /// Of a file that is sealed.
    salt: Option<[u8; SALT_BYTES]>,
}

fn checksum_of(key: Option<&Key>, tail: &[u8]) -> u64 {
    key.map_or_else(|| xxh3_64(tail), |key| key.checksum(tail))
}

/// Payload length and sections, if the tail is whole and is the one that the manifest means.
fn read_tail(file: &[u8], expected: u64, key: Option<&Key>) -> Option<Tail> {
    let trailer_start = file.len().checked_sub(TRAILER_BYTES)?;
    let trailer = &file[trailer_start..];
    let payload_bytes = usize::try_from(u64_at(trailer, 16)?).ok()?;
    let section_count = usize::try_from(u64_at(trailer, 24)?).ok()?;
    let checksum = u64_at(trailer, 32)?;
    let is_sealed = u32::from(key.is_some()).to_le_bytes();
    let is_ours =
        trailer[..8] == MAGIC && trailer[8..12] == FORMAT_VERSION.to_le_bytes() && trailer[12..16] == is_sealed;
    let (page_sum_bytes, salt_bytes) = match key {
        None => (CHECKSUM_BYTES, 0),
        Some(_) => (TAG_BYTES, SALT_BYTES),
    };
    let sum_bytes = payload_bytes.div_ceil(PAGE_BYTES).checked_mul(page_sum_bytes)?;
    let tail_bytes = sum_bytes
        .checked_add(salt_bytes)?
        .checked_add(section_count.checked_mul(SECTION_ENTRY_BYTES)?)?
        .checked_add(TRAILER_BYTES)?;
    if !is_ours || checksum != expected || payload_bytes.checked_add(tail_bytes)? != file.len() {
        return None;
    }
    if checksum_of(key, &file[payload_bytes..file.len() - 8]) != checksum {
        return None;
    }
    let table = &file[trailer_start - section_count * SECTION_ENTRY_BYTES..trailer_start];
    let sections = table.chunks_exact(SECTION_ENTRY_BYTES).map(|entry| {
        let start = usize::try_from(u64_at(entry, 8)?).ok()?;
        let end = usize::try_from(u64_at(entry, 16)?).ok()?;
        (start <= end && end <= payload_bytes).then_some((u64_at(entry, 0)?, start..end))
    });
    let salt_at = payload_bytes + sum_bytes;
    Some(Tail {
        payload_bytes,
        sections: sections.collect::<Option<_>>()?,
        salt: file[salt_at..salt_at + salt_bytes].try_into().ok(),
    })
}

/// The number at byte `at`, if it is there.
#[inline]
pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// The number at byte `at`, if it is there.
#[inline]
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests;
