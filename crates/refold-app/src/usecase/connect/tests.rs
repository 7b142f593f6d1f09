use std::cell::RefCell;
use std::net::TcpListener;

use refold_core::work::{CancelToken, Silent};

use super::*;
use crate::connections::{self, Named};
use crate::wire::Connection;

const LINES: &str = "{\"id\":\"1\",\"source\":\"s\",\"type\":\"T\",\"specversion\":\"1.0\",\"data\":{}}\n";

fn tried(folder: &Path, asked: &Asked) -> Tried {
    let (cancel, told) = (CancelToken::default(), RefCell::new(Vec::new()));
    let tell = |step: &ConnectStep| told.borrow_mut().push(step.clone());
    let tried = connect(&Work::new(&cancel, &Silent), asked, &Places::below(folder), &tell).unwrap();
    assert_eq!(told.into_inner(), tried.steps, "each step is told when it is through");
    tried
}

fn outcomes(tried: &Tried) -> Vec<StepOutcome> {
    tried.steps.iter().map(|step| step.outcome).collect()
}

#[test]
fn a_file_is_tried_in_five_steps() {
    use StepOutcome::{Failed, None, Ok};

    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("events.jsonl");
    std::fs::write(&store, LINES).unwrap();
    let at = |path: &Path| Asked::at(path.display().to_string());
    let good = tried(folder.path(), &at(&store));
    assert_eq!(outcomes(&good), [Ok, None, Ok, Ok, Ok], "{good:?}");
    assert_eq!(good.failure.is_none(), good.steps.len() == TITLES.len());
    let absent = tried(folder.path(), &at(&folder.path().join("absent.db")));
    assert_eq!(outcomes(&absent), [Failed], "{absent:?}");
    assert!(!absent.steps[0].advice.is_empty());
    let other = folder.path().join("other.db");
    std::fs::write(&other, "SQLite format 3\0and no more").unwrap();
    let damaged = tried(folder.path(), &at(&other));
    assert!(damaged.failure.is_some(), "{damaged:?}");
    let unsaved = Connection {
        store: Some(store.display().to_string()),
        ..Connection::default()
    };
    let asked = Asked {
        store: Named::As(Box::new(unsaved)),
        ..Asked::at("")
    };
    assert_eq!(outcomes(&tried(folder.path(), &asked)), [Ok, None, Ok, Ok, Ok]);
}

#[test]
fn a_server_that_does_not_answer_is_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let asked = Asked::at(format!("postgres://ada@127.0.0.1:{port}/orders"));
    let silent = tried(folder.path(), &asked);
    assert_eq!(outcomes(&silent), [StepOutcome::Failed]);
    assert!(
        silent.steps[0].said.contains(&format!("127.0.0.1:{port}")),
        "{silent:?}"
    );
}

#[test]
fn what_is_opened_over_a_connection_stands_in_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let places = Places::below(folder.path());
    let store = folder.path().join("events.jsonl");
    std::fs::write(&store, LINES).unwrap();
    let connection = Connection {
        name: "shop".to_owned(),
        store: Some(store.display().to_string()),
        cache: Some("memory".to_owned()),
        ..Connection::default()
    };
    connections::save(&places, &connection, None).unwrap();
    let cancel = CancelToken::default();
    let session = Session::open(&Work::new(&cancel, &Silent), "@shop", None, &places).unwrap();
    assert_eq!((session.location(), session.path()), ("@shop", store.as_path()));
    assert_eq!(session.connection().map(|of| of.name.as_str()), Some("shop"));
    assert!(
        !session.cache_folder().starts_with(folder.path()),
        "its cache is in memory"
    );
    session.reopened(&Work::new(&cancel, &Silent)).unwrap();
    let log = std::fs::read_to_string(crate::access::file(&places.data, "shop")).unwrap();
    let first = log.lines().next().unwrap_or_default();
    assert!(first.contains("\"act\":\"opened\""), "{first}");
    let by_path = Session::open(
        &Work::new(&cancel, &Silent),
        &store.display().to_string(),
        None,
        &places,
    )
    .unwrap();
    assert_eq!((by_path.noted_as(), by_path.connection()), (session.noted_as(), None));
}
