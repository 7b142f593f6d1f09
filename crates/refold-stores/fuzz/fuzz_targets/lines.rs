//! Any bytes as a file of events: every record is an event or a finding.
#![no_main]

use std::fs;
use std::sync::LazyLock;

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::{LayoutChoice, OpenOptions};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap());

const CSV: &str = r#"
version = 1
name = "csv"
dialect = "csv"
[[source]]
[map]
global_position = { column = "a" }
stream_id = { column = "b" }
event_type = { column = "c" }
recorded_at = { column = "d" }
[map.payload]
column = "e"
"#;

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| {
    let (kind, bytes) = input;
    let path = FOLDER.path().join("events.jsonl");
    fs::write(&path, bytes).unwrap();
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let named = |name: &str| LayoutChoice::Named { name: name.to_owned(), table: None };
    let choice = match kind % 4 {
        0 => Some(named("json-lines")),
        1 => Some(named("cloudevents")),
        2 => Some(LayoutChoice::Document(Box::new(refold_stores::layout::read_layout(CSV).unwrap()))),
        _ => None,
    };
    let options = OpenOptions { scratch: FOLDER.path().join("scratch") };
    let Ok(store) = refold_stores::open(&work, path.to_str().unwrap(), choice.as_ref(), &options) else { return };
    let query = ReadQuery {
        scope: Scope::All { after: None, up_to: None },
        direction: Direction::Forward,
        columns: Columns::ALL,
    };
    let Ok(mut reader) = store.read(&query) else { return };
    let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
    let mut count = 0;
    while let Ok(true) = reader.next_batch(&work, 64, &mut batch, &mut names, &findings) {
        count += batch.len() as u64;
        batch.clear();
    }
    if store.describe().kind != "SQLite" {
        assert_eq!(store.describe().event_count, Some(count));
    }
});
