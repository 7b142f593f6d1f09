//! What is settled while a transaction holds a number that is open or prepared.

use refold_core::port::store::Unsettled;
use refold_tests::postgres::{Postgres, READER};

use crate::servers::anchored::Open;
use crate::servers::{Real as _, opened, positions, read_all};

#[test]
fn what_an_open_or_prepared_transaction_may_still_fill_is_not_shown() {
    let server = Postgres::shared();
    let database = "settling_prepared";
    server.accounts(database, 100);
    let insert = |n: u32| {
        format!(
            "INSERT INTO message_store.messages(position, stream_name, type, data) VALUES ({n}, 'late-1', 'T', '{{}}');"
        )
    };
    server.sql(database, &format!("BEGIN; {} PREPARE TRANSACTION 'late'", insert(0)));
    server.sql(database, &insert(1));
    let address = server.address("refold_reader", database);
    let store = opened(&address);
    assert_eq!(
        read_all(&*store, None, 50, || {}).len(),
        100,
        "102 is there, and 101 may still come"
    );
    let unsettled = store.describe().unsettled.clone().expect("not all is settled");
    let span = [unsettled.behind, unsettled.last].map(|it| it.map(|position| position.0));
    assert_eq!(span, [Some(100), Some(102)]);
    assert!(unsettled.why.contains("1 transactions that write"), "{}", unsettled.why);
    assert!(store.is_current().expect("it can be asked"));
    server.sql(database, "COMMIT PREPARED 'late'");
    assert!(
        !store.is_current().expect("it can be asked"),
        "there is more to see now"
    );
    assert_eq!(positions(&address, 99), [100, 101, 102]);
}

/// What is not settled of a store: the last position that is shown, the last that was seen, and why.
fn unsettled(address: &str) -> Option<(Option<i64>, Option<i64>, String)> {
    let Unsettled { behind, last, why } = opened(address).describe().unsettled.clone()?;
    Some((behind.map(|it| it.0), last.map(|it| it.0), why))
}

/// What is younger than the open transaction, or so little older that the clock of the server may be wrong about it, is not
/// shown from its first missing number on; an older number that is missing hides nothing, where the server says all of that.
#[test]
fn a_number_that_was_taken_back_before_an_open_transaction_began_hides_nothing() {
    const DRAWN: &str = "/* refold drawn */";
    let server = Postgres::start();
    server.append_settings("track_commit_timestamp = on");
    server.crash();
    server.boot();
    let database = "settling_taken_back";
    server.accounts(database, 20);
    let taken_back = |n: u32| {
        let insert = |part: u32| Postgres::insert(n, part);
        server.sql(
            database,
            &format!("{} BEGIN; {} ROLLBACK; {}", insert(0), insert(1), insert(2)),
        );
    };
    // 21, 23 and 24, 26 are there.
    taken_back(1);
    taken_back(2);
    server.age_commits(2 * 60 * 60);
    let address = server.address(READER, database);
    let touch = "UPDATE message_store.messages SET type = type WHERE global_position = 0;";

    // Who may not know when it began can only wait.
    let open = Open::with(&server, database, touch);
    let (behind, last, why) = unsettled(&address).expect("an old number may be that of the writer");
    assert_eq!((behind, last), (Some(21), Some(26)));
    assert!(
        why.contains("within 3 seconds: session ") && why.ends_with(" of postgres (lab)"),
        "{why}"
    );
    assert!(!server.log_of("refold").join("\n").contains(DRAWN));
    server.sql(database, &format!("GRANT pg_read_all_stats TO {READER}"));
    let store = opened(&address);
    assert_eq!(store.describe().unsettled, None);
    let told = store.describe().evidence.join("\n");
    assert!(
        told.contains(" since 20")
            && told.contains("but no number that was drawn since they began is missing up to position 26"),
        "{told}"
    );
    assert!(server.log_of("refold").join("\n").contains(DRAWN));
    // Where a session keeps numbers, one of them may be older than the transaction that uses it.
    let sequence = "ALTER SEQUENCE message_store.messages_global_position_seq";
    server.sql(database, &format!("{sequence} CACHE 5"));
    assert_eq!(unsettled(&address).map(|it| it.0), Some(Some(21)));
    server.sql(database, &format!("{sequence} CACHE 1"));
    assert_eq!(unsettled(&address), None);
    open.end();

    // 27, 29 and 31 are there, 28 was taken back just now, and 30 may still come.
    taken_back(3);
    let open = Open::with(&server, database, &Postgres::insert(4, 0));
    server.sql(database, &Postgres::insert(5, 0));
    let (behind, last, why) = unsettled(&address).expect("30 may still come");
    assert_eq!((behind, last), (Some(27), Some(31)));
    assert!(why.contains(" of postgres (lab) since 20"), "{why}");
    assert_eq!(positions(&address, 20), [21, 23, 24, 26, 27]);

    // By columns nobody may see who wrote a row.
    server.sql(
        database,
        &format!(
            "REVOKE SELECT ON message_store.messages FROM {READER};
             GRANT SELECT (global_position, position, time, stream_name, type, data, metadata, id) ON message_store.messages
             TO {READER}"
        ),
    );
    assert_eq!(unsettled(&address).map(|it| it.0), Some(Some(21)));
    server.sql(database, &format!("GRANT SELECT ON message_store.messages TO {READER}"));

    // Of one that is prepared nobody knows when it began.
    server.sql(
        database,
        &format!("BEGIN; {} PREPARE TRANSACTION 'late'", Postgres::insert(6, 0)),
    );
    let (behind, _, why) = unsettled(&address).expect("30 and others may still come");
    assert_eq!(behind, Some(21));
    assert!(why.contains(": a prepared transaction, session "), "{why}");
    server.sql(database, "COMMIT PREPARED 'late'");
    open.end();
    assert_eq!(unsettled(&address), None);
    assert_eq!(positions(&address, 20), [21, 23, 24, 26, 27, 29, 31, 32]);
}
