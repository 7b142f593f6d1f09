//! Which streams of the list are marked.

use std::fs;

use crate::desk::Desk;
use crate::places::Places;
use crate::wire::{StreamQuery, StreamRow};

/// More than findings of one code are kept whole.
const BROKEN: u32 = 230;

fn lines() -> String {
    let line = |stream: &str, version: u32, second: u32| {
        format!(
            r#"{{"stream":"{stream}","version":{version},"type":"Placed","recorded_at":"2026-08-01T00:00:{second:02}Z","payload":{{}}}}"#
        )
    };
    let mut lines = Vec::new();
    for at in 0..BROKEN {
        lines.extend([line(&format!("gap-{at}"), 1, 1), line(&format!("gap-{at}"), 3, 2)]);
        lines.extend([line(&format!("back-{at}"), 1, 3), line(&format!("back-{at}"), 2, 2)]);
        lines.extend([line(&format!("whole-{at}"), 1, 4), line(&format!("whole-{at}"), 2, 5)]);
    }
    lines.join("\n") + "\n"
}

#[test]
fn every_stream_is_marked_in_which_something_was_found_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("events.jsonl");
    fs::write(&store, lines()).unwrap();
    let desk = Desk::at(Places::below(&folder.path().join("home")), None);
    let session = desk.open_store(store.to_str().unwrap(), None).unwrap().session;
    desk.index_store(session, &|_| {}).unwrap();
    let query = StreamQuery {
        limit: 10_000,
        ..StreamQuery::default()
    };
    let rows = desk.streams(session, &query).unwrap().rows;
    assert_eq!(rows.len(), 3 * BROKEN as usize);
    for StreamRow { id, problems, .. } in rows {
        let expected: &[&str] = match id.split_once('-').unwrap().0 {
            "gap" => &["version-gap"],
            "back" => &["clock-backwards"],
            _ => &[],
        };
        assert_eq!(problems, expected, "{id}");
    }
}
