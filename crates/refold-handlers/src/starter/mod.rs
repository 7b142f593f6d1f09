//! A starter package, made from the events that a store holds.
//!
//! It lists every type with its fields and their kinds as comments, and guesses a first operation for each by its name.
//! The guess loads, and folds the events that it was made from without a fault; what it means is for a person to say.
//!
//! It must not know stores: what one holds it is told.

mod guess;
mod sighting;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

pub use sighting::{Kinds, TypeSighting};

use crate::package::MANIFEST;

/// The most event types that are listed; more are counted.
const MAX_TYPES: usize = 1_000;

/// YAML takes no longer text for a key, with its quotes and escapes.
const MAX_KEY_LETTERS: usize = 1_000;

/// What was seen of the events of a category.
#[derive(Debug, Default)]
pub struct Starter {
    types: BTreeMap<String, TypeSighting>,
    /// Events of types that were too many to list, or whose name is no UTF-8 or too long.
    unlisted: u64,
}

/// A file of the package: its path with forward slashes, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StarterFile {
    pub path: &'static str,
    pub text: String,
}

impl Starter {
    /// Takes note of one event. `payload` is `None` where the store holds none, or none that is JSON by its encoding.
    pub fn observe(&mut self, event_type: &[u8], payload: Option<&[u8]>) {
        let is_full = self.types.len() >= MAX_TYPES;
        match std::str::from_utf8(event_type) {
            Ok(name) if write::is_key(name) && (!is_full || self.types.contains_key(name)) => {
                self.types.entry(name.to_owned()).or_default().observe(payload);
            }
            _ => self.unlisted += 1,
        }
    }

    pub fn types(&self) -> &BTreeMap<String, TypeSighting> {
        &self.types
    }

    /// The files of a package of that name, which is shortened to what a name may be.
    pub fn files(&self, name: &str) -> Vec<StarterFile> {
        let name = write::package_name(name);
        vec![
            StarterFile {
                path: MANIFEST,
                text: write::manifest(&name),
            },
            StarterFile {
                path: "versions/0.1.0/reducer.yaml",
                text: write::reducer(self, &name),
            },
        ]
    }

    /// Writes the package to `folder`, which must be empty or not be there yet: whole, or not at all.
    pub fn write_new(&self, folder: &Path, name: &str) -> io::Result<()> {
        let was_there = folder.is_dir();
        fs::create_dir_all(folder)?;
        if fs::read_dir(folder)?.next().is_some() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the folder is not empty"));
        }
        let folder = folder.canonicalize()?;
        let (Some(parent), Some(last)) = (folder.parent(), folder.file_name()) else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is no folder of its own",
            ));
        };
        let unfinished = parent.join(format!(".{}.{}.new", last.to_string_lossy(), std::process::id()));
        let written = self.write_files(&unfinished, name).and_then(|()| {
            fs::remove_dir(&folder)?;
            fs::rename(&unfinished, &folder)
        });
        // What could not be finished goes; why it could not is what is told.
        written.inspect_err(|_| {
            drop(fs::remove_dir_all(&unfinished));
            if !was_there {
                drop(fs::remove_dir(&folder));
            }
        })
    }

    fn write_files(&self, folder: &Path, name: &str) -> io::Result<()> {
        fs::create_dir(folder)?;
        for file in self.files(name) {
            let path = folder.join(file.path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let mut written = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
            written.write_all(file.text.as_bytes())?;
            written.sync_all()?;
        }
        Ok(())
    }
}
