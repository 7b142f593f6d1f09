//! Stores of libraries that join tables, or keep bodies elsewhere, once they are large: the server finds what is asked for by
//! its indexes, so that nobody has to allow it a search.

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{EventStore, ReadQuery, Scope, StoreError};
use refold_core::work::{CancelToken, Silent, Work};
use refold_tests::mariadb::Mariadb;
use refold_tests::postgres::Postgres;

use super::{Model, mariadb, servers};

const EVENTS: usize = 36_000;
/// In one stream, so many that its pages are of more events than are put in order for few unasked.
const EVENTS_OF_LONG: usize = 15_000;
const LONG: &[u8] = b"order-0";
/// All others are in as many streams, as many in each.
const STREAMS: usize = 700;
/// Below what PostgreSQL would keep beside the table, and as much as makes it larger than what is searched unasked.
const BODY_BYTES: usize = 1_700;
/// An event that may have several rows, and one that has its stream elsewhere.
const JOINED: [&str; 2] = ["rails-event-store", "sqlstreamstore"];

fn models() -> Vec<Model> {
    let pad = "x".repeat(BODY_BYTES);
    let (mut of_long, mut of_others) = (0, 0);
    let model = |n: usize| {
        // Five of twelve, so that they are spread over the whole table.
        let (stream, version) = if n % 12 < 5 {
            of_long += 1;
            (0, of_long - 1)
        } else {
            of_others += 1;
            (1 + (of_others - 1) % STREAMS, (of_others - 1) / STREAMS)
        };
        Model {
            position: i64::try_from(n).unwrap_or_default() + 1,
            stream: format!("order-{stream}"),
            version: i64::try_from(version).unwrap_or_default(),
            event_type: "Placed".to_owned(),
            payload: format!("{{\"n\":{n},\"pad\":\"{pad}\"}}"),
        }
    };
    (0..EVENTS).map(model).collect()
}

fn all() -> Scope {
    Scope::All {
        after: None,
        up_to: None,
    }
}

/// How many events there are in a scope.
fn count(store: &dyn EventStore, scope: Scope) -> usize {
    counted(store, scope).unwrap_or_else(|error| panic!("{error}"))
}

fn counted(store: &dyn EventStore, scope: Scope) -> Result<usize, StoreError> {
    let query = ReadQuery {
        scope,
        ..ReadQuery::all(Columns::ALL)
    };
    let (token, findings) = (CancelToken::default(), Findings::default());
    let work = Work::new(&token, &Silent);
    let (mut batch, mut names, mut count) = (EventBatch::default(), Names::default(), 0);
    let mut reader = store.read(&query)?;
    while reader.next_batch(&work, 5_000, &mut batch, &mut names, &findings)? {
        count += batch.len();
    }
    Ok(count)
}

fn is_read_by_its_indexes(layout: &str, store: &dyn EventStore) {
    let about = store.describe();
    assert!(
        about.byte_count.is_some_and(|bytes| bytes > 64 << 20),
        "{layout} is large"
    );
    assert_eq!(count(store, all()), EVENTS, "{layout}");
    let others = (EVENTS - EVENTS_OF_LONG) / STREAMS;
    for (id, events) in [(b"order-7".as_slice(), others), (LONG, EVENTS_OF_LONG)] {
        let one = Scope::Stream {
            id: id.to_vec(),
            from: None,
            to: None,
        };
        let read = counted(store, one).unwrap_or_else(|error| panic!("{layout}: {error}"));
        assert_eq!(read, events, "{layout}");
    }
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
            // Settings of an account may leave it no way but to put all in order for each page.
            let database = kind.database();
            for setting in ["indexscan", "indexonlyscan", "seqscan"] {
                server.sql(
                    &database,
                    &format!("ALTER DATABASE {database} SET enable_{setting} = off"),
                );
            }
            let read = kind.try_open(&server).and_then(|store| counted(&*store, all()));
            let error = read.expect_err("all of it is not put in order");
            assert!(matches!(error, StoreError::Costly { .. }), "{error}");
            assert!(error.to_string().contains("more than 10,000 rows"), "{error}");
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
    let mut kinds = servers::KINDS.iter().filter(|kind| kind.layout == "axon");
    let kind = kinds.next_back().unwrap_or_else(|| panic!("the layout has two kinds"));
    let store = kind.make(&server, &models);
    let database = kind.database();
    server.sql(&database, "VACUUM ANALYZE pg_largeobject_metadata");
    let listed = || {
        let asked = "SELECT seq_scan FROM pg_stat_sys_tables WHERE relname = 'pg_largeobject_metadata'";
        server.sql(&database, asked)
    };
    let before = listed();
    assert_eq!(count(&*store, all()), models.len());
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
