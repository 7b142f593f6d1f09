//! Which part of a header is another: an anchor holds one digest of all of it, and an older copy of the store has its columns.

use std::collections::HashMap;

use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::row;
use refold_core::work::Work;

use super::reasons::column_words;
use super::verify::MOST_IMPACTS;
use crate::error::AppError;
use crate::session::Session;
use crate::text;

/// What tells which part of a header is another.
pub(super) enum Told {
    ByNobody,
    /// There is a copy, and only the first findings are looked up in it.
    NotAsked,
    /// The copy has no event there.
    Lacking,
    /// These columns of the row are others than in the copy; none where it has the same.
    Columns(Vec<String>),
}

/// The columns of a row that are others than in the older copy; with each store where the event stands in it. Bodies stand in
/// a row for themselves: a payload that changed is none of them.
pub(super) fn columns_that_differ(
    work: &Work<'_>,
    (copy, before): (&Session, i64),
    (session, now): (&Session, i64),
) -> Result<Told, AppError> {
    let row_at = |session: &Session, position: i64| -> Result<Option<Vec<u8>>, AppError> {
        let query = ReadQuery {
            scope: Scope::Positions(vec![Position(position)]),
            direction: Direction::Forward,
            columns: Columns {
                row: true,
                ..Columns::ALL
            },
        };
        let mut reader = session.store().read(&query)?;
        let (mut batch, mut names, ignored) = (EventBatch::default(), Names::default(), Findings::default());
        let is_there = reader.next_batch(work, 1, &mut batch, &mut names, &ignored)? && !batch.is_empty();
        Ok(is_there.then(|| batch.event(0).row.map(<[u8]>::to_vec).unwrap_or_default()))
    };
    let Some(before) = row_at(copy, before)? else {
        return Ok(Told::Lacking);
    };
    let now = row_at(session, now)?.unwrap_or_default();
    let known: HashMap<&[u8], &[u8]> = row::columns(&before)
        .map(|column| (column.name, column.framed))
        .collect();
    let differing =
        row::columns(&now).filter(|column| known.get(column.name).is_some_and(|framed| *framed != column.framed));
    Ok(Told::Columns(
        differing.map(|column| text::shown(column.name)).collect(),
    ))
}

/// `gone`: columns that the anchor covers and no row of the store has any more.
pub(super) fn in_words(told: Told, gone: &[String]) -> String {
    let is_gone = format!("{} of its row, which the store has no more", column_words(gone));
    let unknown = |why: &str| match gone {
        [] => format!(
            "of the header: stream, version, id, type, a time, a link, or a column of its row that no record shows; {why}"
        ),
        _ => format!("of the header: {is_gone}; whether anything else of it is another too: {why}"),
    };
    match told {
        Told::ByNobody => unknown("an older copy of the store, beside it, tells which"),
        Told::NotAsked => unknown(&format!(
            "the copy was asked of the first {MOST_IMPACTS} differences alone"
        )),
        Told::Lacking => unknown("the copy has no event there that would tell which"),
        Told::Columns(columns) => match (&columns[..], gone) {
            ([], []) => unknown("no column of its row is another than in the copy, which does not tell which either"),
            ([], _) => format!("of the header: {is_gone}; all others are as in the copy"),
            (columns, []) => format!("of the header: {} of its row", column_words(columns)),
            (columns, _) => format!("of the header: {} of its row, and {is_gone}", column_words(columns)),
        },
    }
}
