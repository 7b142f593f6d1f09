//! Cursors: how a person names a moment.
//!
//! It must not know states or handlers: a moment is a number of events of a [track](crate::track), whatever they are
//! folded to.

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
    #[error("not a cursor: {0}")]
    Malformed(String),
    #[error("there is no such day: {0}")]
    NoSuchDay(String),
    /// Also of a leap second, which has no instant of its own.
    #[error("there is no such time of day: {0}")]
    NoSuchTime(String),
    #[error("the time lies outside the years 1678 to 2261: {0}")]
    OutOfRange(String),
    #[error("this store keeps no versions; choose a position or a time")]
    NoVersions,
    #[error("no event of this stream has a recorded time; choose a version or a position")]
    NoTimes,
}

impl Cursor {
    /// Reads `v12`, `#4711`, an RFC 3339 time, `2026-08-03 14:00[:00[.123]]` and `2026-08-03` (UTC), `-90s`, `-15m`,
    /// `-2h`, `-3d`, `-1w`, `now`, `start` or `head`, words and `v` in any case. Spaces around it do not matter.
    pub fn parse(text: &str) -> Result<Cursor, CursorError> {
        let malformed = || CursorError::Malformed(text.trim().to_owned());
        let trimmed = text.trim();
        let words = [
            ("start", Cursor::Start),
            ("head", Cursor::Head),
            ("now", Cursor::Ago { nanos: 0 }),
        ];
        if let Some((_, cursor)) = words.into_iter().find(|(word, _)| trimmed.eq_ignore_ascii_case(word)) {
            return Ok(cursor);
        }
        if let Some(version) = trimmed.strip_prefix(['v', 'V']) {
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
        if let Some(error) = Cursor::impossible(trimmed) {
            return Err(error);
        }
        match Timestamp::parse(trimmed) {
            Some(time) => Ok(Cursor::At(time)),
            None if Timestamp::is_written_like(trimmed) => Err(CursorError::OutOfRange(trimmed.to_owned())),
            None => Err(malformed()),
        }
    }

    /// What is written as a time and names a day that no calendar has, or a time that no clock shows.
    pub fn impossible(text: &str) -> Option<CursorError> {
        let (day, clock) = text.trim().split_at_checked(DAY.len())?;
        if !is_shaped(day, DAY) {
            return None;
        }
        if !Timestamp::is_written_like(day) {
            return Some(CursorError::NoSuchDay(day.to_owned()));
        }
        let clock = clock.get(1..)?;
        let number = |at: usize| clock.get(at..at + 2).and_then(|digits| digits.parse::<u8>().ok());
        let (minute, rest) = clock.split_at_checked(MINUTE.len())?;
        let second = rest.starts_with(':').then(|| number(SECOND_AT)).flatten();
        let is_impossible = number(0) > Some(23) || number(3) > Some(59) || second > Some(59);
        (is_shaped(minute, MINUTE) && is_impossible).then(|| CursorError::NoSuchTime(clock.to_owned()))
    }
}

/// How a day and a minute are written: `0` stands for any digit.
const DAY: &str = "0000-00-00";
const MINUTE: &str = "00:00";
/// Where the digits of the second stand.
const SECOND_AT: usize = 6;

fn is_shaped(text: &str, shape: &str) -> bool {
    let is_alike = |(byte, like): (u8, u8)| {
        if like == b'0' {
            byte.is_ascii_digit()
        } else {
            byte == like
        }
    };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(is_alike)
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
