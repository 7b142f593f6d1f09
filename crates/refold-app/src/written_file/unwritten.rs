//! Why something could not be written to a place that a person named, and what to do about it.
//!
//! The place is his input: where nothing can be written to it, the call is wrong. A disk without room is not.

use std::io::{Error, ErrorKind};
use std::path::Path;

use refold_core::port::system::in_words;

use crate::error::{AppError, ErrorCode};

/// `path`: what was to be written. `folder`: where it was to lie. `noun`: what it is called in a sentence.
pub fn unwritten(path: &Path, folder: &Path, noun: &str, error: &Error) -> AppError {
    let (code, reason, hint) = match error.kind() {
        ErrorKind::NotFound => (
            ErrorCode::InvalidInput,
            format!("there is no folder {}", missing(folder).display()),
            "make this folder first, or choose one that is there",
        ),
        ErrorKind::NotADirectory => (
            ErrorCode::InvalidInput,
            format!("{} is no folder", no_folder(folder).display()),
            "choose a folder that is there",
        ),
        ErrorKind::IsADirectory => (
            ErrorCode::InvalidInput,
            "it is a folder".to_owned(),
            "choose another name",
        ),
        ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => (
            ErrorCode::InvalidInput,
            "there is one of this name already".to_owned(),
            "choose another name",
        ),
        ErrorKind::InvalidFilename => (
            ErrorCode::InvalidInput,
            "it cannot be called so there".to_owned(),
            "choose a shorter or plainer name",
        ),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => (
            ErrorCode::InvalidInput,
            format!("you may not write into {}", folder.display()),
            "choose a folder that you may write into",
        ),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => (
            ErrorCode::Denied,
            "no room is left on the disk".to_owned(),
            "make room there, or choose a folder on another disk; nothing half-written is left behind",
        ),
        // Whatever else a disk can say.
        _ => (
            ErrorCode::Denied,
            in_words(error),
            "choose a folder that is there, can be written to and has room",
        ),
    };
    AppError::new(
        code,
        format!("cannot write the {noun} ({reason}): {}", path.display()),
        hint,
    )
}

/// The first folder on the way to it that is not there.
fn missing(folder: &Path) -> &Path {
    let is_missing = |path: &&Path| !path.as_os_str().is_empty() && path.metadata().is_err();
    folder.ancestors().filter(is_missing).last().unwrap_or(folder)
}

/// What on the way to it is something else than a folder.
fn no_folder(folder: &Path) -> &Path {
    let is_other = |path: &&Path| path.metadata().is_ok_and(|it| !it.is_dir());
    folder.ancestors().find(is_other).unwrap_or(folder)
}
