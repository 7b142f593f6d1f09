//! What a person notes about one store: bookmarks, notes, and where they were last. Kept in the user's data folder, one
//! text file a store, never beside the store.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::clock;
use crate::error::AppError;
use crate::guarded;
use crate::places::Places;
use crate::text;
use crate::wire::{Note, NoteKind, Notebook};

/// Files of a later form are read by later versions only.
const FORM: u32 = 1;

const HEAD: &str = "\
# Notes of Refold on one store. Edit them here while the store is not open, or in the window.
";

/// All notes on the store at `location`, a path.
pub fn load(places: &Places, location: &str) -> Result<Notebook, AppError> {
    let file = file(places, location);
    let kept = match guarded::read(&file)? {
        Some(text) => parse(&text, &file)?,
        None => Kept::new(location),
    };
    Ok(notebook(kept, &file))
}

/// Adds a note, or replaces the one with its id. The note of the trail takes the place of the one before it.
pub fn put(places: &Places, location: &str, note: &Note) -> Result<Notebook, AppError> {
    let now = text::time_label(clock::now(), 3);
    change(places, location, |notes| {
        let mut note = note.clone();
        if note.made_at.is_empty() {
            note.made_at.clone_from(&now);
        }
        if note.changed_at.is_empty() {
            note.changed_at = now;
        }
        if note.kind == NoteKind::Trail {
            notes.retain(|known| known.kind != NoteKind::Trail || known.id == note.id);
        }
        match notes
            .iter_mut()
            .find(|known| known.id == note.id && !note.id.is_empty())
        {
            Some(known) => *known = note,
            None => {
                if note.id.is_empty() {
                    let last = notes.iter().filter_map(|known| known.id.parse::<u64>().ok()).max();
                    note.id = (last.unwrap_or(0) + 1).to_string();
                }
                notes.push(note);
            }
        }
    })
}

/// One that is not there is no failure: it is gone.
pub fn remove(places: &Places, location: &str, id: &str) -> Result<Notebook, AppError> {
    change(places, location, |notes| notes.retain(|note| note.id != id))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    form: u32,
    /// For a person who reads the file.
    store: String,
    #[serde(default)]
    note: Vec<Note>,
}

impl Kept {
    fn new(location: &str) -> Kept {
        Kept {
            form: FORM,
            store: location.to_owned(),
            note: Vec::new(),
        }
    }
}

fn change(places: &Places, location: &str, edit: impl FnOnce(&mut Vec<Note>)) -> Result<Notebook, AppError> {
    let file = file(places, location);
    guarded::change(&file, |text| {
        let mut kept = match text {
            Some(text) => parse(&text, &file)?,
            None => Kept::new(location),
        };
        edit(&mut kept.note);
        kept.note.sort_by(|a, b| a.made_at.cmp(&b.made_at));
        let text = toml::to_string(&kept).map_err(|error| AppError::internal(error.to_string()))?;
        Ok((format!("{HEAD}{text}"), notebook(kept, &file)))
    })
}

fn notebook(kept: Kept, file: &Path) -> Notebook {
    Notebook {
        notes: kept.note,
        file: file.display().to_string(),
        is_read_only: false,
    }
}

fn parse(text: &str, file: &Path) -> Result<Kept, AppError> {
    let wrong = |why: &str| {
        AppError::invalid(
            format!("the notebook of this store cannot be read ({why}): {}", file.display()),
            "correct that file, or move it away to begin a new notebook; until then nothing is noted",
        )
    };
    let kept: Kept = toml::from_str(text).map_err(|error| wrong(error.message()))?;
    if kept.form > FORM {
        return Err(wrong("a later version of Refold wrote it"));
    }
    Ok(kept)
}

/// Two stores of one name have two notebooks; one store has one, however its path is written.
fn file(places: &Places, location: &str) -> PathBuf {
    let path = Path::new(location);
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let hash = Sha256::digest(real.as_os_str().as_encoded_bytes());
    let hash = text::hex(hash.get(..8).unwrap_or_default());
    let name = real.file_stem().unwrap_or_default().to_string_lossy();
    let is_plain = |letter: &char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    let name: String = name.chars().filter(is_plain).take(40).collect();
    places.data.join("notebooks").join(format!("{name}-{hash}.toml"))
}

#[cfg(test)]
mod tests;
