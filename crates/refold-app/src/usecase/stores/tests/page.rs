//! One event on both sides, as the window shows it.

use super::*;
use crate::error::ErrorCode;
use crate::frame::{RowChange, StateFrame};
use crate::mask::Mask;
use crate::wire::{StoresDocument, StoresFrameQuery};

fn query(document: StoresDocument, only_changes: bool) -> StoresFrameQuery {
    StoresFrameQuery {
        seq: 7,
        document,
        only_changes,
        toggled: Vec::new(),
        first_row: 0,
        row_count: 100,
    }
}

/// The rows of a frame: how each differs, where, from what to what.
fn rows(frame: &StateFrame) -> Vec<(RowChange, &str, &str, &str)> {
    let rows = frame.rows.iter();
    rows.map(|row| (row.change, &*row.pointer, &*row.before, &*row.value))
        .collect()
}

fn with(payload: &str) -> Vec<MemoryEvent> {
    let mut events = store(2);
    events[1].payload = Some(payload.as_bytes().to_vec());
    events
}

/// With the events of its first stream listed, as a screen lists them before it shows one.
fn looked_at(found: StoresComparison) -> StoresComparison {
    look_at(&found, 0);
    found
}

fn look_at(found: &StoresComparison, row: u32) {
    let cancel = CancelToken::default();
    let places = found.places(&Work::new(&cancel, &Silent), row, 0, 10).unwrap();
    assert_eq!(places.total, 1);
}

/// A late request is no reason to read a stream in both stores, and does not push away what a person went on to.
#[test]
fn events_are_shown_of_the_two_streams_that_were_looked_at_last() {
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let mut right = store(2);
    for event in right.iter_mut().take(3) {
        event.payload = Some(b"{}".to_vec());
    }
    let found = comparison(store(2), right, &BYTES, EVENTS_AT_ONCE);
    let is_cancelled = |row: u32| {
        let frame = found.frame(&work, (row, 0), &query(StoresDocument::Payload, true));
        let event = found.event(&work, row, 0);
        let of_both = [frame.err(), event.err()].map(|error| error.map(|error| error.code));
        assert!(
            of_both == [None, None] || of_both == [Some(ErrorCode::Cancelled); 2],
            "{of_both:?}"
        );
        of_both != [None, None]
    };
    assert_eq!([0, 1, 2].map(is_cancelled), [true; 3], "none was looked at");
    look_at(&found, 0);
    look_at(&found, 1);
    assert_eq!([1, 0, 2].map(is_cancelled), [false, false, true]);
    look_at(&found, 2);
    // The first was asked for later than the second.
    assert_eq!([1, 0, 2].map(is_cancelled), [true, false, false]);
    // What was asked for last in vain changed nothing.
    look_at(&found, 0);
    assert_eq!([0, 2].map(is_cancelled), [false, false]);
}

#[test]
fn both_events_stand_side_by_side_with_what_differs() {
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let (left, right) = (
        with(r#"{"price":61.45,"sku":"a"}"#),
        with(r#"{"price":16.45,"sku":"a"}"#),
    );
    let found = looked_at(comparison(left, right, &BYTES, EVENTS_AT_ONCE));
    let event = found.event(&work, 0, 0).unwrap();
    let version = event.parts.iter().find(|of| of.part == "version").unwrap();
    assert_eq!(
        (version.left.as_str(), version.right.as_str(), version.is_different),
        ("1", "1", false)
    );
    assert!(event.payload.is_different && event.payload.is_tree && !event.payload.is_form_only);
    assert!(event.metadata.is_tree && !event.metadata.is_different);
    let frame = found
        .frame(&work, (0, 0), &query(StoresDocument::Payload, true))
        .unwrap();
    assert_eq!(rows(&frame), [(RowChange::Changed, "/price", "61.45", "16.45")]);
    let whole = found
        .frame(&work, (0, 0), &query(StoresDocument::Payload, false))
        .unwrap();
    assert_eq!((whole.seq, whole.total_rows, whole.changed), (7, 3, 1));
    let same = found
        .frame(&work, (0, 0), &query(StoresDocument::Metadata, false))
        .unwrap();
    assert_eq!((same.added, same.changed, same.removed), (0, 0, 0));
    assert!(found.event(&work, 0, 1).is_err());
    assert!(found.event(&work, 1, 0).is_err());
}

#[test]
fn an_event_of_one_side_is_all_gone_or_all_new() {
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let mut lost = store(2);
    lost.remove(1);
    for (left, right, change) in [
        (store(2), lost.clone(), RowChange::Removed),
        (lost, store(2), RowChange::Added),
    ] {
        let found = looked_at(comparison(left, right, &BYTES, EVENTS_AT_ONCE));
        let event = found.event(&work, 0, 0).unwrap();
        assert!(event.payload.is_tree && !event.payload.is_different);
        let frame = found
            .frame(&work, (0, 0), &query(StoresDocument::Payload, true))
            .unwrap();
        let changes: Vec<_> = rows(&frame)
            .into_iter()
            .map(|(change, path, ..)| (change, path))
            .collect();
        assert_eq!(changes, [(change, "/amount")]);
    }
}

#[test]
fn what_is_written_otherwise_or_is_no_json_is_said() {
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let body = |left: &str, right: &str| {
        let found = looked_at(comparison(with(left), with(right), &BYTES, EVENTS_AT_ONCE));
        found.event(&work, 0, 0).unwrap().payload
    };
    assert!(body(r#"{"a":1}"#, r#"{ "a":1}"#).is_form_only);
    assert!(!body(r#"{"a":1}"#, r#"{"a":2}"#).is_form_only);
    let text = body(r#"{"a":1}"#, "no JSON");
    assert_eq!(
        (text.is_tree, text.left.as_str(), text.right.as_str()),
        (false, r#"{"a":1}"#, "no JSON")
    );
}

#[test]
fn what_rules_hide_is_in_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("mask.toml");
    std::fs::write(&rules, "refold = \"mask/1\"\n[[hide]]\npaths = [\"/email\"]\n").unwrap();
    let masked = |payload: &str, is_masked: bool| {
        let mask = Mask::default();
        if is_masked {
            mask.add(&rules).unwrap();
        }
        let store = Arc::new(MemoryStore::new("orders", with(payload)));
        let session = Session::of_store(store, "memory", std::path::Path::new("/nowhere"));
        Arc::new(session.masked_by(mask))
    };
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    for (left, right) in [
        (r#"{"email":"secret1","n":1}"#, r#"{"email":"secret2","n":1}"#),
        ("secret1 {", r#"{"email":"secret2","n":1}"#),
    ] {
        let found = StoresComparison::run(&work, &masked(left, true), &masked(right, true), &BYTES);
        let found = looked_at(found.unwrap());
        let event = found.event(&work, 0, 0).unwrap();
        assert!(event.payload.is_hidden, "{event:?}");
        assert!(!event.payload.is_form_only);
        let frame = found
            .frame(&work, (0, 0), &query(StoresDocument::Payload, false))
            .unwrap();
        assert!(
            !format!("{event:?} {frame:?}").contains("secret"),
            "{event:?} {frame:?}"
        );
    }
    // Of each side its own rules hold.
    let (left, right) = (
        masked(r#"{"email":"secret1"}"#, true),
        masked(r#"{"email":"seen"}"#, false),
    );
    let found = looked_at(StoresComparison::run(&work, &left, &right, &BYTES).unwrap());
    let frame = found
        .frame(&work, (0, 0), &query(StoresDocument::Payload, false))
        .unwrap();
    let shown = format!("{frame:?}");
    assert!(shown.contains("seen") && !shown.contains("secret"), "{shown}");
}
