//! Values as they come over the wire, exactly: integers as integers, texts and documents as the server's own bytes, times
//! to the digit that the column keeps. No number passes through a float but one that the store itself holds as a float.

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use super::wire::{Parts, put_counted};
use crate::server::held::{Held, HeldRow};

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    kind: u8,
    is_unsigned: bool,
    is_binary: bool,
    /// Digits behind the point of a time.
    digits: u8,
}

/// One row of an answer, as it came.
#[derive(Debug)]
pub struct Row {
    columns: Arc<[Described]>,
    packet: Vec<u8>,
    /// Where each value is; `None`: it is NULL.
    places: Vec<Option<Range<usize>>>,
}

/// A value that a statement is asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    Integer(i64),
    /// Compared as a text.
    Text(String),
    /// Compared byte by byte.
    Bytes(Vec<u8>),
}

// The types of values, by the numbers of the protocol.
const DECIMAL: u8 = 0x00;
const TINY: u8 = 0x01;
const SHORT: u8 = 0x02;
const LONG: u8 = 0x03;
const FLOAT: u8 = 0x04;
const DOUBLE: u8 = 0x05;
const NULL: u8 = 0x06;
const TIMESTAMP: u8 = 0x07;
const LONG_LONG: u8 = 0x08;
const MEDIUM: u8 = 0x09;
const DATE: u8 = 0x0a;
const TIME: u8 = 0x0b;
const DATE_TIME: u8 = 0x0c;
const YEAR: u8 = 0x0d;
const BIT: u8 = 0x10;
const JSON: u8 = 0xf5;
const NEW_DECIMAL: u8 = 0xf6;
const BLOB: u8 = 0xfc;
const VAR_STRING: u8 = 0xfd;
const GEOMETRY: u8 = 0xff;
/// The character set of what is no text.
const BINARY: u16 = 63;
const UNSIGNED: u16 = 32;

impl Described {
    /// `None`: the packet that describes it is cut short.
    pub fn read(packet: &[u8]) -> Option<Described> {
        let mut parts = Parts(packet);
        // Catalogue, schema, table and its own name, column and its own name.
        for _ in 0..6 {
            parts.counted()?;
        }
        let mut fixed = Parts(parts.counted()?);
        let charset = fixed.short()?;
        fixed.long()?;
        let kind = fixed.byte()?;
        let flags = fixed.short()?;
        let digits = fixed.byte()?;
        Some(Described {
            kind,
            is_unsigned: flags & UNSIGNED != 0,
            is_binary: charset == BINARY,
            digits: if digits > 6 { 0 } else { digits },
        })
    }

    /// What the server calls the type.
    pub fn name(&self) -> &'static str {
        match (self.kind, self.is_binary) {
            (TINY, _) => "tinyint",
            (SHORT, _) => "smallint",
            (MEDIUM, _) => "mediumint",
            (LONG, _) => "int",
            (LONG_LONG, _) => "bigint",
            (FLOAT, _) => "float",
            (DOUBLE, _) => "double",
            (DECIMAL | NEW_DECIMAL, _) => "decimal",
            (TIMESTAMP, _) => "timestamp",
            (DATE, _) => "date",
            (TIME, _) => "time",
            (DATE_TIME, _) => "datetime",
            (YEAR, _) => "year",
            (BIT, _) => "bit",
            (JSON, _) => "json",
            (NULL, _) => "null",
            (GEOMETRY, _) => "geometry",
            (0xf9..=0xfc, true) => "blob",
            (0xf9..=0xfc, false) => "text",
            (_, true) => "varbinary",
            (_, false) => "varchar",
        }
    }

    /// How long a value is that does not say so itself.
    fn fixed_bytes(&self) -> Option<usize> {
        match self.kind {
            NULL => Some(0),
            TINY => Some(1),
            SHORT | YEAR => Some(2),
            LONG | MEDIUM | FLOAT => Some(4),
            LONG_LONG | DOUBLE => Some(8),
            _ => None,
        }
    }

    fn held<'r>(&self, bytes: &'r [u8]) -> Held<'r> {
        let made = match self.kind {
            NULL => Some(Held::Null),
            TINY | SHORT | YEAR | LONG | MEDIUM | LONG_LONG => Some(self.integer(bytes)),
            FLOAT => bytes
                .try_into()
                .ok()
                .map(|it| Held::real_of_32_bits(f32::from_le_bytes(it))),
            DOUBLE => bytes.try_into().ok().map(|it| Held::Real(f64::from_le_bytes(it))),
            DATE => date_time(bytes, 0).and_then(|text| Some(Held::Made(text.split_once(' ')?.0.into()))),
            DATE_TIME => date_time(bytes, self.digits).map(|text| Held::Made(text.into_bytes())),
            // An instant: the server keeps it in UTC, and our connection is in UTC too.
            TIMESTAMP => date_time(bytes, self.digits).map(|text| Held::Made(format!("{text}+00").into_bytes())),
            TIME => time(bytes, self.digits).map(|text| Held::Made(text.into_bytes())),
            BIT if bytes.len() < 8 => Some(Held::Integer(
                bytes.iter().fold(0, |bits, byte| bits << 8 | i64::from(*byte)),
            )),
            JSON | DECIMAL | NEW_DECIMAL => Some(Held::Text(bytes)),
            _ if self.is_binary => None,
            _ => Some(Held::Text(bytes)),
        };
        made.unwrap_or(Held::Bytes(bytes))
    }

    fn integer(&self, bytes: &[u8]) -> Held<'static> {
        let is_negative = !self.is_unsigned && self.kind != YEAR && bytes.last().is_some_and(|last| last & 0x80 != 0);
        let mut wide = [if is_negative { 0xff } else { 0 }; 8];
        for (into, byte) in wide.iter_mut().zip(bytes) {
            *into = *byte;
        }
        match (i64::from_le_bytes(wide), u64::from_le_bytes(wide)) {
            (number, _) if is_negative || number >= 0 => Held::Integer(number),
            // Too large for the integers that we count with; as exact as a text.
            (_, unsigned) => Held::Made(unsigned.to_string().into_bytes()),
        }
    }
}

impl Row {
    /// `None`: the packet is no row of these columns.
    pub fn read(packet: Vec<u8>, columns: &Arc<[Described]>) -> Option<Row> {
        let mut parts = Parts(&packet);
        parts.byte().filter(|first| *first == 0)?;
        let nulls = parts.bytes((columns.len() + 9) / 8)?;
        let mut places = Vec::with_capacity(columns.len());
        for (index, column) in columns.iter().enumerate() {
            let bit = index + 2;
            if nulls.get(bit / 8)? & (1 << (bit % 8)) != 0 {
                places.push(None);
                continue;
            }
            let value = match (column.fixed_bytes(), column.kind) {
                (Some(count), _) => parts.bytes(count)?,
                (None, DATE | DATE_TIME | TIMESTAMP | TIME) => {
                    let count = parts.byte()?;
                    parts.bytes(usize::from(count))?
                }
                (None, _) => parts.counted()?,
            };
            let end = packet.len() - parts.0.len();
            places.push(Some(end - value.len()..end));
        }
        let is_whole = parts.is_empty();
        is_whole.then(|| Row {
            columns: Arc::clone(columns),
            packet,
            places,
        })
    }

    pub fn held(&self) -> HeldRow<'_> {
        let values = self.places.iter().zip(&*self.columns);
        HeldRow(
            values
                .map(
                    |(place, column)| match place.clone().and_then(|place| self.packet.get(place)) {
                        Some(bytes) => column.held(bytes),
                        None => Held::Null,
                    },
                )
                .collect(),
        )
    }

    pub fn kind_names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name().to_owned()).collect()
    }

    pub fn byte_count(&self) -> usize {
        self.packet.len()
    }

    /// The text of a value; `None`: it is NULL, or there is no such column.
    pub fn text(&self, index: usize) -> Option<String> {
        let bytes = self.packet.get(self.places.get(index)?.clone()?)?;
        match self.columns.get(index)?.held(bytes) {
            Held::Null => None,
            Held::Integer(number) => Some(number.to_string()),
            Held::Real(number) => Some(number.to_string()),
            Held::Text(text) | Held::Bytes(text) => Some(String::from_utf8_lossy(text).into_owned()),
            Held::Made(text) => Some(String::from_utf8_lossy(&text).into_owned()),
        }
    }

    pub fn integer(&self, index: usize) -> Option<i64> {
        self.held().integer(index)
    }
}

/// Parameters as a statement is executed with: which of them are NULL (none), their types, and they themselves.
pub fn put_parameters(parameters: &[Parameter], out: &mut Vec<u8>) {
    if parameters.is_empty() {
        return;
    }
    out.resize(out.len() + parameters.len().div_ceil(8), 0);
    out.push(1);
    for parameter in parameters {
        out.push(match parameter {
            Parameter::Integer(_) => LONG_LONG,
            Parameter::Text(_) => VAR_STRING,
            Parameter::Bytes(_) => BLOB,
        });
        out.push(0);
    }
    for parameter in parameters {
        match parameter {
            Parameter::Integer(number) => out.extend_from_slice(&number.to_le_bytes()),
            Parameter::Text(text) => put_counted(text.as_bytes(), out),
            Parameter::Bytes(bytes) => put_counted(bytes, out),
        }
    }
}

/// `2026-08-03 14:00:00.123456`, with as many digits behind the point as the column keeps. A date that there is not
/// (`0000-00-00`) is written as the server writes it.
fn date_time(bytes: &[u8], digits: u8) -> Option<String> {
    let mut parts = Parts(bytes);
    let (mut day, mut clock, mut micros) = ((0, 0, 0), [0; 3], 0);
    if !parts.is_empty() {
        day = (parts.short()?, parts.byte()?, parts.byte()?);
    }
    if !parts.is_empty() {
        clock = parts.array()?;
    }
    if !parts.is_empty() {
        micros = parts.long()?;
    }
    let ((year, month, day), [hour, minute, second]) = (day, clock);
    let fraction = fraction(micros, digits)?;
    Some(format!(
        "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{fraction}"
    ))
}

/// `-838:59:59.000000`
fn time(bytes: &[u8], digits: u8) -> Option<String> {
    let mut parts = Parts(bytes);
    if parts.is_empty() {
        return Some(format!("00:00:00{}", fraction(0, digits)?));
    }
    let sign = if parts.byte()? == 0 { "" } else { "-" };
    let days = parts.long()?;
    let [hour, minute, second] = parts.array()?;
    let micros = if parts.is_empty() { 0 } else { parts.long()? };
    let hours = u64::from(days) * 24 + u64::from(hour);
    Some(format!(
        "{sign}{hours:02}:{minute:02}:{second:02}{}",
        fraction(micros, digits)?
    ))
}

fn fraction(micros: u32, digits: u8) -> Option<String> {
    let text = format!(".{micros:06}");
    match digits {
        0 if micros == 0 => Some(String::new()),
        // Of an expression the server does not say how many there are.
        0 => Some(text),
        digits => text.get(..=usize::from(digits)).map(str::to_owned),
    }
}
