//! Stores written by the libraries themselves, against what the libraries read back from them.
//!
//! `cargo xtask test libraries` installs Emmett, pyeventsourcing, cqrs-es and the SDK of EventSourcingDB, and says where
//! they are; without that these tests fail, and do not pass unseen.

mod chained;
mod exported;

use std::path::{Path, PathBuf};
use std::process::Command;

use refold_core::event::{Columns, Encoding, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, ReadQuery, Scope};
use refold_core::value::Value;
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::OpenOptions;
use serde_json::Value as Json;

/// An event as a library or as we read it.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    position: i64,
    stream: String,
    version: String,
    event_type: String,
    /// What the library upcasts by.
    schema_version: Option<String>,
    payload: Option<Json>,
}

/// Runs a writer of `fixtures/libraries`; what it prints is what the library reads.
fn write_and_read_back(mut command: Command) -> Vec<Seen> {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("the writers print UTF-8");
    let mut seen: Vec<Seen> = text.lines().map(parse).collect();
    seen.sort_by_key(|event| event.position);
    seen
}

fn parse(line: &str) -> Seen {
    // JSON of JavaScript may hold a lone surrogate, which serde_json refuses; it is told apart by its escape alone.
    let event: Json =
        serde_json::from_str(&line.replace("\\ud800", "<lone surrogate>")).expect("one JSON object a line");
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    Seen {
        position: text("position").parse().expect("positions are integers"),
        stream: text("stream"),
        version: text("version"),
        event_type: text("type"),
        schema_version: event["schema_version"].as_str().map(str::to_owned),
        payload: Some(event["payload"].clone()).filter(|payload| !payload.is_null()),
    }
}

/// Reads the store as Refold does, the whole of it and stream by stream; both must agree.
fn read(store: &Path) -> (Vec<Seen>, Vec<&'static str>) {
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let location = store.to_str().expect("paths of tests are UTF-8");
    let scratch = tempfile::tempdir().expect("a folder for private copies");
    let options = OpenOptions::in_scratch(scratch.path().to_owned());
    let opened = refold_stores::open(&work, location, None, &options).unwrap_or_else(|error| panic!("{error}"));
    let (mut names, findings) = (Names::default(), Findings::default());
    let mut read_scope = |scope: Scope| {
        let query = ReadQuery {
            scope,
            direction: Direction::Forward,
            columns: Columns::ALL,
        };
        let mut reader = opened.read(&query).expect("a read starts");
        let (mut batch, mut seen) = (EventBatch::default(), Vec::new());
        while reader
            .next_batch(&work, 16, &mut batch, &mut names, &findings)
            .expect("a batch comes")
        {
            seen.extend((0..batch.len()).map(|row| see(&batch, row, &names)));
        }
        seen
    };
    let all = read_scope(Scope::All {
        after: None,
        up_to: None,
    });
    let mut streams: Vec<&str> = all.iter().map(|event| event.stream.as_str()).collect();
    streams.sort_unstable();
    streams.dedup();
    for stream in streams {
        let mut expected: Vec<Seen> = all.iter().filter(|event| event.stream == stream).cloned().collect();
        expected.sort_by_key(|event| event.version.parse::<i64>().expect("versions are integers"));
        assert_eq!(
            read_scope(Scope::Stream {
                id: stream.into(),
                from: None,
                to: None
            }),
            expected
        );
    }
    (all, findings.summary().into_iter().map(|(code, _, _)| code).collect())
}

fn see(batch: &EventBatch, row: usize, names: &Names) -> Seen {
    let event = batch.event(row);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the libraries write UTF-8");
    let payload = event
        .payload
        .filter(|_| event.encoding == Encoding::Json)
        .map(|payload| {
            Value::from_json(payload, 128).expect("the exact reader takes what the library wrote");
            serde_json::from_str(&text(payload).replace("\\ud800", "<lone surrogate>")).expect("it is JSON")
        });
    Seen {
        position: event.position.0,
        stream: text(names.stream(event.stream)),
        version: event.version.0.to_string(),
        event_type: text(names.type_name(event.event_type)),
        schema_version: event.schema_version.map(text),
        payload,
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/libraries")
}

fn installed(variable: &str) -> PathBuf {
    let place = std::env::var_os(variable);
    PathBuf::from(place.unwrap_or_else(|| panic!("{variable} is not set: run `cargo xtask test libraries`")))
}

#[test]
fn emmett() {
    let folder = tempfile::tempdir().expect("a folder for the store");
    let store = folder.path().join("emmett.db");
    let mut command = Command::new("node");
    command.arg(installed("REFOLD_EMMETT").join("write.mjs")).arg(&store);
    let written = write_and_read_back(command);
    let (seen, findings) = read(&store);
    assert_eq!(written.len(), 56);
    assert_eq!(seen, written);
    assert_eq!(findings, [""; 0]);
    assert_eq!(schema_column(&store), "0 0 0 3");
}

/// What Emmett writes into `message_schema_version` of a stream's three events of one append and one of another: the
/// version of the stream before the append. The layout leaves the column out, and must map it should this ever change.
fn schema_column(store: &Path) -> String {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = rusqlite::Connection::open_with_flags(store, flags).expect("the store is closed");
    let ask = "SELECT group_concat(message_schema_version, ' ') FROM \
               (SELECT * FROM emt_messages WHERE stream_id = 'order-1' ORDER BY stream_position)";
    database
        .query_row(ask, [], |row| row.get(0))
        .expect("the column is there")
}

fn pyeventsourcing(kind: &str) -> (Vec<Seen>, Vec<Seen>, Vec<&'static str>) {
    let folder = tempfile::tempdir().expect("a folder for the store");
    let store = folder.path().join("pyeventsourcing.db");
    let mut command = Command::new(installed("REFOLD_PYEVENTSOURCING").join("bin/python"));
    command
        .arg(fixtures().join("pyeventsourcing/write.py"))
        .arg(&store)
        .arg(kind);
    let written = write_and_read_back(command);
    let (seen, findings) = read(&store);
    assert_eq!(written.len(), 61);
    (written, seen, findings)
}

#[test]
fn pyeventsourcing_as_json() {
    let (written, seen, findings) = pyeventsourcing("plain");
    assert_eq!(seen, written);
    assert_eq!(findings, [""; 0]);
}

#[test]
fn pyeventsourcing_compressed() {
    let (written, seen, findings) = pyeventsourcing("zlib");
    assert_eq!(seen, written);
    assert_eq!(findings, [""; 0]);
}

#[test]
fn pyeventsourcing_encrypted_is_shown_as_undecodable() {
    let (written, seen, findings) = pyeventsourcing("encrypted");
    assert_eq!(seen, written);
    assert!(seen.iter().all(|event| event.payload.is_none()));
    assert_eq!(findings, ["undecodable"]);
}
