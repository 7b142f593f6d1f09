//! Folders for what must be made on this machine and thrown away: private copies, an index that may not stay, programs as
//! they were read, evidence that is not whole yet. Each goes with its value; where the process is killed first, it goes
//! when the next of its kind is made in the same place, by whichever process.
//!
//! A folder in use is held by a lock on itself, which ends with the process and leaves nothing beside it. On a file system
//! of several machines such a lock may hold on one of them alone, so the name says which, and only that one clears away.
//! Where there are no such locks nothing is taken for a leftover. This crate must not know what lies in the folders.

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
        Scratch::make(within, prefix, true)
    }

    /// As [`Scratch::private`], for what others may look at once it is whole.
    pub fn shared(within: &Path, prefix: &str) -> io::Result<Scratch> {
        Scratch::make(within, prefix, false)
    }

    fn make(within: &Path, prefix: &str, is_private: bool) -> io::Result<Scratch> {
        clear_left(within, prefix);
        let suffix = suffix();
        let mut builder = tempfile::Builder::new();
        builder.prefix(prefix).suffix(&suffix);
        #[cfg(unix)]
        if is_private {
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        }
        loop {
            let folder = builder.tempdir_in(within)?;
            if let Holding::Held(held) = hold(folder.path())? {
                return Ok(Scratch { folder, _held: held });
            }
            // Somebody took it for a leftover before it was held: there are other names.
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

/// Takes away what killed processes of this user and this machine left of a kind in `within`. What somebody holds stays.
pub fn clear_left(within: &Path, prefix: &str) {
    let suffix = suffix();
    for entry in fs::read_dir(within).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(prefix)
            && name.ends_with(&suffix)
            && is_own_folder(&entry)
            && let Ok(Holding::Held(Some(_held))) = hold(&entry.path())
        {
            // What cannot be taken away is in nobody's way.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// How the names of our folders end: short, for one holds sockets, and as nobody calls a folder of his own. It tells
/// machines apart by a hash of their names (FNV-1a).
fn suffix() -> String {
    #[cfg(unix)]
    let machine = rustix::system::uname().nodename().to_bytes().to_vec();
    #[cfg(not(unix))]
    let machine: Vec<u8> = Vec::new();
    let hash = machine.iter().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    format!(".{hash:08x}~")
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

enum Holding {
    /// As long as the file is kept. `None`: there are no locks here.
    Held(Option<File>),
    /// Somebody else holds it, or it is gone.
    Others,
}

fn hold(folder: &Path) -> io::Result<Holding> {
    let file = match File::open(folder) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Holding::Others),
        // Where folders are not opened, as files are, they cannot be held.
        Err(_) if cfg!(not(unix)) => return Ok(Holding::Held(None)),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        // It may have been taken away between being opened and being held.
        Ok(()) if !folder.is_dir() => Ok(Holding::Others),
        Ok(()) => Ok(Holding::Held(Some(file))),
        Err(TryLockError::WouldBlock) => Ok(Holding::Others),
        Err(TryLockError::Error(_)) => Ok(Holding::Held(None)),
    }
}

#[cfg(test)]
mod tests;
