mod happened;
mod reasons;
mod speech;

use std::sync::Arc;

use proptest::prelude::*;
use refold_core::event::{Encoding, Position, Version};
use refold_core::time::Timestamp;
use refold_core::value::Value;
use refold_core::work::{CancelToken, Silent, Work};
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::*;
use crate::answer::json_line;
use crate::history::{News, OpenedHistory};
use crate::session::Session;
use crate::usecase::comparison::Comparison;
use crate::usecase::events::Events;
use crate::usecase::search::Search;
use crate::usecase::{blame, diff, events, new_handler, search, state, story};
use crate::wire::{ComparisonQuery, ComparisonSide, Lens, StateQuery};

const RULES: &str = r#"
refold = "mask/1"

[[hide]]
paths = ["/email", "/people/*/iban", "/deep/**/secret"]
category = "order"

[[hide]]
paths = ["/actor"]
in = ["metadata"]
"#;

fn mask(rules: &str, folder: &Path) -> Mask {
    let file = folder.join("rules.toml");
    std::fs::write(&file, rules).unwrap();
    Mask::load(
        folder,
        &folder.join("store.db"),
        Some(&file),
        Log::new(folder, "store.db"),
    )
    .unwrap()
}

#[track_caller]
fn check(paths: &str, revealed: &[&str], text: &str, expected: &str) {
    let patterns = rules_of(paths);
    let revealed = revealed
        .iter()
        .map(|path| cover::segments(&Pointer::parse(path).unwrap()));
    let cover = Cover::new(patterns, revealed.collect());
    assert_eq!(
        String::from_utf8_lossy(&cover.json(text.as_bytes())),
        expected,
        "{paths}"
    );
    let parsed = |text: &str| {
        Ok::<_, refold_core::value::JsonError>(Value::from_json(text.as_bytes(), 64)?.with_last_of_repeated())
    };
    if let Ok(value) = parsed(text) {
        // Text and value are covered alike.
        let shown = String::from_utf8(cover.value(&value).to_canonical()).unwrap();
        assert_eq!(
            shown,
            String::from_utf8(parsed(expected).unwrap().to_canonical()).unwrap()
        );
    }
}

fn rules_of(paths: &str) -> Vec<Vec<rules::Step>> {
    let folder = tempfile::tempdir().unwrap();
    let quoted: Vec<String> = paths.split(' ').map(|path| format!("{path:?}")).collect();
    let file = folder.path().join("mask.toml");
    let text = format!("refold = \"mask/1\"\n[[hide]]\npaths = [{}]", quoted.join(","));
    std::fs::write(&file, text).unwrap();
    rules::read(&file).unwrap().into_iter().map(|rule| rule.path).collect()
}

#[test]
fn what_a_path_names_is_hidden_and_the_rest_stays_as_written() {
    check(
        "/a",
        &[],
        r#"{ "a" : 1e400, "b":0.10 }"#,
        r#"{ "a" : "[redacted]", "b":0.10 }"#,
    );
    check(
        "/a",
        &[],
        r#"{"a":1,"a":{"x":[2]},"b":2}"#,
        r#"{"a":"[redacted]","a":"[redacted]","b":2}"#,
    );
    check(
        "/a/*/b",
        &[],
        r#"{"a":[{"b":1,"c":2},{"b":{}}]}"#,
        r#"{"a":[{"b":"[redacted]","c":2},{"b":"[redacted]"}]}"#,
    );
    check(
        "/**/s",
        &[],
        r#"[{"s":1},{"t":{"s":[]}}]"#,
        r#"[{"s":"[redacted]"},{"t":{"s":"[redacted]"}}]"#,
    );
    check("/\\u0061", &[], r#"{"\u0061":1}"#, r#"{"\u0061":1}"#);
    check("/a", &[], r#"{"\u0061":1}"#, r#"{"\u0061":"[redacted]"}"#);
    check("", &[], "[1]", r#""[redacted]""#);
    check("/none", &[], r#"{"a":1}"#, r#"{"a":1}"#);
    check("/a", &[], r#"{"a":"#, r#""[redacted]""#);
    check("/a /b", &["/b"], r#"{"a":1,"b":2}"#, r#"{"a":"[redacted]","b":2}"#);
    // What is revealed inside of something hidden is shown alone.
    check(
        "/a",
        &["/a/1/x"],
        r#"{"a":[1,{"x":2,"y":3}]}"#,
        r#"{"a":["[redacted]",{"x":2,"y":"[redacted]"}]}"#,
    );
    check("/a", &[""], r#"{"a":1}"#, r#"{"a":1}"#);
}

/// Events of which every second says something secret, in places that rules speak of.
fn session(secrets: &[String], folder: &Path) -> Arc<Session> {
    let events = secrets.iter().zip(1..).map(|(secret, place)| {
        let payload = match place % 5 {
            0 => format!("{{\"broken\": \"{secret}"),
            1 => format!("{{\"email\":\"{secret}\",\"n\":{place},\"email\":\"{secret}2\"}}"),
            2 => format!("{{\"people\":[{{\"iban\":\"{secret}\",\"name\":\"open{place}\"}}]}}"),
            3 => format!("{{\"deep\":{{\"x\":[{{\"secret\":{{\"v\":[\"{secret}\"]}}}}]}}}}"),
            _ => format!("{{\"email\":null,\"people\":{{\"a\":{{\"iban\":\"{secret}\"}}}}}}"),
        };
        MemoryEvent {
            position: Position(place),
            stream: b"order-1".to_vec(),
            category: b"order".to_vec(),
            version: Version(place),
            event_type: b"Typed".to_vec(),
            recorded_at: Timestamp(1_700_000_000_000_000_000 + place),
            payload: Some(payload.into_bytes()),
            encoding: Encoding::Json,
            metadata: Some(format!("{{\"actor\":\"{secret}\",\"tool\":\"t\"}}").into_bytes()),
        }
    });
    let store = Arc::new(MemoryStore::new("secrets", events.collect()));
    Arc::new(Session::of_store(store, "memory", folder).masked_by(mask(RULES, folder)))
}

fn side(at: &str) -> ComparisonSide {
    ComparisonSide {
        stream: "order-1".to_owned(),
        at: at.to_owned(),
        handler: None,
    }
}

/// All that anybody can ask of the stream, as text.
fn all_answers(session: &Arc<Session>, needle: &str, folder: &Path) -> Vec<(String, String)> {
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let mut told = Vec::new();
    let mut tell = |name: &str, text: String| told.push((name.to_owned(), text));
    let stream = "order-1";
    let opened = OpenedHistory::open(&work, session, stream, None, News::new(1, Arc::new(|_| {}))).unwrap();
    let described = opened.describe(1, None).unwrap();
    let head = described.events;
    tell("describe", format!("{described:?}"));
    tell("findings", format!("{:?}", opened.finding_groups()));
    let all = Events::default();
    let found = events::events(&work, session, stream, &all, &mut |event| {
        tell("event as JSON", json_line(&event)?);
        tell(
            "event as text",
            format!("{} {} {event:?}", event.payload.shown(), event.metadata.shown()),
        );
        Ok(())
    });
    tell("events: findings", format!("{:?}", found.unwrap()));
    story::story(&work, session, stream, &all, None, &mut |line| {
        tell("story", format!("{line:?}"));
        Ok(())
    })
    .unwrap();
    let mut seq = 0;
    for moment in 0..=head {
        let cursor = format!("v{moment}");
        let answer = state::state(&work, session, stream, &cursor, None).unwrap();
        tell(
            "state",
            format!(
                "{} {:?} {answer:?}",
                json_line(&answer).unwrap(),
                answer.state.shown_lines()
            ),
        );
        let answer = diff::diff(&work, session, stream, "start", &cursor, None).unwrap();
        tell("diff", format!("{} {answer:?}", json_line(&answer).unwrap()));
        let answer = blame::blame(&work, session, stream, &cursor, None, None).unwrap();
        tell("blame", format!("{} {answer:?}", json_line(&answer).unwrap()));
        for lens in [Lens::State, Lens::Diff, Lens::Blame, Lens::Payload, Lens::Metadata] {
            for base in [None, Some(0)] {
                seq += 1;
                let frame = opened.state_frame(&StateQuery {
                    seq,
                    lens,
                    moment,
                    base,
                    open_depth: 2,
                    toggled: vec!["/deep/x/0/secret".to_owned()],
                    only_changes: false,
                    part: 0,
                    first_row: 0,
                    row_count: 500,
                    is_whole: false,
                    asked: None,
                });
                tell("frame", format!("{lens:?} {:?}", frame.unwrap()));
            }
        }
        for ignores_order in [false, true] {
            let (base, current) = (side("start"), side(&cursor));
            let comparison = Comparison::open(&work, (session, &base), (session, &current)).unwrap();
            let answer = comparison.answer(&work, ignores_order).unwrap();
            tell("comparison", format!("{} {answer:?}", json_line(&answer).unwrap()));
            for only_changes in [false, true] {
                let asked = ComparisonQuery {
                    seq: 1,
                    only_changes,
                    ignores_order,
                    open_depth: 9,
                    toggled: Vec::new(),
                    first_row: 0,
                    row_count: 500,
                };
                tell(
                    "comparison: frame",
                    format!("{:?}", comparison.frame(&work, &asked).unwrap()),
                );
            }
        }
        for path in ["", "/email", "/people", "/deep"] {
            tell("copied", format!("{:?}", opened.state_json(moment, path)));
        }
        for path in ["/email", "/people", "/people/0/iban", "/deep"] {
            let field = opened.read_field(&work, path).unwrap();
            tell(
                "field",
                format!("{field:?} {:?}", opened.field_rows(path, 0, 100).unwrap()),
            );
        }
        if moment > 0 {
            tell("detail", format!("{:?}", opened.event_detail(&work, moment).unwrap()));
        }
    }
    for condition in [
        None,
        Some("has(event.data.email) && event.data.email != null".to_owned()),
    ] {
        for text in [needle, "", "order"] {
            let asked = Search {
                text: text.to_owned(),
                condition: condition.clone(),
                ..Search::default()
            };
            let found = search::answers(&work, session, &asked, None, &mut |event| {
                tell("search", format!("{} {event:?}", json_line(&event)?));
                Ok(())
            });
            tell("search: findings", format!("{:?}", found.unwrap()));
        }
    }
    let package = folder.join("starter");
    let starter = new_handler::new_handler(&work, session, "order", &package).unwrap();
    tell("starter", format!("{starter:?}"));
    for file in &starter.files {
        tell(file, std::fs::read_to_string(package.join(file)).unwrap());
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_hidden_literal_is_in_any_answer(secrets in proptest::collection::vec("[A-Z]{3}[0-9]{9}", 1..12)) {
        let folder = tempfile::tempdir().unwrap();
        let session = session(&secrets, folder.path());
        for (name, text) in all_answers(&session, &secrets[0], folder.path()) {
            for secret in &secrets {
                prop_assert!(!text.contains(secret.as_str()), "{name} tells {secret}: {text}");
            }
        }
    }
}

/// A search finds nothing by what is hidden, and says that it did not look there; revealed, it finds it.
#[test]
fn a_search_says_what_it_left_out_and_a_reveal_is_logged_and_undone() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(&["ABC123456789".to_owned()], folder.path());
    let cancel = CancelToken::default();
    let found = || {
        let asked = Search {
            text: "ABC123456789".to_owned(),
            ..Search::default()
        };
        let mut hits = 0;
        let findings = search::answers(&Work::new(&cancel, &Silent), &session, &asked, None, &mut |_| {
            hits += 1;
            Ok(())
        });
        let is_told = findings.unwrap().iter().any(|finding| finding.code == "redacted");
        (hits, is_told)
    };
    assert_eq!(found(), (0, true));
    let all = Reveal {
        stream: None,
        part: None,
        path: Pointer::ROOT,
    };
    assert!(session.mask().reveal(all.clone(), "  ").is_err());
    assert_eq!(found(), (0, true));
    session.mask().reveal(all, "ticket 4711").unwrap();
    assert_eq!(found(), (1, false));
    assert!(session.mask().conceal(false).unwrap() && !session.mask().conceal(false).unwrap());
    assert_eq!(found(), (0, true));
    let log = std::fs::read_to_string(folder.path().join("reveals.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["action"], &lines[0]["reason"]),
        (&"reveal".into(), &"ticket 4711".into())
    );
    // Nothing else in it says that this was all of the store.
    assert_eq!((&lines[0]["path"], &lines[0]["everything"]), (&"".into(), &true.into()));
    assert_eq!(
        (&lines[1]["action"], &lines[1]["store"]),
        (&"conceal".into(), &"store.db".into())
    );
    assert!(
        lines
            .iter()
            .all(|line| line["at"].is_string() && line["who"].is_string())
    );
}

#[test]
fn what_cannot_be_logged_stays_hidden() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("file");
    std::fs::write(&in_the_way, "").unwrap();
    let mask = Mask::load(folder.path(), folder.path(), None, Log::new(&in_the_way, "s")).unwrap();
    let reveal = Reveal {
        stream: None,
        part: None,
        path: Pointer::ROOT,
    };
    let error = mask.reveal(reveal, "because").unwrap_err();
    assert!(error.message.starts_with("nothing is revealed"), "{}", error.message);
    assert!(mask.reveals().is_empty());
}

#[test]
fn a_changed_secret_is_a_change_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = ["AAA111111111", "", "", "", "", "BBB222222222"].map(str::to_owned);
    let session = session(&secrets, folder.path());
    let cancel = CancelToken::default();
    let answer = diff::diff(&Work::new(&cancel, &Silent), &session, "order-1", "v1", "v6", None).unwrap();
    let change = answer.changes.iter().find(|change| change.path == "/email").unwrap();
    assert_eq!(change.op, "changed");
    assert_eq!(json_line(change).unwrap().matches("[redacted]").count(), 2);
}

#[test]
fn what_is_hidden_and_has_nothing_in_it_stays_hidden_whatever_is_revealed_below() {
    let place = |path: &str| cover::segments(&Pointer::parse(path).unwrap());
    let pattern = place("/customer").into_iter().map(rules::Step::Name).collect();
    let cover = Cover::new(vec![pattern], vec![place("/customer/email")]);
    let shown = |json: &str| {
        let value = Value::from_json(json.as_bytes(), 64).unwrap();
        let text = String::from_utf8(cover.json(json.as_bytes()).into_owned()).unwrap();
        assert_eq!(cover.value(&value).display_json(), text);
        text
    };
    assert_eq!(shown(r#"{"customer":"Jane"}"#), r#"{"customer":"[redacted]"}"#);
    let object = r#"{"customer":{"email":"a@b","name":"Jane"}}"#;
    assert_eq!(shown(object), r#"{"customer":{"email":"a@b","name":"[redacted]"}}"#);
}
