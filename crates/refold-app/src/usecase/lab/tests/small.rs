//! Stores of a few events, and handlers of a few lines: events that are not folded, for they cannot be read or the
//! handler fails on them, handlers that do not make the same of the same events, and values that are null.

use std::path::Path;
use std::sync::Arc;

use refold_core::event::{Encoding, Position, Version};
use refold_core::time::Timestamp;
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::super::known::{Order, Question, corrections, known};
use super::super::why::why;
use super::super::why_not::{AskedEvents, WhyNotAnswer, why_not};
use super::*;

const DAY: i64 = 24 * 60 * 60 * 1_000_000_000;
const NEW_YEAR: i64 = 18_262 * DAY;

/// An event a day, from 2020-01-01 on.
pub(super) fn session(events: &[(&str, &str)], folder: &Path) -> Session {
    let events = (1_i64..)
        .zip(events)
        .map(|(version, (event_type, payload))| MemoryEvent {
            position: Position(version),
            stream: b"person-1".to_vec(),
            category: b"person".to_vec(),
            version: Version(version),
            event_type: event_type.as_bytes().to_vec(),
            recorded_at: Timestamp(NEW_YEAR + (version - 1) * DAY),
            payload: Some(payload.as_bytes().to_vec()),
            encoding: Encoding::Json,
            metadata: None,
        });
    Session::of_store(Arc::new(MemoryStore::new("small", events.collect())), "memory", folder)
}

/// The second cannot be read. In the order in which they happened it comes third.
const BROKEN: [(&str, &str); 4] = [
    ("Moved", r#"{"at":"2020-01-09T00:00:00Z","a":1}"#),
    ("Moved", r#"{"at":"#),
    ("Moved", r#"{"at":"2020-01-01T06:00:00Z","b":1}"#),
    ("Moved", r#"{"at":"2020-01-01T03:00:00Z","c":1}"#),
];

#[test]
fn what_is_found_in_an_event_is_told_once_and_where_it_leaves_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(&BROKEN, folder.path());
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let counts = |findings: &[crate::wire::FindingWire]| {
        let counts = findings.iter().map(|finding| (finding.code.clone(), finding.count));
        counts.collect::<Vec<_>>()
    };
    let once = [("RF-EVENT-MALFORMED".to_owned(), 1)];
    for order in [Order::Recorded, Order::Occurred] {
        let question = Question {
            about: "2020-02-01T00:00:00Z",
            known_at: "head",
            handler: None,
            occurred: Some("/at"),
            order,
        };
        let answer = known(&work, &session, "person-1", question).unwrap();
        assert_eq!(
            (answer.incomplete_since.as_deref(), answer.order),
            (
                Some("2"),
                if order == Order::Recorded {
                    "recorded"
                } else {
                    "occurred"
                }
            )
        );
        assert_eq!(counts(&answer.findings), once);
        let question = Question {
            about: "2020-01-03T12:00:00Z",
            ..question
        };
        let answer = corrections(&work, &session, "person-1", question).unwrap();
        assert_eq!(answer.incomplete_since.as_deref(), Some("2"));
        assert_eq!(counts(&answer.findings), once);
    }
    let question = Question {
        about: "2020-01-01T12:00:00Z",
        known_at: "head",
        handler: None,
        occurred: None,
        order: Order::Either,
    };
    let before = corrections(&work, &session, "person-1", question).unwrap();
    assert_eq!((before.incomplete_since, counts(&before.findings)), (None, Vec::new()));
}

/// What is known at a moment is what would be known had nothing been recorded since.
#[test]
fn corrections_known_at_a_moment_are_those_of_a_store_that_ends_there() {
    let events = [
        ("Moved", r#"{"at":"2020-01-01T00:00:00Z","a":1}"#),
        ("Moved", r#"{"at":"2020-01-09T00:00:00Z","b":1}"#),
        ("Moved", r#"{"at":"2020-01-02T06:00:00Z","c":1}"#),
        ("Moved", r#"{"at":"2020-01-01T03:00:00Z","a":2}"#),
        ("Moved", r#"{"at":"2020-01-07T03:00:00Z","d":2}"#),
        ("Moved", r#"{"at":"2020-01-03T03:00:00Z","e":2}"#),
    ];
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let corrected = |events: &[(&str, &str)], known_at: &str| {
        let folder = tempfile::tempdir().unwrap();
        let session = session(events, folder.path());
        let asked = Question {
            about: "2020-01-03T12:00:00Z",
            known_at,
            handler: None,
            occurred: Some("/at"),
            order: Order::Recorded,
        };
        let answer = corrections(&work, &session, "person-1", asked);
        answer.map(|it| (format!("{:?} {:?}", it.changes, it.late), it.late_count, it.early_count))
    };
    let mut late = Vec::new();
    for until in 3..=events.len() {
        let of_moment = corrected(&events, &format!("v{until}")).unwrap();
        assert_eq!(of_moment, corrected(&events[..until], "head").unwrap(), "v{until}");
        assert_eq!(of_moment.2, 1);
        late.push(of_moment.1);
    }
    assert_eq!(late, [0, 1, 1, 2]);
    let earlier = corrected(&events, "v2").unwrap_err();
    assert!(
        earlier.message.starts_with("what is known at v2 is less than"),
        "{}",
        earlier.message
    );
}

const RULES: &str = "
refold: reducer/1
initial: { open: true, note: { by: x } }
on:
  Closed:
    - require: event.data.sure
    - set: { open: false }
  Opened:
    - set: { open: true }
  Wiped:
    - remove: note
      when: event.data.sure
";

fn asked(events: &[(&str, &str)], path: &str, asked: AskedEvents<'_>) -> WhyNotAnswer {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("reducer.yaml");
    std::fs::write(&rules, RULES).unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let session = session(events, folder.path());
    let handler = rules.to_string_lossy();
    why_not(&work, &session, "person-1", path, asked, Some(&handler), 20).unwrap()
}

#[test]
fn what_comes_after_a_fault_was_given_to_no_rule() {
    let events = [
        ("Opened", "{}"),
        ("Closed", r#"{"sure":false}"#),
        ("Closed", r#"{"sure":true}"#),
        ("Opened", "{}"),
    ];
    let all = AskedEvents::Span {
        from: "start",
        to: "head",
    };
    let answer = asked(&events, "/open", all);
    let told: Vec<_> = answer.misses.iter().map(|miss| miss.moment).collect();
    assert_eq!(told, [2, 1], "those after the fault have no reason of their own");
    let stopped = answer.stopped.unwrap();
    assert_eq!((stopped.event.version.as_deref(), stopped.events), (Some("2"), 2));
    assert_eq!(answer.misses[0].fault.as_ref(), Some(&stopped.fault));
    let last = asked(&events, "/open", AskedEvents::One("v4"));
    assert_eq!((last.misses.len(), last.stopped.unwrap().events), (0, 1));
    assert!(asked(&events, "/open", AskedEvents::One("v2")).stopped.is_none());
}

#[test]
fn a_rule_that_takes_a_place_away_was_tried() {
    let answer = asked(&[("Wiped", r#"{"sure":false}"#)], "/note/by", AskedEvents::One("head"));
    assert_eq!(answer.types[0].writes, Some(true));
    let tried = &answer.misses[0].tried[0];
    assert_eq!((tried.does, tried.kept_by), ("remove", "guard"));
    assert!(!tried.otherwise.as_ref().unwrap().present);
}

#[test]
fn an_event_that_cannot_be_read_does_not_silence_those_before_it() {
    let events = [("Wiped", r#"{"sure":false}"#), ("Wiped", "{"), ("Opened", "{}")];
    let all = AskedEvents::Span {
        from: "start",
        to: "head",
    };
    let answer = asked(&events, "/note", all);
    let told: Vec<_> = answer.misses.iter().map(|miss| (miss.moment, miss.unread)).collect();
    assert_eq!((told, answer.untold), (vec![(2, true), (1, false)], None));
}

#[test]
fn of_a_package_as_it_was_deployed_nobody_knows_which_rules_write() {
    let handler = order("as-deployed");
    let answer = with_session(|work, session| {
        let last = AskedEvents::One("head");
        why_not(work, session, "order-4711", "/customerId", last, Some(&handler), 20)
    });
    let answer = answer.unwrap();
    assert_eq!(answer.types[0].writes, None);
    assert!(answer.untold.is_some());
}

#[test]
fn what_was_null_is_told_from_what_was_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("reducer.yaml");
    let text = "refold: reducer/1\ninitial: { a: null }\non:\n  Set: [ { set: { a: 1, b: null } } ]\n";
    std::fs::write(&rules, text).unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let session = session(&[("Set", "{}")], folder.path());
    let step = |path: &str| {
        let answer = why(
            &work,
            &session,
            "person-1",
            path,
            "head",
            Some(&rules.to_string_lossy()),
            20,
        )
        .unwrap();
        serde_json::to_value(&answer.steps[0]).unwrap()
    };
    let (a, b) = (step("/a"), step("/b"));
    assert_eq!(
        (a.get("before"), a.get("after")),
        (Some(&serde_json::Value::Null), Some(&1.into()))
    );
    assert_eq!(
        (b.get("before"), b.get("after")),
        (None, Some(&serde_json::Value::Null))
    );
}

/// Each fold is another random state.
#[cfg(unix)]
#[test]
fn a_handler_that_is_random_is_not_said_to_depend_on_the_order() {
    const HANDLER: &str = "import json, os, sys\n\
        for line in sys.stdin:\n\
        \x20   asked = json.loads(line)\n\
        \x20   state = {asked.get('key', ''): os.urandom(8).hex()}\n\
        \x20   print(json.dumps({'ok': True, 'states': state} if asked['cmd'] == 'state' else {'ok': True}), flush=True)\n";
    let folder = tempfile::tempdir().unwrap();
    let version = folder.path().join("random/versions/1");
    std::fs::create_dir_all(&version).unwrap();
    let manifest = "format = \"refold-handler/1\"\nname = \"random\"\n[[version]]\nid = \"1\"\nruntime = \"process\"\n";
    std::fs::write(folder.path().join("random/handler.toml"), manifest).unwrap();
    std::fs::write(
        version.join("process.toml"),
        "command = [\"python3\", \"handler.py\"]\n",
    )
    .unwrap();
    std::fs::write(version.join("handler.py"), HANDLER).unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let session = session(&BROKEN[2..], folder.path());
    let handler = folder.path().join("random");
    let handler = handler.to_string_lossy();
    for order in [Order::Either, Order::Occurred] {
        let question = Question {
            about: "2020-02-01T00:00:00Z",
            known_at: "head",
            handler: Some(&handler),
            occurred: Some("/at"),
            order,
        };
        let refused = known(&work, &session, "person-1", question).unwrap_err();
        assert!(
            refused.message.starts_with("RF-NONDETERMINISTIC"),
            "{}",
            refused.message
        );
        let refused = corrections(&work, &session, "person-1", question);
        assert!(refused.unwrap_err().message.starts_with("RF-NONDETERMINISTIC"));
    }
}
