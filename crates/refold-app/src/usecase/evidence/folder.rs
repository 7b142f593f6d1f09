//! The folder of an anchor, a proof or a report: written whole or not at all, and read with every byte checked.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use refold_audit::anchor::leaves::{self, Leaf};
use refold_audit::anchor::{Hash, from_hex, sums};
use refold_core::port::system::in_words;
use refold_core::work::Work;
use refold_scratch::Scratch;
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};
use sha2::{Digest, Sha256};

use super::foreign;
use crate::error::{AppError, ErrorCode};
use crate::session::Session;
use crate::text::hex;
use crate::written_file::{folder_of, unwritten};

pub(super) const MANIFEST: &str = "anchor.json";
pub(super) const CHECKPOINT: &str = "checkpoint";
pub(super) const SEGMENTS: &str = "segments.bin";
pub(super) const LEAVES: &str = "leaves.bin";
pub(super) const FRONTIER: &str = "frontier.bin";
pub(super) const ADVICE: &str = "VERIFY.txt";
pub(super) const SUMS: &str = "SHA256SUMS";
pub(super) const SIGNATURE: &str = "SHA256SUMS.minisig";

/// How a folder is called that is not whole yet.
const UNFINISHED: &str = ".refold-tmp-";

/// A folder that is being written, under a name of its own until it is whole.
pub(super) struct NewFolder {
    folder: Scratch,
    /// `anchor`, `proof`: what it is called in a sentence.
    noun: &'static str,
    files: Vec<FileWritten>,
}

/// A file of the folder that is written.
#[derive(Clone, Copy)]
pub(super) struct FileWritten {
    pub name: &'static str,
    pub bytes: u64,
    pub sha256: Hash,
}

impl NewFolder {
    /// Also takes away what earlier runs left in `out` that were ended in the middle.
    pub fn new_in(out: &Path, noun: &'static str) -> Result<NewFolder, AppError> {
        refuse_evidence(out, noun)?;
        let folder = Scratch::shared(out, UNFINISHED).map_err(|error| unwritten(out, out, noun, &error))?;
        Ok(NewFolder {
            folder,
            noun,
            files: Vec::new(),
        })
    }

    /// Writes a key that is in no file of the folder to `path`, for its owner alone. Nothing is replaced.
    pub fn write_key(&self, path: &Path, key: &[u8; 32]) -> Result<(), AppError> {
        let write = || -> io::Result<()> {
            // In the folder: what is left of it goes with that.
            let mut file = tempfile::NamedTempFile::new_in(self.path())?;
            writeln!(file, "{}", hex(key))?;
            file.as_file().sync_all()?;
            file.persist_noclobber(path)?;
            Ok(())
        };
        let noun = format!("key of the {}", self.noun);
        write().map_err(|error| unwritten(path, folder_of(path), &noun, &error))
    }

    /// Writes one file and keeps its digest for the list.
    pub fn add(&mut self, name: &'static str, bytes: &[u8]) -> Result<(), AppError> {
        let mut file = self.start(name)?;
        file.write_all(bytes).map_err(|error| self.failed(&error))?;
        self.end(file)
    }

    /// Where what is not yet written may lie. It goes with the folder, if that never appears.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file that is written bit by bit.
    pub fn start(&self, name: &'static str) -> Result<Summed, AppError> {
        let file = File::create_new(self.folder.path().join(name)).map_err(|error| self.failed(&error))?;
        Ok(Summed {
            name,
            file: BufWriter::with_capacity(1 << 16, file),
            hash: Sha256::new(),
            bytes: 0,
        })
    }

    pub fn end(&mut self, summed: Summed) -> Result<(), AppError> {
        let Summed {
            name,
            file,
            hash,
            bytes,
        } = summed;
        let synced = file
            .into_inner()
            .map_err(|error| error.into_error())
            .and_then(|file| file.sync_all());
        synced.map_err(|error| self.failed(&error))?;
        self.files.push(FileWritten {
            name,
            bytes,
            sha256: hash.finalize().into(),
        });
        Ok(())
    }

    /// The files that are written so far, by name.
    pub fn files(&self) -> Vec<FileWritten> {
        let mut files = self.files.clone();
        files.sort_unstable_by_key(|file| file.name);
        files
    }

    /// The list of the files that are written so far.
    pub fn sums(&self) -> String {
        let files: Vec<(&str, Hash)> = self.files().iter().map(|file| (file.name, file.sha256)).collect();
        sums::write(&files)
    }

    /// Gives the folder its name, and writes down that it was made of the store. Nothing is replaced.
    pub fn finish(self, session: &Session, path: &Path) -> Result<(), AppError> {
        if path.symlink_metadata().is_ok() {
            return Err(AppError::invalid(
                format!("there is one of this name already: {}", path.display()),
                format!("remove it, or make the {} in another folder", self.noun),
            ));
        }
        let named = sync_folder(self.folder.path()).and_then(|()| std::fs::rename(self.folder.path(), path));
        named.map_err(|error| unwritten(path, folder_of(path), self.noun, &error))?;
        let list = self.files.iter().find(|file| file.name == SUMS);
        let digest = list.map(|list| hex(&list.sha256)).unwrap_or_default();
        let kept = sync_folder(folder_of(path))
            .map_err(|error| unwritten(path, folder_of(path), self.noun, &error))
            .and_then(|()| session.log_export(self.noun, path, &digest));
        if kept.is_ok() {
            // It has another name now: nothing is left to remove.
            self.folder.keep();
        } else {
            // Nothing is there that the log does not know of. Under its first name it goes with this value.
            let _ = std::fs::rename(path, self.folder.path());
        }
        kept
    }

    pub fn failed(&self, error: &io::Error) -> AppError {
        // Its name while it is not whole says nothing to anybody.
        let out = folder_of(self.folder.path());
        unwritten(out, out, self.noun, error)
    }
}

/// A folder that holds evidence is whole as it is: with anything more in it, it does not verify.
fn refuse_evidence(out: &Path, noun: &str) -> Result<(), AppError> {
    let has = |name: &str| out.join(name).symlink_metadata().is_ok();
    let kinds = [
        ("an anchor", MANIFEST),
        ("a report", super::report::MANIFEST),
        ("a proof", super::prove::INCLUSION),
        ("a proof", super::prove::GROWTH),
    ];
    let held = kinds.into_iter().find(|(_, name)| has(SUMS) && has(name));
    let Some((held, _)) = held else { return Ok(()) };
    Err(AppError::invalid(
        format!(
            "the {noun} is not written: this is the folder of {held}, which would not verify any more with it inside: {}",
            out.display()
        ),
        "choose the folder that it lies in, or another one",
    ))
}

/// A file on its way to the disk.
pub(super) struct Summed {
    name: &'static str,
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Makes names last. What cannot be synced (a folder on some systems) is no failure of the anchor.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

/// An anchor as it is on disk, its files checked against their list.
pub(super) struct Anchor {
    path: PathBuf,
    pub sums: Vec<u8>,
    files: Vec<(String, Hash)>,
}

impl Anchor {
    /// Reads the list and checks every file that it names.
    pub fn open(work: &Work<'_>, path: &Path) -> Result<Anchor, AppError> {
        let list = path.join(SUMS);
        let mut anchor = Anchor {
            path: path.to_owned(),
            sums: Vec::new(),
            files: Vec::new(),
        };
        anchor.sums = foreign::read(&list).map_err(|error| {
            let reason = match error.kind() {
                io::ErrorKind::NotFound => "it has no SHA256SUMS".to_owned(),
                _ => in_words(&error),
            };
            anchor.lacks(&reason)
        })?;
        let files = std::str::from_utf8(&anchor.sums).ok().and_then(sums::read);
        anchor.files = files.ok_or_else(|| anchor.lacks("its SHA256SUMS is not readable"))?;
        for (name, digest) in &anchor.files {
            let found =
                foreign::digest(work, &anchor.path.join(name))?.map_err(|error| anchor.unreadable(name, &error))?;
            if found != *digest {
                return Err(anchor.damaged(name, "it is not what SHA256SUMS says"));
            }
        }
        Ok(anchor)
    }

    /// A small file. Only what the list names is read.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, AppError> {
        let listed = self
            .listed(name)
            .ok_or_else(|| self.lacks(&format!("its list has no {name}")))?;
        let bytes = foreign::read(&self.path.join(name)).map_err(|error| self.unreadable(name, &error))?;
        if <Hash>::from(Sha256::digest(&bytes)) != listed {
            return Err(self.damaged(name, "it changed while it was read"));
        }
        Ok(bytes)
    }

    /// As [`Anchor::read`]; `None`: the list does not name it.
    pub fn read_listed(&self, name: &str) -> Result<Option<Vec<u8>>, AppError> {
        self.listed(name).map(|_| self.read(name)).transpose()
    }

    /// The signature of the list, which it cannot name itself. `None`: there is none.
    pub fn signature(&self) -> Result<Option<String>, AppError> {
        match foreign::read_text(&self.path.join(SIGNATURE)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.unreadable(SIGNATURE, &error)),
        }
    }

    /// Its leaves in their order; `None`: it keeps none.
    pub fn leaves(&self) -> Result<Option<LeafReader>, AppError> {
        if self.listed(LEAVES).is_none() {
            return Ok(None);
        }
        let file = foreign::open(&self.path.join(LEAVES)).map_err(|error| self.unreadable(LEAVES, &error))?;
        Ok(Some(LeafReader(BufReader::with_capacity(1 << 16, file))))
    }

    pub fn damaged(&self, name: &str, reason: &str) -> AppError {
        AppError::new(
            ErrorCode::Distrusted,
            format!(
                "the anchor itself is damaged or was changed: {name}: {reason}: {}",
                self.path.display()
            ),
            "verify with another copy of the anchor; this one proves nothing",
        )
    }

    /// Another folder was named, or what was an anchor is none any more.
    fn lacks(&self, reason: &str) -> AppError {
        match self.path.join(MANIFEST).symlink_metadata() {
            Ok(_) => self.damaged(SUMS, reason),
            Err(_) => no_anchor(&self.path, reason),
        }
    }

    /// What is missing or no plain file was changed; what this machine does not let us read says nothing of the anchor.
    fn unreadable(&self, name: &str, error: &io::Error) -> AppError {
        use io::ErrorKind;

        let is_changed = matches!(
            error.kind(),
            ErrorKind::NotFound | ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::FileTooLarge
        );
        if is_changed {
            return self.damaged(name, &in_words(error));
        }
        AppError::new(
            ErrorCode::Denied,
            format!(
                "the anchor cannot be read: {name}: {}: {}",
                in_words(error),
                self.path.display()
            ),
            "make its files readable, or verify with another copy of the anchor",
        )
    }

    fn listed(&self, name: &str) -> Option<Hash> {
        self.files
            .iter()
            .find(|(listed, _)| listed == name)
            .map(|(_, digest)| *digest)
    }
}

fn no_anchor(path: &Path, reason: &str) -> AppError {
    AppError::invalid(
        format!("this is no anchor: {reason}: {}", path.display()),
        "name the folder of an anchor, anchor-…",
    )
}

/// The records of `leaves.bin`.
pub(super) struct LeafReader(BufReader<File>);

impl Iterator for LeafReader {
    type Item = io::Result<Leaf>;

    fn next(&mut self) -> Option<io::Result<Leaf>> {
        let mut bytes = [0; leaves::RECORD_BYTES];
        let mut filled = 0;
        while filled < bytes.len() {
            match self.0.read(&mut bytes[filled..]) {
                Ok(0) if filled == 0 => return None,
                Ok(0) => return Some(Err(io::ErrorKind::UnexpectedEof.into())),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(Leaf::from_bytes(&bytes)))
    }
}

/// A key that nobody had before.
pub(super) fn new_key() -> Result<[u8; 32], AppError> {
    let mut key = [0; 32];
    getrandom::fill(&mut key)
        .map_err(|error| AppError::internal(format!("the system gives no random bytes: {error}")))?;
    Ok(key)
}

/// Reads what [`NewFolder::write_key`] wrote. `of`: `the anchor`, `the case`. `hint`: where it is.
pub(super) fn read_key(path: &Path, of: &str, hint: &str) -> Result<[u8; 32], AppError> {
    let text = plain_file::read_text(path, MOST_TEXT_BYTES).map_err(|error| {
        AppError::invalid(
            format!(
                "the key of {of} cannot be read ({}): {}",
                in_words(&error),
                path.display()
            ),
            hint,
        )
    })?;
    from_hex(text.trim_ascii()).ok_or_else(|| {
        AppError::invalid(
            format!("this is no key of {of}: {}", path.display()),
            "a key is 64 hexadecimal digits",
        )
    })
}
