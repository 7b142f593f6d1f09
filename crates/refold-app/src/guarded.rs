//! Files that hold what a person made and nobody can make again: settings, notes, saved searches.
//!
//! A file is replaced whole or not at all, and one process changes it at a time. It must not know what is in them.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use refold_core::port::system::in_words;
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};

use crate::error::{AppError, ErrorCode};
use crate::kept::write_whole;

/// What a file holds; `None` where there is none. One that is there and cannot be read is a failure: nothing may be
/// written over it.
pub fn read(file: &Path) -> Result<Option<String>, AppError> {
    match plain_file::read_text(file, MOST_TEXT_BYTES) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(failed("read", file, &error)),
    }
}

/// Changes a file while no other process does: `change` gets what it holds and answers what it shall hold, beside what
/// the caller wants to know.
pub fn change<T>(
    file: &Path,
    change: impl FnOnce(Option<String>) -> Result<(String, T), AppError>,
) -> Result<T, AppError> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let lock = file.with_extension("lock");
    fs::create_dir_all(folder).map_err(|error| failed("make the folder of", file, &error))?;
    let held = File::options().create(true).truncate(false).write(true).open(&lock);
    let held = held.map_err(|error| failed("lock", file, &error))?;
    // Let go of when it is closed, also by a process that is killed.
    held.lock().map_err(|error| failed("lock", file, &error))?;
    let (text, answer) = change(read(file)?)?;
    if text.len() as u64 > MOST_TEXT_BYTES {
        // Else it could never be read again.
        return Err(AppError::invalid(
            format!(
                "nothing is kept: it would be more than {}: {}",
                refold_core::count::exact_size(MOST_TEXT_BYTES),
                file.display()
            ),
            "take away what is kept there and not wanted any more",
        ));
    }
    write_whole(file, &text)?;
    Ok(answer)
}

fn failed(what: &str, file: &Path, error: &io::Error) -> AppError {
    let message = format!("cannot {what} what is kept ({}): {}", in_words(error), file.display());
    if error.kind() == ErrorKind::InvalidData {
        return AppError::invalid(message, "write that file as text in UTF-8, or move it away");
    }
    if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::FileTooLarge) {
        return AppError::invalid(message, "make it a plain file of text again, or move it away");
    }
    AppError::new(
        ErrorCode::Denied,
        message,
        "make the file and its folder readable and writable, or set REFOLD_HOME to another folder",
    )
}

#[cfg(all(test, unix))]
mod tests;
