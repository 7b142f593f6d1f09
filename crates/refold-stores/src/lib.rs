//! Adapters: how the events of many kinds of stores are read, and never written.
//!
//! [`open`] is the door: it finds out what kind of store a location is and what layout it has. What comes back is the
//! port [`EventStore`]; nothing above knows SQL or file formats.

mod decode;
mod file;
mod files;
pub mod index;
mod json;
pub mod kept;
pub mod layout;
pub mod memory;
#[cfg(feature = "mysql")]
pub mod mysql;
pub mod plain_file;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod rows;
pub mod sealing;
pub mod secret;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod server;
mod sqlite;
pub mod statements;
mod tables;
mod time;
mod value;
pub mod zone;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use refold_core::port::store::{EventStore, StoreError};
use refold_core::work::Work;

pub use crate::files::{case, chained};
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub use crate::server::open::Role;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub use crate::server::pace::{Rate, USUAL as USUAL_RATE};
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub use crate::server::powers::{Power, in_words as powers_in_words};

use crate::files::FileStore;
use crate::layout::Layout;
use crate::sqlite::SqliteStore;
use crate::zone::Zone;

/// Stands for the stream of events that are in none.
pub const NO_STREAM: &[u8] = b"(no stream)";
/// Stands for the type of events that have none.
pub const NO_TYPE: &[u8] = b"(no type)";

/// A layout that fits a store, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What [`LayoutChoice::parse`] takes: `emmett`, or `eventsauce:order_messages` where the user chose the table's name.
    pub layout: String,
    pub title: String,
    /// How much speaks for it, from 0 to 100.
    pub score: u32,
    /// One sentence each.
    pub evidence: Vec<String>,
}

/// Which layout to read a store with.
#[derive(Debug, Clone, PartialEq)]
pub enum LayoutChoice {
    /// A built-in layout, and the table when it could be several.
    Named { name: String, table: Option<String> },
    /// The user's own.
    Document(Box<Layout>),
}

impl LayoutChoice {
    /// `emmett`, `eventsauce:order_messages`, or the path of a layout file (it ends in `.toml`).
    pub fn parse(text: &str) -> Result<LayoutChoice, StoreError> {
        if text.ends_with(".toml") {
            return LayoutChoice::read(Path::new(text));
        }
        let (name, table) = text
            .split_once(':')
            .map_or((text, None), |(name, table)| (name, Some(table.to_owned())));
        Ok(LayoutChoice::Named {
            name: name.to_owned(),
            table,
        })
    }

    /// Reads a layout file.
    pub fn read(path: &Path) -> Result<LayoutChoice, StoreError> {
        let text =
            plain_file::read_text(path, plain_file::MOST_TEXT_BYTES).map_err(|error| file::file_error(path, &error))?;
        let layout = layout::read_layout(&text).map_err(|fault| StoreError::Layout {
            location: path.display().to_string(),
            line: fault.line,
            column: fault.column,
            detail: fault.message,
        })?;
        Ok(LayoutChoice::Document(Box::new(layout)))
    }
}

/// What opening a store may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOptions {
    /// Where private copies of stores that are in use may be made; they go when the store is closed.
    pub scratch: PathBuf,
    /// The zone of times that name none, whatever the layout says.
    pub zone: Option<Zone>,
    /// Now. A store that was written to shortly before is in use.
    pub opened_at: SystemTime,
    /// Of an address that names several servers: the one that the store was opened on before, which is tried first.
    pub opened_on: Option<String>,
}

impl OpenOptions {
    /// Now, by the system's clock.
    pub fn in_scratch(scratch: PathBuf) -> OpenOptions {
        OpenOptions {
            scratch,
            zone: None,
            opened_at: SystemTime::now(),
            opened_on: None,
        }
    }
}

/// Opens the store at `location` (a path, or the address of a server), read-only. Without a `choice` the layout is found by looking.
pub fn open(
    work: &Work<'_>,
    location: &str,
    choice: Option<&LayoutChoice>,
    options: &OpenOptions,
) -> Result<Arc<dyn EventStore>, StoreError> {
    #[cfg(feature = "postgres")]
    if postgres::Options::is_address(location) {
        return Ok(Arc::new(
            postgres::Options::parse(location)?.open(work, choice, options)?,
        ));
    }
    #[cfg(feature = "mysql")]
    if mysql::Options::is_address(location) {
        return Ok(Arc::new(mysql::Options::parse(location)?.open(work, choice, options)?));
    }
    open_file(work, Path::new(location), choice, options)
}

/// As [`open`], of a store that is a file: its path need not be text.
pub fn open_file(
    work: &Work<'_>,
    path: &Path,
    choice: Option<&LayoutChoice>,
    options: &OpenOptions,
) -> Result<Arc<dyn EventStore>, StoreError> {
    Ok(match kind_of(path)? {
        Kind::Sqlite => Arc::new(SqliteStore::open(work, path, choice, options)?),
        Kind::Text => Arc::new(FileStore::open(work, path, choice, options)?),
    })
}

/// The same store of SQLite, read by statements alone: what reading in bulk is compared with.
#[cfg(fuzzing)]
pub fn open_by_statements(
    work: &Work<'_>,
    location: &str,
    options: &OpenOptions,
) -> Result<Arc<dyn EventStore>, StoreError> {
    let store = SqliteStore::open(work, Path::new(location), None, options)?;
    Ok(Arc::new(store.by_statements()))
}

/// Every layout that fits the store at `location`, best first.
pub fn detect(work: &Work<'_>, location: &str, options: &OpenOptions) -> Result<Vec<Candidate>, StoreError> {
    #[cfg(feature = "postgres")]
    if postgres::Options::is_address(location) {
        return postgres::Options::parse(location)?.candidates(work);
    }
    #[cfg(feature = "mysql")]
    if mysql::Options::is_address(location) {
        return mysql::Options::parse(location)?.candidates(work);
    }
    let path = Path::new(location);
    match kind_of(path)? {
        Kind::Sqlite => SqliteStore::candidates(work, path, options),
        Kind::Text => FileStore::candidates(work, path, &options.scratch),
    }
}

enum Kind {
    Sqlite,
    Text,
}

/// What a file is, by its first bytes. What is neither an SQLite database nor text is left to SQLite to turn down.
fn kind_of(path: &Path) -> Result<Kind, StoreError> {
    Ok(match files::is_text(path)? {
        true => Kind::Text,
        false => Kind::Sqlite,
    })
}
