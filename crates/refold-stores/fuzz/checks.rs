//! What the fuzz targets check, so that a test can replay their corpora.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, ReadQuery, Scope};
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::{LayoutChoice, OpenOptions, case};
use sha2::{Digest as _, Sha256};

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

/// Any text as a layout document: it is read or refused with a place in it, and never panics.
pub fn layout(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(fault) = refold_stores::layout::read_layout(text) {
        let lines = text.split('\n').count();
        assert!(
            fault.line >= 1 && fault.column >= 1 && fault.line as usize <= lines.max(1),
            "{fault}"
        );
    }
}

/// Any bytes as a file of events, of the kind that the first byte says: every record is an event or a finding. `folder`
/// is where the file is made.
pub fn lines(input: &[u8], folder: &Path) {
    let Some((kind, bytes)) = input.split_first() else {
        return;
    };
    let path = folder.join("events.jsonl");
    fs::write(&path, bytes).expect("the file is written");
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let named = |name: &str| LayoutChoice::Named {
        name: name.to_owned(),
        table: None,
    };
    let choice = match kind % 5 {
        0 => Some(named("json-lines")),
        1 => Some(named("cloudevents")),
        2 => Some(named("eventsourcingdb")),
        3 => Some(LayoutChoice::Document(Box::new(
            refold_stores::layout::read_layout(CSV).expect("the layout is right"),
        ))),
        _ => None,
    };
    let options = at_rest(folder);
    let location = path.to_str().expect("the folder's name is UTF-8");
    if let Ok(store) = refold_stores::open(&work, location, choice.as_ref(), &options) {
        count_events(&work, store.as_ref());
    }
}

/// Long after the file was written, so that nobody waits for its writer.
fn at_rest(folder: &Path) -> OpenOptions {
    OpenOptions {
        opened_at: SystemTime::now() + Duration::from_secs(3_600),
        ..OpenOptions::in_scratch(folder.join("scratch"))
    }
}

/// Any bytes as a head and events that somebody sealed as they are: every record is an event or a finding, whatever the
/// head says. Without the seal nothing opens.
pub fn case(input: &[u8], folder: &Path) {
    let path = folder.join("any.refold-case");
    let location = path.to_str().expect("the folder's name is UTF-8");
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let options = at_rest(folder);
    let mut bytes = [case::MAGIC, input, b"\n"].concat();
    fs::write(&path, &bytes).expect("the file is written");
    let is_sealed_already = input.windows(6).any(|part| part == b"sha256");
    let opened = refold_stores::open(&work, location, None, &options);
    assert!(opened.is_err() || is_sealed_already, "it opened without a seal");
    let digest: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    for count in 0..4 {
        let seal = case::seal_line(count, &digest);
        let length = bytes.len();
        bytes.extend_from_slice(seal.as_bytes());
        fs::write(&path, &bytes).expect("the file is written");
        if let Ok(store) = refold_stores::open(&work, location, None, &options) {
            assert_eq!(store.describe().event_count, Some(u64::from(count)));
            count_events(&work, store.as_ref());
        }
        bytes.truncate(length);
    }
}

/// As many events come as the store says that there are.
fn count_events(work: &Work<'_>, store: &dyn EventStore) {
    let query = ReadQuery {
        scope: Scope::All {
            after: None,
            up_to: None,
        },
        direction: Direction::Forward,
        columns: Columns::ALL,
    };
    let Ok(mut reader) = store.read(&query) else { return };
    let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
    let mut count = 0;
    while let Ok(true) = reader.next_batch(work, 64, &mut batch, &mut names, &findings) {
        count += batch.len() as u64;
    }
    if store.describe().kind != "SQLite" {
        assert_eq!(store.describe().event_count, Some(count));
    }
}
