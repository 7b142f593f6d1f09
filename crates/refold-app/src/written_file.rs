//! The files that a person asks for: a drawing, a table, events. They appear whole or not at all, never in the folder of the
//! store, and never in the place of something that is not their like.

mod unwritten;

use std::io::{BufWriter, Read as _, Write as _};
use std::path::Path;

use refold_core::finding::Findings;
use refold_stores::plain_file::{self, Links};
use sha2::{Digest as _, Sha256};

use crate::error::AppError;
use crate::findings;
use crate::text;
use crate::wire::Written;

pub use unwritten::unwritten;

/// A kind of file of ours.
pub struct Own {
    /// `drawing`, `table`: what it is called in a sentence.
    pub noun: &'static str,
    /// How each of them begins, white space aside, by which an earlier one is told. `None`: it has no mark, and none is
    /// ever replaced.
    pub begins_with: Option<&'static [u8]>,
}

/// A file on its way. It appears when it is kept; dropped before that, it never was.
pub struct NewFile<'a> {
    target: &'a Path,
    noun: &'static str,
    replaces: bool,
    out: BufWriter<tempfile::NamedTempFile>,
    hash: Sha256,
    byte_count: u64,
}

/// What was written.
pub struct Kept {
    pub byte_count: u64,
    /// Lower-case hexadecimal digits.
    pub sha256: String,
}

/// How a file is called that is not whole yet.
const UNFINISHED: &str = ".refold-tmp-";

/// Writes `bytes` to `file`, over an earlier file of the same kind or where nothing is. `store`: the path of the store.
pub fn write(file: &Path, store: &Path, bytes: &[u8], kind: &Own) -> Result<(), AppError> {
    let mut new = NewFile::create(file, &[store], kind)?;
    new.write(bytes)?;
    new.keep().map(drop)
}

impl<'a> NewFile<'a> {
    /// As [`write`], for what is written bit by bit. In the folders of all these stores nothing is made, not even for a
    /// moment.
    pub fn create(target: &'a Path, stores: &[&Path], kind: &Own) -> Result<NewFile<'a>, AppError> {
        let noun = kind.noun;
        let refused = |why: String| {
            AppError::invalid(
                format!("the {noun} is not written: {why}: {}", target.display()),
                format!("choose another folder or name for the {noun}"),
            )
        };
        if target.is_dir() {
            return Err(refused("it is a folder, and the name of a file is missing".to_owned()));
        }
        let folder = folder_of(target);
        let failed = |error: &std::io::Error| unwritten(target, folder, noun, error);
        for store in stores {
            if is_of_store(folder, store).map_err(|error| failed(&error))? {
                return Err(refused(
                    "it is the folder of the store, and nothing is ever written beside a store".to_owned(),
                ));
            }
        }
        if let Some(why) = why_not_over(target, kind) {
            return Err(refused(why));
        }
        let out = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder);
        let out = out.map_err(|error| failed(&error))?;
        Ok(NewFile {
            target,
            noun,
            replaces: target.exists(),
            out: BufWriter::with_capacity(1 << 18, out),
            hash: Sha256::new(),
            byte_count: 0,
        })
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<(), AppError> {
        self.hash.update(bytes);
        self.byte_count += bytes.len() as u64;
        self.out
            .write_all(bytes)
            .map_err(|error| unwritten(self.target, folder_of(self.target), self.noun, &error))
    }

    /// SHA-256 of what was written so far, as hexadecimal digits.
    pub fn digest(&self) -> String {
        text::hex(&self.hash.clone().finalize())
    }

    /// Lets the file appear.
    pub fn keep(self) -> Result<Kept, AppError> {
        let failed = |error: std::io::Error| unwritten(self.target, folder_of(self.target), self.noun, &error);
        let out = self.out.into_inner().map_err(|error| failed(error.into_error()))?;
        out.as_file().sync_all().map_err(failed)?;
        let kept = if self.replaces {
            out.persist(self.target)
        } else {
            // Whoever was quicker keeps what he wrote.
            out.persist_noclobber(self.target)
        };
        kept.map_err(|error| failed(error.error))?;
        Ok(Kept {
            byte_count: self.byte_count,
            sha256: text::hex(&self.hash.finalize()),
        })
    }
}

impl Kept {
    /// The same for a face: so many events are in the file.
    pub fn told(self, file: &Path, events: u32, found: &Findings) -> Written {
        Written {
            file: file.display().to_string(),
            events,
            size: text::size_label(self.byte_count),
            sha256: self.sha256,
            findings: findings::wire(found),
        }
    }
}

/// The folder that a path lies in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Whether a folder is that of the store, where nothing is ever written.
pub fn is_of_store(folder: &Path, store: &Path) -> std::io::Result<bool> {
    let folder = folder.canonicalize()?;
    let store = store.canonicalize().unwrap_or_else(|_| store.to_owned());
    Ok(store.parent() == Some(&*folder) || folder.starts_with(&store))
}

/// Whether a folder is that of the store or lies anywhere in it. What is to prove something about the store does not belong
/// there: it goes where the store goes, and whoever can change the one can change the other.
pub fn is_with_store(folder: &Path, store: &Path) -> std::io::Result<bool> {
    let real = folder.canonicalize()?;
    let store = store.canonicalize().unwrap_or_else(|_| store.to_owned());
    Ok(store.parent().is_some_and(|of_store| real.starts_with(of_store)) || is_of_store(&real, &store)?)
}

/// Why nothing may be written to this path; `None` where it is free, or holds an earlier file of the kind.
fn why_not_over(file: &Path, kind: &Own) -> Option<String> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if ["-wal", "-shm", "-journal"].iter().any(|end| name.ends_with(end)) {
        return Some("a database would take a file of that name for its own".to_owned());
    }
    if file.symlink_metadata().is_err() {
        return None;
    }
    let Some(mark) = kind.begins_with else {
        return Some("there is a file of this name already".to_owned());
    };
    let mut head = Vec::new();
    let is_read = plain_file::open(file, Links::Followed)
        .and_then(|it| it.take(512).read_to_end(&mut head))
        .is_ok();
    let is_free = is_read && (head.is_empty() || head.trim_ascii_start().starts_with(mark));
    (!is_free).then(|| format!("what is there is no {}", kind.noun))
}

#[cfg(test)]
mod tests;
