//! Clients that write all at once, and commit in another order than they drew their numbers in.

use std::io::Write as _;
use std::ops::Range;
use std::process::{Child, Stdio};
use std::thread::JoinHandle;

use super::Real;

/// One writer's transactions: each draws numbers, does something else for a while, writes on, and commits, or where it
/// `gives_up` does not.
fn transactions<R: Real>(writer: u32, numbers: Range<u32>, gives_up: fn(u32) -> bool) -> String {
    let one = |n: u32| {
        let pause = R::pause(f64::from((n * 7 + writer * 13) % 11) / 2_000.0);
        let end = if gives_up(n + writer) { "ROLLBACK;" } else { "COMMIT;" };
        let [first, second, third] = [0, 1, 2].map(|part| R::insert(writer, n * 3 + part));
        format!("{} {first} {pause} {second} {pause} {third} {end}\n", R::BEGIN)
    };
    numbers.map(one).collect()
}

/// Clients that write all at once, each with the thread that tells it what.
pub struct Writers(Vec<(Child, JoinHandle<()>)>);

impl Writers {
    /// Some of their transactions are taken back.
    pub fn start<R: Real>(server: &R, database: &str, numbers: &Range<u32>) -> Writers {
        Writers::start_with(server, database, numbers, |n| n.is_multiple_of(9))
    }

    /// All that they write is there in the end.
    pub fn start_steady<R: Real>(server: &R, database: &str, numbers: &Range<u32>) -> Writers {
        Writers::start_with(server, database, numbers, |_| false)
    }

    fn start_with<R: Real>(server: &R, database: &str, numbers: &Range<u32>, gives_up: fn(u32) -> bool) -> Writers {
        let start = |writer| {
            let client = server.client(database).stdout(Stdio::null()).spawn();
            let mut started = client.expect("the client is there");
            let script = transactions::<R>(writer, numbers.clone(), gives_up);
            let mut input = started.stdin.take().expect("its input is a pipe");
            let fed = std::thread::spawn(move || input.write_all(script.as_bytes()).expect("it reads what it is told"));
            (started, fed)
        };
        Writers((0..5).map(start).collect())
    }

    pub fn are_over(&mut self) -> bool {
        let mut clients = self.0.iter_mut().map(|(client, _)| client);
        clients.all(|client| client.try_wait().expect("it can be asked").is_some())
    }

    pub fn join(self) {
        for (mut client, fed) in self.0 {
            fed.join().expect("the script was taken");
            assert!(client.wait().expect("it ends").success());
        }
    }
}

/// The positions that are in the store.
pub fn written<R: Real>(server: &R, database: &str) -> Vec<i64> {
    let written = server.sql(database, R::POSITIONS);
    written.lines().map(|line| line.parse().expect("a number")).collect()
}
