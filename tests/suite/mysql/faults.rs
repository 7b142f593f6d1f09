//! Statements that are cancelled.

use std::io::{BufRead as _, BufReader, Write as _};

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{ReadQuery, StoreError};
use refold_core::work::{CancelToken, Silent, Work};
use refold_tests::mariadb::Mariadb;

use super::store;
use crate::servers::{opened, read_all};

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
    input
        .write_all(b"LOCK TABLES stored_events WRITE; SELECT 'held';\n")
        .expect("it reads what it is told");
    let mut out = BufReader::new(holder.stdout.take().expect("its output is a pipe"));
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
