//! Where the application keeps what is its own: settings, caches, the sample store. Never beside a user's store.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::AppError;

/// The application's folders. None of them need exist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    pub config: PathBuf,
    pub cache: PathBuf,
    pub data: PathBuf,
    /// A file of masking rules that holds besides those at hand.
    pub mask: Option<PathBuf>,
}

impl Places {
    /// As the system wants it, or all below `REFOLD_HOME` where that is set. `REFOLD_MASK` names a file of masking rules.
    ///
    /// # Errors
    /// For a user without a home. What is in a folder for everybody, whoever likes can have put there.
    pub fn of_user() -> Result<Places, AppError> {
        let places = match home_of_ours(env::var_os("REFOLD_HOME")) {
            Some(home) => Places::below(&home),
            None => Places::of_system(folder)?,
        };
        Ok(Places {
            mask: env::var_os("REFOLD_MASK").map(PathBuf::from),
            ..places
        })
    }

    /// `folder`: that of a variable of the environment.
    fn of_system(folder: impl Fn(&str) -> Option<PathBuf>) -> Result<Places, AppError> {
        let homeless = || {
            AppError::invalid(
                "there is no home folder, in which settings and what can be made again are kept",
                "set HOME or REFOLD_HOME to a folder of your own",
            )
        };
        // Without the variable what the system knows of its user.
        let home = folder("HOME").or_else(|| env::home_dir().filter(|home| home.is_absolute()));
        let home = home.ok_or_else(homeless)?;
        if cfg!(target_os = "macos") {
            let library = home.join("Library");
            let support = library.join("Application Support").join("Refold");
            return Ok(Places {
                config: support.clone(),
                cache: library.join("Caches").join("Refold"),
                data: support,
                mask: None,
            });
        }
        if cfg!(windows) {
            let roaming = folder("APPDATA").ok_or_else(homeless)?.join("Refold");
            let local = folder("LOCALAPPDATA").ok_or_else(homeless)?.join("Refold");
            return Ok(Places {
                config: roaming,
                cache: local.join("cache"),
                data: local,
                mask: None,
            });
        }
        let xdg = |name, fallback: &str| folder(name).unwrap_or_else(|| home.join(fallback)).join("refold");
        Ok(Places {
            config: xdg("XDG_CONFIG_HOME", ".config"),
            cache: xdg("XDG_CACHE_HOME", ".cache"),
            data: xdg("XDG_DATA_HOME", ".local/share"),
            mask: None,
        })
    }

    pub fn below(home: &Path) -> Places {
        Places {
            config: home.join("config"),
            cache: home.join("cache"),
            data: home.join("data"),
            mask: None,
        }
    }

    /// Where private copies of stores that are in use are made.
    pub fn scratch(&self) -> PathBuf {
        self.cache.join("scratch")
    }

    /// Where the mappings of read models on servers are.
    pub fn read_models(&self) -> PathBuf {
        self.config.join("read-models")
    }

    /// Where the drafts of handlers are.
    pub fn drafts(&self) -> PathBuf {
        self.data.join("drafts")
    }

    pub fn sample(&self) -> PathBuf {
        self.data.join("sample")
    }
}

/// `REFOLD_HOME` is set by a person, who may mean the folder that he is in.
fn home_of_ours(variable: Option<OsString>) -> Option<PathBuf> {
    let home = variable.filter(|home| !home.is_empty())?;
    std::path::absolute(home).ok()
}

/// An absolute folder from the environment; relative ones mean nothing to a program started from a menu.
fn folder(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
}

#[cfg(test)]
mod tests;
