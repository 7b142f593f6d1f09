//! Any bytes as a database: events come, or findings, or an error, in bounded time. What is read in bulk is what statements
//! read, or damage is told.
#![no_main]

use std::fs;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, ReadQuery, Scope};
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::OpenOptions;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap());

/// More events than this cannot lie in a file of the size that the fuzzer makes.
const MOST_EVENTS: usize = 1_000_000;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = FOLDER.path().join("store.db");
    fs::write(&path, bytes).unwrap();
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let scratch = FOLDER.path().join("scratch");
    // Long after it was written, so that the file itself is read.
    let options = OpenOptions {
        opened_at: SystemTime::now() + Duration::from_secs(3_600),
        ..OpenOptions::in_scratch(scratch)
    };
    let Ok(store) = refold_stores::open(&work, path.to_str().unwrap(), None, &options) else { return };
    let _ = store.fingerprint();
    let _ = store.split(3);
    let _ = store.raw(Position(1));
    let Ok(statements) = refold_stores::open_by_statements(&work, path.to_str().unwrap(), &options) else { return };
    for scope in [
        Scope::All { after: None, up_to: None },
        Scope::Stream { id: b"order-1".to_vec(), from: None, to: None },
        Scope::Positions((0..9).map(Position).collect()),
    ] {
        for direction in [Direction::Forward, Direction::Backward] {
            let query = ReadQuery { scope: scope.clone(), direction, columns: Columns::ALL };
            let Some((ours, is_damaged)) = read(&*store, &query, &work) else { continue };
            if direction == Direction::Forward && !is_damaged {
                let Some((theirs, is_damaged)) = read(&*statements, &query, &work) else { continue };
                assert!(!is_damaged, "only statements tell of damage in {scope:?}");
                assert_eq!(ours, theirs, "{scope:?}");
            }
        }
    }
});

/// Each event as text, and whether anything told of damage.
fn read(store: &dyn EventStore, query: &ReadQuery, work: &Work<'_>) -> Option<(Vec<String>, bool)> {
    let mut reader = store.read(query).ok()?;
    let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
    let mut events = Vec::new();
    let end = loop {
        match reader.next_batch(work, 64, &mut batch, &mut names, &findings) {
            Ok(true) => {}
            end => break end,
        }
        for row in 0..batch.len() {
            let event = batch.event(row);
            let (stream, event_type) = (names.stream(event.stream), names.type_name(event.event_type));
            events.push(format!("{stream:?} {event_type:?} {event:?}"));
        }
        assert!(events.len() < MOST_EVENTS);
    };
    let is_damaged = end.is_err() || findings.summary().iter().any(|(code, _, _)| *code == "damaged");
    Some((events, is_damaged))
}
