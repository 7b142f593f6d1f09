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
