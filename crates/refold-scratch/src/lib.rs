//! Folders for what must be made on this machine and thrown away: private copies, an index that may not stay, programs as
//! they were read, evidence that is not whole yet. Each goes with its value; where the process is killed first, it goes
//! when the next of its kind is made in the same place, by whichever process.
//!
//! A folder in use is held by a lock on itself, which ends with the process and leaves nothing beside it. Where the file
//! system has no such locks nothing is taken for a leftover. This crate must not know what lies in the folders.

use std::fs::{self, DirEntry, File, TryLockError};
use std::io;
use std::path::Path;

use tempfile::TempDir;

/// A folder that goes when this is dropped.
#[derive(Debug)]
pub struct Scratch {
    // First, because fields are dropped in their order: it is held until it is gone.
    folder: TempDir,
    /// `None`: there are no locks here.
    _held: Option<File>,
}

impl Scratch {
    /// A folder that nobody but the user may look into: of Unix modes it has 0700, elsewhere what folders of its place
    /// have. `prefix` says of what kind it is; leftovers of that kind go.
    pub fn private(within: &Path, prefix: &str) -> io::Result<Scratch> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        Scratch::make(builder, within, prefix)
    }

    /// As [`Scratch::private`], for what others may look at once it is whole.
    pub fn shared(within: &Path, prefix: &str) -> io::Result<Scratch> {
        Scratch::make(tempfile::Builder::new(), within, prefix)
    }

    fn make<'p>(mut builder: tempfile::Builder<'p, 'p>, within: &Path, prefix: &'p str) -> io::Result<Scratch> {
        clear_left(within, prefix);
        loop {
            let folder = builder.prefix(prefix).tempdir_in(within)?;
            let held = match hold(folder.path()) {
                // Somebody took it for a leftover before it was held: there are other names.
                Ok(None) => continue,
                Ok(held) => held,
                Err(_) => None,
            };
            return Ok(Scratch { folder, _held: held });
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes nothing away: what was in the folder has another name now.
    pub fn keep(self) {
        let _ = self.folder.keep();
    }
}

/// Takes away what killed processes of this user left of a kind in `within`. What somebody holds stays.
pub fn clear_left(within: &Path, prefix: &str) {
    for entry in fs::read_dir(within).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(prefix)
            && is_own_folder(&entry)
            && let Ok(Some(_held)) = hold(&entry.path())
        {
            // What cannot be taken away is in nobody's way.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// In a place that all users share, a folder of this name may be anybody's.
fn is_own_folder(entry: &DirEntry) -> bool {
    entry.metadata().is_ok_and(|status| {
        #[cfg(unix)]
        let is_own = std::os::unix::fs::MetadataExt::uid(&status) == rustix::process::geteuid().as_raw();
        #[cfg(not(unix))]
        let is_own = true;
        status.is_dir() && is_own
    })
}

/// Holds a folder as long as the answer is kept. `None`: somebody else holds it, or it is gone.
fn hold(folder: &Path) -> io::Result<Option<File>> {
    let file = match File::open(folder) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        // It may have been taken away between being opened and being held.
        Ok(()) => Ok(folder.is_dir().then_some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests;
