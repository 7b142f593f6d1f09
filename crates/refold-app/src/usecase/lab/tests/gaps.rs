//! A stream whose third version is missing: what is said of states at cursors around the gap.

use std::path::Path;
use std::sync::Arc;

use refold_core::event::{Encoding, Position, Version};
use refold_core::time::Timestamp;
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::super::known::{Order, Question, corrections, known};
use super::super::why::why;
use super::super::why_not::{AskedEvents, why_not};
use super::*;
use crate::usecase::blame::blame;
use crate::usecase::causation::causation;
use crate::usecase::diff::diff;
use crate::usecase::events::{Events, events};
use crate::usecase::field_history::field_history;
use crate::usecase::state::state;
use crate::usecase::story::story;

const HOUR: i64 = 60 * 60 * 1_000_000_000;
const NEW_YEAR: i64 = 18_262 * 24 * HOUR;

/// v1, v2, v4, v5 at #10, #20, #40, #50, an hour apart but for the gap, which is of two.
fn session(folder: &Path) -> Session {
    let events = [1_i64, 2, 4, 5].map(|version| MemoryEvent {
        position: Position(version * 10),
        stream: b"counter-1".to_vec(),
        category: b"counter".to_vec(),
        version: Version(version),
        event_type: b"Counted".to_vec(),
        recorded_at: Timestamp(NEW_YEAR + version * HOUR),
        payload: Some(format!("{{\"n\":{version}}}").into_bytes()),
        encoding: Encoding::Json,
        metadata: None,
    });
    Session::of_store(Arc::new(MemoryStore::new("gap", events.to_vec())), "memory", folder)
}

/// Where a state at each cursor is incomplete since.
const SINCE: [(&str, Option<&str>); 16] = [
    ("start", None),
    ("v1", None),
    ("v2", None),
    ("v3", Some("3")),
    ("v4", Some("4")),
    ("head", Some("4")),
    ("#10", None),
    ("#19", None),
    ("#20", None),
    ("#21", Some("3")),
    ("#39", Some("3")),
    ("#40", Some("4")),
    ("2020-01-01T01:59:59Z", None),
    ("2020-01-01T02:00:00Z", Some("3")), // the missing one may be of the same time
    ("2020-01-01T03:30:00Z", Some("3")),
    ("2020-01-01T04:00:00Z", Some("4")),
];

#[test]
fn a_state_at_a_cursor_within_a_gap_is_incomplete_since_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path());
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let (stream, handler) = ("counter-1", None);
    for (at, since) in SINCE {
        let told = state(&work, &session, stream, at, handler).unwrap();
        assert_eq!(told.incomplete_since.as_deref(), since, "state at {at}");
        if at == "start" {
            continue;
        }
        let told = diff(&work, &session, stream, "start", at, handler).unwrap();
        assert_eq!(told.incomplete_since.as_deref(), since, "diff to {at}");
        assert_eq!(told.unclear.is_some(), since.is_some(), "diff to {at}");
        let told = why(&work, &session, stream, "/n", at, handler, 20).unwrap();
        assert_eq!(told.incomplete_since.as_deref(), since, "why at {at}");
        let told = blame(&work, &session, stream, at, None, handler).unwrap();
        assert_eq!(told.incomplete_since.as_deref(), since, "blame at {at}");
        let told = why_not(&work, &session, stream, "/n", AskedEvents::One(at), handler, 20).unwrap();
        assert_eq!(told.incomplete_since.as_deref(), since, "why-not at {at}");
        let scope = Scope::Until { stream, cursor: at };
        let told = check(&work, &session, scope, handler, Some("state.n < 99"), Keeping::Anew);
        assert_eq!(told.unwrap().answer.exact, since.is_none(), "check until {at}");
        let question = Question {
            about: "2020-02-01T00:00:00Z",
            known_at: at,
            handler,
            occurred: None,
            order: Order::Recorded,
        };
        let told = known(&work, &session, stream, question).unwrap();
        assert_eq!(told.incomplete_since.as_deref(), since, "known at {at}");
        if at.starts_with('2') {
            let question = Question { about: at, ..question };
            let told = known(&work, &session, stream, question).unwrap();
            assert_eq!(told.incomplete_since.as_deref(), since, "known about {at}");
            let question = Question {
                known_at: "head",
                ..question
            };
            let told = corrections(&work, &session, stream, question).unwrap();
            assert_eq!(told.incomplete_since.as_deref(), since, "corrections about {at}");
        }
    }
}

#[test]
fn a_branch_of_a_stream_with_a_gap_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path());
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let edits = whatif::Edits::read("edits.json", br#"{"refold": "whatif/1", "edits": [{"skip": "v5"}]}"#).unwrap();
    let told = whatif::whatif(&work, &session, "counter-1", None, &edits).unwrap();
    assert_eq!(told.incomplete_since.as_deref(), Some("4"));
    let codes: Vec<&str> = told.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["version-gap"]);
    let handler = crate::handler::DEFAULT;
    let edit = [r#"{"skip": "v5"}"#.to_owned()];
    let opened = sandbox::Sandbox::open(&work, &session, "counter-1", handler, &edit).unwrap();
    assert_eq!(opened.describe(1).incomplete_since, "4");
}

#[test]
fn a_failure_behind_missing_events_is_not_minimized() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path());
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let of = |condition: &str, extent| {
        let failure = Failure::Invariant {
            id: condition,
            unless: None,
        };
        minimize(&work, &session, "counter-1", None, failure, extent)
    };
    for extent in [Extent::Smallest, Extent::Whole] {
        let refused = of("state.n < 4", extent).unwrap_err();
        assert_eq!(refused.code, crate::ErrorCode::InvalidInput);
        assert!(
            refused.message.contains("events before v4 are missing"),
            "{}",
            refused.message
        );
        let shown = of("state.n < 2", extent).unwrap();
        assert!(shown.failure.is_some(), "it shows before the gap");
    }
}

#[test]
fn a_field_and_a_story_tell_of_the_gap() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path());
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let codes = |findings: &[crate::wire::FindingWire]| {
        let codes = findings.iter().map(|finding| finding.code.clone());
        codes.collect::<Vec<_>>()
    };
    let field = field_history(&work, &session, "counter-1", "/n", None).unwrap();
    assert_eq!(field.incomplete_since.as_deref(), Some("4"));
    assert_eq!(codes(&field.findings), ["version-gap"]);
    let told = story(&work, &session, "counter-1", &Events::default(), None, &mut |_| Ok(())).unwrap();
    assert_eq!(codes(&told), ["version-gap"]);
}

#[test]
fn an_invariant_of_a_branch_is_unclear_behind_missing_events() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path());
    let rules = "refold: reducer/1
initial: { n: 0 }
on:
  Counted: [ { set: { n: event.data.n } } ]
invariants:
  - { id: small, expr: state.n < 4 }
  - { id: tiny, expr: state.n < 2 }
  - { id: any, expr: state.n < 99 }
";
    let handler = folder.path().join("reducer.yaml");
    std::fs::write(&handler, rules).unwrap();
    let handler = handler.to_string_lossy();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    for edit in [r#"{"skip": "v1"}"#, r#"{"skip": "v4"}"#, r#"{"skip": "v5"}"#] {
        let text = format!(r#"{{"refold": "whatif/1", "edits": [{edit}]}}"#);
        let edits = whatif::Edits::read("edits.json", text.as_bytes()).unwrap();
        let told = whatif::whatif(&work, &session, "counter-1", Some(&handler), &edits).unwrap();
        let version = |event: &Option<whatif::SandboxEvent>| event.as_ref().and_then(|of| of.event.version.clone());
        for of in &told.invariants {
            // At v2 all is there still.
            let broken = (of.id == "tiny").then(|| "2".to_owned());
            for course in [&of.record, &of.sandbox] {
                assert_eq!(version(&course.first_broken), broken, "{} with {edit}", of.id);
                assert_eq!(
                    version(&course.unclear_since).as_deref(),
                    Some("4"),
                    "{} with {edit}",
                    of.id
                );
                assert_eq!(course.is_broken_at_head, broken.is_some(), "{} with {edit}", of.id);
            }
        }
    }
}

/// What lists events, or is about one, has no state that could be incomplete: it says what is missing where it ends.
#[test]
fn what_ends_among_missing_events_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path());
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let codes = |findings: &[crate::wire::FindingWire]| {
        let codes = findings
            .iter()
            .filter(|of| matches!(of.code.as_str(), "in-gap" | "version-gap"));
        codes.map(|of| of.code.clone()).collect::<Vec<_>>()
    };
    for (at, since) in SINCE {
        let expected: &[&str] = match since {
            None => &[],
            Some("3") => &["in-gap"],
            Some(_) => &["version-gap"],
        };
        let asked = Events {
            to: Some(at.to_owned()),
            ..Events::default()
        };
        let told = events(&work, &session, "counter-1", &asked, &mut |_| Ok(())).unwrap();
        assert_eq!(codes(&told), expected, "history to {at}");
        let told = story(&work, &session, "counter-1", &asked, None, &mut |_| Ok(())).unwrap();
        assert_eq!(
            codes(&told).contains(&"in-gap".to_owned()),
            since == Some("3"),
            "story to {at}"
        );
        let scope = Scope::Until {
            stream: "counter-1",
            cursor: at,
        };
        let told = gate::gate(&work, &session, scope, Some(&order("1.1.0"))).unwrap();
        assert_eq!(codes(&told.findings), expected, "gate until {at}");
        if at != "start" {
            let told = causation(&work, &session, "counter-1", at, false).unwrap().answer();
            let is_told = codes(&told.findings).contains(&"in-gap".to_owned());
            assert_eq!(is_told, since == Some("3"), "causes at {at}");
        }
    }
    // From the first event that is there: what is missing before it is none of the answer's, and behind it is.
    let from = |cursor: &str| Events {
        from: Some(cursor.to_owned()),
        ..Events::default()
    };
    for (cursor, expected) in [("v3", vec!["version-gap"]), ("v4", vec!["version-gap"]), ("v5", vec![])] {
        let told = events(&work, &session, "counter-1", &from(cursor), &mut |_| Ok(())).unwrap();
        assert_eq!(codes(&told), expected, "history from {cursor}");
    }
    let told = events(&work, &session, "counter-1", &from("v3"), &mut |_| Ok(())).unwrap();
    let gap = told.iter().find(|of| of.code == "version-gap").unwrap();
    assert_eq!((gap.count, gap.version.as_deref()), (1, Some("4")));
}
