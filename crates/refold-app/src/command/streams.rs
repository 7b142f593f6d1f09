//! The list of streams, a page at a time.

use refold_core::event::StreamOrdinal;
use refold_core::work::Work;
use refold_stores::index::{Index, StreamOrder, StreamQuery};

use super::filled;
use crate::answer::StreamAnswer;
use crate::error::AppError;
use crate::session::Session;
use crate::text;
use crate::wire::StreamSort;

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

/// Calls `visit` for each stream of the page. Counts and times are listed largest and latest first, ids ascending.
pub fn streams(
    work: &Work<'_>,
    session: &Session,
    asked: &Streams,
    visit: &mut dyn FnMut(StreamAnswer) -> Result<(), AppError>,
) -> Result<(), AppError> {
    let index = session.build_index(work)?;
    let digits = session.description().time_digits;
    let mut query = StreamQuery {
        matching: asked.matching.as_bytes(),
        category: asked.category.as_deref().map(str::as_bytes),
        order: match asked.sort {
            StreamSort::Id => StreamOrder::Id,
            StreamSort::Events => StreamOrder::Events,
            StreamSort::Last => StreamOrder::Last,
        },
        descending: asked.sort != StreamSort::Id,
        offset: 0,
        limit: PAGE_ROWS,
    };
    if let Some(after) = &asked.after {
        query.offset = rank_after(work, &index, &query, after)?;
    }
    let mut left = asked.limit;
    while left > 0 {
        query.limit = left.min(PAGE_ROWS);
        let page = index.streams(&query)?;
        for ordinal in &page.rows {
            visit(answer(&index, *ordinal, digits)?)?;
        }
        // A page never holds more rows than its limit.
        let shown = page.rows.len() as u32;
        if shown < query.limit {
            break;
        }
        query.offset += shown;
        left -= shown;
        work.check()?;
    }
    Ok(())
}

fn rank_after(work: &Work<'_>, index: &Index, query: &StreamQuery<'_>, after: &str) -> Result<u32, AppError> {
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
        stream: text::shown(entry.id),
        category: text::shown(entry.category),
        events: entry.events,
        first_recorded_at: filled(text::time_label(entry.first_recorded_at, digits)),
        last_recorded_at: filled(text::time_label(entry.last_recorded_at, digits)),
        last_type: text::shown(index.type_name(entry.last_type)),
    })
}
