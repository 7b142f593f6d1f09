//! The rows of one table that is no event store: a read model.

use std::path::Path;

use refold_core::value::{Number, Text, Value};
use refold_core::work::{Phase, Work};
use rusqlite::types::ValueRef;

use super::open::Source;
use super::{at_rest, guard, look};
use crate::OpenOptions;
use crate::rows::{Cell, RowColumn, RowsError};
use crate::tables::{Catalogue, quoted};

/// Rows read between two looks at the cancel token.
const STRIDE: u64 = 4_096;

pub struct TableRows {
    source: Source,
    name: String,
    columns: Vec<RowColumn>,
    has_rowid: bool,
}

impl TableRows {
    pub fn open(
        work: &Work<'_>,
        path: &Path,
        table: Option<&str>,
        options: &OpenOptions,
    ) -> Result<TableRows, RowsError> {
        let (source, catalogue) = catalogue_of(work, path, options)?;
        let found = match table {
            Some(wanted) => {
                let exact = catalogue.tables.iter().find(|table| table.name == wanted);
                // SQLite itself does not tell names apart by case.
                exact.or_else(|| {
                    let mut tables = catalogue.tables.iter();
                    tables.find(|table| table.name.eq_ignore_ascii_case(wanted))
                })
            }
            None => catalogue.tables.first().filter(|_| catalogue.tables.len() == 1),
        };
        let Some(found) = found else {
            let is_no_table = |name: &String| table.is_some_and(|wanted| name.eq_ignore_ascii_case(wanted));
            let why = match table {
                None => "the read model has several tables, and none is named",
                Some(_) if catalogue.passed_over.iter().any(is_no_table) => {
                    "a view or a virtual table is not read, for it runs what its maker wrote"
                }
                Some(_) => "the read model has no table of this name",
            };
            return Err(RowsError::NoTable {
                wanted: table.unwrap_or_default().to_owned(),
                why,
                tables: catalogue.tables.into_iter().map(|table| table.name).collect(),
            });
        };
        Ok(TableRows {
            source,
            name: found.name.clone(),
            columns: found
                .columns
                .iter()
                .map(|column| RowColumn {
                    name: column.name.clone(),
                    declared_type: column.declared_type.clone(),
                })
                .collect(),
            has_rowid: found.has_rowid,
        })
    }

    pub fn tables(work: &Work<'_>, path: &Path, options: &OpenOptions) -> Result<Vec<String>, RowsError> {
        let (_, catalogue) = catalogue_of(work, path, options)?;
        Ok(catalogue.tables.into_iter().map(|table| table.name).collect())
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn columns(&self) -> &[RowColumn] {
        &self.columns
    }

    pub fn location(&self) -> String {
        self.source.path().display().to_string()
    }

    /// Calls `take` with the cells of each row, in the order of `wanted`. What it did is void where this fails.
    pub fn scan<E: From<RowsError>>(
        &self,
        work: &Work<'_>,
        wanted: &[&str],
        take: &mut dyn FnMut(&[Cell]) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |error: rusqlite::Error| match work.check() {
            Err(cancelled) => RowsError::Cancelled(cancelled),
            Ok(()) => guard::store_error(self.source.path(), &error).into(),
        };
        let store = |error| E::from(RowsError::from(error));
        let names: Vec<String> = wanted
            .iter()
            .map(|wanted| self.column(wanted))
            .collect::<Result<_, _>>()?;
        self.source.check_unchanged().map_err(store)?;
        let mut connection = self.source.connect().map_err(store)?;
        guard::watch(&mut connection, work.cancel_token(), None).map_err(failed)?;
        // Of no column too, each row is one.
        let list = if names.is_empty() {
            "1".to_owned()
        } else {
            names.join(", ")
        };
        let order = if self.has_rowid { " ORDER BY rowid" } else { "" };
        let mut statement = connection
            .prepare(&format!("SELECT {list} FROM {}{order}", quoted(&self.name)))
            .map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        let mut cells = Vec::with_capacity(names.len());
        let mut done = 0_u64;
        while let Some(row) = rows.next().map_err(failed)? {
            cells.clear();
            for at in 0..names.len() {
                cells.push(cell_of(row.get_ref(at).map_err(failed)?));
            }
            take(&cells)?;
            done += 1;
            if done.is_multiple_of(STRIDE) {
                work.tick(Phase::ReadingTheReadModel, done, None)
                    .map_err(RowsError::from)?;
            }
        }
        self.source.check_unchanged().map_err(store)
    }

    /// The column as a statement names it.
    fn column(&self, wanted: &str) -> Result<String, RowsError> {
        let exact = self.columns.iter().find(|column| column.name == wanted);
        let found = exact.or_else(|| {
            let mut columns = self.columns.iter();
            columns.find(|column| column.name.eq_ignore_ascii_case(wanted))
        });
        found
            .map(|column| quoted(&column.name))
            .ok_or_else(|| RowsError::NoColumn {
                wanted: wanted.to_owned(),
                columns: self.columns.iter().map(|column| column.name.clone()).collect(),
            })
    }
}

fn catalogue_of(work: &Work<'_>, path: &Path, options: &OpenOptions) -> Result<(Source, Catalogue), RowsError> {
    Ok(at_rest(work, path, options, |source| Ok(look(work, source)?.1))?)
}

fn cell_of(stored: ValueRef<'_>) -> Cell {
    match stored {
        ValueRef::Null => Cell::Value(Value::Null),
        ValueRef::Integer(number) => Cell::Value(Value::Number(Number::from(number))),
        ValueRef::Real(real) => Cell::Real(real),
        ValueRef::Text(text) if std::str::from_utf8(text).is_ok() => Cell::Value(Value::Text(Text::from_wtf8(text))),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_owned()),
    }
}
