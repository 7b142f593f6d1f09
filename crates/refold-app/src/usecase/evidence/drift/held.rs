//! What is kept of every row while the store passes: enough to find it and to tell whether it is right, and nothing that
//! grows with what it holds. 48 bytes a row, so that a million of them take 48 MB.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicBool, Ordering};

use refold_core::cursor::Cursor;
use refold_core::event::{Position, Version};
use refold_core::time::Timestamp;
use refold_core::value::Value;
use refold_core::work::Work;
use refold_stores::rows::{Cell, Rows, instant};
use sha2::{Digest as _, Sha256};

use super::alike::whole;
use super::mapping::{Mapping, Own, Row};
use crate::error::AppError;

/// The beginning of a SHA-256: two that are equal are of the same bytes.
pub type Digest = [u8; 16];

pub fn digest(bytes: &[u8]) -> Digest {
    let mut digest = Digest::default();
    let whole = Sha256::digest(bytes);
    digest.copy_from_slice(whole.get(..16).unwrap_or(&[0; 16]));
    digest
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    key: Digest,
    /// Of the forms of all columns that are compared.
    pub columns: Digest,
    /// What its own position says; [`Held::NO_OWN`] where it says nothing.
    own: i64,
    /// Its number in a pass over the rows.
    pub number: u32,
}

impl Held {
    const NO_OWN: i64 = i64::MIN;

    /// How far the row says that it is.
    pub fn own(&self, of: &Own) -> Option<Cursor> {
        if self.own == Held::NO_OWN {
            return None;
        }
        match of {
            Own::Unknown => None,
            Own::Version(_) => Some(Cursor::Version(Version(self.own))),
            Own::Position(_) => Some(Cursor::Position(Position(self.own))),
            Own::RecordedAt(_) => Some(Cursor::At(Timestamp(self.own))),
        }
    }
}

/// All rows, by key.
pub struct HeldRows {
    rows: Vec<Held>,
    is_seen: Vec<AtomicBool>,
    /// Rows whose key an earlier row has, by number.
    doubles: Vec<u32>,
    /// Rows without a key, by number.
    keyless: Vec<u32>,
    count: u32,
    /// Rows that are passed by because a later one has the same key.
    pub older: u32,
    takes_latest: bool,
    /// Rows that do not say how far they are, though others may.
    pub without_own: u32,
}

impl HeldRows {
    pub fn read(work: &Work<'_>, rows: &Rows, mapping: &Mapping) -> Result<HeldRows, AppError> {
        let mut held = Vec::new();
        let mut keyless = Vec::new();
        let (mut count, mut without_own) = (0_u32, 0_u32);
        let mut form = Vec::new();
        rows.scan::<AppError>(work, &mapping.places(), &mut |number, cells| {
            count = count.saturating_add(1);
            let row = mapping.row(cells);
            let Some(key) = mapping.key_of(&row) else {
                keyless.push(number);
                return Ok(());
            };
            let own = own_of(&mapping.own, row.own);
            without_own += u32::from(own.is_none() && mapping.own != Own::Unknown);
            form.clear();
            write_row(mapping, &row, &mut form);
            held.push(Held {
                key: digest(&key),
                columns: digest(&form),
                own: own.unwrap_or(Held::NO_OWN),
                number,
            });
            Ok(())
        })?;
        let mut held = HeldRows::of(held, keyless, count, mapping.takes_latest);
        held.without_own = without_own;
        Ok(held)
    }

    fn of(mut held: Vec<Held>, keyless: Vec<u32>, count: u32, takes_latest: bool) -> HeldRows {
        if takes_latest {
            held.sort_unstable_by_key(|row| (row.key, Reverse(row.own), row.number));
        } else {
            held.sort_unstable_by_key(|row| (row.key, row.number));
        }
        let (mut doubles, mut older) = (Vec::new(), 0);
        held.dedup_by(|later, earlier| {
            let is_double = later.key == earlier.key;
            // Two that say the same of themselves are still one too many.
            if is_double && takes_latest && later.own < earlier.own {
                older += 1;
            } else if is_double {
                doubles.push(later.number);
            }
            is_double
        });
        HeldRows {
            is_seen: held.iter().map(|_| AtomicBool::new(false)).collect(),
            rows: held,
            doubles,
            keyless,
            count,
            older,
            takes_latest,
            without_own: 0,
        }
    }

    /// The same rows, found by the ids of the streams that have their keys at a path of the state.
    pub fn by_streams(self, mut streams: Vec<(Digest, Digest)>) -> HeldRows {
        streams.sort_unstable();
        let stream_of = |key: &Digest| {
            let at = streams.binary_search_by_key(key, |(key, _)| *key);
            // Of a key that no stream has, the row stays under its own digest, which is no stream's.
            at.map_or(*key, |at| streams.get(at).map_or(*key, |(_, stream)| *stream))
        };
        let rows = self.rows.iter().map(|row| Held {
            key: stream_of(&row.key),
            ..*row
        });
        let mut of = HeldRows::of(rows.collect(), self.keyless, self.count, self.takes_latest);
        of.doubles.extend(self.doubles);
        of.older += self.older;
        of.without_own = self.without_own;
        of
    }

    pub fn find(&self, stream: Digest) -> Option<(usize, &Held)> {
        let at = self.rows.binary_search_by_key(&stream, |row| row.key).ok()?;
        self.rows.get(at).map(|row| (at, row))
    }

    /// A stream has the row at this place.
    pub fn mark(&self, at: usize) {
        if let Some(seen) = self.is_seen.get(at) {
            seen.store(true, Ordering::Relaxed);
        }
    }

    /// How many rows the read model has.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The numbers of rows that no stream has, and why.
    pub fn extra(&self) -> impl Iterator<Item = (u32, &'static str)> {
        let unseen = self.rows.iter().zip(&self.is_seen);
        let unseen = unseen.filter(|(_, seen)| !seen.load(Ordering::Relaxed));
        let unseen = unseen.map(|(row, _)| (row.number, "no stream has this key"));
        let doubles = self.doubles.iter().map(|row| (*row, "an earlier row has the same key"));
        let keyless = self.keyless.iter().map(|row| (*row, "it has no key"));
        unseen.chain(doubles).chain(keyless)
    }
}

/// Appends the forms of all columns that are compared.
pub fn write_row(mapping: &Mapping, row: &Row<'_>, form: &mut Vec<u8>) {
    for (column, cell) in mapping.columns.iter().zip(row.columns) {
        column.alike.write_cell(cell, form);
    }
}

/// Appends the forms of what the state has for each column; an error where one cannot be told.
pub fn write_state(mapping: &Mapping, state: &Value, is_csv: bool, form: &mut Vec<u8>) -> Result<(), String> {
    for column in &mapping.columns {
        column
            .alike
            .write_value(column.source.of(state)?.as_ref(), is_csv, form);
    }
    Ok(())
}

fn own_of(own: &Own, cell: Option<&Cell>) -> Option<i64> {
    let cell = cell?;
    match own {
        Own::Unknown => None,
        Own::Version(_) | Own::Position(_) => whole(cell),
        Own::RecordedAt(_) => instant(&cell.to_value()).map(|at| at.0),
    }
}
