//! Stores without an order of their own: positions are the places of rows, and new rows may come anywhere.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use refold_app::usecase::tail::{Tail, Told, tail};
use refold_app::wire::StoreNews;
use refold_app::{Desk, Places, Session};
use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{EventStore, OrderQuality, ReadQuery, StoreError};
use refold_core::time::Timestamp;
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::index::{self, BuildOptions, Index};
use refold_tests::postgres::Postgres;

use crate::servers::traces::reads_only;
use crate::servers::{Real, opened, read_all, read_or_fail};

/// Whoever waits longer than this waits in vain.
const PATIENCE: Duration = Duration::from_secs(60);

/// As cqrs-es makes it.
const EVENTS: &str = "CREATE TABLE events(aggregate_type text NOT NULL, aggregate_id text NOT NULL,
    sequence bigint CHECK (sequence >= 0) NOT NULL, event_type text NOT NULL, event_version text NOT NULL,
    payload json NOT NULL, metadata json NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, sequence));";

/// So many events of each of these accounts, from a version on.
fn insert(accounts: &str, versions: &str) -> String {
    format!(
        "INSERT INTO events SELECT 'account', a, v, 'Deposited', '1.0', json_build_object('Deposited',
         json_build_object('amount', v, 'by', repeat('x', 200), 'id', a || '/' || v)), '{{}}'
         FROM generate_series({versions}) AS v, generate_series({accounts}) AS a; SELECT pg_stat_force_next_flush();"
    )
}

fn store(server: &Postgres, database: &str) -> String {
    server.tables(database, EVENTS, &["events"])
}

fn options(store: &dyn EventStore) -> BuildOptions {
    BuildOptions {
        threads: 2,
        now: Timestamp(0),
        numbering: store.describe().numbering(),
        segment_rows: BuildOptions::SEGMENT_ROWS,
    }
}

fn built(store: &dyn EventStore, folder: &Path) -> Index {
    let token = CancelToken::default();
    let built = index::build(&Work::new(&token, &Silent), store, folder, &options(store));
    built.unwrap_or_else(|error| panic!("{error}"))
}

fn whole(store: &dyn EventStore) -> Vec<(i64, Vec<u8>)> {
    read_all(store, None, 500, || {})
}

/// In each block there is room again, and what comes next is put there.
#[test]
fn what_is_put_among_the_others_is_shown_when_the_store_is_opened_again_and_not_before() {
    let server = Postgres::start();
    let database = "places_among";
    let address = store(&server, database);
    server.sql(database, &insert("1, 40", "1, 50"));
    server.sql(database, "DELETE FROM events WHERE aggregate_id::int <= 20");
    server.sql(database, "VACUUM events");
    let folder = tempfile::tempdir().expect("a folder for the index");
    let first = opened(&address);
    let description = first.describe();
    assert_eq!(
        (description.layout.as_str(), description.order, description.grows_at_end),
        ("cqrs-es", OrderQuality::Approximate, false)
    );
    let before = whole(&*first);
    assert_eq!(before.len(), 1_000);
    assert_eq!(built(&*first, folder.path()).event_count(), 1_000);

    server.sql(database, &insert("41, 60", "1, 50"));
    let last = before.last().map(|(position, _)| *position);
    let below = server.sql(
        database,
        "SELECT count(*) FROM events AS new WHERE aggregate_id::int > 40 AND ctid < (SELECT max(ctid) FROM events
         WHERE aggregate_id::int <= 40)",
    );
    assert!(
        below.parse::<u32>().is_ok_and(|count| count > 100),
        "rows are put below others: {below}"
    );
    assert_eq!(whole(&*first), before, "an opened store holds what it held");
    assert!(!first.is_current().expect("it can be asked"));

    let second = opened(&address);
    let after = whole(&*second);
    assert_eq!(after.len(), 2_000);
    let new = after.iter().filter(|event| !before.contains(event));
    assert!(new.clone().count() == 1_000 && new.clone().any(|(position, _)| Some(*position) < last));
    // An index is never added to at its end and left without what came before.
    let token = CancelToken::default();
    let grown = index::grow(
        &Work::new(&token, &Silent),
        &*second,
        folder.path(),
        &options(&*second),
        0,
    );
    assert!(grown.unwrap_or_else(|error| panic!("{error}")).is_none());
    assert_eq!(built(&*second, folder.path()).event_count(), 2_000);
    assert!(second.is_current().expect("it can be asked"));
}

#[test]
fn rows_that_were_put_elsewhere_are_never_taken_for_those_that_were_there() {
    let server = Postgres::start();
    let database = "places_elsewhere";
    let address = store(&server, database);
    server.sql(database, &insert("1, 10", "1, 100"));
    server.sql(database, "DELETE FROM events WHERE aggregate_id::int <= 5");
    let opened_before = opened(&address);
    let position = whole(&*opened_before)[100].0;
    server.sql(database, "VACUUM FULL events");
    let changed =
        |result: Result<(), StoreError>| assert!(matches!(result, Err(StoreError::Changed { .. })), "{result:?}");
    changed(read_or_fail(&*opened_before, None, 500, || {}).map(drop));
    changed(opened_before.raw(refold_core::event::Position(position)).map(drop));
    assert!(!opened_before.is_current().expect("it can be asked"));
    assert_eq!(whole(&*opened(&address)).len(), 500);
}

/// Writers with savepoints and long pauses, some of which roll back. Whenever the store is opened it holds all of what was
/// over, always the same, and never less than before.
#[test]
fn no_commit_is_lost_whatever_others_write_meanwhile() {
    let server = Postgres::start();
    let database = "places_writers";
    let address = store(&server, database);
    let script = |writer: u32| -> String {
        let one = |n: u32| {
            let pause = format!("SELECT pg_sleep({});", f64::from((n * 7 + writer * 13) % 11) / 2_000.0);
            let event = |part: u32| {
                let id = writer * 100_000 + n * 3 + part;
                format!(
                    "INSERT INTO events VALUES ('account', '{writer}', {id}, 'Deposited', '1.0', '{{\"id\": {id}}}', '{{}}');"
                )
            };
            let end = if (n + writer).is_multiple_of(9) {
                "ROLLBACK;"
            } else {
                "COMMIT;"
            };
            let within = if n.is_multiple_of(4) {
                "ROLLBACK TO here;"
            } else {
                "RELEASE here;"
            };
            let [first, second, third] = [0, 1, 2].map(event);
            format!("BEGIN; {first} {pause} SAVEPOINT here; {second} {pause} {within} {third} {end}\n")
        };
        (0..240).map(one).collect()
    };
    let mut writers: Vec<_> = (0..5)
        .map(|writer| {
            let client = server.client(database).stdout(Stdio::null()).spawn();
            let mut started = client.expect("the client is there");
            let mut input = started.stdin.take().expect("its input is a pipe");
            let script = script(writer);
            let fed = std::thread::spawn(move || input.write_all(script.as_bytes()).expect("it reads what it is told"));
            (started, fed)
        })
        .collect();
    let (mut seen, mut looks) = (BTreeMap::new(), 0);
    loop {
        let are_over = writers
            .iter_mut()
            .all(|(writer, _)| writer.try_wait().expect("it can be asked").is_some());
        let store = opened(&address);
        let all = whole(&*store);
        assert_eq!(whole(&*store), all, "an opened store holds what it held");
        let count = all.len();
        let held: BTreeMap<i64, Vec<u8>> = all.into_iter().collect();
        assert_eq!(held.len(), count, "none is doubled");
        assert!(
            seen.iter().all(|(at, payload)| held.get(at) == Some(payload)),
            "none is lost"
        );
        seen = held;
        looks += 1;
        if are_over {
            break;
        }
    }
    for (mut writer, fed) in writers {
        fed.join().expect("the script was taken");
        assert!(writer.wait().expect("it ends").success());
    }
    let written = server.sql(database, "SELECT payload::text FROM events ORDER BY ctid");
    let shown: Vec<_> = seen.values().map(|payload| String::from_utf8_lossy(payload)).collect();
    assert!(
        shown.len() > 2_000 && looks > 2,
        "{} events, {looks} looks",
        shown.len()
    );
    assert_eq!(shown.join("\n"), written);
}

#[test]
fn what_a_transaction_that_is_not_over_may_have_written_is_not_shown_and_that_is_said() {
    let server = Postgres::start();
    let database = "places_open";
    let address = store(&server, database);
    server.sql(database, &insert("1, 2", "1, 10"));
    // It writes to another table, and may yet write to this one.
    server.sql(
        database,
        "CREATE TABLE other(n int); BEGIN; INSERT INTO other VALUES (1); PREPARE TRANSACTION 'late'",
    );
    server.sql(database, &insert("3, 3", "1, 10"));
    let store = opened(&address);
    assert_eq!(whole(&*store).len(), 20);
    let told = store.describe().evidence.join("\n");
    assert!(
        told.contains("transactions of the server were not over within"),
        "{told}"
    );
    let folder = tempfile::tempdir().expect("a folder for the index");
    assert_eq!(built(&*store, folder.path()).event_count(), 20);
    assert!(store.is_current().expect("it can be asked"));
    server.sql(database, "COMMIT PREPARED 'late'");
    assert_eq!(whole(&*store).len(), 20, "an opened store holds what it held");
    assert!(!store.is_current().expect("it can be asked"), "there is more to show");
    let after = opened(&address);
    assert_eq!(whole(&*after).len(), 30);
    assert_eq!(built(&*after, folder.path()).event_count(), 30);
    assert!(after.is_current().expect("it can be asked"));
}

/// The hole is below rows that are shown, so that nothing but who wrote it tells that it is new.
#[test]
fn what_was_hidden_in_a_hole_comes_to_the_index_once_it_is_shown() {
    let server = Postgres::start();
    let database = "places_hole";
    let address = store(&server, database);
    server.sql(database, &insert("1, 40", "1, 50"));
    server.sql(database, "DELETE FROM events WHERE aggregate_id::int <= 20");
    server.sql(
        database,
        "VACUUM events; CREATE TABLE other(n int); BEGIN; INSERT INTO other VALUES (1); PREPARE TRANSACTION 'late'",
    );
    server.sql(database, &insert("41, 41", "1, 50"));
    let folder = tempfile::tempdir().expect("a folder for the index");
    let before = opened(&address);
    assert_eq!(built(&*before, folder.path()).event_count(), 1_000);
    server.sql(database, "COMMIT PREPARED 'late'");
    assert!(!before.is_current().expect("it can be asked"));
    let after = opened(&address);
    let last = |store: &dyn EventStore| store.describe().position_span.map(|(_, last)| last);
    assert_eq!(last(&*after), last(&*before), "none is behind the others");
    assert_eq!(built(&*after, folder.path()).event_count(), 1_050);
}

#[test]
fn a_read_says_that_rows_were_changed_under_it() {
    let server = Postgres::start();
    let database = "places_changed";
    let address = store(&server, database);
    server.sql(database, &insert("1, 4", "1, 100"));
    for (change, left) in [
        (
            "UPDATE events SET metadata = '{\"n\": 1}' WHERE aggregate_id = '3'",
            300,
        ),
        ("DELETE FROM events WHERE aggregate_id = '4'", 300),
    ] {
        let store = opened(&address);
        assert_eq!(told_of(&*store), (400, Vec::new()), "{change}");
        server.sql(database, &format!("{change}; SELECT pg_stat_force_next_flush();"));
        assert_eq!(told_of(&*store), (left, vec!["rows-changed"]), "{change}");
        assert!(!store.is_current().expect("it can be asked"));
    }
    assert_eq!(told_of(&*opened(&address)), (300, Vec::new()));
}

/// How many events a read finds, and the codes of its findings.
fn told_of(store: &dyn EventStore) -> (usize, Vec<&'static str>) {
    let mut reader = store.read(&ReadQuery::all(Columns::ALL)).expect("it can be read");
    let (token, findings) = (CancelToken::default(), Findings::default());
    let work = Work::new(&token, &Silent);
    let (mut batch, mut names, mut count) = (EventBatch::default(), Names::default(), 0);
    let mut read = || {
        reader
            .next_batch(&work, 100, &mut batch, &mut names, &findings)
            .map(|more| (more, batch.len()))
    };
    while let (true, rows) = read().unwrap_or_else(|error| panic!("{error}")) {
        count += rows;
    }
    (count, findings.summary().into_iter().map(|(code, ..)| code).collect())
}

/// A window looks again and again at a store that others write to, and must neither call it lost nor read it each time.
#[test]
fn a_window_says_once_that_a_store_was_written_to_and_leaves_what_it_shows() {
    let server = Postgres::start();
    let database = "places_window";
    let address = store(&server, database);
    server.sql(database, &insert("1, 4", "1, 100"));
    for is_indexed in [true, false] {
        let home = tempfile::tempdir().expect("a home for the window");
        let desk = Desk::at(Places::below(home.path()), None);
        let session = desk.open_store(&address, None).expect("the store is opened").session;
        if is_indexed {
            desk.index_store(session, &|_| {}).expect("it is indexed");
        }
        let (tell, news) = sync_channel(64);
        let sink = Arc::new(move |news: StoreNews| drop(tell.send(news)));
        desk.watch_store(session, sink).expect("it is watched");
        let first = news.recv_timeout(PATIENCE).expect("the first comes at once");
        assert!(!first.is_outdated);
        let account = if is_indexed { "5, 5" } else { "6, 6" };
        server.sql(database, &insert(account, "1, 10"));
        let told = loop {
            desk.look_now(session);
            let told: StoreNews = news.recv_timeout(PATIENCE).expect("it is told");
            assert!(told.lost.is_none(), "{:?}", told.lost);
            if told.is_outdated {
                break told;
            }
        };
        assert_eq!((told.new_events, told.events), (0, None));
        let read_before = pages(&server);
        for _ in 0..3 {
            desk.look_now(session);
            let again = news.recv_timeout(Duration::from_millis(300));
            assert!(again.is_err(), "it is told once: {again:?}");
        }
        assert_eq!(pages(&server), read_before, "no event is read");
    }
}

/// How many pages of events were asked for.
fn pages(server: &Postgres) -> usize {
    let statements = Real::statements(server);
    statements.iter().filter(|said| said.contains("\"event\"")).count()
}

/// Rows of one kilobyte, more at once than the usual memory for sorting holds.
#[test]
fn reading_writes_nothing_on_the_server_not_even_for_a_while() {
    let server = Postgres::start();
    let database = "places_traces";
    let address = store(&server, database);
    server.sql(database, &insert("1, 40", "1, 500").replace("'x', 200", "'x', 900"));
    server.sql(database, "VACUUM (FREEZE, ANALYZE) events");
    let files = "SELECT temp_files FROM pg_stat_database WHERE datname = 'places_traces'";
    assert_eq!(told_of(&*opened(&address)), (20_000, Vec::new()));
    let folder = tempfile::tempdir().expect("a folder for the index");
    assert_eq!(built(&*opened(&address), folder.path()).event_count(), 20_000);
    assert_eq!(server.sql(database, files), "0");
}

#[test]
fn new_events_cannot_be_told_from_others_and_nothing_else_is_sent_than_the_catalogue_holds() {
    let server = Postgres::start();
    let database = "places_tail";
    let address = store(&server, database);
    server.sql(database, &insert("1, 100", "1, 100"));
    let home = tempfile::tempdir().expect("a folder for what is ours");
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let session = Session::open(&work, &address, None, &Places::below(home.path())).expect("it opens");
    let nobody = &mut Told {
        event: &mut |_| Ok(()),
        findings: &mut |_| Ok(()),
        held: &mut |_| {},
        flush: &mut || Ok(()),
    };
    let told = tail(&work, &session, &Tail::default(), nobody);
    let told = told.expect_err("it refuses").message;
    assert!(told.contains("new ones cannot be told from the others"), "{told}");
    built(&*opened(&address), home.path());
    let statements = Real::statements(&server);
    for said in &statements {
        reads_only(said);
    }
    for told in [
        "pg_snapshot_xmin",
        "pg_stat_get_tuples_inserted",
        "THEN pg_catalog.pg_relation_filenode",
        "xmin",
    ] {
        assert!(
            statements.iter().any(|said| said.contains(told)),
            "{told}: {statements:?}"
        );
    }
}
