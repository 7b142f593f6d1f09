//! What tables a database has, read from the server's own catalogue without touching the tables.
//!
//! Only ordinary tables of engines that keep rows themselves count. Views run what somebody else wrote, and tables of
//! other engines lead to other servers and files; a layout never binds to them. Generated columns that are worked out while
//! they are read are left out.

use std::collections::BTreeMap;

use refold_core::work::CancelToken;

use super::connection::Connection;
use super::value::{Parameter, Row};
use super::{Asked, MySql, statements};
use crate::server::ColumnKind;
use crate::server::link::{Fault, Link as _};
use crate::server::survey::Survey;

/// Engines that keep the rows of their tables themselves.
const ENGINES: [&str; 6] = ["innodb", "myisam", "aria", "rocksdb", "tokudb", "ndbcluster"];

/// What the server tells of a table beside its shape.
pub struct Beside {
    /// How large it is.
    pub byte_count: u64,
    /// The column that the server itself numbers.
    pub counted: Option<String>,
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

    fn of_member(&self, _: bool) -> Option<Kind> {
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

/// The tables of a database.
pub fn survey(connection: &mut Connection, database: &str, cancel: &CancelToken) -> Result<Survey<MySql>, Fault> {
    let named = |sql: &str| Asked::new(sql, vec![Parameter::Text(database.to_owned())]);
    let asked = [statements::TABLES, statements::COLUMNS, statements::INDEXES].map(named);
    let mut answers = connection.ask(asked.into(), cancel)?.into_iter();
    let mut rows = || answers.next().unwrap_or_default().rows;
    let mut survey = Survey::default();
    let mut places = BTreeMap::new();
    for row in rows() {
        let (Some(name), kind) = (row.text(0), row.text(1).unwrap_or_default()) else {
            continue;
        };
        let engine = row.text(2).unwrap_or_default().to_lowercase();
        let is_ordinary = matches!(kind.as_str(), "BASE TABLE" | "SYSTEM VERSIONED");
        if !is_ordinary || !ENGINES.contains(&engine.as_str()) {
            survey.catalogue.passed_over.push(name);
            continue;
        }
        let beside = Beside {
            byte_count: row.integer(3).and_then(|count| u64::try_from(count).ok()).unwrap_or(0),
            counted: None,
        };
        let place = survey.add(database.to_owned(), name.clone(), false, beside);
        places.extend(place.map(|place| (name, place)));
    }
    for row in rows() {
        if let Some(place) = row.text(0).and_then(|name| places.get(&name)) {
            take_column(&mut survey, *place, &row);
        }
    }
    let indexes = rows();
    let of_one_index = |one: &Row, next: &Row| (one.text(0), one.text(1)) == (next.text(0), next.text(1));
    for columns in indexes.chunk_by(of_one_index) {
        let table = columns.first().and_then(|row| row.text(0));
        let place = table.and_then(|name| places.get(&name));
        if let (Some(mut table), Some((names, is_unique))) = (place.and_then(|place| survey.at(*place)), index(columns))
        {
            let name = columns.first().and_then(|row| row.text(1));
            table.add_index(name, names, is_unique);
        }
    }
    Ok(survey)
}

fn take_column(survey: &mut Survey<MySql>, place: usize, row: &Row) {
    let text = |index: usize| row.text(index).unwrap_or_default();
    let (name, declared_type, extra) = (text(1), text(3), text(7).to_uppercase());
    let is_made_up = extra.contains("VIRTUAL");
    let kind = Kind::of(&text(2).to_lowercase(), row.text(5).as_deref());
    let Some(kind) = kind.filter(|_| !is_made_up) else {
        return;
    };
    if let Some(mut table) = survey.at(place) {
        if extra.contains("AUTO_INCREMENT") {
            table.beside().counted = Some(name.clone());
        }
        table.add_column(name, declared_type, text(4) == "YES", kind);
    }
}

/// The columns of an index, and whether it is unique; `None` where it leads to no row by plain values: it is of expressions,
/// of beginnings of texts, or of words.
fn index(columns: &[Row]) -> Option<(Vec<String>, bool)> {
    let is_unique = columns.first()?.integer(2) == Some(0);
    let name = |row: &Row| {
        let is_plain = row.text(4).is_none() && matches!(row.text(5)?.as_str(), "BTREE" | "HASH");
        row.text(3).filter(|_| is_plain)
    };
    Some((columns.iter().map(name).collect::<Option<_>>()?, is_unique))
}
