//! Pages of the stream list.

use refold_core::event::StreamOrdinal;
use refold_stores::index::{Index, StreamOrder, StreamQuery as IndexQuery};

use crate::error::AppError;
use crate::session::Session;
use crate::text;
use crate::wire::{StreamPage, StreamQuery, StreamRow, StreamSort};

/// A page has at most so many rows.
const MAX_ROWS: u32 = 10_000;

/// Needs the index, if only that of the store as it was before it grew.
pub fn page(session: &Session, query: &StreamQuery) -> Result<StreamPage, AppError> {
    session.ask(|index, _| of_index(session, index, query))
}

fn of_index(session: &Session, index: &Index, query: &StreamQuery) -> Result<StreamPage, AppError> {
    let matching = text::id_from_shown(&query.matching);
    let category = query.category.as_deref().map(text::id_from_shown);
    let found = index.streams(&IndexQuery {
        matching: &matching,
        category: category.as_deref(),
        order: order_of(query.sort),
        descending: query.descending,
        offset: query.offset,
        limit: query.limit.min(MAX_ROWS),
    })?;
    let digits = session.description().time_digits;
    let rows: Result<Vec<StreamRow>, AppError> = found
        .rows
        .into_iter()
        .map(|stream| row(index, stream, digits))
        .collect();
    Ok(StreamPage {
        total: found.total,
        matching: found.matching,
        rows: rows?,
    })
}

pub fn order_of(sort: StreamSort) -> StreamOrder {
    match sort {
        StreamSort::Id => StreamOrder::Id,
        StreamSort::Events => StreamOrder::Events,
        StreamSort::Last => StreamOrder::Last,
    }
}

/// `digits`: the precision of the store's times.
pub fn row(index: &Index, stream: StreamOrdinal, digits: u8) -> Result<StreamRow, AppError> {
    let entry = index.stream(stream)?;
    Ok(StreamRow {
        id: text::shown(entry.id),
        category: text::shown(entry.category),
        events: entry.events,
        first_recorded_at: text::time_label(entry.first_recorded_at, digits),
        last_recorded_at: text::time_label(entry.last_recorded_at, digits),
        last_type: text::shown(index.type_name(entry.last_type)),
    })
}
