//! Where a session keeps its index: in the user's cache folder, or, where that cannot be written to, in a folder of its
//! own that goes with it.

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use refold_core::port::system::in_words;
use refold_scratch::Scratch;

use crate::error::{AppError, ErrorCode};

/// A folder of files that are in memory alone.
const MEMORY: &str = "/dev/shm";
/// How folders begin that go with a session.
const KIND: &str = "refold-cache-";

pub(crate) struct Cache {
    kept: PathBuf,
    own: RwLock<Option<Scratch>>,
}

impl Cache {
    pub(super) fn at(kept: &Path) -> Cache {
        Cache {
            kept: kept.to_owned(),
            own: RwLock::new(None),
        }
    }

    /// In a folder that lies in memory and goes with the session; nothing of the store's events is put on a disk.
    pub(crate) fn in_memory(kept: &Path) -> Result<Cache, AppError> {
        let folder = Scratch::private(Path::new(MEMORY), KIND);
        let folder = folder.map_err(|error| {
            AppError::new(
                ErrorCode::Denied,
                format!("the index of this connection is to be kept in memory, and that is not possible here ({}): {MEMORY}", in_words(&error)),
                "set its cache to disk",
            )
        })?;
        Ok(Cache {
            kept: kept.to_owned(),
            own: RwLock::new(Some(folder)),
        })
    }

    pub(crate) fn folder(&self) -> PathBuf {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner);
        own.as_ref()
            .map_or_else(|| self.kept.clone(), |own| own.path().to_owned())
    }

    /// From now on a folder among the system's temporary ones is used. `None` where that is so already, or where there
    /// cannot be one.
    pub(super) fn leave(&self) -> Option<PathBuf> {
        let mut own = self.own.write().unwrap_or_else(PoisonError::into_inner);
        if own.is_some() {
            return None;
        }
        let folder = Scratch::private(&temporary()?, KIND).ok()?;
        let path = folder.path().to_owned();
        *own = Some(folder);
        Some(path)
    }
}

/// A folder in which something can be made that is thrown away: where disks are read-only, memory is left.
pub(super) fn temporary() -> Option<PathBuf> {
    let candidates = [std::env::temp_dir(), PathBuf::from(MEMORY)];
    candidates
        .into_iter()
        .find(|folder| tempfile::tempfile_in(folder).is_ok())
}
