//! Cursors: how a person names a moment.

use std::fmt;

use crate::event::{Position, Version};
use crate::time::Timestamp;

/// A chosen moment. What it means in a stream says [`crate::track::StreamTrack::resolve`]: always the state after the
/// last event at or before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// Before the first event.
    Start,
    /// After the last event.
    Head,
    Version(Version),
    Position(Position),
    At(Timestamp),
    /// So long before now; never negative.
    Ago {
        nanos: i64,
    },
}

/// A cursor that cannot be read, or that means nothing in this stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    #[error(
        "not a cursor (write v12 for a version, #4711 for a position, a time such as 2026-08-03T14:00:00Z or \
         \"2026-08-03 14:00\" in UTC, -2h for two hours ago, start or head): {0}"
    )]
    Malformed(String),
    #[error("the time lies outside the years 1678 to 2261: {0}")]
    OutOfRange(String),
    #[error("this store keeps no versions; choose a position or a time")]
    NoVersions,
    #[error("no event of this stream has a recorded time; choose a version or a position")]
    NoTimes,
}

impl Cursor {
    /// Reads `v12`, `#4711`, an RFC 3339 time, `2026-08-03 14:00[:00[.123]]` and `2026-08-03` (UTC), `-90s`, `-15m`,
    /// `-2h`, `-3d`, `-1w`, `start` or `head`. Spaces around it do not matter.
    pub fn parse(text: &str) -> Result<Cursor, CursorError> {
        let malformed = || CursorError::Malformed(text.trim().to_owned());
        let trimmed = text.trim();
        match trimmed {
            "start" => return Ok(Cursor::Start),
            "head" => return Ok(Cursor::Head),
            _ => {}
        }
        if let Some(version) = trimmed.strip_prefix('v') {
            return whole_number(version)
                .map(|version| Cursor::Version(Version(version)))
                .ok_or_else(malformed);
        }
        if let Some(position) = trimmed.strip_prefix('#') {
            return whole_number(position)
                .map(|position| Cursor::Position(Position(position)))
                .ok_or_else(malformed);
        }
        if let Some(ago) = trimmed.strip_prefix('-') {
            return nanos_from_span(ago)
                .map(|nanos| Cursor::Ago { nanos })
                .ok_or_else(malformed);
        }
        match Timestamp::parse(trimmed) {
            Some(time) => Ok(Cursor::At(time)),
            None if Timestamp::is_written_like(trimmed) => Err(CursorError::OutOfRange(trimmed.to_owned())),
            None => Err(malformed()),
        }
    }
}

impl fmt::Display for Cursor {
    /// A text that [`Cursor::parse`] reads back as the same cursor.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cursor::Start => f.write_str("start"),
            Cursor::Head => f.write_str("head"),
            Cursor::Version(version) => write!(f, "v{}", version.0),
            Cursor::Position(position) => write!(f, "#{}", position.0),
            Cursor::At(time) => write!(f, "{}", time.display(0)),
            Cursor::Ago { nanos } => {
                let seconds = nanos / NANOS_PER_SECOND;
                let fraction = nanos % NANOS_PER_SECOND;
                if fraction == 0 {
                    write!(f, "-{seconds}s")
                } else {
                    write!(f, "-{seconds}.{fraction:09}s")
                }
            }
        }
    }
}

const NANOS_PER_SECOND: i64 = 1_000_000_000;

fn whole_number(digits: &str) -> Option<i64> {
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// The nanoseconds of `2h`, `1.5d`, `90s`.
fn nanos_from_span(text: &str) -> Option<i64> {
    let unit = text.chars().next_back()?;
    let amount = text.strip_suffix(unit)?;
    let seconds: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let scale = 10_i64.pow(u32::try_from(fraction.len()).ok()?);
    let unit_nanos = i128::from(seconds) * i128::from(NANOS_PER_SECOND);
    let whole: i128 = i128::from(whole.parse::<i64>().ok()?) * unit_nanos;
    let fraction: i128 = i128::from(fraction.parse::<i64>().ok()?) * unit_nanos / i128::from(scale);
    i64::try_from(whole + fraction).ok()
}

#[cfg(test)]
mod tests;
