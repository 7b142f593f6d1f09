//! Instants of the record.
//!
//! It must not know the clock of a machine, nor a zone but UTC.

mod parse;

use std::fmt;

/// Nanoseconds since 1970-01-01T00:00:00Z, before or after. Covers the years 1678 to 2261.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The store has no time here, or one that could not be read (then there is a finding). Sorts before all others.
    pub const NONE: Timestamp = Timestamp(i64::MIN);

    pub fn is_none(self) -> bool {
        self == Timestamp::NONE
    }

    /// `None` when the instant is outside the range.
    pub fn from_unix(seconds: i64, nanos: u32) -> Option<Timestamp> {
        let nanos = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        i64::try_from(nanos)
            .ok()
            .filter(|nanos| *nanos != i64::MIN)
            .map(Timestamp)
    }

    /// Reads an instant as people and stores write it: RFC 3339 (`2026-08-03T14:00:00.123Z`, `+02:00`, also `+0200`,
    /// `+02`, ` UTC`), and the same without a zone, in UTC, down to a date alone (`2026-08-03 14:00`, `2026-08-03`). A
    /// fraction of any length is cut after nanoseconds. The leap second `:60` is the second after it. `None` when it is
    /// written otherwise or lies outside the range.
    pub fn parse(text: &str) -> Option<Timestamp> {
        Timestamp::parse_in(text.as_bytes(), 0)
    }

    /// As [`Timestamp::parse`], with times that name no zone in the one that is `offset_seconds` east of UTC.
    pub fn parse_in(text: &[u8], offset_seconds: i32) -> Option<Timestamp> {
        let (seconds, nanos) = parse::instant(text, offset_seconds)?;
        Timestamp::from_unix(seconds, nanos)
    }

    /// Whether [`Timestamp::parse`] can read this, were the range of years wide enough.
    pub fn is_written_like(text: &str) -> bool {
        parse::instant(text.as_bytes(), 0).is_some()
    }

    /// How many fractional digits show all of it: 0, 3, 6, 7 or 9.
    pub fn fraction_digits(self) -> u8 {
        let fraction = self.0.rem_euclid(1_000_000_000);
        let steps = [(0, 1_000_000_000), (3, 1_000_000), (6, 1_000), (7, 100)];
        let enough = steps.into_iter().find(|(_, unit)| fraction % unit == 0);
        enough.map_or(9, |(digits, _)| digits)
    }

    /// RFC 3339 in UTC with at least `digits` fractional digits, and as many more (3, 6, 7, 9) as lose nothing.
    pub fn display(self, digits: u8) -> TimestampDisplay {
        TimestampDisplay {
            timestamp: self,
            digits,
        }
    }
}

/// See [`Timestamp::display`].
#[derive(Debug, Clone, Copy)]
pub struct TimestampDisplay {
    timestamp: Timestamp,
    digits: u8,
}

impl fmt::Display for TimestampDisplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.timestamp.is_none() {
            return f.write_str("no time");
        }
        let nanos = self.timestamp.0;
        let fraction = nanos.rem_euclid(1_000_000_000);
        let days = nanos.div_euclid(86_400_000_000_000);
        let second = nanos.div_euclid(1_000_000_000).rem_euclid(86_400);
        let (year, month, day) = civil_from_days(days);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
            second / 3600,
            second / 60 % 60,
            second % 60
        )?;
        let digits = self.digits.max(self.timestamp.fraction_digits()).min(9);
        if digits > 0 {
            let shown = fraction / 10_i64.pow(9 - u32::from(digits));
            write!(f, ".{shown:0width$}", width = usize::from(digits))?;
        }
        f.write_str("Z")
    }
}

/// Year, month and day of a day number since 1970-01-01 (proleptic Gregorian; Hinnant's `civil_from_days`).
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 {
        month_shifted + 3
    } else {
        month_shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests;
