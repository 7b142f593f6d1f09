//! Writers that commit in another order than they drew their numbers in.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Stdio;

use super::{Real, opened, over_each, read_all};

over_each! { no_late_commit_is_lost_and_none_is_doubled }

/// One writer's transactions: each draws numbers, does something else for a while, writes on, and commits or not.
fn transactions<R: Real>(writer: u32, count: u32) -> String {
    let one = |n: u32| {
        let pause = R::pause(f64::from((n * 7 + writer * 13) % 11) / 2_000.0);
        let end = if (n + writer).is_multiple_of(9) {
            "ROLLBACK;"
        } else {
            "COMMIT;"
        };
        let [first, second, third] = [0, 1, 2].map(|part| R::insert(writer, n * 3 + part));
        format!("{} {first} {pause} {second} {pause} {third} {end}\n", R::BEGIN)
    };
    (0..count).map(one).collect()
}

fn no_late_commit_is_lost_and_none_is_doubled<R: Real>() {
    // Where writers are seen, those of the whole server are.
    let server = R::alone();
    let database = "settling_writers";
    server.store(database, 0);
    let address = server.watching(database);
    let mut writers: Vec<_> = (0..5)
        .map(|writer| {
            let client = server.client(database).stdout(Stdio::null()).spawn();
            let mut started = client.expect("the client is there");
            let script = transactions::<R>(writer, 240);
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
        let read = read_all(&*opened(&address), last, 500, || {});
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
    let written = server.sql(database, R::POSITIONS);
    let written: Vec<i64> = written.lines().map(|line| line.parse().expect("a number")).collect();
    let count = written.len();
    assert!(count > 3_000 && looks > 2, "{count} events, {looks} looks");
    let different: BTreeSet<_> = seen.iter().collect();
    assert_eq!(different.len(), seen.len(), "none is doubled");
    assert_eq!(seen, written);
}
