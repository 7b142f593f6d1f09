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
use refold_tests::postgres::Postgres;

/// The tables of message-db, as its own scripts make them.
const TABLES: &str = "CREATE SCHEMA message_store;
    CREATE TABLE message_store.messages(global_position bigserial NOT NULL PRIMARY KEY, position bigint NOT NULL,
    time TIMESTAMP WITHOUT TIME ZONE DEFAULT (now() AT TIME ZONE 'utc') NOT NULL, stream_name text NOT NULL,
    type text NOT NULL, data jsonb, metadata jsonb, id UUID NOT NULL DEFAULT gen_random_uuid());
    CREATE UNIQUE INDEX messages_id ON message_store.messages(id);
    CREATE UNIQUE INDEX messages_stream ON message_store.messages(stream_name, position);";

/// A database with so many events of 20 accounts, and a role that may read them.
fn store(server: &Postgres, database: &str, events: u32) {
    server.fresh_database(database);
    server.sql(database, TABLES);
    server.sql(
        database,
        &format!(
            "INSERT INTO message_store.messages(position, stream_name, type, data) SELECT n / 20, 'account-' || n % 20,
             'Deposited', jsonb_build_object('amount', n, 'by', repeat('x', n % 50)) FROM generate_series(0, {events} - 1) AS n"
        ),
    );
    server.reader(database, "refold_reader", "message_store", &["messages"]);
}

fn open(address: &str) -> Result<Arc<dyn EventStore>, StoreError> {
    let (token, options) = (CancelToken::default(), OpenOptions::in_scratch(std::env::temp_dir()));
    refold_stores::open(&Work::new(&token, &Silent), address, None, &options)
}

fn opened(address: &str) -> Arc<dyn EventStore> {
    open(address).unwrap_or_else(|error| panic!("{error}"))
}

/// Positions and payloads of all events above `after`, read in batches of `rows`; `between` runs after each batch.
fn read_all(store: &dyn EventStore, after: Option<i64>, rows: usize, mut between: impl FnMut()) -> Vec<(i64, Vec<u8>)> {
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
