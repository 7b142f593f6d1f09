//! A user's file, opened for reading and nothing else, whatever adapter reads it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use refold_core::port::store::StoreError;

/// The regular file that `location` stands for.
pub fn resolve(location: &Path) -> Result<PathBuf, StoreError> {
    let path = fs::canonicalize(location).map_err(|error| file_error(location, &error))?;
    let kind = fs::metadata(&path)
        .map_err(|error| file_error(&path, &error))?
        .file_type();
    if kind.is_file() {
        return Ok(path);
    }
    Err(StoreError::NotAFile {
        location: path.display().to_string(),
        is_folder: kind.is_dir(),
    })
}

/// Never waits (a FIFO would) and never becomes a controlling terminal; the access time may move, nothing else does.
pub fn open_read_only(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

pub fn file_error(path: &Path, error: &io::Error) -> StoreError {
    let location = path.display().to_string();
    match error.kind() {
        io::ErrorKind::NotFound => StoreError::Unreachable {
            location,
            detail: "there is no such file".to_owned(),
        },
        io::ErrorKind::PermissionDenied => StoreError::Denied {
            location,
            detail: "you may not read this file; ask its owner".to_owned(),
        },
        _ => StoreError::Driver {
            location,
            detail: error.to_string(),
        },
    }
}
