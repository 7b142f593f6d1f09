//! Files of a folder that somebody else made: an anchor, a proof, a report that came to us.
//!
//! Whatever lies there under a name, only a plain file of that folder is opened. A pipe would be waited for, a device never
//! ends, and what a link leads to is no evidence that was handed over.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use refold_audit::anchor::Hash;
use refold_core::work::{Cancelled, Work};
use refold_stores::plain_file::{self, Links, MOST_TEXT_BYTES};
use sha2::{Digest as _, Sha256};

const PIECE_BYTES: usize = 1 << 20;

pub(super) fn open(file: &Path) -> io::Result<File> {
    plain_file::open(file, Links::Refused)
}

/// A small one: a list, a manifest, a signature.
pub(super) fn read(file: &Path) -> io::Result<Vec<u8>> {
    read_up_to(file, MOST_TEXT_BYTES)
}

pub(super) fn read_up_to(file: &Path, most: u64) -> io::Result<Vec<u8>> {
    plain_file::read_opened(open(file)?, most)
}

pub(super) fn read_text(file: &Path) -> io::Result<String> {
    plain_file::text(read(file)?)
}

/// The SHA-256 of all its bytes, or why they cannot be read.
pub(super) fn digest(work: &Work<'_>, file: &Path) -> Result<io::Result<Hash>, Cancelled> {
    let mut opened = match open(file) {
        Ok(opened) => opened,
        Err(error) => return Ok(Err(error)),
    };
    let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE_BYTES]);
    loop {
        work.check()?;
        match opened.read(&mut piece) {
            Ok(0) => return Ok(Ok(hash.finalize().into())),
            // No more than the piece has room for.
            Ok(count) => hash.update(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Ok(Err(error)),
        }
    }
}

#[cfg(test)]
mod tests;
