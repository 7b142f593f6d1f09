use std::sync::Arc;

use proptest::prelude::*;
use refold_core::event::{Encoding, Position, Version};
use refold_core::finding::Findings;
use refold_core::time::Timestamp;
use refold_core::work::{CancelToken, Silent};
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::*;

/// A stream of merge patches, one a second.
pub(in crate::usecase) fn session(payloads: &[String]) -> Session {
    let events = payloads.iter().zip(1..).map(|(payload, place)| MemoryEvent {
        position: Position(place * 10),
        stream: b"s".to_vec(),
        category: b"c".to_vec(),
        version: Version(place),
        event_type: b"Patched".to_vec(),
        recorded_at: Timestamp(place * 1_000_000_000),
        payload: Some(payload.as_bytes().to_vec()),
        encoding: Encoding::Json,
        metadata: None,
    });
    let store = MemoryStore::new("fields", events.collect());
    Session::of_store(Arc::new(store), "memory", Path::new("/nowhere"))
}

pub(in crate::usecase) fn read(session: &Session, path: &str) -> (Stream, FieldHistory) {
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let stream = Stream::load(&work, session, "s", &Findings::default()).unwrap();
    let program = handler::open(None).unwrap();
    let path = Pointer::parse(path).unwrap();
    let field = FieldHistory::read(&work, session, &stream, program.as_ref(), &path, None).unwrap();
    (stream, field)
}

/// What a merge patch makes of member `a` of the state, event by event.
fn expected(patches: &[Option<Option<i64>>]) -> Vec<(u32, Option<String>)> {
    let mut values: Vec<(u32, Option<String>)> = vec![(0, None)];
    for (patch, moment) in patches.iter().zip(1_u32..) {
        let Some(value) = patch else { continue };
        let value = value.map(|number| number.to_string());
        if values.last().unwrap().1 != value {
            values.push((moment, value));
        }
    }
    values
}

proptest! {
    /// `None`: the event says nothing of the field; `Some(None)`: it removes it.
    #[test]
    fn knows_every_value_and_no_other(
        patches in proptest::collection::vec(proptest::option::of(proptest::option::of(0..3_i64)), 1..40),
    ) {
        let payloads: Vec<String> = patches.iter().map(|patch| match patch {
            None => r#"{"other":1}"#.to_owned(),
            Some(None) => r#"{"a":null}"#.to_owned(),
            Some(Some(number)) => format!(r#"{{"a":{number}}}"#),
        }).collect();
        let (_, field) = read(&session(&payloads), "/a");
        let found: Vec<(u32, Option<String>)> = field
            .values
            .iter()
            .map(|of| (of.moment.0, of.value.as_ref().map(Value::display_json)))
            .collect();
        prop_assert_eq!(found, expected(&patches));
    }
}

#[test]
fn tells_literals_apart_that_are_equal_as_amounts() {
    let payloads = ["0.1", "0.10", "9007199254740993", "1e400"].map(|number| format!(r#"{{"a":{number}}}"#));
    let (_, field) = read(&session(&payloads), "/a");
    let shown: Vec<String> = field
        .shown()
        .iter()
        .map(|of| of.value.as_ref().unwrap().display_json())
        .collect();
    assert_eq!(shown, ["0.1", "0.10", "9007199254740993", "1e400"]);
}

#[test]
fn writes_exact_literals_as_csv_and_replaces_only_its_like() {
    let payloads = [
        r#"{"a":"say \"no\", twice"}"#,
        r#"{"a":0.10}"#,
        r#"{"a":null}"#,
        "{\"a\":\"\u{202e}\"}",
    ]
    .map(str::to_owned);
    let session = session(&payloads);
    let (stream, field) = read(&session, "/a");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    for _ in 0..2 {
        write_csv(&session, &stream, &field, &file).unwrap();
    }
    let csv = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(
        lines,
        [
            "version,position,recorded_at,type,value",
            r#"1,10,1970-01-01T00:00:01.000000000Z,Patched,"""say \""no\"", twice""""#,
            "2,20,1970-01-01T00:00:02.000000000Z,Patched,0.10",
            "3,30,1970-01-01T00:00:03.000000000Z,Patched,",
            r#"4,40,1970-01-01T00:00:04.000000000Z,Patched,"""\u202e""""#,
            "",
        ]
    );
    std::fs::write(&file, "somebody's own").unwrap();
    let error = write_csv(&session, &stream, &field, &file).unwrap_err();
    assert!(error.to_string().contains("what is there is no table"), "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "somebody's own");
}

#[test]
fn a_cancelled_read_ends_without_an_answer() {
    let payloads = vec![r#"{"a":1}"#.to_owned(); 10_000];
    let session = session(&payloads);
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let stream = Stream::load(&work, &session, "s", &Findings::default()).unwrap();
    cancel.cancel();
    let program = handler::open(None).unwrap();
    let read = FieldHistory::read(&work, &session, &stream, program.as_ref(), &Pointer::ROOT, None);
    assert_eq!(read.err().map(|error| error.code), Some(crate::ErrorCode::Cancelled));
}
