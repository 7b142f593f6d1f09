//! Any bytes as a database: events come, or findings, or an error, in bounded time.
#![no_main]

use std::fs;
use std::sync::LazyLock;

use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};
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
    let options = OpenOptions { scratch: FOLDER.path().join("scratch") };
    let Ok(store) = refold_stores::open(&work, path.to_str().unwrap(), None, &options) else { return };
    let _ = store.fingerprint();
    let _ = store.split(3);
    let _ = store.raw(Position(1));
    for scope in [
        Scope::All { after: None, up_to: None },
        Scope::Stream { id: b"order-1".to_vec(), from: None, to: None },
        Scope::Positions((0..9).map(Position).collect()),
    ] {
        for direction in [Direction::Forward, Direction::Backward] {
            let query = ReadQuery { scope: scope.clone(), direction, columns: Columns::ALL };
            let Ok(mut reader) = store.read(&query) else { continue };
            let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
            let mut count = 0;
            while let Ok(true) = reader.next_batch(&work, 64, &mut batch, &mut names, &findings) {
                for row in 0..batch.len() {
                    let event = batch.event(row);
                    names.stream(event.stream);
                    names.type_name(event.event_type);
                }
                count += batch.len();
                assert!(count < MOST_EVENTS);
                batch.clear();
            }
        }
    }
});
