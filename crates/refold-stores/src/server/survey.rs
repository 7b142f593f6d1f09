//! What tables there are on a server, and what it tells of them beside their shape.

use std::collections::BTreeMap;

use super::Server;
use super::open::Open;
use crate::tables::{Catalogue, Column, Index, Table};

/// Enough for any real application, and a bound for a schema made to waste time.
const MOST_TABLES: usize = 2_000;

/// The tables of a database that may be read.
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
        self.catalogue.tables.push(Table {
            schema: Some(schema),
            name,
            columns: Vec::new(),
            has_rowid,
            indexes: Vec::new(),
            root: None,
            is_plain: false,
        });
        Some(place)
    }

    /// The table at a place.
    pub fn at(&mut self, place: usize) -> Option<Growing<'_, S>> {
        Some(Growing {
            table: self.catalogue.tables.get_mut(place)?,
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

    pub fn add_column(&mut self, name: String, declared_type: String, is_nullable: bool, kind: S::Kind) {
        self.surveyed.kinds.insert(name.clone(), kind);
        self.table.columns.push(Column {
            name,
            declared_type,
            is_nullable,
            is_rowid: false,
            place: self.table.columns.len(),
            has_default: false,
        });
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
