//! What the copy that makes searching fast would cost.

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery};
use refold_core::work::Work;

use crate::error::AppError;
use crate::session::Session;
use crate::text;
use crate::wire::SearchOffer;

/// So many of the oldest and of the newest events are weighed.
const WEIGHED_EVENTS: usize = 1_000;

/// Whether the copy is there, and about how large it would be: by the weight of some of the oldest and newest events.
pub fn offer(work: &Work<'_>, session: &Session) -> Result<SearchOffer, AppError> {
    let is_ready = session.arena()?.is_some_and(|arena| arena.is_searchable());
    let events = session.index().map(|index| u64::from(index.event_count()));
    let events = events.or(session.description().event_count);
    let mut weighed = 0;
    let mut bytes = 0;
    for direction in [Direction::Forward, Direction::Backward] {
        let mut reader = session.store().read(&ReadQuery {
            direction,
            ..ReadQuery::all(Columns::ALL)
        })?;
        let mut batch = EventBatch::default();
        reader.next_batch(
            work,
            WEIGHED_EVENTS,
            &mut batch,
            &mut Names::default(),
            &Findings::default(),
        )?;
        weighed += batch.len() as u64;
        bytes += batch.arena.len() as u64;
    }
    let whole = match events {
        Some(events) => u128::from(bytes) * u128::from(events) / u128::from(weighed.max(1)),
        // Where nobody knows how many there are, they are about as large as the store.
        None => u128::from(session.description().byte_count.unwrap_or(0)),
    };
    Ok(SearchOffer {
        is_ready,
        // The index of the text takes an eighth at most.
        size: text::size_label(u64::try_from(whole + whole / 8).unwrap_or(u64::MAX)),
    })
}
