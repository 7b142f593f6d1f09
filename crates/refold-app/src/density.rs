//! Events over time, version or position, by type: what the timelines draw.
//!
//! Column `c` of a window holds `start(c) <= x < start(c + 1)`, where `start(c)` is `from + floor(span * c / columns)`.
//! The counts of all columns sum up to the events in the window, always.

use std::ops::Range;

use refold_core::event::{Position, TypeOrdinal};
use refold_core::time::Timestamp;
use refold_core::track::Moment;
use refold_core::work::Work;
use refold_stores::index::{Density, DensityAxis, Index, StreamAxis, StreamDensity};

use crate::error::AppError;
use crate::frame::{DensityFrame, FLAG_PROBLEM, FLAG_UNDECODABLE};
use crate::marks::Marks;
use crate::stream::Stream;
use crate::text;
use crate::wire::{Axis, DensityBy, DensityQuery};

/// More columns than any screen has.
const MAX_COLUMNS: u32 = 16_384;

const OTHER: &str = "other types";
const OTHER_CATEGORIES: &str = "other categories";
const NANOS_PER_MILLI: u64 = 1_000_000;

/// The density of a whole store. `digits`: the precision of its times.
pub fn of_store(
    work: &Work<'_>,
    index: &Index,
    query: &DensityQuery,
    by: DensityBy,
    digits: u8,
) -> Result<DensityFrame, AppError> {
    let columns = query.columns.clamp(1, MAX_COLUMNS);
    let (axis, whole) = match query.axis {
        Axis::Time => (
            DensityAxis::RecordedAt,
            index.time_span().map(|(first, last)| (first.0, last.0)),
        ),
        Axis::Position => (
            DensityAxis::Position,
            index.position_span()?.map(|(first, last)| (first.0, last.0)),
        ),
        Axis::Version => {
            return Err(AppError::invalid(
                "a store as a whole has no versions",
                "choose time or position as the axis",
            ));
        }
    };
    let Some(window) = window_of(query, whole)? else {
        return Ok(nothing(columns));
    };
    let (density, other) = match by {
        DensityBy::Type => (index.density(axis, window.clone(), columns)?, OTHER),
        DensityBy::Category => (
            index.density_by_category(work, axis, window.clone(), columns)?,
            OTHER_CATEGORIES,
        ),
    };
    let name = |kind: u32| match by {
        DensityBy::Type => index.type_name(TypeOrdinal(kind)),
        DensityBy::Category => index.category_name(kind),
    };
    let mut series: Vec<String> = density.kinds.iter().map(|kind| text::shown(name(*kind))).collect();
    if density.has_other {
        series.push(other.to_owned());
    }
    let marked = index.marked(work, is_undecodable, axis, &window, columns)?;
    let flags = marked.iter().map(|column| match (column.events, column.grave) {
        (0, _) => 0,
        (_, 0) => FLAG_PROBLEM,
        _ => FLAG_PROBLEM | FLAG_UNDECODABLE,
    });
    let flags = flags.collect();
    let (from, to) = labels(query.axis, &window, digits);
    Ok(DensityFrame {
        from,
        to,
        series,
        counts: density.counts,
        flags,
        problems: marked.iter().map(|column| column.events).collect(),
        paces: Vec::new(),
    })
}

/// The density of one stream. On the version axis a place is a moment: 1 is the first event. `density` is of the same
/// stream; its series come in the order of `series_order`, which holds the names of all its types. `marks`: of its events,
/// each of which is in the flags of its column.
pub fn of_stream(
    stream: &Stream,
    density: &StreamDensity,
    series_order: &[String],
    marks: &Marks,
    query: &DensityQuery,
    digits: u8,
) -> Result<DensityFrame, AppError> {
    let Some(Reach { window, columns }) = reach(stream, query)? else {
        return Ok(nothing(query.columns.clamp(1, MAX_COLUMNS)));
    };
    let axis = match query.axis {
        Axis::Time => StreamAxis::RecordedAt,
        Axis::Version => StreamAxis::Moment,
        Axis::Position => StreamAxis::Position,
    };
    let density = density.density(axis, window.clone(), columns)?;
    let (series, counts) = in_order(density, stream, series_order);
    let mut flags = vec![0_u8; columns as usize];
    let mut problems = vec![0_u32; columns as usize];
    // Events lie beside each other: most are in the column of the one before.
    let (mut column, mut reach) = (0, 0..0);
    for (moment, flag) in marks.flagged() {
        let Some(place) = place_of(stream, query.axis, moment) else {
            continue;
        };
        if !reach.contains(&place) {
            let Some(found) = column_of(&window, columns, place) else {
                continue;
            };
            column = found;
            reach = column_start(&window, columns, found)..column_start(&window, columns, found + 1);
        }
        if let Some(flags) = flags.get_mut(column as usize) {
            *flags |= flag;
        }
        if let Some(problems) = problems.get_mut(column as usize) {
            *problems = problems.saturating_add(1);
        }
    }
    let paces = match query.axis {
        Axis::Version => paces(stream, &window, columns),
        Axis::Time | Axis::Position => Vec::new(),
    };
    let (from, to) = labels(query.axis, &window, digits);
    Ok(DensityFrame {
        from,
        to,
        series,
        counts,
        flags,
        problems,
        paces,
    })
}

/// See [`DensityFrame::paces`]. A gap that ends in an event of a column is that column's.
fn paces(stream: &Stream, window: &Range<i64>, columns: u32) -> Vec<u8> {
    let times = &stream.track.recorded_at;
    // The moment n is that of the event with n - 1 before it, and a gap has an event on both sides.
    let event = |moment: i64| usize::try_from(moment.saturating_sub(1)).unwrap_or(0).min(times.len());
    let pace = |column: u32| {
        let first = event(column_start(window, columns, column)).max(1);
        let end = event(column_start(window, columns, column + 1));
        let gaps = times
            .get(first - 1..end)
            .unwrap_or_default()
            .windows(2)
            .filter_map(|pair| match pair {
                [before, after] if !before.is_none() && !after.is_none() => after.0.checked_sub(before.0),
                _ => None,
            });
        let longest = gaps.filter_map(|nanos| u64::try_from(nanos).ok()).max();
        // At most 64.
        longest.map_or(0, |nanos| 1 + (nanos / NANOS_PER_MILLI + 1).ilog2() as u8)
    };
    (0..columns).map(pace).collect()
}

/// A window of one stream, and how many columns it is cut into.
pub(crate) struct Reach {
    pub window: Range<i64>,
    pub columns: u32,
}

/// `None`: no event of the stream is on the axis.
pub(crate) fn reach(stream: &Stream, query: &DensityQuery) -> Result<Option<Reach>, AppError> {
    let columns = query.columns.clamp(1, MAX_COLUMNS);
    let track = &stream.track;
    let times = || {
        let times = track.recorded_at.iter().filter(|time| !time.is_none());
        times.map(|time| time.0)
    };
    let positions = || track.positions.iter().map(|position| position.0);
    let whole = match query.axis {
        Axis::Time => times().min().zip(times().max()),
        Axis::Version => (!track.is_empty()).then_some((1, i64::from(track.head().0))),
        Axis::Position => positions().min().zip(positions().max()),
    };
    Ok(window_of(query, whole)?.map(|window| Reach { window, columns }))
}

/// Where on the axis the event that led to `moment` is; `None` where it has no place there, and before the first event.
pub(crate) fn place_of(stream: &Stream, axis: Axis, moment: Moment) -> Option<i64> {
    let index = moment.event_index()?;
    match axis {
        Axis::Time => stream
            .track
            .recorded_at
            .get(index)
            .filter(|time| !time.is_none())
            .map(|time| time.0),
        Axis::Version => Some(i64::from(moment.0)),
        Axis::Position => stream.track.positions.get(index).map(|position| position.0),
    }
}

/// Names and counts of a stream's density, its series in this order and all other types last.
fn in_order(density: Density, stream: &Stream, series_order: &[String]) -> (Vec<String>, Vec<u32>) {
    let names = density
        .kinds
        .iter()
        .map(|kind| text::shown(stream.names().type_name(TypeOrdinal(*kind))));
    let mut series: Vec<(usize, String)> = names.enumerate().collect();
    series.sort_by_key(|(_, name)| series_order.iter().position(|known| known == name));
    if density.has_other {
        series.push((density.kinds.len(), OTHER.to_owned()));
    }
    let columns = density.counts.chunks_exact(density.slots().max(1));
    let counts = columns.flat_map(|column| series.iter().map(|(slot, _)| column.get(*slot).copied().unwrap_or(0)));
    let counts = counts.collect();
    (series.into_iter().map(|(_, name)| name).collect(), counts)
}

pub(crate) fn column_start(window: &Range<i64>, columns: u32, column: u32) -> i64 {
    let span = i128::from(window.end) - i128::from(window.start);
    let start = i128::from(window.start) + span * i128::from(column) / i128::from(columns);
    i64::try_from(start).unwrap_or(window.end) // between the two ends
}

/// The column that holds a place; `None` outside of the window.
pub(crate) fn column_of(window: &Range<i64>, columns: u32, place: i64) -> Option<u32> {
    if !window.contains(&place) {
        return None;
    }
    let span = i128::from(window.end) - i128::from(window.start);
    let guess = (i128::from(place) - i128::from(window.start)) * i128::from(columns) / span;
    let mut column = u32::try_from(guess).unwrap_or(columns - 1).min(columns - 1);
    // Starts are rounded down, so a place may belong to the column after the one that the division says.
    while column + 1 < columns && column_start(window, columns, column + 1) <= place {
        column += 1;
    }
    Some(column)
}

/// The density of what has no event on the axis, or none at all.
fn nothing(columns: u32) -> DensityFrame {
    DensityFrame {
        flags: vec![0; columns as usize],
        problems: vec![0; columns as usize],
        ..DensityFrame::default()
    }
}

/// The window that is asked for: its bounds, or the whole span where they are empty. `None`: there is no span.
pub(crate) fn window_of(query: &DensityQuery, whole: Option<(i64, i64)>) -> Result<Option<Range<i64>>, AppError> {
    let bound = |text: &str, otherwise: i64| -> Result<i64, AppError> {
        if text.is_empty() {
            return Ok(otherwise);
        }
        let read = match query.axis {
            Axis::Time => Timestamp::parse(text).map(|time| time.0),
            Axis::Version | Axis::Position => text.parse().ok(),
        };
        read.ok_or_else(|| {
            AppError::invalid(
                format!("not a place on this axis: {}", text::shown(text.as_bytes())),
                "write a time (RFC 3339) on the time axis, a whole number on the others",
            )
        })
    };
    let Some((first, last)) = whole else { return Ok(None) };
    let window = bound(&query.from, first)?..bound(&query.to, last.saturating_add(1))?;
    if window.start >= window.end {
        let label = |place: i64| match query.axis {
            Axis::Time => text::time_label(Timestamp(place), 0),
            Axis::Version | Axis::Position => place.to_string(),
        };
        // An end that nobody gave is not the one that is wrong.
        return Err(match (query.from.is_empty(), query.to.is_empty()) {
            (false, true) => AppError::invalid(
                format!(
                    "nothing lies at {} or after it: the last event is at {}",
                    label(window.start),
                    label(last)
                ),
                "give an earlier start; -2h counts back from now, and not from the last event",
            ),
            (true, false) => AppError::invalid(
                format!(
                    "nothing lies at {} or before it: the first event is at {}",
                    label(window.end.saturating_sub(1)),
                    label(first)
                ),
                "give a later end",
            ),
            _ => AppError::invalid(
                "the window is empty: it ends where it starts or before",
                "give a later end",
            ),
        });
    }
    Ok(Some(window))
}

fn labels(axis: Axis, window: &Range<i64>, digits: u8) -> (String, String) {
    let label = |place: i64| match axis {
        Axis::Time => text::time_label(Timestamp(place), digits),
        Axis::Version | Axis::Position => text::position_label(Position(place)),
    };
    (label(window.start), label(window.end))
}

/// Whether a finding of this code means that an event's payload could not be read.
pub fn is_undecodable(code: &str) -> bool {
    matches!(code, "RF-EVENT-UNDECODABLE" | "RF-EVENT-MALFORMED" | "RF-EVENT-DEPTH") || code.contains("undecodable")
}

#[cfg(test)]
mod tests;
