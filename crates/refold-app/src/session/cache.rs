//! Where a session keeps its index and what it copies: in the user's cache folder, of a server sealed and in a folder of
//! its own; in memory; or, where nothing can be written to, in a folder that goes with the session.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use refold_core::finding::{Finding, Findings, Severity};
use refold_core::port::store::{EventStore, StoreError};
use refold_core::port::system::in_words;
use refold_scratch::Scratch;
use refold_stores::index::Place;
use refold_stores::sealing::Key;
use sha2::{Digest as _, Sha256};

use crate::connections::keeping::{Keeping, KeptIn};
use crate::connections::{self, Named, Target, server};
use crate::error::{AppError, ErrorCode};
use crate::places::Places;
use crate::sealing_key;
use crate::text;
use crate::wire::{Connection, SavedConnection};

/// A folder of files that are in memory alone.
const MEMORY: &str = "/dev/shm";
/// How folders begin that go with a session.
const KIND: &str = "refold-cache-";
/// Of the user's cache folder: a folder for each server, account and database.
const SERVERS: &str = "servers";

pub(crate) struct Cache {
    kept: PathBuf,
    /// Where is made what goes away again at once.
    scratch: PathBuf,
    own: RwLock<Option<Scratch>>,
    /// What everything in it is sealed with.
    key: Option<Key>,
}

impl Cache {
    pub(super) fn at(kept: &Path) -> Cache {
        Cache {
            scratch: kept.join("scratch"),
            kept: kept.to_owned(),
            own: RwLock::new(None),
            key: None,
        }
    }

    /// As the connection says. What an earlier setting of it left on the disk goes, unless another connection keeps it.
    pub(crate) fn of(target: &Target, said: Spoken<'_>, places: &Places) -> Result<Cache, AppError> {
        let is_file = target.file.is_some();
        match Keeping::of(target.connection.as_ref()).place {
            KeptIn::Disk if is_file => Ok(Cache::at(&places.cache)),
            KeptIn::Disk => Cache::of_server(target, said, places),
            KeptIn::Nothing | KeptIn::Memory => {
                if !is_file {
                    let left = server_folder(target, places)?;
                    if !is_kept(&left, &connections::load(places)?.saved, places) {
                        purge(&left)?;
                    }
                }
                Cache::in_memory(&places.cache)
            }
        }
    }

    /// What is kept of a server on the disk, whatever its connection says by now.
    pub(crate) fn of_server(target: &Target, said: Spoken<'_>, places: &Places) -> Result<Cache, AppError> {
        let said = format!("layout {:?} zone {:?}", said.0, said.1);
        let key = sealing_key::key(places)?.of_part(&server::destination(target)?);
        Ok(Cache {
            kept: server_folder(target, places)?.join(name_of(&said)),
            key: Some(key.of_part(&said)),
            ..Cache::at(&places.cache)
        })
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
            own: RwLock::new(Some(folder)),
            ..Cache::at(kept)
        })
    }

    pub(crate) fn folder(&self) -> PathBuf {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner);
        own.as_ref()
            .map_or_else(|| self.kept.clone(), |own| own.path().to_owned())
    }

    /// Where is made what goes away again at once.
    pub(crate) fn scratch(&self) -> PathBuf {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner);
        own.as_ref()
            .map_or_else(|| self.scratch.clone(), |own| own.path().join("scratch"))
    }

    /// What everything in it is sealed with; `None`: it lies there as it is.
    pub(crate) fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }

    /// Runs with the place where indexes are.
    pub(crate) fn with<T>(&self, run: impl FnOnce(Place<'_>) -> T) -> T {
        let folder = self.folder();
        run(Place {
            folder: &folder,
            key: self.key(),
        })
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

/// The layout and the zone that were said of a store: its rows are other events with others.
pub(crate) type Spoken<'a> = (Option<&'a str>, Option<&'a str>);

/// Where is kept what is kept of a server, a folder for each layout and zone that was said of it.
pub(crate) fn server_folder(target: &Target, places: &Places) -> Result<PathBuf, AppError> {
    let name = name_of(&server::destination(target)?);
    Ok(places.cache.join(SERVERS).join(name))
}

/// A name that says nothing.
fn name_of(text: &str) -> String {
    text::hex(Sha256::digest(text.as_bytes()).get(..16).unwrap_or_default())
}

/// Takes away what is kept of the servers of connections that are no longer as they were, unless one of those that are
/// saved from now on keeps it on the disk.
pub(crate) fn forget(before: &[SavedConnection], after: &[SavedConnection], places: &Places) -> Result<(), AppError> {
    for changed in before.iter().filter(|one| !after.contains(one)) {
        let Some(gone) = folder_of(&changed.connection, places) else {
            continue;
        };
        if !is_kept(&gone, after, places) {
            purge(&gone).map_err(|error| AppError {
                message: format!("nothing was changed: {}", error.message),
                ..error
            })?;
        }
    }
    Ok(())
}

fn is_kept(folder: &Path, saved: &[SavedConnection], places: &Places) -> bool {
    keepers(folder, saved, places).next().is_some()
}

/// The connections among these that keep on the disk what lies in a folder: several may lead to one server.
pub(crate) fn keepers<'a>(
    folder: &'a Path,
    saved: &'a [SavedConnection],
    places: &'a Places,
) -> impl Iterator<Item = &'a str> {
    let keeps = move |one: &&SavedConnection| {
        Keeping::of(Some(&one.connection)).place == KeptIn::Disk
            && folder_of(&one.connection, places).as_deref() == Some(folder)
    };
    saved.iter().filter(keeps).map(|one| &*one.connection.name)
}

/// `None`: it leads to a file, or nowhere.
fn folder_of(connection: &Connection, places: &Places) -> Option<PathBuf> {
    let target = Target::of_named(&Named::As(Box::new(connection.clone())), places).ok()?;
    target.file.is_none().then(|| server_folder(&target, places).ok())?
}

/// Takes away a folder of the cache, where there is one.
pub(crate) fn purge(folder: &Path) -> Result<(), AppError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(AppError::new(
            ErrorCode::Denied,
            format!(
                "what is kept cannot be removed ({}): {}",
                in_words(&error),
                folder.display()
            ),
            "close other windows of Refold, then try again",
        )),
        _ => Ok(()),
    }
}

/// Opens a file, in another folder for what must be made of it where that of the user cannot be written to.
pub(super) fn opened_file(
    open: impl Fn(PathBuf) -> Result<Arc<dyn EventStore>, StoreError>,
    places: &Places,
    notices: &Findings,
) -> Result<Arc<dyn EventStore>, StoreError> {
    let scratch = places.scratch();
    match usable(&scratch).and_then(|()| open(scratch.clone())) {
        Err(StoreError::Scratch { detail, .. }) => {
            let instead = temporary();
            notices.report(no_cache(&detail, &places.cache, instead.as_deref()));
            open(instead.unwrap_or(scratch))
        }
        opened => opened,
    }
}

/// Fails where nothing can be made in this folder.
fn usable(scratch: &Path) -> Result<(), StoreError> {
    let made = std::fs::create_dir_all(scratch).and_then(|()| tempfile::tempfile_in(scratch));
    made.map(drop).map_err(|error| StoreError::Scratch {
        location: scratch.display().to_string(),
        detail: in_words(&error),
    })
}

/// The code of the finding that nothing can be kept.
pub(super) const NO_CACHE: &str = "no-cache";

pub(super) fn no_cache(why: &str, kept: &Path, instead: Option<&Path>) -> Finding {
    let consequence = match instead {
        Some(instead) => format!(
            "what is needed is made in {} and thrown away afterwards",
            instead.display()
        ),
        None => "nor is there another folder to write to, so only what needs none can be done".to_owned(),
    };
    Finding {
        code: NO_CACHE,
        severity: Severity::Notice,
        stream: None,
        version: None,
        position: None,
        detail: format!("nothing can be kept in {} ({why}): {consequence}", kept.display()),
    }
}

/// A folder in which something can be made that is thrown away: where disks are read-only, memory is left.
fn temporary() -> Option<PathBuf> {
    temporaries().find(|folder| tempfile::tempfile_in(folder).is_ok())
}

fn temporaries() -> impl Iterator<Item = PathBuf> {
    [std::env::temp_dir(), PathBuf::from(MEMORY)].into_iter()
}

/// Takes away what killed processes left among the system's temporary folders. The next session may find room again in
/// the cache of the user, so it is not left to one that needs such a folder itself.
pub(super) fn clear_left() {
    for folder in temporaries() {
        refold_scratch::clear_left(&folder, KIND);
    }
}
