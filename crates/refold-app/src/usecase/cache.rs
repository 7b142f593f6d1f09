//! The local indexes and copies of payloads in the cache folder: how much they take, and throwing them away. They are
//! made again when a store is looked at. It never looks outside that folder.

mod of_connection;

use std::fs;
use std::path::Path;

use refold_core::port::system::in_words;
use refold_core::work::Work;

use crate::error::{AppError, ErrorCode};
use crate::places::Places;
use crate::text;
use crate::wire::CacheUse;

pub use of_connection::{Held, copy, held, kept_by_others, purge};

pub fn size(work: &Work<'_>, places: &Places) -> Result<CacheUse, AppError> {
    Ok(CacheUse {
        folder: places.cache.display().to_string(),
        size: text::size_label(bytes_below(work, &places.cache)?),
        told: String::new(),
    })
}

/// Leaves the private copies of stores that are in use; those go away when their store is closed.
pub fn clear(work: &Work<'_>, places: &Places) -> Result<CacheUse, AppError> {
    for entry in entries(&places.cache) {
        work.check()?;
        let path = entry.path();
        if path == places.scratch() {
            continue;
        }
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.map_err(|error| {
            let message = format!("cannot clear the cache ({}): {}", in_words(&error), path.display());
            AppError::new(
                ErrorCode::Denied,
                message,
                "close other windows of Refold, then try again",
            )
        })?;
    }
    size(work, places)
}

fn bytes_below(work: &Work<'_>, folder: &Path) -> Result<u64, AppError> {
    let mut bytes = 0_u64;
    for entry in entries(folder) {
        work.check()?;
        // A link is counted as itself and never followed.
        let Ok(about) = entry.path().symlink_metadata() else {
            continue;
        };
        bytes += if about.is_dir() {
            bytes_below(work, &entry.path())?
        } else {
            about.len()
        };
    }
    Ok(bytes)
}

/// None where there is no folder yet, and none of what vanishes meanwhile.
fn entries(folder: &Path) -> impl Iterator<Item = fs::DirEntry> {
    fs::read_dir(folder).into_iter().flatten().flatten()
}

#[cfg(test)]
mod tests;
