//! What the adapters of SQL databases share: which tables there are, a layout bound to them, and events made of rows.
//!
//! It must not know any database: an adapter fills a [`Catalogue`], sends the statements of a [`plan::Plan`] and hands its
//! rows to a [`row::RowReader`].

pub mod barred;
pub mod detect;
pub mod plan;
pub mod row;

use refold_core::event::Position;
use refold_core::port::store::PositionRange;

use self::barred::Barred;
use crate::layout::{Literal, normalised};

#[derive(Debug, Default)]
pub struct Catalogue {
    pub tables: Vec<Table>,
    /// Views and what else is no ordinary table, by name, so that a message can say why it was not looked at.
    pub passed_over: Vec<String>,
    /// What is there too and may not be read by the account.
    pub barred: Barred,
    /// SQLite: the text of the schema, which is part of the store's identity there.
    pub schema: String,
}

#[derive(Debug, Clone)]
pub struct Table {
    /// Where the database has several: the schema that it is in.
    pub schema: Option<String>,
    pub name: String,
    pub columns: Vec<Column>,
    /// Whether rows have a number of their own: the rowid of SQLite, in PostgreSQL their place in the table.
    pub has_rowid: bool,
    pub indexes: Vec<Index>,
    /// SQLite: the first page of its tree.
    pub root: Option<u32>,
    /// SQLite: whether it holds nothing but plain columns that are compared byte by byte.
    pub is_plain: bool,
}

#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub declared_type: String,
    pub is_nullable: bool,
    /// `INTEGER PRIMARY KEY` of SQLite: another name of the rowid.
    pub is_rowid: bool,
    /// Its place in a row, from 0.
    pub place: usize,
    /// Whether rows that are older than the column hold something else than NULL there.
    pub has_default: bool,
}

#[derive(Debug, Clone)]
pub struct Index {
    /// What plans call it; `None`: it is not looked for there.
    pub name: Option<String>,
    pub columns: Vec<String>,
    pub is_unique: bool,
    /// How many of the columns, from the first, ascend and are compared byte by byte.
    pub plain_column_count: usize,
    /// SQLite: the first page of its tree.
    pub root: Option<u32>,
}

impl Catalogue {
    /// The table of this full name.
    pub fn named(&self, full_name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.full_name() == full_name)
    }

    /// The table of this name, compared without regard to case and underscores; where there are several schemas, one in
    /// the schema of `beside`.
    pub fn find(&self, name: &str, beside: &Table) -> Option<&Table> {
        let wanted = normalised(name);
        let mut near = self.tables.iter().filter(|table| table.schema == beside.schema);
        let exact = near.clone().find(|table| table.name == name);
        exact.or_else(|| near.find(|table| normalised(&table.name) == wanted))
    }
}

impl Table {
    /// How statements name it.
    pub fn sql(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", quoted(schema), quoted(&self.name)),
            None => quoted(&self.name),
        }
    }

    /// How people name it.
    pub fn full_name(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        }
    }

    /// The table's own spelling of the first of these columns that it has.
    pub fn column(&self, spellings: &[String]) -> Option<&Column> {
        spellings.iter().find_map(|spelling| {
            let wanted = normalised(spelling);
            let exact = self.columns.iter().find(|column| column.name == *spelling);
            exact.or_else(|| self.columns.iter().find(|column| normalised(&column.name) == wanted))
        })
    }

    /// The indexes that begin with exactly these columns, in any order.
    pub fn indexes_on(&self, columns: &[&str]) -> impl Iterator<Item = &Index> {
        self.indexes.iter().filter(|index| {
            let head = index.columns.get(..columns.len());
            head.is_some_and(|head| columns.iter().all(|column| head.iter().any(|name| name == column)))
        })
    }
}

/// How people name a column that stands in a statement with the alias of its table: `"event"."id"` is `id`.
pub fn column_named(sql: &str) -> String {
    let bare = sql.rsplit_once("\".\"").map_or(sql, |(_, name)| name);
    bare.trim_matches('"').replace("\"\"", "\"")
}

/// An identifier, quoted so that nothing in it is SQL.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A literal of a layout, so that nothing in it is SQL.
pub fn literal_sql(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Literal::Integer(integer) => integer.to_string(),
    }
}

/// All ways in which an id can be made of two parts with a separator between them.
pub fn halves<'i>(id: &'i [u8], separator: &'i str) -> impl Iterator<Item = (&'i [u8], &'i [u8])> {
    (0..id.len()).filter_map(move |at| {
        let (head, rest) = id.split_at_checked(at)?;
        Some((head, rest.strip_prefix(separator.as_bytes())?))
    })
}

/// Parts that positions are cut into at most: where most of them are no event's, there would be more than fit into memory.
const MOST_PARTS: i128 = 4_096;

/// Cuts the positions from the first to the last into about equal parts, all of which together are everything.
pub fn cut((first, last): (Position, Position), parts: usize) -> Vec<PositionRange> {
    let (first, last) = (i128::from(first.0), i128::from(last.0));
    let parts = i128::try_from(parts)
        .unwrap_or(1)
        .clamp(1, (last - first).clamp(1, MOST_PARTS));
    let cut = |part: i128| {
        let at = first - 1 + (last - first + 1) * part / parts;
        (1..parts)
            .contains(&part)
            .then(|| i64::try_from(at).ok())
            .flatten()
            .map(Position)
    };
    (0..parts).map(|part| (cut(part), cut(part + 1))).collect()
}
