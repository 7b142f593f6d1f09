//! Rows of a read model: a table of an SQLite file or on a server, or an export of one as CSV, JSON Lines or an array of
//! JSON objects.
//!
//! A file or a server is opened by the rules that hold for stores: nothing is written to it or beside it, and what a
//! program is writing to is read from a private copy. A read model may have millions of rows, so they are passed by, in an
//! order that is the same each time, and never held. It must not know mappings, handlers, or what a row should hold.

mod copied;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use refold_core::pointer::Pointer;
use refold_core::port::store::StoreError;
use refold_core::time::Timestamp;
use refold_core::value::Value;
use refold_core::work::{Cancelled, Work};

use self::copied::{Copied, Copying};
use crate::files::rows::TextRows;
use crate::layout::TimeForm;
use crate::sqlite::rows::TableRows;
use crate::{Kind, OpenOptions, kind_of, time};

/// What a row holds in one column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// The row has no such member: rows of JSON need not all have the same.
    Absent,
    /// An empty field of CSV, which can write neither NULL nor the difference to an empty text.
    Empty,
    /// NULL, a whole number, text; of JSON any value, with its literals.
    Value(Value),
    /// A number that is stored as a binary fraction.
    Real(f64),
    /// What is no text.
    Bytes(Vec<u8>),
}

impl Cell {
    /// As a value that can be shown: a binary fraction in its shortest decimal form, bytes in hexadecimal as text.
    pub fn to_value(&self) -> Value {
        match self {
            Cell::Absent | Cell::Empty => Value::Null,
            Cell::Value(value) => value.clone(),
            Cell::Real(real) => {
                let number = refold_core::value::Number::parse(&real.to_string());
                number.map_or_else(|| Value::Text(real.to_string().as_str().into()), Value::Number)
            }
            Cell::Bytes(bytes) => Value::Text(format!("x'{}'", crate::layout::hex(bytes)).as_str().into()),
        }
    }

    /// The JSON that it is or holds as text; `None` for what is neither.
    pub fn json(&self) -> Option<Value> {
        match self {
            Cell::Value(Value::Text(text)) => Value::from_json(text.as_wtf8(), Value::MAX_DEPTH).ok(),
            Cell::Value(value) => Some(value.clone()),
            Cell::Bytes(bytes) => Value::from_json(bytes, Value::MAX_DEPTH).ok(),
            Cell::Absent | Cell::Empty | Cell::Real(_) => None,
        }
    }
}

/// A column of the table; of rows of JSON a member of the first of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowColumn {
    pub name: String,
    /// As the table declares it; empty where nobody does.
    pub declared_type: String,
}

/// What is asked of each row: a column, or a place in the JSON that it holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowPlace {
    pub column: String,
    /// The root for the column itself.
    pub path: Pointer,
}

impl RowPlace {
    /// `total`, or `state#/total` for a member of the JSON in the column `state`.
    pub fn parse(text: &str) -> Result<RowPlace, RowsError> {
        let (column, path) = text.split_once("#/").map_or((text, None), |(column, _)| {
            // Behind the `#`.
            (column, text.get(column.len() + 1..))
        });
        let path = Pointer::parse(path.unwrap_or_default()).map_err(|error| RowsError::NoPlace {
            wanted: text.to_owned(),
            detail: error.to_string(),
        })?;
        Ok(RowPlace {
            column: column.to_owned(),
            path,
        })
    }
}

/// Why rows cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    #[error("the read model: {}", said(.0))]
    Store(StoreError),
    /// `why`: what else has this name, or that nothing has.
    #[error("{why}: {wanted}")]
    NoTable {
        wanted: String,
        why: &'static str,
        tables: Vec<String>,
    },
    #[error("the read model has no column of this name: {wanted}")]
    NoColumn { wanted: String, columns: Vec<String> },
    #[error("not a place of a row (write a column, or column#/path): {wanted}: {detail}")]
    NoPlace { wanted: String, detail: String },
    /// `row` counts from 1.
    #[error("the read model: row {row} cannot be read ({detail}): {location}")]
    Malformed { location: String, row: u64, detail: String },
    /// The server did not want to go on, or could not.
    #[error("the server did not send the whole table ({detail}): {location}")]
    TooLong { location: String, detail: String },
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Of a file or a server that is opened by the rules for stores, and is none.
fn said(error: &StoreError) -> String {
    match error {
        StoreError::Corrupt { location, detail } | StoreError::Packed { location, detail } => {
            format!("it is damaged: {detail}: {location}")
        }
        StoreError::Unreachable { location, detail } => format!("it cannot be reached: {detail}: {location}"),
        StoreError::NotAnEventStore { location, detail, .. } => format!("{detail}: {location}"),
        StoreError::NotAFile { location, is_folder } => {
            format!(
                "it is {}: {location}",
                if *is_folder { "a folder" } else { "no regular file" }
            )
        }
        StoreError::Changed { location, detail } => format!("it changed while it was read: {detail}: {location}"),
        StoreError::Driver { location, detail } => format!("it cannot be read: {detail}: {location}"),
        // The others say themselves what they are of.
        other => other.to_string(),
    }
}

impl From<StoreError> for RowsError {
    fn from(error: StoreError) -> RowsError {
        match error {
            StoreError::Cancelled(cancelled) => RowsError::Cancelled(cancelled),
            error => RowsError::Store(error),
        }
    }
}

/// What is done with each row: its number from 0, the same in every pass, and what it holds at each place.
pub type Visit<'a, E> = &'a mut dyn FnMut(u32, &[Cell]) -> Result<(), E>;

/// Where the tables of a read model are.
pub enum ReadModel {
    /// A database, or an export of one table.
    File { path: PathBuf, options: OpenOptions },
    /// `scratch`: where rows are kept while they are compared.
    Server { tables: Arc<dyn Tables>, scratch: PathBuf },
}

/// The tables of a database on a server.
pub trait Tables: Send + Sync {
    /// `PostgreSQL 15.18`
    fn server(&self) -> &str;
    fn location(&self) -> &str;
    fn names(&self) -> Vec<String>;
    /// Names of views and of what else is not read.
    fn passed_over(&self) -> &[String];
    /// How writing is ruled out, a sentence each.
    fn read_only(&self) -> Vec<String>;
    /// The columns of the table of this full name; an error where it may not be read as it should be.
    fn columns(&self, work: &Work<'_>, table: &str) -> Result<Vec<RowColumn>, RowsError>;
    /// Reads all rows of these, as they were at one moment.
    fn read(&self, work: &Work<'_>, parts: &[Part<'_>], take: TakeCells<'_>) -> Result<(), RowsError>;
}

/// What is read of one table.
pub struct Part<'a> {
    pub table: &'a str,
    pub columns: &'a [String],
}

/// Is given each row, with the place of its part.
pub type TakeCells<'a> = &'a mut dyn FnMut(usize, &[Cell]) -> Result<(), RowsError>;

impl ReadModel {
    /// The tables that [`ReadModel::rows`] takes; empty for a file of text.
    pub fn tables(&self, work: &Work<'_>) -> Result<Vec<String>, RowsError> {
        match self {
            ReadModel::File { path, options } => match kind_of(path)? {
                Kind::Sqlite => TableRows::tables(work, path, options),
                Kind::Text => Ok(Vec::new()),
            },
            ReadModel::Server { tables, .. } => Ok(tables.names()),
        }
    }

    /// `table`: of a database; the only one there is, where none is named.
    pub fn rows(&self, work: &Work<'_>, table: Option<&str>) -> Result<Rows, RowsError> {
        let kind = match self {
            ReadModel::File { path, options } => match kind_of(path)? {
                Kind::Sqlite => RowsKind::Table(Box::new(TableRows::open(work, path, table, options)?)),
                Kind::Text => RowsKind::Text(Box::new(TextRows::open(work, path, options)?)),
            },
            ReadModel::Server { tables, scratch } => {
                let name = named(&**tables, table)?;
                RowsKind::Server(Box::new(ServerRows {
                    columns: tables.columns(work, &name)?,
                    name,
                    tables: Arc::clone(tables),
                    scratch: scratch.clone(),
                    copied: OnceLock::new(),
                }))
            }
        };
        Ok(Rows { kind })
    }
}

/// The full name of the table that is meant.
fn named(tables: &dyn Tables, wanted: Option<&str>) -> Result<String, RowsError> {
    let names = tables.names();
    let bare = |name: &str| name.rsplit_once('.').map_or(name, |(_, bare)| bare).to_owned();
    let only = |is_meant: &dyn Fn(&str) -> bool| {
        let mut meant = names.iter().filter(|name| is_meant(name));
        meant.next().filter(|_| meant.next().is_none()).cloned()
    };
    let found = match wanted {
        None => only(&|_| true),
        Some(wanted) => only(&|name| name == wanted)
            .or_else(|| only(&|name| bare(name) == wanted))
            .or_else(|| only(&|name| name.eq_ignore_ascii_case(wanted) || bare(name).eq_ignore_ascii_case(wanted))),
    };
    found.ok_or_else(|| {
        let is = |name: &String| wanted.is_some_and(|wanted| bare(wanted).eq_ignore_ascii_case(name));
        let why = match wanted {
            None => "the read model has several tables, and none is named",
            Some(wanted) if names.iter().any(|name| bare(name).eq_ignore_ascii_case(wanted)) => {
                "several schemas have a table of this name"
            }
            Some(_) if tables.passed_over().iter().any(is) => {
                "it is a view, a table of another server, or one that the account may not read"
            }
            Some(_) => "the read model has no table of this name",
        };
        RowsError::NoTable {
            wanted: wanted.unwrap_or_default().to_owned(),
            why,
            tables: names.clone(),
        }
    })
}

/// The rows of one table, as they were when it was opened; of a server, when they were first read.
pub struct Rows {
    kind: RowsKind,
}

enum RowsKind {
    Table(Box<TableRows>),
    Text(Box<TextRows>),
    Server(Box<ServerRows>),
}

struct ServerRows {
    tables: Arc<dyn Tables>,
    /// Full.
    name: String,
    columns: Vec<RowColumn>,
    scratch: PathBuf,
    copied: OnceLock<Copied>,
}

impl Rows {
    /// `SQLite`, `CSV`, `JSON Lines`, `JSON`, or the server with its version.
    pub fn kind(&self) -> &str {
        match &self.kind {
            RowsKind::Table(_) => "SQLite",
            RowsKind::Text(text) => text.kind(),
            RowsKind::Server(server) => server.tables.server(),
        }
    }

    /// The name of the table; `None` for a file of text.
    pub fn table(&self) -> Option<&str> {
        match &self.kind {
            RowsKind::Table(table) => Some(table.name()),
            RowsKind::Text(_) => None,
            RowsKind::Server(server) => Some(&server.name),
        }
    }

    pub fn columns(&self) -> &[RowColumn] {
        match &self.kind {
            RowsKind::Table(table) => table.columns(),
            RowsKind::Text(text) => text.columns(),
            RowsKind::Server(server) => &server.columns,
        }
    }

    /// Fixes what tables of one read model hold at these places, at one moment: rows of a server are copied, and the copy
    /// is what is scanned. Tables of files are as they were when they were opened.
    pub fn fix(work: &Work<'_>, all: &[(&Rows, &[RowPlace])]) -> Result<(), RowsError> {
        let (mut servers, mut copying) = (Vec::new(), Vec::new());
        for (rows, places) in all {
            if let RowsKind::Server(server) = &rows.kind {
                let mut wanted: Vec<String> = places.iter().map(|place| place.column.clone()).collect();
                wanted.sort_unstable();
                wanted.dedup();
                let columns: Result<Vec<String>, _> = wanted.iter().map(|wanted| server.column(wanted)).collect();
                servers.push((&**server, columns?));
                copying.push(Copying::begin(&server.scratch, wanted)?);
            }
        }
        let Some((first, _)) = servers.first() else {
            return Ok(());
        };
        let parts = servers.iter().map(|(server, columns)| Part {
            table: &server.name,
            columns,
        });
        let parts: Vec<Part<'_>> = parts.collect();
        first
            .tables
            .read(work, &parts, &mut |place, cells| match copying.get_mut(place) {
                Some(copying) => copying.add(cells),
                None => Ok(()),
            })?;
        for ((server, _), copying) in servers.iter().zip(copying) {
            // What was fixed before stays: the same rows are not of two moments.
            let _ = server.copied.set(copying.end()?);
        }
        Ok(())
    }

    /// Calls `visit` with each row. What it did is void where this fails.
    pub fn scan<E: From<RowsError>>(&self, work: &Work<'_>, places: &[RowPlace], visit: Visit<'_, E>) -> Result<(), E> {
        let mut columns: Vec<&str> = Vec::new();
        let mut at: Vec<(usize, &Pointer)> = Vec::new();
        for place in places {
            let known = columns.iter().position(|column| *column == place.column);
            let column = known.unwrap_or_else(|| {
                columns.push(&place.column);
                columns.len() - 1
            });
            at.push((column, &place.path));
        }
        let mut number = 0_u32;
        let mut found = Vec::with_capacity(places.len());
        let mut read: Vec<OnceCell<Option<Value>>> = Vec::new();
        let mut take = |cells: &[Cell]| -> Result<(), E> {
            found.clear();
            // Of each column at most once, however many places in it are asked for.
            read.clear();
            read.resize_with(cells.len(), OnceCell::new);
            for (column, path) in &at {
                let cell = cells.get(*column).unwrap_or(&Cell::Absent);
                if path.is_root() {
                    found.push(cell.clone());
                    continue;
                }
                let json = read
                    .get(*column)
                    .and_then(|read| read.get_or_init(|| cell.json()).as_ref());
                let value = json.and_then(|json| path.find(json));
                found.push(value.map_or(Cell::Absent, |value| Cell::Value(value.resolved().clone())));
            }
            visit(number, &found)?;
            number = number.checked_add(1).ok_or_else(|| RowsError::Malformed {
                location: self.location(),
                row: u64::from(u32::MAX),
                detail: "it has more rows than can be numbered".to_owned(),
            })?;
            Ok(())
        };
        match &self.kind {
            RowsKind::Table(table) => table.scan(work, &columns, &mut take),
            RowsKind::Text(text) => text.scan(work, &columns, &mut take),
            RowsKind::Server(server) => {
                if server.copied.get().is_none() {
                    Rows::fix(work, &[(self, places)])?;
                }
                server.copied(&columns)?.scan(work, &columns, &mut take)
            }
        }
    }

    fn location(&self) -> String {
        match &self.kind {
            RowsKind::Table(table) => table.location(),
            RowsKind::Text(text) => text.location(),
            RowsKind::Server(server) => server.tables.location().to_owned(),
        }
    }
}

impl ServerRows {
    /// The table's own spelling of a column.
    fn column(&self, wanted: &str) -> Result<String, RowsError> {
        let exact = self.columns.iter().find(|column| column.name == wanted);
        let alike = |column: &&RowColumn| column.name.eq_ignore_ascii_case(wanted);
        let found = exact.or_else(|| self.columns.iter().find(alike));
        found
            .map(|column| column.name.clone())
            .ok_or_else(|| RowsError::NoColumn {
                wanted: wanted.to_owned(),
                columns: self.columns.iter().map(|column| column.name.clone()).collect(),
            })
    }

    fn copied(&self, wanted: &[&str]) -> Result<&Copied, RowsError> {
        let copied = self.copied.get().filter(|copied| copied.has(wanted));
        copied.ok_or_else(|| {
            RowsError::Store(StoreError::Driver {
                location: self.tables.location().to_owned(),
                detail: format!(
                    "columns of {} are asked for that were not fixed with the others",
                    self.name
                ),
            })
        })
    }
}

/// An instant as a read model may write it: ISO 8601 as text (in UTC where it names no zone), or a number, whose unit its
/// size tells.
pub fn instant(value: &Value) -> Option<Timestamp> {
    match value.resolved() {
        Value::Text(text) => Timestamp::parse(text.as_str()?.trim()).or_else(|| {
            let number = text.as_str()?.trim().parse().ok()?;
            time::from_number(number, TimeForm::Auto)
        }),
        Value::Number(number) => time::from_number(number.to_i64()?, TimeForm::Auto),
        _ => None,
    }
}
