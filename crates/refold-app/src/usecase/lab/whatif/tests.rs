//! Leaving an event out gives the state of a store that never had it.

use std::path::Path;

use refold_core::work::{CancelToken, Silent, Work};

use super::*;
use crate::mask::{Log, Mask};
use crate::places::Places;
use crate::usecase;

const RULES: &str = "refold: reducer/1
initial: { status: none, total: 0, paid: 0 }
on:
  Placed: [ { set: { status: \"'placed'\" } } ]
  Added: [ { add: { total: event.data.price } } ]
  Paid:
    - add: { paid: event.data.amount }
    - { when: state.paid >= state.total, set: { status: \"'paid'\" } }
  Shipped: [ { require: \"state.status == 'paid'\", message: not paid }, { set: { status: \"'shipped'\" } } ]
invariants:
  - { id: paid-enough, expr: \"state.status != 'paid' || state.paid == state.total\" }
";

const EVENTS: [(&str, &str); 6] = [
    ("Placed", "{}"),
    ("Added", r#"{"price":12.50}"#),
    ("Added", r#"{"price":7.50}"#),
    ("Paid", r#"{"amount":20.00}"#),
    ("Noted", r#"{"text":"thanks"}"#),
    ("Shipped", "{}"),
];

struct Lab {
    folder: tempfile::TempDir,
}

impl Lab {
    fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("reducer.yaml"), RULES).unwrap();
        Lab { folder }
    }

    fn handler(&self) -> String {
        self.folder.path().join("reducer.yaml").to_string_lossy().into_owned()
    }

    /// Asks a store of the events of these numbers.
    fn ask<T>(&self, kept: &[usize], mask: Option<&Path>, ask: impl FnOnce(&Work<'_>, &Session) -> T) -> T {
        let line = |number: &usize| {
            let (event_type, payload) = EVENTS[*number - 1];
            format!(
                "{{\"position\":\"{number}\",\"stream\":\"order-1\",\"version\":\"{number}\",\
                 \"recorded_at\":\"2026-08-01T10:00:0{number}Z\",\"type\":\"{event_type}\",\"payload\":{payload}}}\n"
            )
        };
        let store = self.folder.path().join("events.jsonl");
        std::fs::write(&store, kept.iter().map(line).collect::<String>()).unwrap();
        let (token, home) = (CancelToken::default(), tempfile::tempdir().unwrap());
        let work = Work::new(&token, &Silent);
        let session = Session::open(&work, &store.to_string_lossy(), None, &Places::below(home.path())).unwrap();
        let log = Log::new(home.path(), "shop");
        let session = match mask {
            Some(rules) => session.masked_by(Mask::load(home.path(), &store, Some(rules), log).unwrap()),
            None => session,
        };
        ask(&work, &session)
    }

    fn whatif(&self, edits: &str) -> Result<WhatIfAnswer, AppError> {
        let edits = Edits::read("edits.yaml", format!("refold: whatif/1\nedits: {edits}\n").as_bytes())?;
        let all: Vec<usize> = (1..=EVENTS.len()).collect();
        self.ask(&all, None, |work, session| {
            whatif(work, session, "order-1", Some(&self.handler()), &edits)
        })
    }

    fn state(&self, kept: &[usize]) -> Literal {
        let answer = self.ask(kept, None, |work, session| {
            usecase::state::state(work, session, "order-1", "head", Some(&self.handler()))
        });
        answer.unwrap().state
    }
}

/// The state of the sandbox, as far as it differs from that of the record.
fn member(state: &Literal, path: &str) -> Option<String> {
    let path = refold_core::pointer::Pointer::parse(path).unwrap();
    path.find(&state.0).map(|value| Literal(value.clone()).shown())
}

#[test]
fn without_edits_both_lines_are_the_record() {
    let answer = Lab::new().whatif("[]").unwrap();
    assert_eq!((answer.record_events, answer.sandbox_events), (6, 6));
    assert!(answer.branched_at.is_none() && answer.first_divergence.is_none() && answer.at_head.is_empty());
    assert!(answer.intervals.is_empty() && answer.otherwise.is_empty() && answer.rows.is_empty());
    assert_eq!(answer.sandbox, "SANDBOX: not the record");
}

#[test]
fn an_event_that_is_left_out_never_was() {
    let lab = Lab::new();
    let record = lab.state(&[1, 2, 3, 4, 5, 6]);
    for skipped in 1..=EVENTS.len() {
        let answer = lab.whatif(&format!("[ {{ skip: v{skipped} }} ]")).unwrap();
        let kept: Vec<usize> = (1..=EVENTS.len()).filter(|event| *event != skipped).collect();
        let state = lab.state(&kept);
        assert_eq!(answer.at_head.is_empty(), state == record, "{skipped}");
        for place in &answer.at_head {
            assert_eq!(place.sandbox.as_ref().map(Literal::shown), member(&state, &place.path));
            assert_eq!(place.record.as_ref().map(Literal::shown), member(&record, &place.path));
        }
    }
}

#[test]
fn what_becomes_of_later_events_is_said() {
    let answer = Lab::new().whatif("[ { edit: v3, set: { /price: 8.00 } } ]").unwrap();
    let first = answer.first_divergence.as_ref().unwrap();
    assert_eq!(
        (first.event.event.version.as_deref(), first.event.mark),
        (Some("3"), "edited")
    );
    let otherwise: Vec<(&str, &str, &str)> = answer
        .otherwise
        .iter()
        .map(|of| {
            (
                of.event.event.version.as_deref().unwrap(),
                of.record.as_str(),
                of.sandbox.as_str(),
            )
        })
        .collect();
    let [(version, record, sandbox)] = otherwise[..] else {
        panic!("{otherwise:?}")
    };
    assert_eq!((version, record), ("6", "changed"));
    assert!(sandbox.starts_with("failed: RF-HANDLER-THROW: not paid"), "{sandbox}");
    assert_eq!(answer.rows.len(), 4);
    let [invariant] = &answer.invariants[..] else {
        panic!("{:?}", answer.invariants)
    };
    assert_eq!(invariant.record, LineCourse::default());
    // It is not paid at v4, so that nothing speaks against it until v6.
    assert_eq!(invariant.sandbox.first_broken, None);
    let unclear = invariant.sandbox.unclear_since.as_ref().unwrap();
    assert_eq!(unclear.event.version.as_deref(), Some("6"));
    let at_head: Vec<&str> = answer.at_head.iter().map(|place| place.path.as_str()).collect();
    assert_eq!(at_head, ["/status", "/total"]);
}

#[test]
fn invariants_are_asked_on_both_lines() {
    let answer = Lab::new().whatif("[ { edit: v4, payload: { amount: 25 } } ]").unwrap();
    let [invariant] = &answer.invariants[..] else {
        panic!("{:?}", answer.invariants)
    };
    assert_eq!(invariant.record, LineCourse::default());
    let broken = invariant.sandbox.first_broken.as_ref().unwrap();
    assert_eq!(broken.event.version.as_deref(), Some("4"));
    // It is shipped at the head, and the invariant speaks of what is paid.
    assert!(!invariant.sandbox.is_broken_at_head);
}

#[test]
fn what_rules_hide_is_hidden_in_a_branch_too() {
    let lab = Lab::new();
    let rules = lab.folder.path().join("mask.toml");
    std::fs::write(&rules, "refold = \"mask/1\"\n[[hide]]\npaths = [\"/total\"]\n").unwrap();
    let edits = Edits::read("e.json", br#"{"refold": "whatif/1", "edits": [{"skip": "v2"}]}"#).unwrap();
    let answer = lab.ask(&[1, 2, 3, 4, 5, 6], Some(&rules), |work, session| {
        whatif(work, session, "order-1", Some(&lab.handler()), &edits)
    });
    let text = crate::answer::json_line(&answer.unwrap()).unwrap();
    assert!(
        text.contains(r#""path":"/total","record":"[redacted]","sandbox":"[redacted]""#),
        "{text}"
    );
    assert!(!text.contains("7.50") && !text.contains("20.00"), "{text}");
}
