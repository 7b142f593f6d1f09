//! The files that a person asks for: a drawing, a table. They appear whole or not at all, and never in the place of
//! something that is not their like: a store, or any other file that is there already, stays as it is.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

use crate::error::{AppError, ErrorCode};

/// A kind of file of ours.
pub struct Own {
    /// `drawing`, `table`: what it is called in a sentence.
    pub noun: &'static str,
    /// How each of them begins, white space aside.
    pub begins_with: &'static [u8],
}

/// Writes `bytes` to `file`, over an earlier file of the same kind or where nothing is.
pub fn write(file: &Path, bytes: &[u8], kind: &Own) -> Result<(), AppError> {
    let noun = kind.noun;
    if let Some(reason) = why_not_over(file, kind) {
        let message = format!("the {noun} is not written: {reason}: {}", file.display());
        return Err(AppError::invalid(
            message,
            format!("choose another name for the {noun}"),
        ));
    }
    let failed = |error: std::io::Error| {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such folder".to_owned(),
            other => other.to_string(),
        };
        let message = format!("cannot write the {noun} ({reason}): {}", file.display());
        AppError::new(
            ErrorCode::Denied,
            message,
            "choose a folder that exists and can be written to",
        )
    };
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    new.write_all(bytes).map_err(failed)?;
    let kept = if file.exists() {
        new.persist(file)
    } else {
        // Whoever was quicker keeps what he wrote.
        new.persist_noclobber(file)
    };
    kept.map(drop).map_err(|error| failed(error.error))
}

/// Why nothing may be written to this path; `None` where it is free, or holds an earlier file of the kind.
fn why_not_over(file: &Path, kind: &Own) -> Option<String> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if ["-wal", "-shm", "-journal"].iter().any(|end| name.ends_with(end)) {
        return Some("a database would take a file of that name for its own".to_owned());
    }
    if file.symlink_metadata().is_err() {
        return None;
    }
    let mut head = Vec::new();
    // Looked at first: opening a pipe would wait for its other end.
    let is_read = file.is_file()
        && File::open(file)
            .and_then(|it| it.take(512).read_to_end(&mut head))
            .is_ok();
    let is_own = is_read && head.trim_ascii_start().starts_with(kind.begins_with);
    (!is_own).then(|| format!("what is there is no {}", kind.noun))
}

#[cfg(test)]
mod tests;
