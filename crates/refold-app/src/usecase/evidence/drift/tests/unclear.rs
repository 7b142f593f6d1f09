//! Rows of which it cannot be told what they are, beside others of which it can.

use refold_core::event::EventBatch;

use super::*;

fn told(stream: usize, value: u8) -> Told {
    Told {
        stream,
        patch: vec![(0, Some(value))],
    }
}

/// Streams of two events each; the first one has neither versions nor times.
fn bare() -> (Vec<Told>, Session) {
    let events = [told(1, 1), told(2, 1), told(1, 2), told(2, 2)];
    let mut stored = stored_events(&events, 1);
    for event in stored.iter_mut().filter(|event| event.stream == b"order-1") {
        (event.version, event.recorded_at) = (EventBatch::NO_VERSION, Timestamp::NONE);
    }
    (events.to_vec(), of_events(stored))
}

fn row(events: &[Told], stream: usize, held: usize, own: OwnCell) -> Row {
    let fields = histories(events)[&stream][held - 1].1.clone();
    Row { stream, own, fields }
}

#[test]
fn a_stream_without_versions_or_times_makes_its_own_row_unclear_and_no_other() {
    let (events, session) = bare();
    for (by, own, why) in [
        (By::Version, 1, "its stream has no versions"),
        (By::Time, time_of(2).0, "its stream has no recorded times"),
    ] {
        let rows = [
            row(&events, 1, 2, OwnCell::At(own)),
            row(&events, 2, 2, OwnCell::At(own)),
        ];
        let answer = drifted_in(&session, &rows, by, None, 1_000);
        assert_eq!((answer.unclear, answer.different, answer.equal), (1, 1, 0), "{by:?}");
        let unclear = answer.faults.iter().find(|fault| fault.kind == FaultKind::Unclear);
        assert_eq!(unclear.unwrap().why.as_deref(), Some(why));
    }
}

#[test]
fn at_a_time_a_stream_without_times_is_unclear_unless_its_row_says_where_it_is() {
    let (events, session) = bare();
    let mut rows = [1, 2].map(|stream| row(&events, stream, 1, OwnCell::At(stream as i64)));
    rows[0].fields.insert("label", "\"wrong\"".to_owned());
    for (by, unclear, different) in [(By::Nobody, 1, 0), (By::Position, 0, 1)] {
        let folder = tempfile::tempdir().unwrap();
        let asked = DriftAsked {
            position: Some(text::time_label(time_of(3), 9)),
            ..asked_of(&written(folder.path(), &rows, by))
        };
        let cancel = CancelToken::default();
        let answer = drift(&Work::new(&cancel, &Silent), &session, &asked).unwrap();
        assert_eq!(
            (answer.unclear, answer.different, answer.equal),
            (unclear, different, 1),
            "{by:?}"
        );
    }
}

#[test]
fn a_handler_that_fails_before_the_event_of_the_row_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let handler = folder.path().join("failing.js");
    let throwing =
        "export default { initial: () => ({}), on: { Type1() {}, Type2() { throw new Error('no label') } } };";
    std::fs::write(&handler, throwing).unwrap();
    let mut events = vec![told(1, 1); 5];
    events[2].patch.push((1, Some(1)));
    let session = session(&events);
    // Also where only the row is said to be so far.
    for until in [None, Some(2)] {
        let asked = DriftAsked {
            handler: Some(handler.display().to_string()),
            position: until.map(|until: i64| format!("#{until}")),
            ..asked_of(&written(
                folder.path(),
                &[row(&events, 1, 5, OwnCell::At(5))],
                By::Version,
            ))
        };
        let cancel = CancelToken::default();
        let answer = drift(&Work::new(&cancel, &Silent), &session, &asked).unwrap();
        assert_eq!((answer.unclear, answer.fault_count), (1, 1));
        let why = answer.faults[0].why.as_deref().unwrap();
        assert!(
            why.starts_with("the handler fails at v3: ") && why.contains("no label"),
            "{why}"
        );
    }
}

/// v1 at #1, v2 at #2, v4 at #9: where the read model is between the last two, nobody knows what v3 made of its stream.
#[test]
fn a_row_is_unclear_where_the_read_model_is_among_missing_events() {
    let told = |value| Told {
        stream: 1,
        patch: vec![(0, Some(value))],
    };
    let mut events = stored_events(&[told(1), told(2), told(4)], 1);
    events[2].version = Version(4);
    events[2].position = Position(9);
    let cache = tempfile::tempdir().unwrap();
    let store = Arc::new(MemoryStore::new("orders", events));
    let session = Session::of_store(store, "memory", cache.path());
    let row = |own, value| Row {
        stream: 1,
        own,
        fields: Fields::from([("amount", literal(0, value))]),
    };
    let of = |by, row, until| {
        let answer = drifted_in(&session, &[row], by, Some(until), 1_000);
        (answer.equal, answer.different, answer.unclear)
    };
    for (until, value, expected) in [
        (2, 2, (1, 0, 0)),
        (2, 3, (0, 1, 0)),
        (5, 2, (1, 0, 0)),
        (5, 3, (0, 0, 1)),
        (8, 3, (0, 0, 1)),
        (9, 3, (0, 0, 1)),
    ] {
        assert_eq!(
            of(By::Nobody, row(OwnCell::Absent, value), until),
            expected,
            "{value} at #{until}"
        );
    }
    // A time is no event: the row may be past the missing one.
    let late = OwnCell::At(time_of(2).0 + 100_000_000);
    assert_eq!(of(By::Time, row(late, 3), 2), (0, 0, 1));
}
