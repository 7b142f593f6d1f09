//! Files that are read whole: what a person keeps, names or was given, other than the store itself.
//!
//! Whatever lies there under a name, only a plain file of a bounded size is read. A pipe would be waited for, a device never
//! ends, and a store that was named by mistake would fill the memory. It must not know what is in them.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

/// No text that a person writes or keeps has more bytes.
pub const MOST_TEXT_BYTES: u64 = 8 << 20;

/// What is done with the last part of a path where it is a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    Followed,
    Refused,
}

/// Opens a plain file for reading, and never waits.
pub fn open(file: &Path, links: Links) -> io::Result<File> {
    let opened = open_without_waiting(file, links)?;
    let found = opened.metadata()?;
    match links {
        _ if found.is_file() => Ok(opened),
        Links::Followed if found.is_dir() => Err(ErrorKind::IsADirectory.into()),
        _ => Err(not_plain(links)),
    }
}

/// All of a file that has `most` bytes or less.
pub fn read(file: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_opened(open(file, Links::Followed)?, most)
}

/// As [`read`], of a text.
pub fn read_text(file: &Path, most: u64) -> io::Result<String> {
    text(read(file, most)?)
}

/// As [`read`], of a file that is open.
pub fn read_opened(file: File, most: u64) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    if length > most {
        return Err(too_large(most));
    }
    // All of it fits in from the start: what is secret is not left behind by a text that grows.
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default().saturating_add(1));
    // One more than it may have: that its length was looked at says nothing of how it is now.
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(too_large(most)),
        false => Ok(bytes),
    }
}

/// What was read, as the text that it is.
pub fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is no text in UTF-8"))
}

/// Between a look at the name and the opening the file could become another: the system is told to open no other.
#[cfg(unix)]
fn open_without_waiting(file: &Path, links: Links) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;

    let flags = match links {
        Links::Followed => OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC,
        Links::Refused => OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC,
    };
    let opened = File::options()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(file);
    // Of a link and of a socket the system says no more than that.
    let is_odd = |_: &io::Error| {
        let there = match links {
            Links::Followed => file.metadata(),
            Links::Refused => file.symlink_metadata(),
        };
        there.is_ok_and(|there| !there.is_file() && (links == Links::Refused || !there.is_dir()))
    };
    opened.map_err(|error| if is_odd(&error) { not_plain(links) } else { error })
}

#[cfg(not(unix))]
fn open_without_waiting(file: &Path, links: Links) -> io::Result<File> {
    let found = match links {
        Links::Followed => file.metadata()?,
        Links::Refused => file.symlink_metadata()?,
    };
    match found.is_file() {
        true => File::open(file),
        false => Err(not_plain(links)),
    }
}

fn not_plain(links: Links) -> io::Error {
    let said = match links {
        Links::Followed => "it is no plain file, but a folder, a pipe or a device",
        Links::Refused => "it is no plain file, but a link, a folder, a pipe or a device",
    };
    io::Error::new(ErrorKind::InvalidInput, said)
}

fn too_large(most: u64) -> io::Error {
    io::Error::new(
        ErrorKind::FileTooLarge,
        format!(
            "it is larger than {}, the most that is read of such a file",
            refold_core::count::exact_size(most)
        ),
    )
}

#[cfg(all(test, unix))]
mod tests;
