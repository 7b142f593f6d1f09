//! A cursor as a person writes it, with the zone that its time is in.

use refold_core::cursor::Cursor;
use refold_core::time::Timestamp;
use refold_stores::zone::{LocalDoubt, Zone, instant_of_local_text};

use crate::error::AppError;
use crate::text;

/// Reads what [`Cursor::parse`] reads, and times with the name of a zone behind them (`2026-08-03 14:00 Europe/Berlin`).
/// A time that names no zone is in `zone`; without one in UTC.
pub fn cursor(text: &str, zone: Option<&Zone>) -> Result<Cursor, AppError> {
    let text = text.trim();
    if let Some(error) = Cursor::impossible(text) {
        return Err(error.into());
    }
    if let Some((local, name)) = text.rsplit_once(' ') {
        match Zone::parse(name) {
            Some(named) => {
                if let Some(read) = instant_of_local_text(local.trim_end(), &named) {
                    return certain(read, local, &named);
                }
            }
            None if name.starts_with(|letter: char| letter.is_ascii_alphabetic())
                && Timestamp::parse(local.trim_end()).is_some() =>
            {
                return Err(no_zone(name));
            }
            None => {}
        }
    }
    match zone.and_then(|zone| Some((zone, instant_of_local_text(text, zone)?))) {
        Some((zone, read)) => certain(read, text, zone),
        None => Ok(Cursor::parse(text)?),
    }
}

/// A zone as a person writes it.
pub fn zone(text: &str) -> Result<Zone, AppError> {
    Zone::parse(text).ok_or_else(|| no_zone(text))
}

fn no_zone(name: &str) -> AppError {
    AppError::invalid(
        format!("there is no such zone: {}", text::visible(name)),
        "write UTC, an offset such as +02:00, or a name such as Europe/Berlin",
    )
}

/// A moment that is chosen must not be a guess.
fn certain((instant, doubt): (Timestamp, Option<LocalDoubt>), local: &str, zone: &Zone) -> Result<Cursor, AppError> {
    let what = match doubt {
        None => return Ok(Cursor::At(instant)),
        Some(LocalDoubt::Twice) => "twice, since they went back",
        Some(LocalDoubt::Skipped) => "never, since they went forward",
    };
    Err(AppError::invalid(
        format!("the clocks of {zone} showed this time {what}: {local}"),
        "write the time with its offset from UTC: 2026-08-03T14:00:00+02:00",
    ))
}

#[cfg(test)]
mod tests;
