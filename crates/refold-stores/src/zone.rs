//! Zones: of times that name none themselves.
//!
//! The rules of named zones are built in, so that a store reads the same on every machine.
//! It must not know the zone of this machine.

#[cfg(test)]
mod tests;

use std::fmt;

use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use refold_core::time::Timestamp;

/// Where a local time is local.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Zone {
    /// Always so many seconds east of UTC.
    Fixed { offset_seconds: i32 },
    /// As the tz database has it, with its summer times.
    Named(TimeZone),
}

/// What a local time leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalDoubt {
    /// The clocks went back over it, so it stands for two instants: read as the earlier.
    Twice,
    /// The clocks went forward over it, so it stands for none: read as if they had gone forward after it.
    Skipped,
}

impl Zone {
    pub const UTC: Zone = Zone::Fixed { offset_seconds: 0 };

    /// Reads `UTC`, `Z`, `+02:00`, and names such as `Europe/Berlin`.
    pub fn parse(text: &str) -> Option<Zone> {
        if text == "UTC" || text == "Z" {
            return Some(Zone::UTC);
        }
        let Some(offset) = text.strip_prefix(['+', '-']) else {
            return TimeZone::get(text).ok().map(Zone::Named);
        };
        let sign = if text.starts_with('-') { -1 } else { 1 };
        let (hours, minutes) = offset.split_once(':')?;
        let are_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(hours) || !are_digits(minutes) {
            return None;
        }
        let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
        (hours <= 23 && minutes <= 59).then_some(Zone::Fixed {
            offset_seconds: sign * (hours * 3600 + minutes * 60),
        })
    }

    /// The instant of a local time. `local`: what the clocks showed, as if it were UTC.
    pub fn instant(&self, local: Timestamp) -> Option<(Timestamp, Option<LocalDoubt>)> {
        let (offset_seconds, doubt) = match self {
            Zone::Fixed { offset_seconds } => (*offset_seconds, None),
            Zone::Named(zone) => {
                let shown = Offset::UTC.to_datetime(jiff::Timestamp::from_nanosecond(local.0.into()).ok()?);
                match zone.to_ambiguous_timestamp(shown).offset() {
                    AmbiguousOffset::Unambiguous { offset } => (offset.seconds(), None),
                    AmbiguousOffset::Fold { before, .. } => (before.seconds(), Some(LocalDoubt::Twice)),
                    AmbiguousOffset::Gap { before, .. } => (before.seconds(), Some(LocalDoubt::Skipped)),
                }
            }
        };
        let nanos = local
            .0
            .checked_sub(i64::from(offset_seconds).checked_mul(1_000_000_000)?)?;
        Some((Timestamp(nanos), doubt)).filter(|(instant, _)| !instant.is_none())
    }
}

/// Whether a text that [`Timestamp::parse`] reads ends in a zone.
pub fn names_zone(text: &[u8]) -> bool {
    text.iter()
        .skip(16)
        .any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-' | b'U'))
}

/// A written time that names no zone, as the clocks of `zone` show it. `None`: it is no time, or it names a zone.
pub fn instant_of_local_text(text: &str, zone: &Zone) -> Option<(Timestamp, Option<LocalDoubt>)> {
    let local = Timestamp::parse(text).filter(|_| !names_zone(text.as_bytes()))?;
    zone.instant(local)
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Fixed { offset_seconds: 0 } => f.write_str("UTC"),
            Zone::Fixed { offset_seconds } => {
                let minutes = offset_seconds.abs() / 60;
                let sign = if *offset_seconds < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
            Zone::Named(zone) => f.write_str(zone.iana_name().unwrap_or("a zone without a name")),
        }
    }
}
