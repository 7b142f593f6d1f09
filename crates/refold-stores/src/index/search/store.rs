//! Searching a store that has no arena.

use std::ops::ControlFlow;

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, ReadQuery, Scope, StoreError};
use refold_core::work::Work;

use super::{Hit, PHASE, SearchQuery};

const BATCH_ROWS: usize = 4096;

/// Searches the store itself, as fast as it can be read. Hits come in position order; `on_hit` may stop. What cannot
/// be read is reported to `findings`.
pub fn search_store(
    work: &Work<'_>,
    store: &dyn EventStore,
    query: &SearchQuery<'_>,
    findings: &Findings,
    on_hit: &mut dyn FnMut(Hit) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let columns = Columns {
        payload: true,
        metadata: true,
        envelope: false,
    };
    let scope = Scope::All {
        after: None,
        up_to: None,
    };
    let mut reader = store.read(&ReadQuery {
        scope,
        direction: Direction::Forward,
        columns,
    })?;
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    let mut done = 0;
    while reader.next_batch(work, BATCH_ROWS, &mut batch, &mut names, findings)? {
        for row in 0..batch.len() {
            let event = batch.event(row);
            let is_wanted = query.types.is_empty() || query.types.contains(&names.type_name(event.event_type));
            let found = if is_wanted { query.needle.place_in(&event) } else { None };
            if let Some((field, place)) = found {
                let range = place.start as u32..place.end as u32; // a batch is below 4 GiB
                if on_hit(Hit {
                    position: event.position,
                    field,
                    range,
                })
                .is_break()
                {
                    return Ok(());
                }
            }
        }
        done += batch.len() as u64;
        work.tick(PHASE, done, store.describe().event_count)?;
        batch.clear();
    }
    Ok(())
}
