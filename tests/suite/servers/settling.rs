//! Writers that commit in another order than they drew their numbers in.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::ops::Range;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;

use refold_app::answer::{EventAnswer, json_line};
use refold_app::connections::password::Passwords;
use refold_app::connections::{Asked, Named, url};
use refold_app::usecase::tail::{Tail, Told, tail};
use refold_app::{Places, Session};
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::secret::Secret;

use super::{Real, opened, over_each, read_all};

over_each! {
    no_late_commit_is_lost_and_none_is_doubled
    who_follows_live_loses_no_late_commit_and_none_comes_twice
}

/// One writer's transactions: each draws numbers, does something else for a while, writes on, and commits or not.
fn transactions<R: Real>(writer: u32, numbers: Range<u32>) -> String {
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
    numbers.map(one).collect()
}

/// Clients that write all at once, each with the thread that tells it what.
struct Writers(Vec<(Child, JoinHandle<()>)>);

impl Writers {
    fn start<R: Real>(server: &R, database: &str, numbers: &Range<u32>) -> Writers {
        let start = |writer| {
            let client = server.client(database).stdout(Stdio::null()).spawn();
            let mut started = client.expect("the client is there");
            let script = transactions::<R>(writer, numbers.clone());
            let mut input = started.stdin.take().expect("its input is a pipe");
            let fed = std::thread::spawn(move || input.write_all(script.as_bytes()).expect("it reads what it is told"));
            (started, fed)
        };
        Writers((0..5).map(start).collect())
    }

    fn are_over(&mut self) -> bool {
        let mut clients = self.0.iter_mut().map(|(client, _)| client);
        clients.all(|client| client.try_wait().expect("it can be asked").is_some())
    }

    fn join(self) {
        for (mut client, fed) in self.0 {
            fed.join().expect("the script was taken");
            assert!(client.wait().expect("it ends").success());
        }
    }
}

/// The positions that are in the store.
fn written<R: Real>(server: &R, database: &str) -> Vec<i64> {
    let written = server.sql(database, R::POSITIONS);
    written.lines().map(|line| line.parse().expect("a number")).collect()
}

fn no_late_commit_is_lost_and_none_is_doubled<R: Real>() {
    // Where writers are seen, those of the whole server are.
    let server = R::alone();
    let database = "settling_writers";
    server.store(database, 0);
    let address = server.watching(database);
    let mut writers = Writers::start(&server, database, &(0..240));
    let (mut seen, mut last, mut looks) = (Vec::new(), None, 0);
    loop {
        let are_over = writers.are_over();
        let read = read_all(&*opened(&address), last, 500, || {});
        last = read.last().map(|(position, _)| *position).or(last);
        seen.extend(read.into_iter().map(|(position, _)| position));
        looks += 1;
        if are_over {
            break;
        }
    }
    writers.join();
    let written = written(&server, database);
    let count = written.len();
    assert!(count > 3_000 && looks > 2, "{count} events, {looks} looks");
    let different: BTreeSet<_> = seen.iter().collect();
    assert_eq!(different.len(), seen.len(), "none is doubled");
    assert_eq!(seen, written);
}

/// The password of whoever follows.
struct Known(Option<Secret>);

impl Passwords for Known {
    fn password(&self, _: &str) -> Option<Secret> {
        self.0.clone()
    }
}

fn who_follows_live_loses_no_late_commit_and_none_comes_twice<R: Real>() {
    /// The writer of the event that is written when all others are over.
    const LAST: u32 = 99;

    let server = R::alone();
    let database = "settling_live";
    server.store(database, 0);
    let (connection, password) = url::parse(&server.watching(database)).unwrap_or_else(|error| panic!("{error:?}"));
    let asked = Asked {
        store: Named::As(Box::new(connection)),
        passwords: Arc::new(Known(password)),
        ..Asked::at("")
    };
    let home = tempfile::tempdir().expect("a folder for what is ours");
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let session = Session::open_asked(&work, &asked, &Places::below(home.path())).expect("it opens");
    let (mut seen, goes) = (Vec::new(), AtomicU32::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut from = 0;
            while goes.load(Ordering::Relaxed) < 3 {
                Writers::start(&server, database, &(from..from + 100)).join();
                from += 100;
            }
            server.sql(database, &R::insert(LAST, 0));
        });
        let mut visit = |event: EventAnswer| {
            let line = json_line(&event)?;
            let position: i64 = event.position.parse().expect("a number");
            seen.push(position);
            if line.contains(&format!("w-{LAST}")) {
                token.cancel();
            }
            Ok(())
        };
        let mut flush = || {
            goes.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        let mut told = Told {
            event: &mut visit,
            findings: &mut |_| Ok(()),
            flush: &mut flush,
        };
        let ended = tail(&work, &session, &Tail::default(), &mut told);
        // However it ended, nobody goes on writing.
        goes.store(3, Ordering::Relaxed);
        assert!(ended.is_err() && token.is_cancelled(), "{ended:?}");
    });
    assert!(seen.len() > 1_000, "{} events", seen.len());
    assert_eq!(seen, written(&server, database));
}
