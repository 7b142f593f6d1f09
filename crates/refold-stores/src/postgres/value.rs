//! Values as they come over the wire, exactly: integers as integers, documents and texts as the server's own bytes, times to
//! the microsecond. No number passes through a float but one that the store itself holds as a float.

#[cfg(test)]
mod tests;

use std::error::Error;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::server::held::{Held, HeldRow};
use crate::server::places;
use crate::value::uuid_text;

/// The bytes of one value as the server sent them.
struct Wire<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Wire<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Wire<'a>, Box<dyn Error + Sync + Send>> {
        Ok(Wire(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A parameter whose bytes are known.
#[derive(Debug)]
pub struct Plain(pub Vec<u8>);

impl ToSql for Plain {
    fn to_sql(&self, _: &Type, out: &mut bytes::BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The place of a row in its table.
pub fn tid(block: u32, item: u16) -> Plain {
    Plain([block.to_be_bytes().as_slice(), &item.to_be_bytes()].concat())
}

/// The values of a row.
pub fn held_row(row: &Row) -> HeldRow<'_> {
    let columns = row.columns().iter().enumerate();
    HeldRow(
        columns
            .map(|(index, column)| match row.try_get::<_, Option<Wire<'_>>>(index) {
                Ok(Some(Wire(bytes))) => held(column.type_(), bytes),
                // The row has as many values as columns.
                Ok(None) | Err(_) => Held::Null,
            })
            .collect(),
    )
}

/// Whether values of a type are understood. Only these are ever selected.
pub fn is_known(kind: &Type) -> bool {
    matches!(
        *kind,
        Type::BOOL
            | Type::BYTEA
            | Type::CHAR
            | Type::NAME
            | Type::INT8
            | Type::INT2
            | Type::INT4
            | Type::TEXT
            | Type::OID
            | Type::JSON
            | Type::XML
            | Type::XID8
            | Type::FLOAT4
            | Type::FLOAT8
            | Type::UNKNOWN
            | Type::BPCHAR
            | Type::VARCHAR
            | Type::DATE
            | Type::TIMESTAMP
            | Type::TIMESTAMPTZ
            | Type::NUMERIC
            | Type::UUID
            | Type::JSONB
            | Type::TEXT_ARRAY
            | Type::VARCHAR_ARRAY
    )
}

fn held<'r>(kind: &Type, bytes: &'r [u8]) -> Held<'r> {
    let made = match *kind {
        Type::BYTEA => return Held::Bytes(bytes),
        Type::INT2 => integer::<2>(bytes).map(|it| Held::Integer(i16::from_be_bytes(it).into())),
        Type::INT4 => integer::<4>(bytes).map(|it| Held::Integer(i32::from_be_bytes(it).into())),
        Type::INT8 => integer::<8>(bytes).map(|it| Held::Integer(i64::from_be_bytes(it))),
        Type::OID => integer::<4>(bytes).map(|it| Held::Integer(u32::from_be_bytes(it).into())),
        Type::TID => bytes.split_first_chunk().and_then(|(block, item)| {
            let (block, item) = (u32::from_be_bytes(*block), integer(item)?);
            Some(Held::Integer(places::position(block, u16::from_be_bytes(item))))
        }),
        Type::XID8 => integer::<8>(bytes).map(|it| text_of(u64::from_be_bytes(it))),
        Type::FLOAT4 => integer::<4>(bytes).map(|it| Held::real_of_32_bits(f32::from_be_bytes(it))),
        Type::FLOAT8 => integer::<8>(bytes).map(|it| Held::Real(f64::from_be_bytes(it))),
        Type::BOOL => bytes
            .first()
            .map(|it| Held::Text(if *it == 0 { b"false" } else { b"true" })),
        Type::UUID => <&[u8; 16]>::try_from(bytes).ok().map(|it| Held::Made(uuid_text(it))),
        // One byte says which version of the format follows; since there are documents there is version 1 alone.
        Type::JSONB => match bytes.split_first() {
            Some((1, document)) => Some(Held::Text(document)),
            _ => None,
        },
        Type::TIMESTAMP => integer::<8>(bytes).map(|it| time(i64::from_be_bytes(it), "")),
        Type::TIMESTAMPTZ => integer::<8>(bytes).map(|it| time(i64::from_be_bytes(it), "+00")),
        Type::DATE => integer::<4>(bytes).map(|it| date(i32::from_be_bytes(it))),
        Type::NUMERIC => numeric(bytes).map(|it| Held::Made(it.into_bytes())),
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY => text_array(bytes).map(Held::Made),
        _ => return Held::Text(bytes),
    };
    made.unwrap_or(Held::Bytes(bytes))
}

fn integer<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn text_of(number: u64) -> Held<'static> {
    Held::Made(number.to_string().into_bytes())
}

const MICROS_A_DAY: i64 = 86_400_000_000;
/// Days from 1970 to 2000, where the server's times begin.
const EPOCH_DAYS: i64 = 10_957;

/// Microseconds since 2000 as ISO 8601 with a space, as the server writes them.
fn time(micros: i64, zone: &str) -> Held<'static> {
    let text = match micros {
        i64::MAX => "infinity".to_owned(),
        i64::MIN => "-infinity".to_owned(),
        _ => {
            let (days, of_day) = (micros.div_euclid(MICROS_A_DAY), micros.rem_euclid(MICROS_A_DAY));
            let (seconds, fraction) = (of_day / 1_000_000, of_day % 1_000_000);
            let (day, era) = day(days + EPOCH_DAYS);
            let fraction = match fraction {
                0 => String::new(),
                fraction => format!(".{fraction:06}").trim_end_matches('0').to_owned(),
            };
            let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
            format!("{day} {hour:02}:{minute:02}:{second:02}{fraction}{zone}{era}")
        }
    };
    Held::Made(text.into_bytes())
}

fn date(days: i32) -> Held<'static> {
    let text = match days {
        i32::MAX => "infinity".to_owned(),
        i32::MIN => "-infinity".to_owned(),
        days => {
            let (day, era) = day(i64::from(days) + EPOCH_DAYS);
            format!("{day}{era}")
        }
    };
    Held::Made(text.into_bytes())
}

/// A day since 1970 in the Gregorian calendar, carried on before it began, and what is written behind it.
fn day(days: i64) -> (String, &'static str) {
    // Years that begin in March, so that the day that is sometimes there comes last; in eras of 400 years.
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year_of_era + next;
    // There is no year 0.
    let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    (format!("{year:04}-{month:02}-{day:02}"), era)
}

/// A number of any length, digit by digit.
fn numeric(bytes: &[u8]) -> Option<String> {
    let mut words = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let (count, weight, sign, scale) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let (weight, sign) = match sign {
        0x0000 => (weight.cast_signed(), ""),
        0x4000 => (weight.cast_signed(), "-"),
        0xc000 => return Some("NaN".to_owned()),
        0xd000 => return Some("Infinity".to_owned()),
        0xf000 => return Some("-Infinity".to_owned()),
        _ => return None,
    };
    let groups: Vec<u16> = words.collect();
    if groups.len() != usize::from(count) || groups.iter().any(|group| *group > 9_999) {
        return None;
    }
    let group = |at: i32| {
        let place = usize::try_from(i32::from(weight) - at).ok();
        place.and_then(|place| groups.get(place)).copied().unwrap_or(0)
    };
    let mut text = String::from(sign);
    let whole: String = (0..=i32::from(weight).max(0))
        .rev()
        .map(|at| format!("{:04}", group(at)))
        .collect();
    let whole = whole.trim_start_matches('0');
    text.push_str(if whole.is_empty() { "0" } else { whole });
    if scale > 0 {
        let after: String = (1..=i32::from(scale).div_euclid(4) + 1)
            .map(|at| format!("{:04}", group(-at)))
            .collect();
        text.push('.');
        text.push_str(after.get(..usize::from(scale))?);
    }
    Some(text)
}

/// A list of texts as JSON.
fn text_array(bytes: &[u8]) -> Option<Vec<u8>> {
    let word = |at: usize| Some(i32::from_be_bytes(*bytes.get(at..)?.first_chunk::<4>()?));
    let texts = match word(0)? {
        0 => Vec::new(),
        1 => {
            let (mut texts, mut at) = (Vec::new(), 20);
            for _ in 0..word(12)? {
                let length = word(at)?;
                at += 4;
                texts.push(match usize::try_from(length) {
                    Err(_) => None,
                    Ok(length) => {
                        let text = bytes.get(at..at.checked_add(length)?)?;
                        at += length;
                        Some(std::str::from_utf8(text).ok()?)
                    }
                });
            }
            texts
        }
        _ => return None,
    };
    serde_json::to_vec(&texts).ok()
}
