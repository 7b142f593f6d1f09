//! Settings and recent stores: text files in the user's config folder.
//!
//! A person may edit them: comments and keys that this version does not know survive. A file that cannot be read as
//! what it should be counts as absent and is left as it is until something is saved. Writes are whole or not at all.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{AppError, ErrorCode};
use crate::places::Places;
use crate::wire::{Density, Recent, Settings, Theme};

/// So many stores are remembered.
const RECENT_COUNT: usize = 12;

const MAX_COPY_MEGABYTES: &str = "max_copy_megabytes";

const SETTINGS_HEAD: &str = "\
# Settings of Refold. Edit them here or in the window.
# theme: dark, light or system
# density: comfortable or compact
# max_copy_megabytes: disk that the copy of a store's payloads may take, with its search index; no limit without it
";

pub fn load_settings(places: &Places) -> Settings {
    let text = read_text(&settings_file(places)).unwrap_or_default();
    let document = text.parse::<toml_edit::DocumentMut>().unwrap_or_default();
    let word = |key: &str| document.get(key).and_then(|item| item.as_str()).unwrap_or_default();
    Settings {
        theme: match word("theme") {
            "dark" => Theme::Dark,
            "light" => Theme::Light,
            // "system", and whatever this version does not know.
            _ => Theme::System,
        },
        density: match word("density") {
            "compact" => Density::Compact,
            // "comfortable", and whatever this version does not know.
            _ => Density::Comfortable,
        },
    }
}

pub fn save_settings(places: &Places, settings: &Settings) -> Result<(), AppError> {
    let file = settings_file(places);
    let text = read_text(&file).unwrap_or_else(|| SETTINGS_HEAD.to_owned());
    let mut document = text.parse::<toml_edit::DocumentMut>().map_err(|error| {
        let why = error.to_string().lines().next().unwrap_or_default().to_owned();
        AppError::invalid(
            format!("the settings file is no TOML ({why}): {}", file.display()),
            "correct or remove that file, then save again",
        )
    })?;
    let theme = match settings.theme {
        Theme::Dark => "dark",
        Theme::Light => "light",
        Theme::System => "system",
    };
    let density = match settings.density {
        Density::Comfortable => "comfortable",
        Density::Compact => "compact",
    };
    for (key, word) in [("theme", theme), ("density", density)] {
        // The value alone is replaced: a comment behind it stays.
        match document.get_mut(key).and_then(|item| item.as_value_mut()) {
            Some(value) => {
                let decor = value.decor().clone();
                *value = word.into();
                *value.decor_mut() = decor;
            }
            None => drop(document.insert(key, toml_edit::value(word))),
        }
    }
    write_whole(&file, &document.to_string())
}

/// So many bytes of disk the copy of one store's payloads may take, with its search index; `None`: no limit.
///
/// Fails on a value that is no number: a limit that was meant must not be passed over.
pub fn most_copied_bytes(places: &Places) -> Result<Option<u64>, AppError> {
    let file = settings_file(places);
    let document = read_text(&file).and_then(|text| text.parse::<toml_edit::DocumentMut>().ok());
    let Some(item) = document.as_ref().and_then(|document| document.get(MAX_COPY_MEGABYTES)) else {
        return Ok(None);
    };
    let megabytes = item.as_integer().and_then(|megabytes| u64::try_from(megabytes).ok());
    let bytes = megabytes.map(|megabytes| Some(megabytes.saturating_mul(1_000_000)));
    bytes.ok_or_else(|| {
        let value = item.to_string();
        AppError::invalid(
            format!(
                "{MAX_COPY_MEGABYTES} is no whole number ({}): {}",
                value.trim(),
                file.display()
            ),
            "write a number of megabytes, or remove the line",
        )
    })
}

/// Latest first.
pub fn load_recents(places: &Places) -> Vec<Recent> {
    let text = read_text(&recents_file(places)).unwrap_or_default();
    toml::from_str::<RecentFile>(&text).unwrap_or_default().recent
}

/// Puts a store on top of the recent ones.
pub fn remember_recent(places: &Places, recent: Recent) -> Result<(), AppError> {
    let mut recents = load_recents(places);
    recents.retain(|known| known.location != recent.location);
    recents.insert(0, recent);
    recents.truncate(RECENT_COUNT);
    save_recents(places, recents)
}

pub fn forget_recent(places: &Places, location: &str) -> Result<(), AppError> {
    let mut recents = load_recents(places);
    recents.retain(|known| known.location != location);
    save_recents(places, recents)
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct RecentFile {
    #[serde(default)]
    recent: Vec<Recent>,
}

fn save_recents(places: &Places, recent: Vec<Recent>) -> Result<(), AppError> {
    let text = toml::to_string(&RecentFile { recent }).map_err(|error| AppError::internal(error.to_string()))?;
    write_whole(&recents_file(places), &text)
}

fn settings_file(places: &Places) -> PathBuf {
    places.config.join("settings.toml")
}

fn recents_file(places: &Places) -> PathBuf {
    places.config.join("recents.toml")
}

fn read_text(file: &Path) -> Option<String> {
    fs::read_to_string(file).ok()
}

/// Replaces a file in one step: who reads it sees the old text or the new one.
fn write_whole(file: &Path, text: &str) -> Result<(), AppError> {
    let failed = |error: std::io::Error| {
        let code = match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => ErrorCode::Denied,
            // Whatever else a disk can say.
            _ => ErrorCode::Unreachable,
        };
        let message = format!("cannot save ({error}): {}", file.display());
        AppError::new(
            code,
            message,
            "make the folder writable, or set REFOLD_HOME to another one",
        )
    };
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    new.write_all(text.as_bytes()).map_err(failed)?;
    new.as_file().sync_all().map_err(failed)?;
    new.persist(file).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests;
