//! Every scope, direction and page size against a plain list of the same rows.

use proptest::prelude::*;
use refold_core::event::{Position, Version};
use refold_core::port::store::{Direction, EventStore, Scope};
use rusqlite::types::Value;

use super::lab::{Lab, everything, open, positions, read_in};

/// Nothing is declared, so that a column may hold anything.
const LOOSE: &str = "
    CREATE TABLE loose(seq INTEGER PRIMARY KEY, stream, version, type, at, body);
    CREATE INDEX by_stream ON loose(stream, version);";

pub const LOOSE_LAYOUT: &str = r#"
version = 1
name    = "loose"
dialect = "sqlite"
[[source]]
table = "loose"
[map]
global_position = { column = "seq" }
stream_id       = { column = "stream" }
stream_version  = { column = "version" }
event_type      = { column = "type" }
recorded_at     = { column = "at" }
[map.payload]
column = "body"
[limits]
max_body_bytes = 1048576
"#;

#[derive(Debug, Clone)]
struct Row {
    position: i64,
    /// Text, or bytes, or a number: all are ids.
    stream: Value,
    version: Value,
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let position = prop_oneof![1_i64..40, Just(i64::MIN), Just(i64::MAX), Just(0), Just(-7)];
    let stream = prop_oneof![
        Just(Value::Text("a".into())),
        Just(Value::Text("b".into())),
        Just(Value::Text("7".into())),
        Just(Value::Integer(7)),
        Just(Value::Blob(b"a".to_vec())),
        Just(Value::Blob(vec![0xff, 0xfe])),
        Just(Value::Null),
    ];
    let version = prop_oneof![
        6 => (0_i64..6).prop_map(Value::Integer),
        1 => Just(Value::Null),
    ];
    let row = (position, stream, version).prop_map(|(position, stream, version)| Row {
        position,
        stream,
        version,
    });
    proptest::collection::vec(row, 0..40).prop_map(|mut rows| {
        rows.sort_by_key(|row| row.position);
        rows.dedup_by_key(|row| row.position);
        rows
    })
}

/// The id as the batch has it.
fn id(stream: &Value) -> Vec<u8> {
    match stream {
        Value::Text(text) => text.clone().into_bytes(),
        Value::Blob(bytes) => bytes.clone(),
        Value::Integer(number) => number.to_string().into_bytes(),
        Value::Null => crate::NO_STREAM.to_vec(),
        Value::Real(_) => unreachable!("no such id is made"),
    }
}

fn version(row: &Row) -> Option<i64> {
    if let Value::Integer(version) = row.version {
        Some(version)
    } else {
        None
    }
}

fn store(lab: &Lab, rows: &[Row]) -> std::sync::Arc<dyn EventStore> {
    let writer = lab.connect();
    writer.execute_batch(LOOSE).unwrap();
    writer.execute_batch("BEGIN").unwrap();
    for row in rows {
        let insert = "INSERT INTO loose VALUES (?1, ?2, ?3, 'T', '2026-08-03', '{}')";
        writer
            .execute(insert, rusqlite::params![row.position, row.stream, row.version])
            .unwrap();
    }
    writer.execute_batch("COMMIT").unwrap();
    drop(writer);
    let layout = lab.scratch.path().join("loose.toml");
    std::fs::write(&layout, LOOSE_LAYOUT).unwrap();
    open(&lab.path(), layout.to_str(), &lab.options()).unwrap_or_else(|error| panic!("{error}"))
}

fn check(store: &dyn EventStore, scope: Scope, direction: Direction, page: usize, mut expected: Vec<i64>) {
    if direction == Direction::Backward && !matches!(scope, Scope::Positions(_)) {
        expected.reverse();
    }
    let (seen, _) = read_in(store, scope.clone(), direction, page).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(positions(&seen), expected, "{scope:?} {direction:?} in pages of {page}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_part_of_a_store_is_read_as_from_a_list(
        rows in rows(),
        after in proptest::option::of(-8_i64..42),
        up_to in proptest::option::of(-8_i64..42),
        from in proptest::option::of(0_i64..6),
        to in proptest::option::of(0_i64..6),
        page in 1_usize..9,
        wanted in proptest::collection::vec(0_i64..42, 0..9),
    ) {
        let lab = Lab::new();
        let store = store(&lab, &rows);
        for direction in [Direction::Forward, Direction::Backward] {
            let all = rows.iter().map(|row| row.position).collect();
            check(&*store, everything(), direction, page, all);
            let within = |row: &&Row| after.is_none_or(|at| row.position > at) && up_to.is_none_or(|at| row.position <= at);
            let range = rows.iter().filter(within).map(|row| row.position).collect();
            let scope = Scope::All { after: after.map(Position), up_to: up_to.map(Position) };
            check(&*store, scope, direction, page, range);

            let mut ids: Vec<Vec<u8>> = rows.iter().map(|row| id(&row.stream)).collect();
            ids.push(b"unknown".to_vec());
            ids.sort();
            ids.dedup();
            for id_wanted in ids {
                let is_within = |row: &&Row| match version(row) {
                    Some(version) => from.is_none_or(|from| version >= from) && to.is_none_or(|to| version <= to),
                    None => from.is_none() && to.is_none(),
                };
                let mut stream: Vec<&Row> = rows.iter().filter(|row| id(&row.stream) == id_wanted).filter(is_within).collect();
                stream.sort_by_key(|row| (version(row), row.position));
                let expected = stream.into_iter().map(|row| row.position).collect();
                let scope = Scope::Stream { id: id_wanted, from: from.map(Version), to: to.map(Version) };
                check(&*store, scope, direction, page, expected);
            }
        }
        let existing = |position: &i64| rows.iter().any(|row| row.position == *position);
        let expected = wanted.iter().copied().filter(existing).collect();
        let scope = Scope::Positions(wanted.iter().copied().map(Position).collect());
        check(&*store, scope, Direction::Forward, page, expected);

        let mut parts = Vec::new();
        for (after, up_to) in store.split(page).unwrap() {
            let scope = Scope::All { after, up_to };
            parts.extend(positions(&read_in(&*store, scope, Direction::Forward, page).unwrap().0));
        }
        assert_eq!(parts, rows.iter().map(|row| row.position).collect::<Vec<_>>());
    }
}

#[test]
fn a_cancelled_read_ends_within_a_page() {
    use refold_core::work::{CancelToken, Silent, Work};
    let lab = Lab::new();
    let rows: Vec<Row> = (1..=100)
        .map(|n| Row {
            position: n,
            stream: Value::Text("a".into()),
            version: Value::Integer(n),
        })
        .collect();
    let store = store(&lab, &rows);
    let token = CancelToken::default();
    let query = refold_core::port::store::ReadQuery {
        scope: everything(),
        direction: Direction::Forward,
        columns: refold_core::event::Columns::SKELETON,
    };
    let mut reader = store.read(&query).unwrap();
    let work = Work::new(&token, &Silent);
    let mut batch = refold_core::event::EventBatch::default();
    assert!(
        reader
            .next_batch(&work, 10, &mut batch, &mut Default::default(), &Default::default())
            .unwrap()
    );
    token.cancel();
    let next = reader.next_batch(&work, 10, &mut batch, &mut Default::default(), &Default::default());
    assert!(matches!(next, Err(refold_core::port::store::StoreError::Cancelled(_))));
}

#[test]
fn a_skeleton_touches_no_payload() {
    let lab = Lab::new();
    let store = store(&lab, &[]);
    drop(store);
    lab.connect()
        .execute_batch("INSERT INTO loose VALUES (1, 'a', 1, 'T', '2026-08-03', zeroblob(3000000))")
        .unwrap();
    let layout = lab.scratch.path().join("loose.toml");
    let store = open(&lab.path(), layout.to_str(), &lab.options()).unwrap();
    let (token, findings) = (Default::default(), refold_core::finding::Findings::default());
    let work = refold_core::work::Work::new(&token, &refold_core::work::Silent);
    for (columns, codes) in [
        (refold_core::event::Columns::SKELETON, vec!["zone-unknown"]),
        (refold_core::event::Columns::PAYLOAD, vec!["too-large", "zone-unknown"]),
    ] {
        let query = refold_core::port::store::ReadQuery {
            scope: everything(),
            direction: Direction::Forward,
            columns,
        };
        let mut batch = refold_core::event::EventBatch::default();
        let mut reader = store.read(&query).unwrap();
        assert!(
            reader
                .next_batch(&work, 10, &mut batch, &mut Default::default(), &findings)
                .unwrap()
        );
        assert_eq!((batch.len(), batch.arena.len()), (1, 0));
        let found: Vec<&str> = findings.summary().into_iter().map(|(code, _, _)| code).collect();
        assert_eq!(found, codes, "the limit of one mebibyte is met by the payload alone");
    }
}
