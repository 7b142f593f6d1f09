//! Drafts of handlers: a version of a package that a person writes on in the window.
//!
//! A draft is a package of its own, below the folder of the application's data: the files of the version that it was made
//! of, and what of the user's package stands beside them. So whatever takes a handler takes a draft, and nothing is written
//! to the user's package until a person asks for a new version there ([`publish`]). It must not know how a face shows it.

mod files;
mod follow;
mod manifest;
mod own;
mod publish;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use refold_core::port::system::in_words;
use refold_handlers::package::{MANIFEST, Package, split_version};
use refold_handlers::story;
use refold_stores::plain_file;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use own::Written;

use crate::error::{AppError, ErrorCode};
use crate::kept::{read_text, write_whole};
use crate::mask;
use crate::places::Places;
use crate::text;

/// A file that is longer is no text that a person writes on.
pub const MOST_TEXT_BYTES: usize = 512 << 10;
/// So many files of a version, and so many test cases, are shown; more are listed by an editor better.
pub const MOST_SHOWN: usize = 32;

const KEPT: &str = "draft.toml";
/// The folder of the draft that is the package.
const PACKAGE: &str = "package";
/// What of a package stands beside its versions, other than the manifest.
const BESIDE: [&str; 2] = [story::FILE, mask::FILE];
const CASES: &str = "tests";
/// Behind the name of a draft that was thrown away and may be wanted again.
const DISCARDED: &str = "discarded";
/// Behind the end of the name of a test case.
const CASE: &str = ".case.yaml";
/// What windows that write on drafts take turns by. Its name is that of no draft.
const TURN: &str = ".turn";
/// Drafts of a later form are read by later versions only.
const FORM: u32 = 2;
/// Of a draft that has nothing but the files of its version: what reads this form alone leaves it as it is.
const PLAIN_FORM: u32 = 1;

/// See the module.
#[derive(Debug, Clone)]
pub struct Draft {
    folder: PathBuf,
    kept: Kept,
}

/// What a draft was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    form: u32,
    /// The folder of the user's package.
    package: String,
    version: String,
    /// The digest of the manifest that a person's own one was written from; `None`: it follows the package's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manifest: Option<String>,
    /// Files of test cases that are the draft's own; the others follow the package's.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    cases: BTreeSet<String>,
}

impl Draft {
    /// The draft of a version, made where there is none yet. A draft is its own.
    pub fn of(places: &Places, handler: &str) -> Result<Draft, AppError> {
        if let Ok(draft) = Draft::open(places, handler) {
            return Ok(draft);
        }
        let (path, version) = split_version(handler);
        if path.is_file() {
            return Err(AppError::invalid(
                format!("a bare file has no versions to make a draft of: {}", path.display()),
                "write in it with an editor; it is folded with again when it is saved",
            ));
        }
        let package = Package::open(&path)?;
        let version = package.select(version.as_deref())?;
        let found = |error: std::io::Error| failed("find", &path, &error);
        let real = path.canonicalize().map_err(found)?;
        let kept = Kept {
            form: PLAIN_FORM,
            // The next window may be started from another folder.
            package: std::path::absolute(&path).map_err(found)?.display().to_string(),
            version: version.id.clone(),
            manifest: None,
            cases: BTreeSet::new(),
        };
        let folder = places.drafts().join(key(&real, &version.id));
        if !folder.is_dir() {
            make(&folder, &kept, &files::all(&package, version)?)?;
        }
        Draft::read(&folder)
    }

    /// The draft that is opened so.
    pub fn open(places: &Places, reference: &str) -> Result<Draft, AppError> {
        let (path, _) = split_version(reference);
        let folder = path.parent().filter(|folder| is_kept(places, folder));
        let draft = folder.map(Draft::read).transpose()?;
        draft
            .filter(|draft| draft.reference() == reference)
            .ok_or_else(|| AppError::not_found("there is no such draft", "make one of a version of a package"))
    }

    /// Those of the package at `path`, by their versions.
    pub fn of_package(places: &Places, path: &Path) -> Vec<Draft> {
        let package = path.canonicalize().ok();
        let is_of = |draft: &Draft| package.is_some() && Path::new(&draft.kept.package).canonicalize().ok() == package;
        let entries = fs::read_dir(places.drafts()).into_iter().flatten().flatten();
        let drafts = entries.filter_map(|entry| Draft::read(&entry.path()).ok());
        let mut drafts: Vec<Draft> = drafts.filter(is_of).collect();
        drafts.sort_by(|a, b| a.kept.version.cmp(&b.kept.version));
        drafts
    }

    /// How it is opened, as any handler is.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.package().display(), self.id())
    }

    /// How the version is opened that it was made of.
    pub fn origin(&self) -> String {
        format!("{}@{}", self.kept.package, self.kept.version)
    }

    /// Throws it away. The last one of a version can be had back ([`Draft::restore`]).
    pub fn discard(&self) -> Result<(), AppError> {
        let _turn = self.turn()?;
        let away = self.folder.with_extension(DISCARDED);
        remove(&away)?;
        fs::rename(&self.folder, &away).map_err(|error| failed("throw away", &self.folder, &error))
    }

    /// Has a draft that was thrown away back, unless another one was made meanwhile.
    pub fn restore(places: &Places, reference: &str) -> Result<Draft, AppError> {
        let (path, _) = split_version(reference);
        let gone = || AppError::not_found("this draft is not kept any more", "make another one of the version");
        let folder = path
            .parent()
            .filter(|folder| is_kept(places, folder))
            .ok_or_else(gone)?;
        let away = folder.with_extension(DISCARDED);
        if folder.exists() || !away.is_dir() {
            return Err(gone());
        }
        fs::rename(&away, folder).map_err(|error| failed("bring back", folder, &error))?;
        Draft::read(folder)
    }

    fn read(folder: &Path) -> Result<Draft, AppError> {
        let gone = || AppError::not_found("there is no such draft", "make one of a version of a package");
        // What is being made or was thrown away is none.
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let text = (!name.contains('.')).then(|| read_text(&folder.join(KEPT))).flatten();
        let kept: Kept = toml::from_str(&text.ok_or_else(gone)?).map_err(|_| gone())?;
        if kept.form > FORM {
            return Err(AppError::invalid(
                "a later version of Refold made this draft",
                "open it with that",
            ));
        }
        let folder = folder.to_owned();
        Ok(Draft { folder, kept })
    }

    /// The draft that is opened so, wherever drafts are kept; `None`: what is opened so is none.
    pub fn at(reference: &str) -> Option<Draft> {
        let (path, _) = split_version(reference);
        let draft = Draft::read(path.parent()?).ok()?;
        (draft.package() == path).then_some(draft)
    }

    pub fn package(&self) -> PathBuf {
        self.folder.join(PACKAGE)
    }

    /// The folder of its version, from that of its package, with forward slashes.
    pub fn version_path(&self) -> String {
        self.kept.version_path()
    }

    /// Waits until no other window writes on a draft. It is over when the answer is dropped.
    fn turn(&self) -> Result<File, AppError> {
        let file = self.folder.with_file_name(TURN);
        let broken = |error: std::io::Error| failed("take a turn at writing", &file, &error);
        let turn = File::options().create(true).append(true).open(&file).map_err(broken)?;
        match turn.lock() {
            // Some file systems have no locks: there two windows may write at the same moment.
            Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {}
            taken => taken.map_err(broken)?,
        }
        Ok(turn)
    }

    /// Keeps what the draft says of itself.
    fn save(&self) -> Result<(), AppError> {
        let is_plain = self.kept.manifest.is_none() && self.kept.cases.is_empty();
        let form = if is_plain { PLAIN_FORM } else { FORM };
        let kept = Kept {
            form,
            ..self.kept.clone()
        };
        let text = toml::to_string(&kept).map_err(|error| AppError::internal(error.to_string()))?;
        write_whole(&self.folder.join(KEPT), &text)
    }

    /// What its version is called.
    pub fn id(&self) -> String {
        self.kept.id()
    }

    fn manifest(&self, origin: &str) -> Result<String, AppError> {
        self.kept.manifest(origin)
    }
}

impl Kept {
    /// Of the version that the draft is in its own package.
    fn id(&self) -> String {
        format!("{}-draft", self.version)
    }

    fn version_path(&self) -> String {
        format!("versions/{}", self.id())
    }

    /// The manifest of the draft's package, from that of the user's.
    fn manifest(&self, origin: &str) -> Result<String, AppError> {
        let added = manifest::Added {
            of: &self.version,
            id: &self.id(),
            path: &self.version_path(),
            is_draft: true,
            hash: None,
        };
        manifest::with_version(origin, &added)
    }
}

/// How the version is opened that a draft was made of; `None`: what is opened so is no draft.
pub fn origin_of(reference: &str) -> Option<String> {
    Draft::at(reference).map(|draft| draft.origin())
}

/// Makes the folder of a draft: whole or not at all.
fn make(folder: &Path, kept: &Kept, all: &files::All) -> Result<(), AppError> {
    let origin = Path::new(&kept.package).join(MANIFEST);
    let manifest =
        plain_file::read_text(&origin, plain_file::MOST_TEXT_BYTES).map_err(|error| failed("read", &origin, &error))?;
    // It refuses a version whose folder would lie elsewhere, so it comes before anything is written there.
    let manifest = kept.manifest(&manifest)?;
    let drafts = folder.parent().unwrap_or(Path::new("."));
    let broken = |error: std::io::Error| failed("make a draft in", drafts, &error);
    fs::create_dir_all(drafts).map_err(broken)?;
    let new = tempfile::Builder::new()
        .prefix(".new-")
        .tempdir_in(drafts)
        .map_err(broken)?;
    let package = new.path().join(PACKAGE);
    for file in &all.version {
        file.write(&package.join(kept.version_path()))?;
    }
    for file in &all.beside {
        file.write(&package)?;
    }
    write_whole(&package.join(MANIFEST), &manifest)?;
    let kept = toml::to_string(kept).map_err(|error| AppError::internal(error.to_string()))?;
    write_whole(&new.path().join(KEPT), &kept)?;
    match fs::rename(new.path(), folder) {
        // Another window was quicker.
        Err(_) if folder.is_dir() => Ok(()),
        Err(error) => Err(broken(error)),
        Ok(()) => Ok(()),
    }
}

/// Whether a folder is one of a draft, by where it lies.
fn is_kept(places: &Places, folder: &Path) -> bool {
    folder.parent() == Some(places.drafts().as_path())
}

/// One package has one draft of a version, however its path is written.
fn key(package: &Path, version: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(package.as_os_str().as_encoded_bytes());
    hash.update([0]);
    hash.update(version);
    let hash = text::hex(hash.finalize().get(..8).unwrap_or_default());
    let name = package.file_name().unwrap_or_default().to_string_lossy();
    let is_plain = |letter: &char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    let name: String = name.chars().filter(is_plain).take(40).collect();
    format!("{name}-{hash}")
}

fn remove(folder: &Path) -> Result<(), AppError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed("remove", folder, &error)),
        _ => Ok(()),
    }
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> AppError {
    AppError::new(
        ErrorCode::Denied,
        format!("cannot {what} ({}): {}", in_words(error), path.display()),
        "look whether the disk has room, and whether the folder may be written to",
    )
}
