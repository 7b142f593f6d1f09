//! Writers that commit in another order than they drew their numbers in.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};

use refold_tests::mariadb::Mariadb;

use super::{opened, read_all, reading, store};

fn insert(writer: u32, version: u32, at: &str) -> String {
    format!("INSERT INTO stored_events VALUES (NULL, 'w-{writer}', {version}, 1, 'T', '{{}}', '{{}}', {at});")
}

/// One writer's transactions: each draws numbers, does something else for a while, writes on, and commits or not.
fn transactions(writer: u32, count: u32) -> String {
    let one = |n: u32| {
        let pause = format!("DO SLEEP({});", f64::from((n * 7 + writer * 13) % 11) / 2_000.0);
        let end = if (n + writer).is_multiple_of(9) {
            "ROLLBACK;"
        } else {
            "COMMIT;"
        };
        let [first, second, third] = [1, 2, 3].map(|part| insert(writer, n * 3 + part, "NOW()"));
        format!("START TRANSACTION; {first} {pause} {second} {pause} {third} {end}\n")
    };
    (0..count).map(one).collect()
}

/// An account that may see who writes.
fn watching(server: &Mariadb, database: &str) -> String {
    server.reader(database, "refold_watcher", &["stored_events"]);
    server.sql(database, "GRANT PROCESS ON *.* TO refold_watcher");
    server.address("refold_watcher", database)
}

#[test]
fn no_late_commit_is_lost_and_none_is_doubled() {
    let server = Mariadb::start(&[]);
    let database = "settling_writers";
    store(&server, database, 0);
    let address = watching(&server, database);
    let mut writers: Vec<_> = (0..5)
        .map(|writer| {
            let mut started = server
                .client(database)
                .stdout(std::process::Stdio::null())
                .spawn()
                .expect("the client is there");
            let script = transactions(writer, 240);
            let mut input = started.stdin.take().expect("its input is a pipe");
            let fed = std::thread::spawn(move || input.write_all(script.as_bytes()).expect("it reads what it is told"));
            (started, fed)
        })
        .collect();
    let (mut seen, mut last, mut looks) = (Vec::new(), None, 0);
    loop {
        let are_over = writers
            .iter_mut()
            .all(|(writer, _)| writer.try_wait().expect("it can be asked").is_some());
        let store = opened(&address);
        let read = read_all(&*store, last, 500, || {});
        last = read.last().map(|(position, _)| *position).or(last);
        seen.extend(read.into_iter().map(|(position, _)| position));
        looks += 1;
        if are_over {
            break;
        }
    }
    for (mut writer, fed) in writers {
        fed.join().expect("the script was taken");
        assert!(writer.wait().expect("it ends").success());
    }
    let written = server.sql(database, "SELECT id FROM stored_events ORDER BY 1");
    let written: Vec<i64> = written.lines().map(|line| line.parse().expect("a number")).collect();
    assert!(
        written.len() > 3_000 && looks > 2,
        "{} events, {looks} looks",
        written.len()
    );
    assert_eq!(
        seen.iter().collect::<BTreeSet<_>>().len(),
        seen.len(),
        "none is doubled"
    );
    assert_eq!(seen, written);
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
        let told = store.describe().evidence.join("\n");
        assert!(
            told.contains(what) && told.contains("behind position 100 up to 102"),
            "{told}"
        );
        assert!(store.is_current().expect("it can be asked"));
    }
    let (watched, guessed) = (opened(&watcher), opened(&reader));
    open.end("COMMIT;");
    for (store, address) in [(watched, &watcher), (guessed, &reader)] {
        assert!(
            !store.is_current().expect("it can be asked"),
            "there is more to see now"
        );
        let positions: Vec<i64> = read_all(&*opened(address), Some(99), 50, || {})
            .into_iter()
            .map(|(at, _)| at)
            .collect();
        assert_eq!(positions, [100, 101, 102]);
    }
    server.sql(
        database,
        &format!(
            "XA START 'late'; {} XA END 'late'; XA PREPARE 'late';",
            insert(3, 1, "NOW()")
        ),
    );
    server.sql(database, &insert(4, 1, "NOW()"));
    assert_eq!(
        read_all(&*opened(&watcher), None, 50, || {}).len(),
        102,
        "prepared is not over"
    );
    server.sql(database, "XA COMMIT 'late'");
    assert_eq!(read_all(&*opened(&watcher), None, 50, || {}).len(), 104);
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
    assert_eq!(read_all(&*opened(&address), None, 50, || {}).len(), 3);
}
