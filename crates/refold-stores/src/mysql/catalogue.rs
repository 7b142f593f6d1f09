//! What tables a database has, read from the server's own catalogue without touching the tables.
//!
//! Only ordinary tables of engines that keep rows themselves count. Views run what somebody else wrote, and tables of
//! other engines lead to other servers and files; a layout never binds to them. Generated columns that are worked out while
//! they are read are left out.

use std::collections::BTreeMap;

use refold_core::work::CancelToken;

use super::connection::Connection;
use super::value::{Parameter, Row};
use super::{Asked, statements};
use crate::server::ColumnKind;
use crate::server::link::{Fault, Link as _};
use crate::tables::{Catalogue, Column, Index, Table};

/// Enough for any real application, and a bound for a schema made to waste time.
const MOST_TABLES: usize = 2_000;
/// Engines that keep the rows of their tables themselves.
const ENGINES: [&str; 6] = ["innodb", "myisam", "aria", "rocksdb", "tokudb", "ndbcluster"];

/// The tables, and what the server knows of them beside their shape.
pub struct Survey {
    pub catalogue: Catalogue,
    /// In the order of the catalogue's tables: sizes in bytes, and what columns hold.
    tables: Vec<Surveyed>,
}

struct Surveyed {
    byte_count: u64,
    /// The column that the server itself numbers.
    counted: Option<String>,
    kinds: BTreeMap<String, Kind>,
}

/// What a column holds, as far as it matters how it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Integer,
    Text(Charset),
    Bytes,
    /// MariaDB's own type.
    Uuid,
    /// Anything else that is understood.
    Other,
}

/// How a text is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8, all of it or (`utf8mb3`) what needs at most three bytes.
    Utf8 {
        most_bytes: usize,
    },
    Ascii,
    /// What the server calls `latin1` is Windows-1252.
    Latin1,
    /// Any other, which the server puts into UTF-8 for us.
    Other,
}

impl ColumnKind for Kind {
    fn is_integer(&self) -> bool {
        *self == Kind::Integer
    }

    fn is_key(&self) -> bool {
        *self != Kind::Other
    }

    fn refusal_as_body(&self) -> Option<&'static str> {
        None
    }
}

impl Kind {
    /// `None`: a type that this version does not understand, and never asks for.
    fn of(data_type: &str, charset: Option<&str>) -> Option<Kind> {
        Some(match data_type {
            "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => Kind::Integer,
            "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set" => {
                Kind::Text(match charset {
                    Some("utf8mb4") => Charset::Utf8 { most_bytes: 4 },
                    Some("utf8mb3" | "utf8") => Charset::Utf8 { most_bytes: 3 },
                    Some("ascii") => Charset::Ascii,
                    Some("latin1") => Charset::Latin1,
                    _ => Charset::Other,
                })
            }
            "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Kind::Bytes,
            "uuid" => Kind::Uuid,
            "decimal" | "float" | "double" | "date" | "time" | "datetime" | "timestamp" | "year" | "bit" | "json" => {
                Kind::Other
            }
            _ => return None,
        })
    }
}

impl Charset {
    /// Whether a column of it can hold the text.
    pub fn holds(self, text: &str) -> bool {
        /// What Windows-1252 has between 0x80 and 0x9f.
        const BETWEEN: &str = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ";
        match self {
            Charset::Utf8 { most_bytes } => text.chars().all(|letter| letter.len_utf8() <= most_bytes),
            Charset::Ascii => text.is_ascii(),
            Charset::Latin1 => text
                .chars()
                .all(|letter| u32::from(letter) <= 0xff || BETWEEN.contains(letter)),
            Charset::Other => false,
        }
    }
}

impl Survey {
    pub fn take(connection: &mut Connection, database: &str, cancel: &CancelToken) -> Result<Survey, Fault> {
        let named = |sql: &str| Asked::new(sql, vec![Parameter::Text(database.to_owned())]);
        let asked = [statements::TABLES, statements::COLUMNS, statements::INDEXES].map(named);
        let mut answers = connection.ask(asked.into(), cancel)?.into_iter();
        let mut rows = || answers.next().unwrap_or_default().rows;
        let mut survey = Survey {
            catalogue: Catalogue::default(),
            tables: Vec::new(),
        };
        let mut places = BTreeMap::new();
        for row in rows() {
            let (Some(name), kind) = (row.text(0), row.text(1).unwrap_or_default()) else {
                continue;
            };
            let engine = row.text(2).unwrap_or_default().to_lowercase();
            let is_ordinary = matches!(kind.as_str(), "BASE TABLE" | "SYSTEM VERSIONED");
            if !is_ordinary || !ENGINES.contains(&engine.as_str()) || survey.tables.len() >= MOST_TABLES {
                survey.catalogue.passed_over.push(name);
                continue;
            }
            places.insert(name.clone(), survey.tables.len());
            survey.tables.push(Surveyed {
                byte_count: row.integer(3).and_then(|count| u64::try_from(count).ok()).unwrap_or(0),
                counted: None,
                kinds: BTreeMap::new(),
            });
            survey.catalogue.tables.push(Table {
                schema: Some(database.to_owned()),
                name,
                columns: Vec::new(),
                has_rowid: false,
                indexes: Vec::new(),
                root: None,
                is_plain: false,
            });
        }
        for row in rows() {
            if let Some(place) = row.text(0).and_then(|name| places.get(&name)) {
                survey.take_column(*place, &row);
            }
        }
        let indexes = rows();
        let of_one_index = |one: &Row, next: &Row| (one.text(0), one.text(1)) == (next.text(0), next.text(1));
        for columns in indexes.chunk_by(of_one_index) {
            let table = columns.first().and_then(|row| row.text(0));
            if let Some(place) = table.and_then(|name| places.get(&name)) {
                let index = index(columns);
                survey.catalogue.tables[*place].indexes.extend(index);
            }
        }
        Ok(survey)
    }

    fn take_column(&mut self, place: usize, row: &Row) {
        let text = |index: usize| row.text(index).unwrap_or_default();
        let (name, declared_type, extra) = (text(1), text(3), text(7).to_uppercase());
        let is_made_up = extra.contains("VIRTUAL");
        let kind = Kind::of(&text(2).to_lowercase(), row.text(5).as_deref());
        let Some(kind) = kind.filter(|_| !is_made_up) else {
            return;
        };
        self.catalogue
            .schema
            .push_str(&format!("{} {name} {declared_type} {}\n", text(0), text(6)));
        let table = &mut self.catalogue.tables[place];
        table.columns.push(Column {
            name: name.clone(),
            declared_type,
            is_nullable: text(4) == "YES",
            is_rowid: false,
            place: table.columns.len(),
            has_default: false,
        });
        if extra.contains("AUTO_INCREMENT") {
            self.tables[place].counted = Some(name.clone());
        }
        self.tables[place].kinds.insert(name, kind);
    }

    pub fn kind(&self, table: &Table, column: &str) -> Option<Kind> {
        self.surveyed(table)?.kinds.get(column).copied()
    }

    /// Whether the server itself numbers the rows of a table in the first column of these spellings that it has.
    pub fn is_counted(&self, full_name: &str, spellings: &[String]) -> bool {
        let counted = |table| Some((self.surveyed(table)?.counted.as_ref()?, &table.column(spellings)?.name));
        let found = self.catalogue.named(full_name).and_then(counted);
        found.is_some_and(|(counted, column)| counted == column)
    }

    /// How large a table is, by the server's own account.
    pub fn byte_count(&self, full_name: &str) -> u64 {
        let table = self.catalogue.named(full_name);
        table
            .and_then(|table| self.surveyed(table))
            .map_or(0, |table| table.byte_count)
    }

    fn surveyed(&self, table: &Table) -> Option<&Surveyed> {
        let mut tables = self.catalogue.tables.iter();
        self.tables.get(tables.position(|known| known.name == table.name)?)
    }
}

/// An index of its columns; `None` where it leads to no row by plain values: it is of expressions, of beginnings of texts,
/// or of words.
fn index(columns: &[Row]) -> Option<Index> {
    let first = columns.first()?;
    let mut names = Vec::new();
    for row in columns {
        if row.text(4).is_some() || !matches!(row.text(5)?.as_str(), "BTREE" | "HASH") {
            return None;
        }
        names.push(row.text(3)?);
    }
    Some(Index {
        plain_column_count: names.len(),
        columns: names,
        is_unique: first.integer(2) == Some(0),
        root: None,
    })
}
