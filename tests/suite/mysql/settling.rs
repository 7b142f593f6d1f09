//! What is settled where the server tells nobody who has drawn a number.

use std::io::{BufRead as _, BufReader, Write as _};

use refold_tests::mariadb::Mariadb;

use super::{reading, store, watching};
use crate::servers::{count, opened, positions, read_all};

fn insert(writer: u32, version: u32, at: &str) -> String {
    format!("INSERT INTO stored_events VALUES (NULL, 'w-{writer}', {version}, 1, 'T', '{{}}', '{{}}', {at});")
}

/// A session that holds what it does in a transaction open until it is told how to end it.
struct Open {
    process: std::process::Child,
    input: std::process::ChildStdin,
}

impl Open {
    fn with(server: &Mariadb, database: &str, sql: &str) -> Open {
        let mut process = server.client(database).spawn().expect("the client is there");
        let mut input = process.stdin.take().expect("its input is a pipe");
        input
            .write_all(format!("START TRANSACTION; {sql} SELECT 'done';\n").as_bytes())
            .expect("it reads what it is told");
        let out = process.stdout.as_mut().expect("its output is a pipe");
        BufReader::new(out).read_line(&mut String::new()).expect("it is done");
        Open { process, input }
    }

    fn end(mut self, how: &str) {
        self.input.write_all(how.as_bytes()).expect("it reads what it is told");
        drop(self.input);
        assert!(self.process.wait().expect("it ends").success());
    }
}

#[test]
fn what_an_open_or_prepared_transaction_may_still_fill_is_not_shown() {
    let server = Mariadb::start(&[]);
    let database = "settling_prepared";
    store(&server, database, 100);
    let (watcher, reader) = (watching(&server, database), reading(&server, database));
    let open = Open::with(&server, database, &insert(1, 1, "NOW()"));
    server.sql(database, &insert(2, 1, "NOW()"));
    for (address, what) in [
        (&watcher, "1 transactions that write"),
        (&reader, "in 1 places numbers are missing"),
    ] {
        let store = opened(address);
        assert_eq!(
            read_all(&*store, None, 50, || {}).len(),
            100,
            "102 is there, and 101 may still come"
        );
        let unsettled = store.describe().unsettled.clone().expect("not all is settled");
        let span = [unsettled.behind, unsettled.last].map(|it| it.map(|position| position.0));
        assert_eq!(span, [Some(100), Some(102)]);
        assert!(unsettled.why.contains(what), "{}", unsettled.why);
        assert!(store.is_current().expect("it can be asked"));
    }
    let (watched, guessed) = (opened(&watcher), opened(&reader));
    open.end("COMMIT;");
    for (store, address) in [(watched, &watcher), (guessed, &reader)] {
        assert!(
            !store.is_current().expect("it can be asked"),
            "there is more to see now"
        );
        assert_eq!(positions(address, 99), [100, 101, 102]);
    }
    server.sql(
        database,
        &format!(
            "XA START 'late'; {} XA END 'late'; XA PREPARE 'late';",
            insert(3, 1, "NOW()")
        ),
    );
    server.sql(database, &insert(4, 1, "NOW()"));
    assert_eq!(count(&watcher), 102, "prepared is not over");
    server.sql(database, "XA COMMIT 'late'");
    assert_eq!(count(&watcher), 104);
}

#[test]
fn without_the_right_to_see_writers_a_number_that_has_been_missing_for_long_is_no_gap() {
    let server = Mariadb::shared();
    let database = "settling_quiet";
    store(&server, database, 0);
    let address = reading(&server, database);
    // The number 2 was drawn and taken back two minutes before the newest event.
    server.sql(
        database,
        &format!(
            "{} START TRANSACTION; {} ROLLBACK; {} {}",
            insert(1, 1, "NOW() - INTERVAL 300 SECOND"),
            insert(1, 2, "NOW()"),
            insert(1, 2, "NOW() - INTERVAL 120 SECOND"),
            insert(1, 3, "NOW()")
        ),
    );
    let store = opened(&address);
    assert_eq!(read_all(&*store, None, 50, || {}).len(), 3);
    let told = store.describe().evidence.join("\n");
    assert!(told.contains("without the privilege PROCESS"), "{told}");
    // One that was drawn just now may still come, as far as anybody can tell.
    server.sql(
        database,
        &format!(
            "START TRANSACTION; {} ROLLBACK; {}",
            insert(1, 9, "NOW()"),
            insert(1, 4, "NOW()")
        ),
    );
    assert_eq!(count(&address), 3);
}

/// Whoever writes elsewhere on the server is not waited for where it tells who holds locks on the table.
#[test]
fn who_writes_to_other_tables_hides_nothing_where_the_server_tells_of_locks() {
    let server = Mariadb::start(&[]);
    let database = "settling_elsewhere";
    store(&server, database, 20);
    server.sql(
        database,
        &format!(
            "START TRANSACTION; {} ROLLBACK; {} CREATE TABLE elsewhere(id int PRIMARY KEY);",
            insert(1, 1, "NOW()"),
            insert(1, 1, "NOW()")
        ),
    );
    let address = watching(&server, database);
    let behind = || {
        let unsettled = opened(&address).describe().unsettled.clone()?;
        Some((unsettled.behind.map(|position| position.0), unsettled.why))
    };
    let elsewhere = Open::with(&server, database, "INSERT INTO elsewhere VALUES (1);");
    let (at, why) = behind().expect("it may have drawn 21");
    assert_eq!(at, Some(20));
    assert!(
        why.starts_with("1 transactions that write were not over within 3 seconds: connection ")
            && why.ends_with(" by the clock of the server"),
        "{why}"
    );
    server.sql(database, "INSTALL SONAME 'metadata_lock_info'");
    assert_eq!(behind(), None);
    assert_eq!(positions(&address, 19), [20, 22]);
    // Whoever wrote to the table is, and also whoever has only begun to.
    for there in [
        insert(2, 1, "NOW()"),
        "SELECT * FROM stored_events WHERE id = 22 FOR UPDATE;".to_owned(),
    ] {
        let open = Open::with(&server, database, &there);
        let (at, why) = behind().expect("it may have drawn 21");
        assert_eq!(at, Some(20), "{there}");
        assert!(
            why.starts_with("1 transactions that write to the store were not over"),
            "{why}"
        );
        open.end("ROLLBACK;");
        assert_eq!(behind(), None);
    }
    elsewhere.end("COMMIT;");
}

/// Once whoever prepared it is gone, the server shows it as that of nobody.
#[test]
fn a_transaction_that_is_prepared_while_it_is_waited_for_is_not_over() {
    let server = Mariadb::start(&[]);
    let database = "settling_left";
    store(&server, database, 20);
    let address = watching(&server, database);
    let mut process = server.client(database).spawn().expect("the client is there");
    let mut input = process.stdin.take().expect("its input is a pipe");
    input
        .write_all(format!("XA START 'late'; {} SELECT 'done';\n", insert(1, 1, "NOW()")).as_bytes())
        .expect("it reads what it is told");
    let out = process.stdout.as_mut().expect("its output is a pipe");
    BufReader::new(out).read_line(&mut String::new()).expect("it is done");
    server.sql(database, &insert(2, 1, "NOW()"));
    let store = opened(&address);
    assert_eq!(
        read_all(&*store, None, 50, || {}).len(),
        20,
        "22 is there, and 21 may still come"
    );
    assert!(store.is_current().expect("it can be asked"));
    input
        .write_all(b"XA END 'late'; XA PREPARE 'late';")
        .expect("it reads what it is told");
    drop(input);
    assert!(process.wait().expect("it ends").success());
    for _ in 0..3 {
        assert!(store.is_current().expect("it can be asked"), "prepared is not over");
    }
    server.sql(database, "XA COMMIT 'late'");
    // What the server shows of transactions is up to a tenth of a second old, so one look may still see it.
    assert!(
        (0..2).any(|_| !store.is_current().expect("it can be asked")),
        "there is more to see now"
    );
    assert_eq!(positions(&address, 19), [20, 21, 22]);
}
