//! Databases made to do harm, and tables that no library makes.

use refold_core::port::store::StoreError;

use super::lab::{EMMETT, Lab, append_emmett, everything, open, positions, read};
use super::queries::LOOSE_LAYOUT;

#[test]
fn a_view_in_the_place_of_the_table_is_not_read() {
    let lab = Lab::with(&format!(
        "{} ALTER TABLE emt_messages RENAME TO hidden;
         CREATE VIEW emt_messages AS SELECT *, (SELECT hex(randomblob(1000000))) AS x FROM hidden;",
        EMMETT
    ));
    append_to_hidden(&lab);
    let Err(StoreError::NoLayout { detail, .. }) = lab.open(None).map(|_| ()) else {
        panic!()
    };
    assert!(detail.contains("hidden"), "{detail}");
    let Err(StoreError::NoLayout { detail, .. }) = lab.open(Some("emmett")).map(|_| ()) else {
        panic!()
    };
    assert!(detail.contains("is a view or a virtual table"), "{detail}");
}

fn append_to_hidden(lab: &Lab) {
    let insert = "INSERT INTO hidden VALUES ('a', 1, 'p', 'E', '{}', '{}', '1', 'T', 'i', 0, 1, '2026-01-01')";
    lab.connect().execute_batch(insert).unwrap();
}

#[test]
fn a_virtual_table_in_the_place_of_the_table_is_not_read() {
    let columns = "stream_id, stream_position, message_kind, message_data, message_metadata, message_schema_version, \
                   message_type, message_id, global_position, created";
    let lab = Lab::with(&format!("CREATE VIRTUAL TABLE emt_messages USING fts5({columns});"));
    assert!(matches!(lab.open(Some("emmett")), Err(StoreError::NoLayout { .. })));
}

#[test]
fn triggers_never_run() {
    let lab = Lab::with(&format!(
        "{EMMETT} CREATE TABLE victim(n); INSERT INTO victim VALUES (1);
         CREATE TRIGGER t AFTER INSERT ON emt_messages BEGIN DELETE FROM victim; END;"
    ));
    append_emmett(&lab.connect(), 1, 5);
    lab.connect()
        .execute_batch("DELETE FROM victim; INSERT INTO victim VALUES (1)")
        .unwrap();
    assert_eq!(lab.read().0.len(), 5);
    let left: i64 = lab
        .connect()
        .query_row("SELECT count(*) FROM victim", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 1);
}

#[test]
fn a_generated_column_in_the_place_of_a_column_is_not_read() {
    let ddl = EMMETT.replace(
        "message_type TEXT NOT NULL,",
        "real_type TEXT NOT NULL, message_type TEXT AS (hex(zeroblob(900000000))) VIRTUAL,",
    );
    let lab = Lab::with(&ddl);
    assert!(matches!(lab.open(None), Err(StoreError::NoLayout { .. })));
}

#[test]
fn names_that_are_sql_are_only_names() {
    let lab = Lab::with(
        "CREATE TABLE \"x\"\"; DROP TABLE victim; --_messages\" (global_position INTEGER PRIMARY KEY, message_id TEXT,
            message_type TEXT, stream_id INTEGER, stream_position INTEGER, json_data TEXT, json_metadata TEXT, created TEXT,
            \"odd ?1 \"\" name\" TEXT);
         CREATE TABLE \"x\"\"; DROP TABLE victim; --_streams\" (stream_id INTEGER PRIMARY KEY, stream_name TEXT UNIQUE);
         CREATE TABLE victim(n);
         INSERT INTO \"x\"\"; DROP TABLE victim; --_streams\" VALUES (1, 'a'' OR 1=1 --');
         INSERT INTO \"x\"\"; DROP TABLE victim; --_messages\" VALUES (1, 'm', 'T', 1, 0, '{}', NULL, '2026-01-01', 'v');",
    );
    let store = lab.open(None).unwrap_or_else(|error| panic!("{error}"));
    let (seen, _) = read(&*store, everything());
    assert_eq!(seen[0].stream, "a' OR 1=1 --");
    let scope = refold_core::port::store::Scope::Stream {
        id: seen[0].stream.clone().into(),
        from: None,
        to: None,
    };
    assert_eq!(positions(&read(&*store, scope).0), [1]);
    let raw = store.raw(refold_core::event::Position(1)).unwrap().unwrap();
    assert_eq!(raw.last().map(|column| column.name.as_str()), Some("odd ?1 \" name"));
}

#[test]
fn a_default_that_calls_functions_keeps_no_table_from_being_read() {
    let ddl = EMMETT.replace(
        "message_id TEXT NOT NULL",
        "message_id TEXT NOT NULL DEFAULT (lower(hex(randomblob(16))) || strftime('%s', 'now'))",
    );
    let lab = Lab::with(&ddl);
    append_emmett(&lab.connect(), 1, 3);
    assert_eq!(lab.read().0.len(), 3);
}

#[test]
fn a_schema_that_is_no_sql_is_damage() {
    let lab = Lab::with(EMMETT);
    lab.connect()
        .execute_batch("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE (((' WHERE name = 'emt_messages';")
        .unwrap();
    assert!(matches!(lab.open(None), Err(StoreError::Corrupt { .. })));
}

#[test]
fn databases_without_events_say_what_they_hold() {
    let lab = Lab::with("CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE pets(id, name);");
    let Err(StoreError::NoLayout { detail, .. }) = lab.open(None).map(|_| ()) else {
        panic!()
    };
    assert!(detail.contains("people, pets"), "{detail}");
    let lab = Lab::with("PRAGMA user_version = 1");
    let Err(StoreError::NotAnEventStore { detail, .. }) = lab.open(None).map(|_| ()) else {
        panic!()
    };
    assert!(detail.contains("no tables"), "{detail}");
    let lab = Lab::with(EMMETT);
    assert_eq!(lab.read(), (vec![], vec![]), "an empty store is a store");
    let Err(StoreError::UnknownLayout { known, .. }) = lab.open(Some("nonsense")).map(|_| ()) else {
        panic!()
    };
    let is_known = |name: &str| known.iter().any(|known| known == name);
    assert!(is_known("cqrs-es") && is_known("broadway"), "{known:?}");
}

#[test]
fn a_very_wide_and_very_full_schema_is_looked_at_in_bounded_time() {
    let columns: Vec<String> = (0..1_500).map(|n| format!("c{n} ABSURD TYPE({n}, 7)")).collect();
    let tables: Vec<String> = (0..500).map(|n| format!("CREATE TABLE t{n}(a, b);")).collect();
    let lab = Lab::with(&format!(
        "BEGIN; {EMMETT} CREATE TABLE wide({}); {} COMMIT;",
        columns.join(", "),
        tables.join("")
    ));
    append_emmett(&lab.connect(), 1, 3);
    assert_eq!(lab.read().0.len(), 3);
}

/// Values of other types than any library writes: each row comes, and what is odd is a finding.
#[test]
fn values_of_any_type_in_any_column_are_events_all_the_same() {
    let lab = Lab::with(
        "CREATE TABLE loose(seq INTEGER PRIMARY KEY, stream, version, type, at, body);
         CREATE INDEX by_stream ON loose(stream, version);
         INSERT INTO loose VALUES
            (1, 'a', 'one', 'T', '2026-08-03', '{}'),
            (2, x'ff00', 1, 'T', '2026-08-03 25:00:00', '{}'),
            (3, 12.5, 2.5, 7, 1785578400, 5),
            (4, NULL, NULL, NULL, NULL, NULL),
            (5, CAST(x'61ff' AS TEXT), 1, x'54', x'00', x'8002fe'),
            (6, '', -9223372036854775808, '', '', ''),
            (7, char(27) || '[31m' || char(8238), 1, char(0), '0000-01-01', '\"' || char(27) || '\"'),
            (8, 'a', 2, 'T', 1785578400.25, replace(hex(zeroblob(50000)), '0', '['));",
    );
    let layout = lab.scratch.path().join("loose.toml");
    std::fs::write(&layout, LOOSE_LAYOUT).unwrap();
    let store = open(&lab.path(), layout.to_str(), &lab.options()).unwrap();
    let (seen, findings) = read(&*store, everything());
    assert_eq!(positions(&seen), (1..=8).collect::<Vec<_>>());
    let expected = [
        "no-stream",
        "no-type",
        "not-utf8",
        "payload-missing",
        "time-unreadable",
        "undecodable",
        "wrong-type",
        "zone-unknown",
    ];
    assert_eq!(findings, expected);
    assert_eq!(seen[2].stream, "12.5");
    assert_eq!(seen[2].recorded_at.as_deref(), Some("2026-08-01T10:00:00Z"));
    assert_eq!(seen[7].recorded_at.as_deref(), Some("2026-08-01T10:00:00.250Z"));
    assert_eq!(seen[7].payload.as_ref().map(String::len), Some(100_000));
}
