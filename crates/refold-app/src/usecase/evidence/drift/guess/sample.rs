//! Some rows of a read model, and what they hold: their columns, and of a column that holds JSON objects the places in
//! these.

use std::collections::BTreeMap;

use refold_core::pointer::Pointer;
use refold_core::value::Value;
use refold_core::work::Work;
use refold_stores::rows::{Cell, RowColumn, RowPlace, Rows};

use crate::error::AppError;
use crate::usecase::evidence::drift::held::digest;

/// Rows that are looked at.
pub const SAMPLE_ROWS: usize = 200;
/// Places of one JSON column that are looked at.
const MOST_PLACES: usize = 100;
/// Objects in objects that are looked into.
const MOST_DEPTH: usize = 4;
/// Of a hundred rows so many must have a place: keys that are data are in few.
const LEAST_PRESENT_PERCENT: usize = 10;

/// See the module.
pub struct Sample {
    /// As a mapping names them: `total`, `state#/total`.
    pub columns: Vec<RowColumn>,
    /// One cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

impl Sample {
    pub fn of(work: &Work<'_>, rows: &Rows) -> Result<Sample, AppError> {
        let cells = cells_of(work, rows)?;
        let mut columns = Vec::new();
        let mut taken = vec![Vec::new(); cells.len()];
        for (at, column) in rows.columns().iter().enumerate() {
            let objects: Vec<Option<Value>> = cells.iter().map(|row| object_of(row.get(at)?)).collect();
            let present = cells
                .iter()
                .filter(|row| row.get(at).is_some_and(|cell| !cell.to_value().is_null()));
            let places = match objects.iter().flatten().count() {
                0 => Vec::new(),
                // Text that is no JSON in some rows is text.
                count if count < present.count() => Vec::new(),
                _ => places_of(&objects),
            };
            if places.is_empty() {
                columns.push(column.clone());
                for (row, taken) in cells.iter().zip(&mut taken) {
                    taken.push(row.get(at).cloned().unwrap_or(Cell::Absent));
                }
            }
            for place in places {
                columns.push(RowColumn {
                    name: format!("{}#{place}", column.name),
                    declared_type: String::new(),
                });
                for (object, taken) in objects.iter().zip(&mut taken) {
                    let found = object.as_ref().and_then(|object| place.find(object));
                    taken.push(found.map_or(Cell::Absent, |value| Cell::Value(value.resolved().clone())));
                }
            }
        }
        Ok(Sample { columns, rows: taken })
    }
}

/// Some rows of all, the same each time: those whose numbers have the least digests.
fn cells_of(work: &Work<'_>, rows: &Rows) -> Result<Vec<Vec<Cell>>, AppError> {
    let places = rows.columns().iter().map(|column| RowPlace {
        column: column.name.clone(),
        path: Pointer::ROOT,
    });
    let places: Vec<RowPlace> = places.collect();
    let mut kept: Vec<([u8; 16], Vec<Cell>)> = Vec::new();
    let mut most = [0xff; 16];
    rows.scan::<AppError>(work, &places, &mut |number, cells| {
        let rank = digest(&number.to_le_bytes());
        if kept.len() < SAMPLE_ROWS || rank < most {
            kept.push((rank, cells.to_vec()));
        }
        if kept.len() >= 2 * SAMPLE_ROWS {
            kept.sort_unstable_by_key(|(rank, _)| *rank);
            kept.truncate(SAMPLE_ROWS);
            most = kept.last().map_or(most, |(rank, _)| *rank);
        }
        Ok(())
    })?;
    kept.sort_unstable_by_key(|(rank, _)| *rank);
    kept.truncate(SAMPLE_ROWS);
    Ok(kept.into_iter().map(|(_, cells)| cells).collect())
}

fn object_of(cell: &Cell) -> Option<Value> {
    cell.json().filter(|json| matches!(json, Value::Object(_)))
}

/// The places of single values and of arrays that are in more than a few of the objects.
fn places_of(objects: &[Option<Value>]) -> Vec<Pointer> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let total = objects.iter().flatten().count();
    for object in objects.iter().flatten() {
        walk(object, &Pointer::ROOT, 0, &mut counts);
    }
    let usual = counts
        .into_iter()
        .filter(|(_, count)| *count * 100 >= total * LEAST_PRESENT_PERCENT);
    usual
        .filter_map(|(place, _)| Pointer::parse(&place).ok())
        .take(MOST_PLACES)
        .collect()
}

fn walk(value: &Value, path: &Pointer, depth: usize, counts: &mut BTreeMap<String, usize>) {
    match value.resolved() {
        Value::Object(members) if depth < MOST_DEPTH && !members.is_empty() => {
            for (key, member) in members.iter() {
                walk(member, &path.push_key(key), depth + 1, counts);
            }
        }
        _ if path.is_root() => {}
        _ => *counts.entry(path.to_string()).or_default() += 1,
    }
}
