//! Answers that are kept in the cache folder, so that asking the same of the same again is instant.
//!
//! The same means: the store as it was, the same events of it, handlers with the same content, and the same question.
//! All of that stands in a kept file word for word and is compared; a file that differs in anything, or is damaged, is
//! thrown away. It must not know what an answer says.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use refold_core::cursor::Cursor;
use refold_core::port::handler::HandlerProgram;
use refold_stores::plain_file;
use refold_stores::sealing::Key;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::Scope;
use crate::error::AppError;
use crate::kept::write_whole;
use crate::session::Session;
use crate::{handler, text};

#[cfg(test)]
mod tests;

/// Another one whenever an answer may say something else of the same, or is written in another way: nobody has to think of
/// it, for it hangs on the sources.
const FORMAT: &str = concat!("refold-lab/3 ", env!("CARGO_PKG_VERSION"), " ", env!("REFOLD_SOURCES"));
const FOLDER: &str = "lab";
const MOST_FILES: usize = 64;
const MOST_BYTES: u64 = 128 << 20;
/// Engines whose answers follow from what is in their hash: what another process says may follow from anything.
const REPEATABLE: [&str; 2] = ["declarative", "builtin"];

/// What becomes of earlier answers, and of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// An answer that is there is taken; one that is made is kept.
    Kept,
    /// It is made anew, and nothing is kept.
    Anew,
}

/// An answer, and whether it was there already.
#[derive(Debug, Clone)]
pub struct Answered<T> {
    pub answer: T,
    pub was_kept: bool,
}

/// An answer that can be kept.
pub trait Keepable: Serialize + DeserializeOwned {
    /// Whether it comes back from its file as it was: a name that is not UTF-8 would not.
    fn is_exact_as_text(&self) -> bool;
}

/// Everything that an answer follows from. `None` inside: it follows from more than can be written down.
pub(super) struct RunKey(Option<String>);

impl RunKey {
    /// `kind`: what is asked. The handlers are given by what they are named and by what that opened.
    pub(super) fn new(
        session: &Session,
        kind: &str,
        scope: Scope<'_>,
        handlers: &[(Option<&str>, &dyn HandlerProgram)],
        question: &str,
    ) -> RunKey {
        RunKey(RunKey::text(session, kind, scope, handlers, question))
    }

    fn text(
        session: &Session,
        kind: &str,
        scope: Scope<'_>,
        handlers: &[(Option<&str>, &dyn HandlerProgram)],
        question: &str,
    ) -> Option<String> {
        // What may be seen of an answer is another matter than what it follows from.
        if session.mask().has_rules() || !session.store().is_current().ok()? {
            return None;
        }
        let fingerprint = session.store().fingerprint().ok()?;
        let mut key = format!(
            "{kind}\nstore {:?} {:?}\nzone {:?}\nscope {}\n",
            fingerprint.identity,
            fingerprint.change_token,
            session.zone(),
            scope_text(session, scope)?
        );
        for (named, program) in handlers {
            let identity = program.identity();
            if !REPEATABLE.contains(&identity.engine.as_str()) {
                return None;
            }
            // The limits are no part of the hash, and decide when a handler fails.
            let limits = handler::opened(*named).ok()?.map(|opened| *opened.limits());
            key.push_str(&format!("handler {identity:?} {limits:?}\n"));
        }
        key.push_str(&format!("question {question:?}\n"));
        Some(key)
    }
}

fn scope_text(session: &Session, scope: Scope<'_>) -> Option<String> {
    Some(match scope {
        Scope::Stream(stream) => format!("stream {stream:?}"),
        Scope::Until { stream, cursor } => match session.cursor(cursor).ok()? {
            // It means something else with every second.
            Cursor::Ago { .. } => return None,
            cursor => format!("stream {stream:?} until {cursor:?}"),
        },
        Scope::Category(category) => format!("category {category:?}"),
        Scope::All => "all".to_owned(),
    })
}

/// The kept answer of this key, or the one that `make` makes, which is kept where it can be.
pub(super) fn answer<T: Keepable>(
    session: &Session,
    keeping: Keeping,
    key: &RunKey,
    make: impl FnOnce() -> Result<T, AppError>,
) -> Result<Answered<T>, AppError> {
    let place = match (keeping, &key.0) {
        (Keeping::Kept, Some(key)) => Some(Place::of(session, FORMAT, key)),
        (Keeping::Anew, _) | (_, None) => None,
    };
    if let Some(answer) = place.as_ref().and_then(Place::read) {
        return Ok(Answered { answer, was_kept: true });
    }
    let answer = make()?;
    // What was read of a store that changed meanwhile is nobody's later answer.
    if let Some(place) = &place
        && answer.is_exact_as_text()
        && session.store().is_current().unwrap_or(false)
    {
        // A cache that cannot be written to is no obstacle.
        let _ = place.write(&answer);
    }
    Ok(Answered {
        answer,
        was_kept: false,
    })
}

/// Where an answer is kept, and its key.
struct Place {
    folder: PathBuf,
    file: PathBuf,
    key: String,
    /// What it is sealed with, as all that is kept of a server.
    sealing: Option<Key>,
}

impl Place {
    fn of(session: &Session, format: &str, key: &str) -> Place {
        let key = format!("{format}\n{key}");
        let folder = session.cache_folder().join(FOLDER);
        let sealing = session.cache().key().cloned();
        let name = match &sealing {
            None => text::hex(&Sha256::digest(key.as_bytes())),
            // The key names streams, and a name could be tried.
            Some(sealing) => text::hex(&sealing.name_of(&key)),
        };
        Place {
            file: folder.join(format!("{name}.json")),
            folder,
            key,
            sealing,
        }
    }

    /// A file is its key, the checksum of the answer, and the answer.
    fn read<T: DeserializeOwned>(&self) -> Option<T> {
        let kept = plain_file::read(&self.file, MOST_BYTES).ok()?;
        let kept = match &self.sealing {
            None => Some(kept),
            Some(key) => key.unseal(FOLDER, &kept),
        };
        let kept = kept.and_then(|kept| String::from_utf8(kept).ok());
        let answer = kept.and_then(|kept| self.answer_of(&kept));
        if answer.is_none() {
            let _ = fs::remove_file(&self.file);
        } else if let Ok(file) = fs::File::options().append(true).open(&self.file) {
            // So that what is asked for often stays longest.
            let _ = file.set_modified(SystemTime::now());
        }
        answer
    }

    fn answer_of<T: DeserializeOwned>(&self, kept: &str) -> Option<T> {
        let (checksum, answer) = kept.strip_prefix(self.key.as_str())?.split_once('\n')?;
        let is_whole = checksum == text::hex(&Sha256::digest(answer.as_bytes()));
        is_whole.then(|| serde_json::from_str(answer).ok())?
    }

    fn write(&self, answer: &impl Serialize) -> Result<(), AppError> {
        let answer = crate::answer::json_line(answer)?;
        let checksum = text::hex(&Sha256::digest(answer.as_bytes()));
        let text = format!("{}{checksum}\n{answer}", self.key);
        match &self.sealing {
            None => write_whole(&self.file, text)?,
            Some(key) => {
                let sealed = key.seal(FOLDER, text.as_bytes());
                write_whole(
                    &self.file,
                    sealed.map_err(|error| AppError::internal(error.to_string()))?,
                )?;
            }
        }
        forget_oldest(&self.folder);
        Ok(())
    }
}

/// Keeps the folder within its bounds; what was used last stays longest.
fn forget_oldest(folder: &Path) {
    let mut files: Vec<(SystemTime, u64, PathBuf)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let about = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some((about.modified().ok()?, about.len(), entry.path()))
        })
        .collect();
    files.sort_by_key(|file| std::cmp::Reverse(file.0));
    let mut bytes = 0_u64;
    for (count, (_, size, file)) in (1..).zip(&files) {
        bytes = bytes.saturating_add(*size);
        if count > MOST_FILES || bytes > MOST_BYTES {
            let _ = fs::remove_file(file);
        }
    }
}
