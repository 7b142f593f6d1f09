//! A case against the store that it is from: the same bytes, the same states, and nothing that was hidden.

use std::path::PathBuf;

use proptest::prelude::*;
use refold_core::event::{Encoding, Position, Version};
use refold_core::port::store::Unsettled;
use refold_core::work::{CancelToken, Silent};
use refold_stores::memory::{MemoryEvent, MemoryStore};

use super::*;
use crate::usecase::{events, state};
use crate::wire::{Axis, NoteKind};

struct Lab {
    folder: tempfile::TempDir,
    places: Places,
}

impl Lab {
    fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("shop")).unwrap();
        std::fs::create_dir(folder.path().join("kept")).unwrap();
        let places = Places::below(&folder.path().join("home"));
        Lab { folder, places }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("kept/orders.refold-case")
    }

    /// A file of events that is a store: the one of these lines.
    fn store(&self, lines: &str) -> Session {
        let path = self.folder.path().join("shop/orders.jsonl");
        std::fs::write(&path, lines).unwrap();
        self.open(&path)
    }

    fn memory(&self, events: Vec<MemoryEvent>) -> Session {
        let location = self.folder.path().join("shop/memory").display().to_string();
        Session::of_store(
            Arc::new(MemoryStore::new("memory", events)),
            &location,
            &self.places.cache,
        )
    }

    fn open(&self, path: &Path) -> Session {
        silently(|work| Session::open(work, &path.display().to_string(), None, &self.places)).unwrap()
    }

    fn save(&self, session: &Session, asked: &CaseAsked, existing: Existing) -> Result<Written, AppError> {
        silently(|work| save(work, session, &self.places, asked, &self.file(), existing)).map(|saved| saved.written)
    }
}

fn silently<T>(act: impl FnOnce(&Work<'_>) -> T) -> T {
    let cancel = CancelToken::default();
    act(&Work::new(&cancel, &Silent))
}

fn streams(names: &[&str]) -> CaseAsked {
    CaseAsked {
        streams: names.iter().map(|name| (*name).to_owned()).collect(),
        ..CaseAsked::default()
    }
}

fn place(stream: &str, handler: &str) -> DocumentPlace {
    DocumentPlace {
        view: "history".to_owned(),
        store: Some("/srv/orders.jsonl".to_owned()),
        layout: Some("json-lines".to_owned()),
        stream: Some(stream.to_owned()),
        category: Some("order".to_owned()),
        handler: Some(handler.to_owned()),
        a: 2,
        b: Some(1),
        lens: "diff".to_owned(),
        axis: Axis::Version,
        from: Some("0".to_owned()),
        to: Some("2".to_owned()),
        focus: Some("/total".to_owned()),
        types: vec!["Placed".to_owned()],
        as_of: None,
        asked: None,
        lanes: None,
        streams: None,
        compared: None,
        sandbox: None,
        look: None,
    }
}

fn note(stream: &str) -> Note {
    Note {
        id: String::new(),
        kind: NoteKind::Note,
        stream: stream.to_owned(),
        category: "order".to_owned(),
        at: "v2".to_owned(),
        until: None,
        path: None,
        position: "2".to_owned(),
        event_type: "Paid".to_owned(),
        recorded_at: String::new(),
        text: "why twice?".to_owned(),
        made_at: String::new(),
        changed_at: String::new(),
    }
}

/// Every event of a stream as the store holds it, and the state after it.
fn told(session: &Session, stream: &str) -> (Vec<String>, Vec<String>) {
    let (mut lines, mut states) = (Vec::new(), Vec::new());
    silently(|work| {
        events::events(work, session, stream, &events::Events::default(), &mut |event| {
            let position = format!("#{}", event.position);
            lines.push(json_line(event)?);
            let state = state::state(work, session, stream, &position, None)?;
            states.push(serde_json::to_string(&state.state).unwrap());
            Ok(())
        })
    })
    .unwrap();
    (lines, states)
}

fn bodies() -> impl Strategy<Value = Option<Vec<u8>>> {
    let json = prop_oneof![
        "\\{\"a\": ?[0-9]{1,20}(\\.[0-9]{1,5})?\\}",
        "\\{\"a\":\"[\\PC\n\"]{0,6}\"\\}",
        Just("{\n\t\"a\" : 1e400 }\r\n".to_owned()),
        Just("{\"base64\":\"aGk=\"}".to_owned()),
        Just("{\"a\":1,\"a\":2}".to_owned()),
        Just("null".to_owned()),
        Just("[1,".to_owned()),
    ];
    prop_oneof![
        3 => json.prop_map(|text| Some(text.into_bytes())),
        1 => prop::collection::vec(any::<u8>(), 0..20).prop_map(Some),
        1 => Just(None),
    ]
}

fn many_events() -> impl Strategy<Value = Vec<MemoryEvent>> {
    let one = (0..3_u8, -3_i64..4_000_000_000_000, bodies(), bodies());
    prop::collection::vec(one, 1..30).prop_map(|all| {
        let numbered = all.into_iter().zip(0_i64..);
        numbered
            .map(|((stream, time, payload, metadata), number)| MemoryEvent {
                position: Position(number * 7 - 20),
                stream: format!("order-{stream}").into_bytes(),
                category: b"order".to_vec(),
                version: Version(number),
                event_type: format!("T{stream}").into_bytes(),
                recorded_at: if time < 0 {
                    Timestamp::NONE
                } else {
                    Timestamp(time * 1_000)
                },
                payload,
                encoding: Encoding::Json,
                metadata,
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_case_tells_of_its_streams_what_the_store_tells(events in many_events()) {
        let lab = Lab::new();
        let mut ids: Vec<String> = events.iter().map(|event| String::from_utf8_lossy(&event.stream).into()).collect();
        ids.sort();
        ids.dedup();
        let store = lab.memory(events);
        let wanted: Vec<&str> = ids.iter().take(2).map(String::as_str).collect();
        lab.save(&store, &streams(&wanted), Existing::Kept).unwrap();
        let case = lab.open(&lab.file());
        for id in wanted {
            prop_assert_eq!(told(&case, id), told(&store, id));
        }
    }
}

/// Whoever opens the case has no server to ask: he learns it from the case, in every answer.
#[test]
fn a_case_says_what_was_not_settled_when_it_was_written() {
    let lab = Lab::new();
    let event = MemoryEvent {
        position: Position(7),
        stream: b"order-1".to_vec(),
        category: b"order".to_vec(),
        version: Version(1),
        event_type: b"Placed".to_vec(),
        recorded_at: Timestamp(0),
        payload: Some(b"{}".to_vec()),
        encoding: Encoding::Json,
        metadata: None,
    };
    let unsettled = Unsettled {
        behind: Some(Position(7)),
        last: Some(Position(9)),
        why: "1 transaction that writes was not over within 3 seconds".to_owned(),
    };
    let location = lab.folder.path().join("shop/memory").display().to_string();
    let of = |store: MemoryStore| Session::of_store(Arc::new(store), &location, &lab.places.cache);
    let settled = of(MemoryStore::new("memory", vec![event.clone()]));
    lab.save(&settled, &streams(&["order-1"]), Existing::Kept).unwrap();
    assert_eq!(lab.open(&lab.file()).unsettled(), None);
    let open = of(MemoryStore::new("memory", vec![event]).with_unsettled(unsettled));
    lab.save(&open, &streams(&["order-1"]), Existing::Replaced).unwrap();
    let case = lab.open(&lab.file());
    let said = case.unsettled().unwrap();
    assert_eq!((said.behind.as_deref(), said.last.as_deref()), (Some("7"), Some("9")));
    assert!(said.why.starts_with("when the case was written, on "), "{}", said.why);
    assert!(said.why.ends_with("within 3 seconds"), "{}", said.why);
    let notices = crate::usecase::describe::notices(&case);
    assert!(notices.iter().any(|notice| notice.code == "unsettled"), "{notices:?}");
    let told = show(&case).unwrap().store.unsettled.unwrap();
    assert_eq!(told.why, "1 transaction that writes was not over within 3 seconds");
    let error = silently(|work| state::state(work, &case, "order-2", "head", None)).unwrap_err();
    assert!(error.message.contains("not settled"), "{error}");
}

const LINES: &str = "\
{\"position\":\"1\",\"stream\":\"order-1\",\"category\":\"order\",\"version\":\"1\",\"type\":\"Placed\",\"recorded_at\":\"2026-08-03T14:00:00.120Z\",\"payload\":{\"total\":0.10,\"email\":\"ada@example.org\"},\"metadata\":null}
{\"position\":\"2\",\"stream\":\"order-1\",\"category\":\"order\",\"version\":\"2\",\"type\":\"Paid\",\"recorded_at\":\"2026-08-03T14:00:01.000Z\",\"payload\":{\"paid\":9007199254740993},\"metadata\":{\"actor\":\"Grace\"}}
{\"position\":\"3\",\"stream\":\"order-2\",\"category\":\"order\",\"version\":\"1\",\"type\":\"Placed\",\"recorded_at\":\"2026-08-03T14:00:02.000Z\",\"payload\":{\"total\":7},\"metadata\":null}
";

#[test]
fn a_case_opens_where_it_stood_when_the_store_and_the_handler_are_gone() {
    let lab = Lab::new();
    let session = lab.store(LINES);
    let package = lab.folder.path().join("shop/handlers/totals");
    std::fs::create_dir_all(package.join("versions/1.0.0")).unwrap();
    let manifest = "format = \"refold-handler/1\"\nname = \"totals\"\n[source]\ncategory = \"order\"\n[partition]\nby = \
                    \"stream\"\n[[version]]\nid = \"1.0.0\"\npath = \"versions/1.0.0\"\nruntime = \"declarative\"\n";
    std::fs::write(package.join("handler.toml"), manifest).unwrap();
    let reducer = "refold: reducer/1\n\ninitial: { due: 0 }\n\non:\n  Placed:\n    - set: { due: event.data.total }\n  Paid:\n    - set: \
                   { paid: event.data.paid }\n";
    std::fs::write(package.join("versions/1.0.0/reducer.yaml"), reducer).unwrap();
    let handler = format!("{}@1.0.0", package.display());
    notebook::put(&lab.places, session.location(), &note("order-2")).unwrap();
    notebook::put(&lab.places, session.location(), &note("gone-1")).unwrap();
    let asked = CaseAsked {
        places: vec![place("order-1", &handler)],
        ..CaseAsked::default()
    };
    let in_store = silently(|work| state::state(work, &session, "order-1", "v2", Some(&handler))).unwrap();
    let written = lab.save(&session, &asked, Existing::Kept).unwrap();
    assert_eq!(written.events, 3);
    drop(session);
    std::fs::remove_dir_all(lab.folder.path().join("shop")).unwrap();
    std::fs::remove_dir_all(&lab.places.data).unwrap();

    let case = lab.open(&lab.file());
    let answer = show(&case).unwrap();
    assert_eq!(answer.store.kind, "JSON Lines");
    assert_eq!(answer.store.last_position.as_deref(), Some("3"));
    assert_eq!(
        answer.store.last_position_recorded_at.as_deref(),
        Some("2026-08-03T14:00:02.000Z")
    );
    let counts: Vec<(&str, u32)> = answer
        .streams
        .iter()
        .map(|of| (of.stream.as_str(), of.events))
        .collect();
    assert_eq!(counts, [("order-1", 2), ("order-2", 1)]);
    assert_eq!(answer.notes[0].text, "why twice?");
    assert!(
        answer
            .left_out
            .iter()
            .any(|sentence| sentence.ends_with("not in the store: gone-1"))
    );
    let wire = case.case().unwrap().wire(case.location());
    let stood = &wire.places[0];
    let unpacked = stood.handler.as_deref().unwrap();
    assert_eq!(Some(unpacked), answer.handlers[0].handler.as_deref());
    assert_eq!(
        DocumentPlace {
            store: Some("/srv/orders.jsonl".to_owned()),
            layout: Some("json-lines".to_owned()),
            handler: Some(handler.clone()),
            ..stood.clone()
        },
        place("order-1", &handler)
    );
    let in_case = silently(|work| state::state(work, &case, "order-1", "v2", Some(unpacked))).unwrap();
    assert_eq!(in_case.handler.hash, in_store.handler.hash);
    assert_eq!(
        serde_json::to_string(&in_case.state).unwrap(),
        serde_json::to_string(&in_store.state).unwrap()
    );
}

#[test]
fn a_case_is_as_of_the_end_of_its_store_and_not_of_its_own_streams() {
    let lab = Lab::new();
    let session = lab.store(LINES);
    lab.save(&session, &streams(&["order-1"]), Existing::Kept).unwrap();
    let store = show(&lab.open(&lab.file())).unwrap().store;
    assert_eq!(store.last_position.as_deref(), Some("3"));
    assert_eq!(
        (
            store.last_position_recorded_at.as_deref(),
            store.events_until.as_deref()
        ),
        (Some("2026-08-03T14:00:02.000Z"), Some("2026-08-03T14:00:01.000Z"))
    );
}

#[test]
fn the_branch_of_a_sandbox_goes_along_and_what_does_not_is_named() {
    let lab = Lab::new();
    let session = lab.store(LINES);
    let edits = vec!["{\"skip\":\"v2\"}".to_owned()];
    let branch = DocumentPlace {
        view: "sandbox".to_owned(),
        sandbox: Some(edits.clone()),
        ..place("order-1", handler::DEFAULT)
    };
    let asked = CaseAsked {
        places: vec![branch],
        elsewhere: vec!["other.db".to_owned()],
        ..CaseAsked::default()
    };
    lab.save(&session, &asked, Existing::Kept).unwrap();
    let case = lab.open(&lab.file());
    let wire = case.case().unwrap().wire(case.location());
    assert_eq!(
        (wire.places[0].stream.as_deref(), wire.places[0].sandbox.as_ref()),
        (Some("order-1"), Some(&edits))
    );
    assert!(
        wire.left_out
            .iter()
            .any(|sentence| sentence.ends_with("not here: other.db"))
    );
}

#[test]
fn what_rules_hide_is_not_in_a_case_and_stays_hidden_where_it_is_opened() {
    let lab = Lab::new();
    std::fs::create_dir_all(&lab.places.config).unwrap();
    let rules = "refold = \"mask/1\"\n[[hide]]\npaths = [\"/email\", \"/actor\"]\n";
    std::fs::write(lab.places.config.join("mask.toml"), rules).unwrap();
    let session = lab.store(LINES);
    lab.save(&session, &streams(&["order-1"]), Existing::Kept).unwrap();
    let text = std::fs::read_to_string(lab.file()).unwrap();
    assert!(!text.contains("ada@example.org") && !text.contains("Grace"), "{text}");
    std::fs::remove_file(lab.places.config.join("mask.toml")).unwrap();
    let case = lab.open(&lab.file());
    assert!(case.mask().has_rules());
    let answer = show(&case).unwrap();
    assert!(
        answer.left_out.iter().any(|sentence| sentence.contains("[redacted]")),
        "{:?}",
        answer.left_out
    );
    let state = silently(|work| state::state(work, &case, "order-1", "head", None)).unwrap();
    assert!(
        serde_json::to_string(&state.state)
            .unwrap()
            .contains("\"email\":\"[redacted]\"")
    );
}

/// The window remembers where somebody was last. Nobody asked for that stream.
#[test]
fn a_stream_that_was_only_looked_at_is_not_in_a_case() {
    let lab = Lab::new();
    let session = lab.store(LINES);
    let trail = Note {
        kind: NoteKind::Trail,
        ..note("order-2")
    };
    notebook::put(&lab.places, session.location(), &trail).unwrap();
    let nothing = lab.save(&session, &CaseAsked::default(), Existing::Kept).unwrap_err();
    assert!(nothing.message.contains("nothing to put"), "{}", nothing.message);
    let written = lab.save(&session, &streams(&["order-1"]), Existing::Kept).unwrap();
    assert_eq!(written.events, 2);
    let text = std::fs::read_to_string(lab.file()).unwrap();
    assert!(!text.contains("order-2"), "{text}");
}

#[test]
fn a_case_is_written_over_nothing_else_and_never_beside_the_store() {
    let lab = Lab::new();
    let session = lab.store(LINES);
    let asked = streams(&["order-1"]);
    let refused = |answer: Result<Written, AppError>, part: &str| {
        let error = answer.unwrap_err();
        assert!(error.message.contains(part), "{}", error.message);
    };
    refused(
        lab.save(&session, &CaseAsked::default(), Existing::Kept),
        "there is nothing to put into a case",
    );
    refused(
        lab.save(&session, &streams(&["order-9"]), Existing::Kept),
        "no stream has this id",
    );
    assert!(!lab.file().exists());
    lab.save(&session, &asked, Existing::Kept).unwrap();
    refused(
        lab.save(&session, &asked, Existing::Kept),
        "a file of this name is there",
    );
    lab.save(&session, &asked, Existing::Replaced).unwrap();
    let case = lab.open(&lab.file());
    refused(
        lab.save(&case, &asked, Existing::Replaced),
        "what is open is a case file",
    );
    std::fs::write(lab.file(), "a diary").unwrap();
    refused(
        lab.save(&session, &asked, Existing::Replaced),
        "what is there is no case",
    );
    let beside = lab.folder.path().join("shop/orders.refold-case");
    let answer = silently(|work| save(work, &session, &lab.places, &asked, &beside, Existing::Kept));
    refused(answer.map(|saved| saved.written), "the folder of the store");
    assert!(!beside.exists());
}
