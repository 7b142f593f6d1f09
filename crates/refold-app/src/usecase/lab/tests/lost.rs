//! A file of events without versions, with records that cannot be read: what is said of streams that they name, and of
//! others.

use std::collections::BTreeMap;

use super::super::known::{Order, Question, known};
use super::*;
use crate::usecase::blame::blame;
use crate::usecase::field_history::field_history;
use crate::usecase::state::state;

/// Positions are numbers of lines. The record at #3 names `a`, that at #6 names nothing, and that at #8, which is cut off,
/// names `b`.
const LINES: [&str; 8] = [
    r#"{"stream":"a","type":"T","recorded_at":"2026-08-01T10:00:00Z","payload":{"n":1}}"#,
    r#"{"stream":"b","type":"T","recorded_at":"2026-08-01T10:00:00Z","payload":{"n":1}}"#,
    r#"{"stream":"a","type":"T","recorded_at":"2026-08-01T10:00:00Z","payload":{"n":2}"#,
    r#"{"stream":"a","type":"T","recorded_at":"2026-08-01T10:00:00Z","payload":{"n":3}}"#,
    r#"{"stream":"b","type":"T","recorded_at":"2026-08-01T10:00:00Z","payload":{"n":2}}"#,
    r#"{"type":"T","#,
    r#"{"stream":"c","type":"T","recorded_at":"2026-08-01T10:00:00Z","payload":{"n":1}}"#,
    r#"{"stream":"b","type":"T","payl"#,
];

fn with_session<T>(lines: &[&str], ask: impl FnOnce(&Work<'_>, &Session) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("events.jsonl");
    std::fs::write(&store, lines.join("\n")).unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let places = Places::below(&folder.path().join("home"));
    let session = Session::open(&work, &store.to_string_lossy(), None, &places).unwrap();
    ask(&work, &session)
}

#[test]
fn a_stream_that_an_unreadable_record_names_is_incomplete_since_it() {
    with_session(&LINES, |work, session| {
        let cases = [
            ("a", "start", None),
            ("a", "#1", None),
            ("a", "#3", Some("#4")),
            ("a", "#4", Some("#4")),
            ("a", "head", Some("#4")),
            ("b", "#2", None),
            ("b", "#5", None),
            ("b", "#7", None),
            ("b", "#8", Some("#8")),
            ("b", "head", Some("#8")),
            ("c", "head", None),
        ];
        for (stream, at, since) in cases {
            let told = state(work, session, stream, at, None).unwrap();
            assert_eq!(told.incomplete_since.as_deref(), since, "{stream} at {at}");
            if at == "start" {
                continue;
            }
            let told = blame(work, session, stream, at, None, None).unwrap();
            assert_eq!(told.incomplete_since.as_deref(), since, "blame of {stream} at {at}");
        }
        let told = field_history(work, session, "b", "/n", None).unwrap();
        assert_eq!(told.incomplete_since.as_deref(), Some("#8"));
        for (stream, since) in [("a", Some("#4")), ("b", Some("#8")), ("c", None)] {
            let question = Question {
                about: "2030-01-01T00:00:00Z",
                known_at: "head",
                handler: None,
                occurred: None,
                order: Order::Recorded,
            };
            let told = known(work, session, stream, question).unwrap();
            assert_eq!(told.incomplete_since.as_deref(), since, "known of {stream}");
        }
    });
}

/// Of which stream the record at #6 is nobody can tell: every answer shows it, and says so.
#[test]
fn a_record_that_names_no_stream_is_told_of_every_stream() {
    with_session(&LINES, |work, session| {
        for stream in ["a", "b", "c"] {
            let told = state(work, session, stream, "head", None).unwrap();
            let found = told.findings.iter().find(|of| of.code == "not-an-event").unwrap();
            assert_eq!((found.count, found.stream.as_deref()), (2, Some("a")), "{stream}");
        }
    });
    let alone: Vec<&str> = [LINES[6], LINES[5], LINES[6], ""].to_vec();
    with_session(&alone, |work, session| {
        let told = state(work, session, "c", "head", None).unwrap();
        assert_eq!(told.incomplete_since, None, "it may be of another stream");
        let found = told.findings.iter().find(|of| of.code == "not-an-event").unwrap();
        assert!(
            found.stream.is_none() && found.detail.ends_with("states of any may lack it"),
            "{found:?}"
        );
    });
}

/// Whichever way all streams are folded.
#[test]
fn of_all_streams_those_that_lack_a_record_are_incomplete() {
    for before in 0..3 {
        with_session(&LINES, |work, session| {
            if before > 0 {
                session.build_index(work).unwrap();
            }
            if before > 1 {
                session.build_arena(work).unwrap();
            }
            let mut incomplete = BTreeMap::new();
            let told = states(work, session, Scope::All, None, &mut |head| {
                incomplete.insert(head.stream.to_string(), head.incomplete);
                Ok(())
            });
            let expected = [("a", true), ("b", true), ("c", false)].map(|(name, is)| (name.to_owned(), is));
            assert_eq!(incomplete, BTreeMap::from(expected));
            assert_eq!(told.unwrap().incomplete_streams, 2);
            // What breaks behind the record might not with it.
            let told = check(work, session, Scope::All, None, Some("state.n < 3"), Keeping::Anew);
            let told = told.unwrap().answer;
            assert_eq!((told.exact, told.violation_count), (false, 0), "{}", told.sentence);
        });
    }
}

/// Where versions go on one by one nothing is missing between them, whatever stands there.
#[test]
fn versions_that_go_on_leave_no_room_for_a_record() {
    let event =
        |version: u32| format!(r#"{{"stream":"a","version":{version},"type":"T","payload":{{"n":{version}}}}}"#);
    let broken = r#"{"stream":"a","version":2,"type":"T","payload":{"n"#;
    let since = |lines: &[&str], at: &str| {
        with_session(lines, |work, session| {
            state(work, session, "a", at, None).unwrap().incomplete_since
        })
    };
    let [first, second, third, fourth] = [1, 2, 3, 4].map(event);
    assert_eq!(since(&[&first, broken, &second, &third, ""], "head"), None);
    assert_eq!(since(&[&first, broken, &third, ""], "head").as_deref(), Some("3"));
    assert_eq!(
        since(&[&first, &second, &third, &fourth, broken], "head").as_deref(),
        Some("5")
    );
    assert_eq!(since(&[&first, &second, &third, &fourth, broken], "v4"), None);
}
