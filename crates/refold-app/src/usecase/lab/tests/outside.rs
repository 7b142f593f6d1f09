//! Why and why not of handlers into whose code nobody looks: what leaving events out shows, and what each event did.

use refold_core::pointer::Pointer;
use refold_core::track::Moment;
use refold_core::value::Value;

use super::super::left_out::{LeftOutAnswer, WithoutAnswer, left_out};
use super::super::why::{USUAL_EVENTS, WhyAnswer, why};
use super::super::why_not::{AskedEvents, why_not};
use super::small::session;
use super::*;
use crate::usecase::replayed::Replayed;

const SCRIPT: &str = "export default {
  initial: () => ({ isOpen: false, total: 0, seen: { times: 0 } }),
  on: {
    Opened(state) { state.isOpen = true },
    Added(state, { data }) {
      if (!state.isOpen) throw new Error('it is not open')
      state.total += data.n
    },
    Seen(state) { state.seen.times += 1 },
  },
}";

const EVENTS: [(&str, &str); 6] = [
    ("Opened", "{}"),
    ("Added", r#"{"n":2}"#),
    ("Seen", "{}"),
    ("Added", r#"{"n":3}"#),
    ("Moved", "{}"),
    ("Added", r#"{"n":0}"#),
];

fn with<T>(events: &[(&str, &str)], ask: impl FnOnce(&Work<'_>, &Session, &str) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("total.js");
    std::fs::write(&script, SCRIPT).unwrap();
    let cancel = CancelToken::default();
    let session = session(events, folder.path());
    ask(&Work::new(&cancel, &Silent), &session, &script.to_string_lossy())
}

fn why_of(events: &[(&str, &str)], path: &str) -> WhyAnswer {
    with(events, |work, session, handler| {
        why(work, session, "person-1", path, "head", Some(handler), USUAL_EVENTS).unwrap()
    })
}

/// Each event that matters with the value that would be there else.
fn values(found: &LeftOutAnswer) -> Vec<(u32, Option<String>)> {
    let value = |without: &WithoutAnswer| (without.moment, without.value.as_ref().map(|value| value.shown()));
    found.events.iter().map(value).collect()
}

#[test]
fn of_code_the_events_are_told_without_which_the_value_is_another_one() {
    let answer = why_of(&EVENTS, "/total");
    assert_eq!((answer.steps.len(), answer.confirmed), (0, None));
    assert_eq!(answer.changed.unwrap().version.as_deref(), Some("4"));
    let untold = answer.untold.unwrap();
    assert!(untold.contains("cannot be seen; events were left out"), "{untold}");
    let found = answer.left_out.unwrap();
    let told = |value: &str| Some(value.to_owned());
    assert_eq!(values(&found), [(4, told("2")), (2, told("3")), (1, told("0"))]);
    assert_eq!((found.tried, found.untaken, found.further), (5, 1, 0));
    assert_eq!((found.enough, found.since.is_none()), (Some(true), true));
    let failed = found.events[2].failed.as_ref().unwrap();
    assert_eq!(failed.event.version.as_deref(), Some("2"));
    assert!(
        failed.fault.contains("it is not open") && failed.fault.contains("(total.js:"),
        "{}",
        failed.fault
    );
    assert!(found.events[0].failed.is_none());

    // What no event changed has nothing to be told of.
    let untouched = why_of(&EVENTS[2..3], "/total");
    assert!(untouched.untold.is_none() && untouched.left_out.is_none());
}

#[test]
fn where_either_of_two_events_would_do_it_is_said_that_those_found_are_not_all() {
    let answer = why_of(&[EVENTS[0], EVENTS[0]], "/isOpen");
    let found = answer.left_out.unwrap();
    assert_eq!((found.events.len(), found.tried, found.enough), (0, 2, Some(false)));
}

#[test]
fn only_the_last_events_are_left_out_where_there_are_many_and_it_is_said_from_where_on() {
    with(&EVENTS, |work, session, handler| {
        let replayed = Replayed::open(
            work,
            session,
            "person-1",
            Some(handler),
            refold_core::fold::Detail::State,
            "head",
        )
        .unwrap();
        let ask = |value: Option<Value>, most: (u32, usize)| {
            let path = Pointer::parse("/total").unwrap();
            let asked = (&path, Moment(6), value.as_ref());
            left_out(work, session, &replayed.stream, &replayed.program, asked, most).unwrap()
        };
        let five = Value::from_json(b"5", Value::MAX_DEPTH).ok();
        let found = ask(five.clone(), (3, 100)).unwrap();
        assert_eq!(values(&found), [(4, Some("2".to_owned()))]);
        assert_eq!((found.tried, found.untaken, found.enough), (2, 1, None));
        assert_eq!(found.since.unwrap().version.as_deref(), Some("4"));
        let few = ask(five, (100, 1)).unwrap();
        assert_eq!((few.events[0].moment, few.events.len(), few.further), (4, 1, 2));
        // What is asked about is not what the handler makes of these events now.
        let refused = ask(None, (100, 100)).unwrap_err();
        assert!(refused.contains("RF-NONDETERMINISTIC"), "{refused}");
    });
}

#[test]
fn of_code_it_is_told_what_it_did_with_an_event_that_left_the_place_as_it_was() {
    let mut events = EVENTS.to_vec();
    events.extend([("Seen", "{"), ("Added", r#"{"n":1}"#)]);
    with(&events, |work, session, handler| {
        let all = AskedEvents::Span {
            from: "start",
            to: "head",
        };
        let ask = |most| why_not(work, session, "person-1", "/seen", all, Some(handler), most).unwrap();
        let answer = ask(20);
        assert!(
            answer
                .untold
                .as_ref()
                .is_some_and(|untold| untold.to_string().contains("cannot be seen"))
        );
        assert_eq!((answer.events, answer.changed, answer.further_misses), (8, 1, 0));
        let told: Vec<_> = answer
            .misses
            .iter()
            .map(|miss| {
                (
                    miss.moment,
                    miss.unread,
                    miss.ran.as_ref().map(|ran| ran.changed.join(",")),
                )
            })
            .collect();
        let changed = |places: &str| Some(places.to_owned());
        assert_eq!(
            told,
            [
                (8, false, changed("/total")),
                (7, true, None),
                (6, false, changed("")),
                (4, false, changed("/total")),
                (2, false, changed("/total")),
                (1, false, changed("/isOpen")),
            ]
        );
        let untaken = |name: &str| {
            let of = answer
                .types
                .iter()
                .find(|of| of.event_type.to_string() == name)
                .unwrap();
            (of.events, of.untaken, of.writes)
        };
        assert_eq!((untaken("Moved"), untaken("Added")), ((1, 1, None), (4, 0, None)));
        let few = ask(2);
        assert_eq!((few.misses.len(), few.further_misses), (2, 4));
    });
}

#[test]
fn of_code_that_failed_it_is_told_where_and_that_nothing_came_after() {
    let events = [EVENTS[2], EVENTS[1], EVENTS[0], EVENTS[2]];
    with(&events, |work, session, handler| {
        let ask = |asked| why_not(work, session, "person-1", "/total", asked, Some(handler), 20).unwrap();
        let all = ask(AskedEvents::Span {
            from: "start",
            to: "head",
        });
        let told: Vec<_> = all
            .misses
            .iter()
            .map(|miss| (miss.moment, miss.fault.is_some()))
            .collect();
        assert_eq!(told, [(2, true), (1, false)]);
        assert_eq!(all.stopped.unwrap().events, 2);
        let one = ask(AskedEvents::One("v2"));
        assert!(one.misses[0].fault.as_ref().unwrap().contains("it is not open"));
    });
}

/// Of a package as it was deployed no rule is seen, and what leaving events out shows is so all the same.
#[test]
fn of_versions_as_they_were_deployed_the_same_is_told() {
    let handler = order("as-deployed");
    let (deployed, pinned) = with_session(|work, session| {
        let ask = |handler: &str| {
            why(
                work,
                session,
                "order-4711",
                "/status",
                "head",
                Some(handler),
                USUAL_EVENTS,
            )
        };
        Ok((ask(&handler)?, ask(&order("1.1.0"))?))
    })
    .unwrap();
    assert!(pinned.left_out.is_none() && pinned.untold.is_none());
    let found = deployed.left_out.unwrap();
    assert!(!found.events.is_empty());
    assert_eq!(found.events[0].event, deployed.changed.unwrap());
}

/// What rules hide is hidden in what would be there else.
#[test]
fn what_is_hidden_of_a_state_is_hidden_of_what_it_would_be() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("total.js");
    std::fs::write(&script, SCRIPT).unwrap();
    let told = |hidden: &str| {
        let rules = folder.path().join("mask.toml");
        let text = format!("refold = \"mask/1\"\n[[hide]]\nin = [\"state\"]\npaths = [\"{hidden}\"]\n");
        std::fs::write(&rules, text).unwrap();
        let log = Log::new(folder.path(), "small");
        let mask = Mask::load(folder.path(), &folder.path().join("small"), Some(&rules), log).unwrap();
        let session = session(&EVENTS, folder.path()).masked_by(mask);
        let cancel = CancelToken::default();
        let (work, handler) = (Work::new(&cancel, &Silent), script.to_string_lossy());
        let answer = why(
            &work,
            &session,
            "person-1",
            "/total",
            "head",
            Some(&handler),
            USUAL_EVENTS,
        );
        values(&answer.unwrap().left_out.unwrap())
    };
    let is_hidden = |(_, value): &(u32, Option<String>)| value.as_ref().is_some_and(|it| it.contains("[redacted]"));
    let (hidden, shown) = (told("/total"), told("/seen"));
    assert_eq!((hidden.len(), shown.len()), (3, 3));
    assert!(
        hidden.iter().all(is_hidden) && !shown.iter().any(is_hidden),
        "{hidden:?} {shown:?}"
    );
}

/// A handler that counts beside its state goes on counting in every history that is tried: nothing is told of that.
#[test]
fn of_a_handler_that_does_not_answer_alike_nothing_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("count.js");
    let counts =
        "let n = 0\nexport default {\n  initial: () => ({}),\n  on: { Seen(state) { n += 1; state.n = n } },\n}\n";
    std::fs::write(&script, counts).unwrap();
    let session = session(&[("Seen", "{}"); 4], folder.path());
    let cancel = CancelToken::default();
    let (work, handler) = (Work::new(&cancel, &Silent), script.to_string_lossy());
    let answer = why(&work, &session, "person-1", "/n", "head", Some(&handler), USUAL_EVENTS).unwrap();
    assert!(answer.left_out.is_none(), "{:?}", answer.left_out);
    let untold = answer.untold.unwrap();
    assert!(untold.contains("RF-NONDETERMINISTIC"), "{untold}");
}
