use refold_core::event::{Encoding, Position, Version};
use refold_core::time::Timestamp;
use refold_core::work::{CancelToken, Silent};
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::*;
use crate::answer::json_line;
use crate::mask::Log;
use crate::usecase::lab::Scope;
use crate::usecase::lab::gate::gate;
use crate::usecase::lab::gate_example::gate_example;

const MANIFEST: &str = r#"
format = "refold-handler/1"
name = "people"
[source]
category = "p"
[partition]
by = "stream"
[[version]]
id = "1.0.0"
path = "versions/1.0.0"
runtime = "declarative"
"#;
const REDUCER: &str = "refold: reducer/1\non: { Named: [ { merge: { state: event.data } } ] }\nunhandled: ignore\n";
const UPCASTERS: &str = "
refold: upcasters/1
upcasters:
  - event: Named
    from: 1
    to: 2
    do:
      - rename: { mail: contact.email }
      - set: { greeting: \"'Dear ' + event.data.contact.email\" }
  - { event: Named, from: 2, to: 3, do: [ { default: { n: 0.10 } } ] }
  - { event: Noise, from: 1, drop: true }
";
const RULES: &str = "refold = \"mask/1\"\n[[hide]]\npaths = [\"/mail\"]\n";

fn event(place: i64, event_type: &str, payload: &str) -> MemoryEvent {
    MemoryEvent {
        position: Position(place),
        stream: b"p-1".to_vec(),
        category: b"p".to_vec(),
        version: Version(place),
        event_type: event_type.as_bytes().to_vec(),
        recorded_at: Timestamp(place),
        payload: Some(payload.as_bytes().to_vec()),
        encoding: Encoding::Json,
        metadata: None,
    }
}

/// Asks a store of people and the handler that upcasts them, with masking rules or without.
fn asked<T>(rules: Option<&str>, ask: impl FnOnce(&Work<'_>, &Session, &str) -> Result<T, AppError>) -> T {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("people");
    let version = package.join("versions/1.0.0");
    std::fs::create_dir_all(&version).unwrap();
    std::fs::write(package.join("handler.toml"), MANIFEST).unwrap();
    std::fs::write(version.join("reducer.yaml"), REDUCER).unwrap();
    std::fs::write(version.join("upcasters.yaml"), UPCASTERS).unwrap();
    let fields: String = (0..2_500).map(|at| format!(",\"f{at}\":{at}")).collect();
    let wide = format!(r#"{{"mail":"ada@example.org"{fields}}}"#);
    let events = vec![
        event(1, "Named", r#"{"mail":"ada@example.org","big":9007199254740993}"#),
        event(2, "Noise", "{}"),
        event(3, "Other", "{}"),
        event(4, "Named", &wide),
    ];
    let store = Arc::new(MemoryStore::new("people", events));
    let mut session = Session::of_store(store, "memory", folder.path());
    if let Some(rules) = rules {
        let file = folder.path().join("rules.toml");
        std::fs::write(&file, rules).unwrap();
        let log = Log::new(folder.path(), "people");
        session = session.masked_by(Mask::load(folder.path(), folder.path(), Some(&file), log).unwrap());
    }
    let cancel = CancelToken::default();
    let handler = package.display().to_string();
    ask(&Work::new(&cancel, &Silent), &session, &handler).unwrap_or_else(|error| panic!("{error}"))
}

/// All events of a stream with their ways, as JSON.
fn told(rules: Option<&str>) -> Vec<String> {
    asked(rules, |work, session, handler| {
        let mut lines = Vec::new();
        let mut tell = |event| {
            lines.push(json_line(&event)?);
            Ok(())
        };
        upcast_events(work, session, "p-1", &Events::default(), Some(handler), &mut tell)?;
        Ok(lines)
    })
}

#[test]
fn each_step_says_what_it_changed() {
    let lines = told(None);
    assert_eq!(lines.len(), 4);
    let first = &lines[0];
    assert!(
        first.contains(r#""made":[{"type":"Named","payload":{"big":9007199254740993,"contact":{"email":"ada@example.org"},"greeting":"Dear ada@example.org","n":0.10}}]"#),
        "{first}"
    );
    assert!(
        first.contains(r#""from":2,"to":3,"changes":[{"path":"/n","op":"added","before":null,"after":0.10"#),
        "{first}"
    );
    assert!(first.contains(r#""path":"/mail","op":"removed""#), "{first}");
    assert!(
        lines[1].contains(r#""made":[]"#) && lines[1].contains(r#""fault":null"#),
        "{}",
        lines[1]
    );
    assert!(lines[2].contains(r#""upcast":null"#), "{}", lines[2]);
}

/// A rule speaks of the stored field; the chain moves it and makes another of it.
#[test]
fn what_is_hidden_stays_hidden_wherever_the_chain_puts_it() {
    for line in told(Some(RULES)) {
        assert!(!line.contains("ada@"), "{line}");
    }
    let first = &told(Some(RULES))[0];
    assert!(first.contains(r#""contact":{"email":"[redacted]"}"#), "{first}");
    assert!(first.contains(r#""redacted":true"#), "{first}");
    // A rule that speaks of the new field alone hides it there.
    let new = "refold = \"mask/1\"\n[[hide]]\npaths = [\"/contact\", \"/greeting\"]\n";
    let first = &told(Some(new))[0];
    assert!(
        first.contains(r#""contact":"[redacted]""#) && first.contains(r#""mail":"ada@"#),
        "{first}"
    );
}

/// The same of what the window shows of the gate: what became of all events, and one of them.
#[test]
fn what_is_hidden_stays_hidden_in_the_gate() {
    let told = |rules| {
        asked(rules, |work, session, handler| {
            let all = gate(work, session, Scope::All, Some(handler))?;
            let one = gate_example(work, session, "p-1", "v1", Some(handler))?;
            Ok([json_line(&all)?, json_line(&one)?])
        })
    };
    let [_, plain] = told(None);
    assert!(
        plain.contains("Dear ada@") && plain.contains("9007199254740993"),
        "{plain}"
    );
    let [all, one] = told(Some(RULES));
    assert!(!all.contains("ada@") && !one.contains("ada@"), "{all}\n{one}");
    assert!(
        one.contains(r#""path":"/contact/email","left":null,"right":"[redacted]""#)
            && one.contains(r#""isRedacted":true"#),
        "{one}"
    );
}

#[test]
fn the_gate_shows_of_an_event_what_changes_and_what_is_gone() {
    let one = |cursor| {
        asked(None, |work, session, handler| {
            let shown = gate_example(work, session, "p-1", cursor, Some(handler))?;
            let [part] = shown.parts.as_slice() else {
                panic!("one event stays one, and nothing is shown as one: {shown:?}");
            };
            let differing = part.rows.iter().filter(|row| row.differs).count();
            let told = [part.differing, part.places].map(|of| of as usize);
            Ok((
                shown.part_count,
                part.event_type.clone(),
                part.rows.len(),
                differing,
                told,
            ))
        })
    };
    assert_eq!(one("v1"), (1, "Named".to_owned(), 5, 4, [4, 5]));
    // Too many fields to be told: those that change.
    assert_eq!(one("v4"), (1, "Named".to_owned(), 4, 4, [4, 2_504]));
    assert_eq!(one("v2"), (0, String::new(), 1, 1, [1, 1]));
}
