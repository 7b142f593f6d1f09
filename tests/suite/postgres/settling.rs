//! Writers that commit in another order than they drew their numbers in.

use std::collections::BTreeSet;
use std::io::Write as _;

use refold_tests::postgres::Postgres;

use super::{opened, read_all};

/// One writer's transactions: each draws numbers, does something else for a while, writes on, and commits or not.
fn transactions(writer: u32, count: u32) -> String {
    let one = |n: u32| {
        let insert = |part: u32| {
            format!(
                "INSERT INTO message_store.messages(position, stream_name, type, data) VALUES ({}, 'w-{writer}', 'T', '{{}}');",
                n * 3 + part
            )
        };
        let pause = format!("SELECT pg_sleep({});", f64::from((n * 7 + writer * 13) % 11) / 2_000.0);
        let end = if (n + writer).is_multiple_of(9) {
            "ROLLBACK;"
        } else {
            "COMMIT;"
        };
        format!(
            "BEGIN; {} {pause} {} {pause} {} {end}\n",
            insert(0),
            insert(1),
            insert(2)
        )
    };
    (0..count).map(one).collect()
}

#[test]
fn no_late_commit_is_lost_and_none_is_doubled() {
    let server = Postgres::shared();
    let database = "settling_writers";
    server.accounts(database, 0);
    let address = server.address("refold_reader", database);
    let mut writers: Vec<_> = (0..5)
        .map(|writer| {
            let mut started = server
                .client(database)
                .stdout(std::process::Stdio::null())
                .spawn()
                .expect("psql is there");
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
    let written = server.sql(
        database,
        "SELECT global_position FROM message_store.messages ORDER BY 1",
    );
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
    let told = store.describe().evidence.join("\n");
    assert!(
        told.contains("1 transactions that write") && told.contains("behind position 100 up to 102"),
        "{told}"
    );
    assert!(store.is_current().expect("it can be asked"));
    server.sql(database, "COMMIT PREPARED 'late'");
    assert!(
        !store.is_current().expect("it can be asked"),
        "there is more to see now"
    );
    let positions: Vec<i64> = read_all(&*opened(&address), Some(99), 50, || {})
        .into_iter()
        .map(|(at, _)| at)
        .collect();
    assert_eq!(positions, [100, 101, 102]);
}
