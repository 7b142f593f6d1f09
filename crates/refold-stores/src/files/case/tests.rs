use std::path::{Path, PathBuf};
use std::sync::Arc;

use refold_core::event::{Columns, EventBatch, Position};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{EventStore, ReadQuery, StoreError};
use refold_core::work::{CancelToken, Silent, Work};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::{MAGIC, head_line, seal_line};
use crate::layout::hex;
use crate::{LayoutChoice, OpenOptions};

const HEAD: &str = r#"{"refold_case":1,"written_by":"0.1.0","written_at":"2026-09-01T10:00:00Z","store":{"location":"/srv/orders.db","kind":"SQLite","layout":"emmett","layout_title":"Emmett","identity":"a","change_token":"b","last_position":"9007199254740993","last_recorded_at":null,"order_is_total":true,"version_base":1,"time_digits":3,"time_zone":"UTC"},"notes":[]}"#;

const EVENTS: &str = "\
{\"position\":\"7\",\"stream\":\"order-1\",\"category\":\"order\",\"version\":\"1\",\"type\":\"Placed\",\"recorded_at\":\"2026-08-03T14:00:00.120Z\",\"payload\":{\"total\": 0.10, \"id\":9007199254740993},\"metadata\":null}
{\"position\":\"9007199254740993\",\"stream\":\"order-1\",\"category\":\"order\",\"version\":\"2\",\"type\":\"Paid\",\"recorded_at\":null,\"payload\":{\"base64\":\"ewogIAl9\",\"content_type\":\"application/json\"},\"metadata\":null}
";

struct Lab {
    folder: TempDir,
}

impl Lab {
    fn new() -> Lab {
        Lab {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn write(&self, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join("order-1.refold-case");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn open(&self, path: &Path, layout: Option<&str>) -> Result<Arc<dyn EventStore>, StoreError> {
        let token = CancelToken::default();
        let options = OpenOptions::in_scratch(self.folder.path().join("scratch"));
        let choice = layout.map(|layout| LayoutChoice::parse(layout).unwrap());
        crate::open(
            &Work::new(&token, &Silent),
            path.to_str().unwrap(),
            choice.as_ref(),
            &options,
        )
    }

    fn refused(&self, bytes: &[u8]) -> String {
        let Err(error) = self.open(&self.write(bytes), None) else {
            panic!("it opened");
        };
        error.to_string()
    }
}

fn sealed(head: &str, events: &str, count: u32) -> String {
    let text = format!("{head}\n{events}");
    let digest = hex(&Sha256::digest(&text));
    text + &seal_line(count, &digest)
}

fn payloads(store: &dyn EventStore) -> Vec<(i64, Vec<u8>)> {
    let token = CancelToken::default();
    let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
    let mut reader = store.read(&ReadQuery::all(Columns::ALL)).unwrap();
    let mut all = Vec::new();
    while reader
        .next_batch(&Work::new(&token, &Silent), 1, &mut batch, &mut names, &findings)
        .unwrap()
    {
        let event = batch.event(0);
        all.push((event.position.0, event.payload.unwrap_or_default().to_vec()));
    }
    assert!(findings.is_empty(), "{:?}", findings.summary());
    all
}

#[test]
fn the_events_of_a_case_are_the_bytes_that_were_sealed() {
    let lab = Lab::new();
    let path = lab.write(sealed(HEAD, EVENTS, 2).as_bytes());
    for layout in [None, Some("case")] {
        let store = lab.open(&path, layout).unwrap();
        let description = store.describe();
        assert_eq!(
            (description.kind.as_str(), description.layout.as_str()),
            ("Case file", "case")
        );
        assert_eq!((description.time_digits, description.version_base), (3, Some(1)));
        assert!(description.evidence[1].contains("/srv/orders.db (SQLite, Emmett)"));
        let found = payloads(store.as_ref());
        assert_eq!(found[0], (7, b"{\"total\": 0.10, \"id\":9007199254740993}".to_vec()));
        assert_eq!(found[1], (9_007_199_254_740_993, b"{\n  \t}".to_vec()));
    }
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let scratch = lab.folder.path().join("scratch");
    let head = head_line(&path, &scratch, &work).unwrap().unwrap();
    assert_eq!(head.trim_ascii_end(), HEAD.as_bytes());
    let other = lab.write(EVENTS.as_bytes());
    assert!(head_line(&other, &scratch, &work).unwrap().is_none());
}

/// Files of earlier versions say nothing of it.
#[test]
fn what_was_not_settled_when_a_case_was_written_is_not_settled_in_it() {
    let lab = Lab::new();
    let said = |head: &str| {
        let store = lab.open(&lab.write(sealed(head, EVENTS, 2).as_bytes()), None).unwrap();
        store.describe().unsettled.clone()
    };
    assert_eq!(said(HEAD), None);
    let unsettled = |told: &str| {
        let store = format!("\"time_zone\":\"UTC\",\"unsettled\":{told}}}");
        said(&HEAD.replace("\"time_zone\":\"UTC\"}", &store)).unwrap()
    };
    let told = unsettled(r#"{"behind":"9007199254740993","last":"9007199254740999","why":"a transaction is open"}"#);
    assert_eq!(
        (told.behind, told.last),
        (
            Some(Position(9_007_199_254_740_993)),
            Some(Position(9_007_199_254_740_999))
        )
    );
    assert_eq!(
        told.why,
        "when the case was written, on 2026-09-01T10:00:00Z: a transaction is open"
    );
    let told = unsettled(r#"{"behind":null,"last":null,"why":"a transaction is open"}"#);
    assert_eq!((told.behind, told.last), (None, None));
}

#[test]
fn a_case_without_events_opens_empty() {
    let lab = Lab::new();
    let store = lab.open(&lab.write(sealed(HEAD, "", 0).as_bytes()), None).unwrap();
    assert_eq!(store.describe().event_count, Some(0));
    assert!(payloads(store.as_ref()).is_empty());
}

#[test]
fn a_case_that_is_cut_off_anywhere_is_refused() {
    let lab = Lab::new();
    let whole = sealed(HEAD, EVENTS, 2);
    for length in MAGIC.len()..whole.len() {
        let error = lab.refused(&whole.as_bytes()[..length]);
        assert!(error.contains("case file"), "{length}: {error}");
    }
}

#[test]
fn a_case_of_which_any_byte_is_another_is_refused() {
    let lab = Lab::new();
    let whole = sealed(HEAD, EVENTS, 2).into_bytes();
    for at in MAGIC.len()..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        let error = lab.refused(&damaged);
        assert!(error.contains("case file"), "{at}: {error}");
    }
}

#[test]
fn what_is_wrong_with_a_case_is_said() {
    let lab = Lab::new();
    let newer = sealed(&HEAD.replace("\"refold_case\":1", "\"refold_case\":2"), EVENTS, 2);
    assert!(
        lab.refused(newer.as_bytes())
            .contains("it is a case file of form 2, and this version of Refold reads form 1")
    );
    let miscounted = sealed(HEAD, EVENTS, 3);
    assert!(
        lab.refused(miscounted.as_bytes())
            .contains("its seal is for 3 events, and 2 can be read")
    );
    let headless = sealed("{\"refold_case\":1}", EVENTS, 2);
    assert!(
        lab.refused(headless.as_bytes())
            .contains("its head cannot be read: missing field `store`")
    );
    let foreign = lab.open(&lab.write(EVENTS.as_bytes()), Some("case")).map(drop);
    assert!(foreign.unwrap_err().to_string().contains("layout case does not fit"));
}
