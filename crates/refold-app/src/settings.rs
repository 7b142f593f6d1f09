//! What a person has set: one text file in their config folder, with a comment above each line.
//!
//! They may edit it: comments, their own order and what this version does not know survive. What cannot be used is
//! told with its line and the rest holds. A file that cannot be read, or is no TOML, is never written over: the defaults
//! hold then, and no store is opened, since a limit or a mark of production may stand in it.

mod entries;

use std::path::{Path, PathBuf};

use toml_edit::{Document, DocumentMut, Item};

pub use self::entries::{environment, environment_text};

use self::entries::ENTRIES;
use crate::connections::password::Source;
use crate::error::AppError;
use crate::guarded;
use crate::places::Places;
use crate::wire::{Environment, KeyBinding, Settings, StoreEnvironment};

const MAX_COPY_MEGABYTES: &str = "max_copy_megabytes";
const CACHE_KEY: &str = "cache_key";
const KEYS: &str = "keys";
const ENVIRONMENTS: &str = "environments";

const HEAD: &str = "\
# Settings of Refold. Edit them here or in the window.
# Besides the lines below there may be:
#   max_copy_megabytes = 2000   disk that the copy of a store's payloads may take, with its search index
#   cache_key = \"keychain\"      where the key of what is kept of servers comes from: keychain, \"env NAME\" or \"command …\"
#   [keys.history]              keys of your own, a table for each context; false takes keys away
#   \"n\" = \"cursor.next\"
#   [environments]              what stores are: production, staging, test, development or local
#   \"/srv/orders.db\" = \"production\"
";

/// What the file says.
#[derive(Debug, Default)]
pub struct Found {
    pub settings: Settings,
    /// What cannot be used, a sentence each, with its line.
    pub problems: Vec<String>,
}

/// Where the settings are, for a person who wants to edit them.
pub fn settings_file(places: &Places) -> PathBuf {
    places.config.join("settings.toml")
}

/// Fails only where the file cannot be read, or is no TOML at all.
pub fn load(places: &Places) -> Result<Found, AppError> {
    let file = settings_file(places);
    let text = guarded::read(&file)?.unwrap_or_default();
    let document = Document::parse(text.as_str()).map_err(|error| no_toml(&error, &file))?;
    let mut found = Found::default();
    for (key, item) in document.as_table() {
        let entry = ENTRIES.iter().find(|entry| entry.key == key);
        let outcome = match (key, entry) {
            (KEYS, _) => {
                found.settings.keys = key_bindings(item);
                Ok(())
            }
            (ENVIRONMENTS, _) => {
                read_environments(item, &text, &mut found);
                Ok(())
            }
            (CACHE_KEY, _) => {
                // What stands there is not repeated.
                let problem = |allowed| format!("line {}: {key} must be {allowed}", line_of(&text, item));
                found.problems.extend(key_source(item).err().map(problem));
                Ok(())
            }
            (MAX_COPY_MEGABYTES, _) => copied_bytes(item).map(drop),
            (_, Some(entry)) => (entry.read)(item, &mut found.settings),
            (_, None) => {
                let line = line_of(&text, item);
                found
                    .problems
                    .push(format!("line {line}: {key} is no setting that this version knows"));
                Ok(())
            }
        };
        if let Err(allowed) = outcome {
            found.problems.push(problem(&text, key, item, &allowed));
        }
    }
    Ok(found)
}

/// What the file says, or the defaults where it cannot be read.
pub fn load_settings(places: &Places) -> Settings {
    load(places).unwrap_or_default().settings
}

/// Writes every setting. Keys and environments of the file stay as the person wrote them, whatever `settings` holds.
pub fn save_settings(places: &Places, settings: &Settings) -> Result<(), AppError> {
    edit(places, |document| {
        for entry in ENTRIES {
            match (entry.value)(settings) {
                Some(value) => put(document, entry.key, entry.comment, value),
                None => drop(document.remove(entry.key)),
            }
        }
    })
}

/// Binds keys in a context, over what the file says of them.
pub fn bind_keys(places: &Places, binding: &KeyBinding) -> Result<(), AppError> {
    edit(places, |document| {
        let keys = table(document.as_table_mut(), KEYS);
        keys.set_implicit(true);
        let value: toml_edit::Value = match &binding.command {
            Some(command) => command.as_str().into(),
            None => false.into(),
        };
        table(keys, &binding.context).insert(&binding.keys, toml_edit::value(value));
    })
}

/// Takes a line of `[keys.CONTEXT]` out of the file: the default holds again.
pub fn unbind_keys(places: &Places, context: &str, keys: &str) -> Result<(), AppError> {
    edit(places, |document| {
        let contexts = document.get_mut(KEYS).and_then(Item::as_table_like_mut);
        if let Some(bound) = contexts
            .and_then(|table| table.get_mut(context))
            .and_then(Item::as_table_like_mut)
        {
            bound.remove(keys);
        }
    })
}

/// Says what a store is; `None`: nobody says so any more.
pub fn classify(places: &Places, location: &str, environment: Option<Environment>) -> Result<(), AppError> {
    edit(places, |document| {
        let known = table(document.as_table_mut(), ENVIRONMENTS);
        match environment {
            Some(environment) => {
                known.insert(location, toml_edit::value(entries::environment_text(environment)));
            }
            None => drop(known.remove(location)),
        }
    })
}

/// So many bytes of disk the copy of one store's payloads may take, with its search index; `None`: no limit.
///
/// Fails on a value that is no number, and on a file that cannot be read: a limit that was meant must not be passed over.
pub fn most_copied_bytes(places: &Places) -> Result<Option<u64>, AppError> {
    let file = settings_file(places);
    let text = guarded::read(&file)?.unwrap_or_default();
    let document = Document::parse(text.as_str()).map_err(|error| no_toml(&error, &file))?;
    let Some(item) = document.as_table().get(MAX_COPY_MEGABYTES) else {
        return Ok(None);
    };
    copied_bytes(item).map(Some).map_err(|_| {
        let value = item.span().and_then(|span| text.get(span)).unwrap_or_default();
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

/// Where the key of what is kept of servers comes from; `None`: from a file of ours.
pub fn cache_key(places: &Places) -> Result<Option<Source>, AppError> {
    let file = settings_file(places);
    let text = guarded::read(&file)?.unwrap_or_default();
    let document = Document::parse(text.as_str()).map_err(|error| no_toml(&error, &file))?;
    let item = document.get(CACHE_KEY);
    // What stands there may be a key itself.
    item.map(key_source).transpose().map_err(|allowed| {
        AppError::invalid(
            format!("{CACHE_KEY} must be {allowed}: {}", file.display()),
            "correct the line, or remove it: the key is then in a file of its own",
        )
    })
}

fn key_source(item: &Item) -> Result<Source, String> {
    match item.as_str().map(Source::parse) {
        Some(Ok(source @ (Source::Keychain | Source::Variable(_) | Source::Program(_)))) => Ok(source),
        _ => Err("where the key comes from, and never the key itself: keychain, \"env NAME\" or \"command PROGRAM ARGUMENT…\"".to_owned()),
    }
}

fn edit(places: &Places, change: impl FnOnce(&mut DocumentMut)) -> Result<(), AppError> {
    let file = settings_file(places);
    guarded::change(&file, |text| {
        let text = text.unwrap_or_else(|| HEAD.to_owned());
        let mut document: DocumentMut = text.parse().map_err(|error| no_toml(&error, &file))?;
        change(&mut document);
        Ok((document.to_string(), ()))
    })
}

/// The value alone is replaced: comments around it stay. A new line gets its comment above it.
fn put(document: &mut DocumentMut, key: &str, comment: &str, new: toml_edit::Value) {
    if let Some(value) = document.get_mut(key).and_then(Item::as_value_mut) {
        let decor = value.decor().clone();
        *value = new;
        *value.decor_mut() = decor;
        return;
    }
    document.insert(key, toml_edit::value(new));
    if let Some(mut written) = document.key_mut(key) {
        written.leaf_decor_mut().set_prefix(format!("\n# {comment}\n"));
    }
}

/// The table of a name, made where there is none. What stands there instead of a table gives way to it.
fn table<'a>(parent: &'a mut toml_edit::Table, name: &str) -> &'a mut toml_edit::Table {
    let item = parent.entry(name).or_insert_with(toml_edit::table);
    if let Item::Value(toml_edit::Value::InlineTable(inline)) = item {
        *item = Item::Table(inline.clone().into_table());
    } else if !item.is_table() {
        *item = toml_edit::table();
    }
    match item {
        Item::Table(table) => table,
        _ => unreachable!("it was just made one"),
    }
}

fn copied_bytes(item: &Item) -> Result<u64, String> {
    let megabytes = item.as_integer().and_then(|megabytes| u64::try_from(megabytes).ok());
    let bytes = megabytes.map(|megabytes| megabytes.saturating_mul(1_000_000));
    bytes.ok_or_else(|| "a whole number of megabytes".to_owned())
}

fn read_environments(item: &Item, text: &str, found: &mut Found) {
    let Some(table) = item.as_table_like() else {
        found.problems.push(problem(text, ENVIRONMENTS, item, "a table"));
        return;
    };
    for (location, item) in table.iter() {
        match entries::environment(item) {
            Ok(environment) => found.settings.environments.push(StoreEnvironment {
                location: location.to_owned(),
                environment,
            }),
            Err(allowed) => found.problems.push(problem(text, location, item, &allowed)),
        }
    }
}

/// What is no binding is taken over as it is written: the window says what is wrong with it.
fn key_bindings(keys: &Item) -> Vec<KeyBinding> {
    let binding = |context: &str, keys: &str, item: &Item| KeyBinding {
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
    let contexts = keys.as_table_like();
    contexts
        .into_iter()
        .flat_map(|table| table.iter())
        .flat_map(|(context, item)| match item.as_table_like() {
            Some(table) => table.iter().map(|(keys, item)| binding(context, keys, item)).collect(),
            None => vec![binding(context, "", item)],
        })
        .collect()
}

fn problem(text: &str, key: &str, item: &Item, allowed: &str) -> String {
    let written = item.span().and_then(|span| text.get(span)).unwrap_or_default();
    format!(
        "line {}: {key} is {}, and must be {allowed}",
        line_of(text, item),
        written.trim()
    )
}

/// From 1.
fn line_of(text: &str, item: &Item) -> usize {
    let start = item.span().map_or(0, |span| span.start);
    text.get(..start).unwrap_or_default().matches('\n').count() + 1
}

fn no_toml(error: &toml_edit::TomlError, file: &Path) -> AppError {
    let why = error.to_string().lines().next().unwrap_or_default().to_owned();
    AppError::invalid(
        format!("the settings file is no TOML ({why}): {}", file.display()),
        "correct or remove that file; until then the defaults hold, nothing is saved and no store is opened",
    )
}

#[cfg(test)]
mod tests;
