//! What made a value, what did not, what upcasters do, and what is known: on the sample store, against what other
//! questions answer about it.

use super::super::gate::gate;
use super::super::known::{Order, Question, corrections, known};
use super::super::why::{USUAL_EVENTS, why};
use super::super::why_not::{AskedEvents, why_not};
use super::*;
use crate::usecase::blame::blame;
use crate::usecase::state::state;

/// Later than any event.
const FAR: &str = "2200-01-01T00:00:00Z";

#[test]
fn every_leaf_comes_of_the_event_that_blame_names_and_its_steps_alone_make_it() {
    let handler = order("1.1.0");
    for stream in ["order-1004", "order-1017", "order-4711"] {
        let blamed = with_session(|work, session| blame(work, session, stream, "head", None, Some(&handler)));
        let Ok(blamed) = blamed else { continue };
        for leaf in blamed.leaves {
            let why = with_session(|work, session| {
                why(work, session, stream, &leaf.path, "head", Some(&handler), USUAL_EVENTS)
            });
            let why = why.unwrap();
            assert_eq!(why.confirmed, Some(true), "{stream} {}", leaf.path);
            assert_eq!(why.changed, leaf.changed, "{stream} {}", leaf.path);
            let last = why.steps.iter().map(|step| &step.event).next();
            assert_eq!(last, leaf.changed.as_ref(), "{stream} {}", leaf.path);
            if let (Some(step), [line]) = (why.steps.first(), leaf.lines.as_slice()) {
                assert!(
                    step.place.starts_with("versions/1.1.0/reducer.yaml:"),
                    "{} {line}",
                    step.place
                );
            }
        }
    }
}

#[test]
fn rules_that_never_write_to_a_place_are_told_by_type() {
    let handler = order("1.1.0");
    let span = AskedEvents::Span {
        from: "start",
        to: "head",
    };
    let answer =
        with_session(|work, session| why_not(work, session, "order-4711", "/customerId", span, Some(&handler), 50));
    let answer = answer.unwrap();
    assert_eq!((answer.changed, answer.misses.len()), (1, 0));
    for of in answer.types {
        assert_eq!(
            of.writes,
            Some(of.event_type.to_string() == "OrderPlaced"),
            "{}",
            of.event_type
        );
    }
}

#[test]
fn the_gate_counts_what_each_upcaster_took() {
    let handler = order("1.1.0");
    let answer = with_session(|work, session| gate(work, session, Scope::All, Some(&handler))).unwrap();
    assert_eq!((answer.failed, answer.dropped, answer.losing), (0, 0, 0));
    let taken: u64 = answer.steps.iter().map(|step| step.events).sum();
    assert!(answer.steps.iter().all(|step| step.events > 0));
    assert_eq!(taken, answer.upcast);
    assert_eq!(
        answer.events,
        answer.groups.iter().map(|group| group.events).sum::<u64>()
    );
    let placed = answer
        .groups
        .iter()
        .find(|group| group.event_type.to_string() == "OrderPlaced" && group.from == Some(1));
    let placed = placed.unwrap();
    let told: Vec<_> = placed
        .changes
        .iter()
        .map(|change| (change.path.as_str(), change.what, change.events))
        .collect();
    assert_eq!(
        told,
        [
            ("/currency", "added", placed.events),
            ("/customer", "moved", placed.events)
        ]
    );
    let one = with_session(|work, session| gate(work, session, Scope::Stream("order-4711"), Some(&handler))).unwrap();
    assert!(one.events > 0 && one.events < answer.events);
    let none = with_session(|work, session| gate(work, session, Scope::All, None)).unwrap_err();
    assert!(none.message.contains("no upcasters"), "{}", none.message);
}

#[test]
fn all_that_is_known_is_the_state_at_the_head() {
    let handler = order("1.1.0");
    for stream in ["order-4711", "order-1004"] {
        let Ok(head) = with_session(|work, session| state(work, session, stream, "head", Some(&handler))) else {
            continue;
        };
        let asked = Question {
            about: FAR,
            known_at: "head",
            handler: Some(&handler),
            occurred: None,
            order: Order::Recorded,
        };
        let all = with_session(|work, session| known(work, session, stream, asked)).unwrap();
        assert_eq!(all.state, Some(head.state));
        let nothing = Question {
            about: "1990-01-01T00:00:00Z",
            ..asked
        };
        let nothing = with_session(|work, session| known(work, session, stream, nothing)).unwrap();
        assert_eq!((nothing.events, nothing.order), (0, "either"));
        let now = with_session(|work, session| corrections(work, session, stream, asked)).unwrap();
        assert_eq!((now.changes.len(), now.late_count, now.early_count), (0, 0, 0));
        assert!(now.missing.iter().any(|missing| missing.contains("as-deployed")));
    }
}

#[test]
fn what_was_believed_with_the_version_of_then_is_not_what_is_known_now() {
    let stream = checked(Scope::All, "1.0.0").violations[0].stream.text().into_owned();
    let deployed = order("as-deployed");
    let answer = with_session(|work, session| {
        let asked = Question {
            about: "2026-08-19T23:59:59Z",
            known_at: "head",
            handler: Some(&deployed),
            occurred: None,
            order: Order::Recorded,
        };
        corrections(work, session, &stream, asked)
    });
    let answer = answer.unwrap();
    assert_eq!(
        (answer.believed_by.version.as_str(), answer.known_by.version.as_str()),
        ("1.0.0", "1.1.0")
    );
    assert!(!answer.missing.iter().any(|missing| missing.contains("as-deployed")));
}
