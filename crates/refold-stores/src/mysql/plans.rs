//! What a plan of MySQL or MariaDB would search through.

#[cfg(test)]
mod tests;

use rusqlite::types::ValueRef;

use crate::server::held::HeldRow;
use crate::tables::row::Values as _;

/// More rows than a page has, and than a small table that is looked up.
const MOST_ROWS: u64 = 10_000;

/// Where a row of a plan holds which table is read, how, of how many rows it is, and what else is done.
const OF_MARIADB: [usize; 4] = [2, 3, 8, 9];
/// MySQL has two columns more, for partitions and for how many rows are left.
const OF_MYSQL: [usize; 4] = [2, 4, 9, 11];

/// The table of which many rows would be read for few, as the statement calls it: all of them, or all of a stretch before
/// they are put in order.
pub fn searched(row: &HeldRow<'_>) -> Option<String> {
    let [table, way, rows, more] = match row.0.len() {
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
    let is_whole = match text(way) {
        "ALL" | "index" => true,
        "range" => text(more).contains("Using filesort"),
        _ => false,
    };
    (is_table && is_whole && rows > MOST_ROWS).then(|| text(table).to_owned())
}
