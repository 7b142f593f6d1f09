//! What a plan of MySQL or MariaDB would search through.

#[cfg(test)]
mod tests;

use rusqlite::types::ValueRef;

use crate::server::held::HeldRow;
use crate::server::plans::{MOST_ROWS, Search, Way};
use crate::tables::row::Values as _;

/// Where a row of a plan holds which table is read, how, by which index, of how many rows it is, and what else is done.
const OF_MARIADB: [usize; 5] = [2, 3, 5, 8, 9];
/// MySQL has two columns more, for partitions and for how many rows are left.
const OF_MYSQL: [usize; 5] = [2, 4, 6, 9, 11];

/// The table of which many rows would be read for few, as the statement calls it: all of them, or all of a stretch before
/// they are put in order.
pub fn searched(row: &HeldRow<'_>) -> Option<Search> {
    let [table, way, index, rows, more] = match row.0.len() {
        12 => OF_MYSQL,
        _ => OF_MARIADB,
    };
    let text = |place: usize| match row.value(place) {
        ValueRef::Text(text) | ValueRef::Blob(text) => std::str::from_utf8(text).unwrap_or_default(),
        _ => "",
    };
    let rows = match row.value(rows) {
        ValueRef::Integer(rows) => u64::try_from(rows).unwrap_or_default(),
        _ => text(rows).parse().unwrap_or_default(),
    };
    // What a part of the statement brought is called after that part, and was counted there.
    let is_table = !text(table).starts_with('<');
    let way = match text(way) {
        "ALL" | "index" => Way::Whole,
        "range" if text(more).contains("Using filesort") => Way::Sorted {
            index: Some(text(index).to_owned()),
        },
        _ => return None,
    };
    (is_table && rows > MOST_ROWS).then(|| Search {
        table: text(table).to_owned(),
        way,
    })
}
