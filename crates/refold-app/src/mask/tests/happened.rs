//! Times, and ids of what is corrected, where rules hide them.

use super::*;
use crate::error::ErrorCode;
use crate::usecase::lab::known::{Order, Question, corrections, known};

/// Between the times at which the two events were recorded.
const BETWEEN: &str = "2023-11-16T00:00:00Z";
const DAY: i64 = 24 * 60 * 60 * 1_000_000_000;

/// Two events that were recorded a day apart, and say where rules can hide it when they happened and what they correct.
fn born(rules: &str, folder: &Path) -> Session {
    let event = |version: i64, born: &str| MemoryEvent {
        position: Position(version),
        stream: b"person-1".to_vec(),
        category: b"person".to_vec(),
        version: Version(version),
        event_type: b"Registered".to_vec(),
        recorded_at: Timestamp(1_700_000_000_000_000_000 + version * DAY),
        payload: Some(format!("{{\"born\":\"{born}\"}}").into_bytes()),
        encoding: Encoding::Json,
        metadata: Some(br#"{"corrects":"CANARY-1"}"#.to_vec()),
    };
    let events = vec![event(1, "1971-02-03T00:00:00Z"), event(2, "1972-02-03T00:00:00Z")];
    let store = Arc::new(MemoryStore::new("born", events));
    Session::of_store(store, "memory", folder).masked_by(mask(rules, folder))
}

fn by_birth() -> Question<'static> {
    Question {
        about: "1971-12-31T00:00:00Z",
        known_at: "head",
        handler: None,
        occurred: Some("/born"),
        order: Order::Recorded,
    }
}

fn between() -> Question<'static> {
    Question {
        about: BETWEEN,
        ..by_birth()
    }
}

#[test]
fn no_event_is_told_apart_by_a_time_that_is_hidden() {
    let folder = tempfile::tempdir().unwrap();
    let rules = "refold = \"mask/1\"\n[[hide]]\ntype = \"Reg*\"\nin = [\"payload\"]\npaths = [\"/born\"]\n";
    let session = born(rules, folder.path());
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let late = || corrections(&work, &session, "person-1", between());
    let refused = [
        known(&work, &session, "person-1", by_birth()).unwrap_err(),
        late().unwrap_err(),
    ];
    for error in refused {
        assert_eq!(error.code, ErrorCode::Denied);
        assert_eq!(
            error.message,
            "masking rules hide /born of events of the type Registered, and when they happened would tell it"
        );
        assert!(error.hint.contains("docs/masking.md"), "{}", error.hint);
    }
    let recorded = Question {
        occurred: None,
        ..by_birth()
    };
    assert_eq!(known(&work, &session, "person-1", recorded).unwrap().events, 0);
    let reveal = Reveal::everywhere("/born").unwrap();
    session.mask().reveal(reveal, "ticket 4711").unwrap();
    assert_eq!(known(&work, &session, "person-1", by_birth()).unwrap().events, 1);
    assert_eq!(late().unwrap().late_count, 1);
}

#[test]
fn what_an_event_corrects_is_hidden_with_its_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let rules = "refold = \"mask/1\"\n[[hide]]\nin = [\"metadata\"]\npaths = [\"/corrects\"]\n";
    let session = born(rules, folder.path());
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let corrected = || {
        let answer = corrections(&work, &session, "person-1", between());
        let late = answer.unwrap().late.into_iter();
        late.map(|event| event.corrects).collect::<Vec<_>>()
    };
    let is_told = |session: &Session| {
        let answer = known(&work, session, "person-1", by_birth()).unwrap();
        answer.findings.iter().any(|finding| finding.code == "redacted")
    };
    assert!(is_told(&session));
    assert_eq!(corrected(), [Some("[redacted]".to_owned())]);
    let reveal = Reveal::everywhere("/corrects").unwrap();
    session.mask().reveal(reveal, "ticket 4711").unwrap();
    assert_eq!(corrected(), [Some("CANARY-1".to_owned())]);
    assert!(is_told(&session), "one path is shown, and the rule is still there");
    session
        .mask()
        .reveal(Reveal::everywhere("").unwrap(), "ticket 4712")
        .unwrap();
    assert!(!is_told(&session));
}
