//! The properties. What a whole forward read yields is compared to the model; all other reads are compared to it.

use refold_core::event::{Columns, Encoding, EventBatch, Position, Version};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, ReadQuery, Scope, StoreError};
use refold_core::work::{CancelToken, Silent, Work};

use super::Model;

/// An event as a reader gave it, with every column.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    position: i64,
    stream: Vec<u8>,
    version: i64,
    event_type: Vec<u8>,
    recorded_at: i128,
    payload: Option<Vec<u8>>,
    encoding: Encoding,
    rest: Vec<Option<Vec<u8>>>,
}

/// `range`: positions, `after < position <= up_to`.
pub fn check(kind: &str, store: &dyn EventStore, models: &[Model], range: (i64, i64), max_rows: usize) {
    let all = read(store, everything(), Direction::Forward, max_rows);
    check_model(kind, store, &all, models);
    check_description(kind, store, &all);
    check_ranges(kind, store, &all, range, max_rows);
    check_streams(kind, store, &all, range, max_rows);
    check_positions(kind, store, &all, max_rows);
    check_columns(kind, store, &all);
    check_split(kind, store, &all);
    check_cancelling(kind, store, &all);
}

fn everything() -> Scope {
    Scope::All {
        after: None,
        up_to: None,
    }
}

fn of_stream(id: &[u8], from: Option<i64>, to: Option<i64>) -> Scope {
    Scope::Stream {
        id: id.to_vec(),
        from: from.map(Version),
        to: to.map(Version),
    }
}

/// Order, count, and the bytes of every payload.
fn check_model(kind: &str, store: &dyn EventStore, all: &[Seen], models: &[Model]) {
    assert_eq!(all.len(), models.len(), "{kind}");
    assert!(
        all.is_sorted_by(|a, b| a.position < b.position),
        "{kind}: positions ascend"
    );
    let base = all.iter().map(|event| event.version).min().unwrap_or_default();
    assert!(matches!(base, 0 | 1), "{kind}: versions begin at {base}");
    for (seen, model) in all.iter().zip(models) {
        assert_eq!(seen.stream, model.stream.as_bytes(), "{kind}");
        assert_eq!(seen.version, base + model.version, "{kind}");
        assert_eq!(String::from_utf8_lossy(&seen.event_type), model.event_type, "{kind}");
        assert_eq!(
            seen.payload.as_deref().map(String::from_utf8_lossy).as_deref(),
            Some(&*model.payload),
            "{kind}"
        );
        assert_eq!(seen.encoding, Encoding::Json, "{kind}");
        let raw = store.raw(Position(seen.position)).expect("the row is there");
        assert!(raw.is_some_and(|columns| !columns.is_empty()), "{kind}");
    }
}

fn check_description(kind: &str, store: &dyn EventStore, all: &[Seen]) {
    let description = store.describe();
    let count = all.len() as u64;
    match (description.event_count, description.count_is_exact) {
        (Some(told), true) => assert_eq!(told, count, "{kind}"),
        (Some(bound), false) => assert!(bound >= count, "{kind}: at most {bound}, and there are {count}"),
        (None, is_exact) => assert!(!is_exact, "{kind}"),
    }
    let span = all.first().zip(all.last());
    let span = span.map(|(first, last)| (Position(first.position), Position(last.position)));
    assert_eq!(description.position_span, span, "{kind}");
    assert_eq!(
        store.fingerprint().expect("it says what it is").last_position,
        span.map(|(_, last)| last),
        "{kind}"
    );
    assert!(store.is_current().expect("it can be looked at"), "{kind}");
    if let (Some(base), false) = (description.version_base, all.is_empty()) {
        assert_eq!(all.iter().map(|event| event.version).min(), Some(base), "{kind}");
    }
    assert!(
        !description.read_only.is_empty() && !description.kind.is_empty(),
        "{kind}"
    );
}

fn check_ranges(kind: &str, store: &dyn EventStore, all: &[Seen], (after, up_to): (i64, i64), max_rows: usize) {
    for (after, up_to) in [
        (Some(after), Some(up_to)),
        (Some(after), None),
        (None, Some(up_to)),
        (Some(up_to), Some(after)),
        (Some(i64::MAX), None),
        (None, Some(i64::MIN)),
        (None, None),
    ] {
        let scope = Scope::All {
            after: after.map(Position),
            up_to: up_to.map(Position),
        };
        let is_within =
            |event: &&Seen| after.is_none_or(|at| event.position > at) && up_to.is_none_or(|at| event.position <= at);
        let expected: Vec<Seen> = all.iter().filter(is_within).cloned().collect();
        check_both_ways(&format!("{kind}: {scope:?}"), store, &scope, expected, max_rows);
    }
}

fn check_streams(kind: &str, store: &dyn EventStore, all: &[Seen], (from, to): (i64, i64), max_rows: usize) {
    let mut ids: Vec<&[u8]> = all.iter().map(|event| event.stream.as_slice()).collect();
    ids.sort_unstable();
    ids.dedup();
    // One that is not there, and ones that look like another.
    ids.extend([
        b"order-99".as_slice(),
        b"",
        b"order-",
        b"ORDER-1",
        b"order-1\0",
        b"order-1' OR 1=1 --",
        b"\xff",
    ]);
    let (from, to) = (from % 8, to % 12);
    for id in ids {
        for (from, to) in [
            (None, None),
            (Some(from), None),
            (None, Some(to)),
            (Some(from), Some(to)),
        ] {
            let is_within = |event: &&Seen| {
                event.stream == id
                    && from.is_none_or(|from| event.version >= from)
                    && to.is_none_or(|to| event.version <= to)
            };
            let mut expected: Vec<Seen> = all.iter().filter(is_within).cloned().collect();
            expected.sort_by_key(|event| event.version);
            let scope = of_stream(id, from, to);
            check_both_ways(&format!("{kind}: {scope:?}"), store, &scope, expected, max_rows);
        }
    }
}

/// Exactly the asked ones in the asked order, whatever the direction; those that do not exist are left out.
fn check_positions(kind: &str, store: &dyn EventStore, all: &[Seen], max_rows: usize) {
    let mut asked: Vec<Position> = vec![Position(i64::MIN), Position(-1)];
    let mut expected = Vec::new();
    for event in all.iter().rev().step_by(2).chain(all.iter().step_by(3)) {
        asked.extend([Position(event.position), Position(event.position.saturating_add(1_000))]);
        expected.push(event.clone());
    }
    asked.push(Position(i64::MAX));
    for direction in [Direction::Forward, Direction::Backward] {
        let seen = read(store, Scope::Positions(asked.clone()), direction, max_rows);
        assert_eq!(seen, expected, "{kind}: positions, {direction:?}");
    }
    assert_eq!(store.raw(Position(i64::MAX)).expect("it can be asked"), None, "{kind}");
}

/// A column that was not asked for is empty, and the others are the same without it.
fn check_columns(kind: &str, store: &dyn EventStore, all: &[Seen]) {
    for bits in 0..16_u8 {
        let columns = Columns {
            payload: bits & 1 > 0,
            metadata: bits & 2 > 0,
            envelope: bits & 4 > 0,
            row: bits & 8 > 0,
        };
        let (token, mut batch, mut names) = (CancelToken::default(), EventBatch::default(), Names::default());
        let query = ReadQuery {
            scope: everything(),
            direction: Direction::Forward,
            columns,
        };
        let mut reader = store.read(&query).expect("a read starts");
        let (work, findings) = (Work::new(&token, &Silent), Findings::default());
        reader
            .next_batch(&work, 1_000, &mut batch, &mut names, &findings)
            .expect("a batch comes");
        let filled = |is_asked: bool| if is_asked { all.len() } else { 0 };
        assert_eq!(batch.len(), all.len(), "{kind}: {columns:?}");
        assert_eq!(
            (batch.streams.len(), batch.versions.len()),
            (all.len(), all.len()),
            "{kind}: {columns:?}"
        );
        assert_eq!(
            (batch.types.len(), batch.recorded_at.len()),
            (all.len(), all.len()),
            "{kind}: {columns:?}"
        );
        assert_eq!(batch.payloads.len(), filled(columns.payload), "{kind}: {columns:?}");
        assert_eq!(
            batch.payload_encodings.len(),
            filled(columns.payload),
            "{kind}: {columns:?}"
        );
        assert_eq!(batch.metadata.len(), filled(columns.metadata), "{kind}: {columns:?}");
        let envelope = [
            batch.event_ids.len(),
            batch.correlation_ids.len(),
            batch.causation_ids.len(),
            batch.schema_versions.len(),
            batch.occurred_at.len(),
        ];
        assert_eq!(envelope, [filled(columns.envelope); 5], "{kind}: {columns:?}");
        assert_eq!(batch.rows.len(), filled(columns.row), "{kind}: {columns:?}");
        for (row, whole) in all.iter().enumerate() {
            let seen = see(&batch, row, &names);
            assert_eq!(
                (seen.position, seen.version),
                (whole.position, whole.version),
                "{kind}: {columns:?}"
            );
            assert_eq!(
                (&seen.stream, &seen.event_type),
                (&whole.stream, &whole.event_type),
                "{kind}: {columns:?}"
            );
            assert_eq!(seen.recorded_at, whole.recorded_at, "{kind}: {columns:?}");
            if columns.payload {
                assert_eq!(seen.payload, whole.payload, "{kind}: {columns:?}");
            }
        }
    }
}

/// The ranges follow each other without gap and hold every event once.
fn check_split(kind: &str, store: &dyn EventStore, all: &[Seen]) {
    for parts in [0, 1, 2, 3, 7, 100] {
        let ranges = store.split(parts).expect("it can be split");
        assert_eq!(ranges.first().map(|range| range.0), Some(None), "{kind}: {parts}");
        assert_eq!(ranges.last().map(|range| range.1), Some(None), "{kind}: {parts}");
        assert!(
            ranges
                .windows(2)
                .all(|pair| pair[0].1 == pair[1].0 && pair[0].1.is_some()),
            "{kind}: {ranges:?}"
        );
        let parts = ranges.into_iter().flat_map(|(after, up_to)| {
            let scope = Scope::All { after, up_to };
            read(store, scope, Direction::Forward, 5)
        });
        assert_eq!(parts.collect::<Vec<_>>(), all, "{kind}");
    }
}

/// A cancelled reader says so and is finished; nothing of it is left in the way of others.
fn check_cancelling(kind: &str, store: &dyn EventStore, all: &[Seen]) {
    let query = ReadQuery {
        scope: everything(),
        direction: Direction::Forward,
        columns: Columns::ALL,
    };
    for batches_before in [0, 1] {
        let (token, mut batch, mut names) = (CancelToken::default(), EventBatch::default(), Names::default());
        let findings = Findings::default();
        let mut reader = store.read(&query).expect("a read starts");
        for _ in 0..batches_before {
            reader
                .next_batch(&Work::new(&token, &Silent), 1, &mut batch, &mut names, &findings)
                .expect("a batch comes");
        }
        token.cancel();
        let cancelled = reader.next_batch(&Work::new(&token, &Silent), 1, &mut batch, &mut names, &findings);
        assert!(
            matches!(cancelled, Err(StoreError::Cancelled(_))),
            "{kind}: {cancelled:?}"
        );
        let fresh = CancelToken::default();
        let later = reader.next_batch(&Work::new(&fresh, &Silent), 1, &mut batch, &mut names, &findings);
        assert!(
            matches!(later, Ok(false)) && batch.is_empty(),
            "{kind}: after an error the reader is finished"
        );
    }
    assert_eq!(read(store, everything(), Direction::Forward, 3), all, "{kind}");
}

fn check_both_ways(what: &str, store: &dyn EventStore, scope: &Scope, mut expected: Vec<Seen>, max_rows: usize) {
    assert_eq!(
        read(store, scope.clone(), Direction::Forward, max_rows),
        expected,
        "{what}"
    );
    expected.reverse();
    assert_eq!(
        read(store, scope.clone(), Direction::Backward, max_rows),
        expected,
        "{what}, backward"
    );
}

/// Reads to the end in batches of at most about `max_rows`, and asks once more at the end.
fn read(store: &dyn EventStore, scope: Scope, direction: Direction, max_rows: usize) -> Vec<Seen> {
    let (token, mut batch, mut names) = (CancelToken::default(), EventBatch::default(), Names::default());
    let (work, findings) = (Work::new(&token, &Silent), Findings::default());
    let query = ReadQuery {
        scope,
        direction,
        columns: Columns::ALL,
    };
    let mut reader = store.read(&query).expect("a read starts");
    let mut seen = Vec::new();
    loop {
        let has_come = reader
            .next_batch(&work, max_rows, &mut batch, &mut names, &findings)
            .expect("a batch comes");
        assert_eq!(has_come, !batch.is_empty(), "it says whether any came");
        if !has_come {
            break;
        }
        seen.extend((0..batch.len()).map(|row| see(&batch, row, &names)));
        // Whoever reads millions of streams lets go of their names now and then.
        if seen.len().is_multiple_of(3) {
            names = Names::default();
        }
    }
    let after_the_end = reader.next_batch(&work, max_rows, &mut batch, &mut names, &findings);
    assert!(matches!(after_the_end, Ok(false)), "the end stays the end");
    seen
}

fn see(batch: &EventBatch, row: usize, names: &Names) -> Seen {
    let event = batch.event(row);
    let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
    let parts = [
        event.metadata,
        event.event_id,
        event.correlation_id,
        event.causation_id,
        event.schema_version,
    ];
    Seen {
        position: event.position.0,
        stream: names.stream(event.stream).to_vec(),
        version: event.version.0,
        event_type: names.type_name(event.event_type).to_vec(),
        recorded_at: i128::from(event.recorded_at.0),
        payload: owned(event.payload),
        encoding: event.encoding,
        rest: parts.map(owned).to_vec(),
    }
}
