//! What tables a database has, read once without touching their rows.
//!
//! Only ordinary tables count. Views, virtual tables and generated columns run expressions of whoever made the schema;
//! a layout never binds to them.

use rusqlite::Connection;
use rusqlite::types::Type;

use crate::tables::{Catalogue, Column, Index, Table};

/// Enough for any real application, and a bound for a schema made to waste time.
const MAX_TABLES: usize = 2_000;

/// How SQLite converts what is put into a column, by its declared type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

impl Catalogue {
    pub fn read(connection: &Connection) -> rusqlite::Result<Catalogue> {
        let mut catalogue = Catalogue::default();
        let mut listed = connection.prepare("SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'")?;
        let mut rows = listed.query([])?;
        let mut names = Vec::new();
        while let Some(row) = rows.next()? {
            // A name that is not UTF-8 cannot be the name of a table of a library.
            let Ok(name) = row.get_ref(0)?.as_str() else { continue };
            if name.starts_with("sqlite_") {
                continue;
            }
            match row.get_ref(1)?.as_str() {
                Ok("table") if names.len() < MAX_TABLES => names.push((name.to_owned(), row.get::<_, i64>(2)? == 0)),
                _ => catalogue.passed_over.push(name.to_owned()),
            }
        }
        names.sort();
        for (name, has_rowid) in names {
            catalogue.tables.push(Table::read(connection, name, has_rowid)?);
        }
        catalogue.schema = schema_text(connection)?;
        Ok(catalogue)
    }
}

impl Column {
    /// By the rules of section 3.1 of SQLite's "Datatypes".
    pub fn affinity(&self) -> Affinity {
        let declared = self.declared_type.to_ascii_uppercase();
        let has = |parts: &[&str]| parts.iter().any(|part| declared.contains(part));
        if has(&["INT"]) {
            Affinity::Integer
        } else if has(&["CHAR", "CLOB", "TEXT"]) {
            Affinity::Text
        } else if declared.is_empty() || has(&["BLOB"]) {
            Affinity::Blob
        } else if has(&["REAL", "FLOA", "DOUB"]) {
            Affinity::Real
        } else {
            Affinity::Numeric
        }
    }
}

impl Table {
    fn read(connection: &Connection, name: String, has_rowid: bool) -> rusqlite::Result<Table> {
        let mut columns: Vec<(Column, i64)> = Vec::new();
        let (root, mut is_plain) = root_of_table(connection, &name)?;
        let mut listed = connection
            .prepare_cached("SELECT name, type, pk, hidden, cid, dflt_value FROM pragma_table_xinfo(?1, 'main')")?;
        let mut rows = listed.query([&name])?;
        while let Some(row) = rows.next()? {
            let is_ordinary = row.get::<_, i64>(3)? == 0;
            is_plain &= is_ordinary;
            let Ok(column) = row.get_ref(0)?.as_str() else { continue };
            if is_ordinary {
                let declared_type = row.get_ref(1)?.as_str().unwrap_or_default().to_owned();
                let column = Column {
                    name: column.to_owned(),
                    declared_type,
                    is_nullable: true,
                    is_rowid: false,
                    place: usize::try_from(row.get::<_, i64>(4)?).unwrap_or(usize::MAX),
                    has_default: row.get_ref(5)?.data_type() != Type::Null,
                };
                columns.push((column, row.get(2)?));
            }
        }
        let is_single_key = columns.iter().filter(|(_, key)| *key > 0).count() == 1;
        let indexes = read_indexes(connection, &name)?;
        // An INTEGER PRIMARY KEY needs no index of its own; with DESC or another type it gets one.
        let has_key_index = indexes.iter().any(|(_, origin)| origin == "pk");
        for (column, key) in &mut columns {
            column.is_rowid = has_rowid
                && is_single_key
                && *key > 0
                && !has_key_index
                && column.declared_type.eq_ignore_ascii_case("integer");
        }
        let columns = columns.into_iter().map(|(column, _)| column).collect();
        let indexes = indexes.into_iter().map(|(index, _)| index).collect();
        Ok(Table {
            schema: None,
            name,
            columns,
            has_rowid,
            indexes,
            root,
            is_plain,
        })
    }
}

/// Each with its origin: `c`reated, `u`nique constraint or `pk`. Partial indexes and those on expressions are left out.
fn read_indexes(connection: &Connection, table: &str) -> rusqlite::Result<Vec<(Index, String)>> {
    let mut listed =
        connection.prepare_cached("SELECT name, \"unique\", origin, partial FROM pragma_index_list(?1, 'main')")?;
    let mut columns_of = connection.prepare_cached(
        "SELECT name, desc = 0 AND coll = 'BINARY' FROM pragma_index_xinfo(?1, 'main') WHERE key = 1 ORDER BY seqno",
    )?;
    let mut root_of =
        connection.prepare_cached("SELECT rootpage FROM sqlite_schema WHERE type = 'index' AND name = ?1")?;
    let mut rows = listed.query([table])?;
    let mut indexes = Vec::new();
    while let Some(row) = rows.next()? {
        let Ok(name) = row.get_ref(0)?.as_str() else { continue };
        let named = columns_of.query_map([name], |row| {
            Ok((row.get::<_, Option<String>>(0)?, row.get::<_, bool>(1)?))
        })?;
        // An expression has no name: the index counts as far as its plain columns go.
        let named = named.map_while(|named| named.ok().and_then(|(name, is_plain)| Some((name?, is_plain))));
        let (columns, is_plain): (Vec<String>, Vec<bool>) = named.unzip();
        let root = root_of.query_map([name], |row| row.get(0))?.next();
        if row.get::<_, i64>(3)? == 0 && !columns.is_empty() {
            indexes.push((
                Index {
                    name: None,
                    columns,
                    is_unique: row.get::<_, i64>(1)? == 1,
                    plain_column_count: is_plain.iter().take_while(|is_plain| **is_plain).count(),
                    root: root.and_then(Result::ok),
                },
                row.get(2)?,
            ));
        }
    }
    Ok(indexes)
}

/// The first page of a table, and whether its text names no collation: the columns do not say theirs.
fn root_of_table(connection: &Connection, table: &str) -> rusqlite::Result<(Option<u32>, bool)> {
    let mut listed =
        connection.prepare_cached("SELECT rootpage, sql FROM sqlite_schema WHERE type = 'table' AND name = ?1")?;
    let mut rows = listed.query([table])?;
    let Some(row) = rows.next()? else {
        return Ok((None, false));
    };
    let text = row.get_ref(1)?.as_str().unwrap_or("COLLATE").to_ascii_uppercase();
    Ok((row.get(0).ok(), !text.contains("COLLATE")))
}

fn schema_text(connection: &Connection) -> rusqlite::Result<String> {
    let mut listed = connection.prepare("SELECT substr(sql, 1, 100000) FROM sqlite_schema ORDER BY rowid")?;
    let mut rows = listed.query([])?;
    let mut text = String::new();
    while let Some(row) = rows.next()? {
        if let Ok(Some(sql)) = row.get_ref(0)?.as_bytes_or_null() {
            text.push_str(&String::from_utf8_lossy(sql));
            text.push('\n');
        }
    }
    Ok(text)
}
