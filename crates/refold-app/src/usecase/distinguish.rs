//! What distinguishes the events of a range from all others: which values of which attributes are more, or less, frequent
//! among them.
//!
//! What the index knows (type, category, stream, hour) is counted exactly. What only payloads and metadata say comes from
//! a sample of the range and of the rest, and is said to. How different two shares are is told by Cohen's *h*, the
//! distance of their arc sines: it weighs 0 % against 3 % about as much as 50 % against 67 %, so that what is new and
//! rare is found too.

mod tallies;

use std::ops::Range;

use refold_core::cursor::Cursor;
use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::time::Timestamp;
use refold_core::work::{Phase, Work};
use refold_stores::index::{DensityAxis, Index, Tally};

use self::tallies::Tallies;
use crate::clock;
use crate::density;
use crate::error::AppError;
use crate::payload;
use crate::session::Session;
use crate::text;
use crate::wire::{AttributeKind, Axis, DensityQuery, Distinction, Distinguished, RangeFacts, RangeQuery};

/// At most so many events are read for what the index does not know.
pub const SAMPLE_EVENTS: u32 = 200_000;

/// A difference below this is none that a person should follow: Cohen calls 0.2 small.
pub(super) const LEAST_DIFFERENCE: f64 = 0.2;
/// So many standard errors lie between two shares that are not different by chance.
pub(super) const LEAST_DEVIATIONS: f64 = 3.0;
const READ_EVENTS: usize = 2_048;
const READING: Phase = Phase::ReadingTheSample;
const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// How many events, streams and types a range holds. Needs the index.
pub fn facts(work: &Work<'_>, session: &Session, query: &RangeQuery) -> Result<RangeFacts, AppError> {
    session.ask(|index, _| {
        let asked = Asked::of(index, query)?;
        let tally = index.tally(work, asked.axis, &asked.window)?;
        Ok(facts_of(&tally, &asked))
    })
}

/// Ranks what distinguishes a range. `most_sampled`: so many events are read at most, half of them from the range. Needs
/// the index.
pub fn distinguish(
    work: &Work<'_>,
    session: &Session,
    query: &RangeQuery,
    most_sampled: u32,
) -> Result<Distinction, AppError> {
    session.ask(|index, _| of_index(work, session, index, query, most_sampled))
}

/// The range between two cursors, the last one included: both times, or both positions.
pub fn range_of_cursors(session: &Session, from: Option<&str>, to: Option<&str>) -> Result<RangeQuery, AppError> {
    let digits = 9.max(session.description().time_digits);
    let bound = |cursor: Option<&str>, is_end: bool| -> Result<Option<(Axis, String)>, AppError> {
        let Some(cursor) = cursor else { return Ok(None) };
        let time = |nanos: i64| {
            let nanos = if is_end { nanos.saturating_add(1) } else { nanos };
            (Axis::Time, text::time_label(Timestamp(nanos), digits))
        };
        match session.cursor(cursor)? {
            Cursor::At(at) => Ok(Some(time(at.0))),
            Cursor::Ago { nanos } => Ok(Some(time(clock::now().0.saturating_sub(nanos)))),
            Cursor::Position(position) => {
                let end = position.0.saturating_add(i64::from(is_end));
                Ok(Some((Axis::Position, end.to_string())))
            }
            Cursor::Start | Cursor::Head => Ok(None),
            Cursor::Version(_) => Err(AppError::invalid(
                format!("a store as a whole has no versions: {}", text::shown(cursor.as_bytes())),
                "give times (\"2026-08-03 14:00\", -2h) or positions (#4711)",
            )),
        }
    };
    let (from, to) = (bound(from, false)?, bound(to, true)?);
    let axis = match (&from, &to) {
        (Some((first, _)), Some((second, _))) if first != second => {
            return Err(AppError::invalid(
                "one end is a time, the other a position",
                "give two times, or two positions",
            ));
        }
        (Some((axis, _)), _) | (None, Some((axis, _))) => *axis,
        (None, None) => {
            return Err(AppError::invalid(
                "the range has no end",
                "give one of its ends: a time, or a position such as #4711",
            )
            .typed("--from or --to"));
        }
    };
    let place = |bound: Option<(Axis, String)>| bound.map(|(_, place)| place).unwrap_or_default();
    Ok(RangeQuery {
        axis,
        from: place(from),
        to: place(to),
    })
}

/// A range as the index takes it.
struct Asked {
    query: RangeQuery,
    axis: DensityAxis,
    window: Range<i64>,
}

impl Asked {
    fn of(index: &Index, query: &RangeQuery) -> Result<Asked, AppError> {
        let (axis, whole) = match query.axis {
            Axis::Time => {
                let span = index.time_span();
                (DensityAxis::RecordedAt, span.map(|(first, last)| (first.0, last.0)))
            }
            Axis::Position => {
                let span = index.position_span()?;
                (DensityAxis::Position, span.map(|(first, last)| (first.0, last.0)))
            }
            Axis::Version => {
                return Err(AppError::invalid(
                    "a store as a whole has no versions",
                    "choose time or position as the axis",
                ));
            }
        };
        let asked = DensityQuery {
            axis: query.axis,
            from: query.from.clone(),
            to: query.to.clone(),
            columns: 1,
        };
        let window = density::window_of(&asked, whole)?.unwrap_or(0..0);
        Ok(Asked {
            query: query.clone(),
            axis,
            window,
        })
    }
}

fn facts_of(tally: &Tally, asked: &Asked) -> RangeFacts {
    let some = |counts: &[u32]| counts.iter().filter(|count| **count > 0).count();
    let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let span = asked.window.start.abs_diff(asked.window.end);
    RangeFacts {
        from: asked.query.from.clone(),
        to: asked.query.to.clone(),
        events: tally.events,
        streams: narrow(some(&tally.streams)),
        types: narrow(some(&tally.types)),
        span: match asked.axis {
            DensityAxis::RecordedAt => text::span_label(span),
            DensityAxis::Position => format!("{} positions", text::grouped(span)),
        },
    }
}

fn of_index(
    work: &Work<'_>,
    session: &Session,
    index: &Index,
    query: &RangeQuery,
    most_sampled: u32,
) -> Result<Distinction, AppError> {
    let asked = Asked::of(index, query)?;
    let tally = index.tally(work, asked.axis, &asked.window)?;
    let (inside, outside) = (tally.events, index.event_count().saturating_sub(tally.events));
    if inside == 0 || outside == 0 {
        let which = if inside == 0 {
            "no event"
        } else {
            "every event of the store"
        };
        return Err(AppError::invalid(
            format!("the range holds {which}: there is nothing to compare"),
            "choose a range that holds some events and leaves others out",
        ));
    }
    let mut attributes = exact(work, index, &tally, &asked, (inside, outside))?;
    let sample = index.sample(work, asked.axis, &asked.window, inside, most_sampled / 2)?;
    let (mut tallies, total) = (Tallies::default(), sample.inside.len() + sample.outside.len());
    let mut done = 0;
    for (is_inside, positions) in [(true, &sample.inside), (false, &sample.outside)] {
        for positions in positions.chunks(READ_EVENTS) {
            work.tick(READING, done as u64, Some(total as u64))?;
            read_sample(work, session, positions, &mut |batch, row, names| {
                tallies.add(is_inside, &batch.event(row), names, session.mask())
            })?;
            done += positions.len();
        }
    }
    let (of, unreadable_events) = (tallies.events(), tallies.unreadable());
    attributes.extend(tallies.attributes().into_iter().map(|(kind, name, values)| {
        let values = values.into_iter().map(|(value, counts)| Shares::new(value, counts, of));
        most_different(kind, name, values.collect())
    }));
    let mut attributes: Vec<(f64, Distinguished)> = attributes.into_iter().flatten().collect();
    attributes.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
    Ok(Distinction {
        facts: facts_of(&tally, &asked),
        rest_events: outside,
        sampled_events: of.0.saturating_add(of.1),
        sample_is_whole: of == (inside, outside),
        unreadable_events,
        attributes: attributes.into_iter().map(|(_, attribute)| attribute).collect(),
    })
}

/// What the index counts. An attribute that all events share says nothing and is left out; so is the hour, where the
/// range itself is shorter than a day and it would only say when that is.
fn exact(
    work: &Work<'_>,
    index: &Index,
    tally: &Tally,
    asked: &Asked,
    of: (u32, u32),
) -> Result<Vec<Option<(f64, Distinguished)>>, AppError> {
    let shares = |value: String, inside: u32, all: u32| Shares::new(value, (inside, all.saturating_sub(inside)), of);
    let types = index.types().zip(&tally.types);
    let types: Vec<Shares> = types
        .filter(|((_, all), _)| *all > 0)
        .map(|((name, all), inside)| shares(text::shown(name), *inside, all))
        .collect();
    let categories: Vec<Shares> = tally
        .categories
        .iter()
        .map(|(name, inside, all)| shares(text::shown(name), *inside, *all))
        .collect();
    let hours = tally.hours.iter().enumerate();
    let hours: Vec<Shares> = hours
        .filter(|(_, (_, all))| *all > 0)
        .map(|(hour, (inside, all))| shares(format!("{hour:02}"), *inside, *all))
        .collect();
    let says_when = asked.axis == DensityAxis::RecordedAt
        && asked.window.end.abs_diff(asked.window.start) < NANOS_PER_DAY.unsigned_abs();
    let mut found = Vec::new();
    for (kind, values) in [
        (AttributeKind::Type, types),
        (AttributeKind::Category, categories),
        (AttributeKind::Hour, if says_when { Vec::new() } else { hours }),
    ] {
        if values.len() > 1 {
            found.push(most_different(kind, kind.name().to_owned(), values));
        }
    }
    if index.stream_count() > 1 {
        let stream = most_different_stream(work, index, tally, of)?;
        found.push(stream.map(|shares| shares.distinguished(AttributeKind::Stream, "stream".to_owned())));
    }
    Ok(found)
}

fn most_different_stream(
    work: &Work<'_>,
    index: &Index,
    tally: &Tally,
    of: (u32, u32),
) -> Result<Option<Shares>, AppError> {
    let mut most: Option<(f64, u32, u32)> = None;
    for (stream, inside) in (0_u32..).zip(&tally.streams) {
        if stream.is_multiple_of(1 << 16) {
            work.check()?;
        }
        let all = index.stream(refold_core::event::StreamOrdinal(stream))?.events;
        let difference = difference((*inside, all.saturating_sub(*inside)), of);
        if most.is_none_or(|(before, ..)| difference > before) {
            most = Some((difference, stream, all));
        }
    }
    let Some((_, stream, all)) = most else { return Ok(None) };
    let inside = tally.streams.get(stream as usize).copied().unwrap_or(0);
    let id = index.stream(refold_core::event::StreamOrdinal(stream))?.id;
    Ok(Some(Shares::new(
        text::shown(id),
        (inside, all.saturating_sub(inside)),
        of,
    )))
}

/// Calls `visit` for each of these events, payload and metadata read.
fn read_sample(
    work: &Work<'_>,
    session: &Session,
    positions: &[Position],
    visit: &mut dyn FnMut(&EventBatch, usize, &Names),
) -> Result<(), AppError> {
    let mut reader = session.store().read(&ReadQuery {
        scope: Scope::Positions(positions.to_vec()),
        direction: Direction::Forward,
        columns: Columns {
            payload: true,
            metadata: true,
            envelope: false,
            row: false,
        },
    })?;
    let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
    while reader.next_batch(work, READ_EVENTS, &mut batch, &mut names, &findings)? {
        (0..batch.len()).for_each(|row| visit(&batch, row, &names));
    }
    Ok(())
}

/// How often a value occurs inside and outside, of how many events there.
struct Shares {
    value: String,
    counts: (u32, u32),
    of: (u32, u32),
}

impl Shares {
    fn new(value: String, counts: (u32, u32), of: (u32, u32)) -> Shares {
        Shares { value, counts, of }
    }

    fn distinguished(self, kind: AttributeKind, name: String) -> (f64, Distinguished) {
        let difference = difference(self.counts, self.of);
        let has_signal = difference >= LEAST_DIFFERENCE && deviations(self.counts, self.of) >= LEAST_DEVIATIONS;
        let distinguished = Distinguished {
            kind,
            name,
            value: self.value,
            inside: self.counts.0,
            inside_of: self.of.0,
            outside: self.counts.1,
            outside_of: self.of.1,
            has_signal,
        };
        (difference, distinguished)
    }
}

/// The value of an attribute that differs most; among equals the first.
fn most_different(kind: AttributeKind, name: String, values: Vec<Shares>) -> Option<(f64, Distinguished)> {
    let mut most: Option<(f64, Shares)> = None;
    for shares in values {
        let difference = difference(shares.counts, shares.of);
        if most.as_ref().is_none_or(|(before, _)| difference > *before) {
            most = Some((difference, shares));
        }
    }
    most.map(|(_, shares)| shares.distinguished(kind, name))
}

fn share(count: u32, of: u32) -> f64 {
    if of == 0 { 0.0 } else { f64::from(count) / f64::from(of) }
}

/// Cohen's h: from 0, equal shares, to π, none against all.
pub(super) fn difference(counts: (u32, u32), of: (u32, u32)) -> f64 {
    let angle = |count, of| 2.0 * share(count, of).sqrt().asin();
    (angle(counts.0, of.0) - angle(counts.1, of.1)).abs()
}

/// How many standard errors lie between the shares, if both were of one population.
pub(super) fn deviations(counts: (u32, u32), of: (u32, u32)) -> f64 {
    let (inside, outside) = (f64::from(of.0), f64::from(of.1));
    let both = (f64::from(counts.0) + f64::from(counts.1)) / (inside + outside);
    let error = (both * (1.0 - both) * (1.0 / inside + 1.0 / outside)).sqrt();
    if error > 0.0 {
        (share(counts.0, of.0) - share(counts.1, of.1)).abs() / error
    } else {
        0.0
    }
}

/// Why an event adds nothing to the sample's attributes.
fn is_unreadable(event: &refold_core::event::EventView<'_>) -> bool {
    payload::undecodable(event).is_some()
}

#[cfg(test)]
mod tests;
