//! What the window keeps of its own accord for its next start: recent stores, what was open, where it stood. Text files
//! in the user's config folder; one that cannot be read counts as absent. Writes are whole or not at all.

mod evidence;
mod folders;
mod gone;

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use refold_core::port::system::in_words;
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{AppError, ErrorCode};
use crate::places::Places;
use crate::wire::{Recent, WindowFrame, WindowPlaces};

pub use evidence::{anchors_of, keep_anchors, keep_manner, manner_of};
pub use folders::{first_folder, keep_chosen};
pub use gone::gone;

/// So many stores are remembered.
const RECENT_COUNT: usize = 12;

/// Latest first.
pub fn load_recents(places: &Places) -> Vec<Recent> {
    load::<RecentFile>(&recents_file(places)).unwrap_or_default().recent
}

/// Puts a store on top of the recent ones.
pub fn remember_recent(places: &Places, recent: Recent) -> Result<(), AppError> {
    let mut recents = load_recents(places);
    recents.retain(|known| known.location != recent.location);
    recents.insert(0, recent);
    recents.truncate(RECENT_COUNT);
    save(&recents_file(places), &RecentFile { recent: recents })
}

pub fn forget_recent(places: &Places, location: &str) -> Result<(), AppError> {
    let mut recents = load_recents(places);
    recents.retain(|known| known.location != location);
    save(&recents_file(places), &RecentFile { recent: recents })
}

/// Puts a store that was forgotten back to where it stood among the recent ones.
pub fn restore_recent(places: &Places, recent: Recent) -> Result<(), AppError> {
    let mut recents = load_recents(places);
    recents.retain(|known| known.location != recent.location);
    let at = recents.partition_point(|known| known.opened_at > recent.opened_at);
    recents.insert(at, recent);
    recents.truncate(RECENT_COUNT);
    save(&recents_file(places), &RecentFile { recent: recents })
}

/// What the window showed last; `None`: it was never there.
pub fn load_window(places: &Places) -> Option<WindowPlaces> {
    load(&window_file(places))
}

pub fn save_window(places: &Places, window: &WindowPlaces) -> Result<(), AppError> {
    save(&window_file(places), window)
}

/// Where the window stood last.
pub fn load_frame(places: &Places) -> Option<WindowFrame> {
    load(&frame_file(places))
}

pub fn save_frame(places: &Places, frame: &WindowFrame) -> Result<(), AppError> {
    save(&frame_file(places), frame)
}

pub(crate) fn read_text(file: &Path) -> Option<String> {
    plain_file::read_text(file, MOST_TEXT_BYTES).ok()
}

/// Replaces a file in one step: who reads it sees the old text or the new one.
pub(crate) fn write_whole(file: &Path, text: impl AsRef<[u8]>) -> Result<(), AppError> {
    let failed = |error: std::io::Error| {
        let code = match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => ErrorCode::Denied,
            // Whatever else a disk can say.
            _ => ErrorCode::Unreachable,
        };
        let message = format!("cannot save ({}): {}", in_words(&error), file.display());
        AppError::new(
            code,
            message,
            "make the folder writable, or set REFOLD_HOME to another one",
        )
    };
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    new.write_all(text.as_ref()).map_err(failed)?;
    new.as_file().sync_all().map_err(failed)?;
    new.persist(file).map_err(|error| failed(error.error))?;
    Ok(())
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct RecentFile {
    #[serde(default)]
    recent: Vec<Recent>,
}

fn load<Kept: DeserializeOwned>(file: &Path) -> Option<Kept> {
    toml::from_str(&read_text(file)?).ok()
}

fn save(file: &Path, kept: &impl Serialize) -> Result<(), AppError> {
    let text = toml::to_string(kept).map_err(|error| AppError::internal(error.to_string()))?;
    write_whole(file, &text)
}

fn recents_file(places: &Places) -> PathBuf {
    places.config.join("recents.toml")
}

fn window_file(places: &Places) -> PathBuf {
    places.config.join("window.toml")
}

fn frame_file(places: &Places) -> PathBuf {
    places.config.join("frame.toml")
}

#[cfg(test)]
mod tests;
