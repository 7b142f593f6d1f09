//! The sample store has two versions of a handler, of which the first has a bug: what the lab says of all streams is
//! what it says of each alone, and what the states of each say.

mod gaps;
mod late;
mod lost;
mod outside;
mod slices;
mod small;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use refold_core::work::{CancelToken, Silent, Work};
use refold_fixtures::orders::{self, Options};
use tempfile::TempDir;

use super::check::{CheckAnswer, check};
use super::compare::{CompareAnswer, compare};
use super::kept::Keeping;
use super::minimize::{Extent, Failure, MinimizeAnswer, minimize};
use super::states::states;
use super::*;
use crate::error::AppError;
use crate::mask::{Log, Mask};
use crate::places::Places;
use crate::session::Session;
use crate::usecase;

/// The sample store, small, in a folder of its own.
fn shop() -> &'static TempDir {
    static SHOP: OnceLock<TempDir> = OnceLock::new();
    SHOP.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            events: 4_000,
            streams: Some(300),
            giant: Some(400),
            ..Options::default()
        };
        orders::write(&folder.path().join("shop"), &options, |_, _| {
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
        folder
    })
}

fn order(version: &str) -> String {
    format!("{}@{version}", shop().path().join("shop/handlers/order").display())
}

fn with_session<T>(ask: impl FnOnce(&Work<'_>, &Session) -> Result<T, AppError>) -> Result<T, AppError> {
    let home = tempfile::tempdir().unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let store = shop().path().join("shop/orders.db");
    let session = Session::open(&work, &store.to_string_lossy(), None, &Places::below(home.path())).unwrap();
    ask(&work, &session)
}

fn checked(scope: Scope<'_>, version: &str) -> CheckAnswer {
    with_session(|work, session| check(work, session, scope, Some(&order(version)), None, Keeping::Anew))
        .unwrap()
        .answer
}

fn compared(scope: Scope<'_>) -> CompareAnswer {
    let (left, right) = (order("1.0.0"), order("1.1.0"));
    with_session(|work, session| compare(work, session, scope, Some(&left), Some(&right), Keeping::Anew))
        .unwrap()
        .answer
}

fn minimized(stream: &str, version: &str, failure: Failure<'_>) -> Result<MinimizeAnswer, AppError> {
    with_session(|work, session| minimize(work, session, stream, Some(&order(version)), failure, Extent::Smallest))
}

#[test]
fn checking_all_streams_says_what_checking_each_says() {
    let all = checked(Scope::All, "1.0.0");
    assert!(all.violation_count > 20, "only {} violations", all.violation_count);
    assert_eq!(all.violations.len(), all.violation_count as usize);
    let place = |violation: &check::ViolationAnswer| violation.event.position.as_ref().unwrap().parse::<i64>().unwrap();
    assert!(all.violations.is_sorted_by_key(place));
    // The sample holds an event that cannot be decoded.
    assert!(!all.exact);
    for violation in all.violations.iter().take(12) {
        let single = checked(Scope::Stream(&violation.stream.text()), "1.0.0");
        let same = single
            .violations
            .iter()
            .find(|it| it.invariant == violation.invariant)
            .unwrap();
        assert_eq!(
            (&same.event, same.holds_at_head),
            (&violation.event, violation.holds_at_head)
        );
        assert!(single.exact, "{}", single.sentence);
    }
    assert_eq!(
        checked(Scope::All, "1.1.0").violation_count,
        0,
        "the bug is mended in 1.1.0"
    );
}

#[test]
fn comparing_all_streams_says_what_comparing_each_says() {
    let all = compared(Scope::All);
    assert!(all.differing_streams > 20, "only {} differ", all.differing_streams);
    assert_eq!(
        all.kinds.iter().map(|kind| kind.streams).sum::<u32>(),
        all.differing_streams
    );
    let first = all.first_divergence.as_ref().unwrap();
    assert_eq!(
        (first.event.event_type.text().as_ref(), first.place.path.as_str()),
        ("ItemRemoved", "/total")
    );
    for differing in all.differing.iter().take(12) {
        let single = compared(Scope::Stream(&differing.stream.text()));
        assert_eq!(single.differing[0].intervals[0].from, differing.intervals[0].from);
        assert_eq!(single.differing[0].places[0].left, differing.places[0].left);
    }
}

#[test]
fn streams_that_differ_at_the_head_are_those_whose_states_differ() {
    let heads = |version: &str| {
        let handler = order(version);
        let mut heads = BTreeMap::new();
        let mut visit = |head: states::HeadAnswer| {
            assert!(heads.insert(head.stream, head.state).is_none(), "a stream is told once");
            Ok(())
        };
        with_session(|work, session| states(work, session, Scope::All, Some(&handler), &mut visit)).unwrap();
        heads
    };
    let (left, right) = (heads("1.0.0"), heads("1.1.0"));
    let differing = left
        .iter()
        .filter(|(stream, state)| right.get(*stream) != Some(state))
        .count();
    assert_eq!(compared(Scope::All).differing_at_head as usize, differing);
    let order = order("1.0.0");
    let single = with_session(|work, session| usecase::state::state(work, session, "order-4711", "head", Some(&order)));
    assert_eq!(single.unwrap().state, left[&text::exact(b"order-4711")]);
}

#[test]
fn a_visit_that_fails_ends_the_fold() {
    let mut visited = 0;
    let mut visit = |_: states::HeadAnswer| {
        visited += 1;
        Err(AppError::invalid("enough", ""))
    };
    let ended = with_session(|work, session| states(work, session, Scope::All, None, &mut visit));
    assert_eq!(ended.unwrap_err().message, "enough");
    assert_eq!(visited, 1);
}

#[test]
fn what_is_minimized_fails_before_and_passes_after() {
    let (bad, good) = (order("1.0.0"), order("1.1.0"));
    let stream = &checked(Scope::All, "1.0.0").violations[3].stream;
    let failure = Failure::Invariant {
        id: "balanced-once-paid",
        unless: Some(&good),
    };
    let found = minimized(&stream.text(), "1.0.0", failure).unwrap();
    assert!(found.is_minimal);
    // The bug is in what is taken out, and shows when it is paid.
    let case = found.case.unwrap();
    assert!(
        found.kept.len() >= 2 && case.contains("ItemRemoved") && case.contains("PaymentCaptured"),
        "{case}"
    );
    let package = shop().path().join("shop/handlers/order");
    let file = package.join("tests/found.case.yaml");
    std::fs::write(&file, &case).unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let passes = |handler: &str| {
        let answer = usecase::test::test(&work, handler).unwrap();
        answer
            .cases
            .into_iter()
            .find(|it| it.case.ends_with("found.case.yaml"))
            .unwrap()
            .passed
    };
    let outcome = (passes(&bad), passes(&good));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(outcome, (false, true));
}

/// Held against nothing, a lone payment breaks it: it would in a handler that is right, too.
#[test]
fn without_another_handler_it_is_held_against_a_version_in_which_it_holds() {
    let stream = checked(Scope::All, "1.0.0").violations[3].stream.text().into_owned();
    let good = order("1.1.0");
    let asked = |unless| Failure::Invariant {
        id: "balanced-once-paid",
        unless,
    };
    let named = minimized(&stream, "1.0.0", asked(Some(&good))).unwrap();
    let found = minimized(&stream, "1.0.0", asked(None)).unwrap();
    assert_eq!((&found.kept, &found.against), (&named.kept, &named.against));
    assert_eq!(
        found.note.as_deref(),
        Some("held against order@1.1.0, in which balanced-once-paid holds on this whole history")
    );
    assert_eq!(named.note, None);
    let bad = order("1.0.0");
    let itself = minimized(&stream, "1.0.0", asked(Some(&bad))).unwrap();
    assert_eq!(itself.failure, None);
    assert!(
        itself
            .note
            .as_ref()
            .unwrap()
            .starts_with("balanced-once-paid breaks with order@1.0.0 too, at v")
    );
}

#[test]
fn without_any_version_in_which_it_holds_the_answer_says_so() {
    let failure = Failure::Invariant {
        id: "state.paid < 0",
        unless: None,
    };
    let found = minimized("order-4711", "1.1.0", failure).unwrap();
    assert!(found.failure.is_some() && found.against.is_none());
    assert!(
        found
            .note
            .unwrap()
            .starts_with("it breaks in every version of the handler")
    );
}

#[test]
fn a_stream_without_the_failure_has_nothing_to_minimize() {
    let found = minimized("order-4711", "1.1.0", Failure::Error).unwrap();
    assert_eq!((found.failure, found.case, found.kept.len()), (None, None, 0));
}

#[test]
fn a_handler_without_invariants_is_no_answer() {
    let error = with_session(|work, session| check(work, session, Scope::All, None, None, Keeping::Anew)).unwrap_err();
    assert_eq!(error.message, "this handler has no invariants: builtin:merge");
}

#[test]
fn what_rules_hide_is_hidden_here_too() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("mask.toml");
    std::fs::write(&rules, "refold = \"mask/1\"\n[[hide]]\npaths = [\"/total\"]\n").unwrap();
    let masked = |ask: &dyn Fn(&Work<'_>, &Session) -> Result<String, AppError>| {
        let cancel = CancelToken::default();
        let work = Work::new(&cancel, &Silent);
        let store = shop().path().join("shop/orders.db");
        let places = Places::below(folder.path());
        let session = Session::open(&work, &store.to_string_lossy(), None, &places).unwrap();
        let log = Log::new(folder.path(), "shop");
        let session = session.masked_by(Mask::load(folder.path(), &store, Some(&rules), log).unwrap());
        ask(&work, &session)
    };
    let (left, right) = (order("1.0.0"), order("1.1.0"));
    let difference = masked(&|work, session| {
        let answer = compare(work, session, Scope::All, Some(&left), Some(&right), Keeping::Kept)?;
        assert!(!answer.was_kept);
        crate::answer::json_line(&answer.answer.first_divergence)
    });
    let difference = difference.unwrap();
    assert!(
        difference.contains("\"left\":\"[redacted]\",\"right\":\"[redacted]\""),
        "{difference}"
    );
    let violation = masked(&|work, session| {
        let answer = check(work, session, Scope::All, Some(&left), None, Keeping::Kept)?;
        crate::answer::json_line(&answer.answer.violations.first())
    });
    assert!(
        violation
            .as_ref()
            .unwrap()
            .contains("\"/total\",\"value\":\"[redacted]\""),
        "{violation:?}"
    );
}

/// A case holds its events whole, so what is hidden is replaced, the same for the same, where the failure stays.
#[test]
fn what_rules_hide_is_replaced_in_a_case() {
    let stream = checked(Scope::All, "1.0.0").violations[3].stream.text().into_owned();
    let handler = order("1.0.0");
    let hidden = |path: &str| {
        let folder = tempfile::tempdir().unwrap();
        let rules = folder.path().join("mask.toml");
        std::fs::write(&rules, format!("refold = \"mask/1\"\n[[hide]]\npaths = [\"{path}\"]\n")).unwrap();
        let cancel = CancelToken::default();
        let work = Work::new(&cancel, &Silent);
        let store = shop().path().join("shop/orders.db");
        let session = Session::open(&work, &store.to_string_lossy(), None, &Places::below(folder.path())).unwrap();
        let log = Log::new(folder.path(), "shop");
        let session = session.masked_by(Mask::load(folder.path(), &store, Some(&rules), log).unwrap());
        let failure = Failure::Invariant {
            id: "balanced-once-paid",
            unless: None,
        };
        minimize(&work, &session, &stream, Some(&handler), failure, Extent::Smallest)
    };
    let found = hidden("/sku").unwrap();
    let rust = &found.library_tests[0].text;
    for text in [found.case.as_ref().unwrap(), rust] {
        assert!(text.contains(r#""sku":"masked-"#) && !text.contains("SKU-"), "{text}");
        assert!(text.contains("that masking rules hide replaced"), "{text}");
    }
    // What is paid decides whether it breaks.
    assert_eq!(hidden("/amount").unwrap_err().code, crate::ErrorCode::Denied);
}

#[test]
fn the_window_finds_the_breaks_that_the_lab_finds() {
    let handler = order("1.0.0");
    let answer = checked(Scope::All, "1.0.0");
    assert!(!answer.violations.is_empty());
    for violation in answer.violations.iter().take(20) {
        let stream = violation.stream.to_string();
        let alone = checked(Scope::Stream(&stream), "1.0.0");
        let flips = alone.violations.iter().flat_map(|of| &of.flips);
        let expected = flips.filter(|flip| !flip.holds).count();
        let breaks = with_session(|work, session| {
            let identity = crate::handler::open(Some(&handler))?.identity().clone();
            let program = crate::handler::checked(Some(&handler), &identity)?.expect("a package has rules");
            let findings = refold_core::finding::Findings::default();
            let stream = crate::stream::Stream::load(work, session, &stream, &findings)?;
            usecase::invariants::breaks(work, session, &stream, &program, &findings)?;
            let summary = findings.summary().into_iter();
            Ok(summary
                .filter(|(code, ..)| *code == usecase::invariants::BROKEN)
                .map(|(_, count, _)| count)
                .sum::<u64>())
        })
        .unwrap();
        assert_eq!(breaks as usize, expected, "{stream}");
    }
}

#[test]
fn a_path_ends_where_something_hidden_begins() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("mask.toml");
    std::fs::write(&rules, "refold = \"mask/1\"\n[[hide]]\npaths = [\"/people\"]\n").unwrap();
    let mask = Mask::default();
    mask.add(&rules).unwrap();
    let cover = mask.cover(b"s", b"c", None, crate::mask::Part::State);
    assert_eq!(shown_path(&cover, "/people/ada@example.org/age"), "/people");
    assert_eq!(shown_path(&cover, "/people"), "/people");
    assert_eq!(shown_path(&cover, "/total/net"), "/total/net");
}

/// Without the engine of invariants: every state of every stream, and the sum by hand.
#[test]
fn the_first_break_is_the_one_that_looking_at_every_state_finds() {
    const STREAMS: usize = 30;
    let handler = order("1.0.0");
    let mut streams = Vec::new();
    let mut visit = |head: states::HeadAnswer| {
        streams.push((head.stream.text().into_owned(), head.events));
        Ok(())
    };
    with_session(|work, session| states(work, session, Scope::All, Some(&handler), &mut visit)).unwrap();
    streams.sort();
    let all = checked(Scope::All, "1.0.0");
    let mut broken = 0;
    with_session(|work, session| {
        for (stream, events) in streams.iter().filter(|(_, events)| *events < 50).take(STREAMS) {
            let is_broken = |version: &u32| {
                let at = format!("v{version}");
                let answer = usecase::state::state(work, session, stream, &at, Some(&handler)).unwrap();
                breaks_by_hand(&answer.state.0)
            };
            let first = (1..=*events).find(is_broken).map(|version| version.to_string());
            let found = all
                .violations
                .iter()
                .find(|of| of.stream.text() == *stream && of.invariant == "balanced-once-paid");
            assert_eq!(found.and_then(|of| of.event.version.clone()), first, "{stream}");
            broken += u32::from(first.is_some());
        }
        Ok(())
    })
    .unwrap();
    assert!(broken > 1, "only {broken} of these streams break it");
}

/// Whether an order is paid and what was captured is not what was due.
fn breaks_by_hand(state: &Value) -> bool {
    let Value::Object(state) = state else { return false };
    let text = |name: &str| {
        let mut json = Vec::new();
        state.find(&name.into()).unwrap().write_json(&mut json);
        String::from_utf8(json).unwrap()
    };
    let hundredths = |name: &str| -> i64 {
        let text = text(name);
        let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
        assert!(rest.len() <= 2, "{name} {text}");
        format!("{whole}{rest:0<2}").parse().unwrap()
    };
    let is_paid = ["\"paid\"", "\"shipped\"", "\"delivered\""].contains(&text("status").as_str());
    is_paid && hundredths("total") - hundredths("discount") != hundredths("paid")
}

#[test]
fn rules_are_safe_to_replay_as_the_first_events_tell() {
    let handler = order("1.0.0");
    for scope in [Scope::All, Scope::Category("order"), Scope::Stream("order-4711")] {
        let answer =
            with_session(|work, session| determinism::determinism(work, session, scope, Some(&handler))).unwrap();
        assert!(
            answer.replay_safe == Some(true) && answer.mismatches.is_empty(),
            "{}",
            answer.sentence
        );
        assert!(answer.events > 10, "{}", answer.sentence);
    }
}

/// The bug of 1.0.0 was live until the 20th of August.
#[test]
fn as_deployed_is_the_version_that_was_live() {
    let deployed = order("as-deployed");
    with_session(|work, session| {
        let state =
            |at: &str, handler: &str| usecase::state::state(work, session, "order-4711", at, Some(handler)).unwrap();
        for version in 1..=15 {
            let at = format!("v{version}");
            let answer = state(&at, &deployed);
            let is_later = answer.recorded_at.as_deref() >= Some("2026-08-20T00:00:00Z");
            let live = if is_later { "1.1.0" } else { "1.0.0" };
            assert_eq!(answer.state, state(&at, &order(live)).state, "{at}");
            assert_eq!(answer.handler.version, "as-deployed");
        }
        // Whoever asked then was answered by what was live then, also where the last event is older than that.
        for (at, live) in [("2026-08-19T23:59:59Z", "1.0.0"), ("2026-08-20T00:00:00Z", "1.1.0")] {
            let answer = state(at, &deployed);
            assert_eq!(
                (answer.handler.version.as_str(), &answer.state),
                (live, &state(at, &order(live)).state)
            );
        }
        Ok(())
    })
    .unwrap();
}

/// Edits that change nothing give the record again, however they cut the stream into pieces.
#[test]
fn a_branch_of_the_same_events_is_the_record() {
    let same = |edits: &str| {
        let edits = format!("{{\"refold\": \"whatif/1\", \"edits\": [{edits}]}}");
        let edits = whatif::Edits::read("edits.json", edits.as_bytes()).unwrap();
        let handler = order("1.1.0");
        with_session(|work, session| whatif::whatif(work, session, "order-4711", Some(&handler), &edits)).unwrap()
    };
    let kept = r#"{"edit": "v2", "occurred_at": "2026-08-01T00:00:00Z"}, {"edit": "v4", "occurred_at": "2026-08-01T00:00:00Z"}"#;
    let there_and_back = r#"{"move": "v7", "before": "v3"}, {"move": "v7", "after": "v6"}, {"move": "v1", "after": "v9"},
        {"move": "v1", "before": "v2"}"#;
    let inserted = r#"{"insert": "Unheard", "after": "v3"}, {"insert": "Unheard", "before": "v1"}"#;
    for edits in [kept, there_and_back, inserted] {
        let answer = same(edits);
        assert!(
            answer.at_head.is_empty() && answer.otherwise.is_empty(),
            "{edits}: {:?}",
            answer.at_head
        );
        assert_eq!(answer.record_events, 15);
    }
}

/// A store of one category that begins after many events of another.
fn tried_late(scope: Scope<'_>, rules: &str) -> determinism::DeterminismAnswer {
    let folder = tempfile::tempdir().unwrap();
    let event = |position: usize| {
        let (stream, event_type) = if position <= 4_500 {
            ("note-1", "Noted")
        } else {
            ("order-1", "Placed")
        };
        let version = if position <= 4_500 { position } else { position - 4_500 };
        serde_json::json!({
            "position": position.to_string(), "stream": stream, "version": version.to_string(), "type": event_type,
            "category": &stream[..stream.len() - 2], "payload": {"at": position},
        })
        .to_string()
    };
    let store = folder.path().join("events.jsonl");
    std::fs::write(&store, (1..=4_530).map(event).collect::<Vec<_>>().join("\n") + "\n").unwrap();
    let handler = folder.path().join("reducer.yaml");
    std::fs::write(&handler, format!("refold: reducer/1\n{rules}")).unwrap();
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let places = Places::below(&folder.path().join("home"));
    let session = Session::open(&work, &store.to_string_lossy(), None, &places).unwrap();
    let handler = handler.to_string_lossy().into_owned();
    determinism::determinism(&work, &session, scope, Some(&handler)).unwrap()
}

#[test]
fn the_first_events_of_a_category_are_tried_wherever_they_begin() {
    const COUNTS: &str = "on: { Placed: [ { inc: count } ] }\n";
    let told = |scope| {
        let answer = tried_late(scope, COUNTS);
        (answer.replay_safe, answer.events, answer.sentence)
    };
    let safe = "safe to replay: 30 events give the same states again, from checkpoints and by turns";
    assert_eq!(told(Scope::Category("order")), (Some(true), 30, safe.to_owned()));
    let none = |events| format!("not tried whether it is safe to replay: of the first {events} the handler folds none");
    assert_eq!(told(Scope::Category("note")), (None, 0, none("2,000 events")));
    assert_eq!(told(Scope::All), (None, 0, none("2,000 events")));
    let until = Scope::Until {
        stream: "order-1",
        cursor: "v7",
    };
    assert_eq!(told(until).1, 7);
}
