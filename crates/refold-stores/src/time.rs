//! From the stored form of a time to an instant.
//!
//! The usual text shapes are read by hand: a store of ten million events has ten million of them.

#[cfg(test)]
mod tests;

use refold_core::time::Timestamp;

use crate::layout::{TimeForm, Zone};

/// A time as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    Certain(Timestamp),
    /// It names no zone, and nobody else does: read as if it were UTC.
    Zoneless(Timestamp),
}

/// Whether a text that [`parse_text`] reads ends in a zone.
pub fn names_zone(text: &[u8]) -> bool {
    text.iter()
        .skip(16)
        .any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-' | b'U'))
}

/// A text of the ISO 8601 family: `2026-08-03 14:00:00`, `2026-08-03T14:00:00.123456+02:00`, `2026-08-03T14:00Z`,
/// `20260803T140000Z` is not among them. Without a zone it is read in `zone`. Fractions beyond nanoseconds are cut.
pub fn parse_text(text: &[u8], zone: Zone) -> Option<Timestamp> {
    let year = i64::from(digits::<4>(text, 0)?);
    let month = digits::<2>(text, 5)?;
    let day = digits::<2>(text, 8)?;
    if text[4] != b'-'
        || text[7] != b'-'
        || !(1..=12).contains(&month)
        || !(1..=days_of_month(year, month)).contains(&day)
    {
        return None;
    }
    let days = days_from_civil(year, i64::from(month), i64::from(day));
    if text.len() == 10 {
        return Timestamp::from_unix(days * 86_400 - i64::from(zone.offset_seconds), 0);
    }
    if !matches!(text[10], b' ' | b'T' | b't') || text.get(13) != Some(&b':') {
        return None;
    }
    let hour = digits::<2>(text, 11)?;
    let minute = digits::<2>(text, 14)?;
    let mut at = 16;
    let mut second = 0;
    let mut nanos = 0;
    if text.get(at) == Some(&b':') {
        second = digits::<2>(text, 17)?;
        at = 19;
        if matches!(text.get(at), Some(b'.' | b',')) {
            at += 1;
            let first = at;
            while let Some(digit @ b'0'..=b'9') = text.get(at) {
                if at - first < 9 {
                    nanos = nanos * 10 + u32::from(digit - b'0');
                }
                at += 1;
            }
            let read = at - first;
            if read == 0 {
                return None;
            }
            for _ in read..9 {
                nanos *= 10;
            }
        }
    }
    // A leap second is kept as the second before it ended: there is no room for it in Unix time.
    let second = second.min(if second == 60 { 59 } else { second });
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let offset = if at == text.len() {
        zone.offset_seconds
    } else {
        parse_offset(&text[at..])?
    };
    let seconds = days * 86_400 + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    Timestamp::from_unix(seconds - i64::from(offset), nanos)
}

/// A number in the unit that `form` says; for [`TimeForm::Auto`] by its size.
pub fn from_number(number: i64, form: TimeForm) -> Option<Timestamp> {
    let form = if matches!(form, TimeForm::Auto | TimeForm::Iso8601) {
        form_of_number(number)
    } else {
        form
    };
    let (seconds, nanos) = match form {
        TimeForm::EpochMillis => (number.div_euclid(1_000), number.rem_euclid(1_000) * 1_000_000),
        TimeForm::EpochMicros => (number.div_euclid(1_000_000), number.rem_euclid(1_000_000) * 1_000),
        TimeForm::EpochNanos => (number.div_euclid(1_000_000_000), number.rem_euclid(1_000_000_000)),
        TimeForm::DotnetTicks => (
            number.div_euclid(10_000_000) - 62_135_596_800,
            number.rem_euclid(10_000_000) * 100,
        ),
        TimeForm::EpochSeconds | TimeForm::Auto | TimeForm::Iso8601 => (number, 0),
    };
    Timestamp::from_unix(seconds, u32::try_from(nanos).ok()?)
}

/// Seconds since 1970 as a floating point number, as some applications store them. Rounded to microseconds, which is
/// what the number holds.
pub fn from_real(seconds: f64) -> Option<Timestamp> {
    // Beyond this no instant that we can hold lies, and the conversion below is exact within it.
    if !(-9.0e9..9.0e9).contains(&seconds) {
        return None;
    }
    let micros = (seconds * 1e6).round() as i64;
    Timestamp::from_unix(
        micros.div_euclid(1_000_000),
        u32::try_from(micros.rem_euclid(1_000_000) * 1_000).ok()?,
    )
}

/// How many fractional digits show all of an instant: 0, 3, 6, 7 or 9.
pub fn fraction_digits(time: Timestamp) -> u8 {
    let fraction = time.0.rem_euclid(1_000_000_000);
    let steps = [(0, 1_000_000_000), (3, 1_000_000), (6, 1_000), (7, 100)];
    steps
        .into_iter()
        .find(|(_, unit)| fraction % unit == 0)
        .map_or(9, |(digits, _)| digits)
}

/// The unit in which a number is an instant between 1973 and about 2286.
pub fn form_of_number(number: i64) -> TimeForm {
    match number.unsigned_abs() {
        0..=9_999_999_999 => TimeForm::EpochSeconds,
        10_000_000_000..=9_999_999_999_999 => TimeForm::EpochMillis,
        10_000_000_000_000..=9_999_999_999_999_999 => TimeForm::EpochMicros,
        // Ticks since the year 1 for 1900 to 2300; nanoseconds since 1970 begin above them in 2001.
        599_266_080_000_000_000..=725_492_160_000_000_000 => TimeForm::DotnetTicks,
        _ => TimeForm::EpochNanos,
    }
}

/// `Z`, `+02:00`, `+0200`, `+02`, with or without a blank before.
fn parse_offset(text: &[u8]) -> Option<i32> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    if matches!(text, b"Z" | b"z" | b"UTC") {
        return Some(0);
    }
    let sign = match text.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = digits::<2>(text, 1)?;
    let minutes = match text.len() {
        3 => 0,
        5 => digits::<2>(text, 3)?,
        6 if text[3] == b':' => digits::<2>(text, 4)?,
        _ => return None,
    };
    let is_valid = hours <= 23 && minutes <= 59;
    is_valid.then_some(sign * i32::try_from(hours * 3600 + minutes * 60).ok()?)
}

fn digits<const N: usize>(text: &[u8], at: usize) -> Option<u32> {
    let field = text.get(at..at + N)?;
    let mut value = 0;
    for byte in field {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u32::from(digit);
    }
    Some(value)
}

fn days_of_month(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date (Hinnant's `days_from_civil`).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
