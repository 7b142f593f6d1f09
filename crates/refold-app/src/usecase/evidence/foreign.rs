//! Files of a folder that somebody else made: an anchor, a proof, a report that came to us.
//!
//! Whatever lies there under a name, only a plain file of that folder is opened. A pipe would be waited for, a device never
//! ends, and what a link leads to is no evidence that was handed over.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use refold_audit::anchor::Hash;
use refold_core::work::{Cancelled, Work};
use sha2::{Digest as _, Sha256};

const PIECE_BYTES: usize = 1 << 20;

pub(super) fn open(file: &Path) -> io::Result<File> {
    let opened = open_without_waiting(file)?;
    match opened.metadata()?.is_file() {
        true => Ok(opened),
        false => Err(no_file()),
    }
}

pub(super) fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(file)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn read_text(file: &Path) -> io::Result<String> {
    String::from_utf8(read(file)?).map_err(|_| io::ErrorKind::InvalidData.into())
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

/// Between a look at the name and the opening the file could become another: the system is told to open no other.
#[cfg(unix)]
fn open_without_waiting(file: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;

    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = File::options()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(file);
    // Of a link and of a socket the system says no more than that.
    let is_odd = |_: &io::Error| {
        let there = file.symlink_metadata();
        there.is_ok_and(|there| !there.is_file())
    };
    opened.map_err(|error| if is_odd(&error) { no_file() } else { error })
}

#[cfg(not(unix))]
fn open_without_waiting(file: &Path) -> io::Result<File> {
    match file.symlink_metadata()?.is_file() {
        true => File::open(file),
        false => Err(no_file()),
    }
}

fn no_file() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "it is no plain file, but a link, a folder, a pipe or a device",
    )
}

#[cfg(test)]
mod tests;
