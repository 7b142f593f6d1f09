//! A manifest with one version more, as a person would have written it in: what else stands there stays, with its comments.

use std::sync::Arc;

use refold_handlers::document::Document;
use refold_handlers::package::{MANIFEST, Manifest};
use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

use crate::error::AppError;

/// The version that is added after all others.
pub struct Added<'a> {
    /// The version that it takes its runtime and the versions of its events from.
    pub of: &'a str,
    pub id: &'a str,
    pub path: &'a str,
    pub is_draft: bool,
    pub hash: Option<&'a str>,
}

/// What an entry says of its own version alone: when that was live, and of its files.
const OF_ONE: [&str; 8] = [
    "hash",
    "draft",
    "title",
    "path",
    "deploy",
    "effective",
    "effective_from",
    "effective_to",
];

/// # Errors
/// Where the text is no manifest, has the version already, or has none that `added` is of.
pub fn with_version(text: &str, added: &Added<'_>) -> Result<String, AppError> {
    let before = read(text)?;
    let manner = Manner::of(text)?;
    if before.select(Some(added.id)).is_some() {
        return Err(AppError::invalid(
            format!("the package has a version {} already", added.id),
            "choose another version; none is ever written over",
        ));
    }
    let mut document: DocumentMut = manner
        .plain(text)
        .parse()
        .map_err(|error: toml_edit::TomlError| unreadable(error.message()))?;
    let is_added = match document.get_mut("version") {
        Some(Item::ArrayOfTables(tables)) => {
            let entry = tables.iter().find(|table| is_of(*table, added.of)).cloned();
            entry.map(|mut entry| {
                fill(&mut entry, added);
                place_last(&mut entry);
                entry.decor_mut().set_prefix("\n");
                tables.push(entry);
            })
        }
        Some(Item::Value(Value::Array(list))) => {
            let is_it = |table: &&InlineTable| is_of(*table, added.of);
            let entry = list.iter().filter_map(Value::as_inline_table).find(is_it).cloned();
            entry.map(|mut entry| {
                fill(&mut entry, added);
                list.push(entry);
            })
        }
        _ => None,
    };
    let text = manner.put_on(&document.to_string());
    let after = read(&text)?.versions;
    let is_as_wanted =
        matches!(after.split_last(), Some((last, others)) if last.id == added.id && others == before.versions);
    if is_added.is_none() || !is_as_wanted {
        return Err(unreadable(&format!("it has no version {} of its own", added.of)));
    }
    Ok(text)
}

/// How a text is written as bytes, which the one who reads and writes TOML does not keep.
struct Manner {
    has_mark: bool,
    has_returns: bool,
}

impl Manner {
    const MARK: char = '\u{feff}';

    fn of(text: &str) -> Result<Manner, AppError> {
        let (lines, returns) = (text.matches('\n').count(), text.matches("\r\n").count());
        if returns != 0 && returns != lines {
            return Err(unreadable("some of its lines end in CR LF, and some in LF alone"));
        }
        Ok(Manner {
            has_mark: text.starts_with(Manner::MARK),
            has_returns: returns != 0,
        })
    }

    fn plain(&self, text: &str) -> String {
        text.strip_prefix(Manner::MARK).unwrap_or(text).replace("\r\n", "\n")
    }

    fn put_on(&self, text: &str) -> String {
        let text = match self.has_returns {
            true => text.replace('\n', "\r\n"),
            false => text.to_owned(),
        };
        match self.has_mark {
            true => format!("{}{text}", Manner::MARK),
            false => text,
        }
    }
}

fn read(text: &str) -> Result<Manifest, AppError> {
    let document = Document::from_toml(&Arc::from(MANIFEST), text.as_bytes())?;
    Ok(Manifest::read(&document)?)
}

fn is_of(entry: &dyn TableLike, id: &str) -> bool {
    entry.get("id").and_then(Item::as_str) == Some(id)
}

fn fill(entry: &mut dyn TableLike, added: &Added<'_>) {
    for key in OF_ONE {
        entry.remove(key);
    }
    entry.insert("id", value(added.id));
    entry.insert("path", value(added.path));
    if added.is_draft {
        entry.insert("draft", value(true));
    }
    if let Some(hash) = added.hash {
        entry.insert("hash", value(hash));
    }
}

/// Behind what is there, with the tables in it.
fn place_last(entry: &mut Table) {
    entry.set_position(None);
    for (_, item) in entry.iter_mut() {
        if let Some(table) = item.as_table_mut() {
            place_last(table);
        }
    }
}

fn unreadable(why: &str) -> AppError {
    AppError::invalid(
        format!("a version cannot be added to the manifest: {why}"),
        format!("correct {MANIFEST}, or add the version there with an editor"),
    )
}
