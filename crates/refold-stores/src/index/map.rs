//! Files of the index mapped into memory: the only `unsafe` of the index.
//!
//! A mapped file that shrinks under its reader kills the process (SIGBUS), and one that is written changes under a
//! `&[u8]`. Neither happens to the files that come here: they are ours, in a folder that only the user may enter,
//! written under another name and renamed when complete, never opened for writing again, and their length is
//! compared with the manifest before they are mapped. The user's store is never mapped.

use std::fs::File;
use std::io;
use std::path::Path;

use memmap2::Mmap;

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
