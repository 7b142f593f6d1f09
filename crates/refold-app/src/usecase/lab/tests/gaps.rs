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
use crate::usecase::diff::diff;
use crate::usecase::events::Events;
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
