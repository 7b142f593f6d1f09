//! Handler packages inside a case file: which files of one go with it, and where they are put when the case is opened.
//!
//! A case file may come from anybody: no name in it leads out of the folder that its files are put into.

use std::fs;
use std::path::{Component, Path, PathBuf};

use refold_core::port::handler::HandlerIdentity;
use refold_handlers::package::split_version;
use refold_stores::plain_file;
use serde::{Deserialize, Serialize};

use crate::error::AppError;
use crate::handler;
use crate::kept::{read_text, write_whole};

/// A package of more bytes, or more files, does not go with a case: its hash does.
const MOST_BYTES: u64 = 1 << 20;
const MOST_FILES: usize = 200;
/// Names of files are shorter, and folders in folders fewer.
const MOST_NAME_BYTES: usize = 200;
const MOST_DEPTH: usize = 8;

/// A handler that was used, with its files where they are small.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    pub name: String,
    /// Of the package; empty for a reducer file.
    pub version: String,
    pub hash: String,
    pub engine: String,
    /// The folder or the file that holds it, one of a kind in the case.
    pub folder: String,
    pub is_package: bool,
    /// Empty where they did not go with the case.
    pub files: Vec<CarriedFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedFile {
    /// Names with `/` between them.
    pub path: String,
    pub text: String,
}

impl Carried {
    /// The package or reducer file that `handler` names, opened as `identity`. `known`: what goes with the case already.
    pub fn of<'a>(
        handler: &str,
        identity: &HandlerIdentity,
        known: impl Iterator<Item = &'a Carried> + Clone,
    ) -> Carried {
        let (path, version) = split_version(handler);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files = files_of(&path).unwrap_or_default();
        let is_package = path.is_dir();
        let is_free = |folder: &String| {
            !known
                .clone()
                .any(|other| other.folder == *folder && other.files != files)
        };
        // There are fewer handlers than numbers.
        let folder = (1..)
            .map(|number| {
                if number == 1 {
                    name.clone()
                } else {
                    format!("{number}-{name}")
                }
            })
            .find(is_free);
        Carried {
            name: identity.name.clone(),
            version: version.unwrap_or_default(),
            hash: identity.hash.clone(),
            engine: identity.engine.clone(),
            folder: folder.unwrap_or_default(),
            is_package,
            files,
        }
    }

    /// What the places of a case call it.
    pub fn reference(&self) -> String {
        self.reference_at(Path::new(&self.folder))
    }

    /// What it is called when the case is unpacked in `folder`.
    pub fn unpacked(&self, folder: &Path) -> String {
        self.reference_at(&self.root(folder))
    }

    /// Why its files may not be unpacked.
    pub fn check(&self) -> Result<(), String> {
        let bytes: usize = self.files.iter().map(|file| file.text.len()).sum();
        if self.files.len() > MOST_FILES || bytes as u64 > MOST_BYTES {
            return Err(format!("the handler {} in it is larger than one may be", self.name));
        }
        let unsafe_name = |name: &str| {
            Err(format!(
                "a file of the handler {} in it has an unsafe name: {name:?}",
                self.name
            ))
        };
        if !is_plain(&self.folder) || self.folder.contains('/') {
            return unsafe_name(&self.folder);
        }
        match self.files.iter().find(|file| !is_plain(&file.path)) {
            Some(file) => unsafe_name(&file.path),
            None => Ok(()),
        }
    }

    pub fn unpack(&self, folder: &Path) -> Result<(), AppError> {
        let root = self.root(folder);
        for file in &self.files {
            let target = match self.is_package {
                true => root.join(&file.path),
                false => root.clone(),
            };
            put(&target, file.text.as_bytes())?;
        }
        Ok(())
    }

    fn root(&self, folder: &Path) -> PathBuf {
        let kind = if self.is_package { "handlers" } else { "reducers" };
        folder.join(kind).join(&self.folder)
    }

    fn reference_at(&self, path: &Path) -> String {
        match self.version.as_str() {
            "" => path.display().to_string(),
            version => format!("{}@{version}", path.display()),
        }
    }
}

/// Puts a file there, unless it is there already.
pub fn put(file: &Path, bytes: &[u8]) -> Result<(), AppError> {
    let text = String::from_utf8_lossy(bytes);
    match read_text(file).as_deref() == Some(&*text) {
        true => Ok(()),
        false => write_whole(file, text.as_bytes()),
    }
}

/// Names of ours on every system: no way up, no root, no drive, no device.
fn is_plain(path: &str) -> bool {
    let names: Vec<&str> = path.split('/').collect();
    let is_plain_name = |name: &&str| {
        let is_plain_letter =
            |letter: char| !letter.is_control() && !matches!(letter, '\\' | ':' | '<' | '>' | '|' | '*' | '?' | '"');
        !name.is_empty() && name.len() <= MOST_NAME_BYTES && !name.starts_with('.') && name.chars().all(is_plain_letter)
    };
    let is_relative = Path::new(path)
        .components()
        .all(|component| matches!(component, Component::Normal(_)));
    is_relative && names.len() <= MOST_DEPTH && names.iter().all(is_plain_name)
}

/// The files of a package, or the one file; `None` where they are too large or are no text. What is no regular file and
/// what is hidden is none of a package.
fn files_of(path: &Path) -> Option<Vec<CarriedFile>> {
    let mut found = Vec::new();
    let mut bytes = 0;
    if path.is_dir() {
        collect(path, "", &mut found, &mut bytes)?;
    } else {
        let name = path.file_name()?.to_str()?;
        take(path, name.to_owned(), &mut found, &mut bytes)?;
    }
    found.sort_by(|a: &CarriedFile, b| a.path.cmp(&b.path));
    Some(found)
}

fn collect(folder: &Path, before: &str, found: &mut Vec<CarriedFile>, bytes: &mut u64) -> Option<()> {
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let name = entry.file_name().into_string().ok()?;
        if name.starts_with('.') {
            continue;
        }
        let path = format!("{before}{name}");
        let kind = entry.file_type().ok()?;
        if kind.is_dir() && path.split('/').count() < MOST_DEPTH {
            collect(&entry.path(), &format!("{path}/"), found, bytes)?;
        } else if kind.is_file() {
            take(&entry.path(), path, found, bytes)?;
        }
    }
    Some(())
}

fn take(file: &Path, path: String, found: &mut Vec<CarriedFile>, bytes: &mut u64) -> Option<()> {
    *bytes += fs::metadata(file).ok()?.len();
    if *bytes > MOST_BYTES || found.len() >= MOST_FILES || !is_plain(&path) {
        return None;
    }
    let text = plain_file::read_text(file, MOST_BYTES).ok()?;
    found.push(CarriedFile { path, text });
    Some(())
}

/// Whether a handler is one of packages and files, and not built in.
pub fn is_of_files(handler: &str) -> bool {
    handler != handler::DEFAULT
}
