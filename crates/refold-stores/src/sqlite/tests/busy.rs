//! Stores that somebody writes to all the while: what was committed is seen, and what does not rest is not called damaged.

use std::fs;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use refold_core::port::store::{Direction, StoreError};

use super::lab::{Seen, append_emmett, everything, open, positions, read_in};
use super::read_only::{WITHOUT_WAL, emmett};

/// Ends a writer when it is dropped.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Whether the store could be opened: then every event that was committed before is there. A writer that never rests may not
/// be copied; that is said, and nothing wrong is shown.
fn is_seen_whole(read: Result<(Vec<Seen>, Vec<&'static str>), StoreError>, at_least: i64) -> bool {
    match read {
        Ok((seen, findings)) => {
            let count = i64::try_from(seen.len()).unwrap();
            assert_eq!(findings, [""; 0]);
            assert!(count >= at_least, "{count} of {at_least} committed events were seen");
            assert_eq!(positions(&seen), (1..=count).collect::<Vec<_>>());
            true
        }
        Err(StoreError::Changed { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn every_event_committed_before_opening_is_seen_while_a_writer_without_a_log_goes_on() {
    let mut opened = 0;
    for journal_mode in WITHOUT_WAL {
        let (lab, writer) = emmett(journal_mode, 1);
        let (committed, is_over) = (AtomicI64::new(1), AtomicBool::new(false));
        let (committed, is_over) = (&committed, &is_over);
        std::thread::scope(|scope| {
            // Also when a check below fails: the scope waits for the writer.
            let _over = Over(is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let next = committed.load(Ordering::Acquire) + 1;
                    append_emmett(&writer, next, 1);
                    committed.store(next, Ordering::Release);
                    std::thread::yield_now();
                }
            });
            for _ in 0..8 {
                let at_least = committed.load(Ordering::Acquire);
                let read = open(&lab.path(), None, &lab.options_now())
                    .and_then(|store| read_in(&*store, everything(), Direction::Forward, 500));
                opened += u32::from(is_seen_whole(read, at_least));
            }
        });
    }
    assert!(opened > 0, "a busy store could never be opened");
}

/// In the middle of a write the header says more pages than are there yet: that is no damage.
#[test]
fn a_store_that_never_rests_is_not_called_cut_short() {
    let (lab, writer) = emmett("DELETE", 50);
    drop(writer);
    let whole = fs::read(lab.path()).unwrap();
    fs::write(lab.path(), &whole[..whole.len() - 512]).unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _over = Over(&is_over);
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let file = fs::OpenOptions::new().write(true).open(lab.path()).unwrap();
                (&file).write_all(&whole[..100]).unwrap();
                std::thread::yield_now();
            }
        });
        let error = open(&lab.path(), None, &lab.options_now())
            .err()
            .expect("it never rests");
        assert!(matches!(error, StoreError::Changed { .. }), "{error}");
    });
}

#[test]
fn every_event_committed_before_opening_is_seen_while_a_writer_goes_on() {
    let (lab, writer) = emmett("WAL", 1);
    // Frequent checkpoints make the log begin anew again and again.
    writer.execute_batch("PRAGMA wal_autocheckpoint = 3").unwrap();
    let (committed, is_over) = (AtomicI64::new(1), AtomicBool::new(false));
    let (committed, is_over) = (&committed, &is_over);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                let next = committed.load(Ordering::Acquire) + 1;
                append_emmett(&writer, next, 1);
                committed.store(next, Ordering::Release);
            }
        });
        let _over = Over(is_over);
        let mut opened = 0;
        let mut refused = 0;
        while opened < 8 && refused < 200 {
            let at_least = committed.load(Ordering::Acquire);
            let read = lab
                .open(None)
                .and_then(|store| read_in(&*store, everything(), Direction::Forward, 500));
            match is_seen_whole(read, at_least) {
                true => opened += 1,
                false => refused += 1,
            }
        }
        assert!(opened > 0, "a busy store could never be opened");
    });
}
