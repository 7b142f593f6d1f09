//! A record: the values of one row or one entry of an index, and where each begins.

use rusqlite::types::ValueRef;

use super::Odd;
use super::cell::varint;

/// A column whose value is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Its place in the table.
    pub column: usize,
    /// Its place among the values.
    pub slot: usize,
    /// Numbers of such a column are floating point, also where they are stored as integers.
    pub is_real: bool,
    /// Records may be older than the column; its default is NULL then, or something that only SQLite knows.
    pub may_be_missing: bool,
}

/// Where one value is in a record.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    /// The type of the value, by the numbers of the format; 0 is NULL.
    serial: u64,
    start: usize,
    is_real: bool,
    is_rowid: bool,
}

/// One row: its places are slots.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    pub rowid: i64,
    pub bytes: &'a [u8],
    pub places: &'a [Place],
}

impl Place {
    pub const ROWID: Place = Place {
        serial: 0,
        start: 0,
        is_real: false,
        is_rowid: true,
    };
}

impl Record<'_> {
    #[inline]
    pub fn value(&self, slot: usize) -> ValueRef<'_> {
        let Some(place) = self.places.get(slot) else {
            return ValueRef::Null;
        };
        if place.is_rowid {
            return ValueRef::Integer(self.rowid);
        }
        // What most values are, without a call.
        if place.serial > 12 && place.serial % 2 == 1 {
            let length = ((place.serial - 13) / 2) as usize; // `locate` found that it fits
            return match self.bytes.get(place.start..place.start + length) {
                Some(text) => ValueRef::Text(text),
                None => ValueRef::Null,
            };
        }
        match value(self.bytes, place.serial, place.start) {
            ValueRef::Integer(number) if place.is_real => ValueRef::Real(number as f64), // as SQLite converts it
            value => value,
        }
    }
}

/// Finds the wanted columns, which are in the order of the table. `local` is the beginning of the record or all of it.
/// Returns how many bytes of the record the wanted values need.
#[inline]
pub fn locate(local: &[u8], byte_count: usize, wanted: &[Wanted], places: &mut [Place]) -> Result<usize, Odd> {
    let (head_byte_count, mut at) = head(local)?;
    let head = local.get(..head_byte_count).ok_or(Odd)?;
    let (mut start, mut needed, mut column) = (head_byte_count, head_byte_count, 0);
    let mut wanted = wanted.iter();
    let mut next = wanted.next();
    while let Some(&byte) = head.get(at) {
        // Most types take one byte, those of longer texts two.
        let (serial, length) = match byte {
            0..0x80 => {
                at += 1;
                (u64::from(byte), SHORT_LENGTHS[usize::from(byte)] as usize) // less than 128; a u32
            }
            _ => {
                let serial;
                (serial, at) = match head.get(at + 1) {
                    Some(&second @ 0..0x80) => (u64::from(byte & 0x7f) << 7 | u64::from(second), at + 2),
                    _ => varint(head, at)?,
                };
                (serial, length(serial)?)
            }
        };
        if let Some(found) = next
            && found.column == column
        {
            *places.get_mut(found.slot).ok_or(Odd)? = Place {
                serial,
                start,
                is_real: found.is_real,
                is_rowid: false,
            };
            needed = start + length;
            next = wanted.next();
        }
        start += length;
        column += 1;
    }
    // The head ends with its last type: none was cut.
    if start != byte_count {
        return Err(Odd);
    }
    for missing in next.into_iter().chain(wanted) {
        if !missing.may_be_missing {
            return Err(Odd);
        }
        *places.get_mut(missing.slot).ok_or(Odd)? = Place::default();
    }
    Ok(needed)
}

/// The values of a record one after the other, each with its type; all of the record must be in `bytes`.
pub struct Walk<'a> {
    bytes: &'a [u8],
    head_byte_count: usize,
    at: usize,
    start: usize,
}

impl<'a> Walk<'a> {
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Result<Walk<'a>, Odd> {
        let (head_byte_count, at) = head(bytes)?;
        Ok(Walk {
            bytes,
            head_byte_count,
            at,
            start: head_byte_count,
        })
    }

    /// `None` behind the last value, which must be the end of the record.
    #[inline]
    pub fn next(&mut self) -> Result<Option<ValueRef<'a>>, Odd> {
        if self.at >= self.head_byte_count {
            let is_end = self.at == self.head_byte_count && self.start == self.bytes.len();
            return if is_end { Ok(None) } else { Err(Odd) };
        }
        let (serial, end) = varint(self.bytes, self.at)?;
        let (start, length) = (self.start, length(serial)?);
        (self.at, self.start) = (end, start + length);
        if self.start > self.bytes.len() {
            return Err(Odd);
        }
        Ok(Some(value(self.bytes, serial, start)))
    }
}

fn head(bytes: &[u8]) -> Result<(usize, usize), Odd> {
    let (head_byte_count, at) = varint(bytes, 0)?;
    let head_byte_count = usize::try_from(head_byte_count).map_err(|_| Odd)?;
    let is_there = at <= head_byte_count && head_byte_count <= bytes.len();
    is_there.then_some((head_byte_count, at)).ok_or(Odd)
}

/// The lengths of the types that take one byte. Types that are kept for SQLite itself have one that no record has.
const SHORT_LENGTHS: [u32; 128] = {
    let mut lengths = [u32::MAX; 128];
    let mut serial = 0;
    while serial < 128 {
        if let Ok(length) = length(serial as u64) {
            lengths[serial] = length as u32; // at most 57
        }
        serial += 1;
    }
    lengths
};

/// How many bytes a value of this type has.
#[inline]
const fn length(serial: u64) -> Result<usize, Odd> {
    const LENGTHS: [u8; 10] = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];
    match serial {
        0..10 => Ok(LENGTHS[serial as usize] as usize), // less than 10
        10 | 11 => Err(Odd),                            // kept for SQLite itself
        // Fits 32 bits. A length that no page could hold does not fit the record, which is looked at next.
        12..0x1_0000_0000 => Ok(((serial - 12) / 2) as usize),
        _ => Err(Odd),
    }
}

/// The value of a type at `start`; NULL where the record has no such bytes, which [`locate`] and [`Walk`] rule out.
#[inline]
fn value(bytes: &[u8], serial: u64, start: usize) -> ValueRef<'_> {
    let integer = |byte_count: usize| {
        let Some(bytes) = bytes.get(start..start + byte_count) else {
            return ValueRef::Null;
        };
        let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
        ValueRef::Integer(bytes.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte)))
    };
    match serial {
        0 | 10 | 11 => ValueRef::Null,
        1 => integer(1),
        2 => integer(2),
        3 => integer(3),
        4 => integer(4),
        5 => integer(6),
        6 => integer(8),
        7 => match integer(8) {
            ValueRef::Integer(bits) => {
                let number = f64::from_bits(bits.cast_unsigned());
                // SQLite knows no NaN.
                if number.is_nan() {
                    ValueRef::Null
                } else {
                    ValueRef::Real(number)
                }
            }
            other => other,
        },
        8 => ValueRef::Integer(0),
        9 => ValueRef::Integer(1),
        _ => {
            let stored = length(serial).ok().and_then(|length| bytes.get(start..start + length));
            match stored {
                None => ValueRef::Null,
                Some(stored) if serial.is_multiple_of(2) => ValueRef::Blob(stored),
                Some(stored) => ValueRef::Text(stored),
            }
        }
    }
}
