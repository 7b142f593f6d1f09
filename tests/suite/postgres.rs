//! What holds of the adapter for PostgreSQL on a real server: nothing is written, nothing of the store is run, no event
//! is lost or doubled.

mod attacks;
mod faults;
mod settling;
mod traces;
mod whole;

use std::sync::Arc;

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, ReadQuery, Scope, StoreError};
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::OpenOptions;

fn open(address: &str) -> Result<Arc<dyn EventStore>, StoreError> {
    let (token, options) = (CancelToken::default(), OpenOptions::in_scratch(std::env::temp_dir()));
    refold_stores::open(&Work::new(&token, &Silent), address, None, &options)
}

fn opened(address: &str) -> Arc<dyn EventStore> {
    open(address).unwrap_or_else(|error| panic!("{error}"))
}

/// Positions and payloads of all events above `after`, read in batches of `rows`; `between` runs after each batch.
pub fn read_all(
    store: &dyn EventStore,
    after: Option<i64>,
    rows: usize,
    mut between: impl FnMut(),
) -> Vec<(i64, Vec<u8>)> {
    let query = ReadQuery {
        scope: Scope::All {
            after: after.map(refold_core::event::Position),
            up_to: None,
        },
        direction: Direction::Forward,
        columns: Columns::PAYLOAD,
    };
    let (token, findings) = (CancelToken::default(), Findings::default());
    let work = Work::new(&token, &Silent);
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    let mut reader = store.read(&query).expect("a read starts");
    let mut read = Vec::new();
    while reader
        .next_batch(&work, rows, &mut batch, &mut names, &findings)
        .unwrap_or_else(|error| panic!("{error}"))
    {
        for row in 0..batch.len() {
            let event = batch.event(row);
            read.push((event.position.0, event.payload.unwrap_or_default().to_vec()));
        }
        batch.clear();
        between();
    }
    read
}
