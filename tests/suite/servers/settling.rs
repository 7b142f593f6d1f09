//! Writers that commit in another order than they drew their numbers in.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use refold_app::answer::{EventAnswer, json_line};
use refold_app::usecase::tail::{Tail, Told, tail};
use refold_app::wire::StoreNews;
use refold_app::{Desk, Places};
use refold_core::work::{CancelToken, Silent, Work};
use refold_tests::postgres::Postgres;

use super::anchored::Open;
use super::writers::{Writers, written};
use super::{Real, opened, over_each, read_all, session};

over_each! {
    no_late_commit_is_lost_and_none_is_doubled
    who_follows_live_loses_no_late_commit_and_none_comes_twice
    who_follows_live_is_told_of_committed_events_that_are_held_back
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
            held: &mut |_| {},
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

/// A transaction is open, and another commits behind it: said once, and once when it is over.
fn who_follows_live_is_told_of_committed_events_that_are_held_back<R: Real>() {
    const PATIENCE: Duration = Duration::from_secs(60);
    let server = R::alone();
    let database = "settling_held";
    server.store(database, 3);
    let home = tempfile::tempdir().expect("a folder for what is ours");
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let session = session(&server.watching(database), home.path()).expect("it opens");
    let mut open = Some(Open::with(&server, database, &R::insert(1, 0)));
    server.sql(database, &R::insert(2, 0));
    let said = std::cell::RefCell::new(Vec::new());
    std::thread::scope(|scope| {
        let (end, ended) = sync_channel::<()>(0);
        let stop = token.clone();
        scope.spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                stop.cancel();
            }
        });
        let mut event = |event: EventAnswer| {
            said.borrow_mut().push(format!("#{}", event.position));
            Ok(())
        };
        let mut held = |sentence: &str| {
            said.borrow_mut().push(sentence.to_owned());
            match open.take() {
                Some(open) => open.end(),
                None => token.cancel(),
            }
        };
        let mut told = Told {
            event: &mut event,
            findings: &mut |_| Ok(()),
            held: &mut held,
            flush: &mut || Ok(()),
        };
        let ended = tail(&work, &session, &Tail::default(), &mut told);
        drop(end);
        assert!(ended.is_err_and(|error| error.is_cancelled()));
    });
    let said = said.into_inner();
    let [begun, event, over] = said.as_slice() else {
        panic!("{said:?}");
    };
    assert!(begun.starts_with("held back behind #3 since "), "{said:?}");
    assert!(event == "#5" && over.starts_with("no longer held back"), "{said:?}");
}

#[test]
fn a_window_says_for_as_long_as_it_lasts_that_committed_events_are_held_back() {
    const PATIENCE: Duration = Duration::from_secs(60);
    let server = Postgres::start();
    let database = "settling_window";
    let address = Real::store(&server, database, 3);
    for is_indexed in [true, false] {
        let home = tempfile::tempdir().expect("a home for the window");
        let desk = Desk::at(Places::below(home.path()), None);
        let session = desk.open_store(&address, None).expect("the store is opened").session;
        if is_indexed {
            desk.index_store(session, &|_| {}).expect("it is indexed");
        }
        let (tell, news) = sync_channel::<StoreNews>(64);
        desk.watch_store(session, Arc::new(move |told| drop(tell.send(told))))
            .expect("it is watched");
        let told = || {
            let told = news.recv_timeout(PATIENCE).expect("it is told");
            assert!(told.lost.is_none(), "{:?}", told.lost);
            told
        };
        assert_eq!(told().held_back, None);
        let open = Open::with(&server, database, &Postgres::insert(1, 0));
        let committed = Postgres::insert(if is_indexed { 2 } else { 3 }, 0);
        server.sql(database, &committed);
        let held = loop {
            if let Some(held) = told().held_back {
                break held;
            }
        };
        let behind = if is_indexed { "3" } else { "5" };
        assert_eq!(held.behind, behind, "{held:?}");
        open.end();
        let after = loop {
            let told = told();
            if told.held_back.is_none() {
                break told;
            }
        };
        assert_eq!(after.new_events, 1);
    }
}
