//! By what is seen that somebody wrote to a handler: names, sizes and times of its files. Nothing is opened for it.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// More than a package may hold; what a folder has beyond that is not looked at.
const MOST_FILES: usize = 4_096;
/// What editors, version control and the tools of a language keep beside a handler, and change while nobody writes to it.
const NOT_PART: [&str; 3] = ["__pycache__", "node_modules", "target"];

/// Whether a file or folder of this name is one of those.
pub(crate) fn is_left_over(name: &str) -> bool {
    name.starts_with('.') || NOT_PART.contains(&name)
}

/// How the files of a handler were at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stamp {
    files: BTreeMap<PathBuf, (u64, Option<SystemTime>, u64)>,
}

impl Stamp {
    /// Of a package folder with all below it, or of a bare file. What cannot be read has no files: reading it says why.
    pub fn of(path: &Path) -> Stamp {
        let mut stamp = Stamp::default();
        if !path.is_dir() {
            stamp.take(path, fs::metadata(path).ok());
            return stamp;
        }
        let mut folders = vec![path.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let name = entry.file_name();
                if is_left_over(&name.to_string_lossy()) {
                    continue;
                }
                if stamp.files.len() == MOST_FILES {
                    return stamp;
                }
                match entry.metadata() {
                    Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                    // What a link leads to is what is read. A linked folder is not gone into: it may lead back here.
                    Ok(metadata) if metadata.is_symlink() => stamp.take(&entry.path(), fs::metadata(entry.path()).ok()),
                    metadata => stamp.take(&entry.path(), metadata.ok()),
                }
            }
        }
        stamp
    }

    fn take(&mut self, path: &Path, metadata: Option<Metadata>) {
        if let Some(metadata) = metadata {
            let mark = (metadata.len(), metadata.modified().ok(), number_of(&metadata));
            self.files.insert(path.to_owned(), mark);
        }
    }
}

/// What tells a file apart from another one that took its name and kept its time.
#[cfg(unix)]
fn number_of(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn number_of(_: &Metadata) -> u64 {
    0
}
