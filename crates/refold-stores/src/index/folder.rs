//! The folder of one index: its path, its lock, and files that appear whole or not at all.
//!
//! It knows names and bytes, not what is in them.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::error::IndexError;
use crate::sealing::Key;

const LOCK: &str = "lock";
const UNFINISHED: &str = ".part";

/// Where indexes are kept.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub folder: &'a Path,
    /// What everything in it is sealed with; `None`: it lies there as it is.
    pub key: Option<&'a Key>,
}

impl<'a, P: AsRef<Path> + ?Sized> From<&'a P> for Place<'a> {
    fn from(folder: &'a P) -> Place<'a> {
        Place {
            folder: folder.as_ref(),
            key: None,
        }
    }
}

/// The folder of the index of one store.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
    /// Its own: what lies in another folder cannot be read with it.
    key: Option<Key>,
    #[cfg(test)]
    fuse: Option<fuse::Fuse>,
}

impl Folder {
    /// `cache` is the application's cache folder; `identity` names the store. Nothing is created.
    pub(super) fn of<'a>(cache: impl Into<Place<'a>>, identity: &str) -> Folder {
        let cache = cache.into();
        let name = format!("{:032x}", xxhash_rust::xxh3::xxh3_128(identity.as_bytes()));
        Folder {
            path: cache.folder.join(name),
            key: cache.key.map(|key| key.of_part(identity)),
            #[cfg(test)]
            fuse: None,
        }
    }

    /// Whether the folder of some index is called so.
    pub(super) fn is_named(name: &std::ffi::OsStr) -> bool {
        let name = name.as_encoded_bytes();
        name.len() == 32 && name.iter().all(u8::is_ascii_hexdigit)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Creates the folder, readable by its owner alone, and takes it for writing until the lock is dropped.
    pub(super) fn lock(&self) -> Result<FolderLock, IndexError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&self.path)
            .map_err(|source| IndexError::disk("create", &self.path, source))?;
        let path = self.file(LOCK);
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|source| IndexError::disk("lock", &path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(FolderLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(IndexError::Busy {
                path: self.path.display().to_string(),
            }),
            Err(TryLockError::Error(source)) => Err(IndexError::disk("lock", &path, source)),
        }
    }

    /// Starts a file that gets its name only by [`Unfinished::finish`].
    pub(super) fn create(&self, name: &str) -> Result<Unfinished, IndexError> {
        self.spend(&self.path)?;
        let temporary = self.file(&format!("{name}{UNFINISHED}"));
        let mut options = File::options();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&temporary);
        let file = file.map_err(|source| IndexError::disk("write", &temporary, source))?;
        Ok(Unfinished {
            folder: self.clone(),
            file,
            temporary,
            path: self.file(name),
        })
    }

    /// Reads a small file; `None` when there is none.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, IndexError> {
        let path = self.file(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(IndexError::disk("read", &path, source)),
        }
    }

    /// Removes every file but the lock and those that `keeps` names: what a killed process or an older index left.
    /// A file that cannot be removed (still mapped, on Windows) is left for the next time.
    pub(super) fn remove_all_but(&self, keeps: impl Fn(&str) -> bool) -> Result<(), IndexError> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(IndexError::disk("read", &self.path, source)),
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let is_kept = name.to_str().is_some_and(|name| name == LOCK || keeps(name));
            if !is_kept {
                self.spend(&self.path)?;
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }

    /// Tests let writing fail after a number of operations, as a kill or a full disk would.
    #[cfg(test)]
    fn spend(&self, path: &Path) -> Result<(), IndexError> {
        match &self.fuse {
            Some(fuse) => fuse.spend().map_err(|source| IndexError::disk("write", path, source)),
            None => Ok(()),
        }
    }

    #[cfg(not(test))]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "its twin in tests can fail"
    )]
    fn spend(&self, _path: &Path) -> Result<(), IndexError> {
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn with_fuse(mut self, operations: u32) -> Folder {
        self.fuse = Some(fuse::Fuse::new(operations));
        self
    }
}

/// Held while files are written. Dropping it lets the next writer in.
#[derive(Debug)]
pub(super) struct FolderLock {
    _file: File,
}

/// A file that is being written and has no name yet.
#[derive(Debug)]
pub(super) struct Unfinished {
    folder: Folder,
    file: File,
    temporary: PathBuf,
    path: PathBuf,
}

impl Unfinished {
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), IndexError> {
        self.folder.spend(&self.temporary)?;
        self.file
            .write_all(bytes)
            .map_err(|source| IndexError::disk("write", &self.temporary, source))
    }

    /// Gives the file its name, replacing what had it.
    pub(super) fn finish(self) -> Result<(), IndexError> {
        self.folder.spend(&self.path)?;
        drop(self.file);
        fs::rename(&self.temporary, &self.path).map_err(|source| IndexError::disk("write", &self.path, source))
    }
}

#[cfg(test)]
mod fuse {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Lets so many operations through, then none.
    #[derive(Debug, Clone)]
    pub(super) struct Fuse(Arc<AtomicU32>);

    impl Fuse {
        pub(super) fn new(operations: u32) -> Fuse {
            Fuse(Arc::new(AtomicU32::new(operations)))
        }

        pub(super) fn spend(&self) -> io::Result<()> {
            let spent = self
                .0
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            spent.map(drop).map_err(|_| io::Error::other("the fuse is blown"))
        }
    }
}
