//! Searches that a person gave a name, in a text file of the user's data folder, and those that were run lately.
//!
//! A person may edit the file: comments and keys that this version does not know survive. One that is no TOML is never
//! written over.

use std::path::PathBuf;

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use crate::error::AppError;
use crate::guarded;
use crate::places::Places;
use crate::wire::{QueryBook, SavedQuery, SearchAsked};

/// So many of the latest searches are remembered.
const RECENT_COUNT: usize = 20;

const HEAD: &str = "\
# Saved searches of Refold. Edit them here or in the window.
# Each [[query]] has a name, and what it looks for: text, types, categories, stream, from, to, condition.
# folder: parts with / between them
";

/// All that is saved, by folder and name.
pub fn load(places: &Places) -> Result<QueryBook, AppError> {
    let file = file(places);
    let mut saved = match guarded::read(&file)? {
        Some(text) => queries(&document(&text, places)?),
        None => Vec::new(),
    };
    saved.sort_by(|a, b| (&a.folder, &a.name).cmp(&(&b.folder, &b.name)));
    Ok(QueryBook {
        saved,
        recent: recent(places),
        file: file.display().to_string(),
    })
}

/// The saved search of a name: `NAME`, or `FOLDER/NAME` where the name alone is not enough.
pub fn find(places: &Places, wanted: &str) -> Result<SavedQuery, AppError> {
    let book = load(places)?;
    let path = |query: &SavedQuery| format!("{}/{}", query.folder, query.name);
    if let Some(query) = book.saved.iter().find(|query| path(query) == wanted) {
        return Ok(query.clone());
    }
    let named: Vec<&SavedQuery> = book.saved.iter().filter(|query| query.name == wanted).collect();
    match named.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(AppError::not_found(
            format!("no search is saved as {wanted}: {}", book.file),
            "save it in the window, or write it into that file",
        )),
        several => {
            let paths: Vec<String> = several.iter().map(|query| path(query)).collect();
            Err(AppError::invalid(
                format!("several searches are called {wanted}: {}", paths.join(", ")),
                "name its folder before it",
            ))
        }
    }
}

/// Saves a search. `before`: folder and name of the saved one that it replaces, wherever it goes now.
pub fn save(places: &Places, query: &SavedQuery, before: Option<(&str, &str)>) -> Result<QueryBook, AppError> {
    let query = SavedQuery {
        name: query.name.trim().to_owned(),
        folder: tidy_folder(&query.folder),
        asked: query.asked.clone(),
    };
    if query.name.is_empty() || query.name.contains('/') {
        return Err(AppError::invalid(
            "a saved search needs a name without /",
            "write another name",
        ));
    }
    let place = (query.folder.as_str(), query.name.as_str());
    guarded::change(&file(places), |text| {
        let mut document = document(text.as_deref().unwrap_or(HEAD), places)?;
        let tables = tables(&mut document, places)?;
        let is_taken = |tables: &ArrayOfTables| tables.iter().any(|table| place_of(table) == place);
        if before != Some(place) && is_taken(tables) {
            return Err(AppError::invalid(
                format!("there is a saved search called {} here already", query.name),
                "write another name, or open that one and save it again",
            ));
        }
        let replaced = tables.iter().position(|table| Some(place_of(table)) == before);
        match replaced.and_then(|at| tables.get_mut(at)) {
            Some(table) => fill(table, &query),
            None => {
                let mut table = Table::new();
                fill(&mut table, &query);
                tables.push(table);
            }
        }
        Ok((document.to_string(), ()))
    })?;
    load(places)
}

/// One that is not there is no failure: it is gone.
pub fn remove(places: &Places, folder: &str, name: &str) -> Result<QueryBook, AppError> {
    guarded::change(&file(places), |text| {
        let mut document = document(text.as_deref().unwrap_or(HEAD), places)?;
        tables(&mut document, places)?.retain(|table| place_of(table) != (folder, name));
        Ok((document.to_string(), ()))
    })?;
    load(places)
}

/// Puts a search on top of the recent ones.
pub fn remember(places: &Places, asked: &SearchAsked) -> Result<QueryBook, AppError> {
    if *asked != SearchAsked::default() {
        guarded::change(&recent_file(places), |_| {
            let mut recent = recent(places);
            recent.retain(|known| known != asked);
            recent.insert(0, asked.clone());
            recent.truncate(RECENT_COUNT);
            let text = toml::to_string(&RecentFile { query: recent });
            Ok((text.map_err(|error| AppError::internal(error.to_string()))?, ()))
        })?;
    }
    load(places)
}

#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct RecentFile {
    #[serde(default)]
    query: Vec<SearchAsked>,
}

/// A convenience: a file that cannot be read counts as absent.
fn recent(places: &Places) -> Vec<SearchAsked> {
    let text = guarded::read(&recent_file(places)).ok().flatten().unwrap_or_default();
    toml::from_str::<RecentFile>(&text).unwrap_or_default().query
}

fn file(places: &Places) -> PathBuf {
    places.data.join("queries.toml")
}

fn recent_file(places: &Places) -> PathBuf {
    places.data.join("recent-queries.toml")
}

fn document(text: &str, places: &Places) -> Result<DocumentMut, AppError> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let why = error.to_string().lines().next().unwrap_or_default().to_owned();
        wrong_file(&why, places)
    })
}

fn wrong_file(why: &str, places: &Places) -> AppError {
    AppError::invalid(
        format!("the saved searches cannot be read ({why}): {}", file(places).display()),
        "correct or remove that file; until then nothing is saved in it",
    )
}

fn tables<'a>(document: &'a mut DocumentMut, places: &Places) -> Result<&'a mut ArrayOfTables, AppError> {
    let item = document
        .entry("query")
        .or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    item.as_array_of_tables_mut()
        .ok_or_else(|| wrong_file("query is no list of tables", places))
}

fn queries(document: &DocumentMut) -> Vec<SavedQuery> {
    let tables = document.get("query").and_then(Item::as_array_of_tables);
    let query = |table: &Table| {
        let (folder, name) = place_of(table);
        let text = |key: &str| table.get(key).and_then(Item::as_str).unwrap_or_default().to_owned();
        let list = |key: &str| {
            let items = table.get(key).and_then(Item::as_array);
            items
                .map(|items| {
                    items
                        .iter()
                        .filter_map(|item| item.as_str().map(str::to_owned))
                        .collect()
                })
                .unwrap_or_default()
        };
        SavedQuery {
            name: name.to_owned(),
            folder: folder.to_owned(),
            asked: SearchAsked {
                text: text("text"),
                types: list("types"),
                categories: list("categories"),
                stream: text("stream"),
                from: text("from"),
                to: text("to"),
                condition: text("condition"),
            },
        }
    };
    let all = tables.into_iter().flat_map(ArrayOfTables::iter).map(query);
    all.filter(|query| !query.name.is_empty()).collect()
}

fn place_of(table: &Table) -> (&str, &str) {
    let text = |key: &str| table.get(key).and_then(Item::as_str).unwrap_or_default();
    (text("folder"), text("name"))
}

/// What is empty is not written.
fn fill(table: &mut Table, query: &SavedQuery) {
    let SearchAsked {
        text,
        types,
        categories,
        stream,
        from,
        to,
        condition,
    } = &query.asked;
    let texts = [
        ("name", &query.name),
        ("folder", &query.folder),
        ("text", text),
        ("stream", stream),
        ("from", from),
        ("to", to),
        ("condition", condition),
    ];
    for (key, text) in texts {
        if text.is_empty() {
            table.remove(key);
        } else {
            table.insert(key, value(text.as_str()));
        }
    }
    for (key, list) in [("types", types), ("categories", categories)] {
        if list.is_empty() {
            table.remove(key);
        } else {
            table.insert(key, value(list.iter().collect::<toml_edit::Array>()));
        }
    }
}

/// `Payments / Late/` becomes `Payments/Late`.
fn tidy_folder(folder: &str) -> String {
    let parts = folder.split('/').map(str::trim).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests;
