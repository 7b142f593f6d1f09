//! What handlers read of events, as the answers about why and why not tell it.

use super::*;
use crate::usecase::lab::why::why;
use crate::usecase::lab::why_not::{AskedEvents, why_not};

const MANIFEST: &str = r#"
format = "refold-handler/1"
name = "order"
[[version]]
id = "1.0.0"
path = "v"
runtime = "declarative"
"#;
const REDUCER: &str = r#"
refold: reducer/1
on:
  First:
    - set: { first: event.data.note }
  Second:
    - set: { cheap: "'yes'" }
      when: event.data.price < 5
"#;
const UPCASTERS: &str = r#"
refold: upcasters/1
upcasters:
  - event: Both
    from: 1
    to: 2
    split:
      - { type: First, data: { note: event.data.note } }
      - { type: Second, data: { price: event.data.price } }
"#;

/// Asks under these rules of an event that is split into two, and of one after it that has a name as a key.
fn asked<T>(rules: &str, ask: impl FnOnce(&Work<'_>, &Arc<Session>, &str) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("package");
    std::fs::create_dir_all(package.join("v")).unwrap();
    for (file, text) in [
        ("handler.toml", MANIFEST),
        ("v/reducer.yaml", REDUCER),
        ("v/upcasters.yaml", UPCASTERS),
    ] {
        std::fs::write(package.join(file), text).unwrap();
    }
    let event = |place: i64, event_type: &str, payload: &str| MemoryEvent {
        position: Position(place),
        stream: b"order-1".to_vec(),
        category: b"order".to_vec(),
        version: Version(place),
        event_type: event_type.as_bytes().to_vec(),
        recorded_at: Timestamp(1_700_000_000_000_000_000 + place),
        payload: Some(payload.as_bytes().to_vec()),
        encoding: Encoding::Json,
        metadata: None,
    };
    let events = vec![
        event(1, "Both", r#"{"note":"n","price":9007199254740993}"#),
        event(2, "Priced", r#"{"prices":{"CANARY":7}}"#),
    ];
    let store = Arc::new(MemoryStore::new("reasons", events));
    let session = Session::of_store(store, "memory", folder.path()).masked_by(mask(rules, folder.path()));
    let session = Arc::new(session);
    let cancel = CancelToken::default();
    ask(&Work::new(&cancel, &Silent), &session, &package.display().to_string())
}

#[test]
fn a_part_of_a_split_event_is_hidden_by_the_rules_for_its_own_type() {
    let told = |rules: &str| {
        asked(rules, |work, session, handler| {
            let answer = why_not(
                work,
                session,
                "order-1",
                "/cheap",
                AskedEvents::One("v1"),
                Some(handler),
                20,
            );
            json_line(&answer.unwrap().misses).unwrap()
        })
    };
    let hidden = "refold = \"mask/1\"\n[[hide]]\ntype = \"Second\"\nin = [\"payload\"]\npaths = [\"/price\"]\n";
    let text = told(hidden);
    assert!(
        text.contains("\"value\":\"[redacted]\"") && !text.contains("9007199254740993"),
        "{text}"
    );
    let other = told(&hidden.replace("Second", "First"));
    assert!(other.contains("9007199254740993"), "{other}");
}

/// The members of a merged payload are names that the event chose.
#[test]
fn a_path_that_was_read_ends_where_something_hidden_begins() {
    let told = |path: &str| {
        let rules = format!("refold = \"mask/1\"\n[[hide]]\npaths = [\"{path}\"]\n");
        asked(&rules, |work, session, _| {
            let answer = why(work, session, "order-1", "/prices", "head", None, 20);
            json_line(&answer.unwrap().steps).unwrap()
        })
    };
    let hidden = told("/prices");
    assert!(
        hidden.contains("\"path\":\"/prices\"") && !hidden.contains("CANARY"),
        "{hidden}"
    );
    let shown = told("/other");
    assert!(
        shown.contains("\"of\":\"payload\",\"path\":\"/prices/CANARY\""),
        "{shown}"
    );
}

/// What the window is told, of the very same events.
#[test]
fn no_condition_tells_the_window_what_it_read_of_something_hidden() {
    let told = |rules: &str| {
        asked(rules, |work, session, handler| {
            let news = News::new(1, Arc::new(|_| {}));
            let opened = OpenedHistory::open(work, session, "order-1", Some(handler), news).unwrap();
            let answer = opened.why_not(work, "/cheap", (0, 1)).unwrap();
            let [miss] = answer.misses.as_slice() else {
                panic!("one event could have written there: {answer:?}");
            };
            let guards: Vec<bool> = miss.tried.iter().flat_map(|of| &of.guards).map(|of| of.holds).collect();
            assert_eq!(guards, [false], "{answer:?}");
            serde_json::to_string(&answer).unwrap()
        })
    };
    let rules = "refold = \"mask/1\"\n[[hide]]\ntype = \"Second\"\nin = [\"payload\"]\npaths = [\"/price\"]\n";
    let hidden = told(rules);
    assert!(
        hidden.contains("[redacted]") && !hidden.contains("9007199254740993"),
        "{hidden}"
    );
    let other = told(&rules.replace("Second", "First"));
    assert!(other.contains("9007199254740993"), "{other}");
}
