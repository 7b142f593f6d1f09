//! How the rows that SQLite and the file itself give are taken by what makes events of them.

use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::image::record::Record;
use crate::tables::row::Values;

impl Values for Row<'_> {
    fn value(&self, index: usize) -> ValueRef<'_> {
        self.get_ref(index).unwrap_or(ValueRef::Null)
    }
}

impl Values for Record<'_> {
    #[inline]
    fn value(&self, index: usize) -> ValueRef<'_> {
        Record::value(self, index)
    }
}
