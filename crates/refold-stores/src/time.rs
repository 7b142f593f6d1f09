//! From the stored form of a time to an instant: numbers of many units, and what a text says of its zone. Texts are read
//! by core.

#[cfg(test)]
mod tests;

use refold_core::time::Timestamp;

use crate::layout::TimeForm;

/// A time as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    Certain(Timestamp),
    /// It names no zone, and nobody else does: read as if it were UTC.
    Zoneless(Timestamp),
}

/// Whether a text that [`Timestamp::parse_in`] reads ends in a zone.
pub fn names_zone(text: &[u8]) -> bool {
    text.iter()
        .skip(16)
        .any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-' | b'U'))
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
