//! Immutable files in sections, with a checksum for every page.
//!
//! ```text
//! sections, each at a multiple of 8   │ a checksum per 16 KiB page │ section table │ trailer of 40 bytes
//! ```
//! All numbers are little-endian. The trailer's checksum covers the page checksums and the section table, and stands
//! in the manifest: so opening costs one hash of a few kilobytes, and a page is hashed when it is first read. It does
//! not know what the sections mean.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::Mmap;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::error::IndexError;
use super::folder::{Folder, Unfinished};
use super::map::map_exactly;

/// Raised by every change of what files hold; an index of another version is built again.
pub(super) const FORMAT_VERSION: u32 = 4;

const MAGIC: [u8; 8] = *b"refoldix";
const PAGE_BYTES: usize = 16 * 1024;
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
}

impl CheckedWriter {
    pub(super) fn create(folder: &Folder, name: &str) -> Result<CheckedWriter, IndexError> {
        Ok(CheckedWriter {
            name: name.to_owned(),
            file: folder.create(name)?,
            buffer: Vec::with_capacity(WRITE_BYTES),
            written: 0,
            page_checksums: Vec::new(),
            sections: Vec::new(),
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
        for (tag, range) in &self.sections {
            tail.extend_from_slice(&u64::from(*tag).to_le_bytes());
            tail.extend_from_slice(&range.start.to_le_bytes());
            tail.extend_from_slice(&range.end.to_le_bytes());
        }
        tail.extend_from_slice(&MAGIC);
        tail.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        tail.extend_from_slice(&0_u32.to_le_bytes());
        tail.extend_from_slice(&payload_bytes.to_le_bytes());
        tail.extend_from_slice(&(self.sections.len() as u64).to_le_bytes());
        let checksum = xxh3_64(&tail);
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

    /// Called with whole pages, but for the end of the file.
    fn flush(&mut self) -> Result<(), IndexError> {
        for page in self.buffer.chunks(PAGE_BYTES) {
            self.page_checksums.extend_from_slice(&xxh3_64(page).to_le_bytes());
        }
        if !self.buffer.is_empty() {
            self.file.write(&self.buffer)?;
        }
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// One file, mapped. Bytes come out only after their page was verified.
#[derive(Debug)]
pub(super) struct CheckedFile {
    path: PathBuf,
    map: Mmap,
    payload_bytes: usize,
    sections: Vec<(u64, Range<usize>)>,
    /// A bit per page that was verified.
    verified: Vec<AtomicU64>,
}

impl CheckedFile {
    pub(super) fn open(folder: &Folder, stamp: &FileStamp) -> Result<CheckedFile, IndexError> {
        let path = folder.file(&stamp.name);
        let map = map_exactly(&path, stamp.byte_count).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => IndexError::damaged(&path, "a file is missing"),
            std::io::ErrorKind::InvalidData => IndexError::damaged(&path, error.to_string()),
            _ => IndexError::disk("read", &path, error),
        })?;
        let Some((payload_bytes, sections)) = read_tail(&map, stamp.checksum) else {
            return Err(IndexError::damaged(
                &path,
                "the end of the file does not match its checksum",
            ));
        };
        let pages = payload_bytes.div_ceil(PAGE_BYTES);
        let verified = (0..pages.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        Ok(CheckedFile {
            path,
            map,
            payload_bytes,
            sections,
            verified,
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
        if range.start > range.end || range.end > self.payload_bytes {
            return Err(self.damaged("it points outside of a file"));
        }
        if !range.is_empty() {
            for page in range.start / PAGE_BYTES..=(range.end - 1) / PAGE_BYTES {
                if !self.is_verified(page) {
                    self.verify(page)?;
                }
            }
        }
        Ok(&self.map[range])
    }

    /// As [`CheckedFile::bytes`], the eight from `at` on.
    #[inline(always)]
    pub(super) fn word(&self, at: usize) -> Result<[u8; 8], IndexError> {
        let word = self.map.get(at..).and_then(|rest| rest.first_chunk());
        let is_in_one_page = at % PAGE_BYTES <= PAGE_BYTES - 8 && at < self.payload_bytes.saturating_sub(7);
        match word {
            Some(word) if is_in_one_page && self.is_verified(at / PAGE_BYTES) => Ok(*word),
            _ => self.rare_word(at),
        }
    }

    #[cold]
    fn rare_word(&self, at: usize) -> Result<[u8; 8], IndexError> {
        let bytes = self.bytes(at..at.saturating_add(8))?;
        Ok(bytes.try_into().unwrap_or_default()) // eight
    }

    #[inline(always)]
    fn is_verified(&self, page: usize) -> bool {
        let pages = self.verified.get(page / 64);
        pages.is_some_and(|pages| pages.load(Ordering::Relaxed) >> (page % 64) & 1 == 1)
    }

    /// Of the whole file.
    pub(super) fn byte_count(&self) -> u64 {
        self.map.len() as u64
    }

    pub(super) fn damaged(&self, detail: &str) -> IndexError {
        IndexError::damaged(&self.path, detail)
    }

    /// Takes the manifests away, so that the next opening finds nothing and builds again. If that fails, the next
    /// reader of this page is told the same as this one.
    fn disown(&self) {
        let manifests = self.path.parent().map(|folder| MANIFESTS.map(|name| folder.join(name)));
        for path in manifests.into_iter().flatten() {
            let _ = std::fs::remove_file(path);
        }
    }

    #[cold]
    fn verify(&self, page: usize) -> Result<(), IndexError> {
        let start = page * PAGE_BYTES;
        let end = (start + PAGE_BYTES).min(self.payload_bytes);
        let at = self.payload_bytes + page * 8;
        if xxh3_64(&self.map[start..end]).to_le_bytes() != self.map[at..at + 8] {
            self.disown();
            return Err(self.damaged(&format!("the page at byte {start} does not match its checksum")));
        }
        self.verified[page / 64].fetch_or(1 << (page % 64), Ordering::Relaxed);
        Ok(())
    }
}

/// Sections by their number.
type Sections = Vec<(u64, Range<usize>)>;

/// Payload length and sections, if the tail is whole and is the one that the manifest means.
fn read_tail(map: &[u8], expected: u64) -> Option<(usize, Sections)> {
    let trailer_start = map.len().checked_sub(TRAILER_BYTES)?;
    let trailer = &map[trailer_start..];
    let payload_bytes = usize::try_from(u64_at(trailer, 16)?).ok()?;
    let section_count = usize::try_from(u64_at(trailer, 24)?).ok()?;
    let checksum = u64_at(trailer, 32)?;
    let is_ours = trailer[..8] == MAGIC && trailer[8..12] == FORMAT_VERSION.to_le_bytes();
    let tail_bytes = payload_bytes
        .div_ceil(PAGE_BYTES)
        .checked_mul(8)?
        .checked_add(section_count.checked_mul(SECTION_ENTRY_BYTES)?)?
        .checked_add(TRAILER_BYTES)?;
    if !is_ours || checksum != expected || payload_bytes.checked_add(tail_bytes)? != map.len() {
        return None;
    }
    if xxh3_64(&map[payload_bytes..map.len() - 8]) != checksum {
        return None;
    }
    let table = &map[trailer_start - section_count * SECTION_ENTRY_BYTES..trailer_start];
    let sections = table.chunks_exact(SECTION_ENTRY_BYTES).map(|entry| {
        let start = usize::try_from(u64_at(entry, 8)?).ok()?;
        let end = usize::try_from(u64_at(entry, 16)?).ok()?;
        (start <= end && end <= payload_bytes).then_some((u64_at(entry, 0)?, start..end))
    });
    Some((payload_bytes, sections.collect::<Option<_>>()?))
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
