//! Writers that commit in another order than they drew their numbers in.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use refold_app::answer::{EventAnswer, json_line};
use refold_app::usecase::tail::{Tail, Told, tail};
use refold_core::work::{CancelToken, Silent, Work};

use super::writers::{Writers, written};
use super::{Real, opened, over_each, read_all, session};

over_each! {
    no_late_commit_is_lost_and_none_is_doubled
    who_follows_live_loses_no_late_commit_and_none_comes_twice
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

fn who_follows_live_loses_no_late_commit_and_none_comes_twice<R: Real>() {
    /// The writer of the event that is written when all others are over.
    const LAST: u32 = 99;
    /// Whoever waits longer than this for it waits in vain.
    const PATIENCE: Duration = Duration::from_secs(60);
    /// Writers of so many transactions each are enough, whoever follows.
    const MOST: u32 = 2_000;

    let server = R::alone();
    let database = "settling_live";
    server.store(database, 0);
    let home = tempfile::tempdir().expect("a folder for what is ours");
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let session = session(&server.watching(database), home.path()).expect("it opens");
    let (mut seen, goes, is_late) = (Vec::new(), AtomicU32::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (end, ended) = sync_channel::<()>(0);
        let (server, goes, is_late, stop) = (&server, &goes, &is_late, token.clone());
        scope.spawn(move || {
            let mut from = 0;
            while goes.load(Ordering::Relaxed) < 3 && from < MOST {
                Writers::start(server, database, &(from..from + 100)).join();
                from += 100;
            }
            server.sql(database, &R::insert(LAST, 0));
            // Nothing is ever sent: whoever follows is gone, or it takes too long.
            if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                is_late.store(true, Ordering::Relaxed);
                stop.cancel();
            }
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
        // However it ended, nobody goes on writing or waits.
        goes.store(3, Ordering::Relaxed);
        drop(end);
        assert!(ended.is_err() && token.is_cancelled(), "{ended:?}");
    });
    let is_late = is_late.load(Ordering::Relaxed);
    assert!(!is_late, "the last event did not come behind {} others", seen.len());
    assert!(seen.len() > 1_000, "{} events", seen.len());
    assert_eq!(seen, written(&server, database));
}
