//! What is kept of every row while the store passes: enough to find it and to tell whether it is right, and nothing that
//! grows with what it holds. 48 bytes a row, so that a million of them take 48 MB.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicBool, Ordering};

use refold_core::cursor::Cursor;
use refold_core::event::{Position, Version};
use refold_core::time::Timestamp;
use refold_core::value::Value;
use refold_core::work::Work;
use refold_stores::rows::{Cell, Rows};
use sha2::{Digest as _, Sha256};

use super::mapping::{Mapping, Own, Row};
use super::place::{Says, Unit};
use crate::error::AppError;

/// Rows that are named where many have the same fault.
pub const MOST_NAMED: usize = 3;

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
    /// Whether it says of itself how far it is; and that, where it can be read.
    speaks: Speaks,
    own: i64,
    /// Its number in a pass over the rows.
    pub number: u32,
}

const _: () = assert!(size_of::<Held>() == 48, "a million rows take 48 MB");

/// Who says something is farther than who does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Speaks {
    Not,
    Unreadably,
    Readably,
}

impl Held {
    /// How far the row says that it is.
    pub fn says(&self, of: &Own) -> Says {
        match self.speaks {
            Speaks::Not => return Says::Nothing,
            Speaks::Unreadably => return Says::Unreadable,
            Speaks::Readably => {}
        }
        Says::At(match of {
            Own::Unknown => return Says::Nothing,
            Own::Version(_) => Cursor::Version(Version(self.own)),
            Own::Position(_) => Cursor::Position(Position(self.own)),
            Own::RecordedAt(_) => Cursor::At(Timestamp(self.own)),
        })
    }

    fn own(&self) -> (Speaks, i64) {
        (self.speaks, self.own)
    }
}

fn spoken(says: Says) -> (Speaks, i64) {
    match says {
        Says::At(Cursor::Version(Version(at)) | Cursor::Position(Position(at)) | Cursor::At(Timestamp(at))) => {
            (Speaks::Readably, at)
        }
        Says::Unreadable => (Speaks::Unreadably, 0),
        // No row says a place of another kind.
        Says::At(_) | Says::Nothing => (Speaks::Not, 0),
    }
}

/// Rows that have something in common: how many, and of the first of them the key and what they say of how far they are.
#[derive(Debug, Default)]
pub struct Noted {
    pub count: u32,
    pub first: Vec<(Vec<u8>, Value)>,
}

impl Noted {
    fn add(&mut self, mapping: &Mapping, row: &Row<'_>) {
        self.count = self.count.saturating_add(1);
        if self.first.len() < MOST_NAMED {
            let says = row.own.map_or(Value::Null, Cell::to_value);
            self.first.push((mapping.key_shown(row), says));
        }
    }
}

/// All rows, by key.
pub struct HeldRows {
    rows: Vec<Held>,
    /// How many rows have a key that begins with less than so much: the rows of each beginning lie between two of these.
    /// A search in all of them would wait for memory at each of its steps.
    before: Vec<u32>,
    is_seen: Vec<AtomicBool>,
    /// Rows whose key an earlier row has, by number.
    doubles: Vec<u32>,
    /// Rows without a key, by number.
    keyless: Vec<u32>,
    count: u32,
    /// Rows that are passed by because a later one has the same key.
    pub older: u32,
    takes_latest: bool,
    /// In which rows say a time.
    pub unit: Unit,
    /// Rows that do not say how far they are, though others may.
    pub silent: Noted,
    /// Rows of which nobody can read what they say of it; with the cell.
    pub unreadable: Noted,
}

impl HeldRows {
    pub fn read(work: &Work<'_>, rows: &Rows, mapping: &Mapping) -> Result<HeldRows, AppError> {
        let mut held = Vec::new();
        let mut keyless = Vec::new();
        let mut count = 0_u32;
        let (mut silent, mut unreadable) = (Noted::default(), Noted::default());
        let mut unit = Unit::LARGEST;
        let mut form = Vec::new();
        rows.scan::<AppError>(work, &mapping.places(), &mut |number, cells| {
            count = count.saturating_add(1);
            let row = mapping.row(cells);
            let Some(key) = mapping.key_of(&row) else {
                keyless.push(number);
                return Ok(());
            };
            let says = Says::of(&mapping.own, row.own);
            match says {
                Says::Unreadable => unreadable.add(mapping, &row),
                Says::Nothing if mapping.own != Own::Unknown => silent.add(mapping, &row),
                Says::At(Cursor::At(time)) => unit = unit.min(Unit::of(time)),
                Says::Nothing | Says::At(_) => {}
            }
            let (speaks, own) = spoken(says);
            form.clear();
            write_row(mapping, &row, &mut form);
            held.push(Held {
                key: digest(&key),
                columns: digest(&form),
                speaks,
                own,
                number,
            });
            Ok(())
        })?;
        let mut held = HeldRows::of(held, keyless, count, mapping.takes_latest);
        (held.unit, held.silent, held.unreadable) = (unit, silent, unreadable);
        Ok(held)
    }

    fn of(mut held: Vec<Held>, keyless: Vec<u32>, count: u32, takes_latest: bool) -> HeldRows {
        if takes_latest {
            held.sort_unstable_by_key(|row| (row.key, Reverse(row.own()), row.number));
        } else {
            held.sort_unstable_by_key(|row| (row.key, row.number));
        }
        let (mut doubles, mut older) = (Vec::new(), 0);
        held.dedup_by(|later, earlier| {
            let is_double = later.key == earlier.key;
            // Two that say the same of themselves are still one too many.
            if is_double && takes_latest && later.own() < earlier.own() {
                older += 1;
            } else if is_double {
                doubles.push(later.number);
            }
            is_double
        });
        HeldRows {
            before: before(&held),
            is_seen: held.iter().map(|_| AtomicBool::new(false)).collect(),
            rows: held,
            doubles,
            keyless,
            count,
            older,
            takes_latest,
            unit: Unit::LARGEST,
            silent: Noted::default(),
            unreadable: Noted::default(),
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
        (of.unit, of.silent, of.unreadable) = (self.unit, self.silent, self.unreadable);
        of
    }

    pub fn find(&self, stream: Digest) -> Option<(usize, &Held)> {
        let beginning = beginning(&stream);
        let first = *self.before.get(beginning)? as usize;
        let rows = self.rows.get(first..*self.before.get(beginning + 1)? as usize)?;
        let at = rows.binary_search_by_key(&stream, |row| row.key).ok()?;
        rows.get(at).map(|row| (first + at, row))
    }

    /// A stream has the row at this place.
    pub fn mark(&self, at: usize) {
        if let Some(seen) = self.is_seen.get(at) {
            seen.store(true, Ordering::Relaxed);
        }
    }

    /// Rows of streams that there are, which say how far they are so that it can be read.
    pub fn speaking(&self) -> u32 {
        let rows = self.rows.iter().zip(&self.is_seen);
        let speaking = rows.filter(|(row, seen)| row.speaks == Speaks::Readably && seen.load(Ordering::Relaxed));
        u32::try_from(speaking.count()).unwrap_or(u32::MAX)
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

/// The first two bytes of a digest, of which all are equally likely.
fn beginning(key: &Digest) -> usize {
    usize::from(u16::from_be_bytes([key[0], key[1]]))
}

fn before(rows: &[Held]) -> Vec<u32> {
    let mut before = vec![0; usize::from(u16::MAX) + 2];
    for row in rows {
        before[beginning(&row.key) + 1] += 1;
    }
    let mut sum = 0;
    for count in &mut before {
        sum += *count;
        *count = sum;
    }
    before
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
