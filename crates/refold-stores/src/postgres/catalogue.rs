//! What tables a database has, read from the server's own catalogue without touching the tables.
//!
//! Only ordinary and partitioned tables count. Views, functions and foreign tables run what somebody else wrote, with the
//! rights of whoever reads them; a layout never binds to them.

use std::collections::BTreeMap;

use refold_core::work::CancelToken;
use tokio_postgres::types::Type;

use super::connection::Connection;
use super::{Asked, statements, value};
use crate::server::link::{Fault, Link as _, one};
use crate::tables::{Catalogue, Column, Index, Table};

/// Enough for any real application, and a bound for a schema made to waste time.
const MOST_TABLES: usize = 2_000;

/// The tables, and what the server knows of them beside their shape.
pub struct Survey {
    pub catalogue: Catalogue,
    /// In the order of the catalogue's tables.
    tables: Vec<Surveyed>,
}

struct Surveyed {
    oid: u32,
    /// Place and type of each column, in the order of the table's columns.
    columns: Vec<(i16, Type)>,
}

impl Survey {
    pub fn take(connection: &mut Connection, cancel: &CancelToken) -> Result<Survey, Fault> {
        let listed = one(connection.ask(vec![Asked::new(statements::TABLES, Vec::new())], cancel)?);
        let mut catalogue = Catalogue::default();
        let mut tables = Vec::new();
        for row in &listed.rows {
            let (schema, name): (String, String) = (row.try_get(1)?, row.try_get(2)?);
            let (kind, is_partition, is_readable): (String, bool, bool) =
                (row.try_get(3)?, row.try_get(4)?, row.try_get(5)?);
            let has_foreign_part: bool = row.try_get(6)?;
            let is_ordinary = matches!(kind.as_str(), "r" | "p") && !has_foreign_part;
            if is_partition {
                continue;
            }
            if !is_ordinary || !is_readable || tables.len() >= MOST_TABLES {
                catalogue.passed_over.push(name);
                continue;
            }
            tables.push(Surveyed {
                oid: row.try_get(0)?,
                columns: Vec::new(),
            });
            catalogue.tables.push(Table {
                schema: Some(schema),
                name,
                columns: Vec::new(),
                has_rowid: false,
                indexes: Vec::new(),
                root: None,
                is_plain: false,
            });
        }
        let mut survey = Survey { catalogue, tables };
        survey.read_columns_and_indexes(connection, cancel)?;
        Ok(survey)
    }

    fn read_columns_and_indexes(&mut self, connection: &mut Connection, cancel: &CancelToken) -> Result<(), Fault> {
        let oids: Vec<u32> = self.tables.iter().map(|table| table.oid).collect();
        let places: BTreeMap<u32, usize> = oids.iter().enumerate().map(|(place, oid)| (*oid, place)).collect();
        let all = || vec![(Box::new(oids.clone()) as Box<_>, Type::OID_ARRAY)];
        let asked = vec![
            Asked::new(statements::COLUMNS, all()),
            Asked::new(statements::INDEXES, all()),
        ];
        let mut answers = connection.ask(asked, cancel)?.into_iter();
        for row in &answers.next().unwrap_or_default().rows {
            let Some(place) = places.get(&row.try_get(0)?).copied() else {
                continue;
            };
            let (name, declared_type, is_required): (String, String, bool) =
                (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            let (oid, number): (u32, i16) = (row.try_get(4)?, row.try_get(5)?);
            // What is not understood is never asked for: sending it may be the work of somebody's extension.
            let Some(kind) = Type::from_oid(oid).filter(value::is_known) else {
                continue;
            };
            let table = &mut self.catalogue.tables[place];
            self.catalogue
                .schema
                .push_str(&format!("{oid} {name} {declared_type}\n"));
            table.columns.push(Column {
                name,
                declared_type,
                is_nullable: !is_required,
                is_rowid: false,
                place: table.columns.len(),
                has_default: false,
            });
            self.tables[place].columns.push((number, kind));
        }
        for row in &answers.next().unwrap_or_default().rows {
            let Some(place) = places.get(&row.try_get(0)?).copied() else {
                continue;
            };
            let (is_unique, columns): (bool, Vec<String>) = (row.try_get(1)?, row.try_get(2)?);
            let count: i32 = row.try_get(3)?;
            // An index on expressions counts for nothing: which place the expression has is not told.
            if usize::try_from(count).is_ok_and(|count| count == columns.len()) {
                self.catalogue.tables[place].indexes.push(Index {
                    plain_column_count: columns.len(),
                    columns,
                    is_unique,
                    root: None,
                });
            }
        }
        Ok(())
    }

    /// The number on the server of the table that a plan reads events from, and that of a column in it.
    pub fn place(&self, full_name: &str, column: &[String]) -> Option<(u32, i16)> {
        let table = self.catalogue.named(full_name)?;
        let (number, _) = self.column(table, &table.column(column)?.name)?;
        Some((self.surveyed(table)?.oid, number))
    }

    /// The number of a column in its table, and its type.
    pub fn column(&self, table: &Table, name: &str) -> Option<(i16, Type)> {
        let index = table.columns.iter().position(|column| column.name == name)?;
        self.surveyed(table)?.columns.get(index).cloned()
    }

    fn surveyed(&self, table: &Table) -> Option<&Surveyed> {
        let full_name = table.full_name();
        let mut tables = self.catalogue.tables.iter();
        self.tables
            .get(tables.position(|table| table.full_name() == full_name)?)
    }
}
