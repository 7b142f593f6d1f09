//! A manifest with one version more, as a person would have written it in: what else stands there stays, with its comments.

use std::sync::Arc;

use refold_handlers::document::{Body, Document};
use refold_handlers::error::{Mark, PackageError, Place, code};
use refold_handlers::package::{MANIFEST, Manifest, ManifestVersion};
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
    let (before, manner, mut document) = opened(text, added)?;
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

/// The manifest that a person wrote in a draft, with the entry of the draft as that of the version `added`. What else stands
/// there stays, with its comments. `draft`: what the version is called there.
///
/// # Errors
/// Where the text is no manifest, or has no entry of its own for the draft.
pub fn released(text: &str, draft: &str, added: &Added<'_>) -> Result<String, AppError> {
    let (before, manner, mut document) = opened(text, added)?;
    match document.get_mut("version") {
        Some(Item::ArrayOfTables(tables)) => {
            if let Some(entry) = tables.iter_mut().find(|table| is_of(*table, draft)) {
                rename(entry, added);
            }
        }
        Some(Item::Value(Value::Array(list))) => {
            let mut entries = list.iter_mut().filter_map(Value::as_inline_table_mut);
            if let Some(entry) = entries.find(|table| is_of(*table, draft)) {
                rename(entry, added);
            }
        }
        _ => {}
    }
    let text = manner.put_on(&document.to_string());
    let after = read(&text)?.versions;
    let others = |versions: &[ManifestVersion], id: &str| -> Vec<ManifestVersion> {
        versions
            .iter()
            .filter(|version| version.id != id)
            .map(unmarked)
            .collect()
    };
    let is_as_wanted = after.iter().any(|version| version.id == added.id)
        && others(&after, added.id) == others(&before.versions, draft);
    match is_as_wanted {
        true => Ok(text),
        false => Err(unreadable(&format!("it has no entry of its own for {draft}"))),
    }
}

/// A manifest to be changed: what it says, how it is written, and its text in parts. Fails where it has the version already.
fn opened(text: &str, added: &Added<'_>) -> Result<(Manifest, Manner, DocumentMut), AppError> {
    let before = read(text)?;
    let manner = Manner::of(text)?;
    if before.select(Some(added.id)).is_some() {
        return Err(taken(added.id));
    }
    let document = manner.plain(text).parse();
    let document = document.map_err(|error: toml_edit::TomlError| unreadable(error.message()))?;
    Ok((before, manner, document))
}

/// That the manifest of a draft says of all else what the package's does. `wanted`: as it follows the package. `own`: as a
/// person wrote it. `draft`: what the version is called in both.
pub fn expect_draft(wanted: &str, own: &str, draft: &str) -> Result<(), PackageError> {
    let file: Arc<str> = Arc::from(MANIFEST);
    let wanted = Manifest::read(&Document::from_toml(&file, wanted.as_bytes())?)?;
    let document = Document::from_toml(&file, own.as_bytes())?;
    let found = Manifest::read(&document)?;
    let error = |mark: Mark, message: String| {
        Err(PackageError {
            code: code::PKG_MANIFEST,
            message,
            place: Some(Place {
                file: Arc::clone(&file),
                mark,
            }),
        })
    };
    if found.name != wanted.name {
        let message = format!("a draft is of its package: leave `name = \"{}\"`", wanted.name);
        return error(mark_of(&document, "name"), message);
    }
    for (at, version) in wanted.versions.iter().enumerate() {
        let Some(of) = found.versions.iter().find(|found| found.id == version.id) else {
            // What has its place is most likely what it became.
            let mark = found.versions.get(at).map_or(Mark::START, |found| found.mark);
            let message = match version.id == draft {
                true => format!(
                    "a draft keeps its id: leave `id = \"{draft}\"`; it gets its number when it is saved as a version"
                ),
                false => format!(
                    "a draft is of one version: leave the entry of {} as the package has it",
                    version.id
                ),
            };
            return error(mark, message);
        };
        if version.id == draft {
            if of.path != version.path {
                let message = format!("a draft keeps its folder: leave `path = \"{}\"`", version.path);
                return error(of.mark, message);
            }
            if !of.is_draft {
                return error(of.mark, "a draft says that it is one: leave `draft = true`".to_owned());
            }
            if let Some((_, mark)) = &of.hash {
                let message = "a draft is held to no hash: leave `hash` out; as a version it gets that of its files where the \
                               version before has one";
                return error(*mark, message.to_owned());
            }
        } else if unmarked(of) != unmarked(version) {
            let message = format!(
                "a draft is of one version: leave the entry of {} as the package has it",
                version.id
            );
            return error(of.mark, message);
        }
        if version.hash.is_some() && found.semantic_json(of) != wanted.semantic_json(version) {
            let key = ["partition", "determinism", "capabilities"].into_iter();
            let mark = key.map(|key| mark_of(&document, key)).find(|mark| *mark != Mark::START);
            let message = format!(
                "{} is held to its hash, which this would change for all versions: leave it as the package has it",
                version.id
            );
            return error(mark.unwrap_or(Mark::START), message);
        }
    }
    let ids = |versions: &[ManifestVersion]| versions.iter().map(|version| version.id.clone()).collect::<Vec<_>>();
    let (known, mut wanted_at) = (ids(&wanted.versions), wanted.versions.iter());
    for version in &found.versions {
        if wanted_at.next().is_none_or(|wanted| wanted.id != version.id) {
            let message = match known.contains(&version.id) {
                true => "a draft leaves the versions in their order, and is the last of them".to_owned(),
                false => format!("a draft adds no other version: take {} out", version.id),
            };
            return error(version.mark, message);
        }
    }
    Ok(())
}

/// What a version says, wherever it stands.
fn unmarked(version: &ManifestVersion) -> ManifestVersion {
    ManifestVersion {
        mark: Mark::START,
        event_marks: Default::default(),
        hash: version.hash.as_ref().map(|(hash, _)| (hash.clone(), Mark::START)),
        ..version.clone()
    }
}

fn mark_of(document: &Document, key: &str) -> Mark {
    let members = match &document.root.body {
        Body::Map(members) => members.as_slice(),
        Body::Scalar(_) | Body::List(_) => &[],
    };
    let member = members.iter().find(|(name, _)| name.text == key);
    member.map_or(Mark::START, |(name, _)| name.mark)
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

/// The entry of a draft as that of a version: its words stay, and what stands around them.
fn rename(entry: &mut dyn TableLike, added: &Added<'_>) {
    for (key, word) in [("id", added.id), ("path", added.path)] {
        let decor = entry
            .get(key)
            .and_then(Item::as_value)
            .map(|value| value.decor().clone());
        let mut word = Value::from(word);
        if let Some(decor) = decor {
            *word.decor_mut() = decor;
        }
        entry.insert(key, Item::Value(word));
    }
    entry.remove("draft");
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

fn taken(id: &str) -> AppError {
    AppError::invalid(
        format!("the package has a version {id} already"),
        "choose another version; none is ever written over",
    )
}

fn unreadable(why: &str) -> AppError {
    AppError::invalid(
        format!("a version cannot be added to the manifest: {why}"),
        format!("correct {MANIFEST}, or add the version there with an editor"),
    )
}
