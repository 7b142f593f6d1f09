//! Files of the index mapped into memory: the only `unsafe` of the index.
//!
//! A mapped file that shrinks under its reader kills the process (SIGBUS), and one that is written changes under a
//! `&[u8]`. Neither happens to the files that come here: they are ours, in a folder that only the user may enter,
//! written under another name and renamed when complete, never opened for writing again, and their length is
//! compared with the manifest before they are mapped. The user's store is never mapped.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use memmap2::{Mmap, MmapMut, MmapRaw};

/// What is known to be right, or is sealed, at once.
pub(super) const PAGE_BYTES: usize = 16 * 1024;

/// Maps a whole file read-only, if it has exactly `byte_count` bytes.
pub(super) fn map_exactly(path: &Path, byte_count: u64) -> io::Result<Mmap> {
    let file = File::open(path)?;
    let found = file.metadata()?.len();
    if found != byte_count {
        let detail = format!("{found} bytes instead of {byte_count}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, detail));
    }
    // SAFETY: see the module header: the file is immutable for as long as it is mapped.
    unsafe { Mmap::map(&file) }
}

/// The content of a file in pages, each of which can be read once it is known to be right: where it lies in the file, or,
/// of a sealed file, in memory of our own that it is unsealed into.
#[derive(Debug)]
pub(super) struct Pages {
    /// Where `place` is; kept beside it so that a read need not look which it is.
    start: AtomicPtr<u8>,
    byte_count: usize,
    /// A bit per page that is right.
    right: Vec<AtomicU64>,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Mapped(Mmap),
    Unsealed {
        file: Mmap,
        clear: MmapRaw,
        filling: Mutex<()>,
    },
}

impl Pages {
    /// The first `byte_count` bytes of a file; `None`: it has fewer.
    pub(super) fn mapped(file: Mmap, byte_count: usize) -> Option<Pages> {
        let is_there = byte_count <= file.len();
        is_there.then(|| Pages::at(Place::Mapped(file), byte_count))
    }

    /// As [`Pages::mapped`], of a file whose pages are sealed: they are given one by one.
    pub(super) fn unsealed(file: Mmap, byte_count: usize) -> io::Result<Option<Pages>> {
        if byte_count > file.len() {
            return Ok(None);
        }
        let clear = MmapRaw::from(MmapMut::map_anon(byte_count.max(1))?);
        let place = Place::Unsealed {
            file,
            clear,
            filling: Mutex::default(),
        };
        Ok(Some(Pages::at(place, byte_count)))
    }

    fn at(place: Place, byte_count: usize) -> Pages {
        let start = match &place {
            Place::Mapped(file) => file.as_ptr().cast_mut(),
            Place::Unsealed { clear, .. } => clear.as_mut_ptr(),
        };
        let pages = byte_count.div_ceil(PAGE_BYTES);
        Pages {
            start: AtomicPtr::new(start),
            byte_count,
            right: (0..pages.div_ceil(64)).map(|_| AtomicU64::new(0)).collect(),
            place,
        }
    }

    /// The whole file as it lies on the disk.
    pub(super) fn file(&self) -> &[u8] {
        match &self.place {
            Place::Mapped(file) | Place::Unsealed { file, .. } => file,
        }
    }

    pub(super) fn byte_count(&self) -> usize {
        self.byte_count
    }

    #[inline(always)]
    pub(super) fn is_right(&self, page: usize) -> bool {
        let pages = self.right.get(page / 64);
        pages.is_some_and(|pages| pages.load(Ordering::Acquire) >> (page % 64) & 1 == 1)
    }

    /// How many pages are right.
    pub(super) fn right_count(&self) -> usize {
        let pages = self.right.iter().map(|pages| pages.load(Ordering::Acquire));
        pages.map(|pages| pages.count_ones() as usize).sum()
    }

    /// Says that a page that lies in the file is right.
    pub(super) fn mark(&self, page: usize) {
        if let (Some(pages), Place::Mapped(_)) = (self.right.get(page / 64), &self.place) {
            pages.fetch_or(1 << (page % 64), Ordering::Release);
        }
    }

    /// Gives the content of a page that was sealed; whoever else does so at the same time gives the same.
    pub(super) fn fill(&self, page: usize, content: &[u8]) {
        let Place::Unsealed { clear, filling, .. } = &self.place else {
            return;
        };
        let start = page * PAGE_BYTES;
        let fits = start < self.byte_count && content.len() == PAGE_BYTES.min(self.byte_count - start);
        assert!(fits, "a page is given whole");
        let _filling = filling.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_right(page) {
            return;
        }
        // SAFETY: the page lies inside of the memory, which is ours; nobody reads it before its bit is set below, and
        // nobody writes it once that is, since both happen while the lock is held.
        unsafe {
            std::ptr::copy_nonoverlapping(content.as_ptr(), clear.as_mut_ptr().add(start), content.len());
        }
        if let Some(pages) = self.right.get(page / 64) {
            pages.fetch_or(1 << (page % 64), Ordering::Release);
        }
    }

    /// The bytes of pages that are right; `None` where one of them is not, or where there are no such bytes.
    #[inline]
    pub(super) fn bytes(&self, range: Range<usize>) -> Option<&[u8]> {
        if range.start > range.end || range.end > self.byte_count {
            return None;
        }
        if range.is_empty() {
            return Some(&[]);
        }
        let pages = range.start / PAGE_BYTES..=(range.end - 1) / PAGE_BYTES;
        for page in pages {
            if !self.is_right(page) {
                return None;
            }
        }
        // SAFETY: the range lies inside of the mapping, which lives as long as `self`. Its pages are right, so nobody
        // writes to them any more: see `fill` and the module header.
        Some(unsafe { std::slice::from_raw_parts(self.start.load(Ordering::Relaxed).add(range.start), range.len()) })
    }

    /// The eight bytes from `at` on, where they lie in one page that is right.
    #[inline(always)]
    pub(super) fn word(&self, at: usize) -> Option<[u8; 8]> {
        let is_in_one_page = at % PAGE_BYTES <= PAGE_BYTES - 8 && at < self.byte_count.saturating_sub(7);
        if !is_in_one_page || !self.is_right(at / PAGE_BYTES) {
            return None;
        }
        // SAFETY: as in `bytes`; the eight bytes lie before the end.
        Some(unsafe { self.start.load(Ordering::Relaxed).add(at).cast::<[u8; 8]>().read() })
    }
}
