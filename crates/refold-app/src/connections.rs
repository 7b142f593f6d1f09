//! Saved connections: where stores are and how they are opened, by name, in a text file of the user's config folder.
//!
//! A person may edit it: comments, their own order and what this version does not know survive. One that cannot be
//! understood is never written over. No secret ever stands in it, and none is taken from it.

pub mod keeping;
mod keys;
pub mod kind;
mod lines;
mod option_file;
pub mod passfile;
pub mod password;
pub mod server;
mod service_file;
mod surroundings;
mod target;
mod tunnel;
pub mod url;

use std::path::{Path, PathBuf};

use refold_core::port::system::in_words;
use refold_stores::plain_file::{self, MOST_TEXT_BYTES};
use sha2::{Digest as _, Sha256};
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, Value, value};

pub use self::lines::{lead, lines, set};
pub use self::surroundings::Surroundings;
pub use self::target::{Asked, Named, Target, counts_as};
pub use self::tunnel::Tunnel;
use crate::error::{AppError, ErrorCode};
use crate::guarded;
use crate::places::Places;
use crate::session::cache::forget;
use crate::text;
use crate::wire::{Connection, ConnectionBook, Environment, SavedConnection};
use crate::written_file::{NewFile, Own};

/// The first line that is no comment.
const FORMAT: &str = "connections/1";
const TABLES: &str = "connection";

const HEAD: &str = "\
# Saved connections of Refold, a [[connection]] each. Edit them here, in the window, or with `refold connections`.
# No password ever stands here: the line `password` says where it comes from.
#   name                  what follows the @ wherever a store is named
#   environment           production, staging, test, development or local; without it: treated as production
#   store                 path of a store that is a file; else it is a server:
#   kind                  postgres, or mysql (MariaDB too)
#   host                  \"pg-1:5432,pg-2\", or the folder of a Unix socket (mysql: its file)
#   database, user        and for postgres: service
#   target_session_attrs  of several hosts: prefer-standby (the default), standby, primary or any
#   sslmode, sslrootcert  verify-full (the default, but not on this machine), verify-ca, require or disable
#   sslcert, sslkey       files with our certificate and its key, for a server that asks who we are
#   allow_elevated, allow_scans, megabytes_per_second
#                         as in an address: docs/production.md
#   password              ask, \"env NAME\", pgpass, mycnf, keychain or \"command PROGRAM ARGUMENT…\"
#   ssh                   the host that a tunnel goes through, as your ssh knows it
#   layout, zone, mask    as the options of the command line
#   cache                 what is kept of its events: off, memory or disk, \"disk 500\" for 500 MB of payloads
";

/// What an import brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub added: Vec<String>,
    pub replaced: Vec<String>,
    /// What was not taken over of them, a sentence each.
    pub left_out: Vec<String>,
}

/// What becomes of a connection whose name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Refused,
    Replaced,
}

/// Where they are.
pub fn file(places: &Places) -> PathBuf {
    places.config.join("connections.toml")
}

/// All that are saved, by name. A connection that is wrong is there with what is wrong about it.
pub fn load(places: &Places) -> Result<ConnectionBook, AppError> {
    expect_ours(&file(places))?;
    let mut saved = match guarded::read(&file(places))? {
        Some(text) => read(&document(&text, &file(places).display().to_string())?),
        None => Vec::new(),
    };
    saved.sort_by(|a, b| a.connection.name.cmp(&b.connection.name));
    Ok(ConnectionBook {
        saved,
        file: file(places).display().to_string(),
    })
}

/// A connection can name programs to run, so that nobody else may have written it.
#[cfg(unix)]
fn expect_ours(file: &Path) -> Result<(), AppError> {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(of) = file.metadata() else { return Ok(()) };
    let me = rustix::process::geteuid().as_raw();
    let why = match of.uid() {
        owner if owner != me && owner != 0 => "is another user's",
        _ if of.mode() & 0o002 != 0 => "can be written by every user of this machine",
        _ => return Ok(()),
    };
    Err(AppError::new(
        ErrorCode::Denied,
        format!("the connections are not read: their file {why}: {}", file.display()),
        "look at what is in it, then make it your own, and writable for nobody else",
    ))
}

/// Whose a file is, only Unix tells so.
#[cfg(not(unix))]
fn expect_ours(_file: &Path) -> Result<(), AppError> {
    Ok(())
}

/// The connection of a name, with or without its `@`. One that is wrong is an error: what was meant must not be passed
/// over.
pub fn find(places: &Places, name: &str) -> Result<Connection, AppError> {
    let name = name.strip_prefix('@').unwrap_or(name);
    let mut book = load(places)?;
    let place = book.saved.iter().position(|one| one.connection.name == name);
    let Some(found) = place.map(|place| book.saved.swap_remove(place)) else {
        return Err(not_there(book, name));
    };
    match found.problems.is_empty() {
        true => Ok(found.connection),
        false => Err(AppError::invalid(
            format!(
                "the connection {name} cannot be used: {}: {}",
                found.problems.join("; "),
                book.file
            ),
            "correct it in that file, or change the connection",
        )
        .typed(format!("refold connections edit {name}"))),
    }
}

/// Saves a connection. `before`: the name of the one that it replaces; `None`: it is new.
pub fn save(places: &Places, connection: &Connection, before: Option<&str>) -> Result<ConnectionBook, AppError> {
    let connection = checked(connection)?;
    change(places, |document| {
        let tables = tables(document);
        let is_taken = tables.iter().any(|table| name_of(table) == connection.name);
        if before != Some(&connection.name) && is_taken {
            return Err(AppError::invalid(
                format!("there is a connection called {} already", connection.name),
                "choose another name, or edit that one",
            ));
        }
        match before {
            None => tables.push(table_of(&connection)),
            Some(before) => {
                let table = tables.iter_mut().find(|table| name_of(table) == before);
                let Some(table) = table else {
                    return Err(not_there(load(places)?, before));
                };
                fill(table, &connection);
            }
        }
        Ok(())
    })?;
    load(places)
}

/// Takes a connection out of the file, and what is kept of its server; the store itself is untouched.
pub fn remove(places: &Places, name: &str) -> Result<ConnectionBook, AppError> {
    let name = name.strip_prefix('@').unwrap_or(name);
    change(places, |document| {
        let tables = tables(document);
        let before = tables.len();
        tables.retain(|table| name_of(table) != name);
        if tables.len() == before {
            Err(not_there(load(places)?, name))
        } else {
            Ok(())
        }
    })?;
    load(places)
}

/// Says what the store of a connection is; `None`: nobody says so any more.
pub fn classify(places: &Places, name: &str, environment: Option<Environment>) -> Result<(), AppError> {
    let connection = find(places, name)?;
    let name = connection.name.clone();
    save(
        places,
        &Connection {
            environment,
            ..connection
        },
        Some(&name),
    )
    .map(drop)
}

/// The text of a file with these connections, all where none is named: for somebody else. Programs that print passwords
/// are left out, since whoever takes the file in would run them.
pub fn export(places: &Places, names: &[String]) -> Result<String, AppError> {
    let book = load(places)?;
    let mut chosen = Vec::new();
    for name in names {
        chosen.push(find(places, name)?);
    }
    if names.is_empty() {
        chosen = book.saved.into_iter().map(|one| one.connection).collect();
    }
    let mut document = new_document();
    let mut tables = ArrayOfTables::new();
    for mut connection in chosen {
        connection.password = connection.password.filter(|source| !is_program(source));
        tables.push(table_of(&connection));
    }
    document.insert(TABLES, Item::ArrayOfTables(tables));
    Ok(document.to_string())
}

/// Takes over the connections of a file that somebody exported, all of them or none.
pub fn import(places: &Places, text: &str, shown_as: &str, taken: Taken) -> Result<Imported, AppError> {
    let found = read(&document(text, shown_as)?);
    let wrong: Vec<String> = found
        .iter()
        .filter(|one| !one.problems.is_empty())
        .map(|one| format!("{}: {}", one.connection.name, one.problems.join("; ")))
        .collect();
    if !wrong.is_empty() {
        return Err(AppError::invalid(
            format!("nothing is imported: {}: {shown_as}", wrong.join("; ")),
            "correct the file",
        ));
    }
    change(places, |document| {
        let tables = tables(document);
        let mut imported = Imported::default();
        for SavedConnection { mut connection, .. } in found {
            let name = connection.name.clone();
            if connection.password.as_deref().is_some_and(is_program) {
                connection.password = None;
                imported.left_out.push(format!(
                    "{name}: the program that prints its password, which nobody here chose"
                ));
            }
            if connection.environment.is_none() {
                imported
                    .left_out
                    .push(format!("{name}: nobody said what it is, so it counts as production"));
            }
            let known = tables.iter().position(|table| name_of(table) == name);
            match known.and_then(|place| tables.get_mut(place)) {
                None => {
                    tables.push(table_of(&connection));
                    imported.added.push(name);
                }
                Some(table) if taken == Taken::Replaced => {
                    fill(table, &connection);
                    imported.replaced.push(name);
                }
                Some(_) => {
                    return Err(AppError::invalid(
                        format!("nothing is imported: there is a connection called {name} already"),
                        "rename one of them, or say that those of the file replace yours",
                    ));
                }
            }
        }
        Ok(imported)
    })
}

/// Writes an export into a file that is not there yet.
pub fn write_export(file: &Path, text: &str) -> Result<(), AppError> {
    const EXPORT: Own = Own {
        noun: "file of connections",
        begins_with: None,
    };
    let mut new = NewFile::create(file, &[], &EXPORT)?;
    new.write(text.as_bytes())?;
    new.keep().map(drop)
}

/// As [`import`], from a file.
pub fn import_file(places: &Places, file: &Path, taken: Taken) -> Result<Imported, AppError> {
    let shown = file.display().to_string();
    let text = plain_file::read_text(file, MOST_TEXT_BYTES).map_err(|error| {
        AppError::invalid(
            format!("cannot read the file ({}): {shown}", in_words(&error)),
            "name a file that was exported",
        )
    })?;
    import(places, &text, &shown, taken)
}

/// A connection that is sound, tidied; else what is wrong with it.
pub fn checked(connection: &Connection) -> Result<Connection, AppError> {
    keys::check_name(connection.name.trim()).map_err(|allowed| refused(format!("its name must be {allowed}")))?;
    checked_but_name(connection)
}

/// The same of one that has no name yet.
fn checked_but_name(connection: &Connection) -> Result<Connection, AppError> {
    let mut sound = Connection {
        name: connection.name.trim().to_owned(),
        ..Connection::default()
    };
    for key in keys::KEYS {
        let given = (key.get)(connection);
        if let Some(text) = given.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            (key.put)(&mut sound, text).map_err(|allowed| refused(format!("{} must be {allowed}", key.name)))?;
        }
    }
    if sound.kind.is_none() && (sound.host.is_some() || sound.service.is_some() || sound.database.is_some()) {
        sound.kind = Some(kind::ServerKind::default().name().to_owned());
    }
    // They are opened from any folder.
    let layout = sound.layout.as_mut().filter(|layout| layout.ends_with(".toml"));
    let files = [
        ("store", sound.store.as_mut()),
        ("sslcert", sound.sslcert.as_mut()),
        ("sslkey", sound.sslkey.as_mut()),
        ("mask", sound.mask.as_mut()),
        ("layout", layout),
    ];
    for (name, file) in files {
        let Some(file) = file else { continue };
        let path = std::path::absolute(&*file).map_err(|error| refused(format!("{name} is no path ({error})")))?;
        *file = path.display().to_string();
    }
    match keys::contradictions(&sound).first() {
        Some(why) => Err(refused(why.clone())),
        None => Ok(sound),
    }
}

/// Whether a text can be the name of a connection.
pub fn is_name(text: &str) -> bool {
    keys::check_name(text).is_ok()
}

/// Where it leads, for people: a path, or `pg-1:5432 / orders`.
pub fn target(connection: &Connection) -> String {
    if let Some(store) = &connection.store {
        return store.clone();
    }
    let host = connection
        .host
        .clone()
        .or_else(|| connection.service.as_ref().map(|name| format!("service {name}")));
    let parts = [host, connection.database.clone()];
    let said: Vec<String> = parts.into_iter().flatten().collect();
    let through = connection
        .ssh
        .as_ref()
        .map(|ssh| format!(" through {ssh}"))
        .unwrap_or_default();
    format!("{}{through}", said.join(" / "))
}

/// What the log says a store is: its address or its path.
pub fn shown(connection: Option<&Connection>, path: &Path) -> String {
    match connection {
        Some(connection) if connection.store.is_none() => url::of(connection),
        _ => path.display().to_string(),
    }
}

/// A name for files of what has none: the letters of an address, and a digest that tells it from any other.
fn slug(text: &str) -> String {
    let after = text.split_once("://").map_or(text, |(_, rest)| rest);
    let place = after.rsplit_once('@').map_or(after, |(_, place)| place);
    let place = place.split_once('?').map_or(place, |(place, _)| place);
    let letter = |letter: char| {
        if letter.is_ascii_alphanumeric() || letter == '-' {
            letter
        } else {
            '_'
        }
    };
    let letters: String = place.chars().map(letter).take(48).collect();
    let digest = Sha256::digest(text.as_bytes());
    format!("url-{letters}-{}", text::hex(digest.get(..4).unwrap_or_default()))
}

fn read(document: &DocumentMut) -> Vec<SavedConnection> {
    let tables = document.get(TABLES).and_then(Item::as_array_of_tables);
    let mut found: Vec<SavedConnection> = tables
        .into_iter()
        .flat_map(ArrayOfTables::iter)
        .map(read_table)
        .collect();
    let names: Vec<String> = found.iter().map(|one| one.connection.name.clone()).collect();
    for one in &mut found {
        if names.iter().filter(|name| **name == one.connection.name).count() > 1 {
            one.problems.push("several connections have this name".to_owned());
        }
    }
    found
}

fn read_table(table: &Table) -> SavedConnection {
    let mut connection = Connection {
        name: name_of(table).to_owned(),
        ..Connection::default()
    };
    let mut problems = Vec::new();
    if let Err(allowed) = keys::check_name(&connection.name) {
        problems.push(format!("its name must be {allowed}"));
    }
    for (name, item) in table.iter().filter(|(name, _)| *name != "name") {
        let outcome = match (keys::key(name), text_of(item)) {
            (Some(key), Some(text)) => (key.put)(&mut connection, &text),
            (Some(_), None) => Err("a text".to_owned()),
            (None, _) => {
                problems.push(format!("{name} is nothing that this version knows"));
                continue;
            }
        };
        if let Err(allowed) = outcome {
            problems.push(format!("{name} must be {allowed}"));
        }
    }
    problems.extend(keys::contradictions(&connection));
    SavedConnection {
        target: target(&connection),
        address: if connection.store.is_some() {
            String::new()
        } else {
            url::of(&connection)
        },
        connection,
        problems,
    }
}

/// A text, or several for several hosts.
fn text_of(item: &Item) -> Option<String> {
    let of_list = |list: &Array| {
        let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
        texts.map(|texts| texts.join(","))
    };
    item.as_str()
        .map(str::to_owned)
        .or_else(|| item.as_array().and_then(of_list))
}

fn table_of(connection: &Connection) -> Table {
    let mut table = Table::new();
    fill(&mut table, connection);
    table
}

/// The values alone are replaced: comments around them stay, and so do lines that this version does not know.
fn fill(table: &mut Table, connection: &Connection) {
    put(table, "name", &connection.name);
    for key in keys::KEYS {
        match (key.get)(connection) {
            Some(text) => put(table, key.name, &text),
            None => drop(table.remove(key.name)),
        }
    }
}

fn put(table: &mut Table, name: &str, text: &str) {
    match table.get_mut(name).and_then(Item::as_value_mut) {
        Some(known) if known.as_str() == Some(text) => {}
        Some(known) => {
            let decor = known.decor().clone();
            *known = text.into();
            *known.decor_mut() = decor;
        }
        None => drop(table.insert(name, value(text))),
    }
}

fn name_of(table: &Table) -> &str {
    table.get("name").and_then(Item::as_str).unwrap_or_default()
}

fn is_program(source: &str) -> bool {
    source.starts_with("command")
}

fn new_document() -> DocumentMut {
    // A constant that a test reads.
    format!("{HEAD}refold = \"{FORMAT}\"\n").parse().unwrap_or_default()
}

/// What is kept of servers that no connection keeps any more goes first: where it cannot, nothing is changed.
fn change<T>(places: &Places, change: impl FnOnce(&mut DocumentMut) -> Result<T, AppError>) -> Result<T, AppError> {
    let file = file(places);
    let place = file.display().to_string();
    guarded::change(&file, |text| {
        // Else what is another user's would become ours.
        expect_ours(&file)?;
        let mut document = match text {
            Some(text) => document(&text, &place)?,
            None => new_document(),
        };
        let before = read(&document);
        let answer = change(&mut document)?;
        forget(&before, &read(&document), places)?;
        Ok((document.to_string(), answer))
    })
}

/// Why a text is no file of connections is said without a line of it: one may hold what should not stand there.
fn document(text: &str, place: &str) -> Result<DocumentMut, AppError> {
    let refused = |why: String| {
        AppError::invalid(
            format!("the connections cannot be read: {why}: {place}"),
            "correct or remove that file; until then it is left as it is",
        )
    };
    let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
        refused(format!("line {line} is no TOML"))
    })?;
    match document.get("refold").and_then(Item::as_str) {
        Some(FORMAT) => {}
        Some(_) => return Err(refused("another version of Refold wrote them".to_owned())),
        None => return Err(refused(format!("there is no line refold = \"{FORMAT}\""))),
    }
    match document.get(TABLES) {
        None | Some(Item::ArrayOfTables(_)) => Ok(document),
        Some(_) => Err(refused(format!("each must be written as [[{TABLES}]]"))),
    }
}

/// Of a document that was looked at: there is such a list, or nothing.
fn tables(document: &mut DocumentMut) -> &mut ArrayOfTables {
    let item = document.entry(TABLES).or_insert_with(none);
    if !item.is_array_of_tables() {
        *item = none();
    }
    match item {
        Item::ArrayOfTables(tables) => tables,
        _ => unreachable!("it was just made one"),
    }
}

fn none() -> Item {
    Item::ArrayOfTables(ArrayOfTables::new())
}

fn refused(why: String) -> AppError {
    AppError::invalid(format!("the connection cannot be used: {why}"), "correct it")
}

/// That none of the connections has this name, with those that there are.
pub(crate) fn not_there(book: ConnectionBook, name: &str) -> AppError {
    let names = book.saved.into_iter().map(|one| format!("@{}", one.connection.name));
    AppError {
        choices: names.collect(),
        ..AppError::not_found(
            format!("there is no connection called {name}: {}", book.file),
            "add it to the connections",
        )
        .typed(format!("refold connections add {name} STORE --environment ENVIRONMENT"))
    }
}

#[cfg(test)]
mod tests;
