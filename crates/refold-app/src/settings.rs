//! Settings, recent stores and what was open last: text files in the user's config folder.
//!
//! A person may edit them: comments and keys that this version does not know survive. A file that cannot be read as
//! what it should be counts as absent and is left as it is until something is saved. Writes are whole or not at all.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{AppError, ErrorCode};
use crate::places::Places;
use crate::wire::{Density, KeyBinding, Launch, Recent, Settings, Theme};

/// So many stores are remembered.
const RECENT_COUNT: usize = 12;

const MAX_COPY_MEGABYTES: &str = "max_copy_megabytes";

const SETTINGS_HEAD: &str = "\
# Settings of Refold. Edit them here or in the window.
# theme: dark, light or system
# density: comfortable or compact
# max_copy_megabytes: disk that the copy of a store's payloads may take, with its search index; no limit without it
# letter_keys: whether single letters, digits and signs run commands: true or false
# keys: a table for each context (global, welcome, overview, history, grid, tree, palette), for instance
#   [keys.history]
#   \"n\" = \"cursor.next\"
#   \"v\" = false
";

/// Where the settings are, for a person who wants to edit them.
pub fn settings_file(places: &Places) -> PathBuf {
    places.config.join("settings.toml")
}

/// Says why the file cannot be read, where there is one.
pub fn check_settings(places: &Places) -> Result<(), AppError> {
    let file = settings_file(places);
    read_text(&file).map_or(Ok(()), |text| document_from_text(&text, &file).map(drop))
}

pub fn load_settings(places: &Places) -> Settings {
    let file = settings_file(places);
    let text = read_text(&file).unwrap_or_default();
    let document = document_from_text(&text, &file).unwrap_or_default();
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
        letter_keys: document
            .get("letter_keys")
            .and_then(toml_edit::Item::as_bool)
            .unwrap_or(true),
        keys: key_bindings(&document),
    }
}

/// The bindings of the file stay as the person wrote them, whatever `settings` holds.
pub fn save_settings(places: &Places, settings: &Settings) -> Result<(), AppError> {
    let file = settings_file(places);
    let text = read_text(&file).unwrap_or_else(|| SETTINGS_HEAD.to_owned());
    let mut document = document_from_text(&text, &file)?;
    let theme = match settings.theme {
        Theme::Dark => "dark",
        Theme::Light => "light",
        Theme::System => "system",
    };
    let density = match settings.density {
        Density::Comfortable => "comfortable",
        Density::Compact => "compact",
    };
    let values: [(&str, toml_edit::Value); 3] = [
        ("theme", theme.into()),
        ("density", density.into()),
        ("letter_keys", settings.letter_keys.into()),
    ];
    for (key, new) in values {
        // The value alone is replaced: a comment behind it stays.
        match document.get_mut(key).and_then(|item| item.as_value_mut()) {
            Some(value) => {
                let decor = value.decor().clone();
                *value = new;
                *value.decor_mut() = decor;
            }
            None => drop(document.insert(key, toml_edit::value(new))),
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

/// What was open when the window was closed; `None`: nothing was.
pub fn load_place(places: &Places) -> Option<Launch> {
    toml::from_str(&read_text(&place_file(places))?).ok()
}

pub fn save_place(places: &Places, place: Option<&Launch>) -> Result<(), AppError> {
    let text = match place {
        Some(place) => toml::to_string(place).map_err(|error| AppError::internal(error.to_string()))?,
        None => String::new(),
    };
    write_whole(&place_file(places), &text)
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

fn document_from_text(text: &str, file: &Path) -> Result<toml_edit::DocumentMut, AppError> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let why = error.to_string().lines().next().unwrap_or_default().to_owned();
        AppError::invalid(
            format!("the settings file is no TOML ({why}): {}", file.display()),
            "correct or remove that file; until then the defaults hold and nothing is saved",
        )
    })
}

/// What is no binding is taken over as it is written: the window says what is wrong with it.
fn key_bindings(document: &toml_edit::DocumentMut) -> Vec<KeyBinding> {
    let binding = |context: &str, keys: &str, item: &toml_edit::Item| KeyBinding {
        context: context.to_owned(),
        keys: keys.to_owned(),
        command: match item.as_bool() {
            Some(false) => None,
            _ => Some(
                item.as_str()
                    .map_or_else(|| item.to_string().trim().to_owned(), str::to_owned),
            ),
        },
    };
    let contexts = document.get("keys").and_then(toml_edit::Item::as_table_like);
    contexts
        .into_iter()
        .flat_map(|table| table.iter())
        .flat_map(|(context, item)| match item.as_table_like() {
            Some(table) => table.iter().map(|(keys, item)| binding(context, keys, item)).collect(),
            None => vec![binding(context, "", item)],
        })
        .collect()
}

fn recents_file(places: &Places) -> PathBuf {
    places.config.join("recents.toml")
}

fn place_file(places: &Places) -> PathBuf {
    places.config.join("place.toml")
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
