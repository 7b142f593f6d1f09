//! From the stored form of a time to an instant: numbers of many units, texts with and without a zone, and what is
//! doubtful about them.
//!
//! It must not know stores: what was stored it is given, and what is doubtful it tells, without reporting it.

#[cfg(test)]
mod tests;

use refold_core::finding::Severity;
use refold_core::time::Timestamp;

use crate::layout::{TimeForm, TimeSource};
use crate::zone::{LocalDoubt, Zone, names_zone};

/// What to say of a written time that no instant of ours can be; `None`: it is no such time.
pub fn beyond(what: &str, text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let is_beyond = Timestamp::parse(text).is_none() && Timestamp::is_written_like(text);
    is_beyond.then(|| format!("its {what} lies outside the years 1678 to 2261: {text}"))
}

/// A time as it was read, and what is doubtful about that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub at: Timestamp,
    /// It names no zone, and nobody else does: read as if it were UTC.
    pub is_zoneless: bool,
    /// It is the leap second `:60`, which has no instant of its own: read as the second after it.
    pub is_leap_second: bool,
    pub local: Option<LocalDoubt>,
}

impl Reading {
    pub fn certain(at: Timestamp) -> Reading {
        Reading {
            at,
            is_zoneless: false,
            is_leap_second: false,
            local: None,
        }
    }

    /// Nothing about it is doubtful, as it is of most.
    pub fn is_certain(&self) -> bool {
        *self == Reading::certain(self.at)
    }

    /// The findings on it: code, severity and sentence. `what`: "recorded time" or "occurred time".
    pub fn doubts(&self, what: &str) -> impl Iterator<Item = (&'static str, Severity, String)> {
        let zoneless = self.is_zoneless.then(|| {
            let detail =
                format!("its {what} names no zone, and neither does the layout: it is shown as if it were UTC");
            (ZONE_UNKNOWN, Severity::Notice, detail)
        });
        let leap = self.is_leap_second.then(|| {
            let detail = format!("its {what} is a leap second: it is shown as the second after it");
            ("leap-second", Severity::Notice, detail)
        });
        let local = self.local.map(|doubt| {
            let why = match doubt {
                LocalDoubt::Twice => "the clocks of its zone showed it twice: the earlier instant is shown",
                LocalDoubt::Skipped => "the clocks of its zone went over it: it is shown as if they had gone on",
            };
            (
                "time-ambiguous",
                Severity::Warning,
                format!("its {what} is in doubt, since {why}"),
            )
        });
        zoneless.into_iter().chain(leap).chain(local)
    }
}

/// The code of the finding on a time that names no zone where nobody else does.
pub const ZONE_UNKNOWN: &str = "zone-unknown";

/// A time written as text: ISO 8601, or a number in digits.
pub fn of_text(text: &[u8], source: &TimeSource) -> Option<Reading> {
    of_iso_text(text, source.zone.as_ref()).or_else(|| {
        let number = std::str::from_utf8(text).ok()?.parse().ok()?;
        from_number(number, source.form).map(Reading::certain)
    })
}

/// Reads times as [`of_text`] does. Most are of the day of the one before, so it remembers that day: for one source.
#[derive(Debug, Default)]
pub struct TimeReader {
    /// What stands before the time of day, and the instant when it was midnight.
    day: Option<([u8; 11], Timestamp)>,
}

impl TimeReader {
    /// As [`of_text`]; `source` is always the same.
    pub fn of_text(&mut self, text: &[u8], source: &TimeSource) -> Option<Reading> {
        let clock = day_and_nanos(text);
        if let (Some((day, nanos)), Some((known, midnight))) = (clock, self.day)
            && *day == known
            && let Some(at) = midnight.0.checked_add(nanos)
        {
            return Some(Reading::certain(Timestamp(at)));
        }
        let reading = of_text(text, source)?;
        // In a named zone a day may have two offsets.
        let is_even = matches!(source.zone, Some(Zone::Fixed { .. }));
        if let (Some((day, nanos)), true) = (clock, is_even && reading.is_certain()) {
            self.day = reading
                .at
                .0
                .checked_sub(nanos)
                .map(|midnight| (*day, Timestamp(midnight)));
        }
        Some(reading)
    }
}

/// What stands before the time of day of `2026-08-03 14:00:00`, and the nanoseconds of it. `None` says nothing.
fn day_and_nanos(text: &[u8]) -> Option<(&[u8; 11], i64)> {
    let (day, clock) = text.split_first_chunk::<11>()?;
    let clock: &[u8; 8] = clock.try_into().ok()?;
    let [_, _, b':', _, _, b':', _, _] = clock else {
        return None;
    };
    let two = |tens: u8, ones: u8, below: i64| {
        let (tens, ones) = (i64::from(tens.wrapping_sub(b'0')), i64::from(ones.wrapping_sub(b'0')));
        (tens <= 9 && ones <= 9 && tens * 10 + ones < below).then_some(tens * 10 + ones)
    };
    let (hour, minute) = (two(clock[0], clock[1], 24)?, two(clock[3], clock[4], 60)?);
    let second = two(clock[6], clock[7], 60)?;
    Some((day, (hour * 3_600 + minute * 60 + second) * 1_000_000_000))
}

/// A time written as ISO 8601, in `zone` where it names none.
pub fn of_iso_text(text: &[u8], zone: Option<&Zone>) -> Option<Reading> {
    let read = Timestamp::parse_in(text, 0)?;
    let (at, local) = match zone {
        Some(zone) if !names_zone(text) => zone.instant(read)?,
        _ => (read, None),
    };
    Some(Reading {
        at,
        is_zoneless: zone.is_none() && !names_zone(text),
        is_leap_second: text.get(16..19) == Some(b":60"),
        local,
    })
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
