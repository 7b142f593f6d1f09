//! The list of streams, a page at a time.

mod problems;
#[cfg(test)]
mod tests;

use std::ops::Range;

use refold_core::event::StreamOrdinal;
use refold_core::time::Timestamp;
use refold_core::work::Work;
use refold_stores::index::{Index, StreamOrder, StreamQuery as IndexQuery};

use problems::Problems;
pub(super) use problems::{MOST_EVENTS, report_of_skeletons};

use super::named;
use crate::answer::StreamAnswer;
use crate::error::AppError;
use crate::session::Session;
use crate::text;
use crate::wire::{StreamPage, StreamQuery, StreamRow, StreamSelection, StreamSort};

/// Which streams.
#[derive(Debug, Clone)]
pub struct Streams {
    pub category: Option<String>,
    /// Part of the id; empty matches all.
    pub matching: String,
    pub sort: StreamSort,
    pub limit: u32,
    /// Goes on after this stream of the page before.
    pub after: Option<String>,
}

/// Rows that are looked at together for the one to go on after.
const PAGE_ROWS: u32 = 4_096;
/// A page as a list shows it has at most so many rows.
const MAX_ROWS: u32 = 10_000;

/// What a page of streams was one of.
#[derive(Debug, Clone, Copy)]
pub struct StreamsTold {
    /// On all pages.
    pub matching: u32,
    /// Whether there is a next page.
    pub has_more: bool,
}

/// Calls `visit` for each stream of the page. Most events and latest events come first; ids, categories and first times
/// ascend.
pub fn streams(
    work: &Work<'_>,
    session: &Session,
    asked: &Streams,
    visit: &mut dyn FnMut(StreamAnswer) -> Result<(), AppError>,
) -> Result<StreamsTold, AppError> {
    let index = session.build_index(work)?;
    let digits = session.description().time_digits;
    let category = asked.category.as_deref();
    let category = category.map(|name| named::category(&index, name)).transpose()?;
    let mut query = IndexQuery {
        matching: asked.matching.as_bytes(),
        category: category.as_deref(),
        order: order_of(asked.sort),
        descending: matches!(asked.sort, StreamSort::Events | StreamSort::Last),
        offset: 0,
        limit: PAGE_ROWS,
        ..IndexQuery::default()
    };
    if let Some(after) = &asked.after {
        query.offset = rank_after(work, &index, &query, after)?;
    }
    let (mut left, mut matching) = (asked.limit, 0);
    while left > 0 {
        query.limit = left.min(PAGE_ROWS);
        let page = index.streams(&query)?;
        matching = page.matching;
        for ordinal in &page.rows {
            visit(answer(&index, *ordinal, digits)?)?;
        }
        // A page never holds more rows than its limit.
        let shown = page.rows.len() as u32;
        query.offset += shown;
        if shown < query.limit {
            break;
        }
        left -= shown;
        work.check()?;
    }
    Ok(StreamsTold {
        matching,
        has_more: query.offset < matching,
    })
}

/// A page as a list of rows shows it. Needs the index, if only that of the store as it was before it grew.
pub fn page(session: &Session, query: &StreamQuery) -> Result<StreamPage, AppError> {
    session.ask(|index, _| of_index(session, index, query))
}

fn rank_after(work: &Work<'_>, index: &Index, query: &IndexQuery<'_>, after: &str) -> Result<u32, AppError> {
    let missing = || {
        let message = format!(
            "no stream of this list has the id to go on after: {}",
            text::shown(after.as_bytes())
        );
        AppError::not_found(
            message,
            "give the id in the last row of the page before, with the same other options",
        )
    };
    let id = text::id_from_shown(after);
    let found = match index.find_stream(after.as_bytes())? {
        Some(found) => found,
        None => index.find_stream(&id)?.ok_or_else(missing)?,
    };
    let mut query = query.clone();
    loop {
        work.check()?;
        let page = index.streams(&query)?;
        if let Some(at) = page.rows.iter().position(|row| *row == found) {
            return Ok(query.offset + at as u32 + 1);
        }
        if page.rows.len() < PAGE_ROWS as usize {
            return Err(missing());
        }
        query.offset += PAGE_ROWS;
    }
}

fn answer(index: &Index, ordinal: StreamOrdinal, digits: u8) -> Result<StreamAnswer, AppError> {
    let entry = index.stream(ordinal)?;
    Ok(StreamAnswer {
        stream: text::exact(entry.id),
        category: text::exact(entry.category),
        events: entry.events,
        first_recorded_at: text::filled(text::time_label(entry.first_recorded_at, digits)),
        last_recorded_at: text::filled(text::time_label(entry.last_recorded_at, digits)),
        last_type: text::exact(index.type_name(entry.last_type)),
    })
}

fn of_index(session: &Session, index: &Index, query: &StreamQuery) -> Result<StreamPage, AppError> {
    let selection = &query.selection;
    let matching = text::id_from_shown(&selection.matching);
    let category = selection.category.as_deref().map(text::id_from_shown);
    let last_type = selection.last_type.as_deref().map(text::id_from_shown);
    let found = index.streams(&IndexQuery {
        matching: &matching,
        category: category.as_deref(),
        last_type: last_type.as_deref(),
        alive: alive_of(selection)?,
        order: order_of(selection.sort),
        descending: selection.descending,
        offset: query.offset,
        limit: query.limit.min(MAX_ROWS),
    })?;
    let digits = session.description().time_digits;
    let mut problems = Problems::of(index, session.description().numbering());
    let rows: Result<Vec<StreamRow>, AppError> = found
        .rows
        .into_iter()
        .map(|stream| row(index, stream, digits, &mut problems))
        .collect();
    Ok(StreamPage {
        total: found.total,
        matching: found.matching,
        rows: rows?,
    })
}

fn order_of(sort: StreamSort) -> StreamOrder {
    match sort {
        StreamSort::Id => StreamOrder::Id,
        StreamSort::Events => StreamOrder::Events,
        StreamSort::Last => StreamOrder::Last,
        StreamSort::First => StreamOrder::First,
        StreamSort::Category => StreamOrder::Category,
    }
}

/// The time in which streams must have lived; `None` without a bound.
fn alive_of(selection: &StreamSelection) -> Result<Option<Range<i64>>, AppError> {
    if selection.from.is_empty() && selection.to.is_empty() {
        return Ok(None);
    }
    let bound = |text: &str, open: i64| match text {
        "" => Ok(open),
        _ => Timestamp::parse(text).map(|time| time.0).ok_or_else(|| {
            let message = format!("not a time: {}", text::shown(text.as_bytes()));
            AppError::invalid(message, "write times as RFC 3339")
        }),
    };
    Ok(Some(bound(&selection.from, i64::MIN)?..bound(&selection.to, i64::MAX)?))
}

/// `digits`: the precision of the store's times.
fn row(index: &Index, stream: StreamOrdinal, digits: u8, problems: &mut Problems<'_>) -> Result<StreamRow, AppError> {
    let entry = index.stream(stream)?;
    Ok(StreamRow {
        id: text::shown(entry.id),
        category: text::shown(entry.category),
        events: entry.events,
        first_recorded_at: text::time_label(entry.first_recorded_at, digits),
        last_recorded_at: text::time_label(entry.last_recorded_at, digits),
        last_type: text::shown(index.type_name(entry.last_type)),
        problems: problems.in_stream(stream)?,
    })
}
