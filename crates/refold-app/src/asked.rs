//! A cursor as a person writes it, with the zone that its time is in.

use refold_core::cursor::Cursor;
use refold_stores::zone::{LocalDoubt, Zone, instant_of_local_text};

use crate::error::AppError;

/// Reads what [`Cursor::parse`] reads, and times with the name of a zone behind them (`2026-08-03 14:00 Europe/Berlin`).
/// A time that names no zone is in `zone`; without one in UTC.
pub fn cursor(text: &str, zone: Option<&Zone>) -> Result<Cursor, AppError> {
    let text = text.trim();
    if let Some((local, name)) = text.rsplit_once(' ')
        && let Some(named) = Zone::parse(name)
        && let Some(read) = instant_of_local_text(local.trim_end(), &named)
    {
        return certain(read, local, &named);
    }
    match zone.and_then(|zone| Some((zone, instant_of_local_text(text, zone)?))) {
        Some((zone, read)) => certain(read, text, zone),
        None => Ok(Cursor::parse(text)?),
    }
}

/// A moment that is chosen must not be a guess.
fn certain(
    (instant, doubt): (refold_core::time::Timestamp, Option<LocalDoubt>),
    local: &str,
    zone: &Zone,
) -> Result<Cursor, AppError> {
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
