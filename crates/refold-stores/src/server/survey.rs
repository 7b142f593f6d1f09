//! What tables there are on a server, and what it tells of them beside their shape.

use std::collections::BTreeMap;

use super::Server;
use super::open::Open;
use crate::tables::barred::Barred;
use crate::tables::{Catalogue, Column, Index, Table};

/// Enough for any real application, and a bound for a schema made to waste time.
const MOST_TABLES: usize = 2_000;

/// The tables of a database: those that may be read, and what is known of the others.
pub struct Survey<S: Open> {
    pub catalogue: Catalogue,
    /// In the order of the catalogue's tables.
    surveyed: Vec<Surveyed<S>>,
}

struct Surveyed<S: Open> {
    beside: S::Beside,
    /// Of the columns, by their names.
    kinds: BTreeMap<String, <S as Server>::Kind>,
}

/// A table, and what the server tells of it.
pub struct Found<'s, S: Open> {
    pub table: &'s Table,
    pub beside: &'s S::Beside,
}

/// A table that columns and indexes are added to.
pub struct Growing<'s, S: Open> {
    table: &'s mut Table,
    barred: &'s mut Barred,
    surveyed: &'s mut Surveyed<S>,
}

impl<S: Open> Default for Survey<S> {
    fn default() -> Survey<S> {
        Survey {
            catalogue: Catalogue::default(),
            surveyed: Vec::new(),
        }
    }
}

impl<S: Open> Survey<S> {
    /// Adds a table without columns, and returns its place. `None`: there are too many.
    pub fn add(&mut self, schema: String, name: String, has_rowid: bool, beside: S::Beside) -> Option<usize> {
        let place = self.surveyed.len();
        if place >= MOST_TABLES {
            self.catalogue.passed_over.push(name);
            return None;
        }
        self.surveyed.push(Surveyed {
            beside,
            kinds: BTreeMap::new(),
        });
        self.catalogue.tables.push(bare(schema, name, has_rowid));
        Some(place)
    }

    /// Adds a table that the account may not read, without columns, and returns its place among those. `None`: there are
    /// too many.
    pub fn add_barred(&mut self, schema: String, name: String, has_rowid: bool) -> Option<usize> {
        let place = self.catalogue.barred.tables.len();
        if place >= MOST_TABLES {
            return None;
        }
        self.catalogue.barred.tables.push(bare(schema, name, has_rowid));
        Some(place)
    }

    /// Whether a table hides rows from the account, and whether it would from another that has no power over the server.
    pub fn bar_rows(&mut self, schema: &str, name: &str, from_account: bool, from_others: bool) {
        let full_name = || format!("{schema}.{name}");
        self.catalogue.barred.rows.extend(from_account.then(full_name));
        self.catalogue.barred.rows_of_others.extend(from_others.then(full_name));
    }

    /// Adds a column to a table that the account may not read.
    pub fn add_barred_column(&mut self, place: usize, name: String, declared_type: String, is_nullable: bool) {
        if let Some(table) = self.catalogue.barred.tables.get_mut(place) {
            let place = table.columns.len();
            table.columns.push(column(name, declared_type, is_nullable, place));
        }
    }

    /// The table at a place.
    pub fn at(&mut self, place: usize) -> Option<Growing<'_, S>> {
        Some(Growing {
            table: self.catalogue.tables.get_mut(place)?,
            barred: &mut self.catalogue.barred,
            surveyed: self.surveyed.get_mut(place)?,
        })
    }

    pub fn named(&self, full_name: &str) -> Option<Found<'_, S>> {
        let (table, surveyed) = self.both(full_name)?;
        Some(Found {
            table,
            beside: &surveyed.beside,
        })
    }

    /// What a column of a table holds.
    pub fn kind(&self, table: &Table, column: &str) -> Option<S::Kind> {
        self.both(&table.full_name())?.1.kinds.get(column).cloned()
    }

    fn both(&self, full_name: &str) -> Option<(&Table, &Surveyed<S>)> {
        let mut both = self.catalogue.tables.iter().zip(&self.surveyed);
        both.find(|(table, _)| table.full_name() == full_name)
    }
}

impl<S: Open> Growing<'_, S> {
    /// What the server tells of it.
    pub fn beside(&mut self) -> &mut S::Beside {
        &mut self.surveyed.beside
    }

    /// A column that the account may not read, of a table of which it may read others.
    pub fn bar_column(&mut self, name: String, declared_type: String, is_nullable: bool) {
        let barred = column(name, declared_type, is_nullable, self.table.columns.len());
        self.barred.columns.push((self.table.full_name(), barred));
    }

    /// The account may read columns of it, and not where its rows are.
    pub fn bar_places(&mut self) {
        self.table.has_rowid = false;
        self.barred.places.push(self.table.full_name());
    }

    pub fn add_column(&mut self, name: String, declared_type: String, is_nullable: bool, kind: S::Kind) {
        self.surveyed.kinds.insert(name.clone(), kind);
        let place = self.table.columns.len();
        self.table.columns.push(column(name, declared_type, is_nullable, place));
    }

    /// An index of these columns and nothing else. `name`: as in plans.
    pub fn add_index(&mut self, name: Option<String>, columns: Vec<String>, is_unique: bool) {
        self.table.indexes.push(Index {
            name,
            plain_column_count: columns.len(),
            columns,
            is_unique,
            root: None,
        });
    }
}

fn bare(schema: String, name: String, has_rowid: bool) -> Table {
    Table {
        schema: Some(schema),
        name,
        columns: Vec::new(),
        has_rowid,
        indexes: Vec::new(),
        root: None,
        is_plain: false,
    }
}

fn column(name: String, declared_type: String, is_nullable: bool, place: usize) -> Column {
    Column {
        name,
        declared_type,
        is_nullable,
        is_rowid: false,
        place,
        has_default: false,
    }
}
