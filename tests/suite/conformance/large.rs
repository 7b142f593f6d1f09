//! Stores of libraries that join tables, or keep bodies elsewhere, once they are large: the server finds what is asked for by
//! its indexes, so that nobody has to allow it a search.

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{EventStore, ReadQuery, Scope};
use refold_core::work::{CancelToken, Silent, Work};
use refold_tests::mariadb::Mariadb;
use refold_tests::postgres::Postgres;

use super::{Model, mariadb, servers};

const EVENTS: usize = 36_000;
const STREAMS: usize = 900;
/// Below what PostgreSQL would keep beside the table, and as much as makes it larger than what is searched unasked.
const BODY_BYTES: usize = 1_700;
/// An event that may have several rows, and one that has its stream elsewhere.
const JOINED: [&str; 2] = ["rails-event-store", "sqlstreamstore"];

fn models() -> Vec<Model> {
    let pad = "x".repeat(BODY_BYTES);
    let model = |n: usize| Model {
        position: i64::try_from(n).unwrap_or_default() + 1,
        stream: format!("order-{}", n % STREAMS),
        version: i64::try_from(n / STREAMS).unwrap_or_default(),
        event_type: "Placed".to_owned(),
        payload: format!("{{\"n\":{n},\"pad\":\"{pad}\"}}"),
    };
    (0..EVENTS).map(model).collect()
}

/// How many events there are in a scope.
fn count(store: &dyn EventStore, scope: Scope) -> usize {
    let query = ReadQuery {
        scope,
        ..ReadQuery::all(Columns::ALL)
    };
    let (token, findings) = (CancelToken::default(), Findings::default());
    let work = Work::new(&token, &Silent);
    let (mut batch, mut names, mut count) = (EventBatch::default(), Names::default(), 0);
    let mut reader = store.read(&query).unwrap_or_else(|error| panic!("{error}"));
    loop {
        let is_more = reader.next_batch(&work, 5_000, &mut batch, &mut names, &findings);
        if !is_more.unwrap_or_else(|error| panic!("{error}")) {
            return count;
        }
        count += batch.len();
    }
}

fn is_read_by_its_indexes(layout: &str, store: &dyn EventStore) {
    let about = store.describe();
    assert!(
        about.byte_count.is_some_and(|bytes| bytes > 64 << 20),
        "{layout} is large"
    );
    let all = Scope::All {
        after: None,
        up_to: None,
    };
    assert_eq!(count(store, all), EVENTS, "{layout}");
    let one = Scope::Stream {
        id: b"order-7".to_vec(),
        from: None,
        to: None,
    };
    assert_eq!(count(store, one), EVENTS / STREAMS, "{layout}");
    let (first, _) = about.position_span.unwrap_or_else(|| panic!("{layout} has events"));
    let row = store.raw(first).unwrap_or_else(|error| panic!("{layout}: {error}"));
    assert!(row.is_some(), "{layout}");
}

#[test]
fn of_postgresql() {
    let server = Postgres::start();
    let models = models();
    for kind in servers::KINDS {
        if JOINED.contains(&kind.layout) {
            drop(kind.make(&server, &models));
            server.sql(&kind.database(), "ANALYZE");
            is_read_by_its_indexes(kind.layout, &*kind.open(&server));
        }
    }
}

/// Whether there is an object is looked up for each body: a page does not list all objects of the database.
#[test]
fn large_objects_of_postgresql() {
    let server = Postgres::start();
    let bare = |model: Model| Model {
        payload: format!("{{\"n\":{}}}", model.position),
        ..model
    };
    let models: Vec<Model> = models().into_iter().take(12_000).map(bare).collect();
    let kinds = servers::KINDS.iter().filter(|kind| kind.layout == "axon");
    let kind = kinds.last().unwrap_or_else(|| panic!("the layout has two kinds"));
    let store = kind.make(&server, &models);
    let database = kind.database();
    server.sql(&database, "VACUUM ANALYZE pg_largeobject_metadata");
    let listed = || {
        let asked = "SELECT seq_scan FROM pg_stat_sys_tables WHERE relname = 'pg_largeobject_metadata'";
        server.sql(&database, asked)
    };
    let before = listed();
    let all = Scope::All {
        after: None,
        up_to: None,
    };
    assert_eq!(count(&*store, all), models.len());
    // A server counts what a connection did when it ends.
    drop(store);
    server.sql(&database, "SELECT pg_stat_force_next_flush()");
    assert_eq!(listed(), before);
}

#[test]
fn of_mariadb() {
    let server = Mariadb::start(&[]);
    let models = models();
    for kind in mariadb::KINDS {
        if JOINED.contains(&kind.layout) {
            drop(kind.make(&server, &models));
            server.sql(&kind.database(), &format!("ANALYZE TABLE {}", kind.read.join(", ")));
            is_read_by_its_indexes(kind.layout, &*kind.open(&server));
        }
    }
}
