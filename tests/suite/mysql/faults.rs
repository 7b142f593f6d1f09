//! Connections that are lost, servers that go and come back, and statements that are cancelled.

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{ReadQuery, StoreError};
use refold_core::work::{CancelToken, Silent, Work};
use refold_tests::mariadb::Mariadb;

use super::{open, opened, read_all, reading, store};

#[test]
fn a_connection_that_is_lost_between_pages_loses_and_doubles_nothing() {
    let server = Mariadb::shared();
    let database = "faults_pages";
    store(&server, database, 3_000);
    server.reader(database, "refold_lost", &["stored_events"]);
    let address = server.address("refold_lost", database);
    let expected = read_all(&*opened(&address), None, 1_000, || {});
    assert_eq!(expected.len(), 3_000);
    let store = opened(&address);
    let read = read_all(&*store, None, 300, || {
        server.sql("mysql", "KILL USER refold_lost");
    });
    assert_eq!(read, expected);
}

#[test]
fn a_server_that_crashes_and_comes_back_meanwhile_loses_and_doubles_nothing() {
    let server = Mariadb::start(&["--innodb-flush-log-at-trx-commit=1"]);
    let database = "faults_crash";
    store(&server, database, 2_000);
    let store = opened(&reading(&server, database));
    let expected = read_all(&*store, None, 1_000, || {});
    let mut crashes = 0;
    let read = read_all(&*store, None, 1_200, || {
        crashes += 1;
        server.crash();
        server.boot();
    });
    assert_eq!((read.len(), crashes), (2_000, 2));
    assert_eq!(read, expected);
}

#[test]
fn a_server_that_is_not_there_is_an_error_that_names_no_password() {
    let server = Mariadb::shared();
    store(&server, "faults_nobody", 1);
    let failed = |address: &str| open(address).map(drop).unwrap_err();
    let closed = failed("mysql://a:geheim@127.0.0.1:1/b");
    assert!(matches!(closed, StoreError::Unreachable { .. }), "{closed}");
    assert!(!closed.to_string().contains("geheim"), "{closed}");
    let missing = failed(&reading(&server, "no_such_database"));
    assert!(missing.to_string().contains("no_such_database"), "{missing}");
    let denied = failed(&server.address("nobody_at_all", "faults_nobody"));
    assert!(matches!(denied, StoreError::Denied { .. }), "{denied}");
    // The server speaks no TLS here, and nothing is said in the clear instead.
    let encrypted = failed(&format!("{}?sslmode=require", reading(&server, "faults_nobody")));
    assert!(encrypted.to_string().contains("TLS"), "{encrypted}");
}

#[test]
fn the_socket_leads_there_too() {
    let server = Mariadb::shared();
    let database = "faults_socket";
    store(&server, database, 30);
    let store = opened(&server.socket_address("refold_reader", database));
    assert_eq!(read_all(&*store, None, 10, || {}).len(), 30);
}

#[test]
fn what_is_cancelled_ends_on_the_server_too() {
    let server = Mariadb::shared();
    let database = "faults_cancel";
    store(&server, database, 500);
    server.reader(database, "refold_cancels", &["stored_events"]);
    let store = opened(&server.address("refold_cancels", database));
    // Whoever holds this lock lets nobody read the table's shape; the limit of time is behind that of our patience here.
    let mut holder = server.client(database).spawn().expect("the client is there");
    let mut input = holder.stdin.take().expect("its input is a pipe");
    use std::io::{BufRead as _, Write as _};
    input
        .write_all(b"LOCK TABLES stored_events WRITE; SELECT 'held';\n")
        .expect("it reads what it is told");
    let mut out = std::io::BufReader::new(holder.stdout.take().expect("its output is a pipe"));
    out.read_line(&mut String::new()).expect("it holds the lock");
    let token = CancelToken::default();
    let mut reader = store.read(&ReadQuery::all(Columns::PAYLOAD)).expect("a read starts");
    let outcome = std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
            reader.next_batch(&Work::new(&token, &Silent), 10, &mut batch, &mut names, &findings)
        });
        let is_waiting = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'refold_cancels' AND
            STATE LIKE 'Waiting for table%'";
        while server.sql("mysql", is_waiting) == "0" && !reading.is_finished() {}
        token.cancel();
        reading.join().expect("it ends")
    });
    assert!(matches!(outcome, Err(StoreError::Cancelled(_))), "{outcome:?}");
    let log = server.log_of("refold_cancels");
    assert!(log.iter().any(|said| said.contains("KILL QUERY")), "{log:?}");
    drop(input);
    assert!(holder.wait().expect("it ends").success());
    assert_eq!(
        read_all(&*store, None, 100, || {}).len(),
        500,
        "the store is as good as before"
    );
}
