//! Reading in bulk against reading by statements: the same events, batch by batch, and the same findings and errors.

use std::fs;

use proptest::prelude::*;
use refold_core::event::{Columns, EventBatch, Position, StreamOrdinal, Version};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore as _, ReadQuery, Scope, StoreError};
use refold_core::work::{CancelToken, Silent, Work};
use rusqlite::Connection;

use super::lab::{EMMETT, Lab, append_emmett};
use crate::LayoutChoice;
use crate::sqlite::SqliteStore;
use crate::sqlite::bulk::{Reached, Stretch};

fn open(lab: &Lab, layout: Option<&str>) -> Result<SqliteStore, StoreError> {
    let token = CancelToken::default();
    let choice = layout.map(|layout| LayoutChoice::parse(layout).unwrap());
    SqliteStore::open(
        &Work::new(&token, &Silent),
        &lab.path(),
        choice.as_ref(),
        &lab.options(),
    )
}

/// Everything that a read yields, as text: batch by batch, then names, findings and the error that ended it.
fn told(store: &SqliteStore, scope: &Scope, columns: Columns, max_rows: usize) -> Vec<String> {
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let (mut names, findings, mut batch) = (Names::default(), Findings::default(), EventBatch::default());
    let query = ReadQuery {
        scope: scope.clone(),
        direction: Direction::Forward,
        columns,
    };
    let mut reader = store.read(&query).unwrap();
    let mut told = Vec::new();
    let end = loop {
        match reader.next_batch(&work, max_rows, &mut batch, &mut names, &findings) {
            Ok(true) => told.push(format!("{batch:?}")),
            end => break end,
        }
    };
    let streams = (0..names.stream_count()).map(StreamOrdinal);
    for stream in streams {
        told.push(format!("{:?} in {:?}", names.stream(stream), names.category(stream)));
    }
    told.push(format!("{:?}", findings.summary()));
    told.push(format!("{end:?}"));
    told
}

/// All scopes that are read in bulk.
fn scopes(streams: &[&[u8]]) -> Vec<Scope> {
    let bounds = [(None, None), (Some(3), Some(17)), (Some(-5), None)];
    let all = bounds.map(|(after, up_to)| Scope::All {
        after: after.map(Position),
        up_to: up_to.map(Position),
    });
    let versions = [(None, None), (Some(2), None), (Some(1), Some(4))];
    let of_stream = |id: &&[u8]| {
        let id = id.to_vec();
        versions.map(|(from, to)| Scope::Stream {
            id: id.clone(),
            from: from.map(Version),
            to: to.map(Version),
        })
    };
    all.into_iter().chain(streams.iter().flat_map(of_stream)).collect()
}

#[track_caller]
fn check_same(lab: &Lab, layout: Option<&str>, streams: &[&[u8]]) -> SqliteStore {
    let bulk = open(lab, layout).unwrap();
    let plain = open(lab, layout).unwrap().by_statements();
    for scope in scopes(streams) {
        for columns in [Columns::SKELETON, Columns::PAYLOAD, Columns::ALL] {
            for max_rows in [1, 7, 1000] {
                let (ours, theirs) = (
                    told(&bulk, &scope, columns, max_rows),
                    told(&plain, &scope, columns, max_rows),
                );
                assert_eq!(ours, theirs, "{scope:?} {columns:?} {max_rows}");
            }
        }
    }
    bulk
}

/// How far a stretch is read in bulk, and how many rows.
fn reached(store: &SqliteStore, stretch: &Stretch) -> (Reached, usize) {
    let mut reader = store
        .by_image
        .bulk
        .as_ref()
        .unwrap()
        .reader(&store.plan, &store.plan.shape(Columns::ALL))
        .unwrap();
    let mut count = 0;
    let reached = reader.read(stretch, &CancelToken::default(), |_| {
        count += 1;
        true
    });
    (reached, count)
}

const ALL: Stretch = Stretch::Positions {
    from: i64::MIN,
    up_to: i64::MAX,
};

fn of_stream(texts: &[&str]) -> Stretch {
    Stretch::Stream {
        texts: texts.iter().map(|text| text.as_bytes().to_vec()).collect(),
        from: None,
        to: None,
        passed: None,
    }
}

#[test]
fn a_tree_of_several_levels_is_read_whole_and_without_statements() {
    for page_size in [512, 4096, 65536] {
        let lab = Lab::new();
        let writer = lab.connect();
        writer
            .execute_batch(&format!("PRAGMA page_size = {page_size}; BEGIN; {EMMETT}"))
            .unwrap();
        append_emmett(&writer, 1, 3000);
        let spread = "UPDATE emt_messages SET global_position = 4 * global_position WHERE global_position > 2000;
                      UPDATE emt_messages SET message_data = '\"' || hex(zeroblob(40000)) || '\"' WHERE global_position % 500 = 3";
        writer.execute_batch(spread).unwrap();
        writer
            .execute_batch("COMMIT; DELETE FROM emt_messages WHERE global_position BETWEEN 70 AND 900")
            .unwrap();
        drop(writer);
        let bulk = check_same(&lab, None, &[b"order-1", b"order-2", b"nobody"]);
        assert_eq!(reached(&bulk, &ALL), (Reached::End, 2169));
        let expected: usize = (1..=3000).filter(|at| at % 3 == 1 && !(70..=900).contains(at)).count();
        assert_eq!(reached(&bulk, &of_stream(&["order-1"])), (Reached::End, expected));
    }
}

#[test]
fn rows_older_than_a_column_hold_its_default() {
    for (added, expected) in [("TEXT", Reached::End), ("TEXT DEFAULT 'later'", Reached::Odd)] {
        let lab = Lab::with(&format!(
            "CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT,
                PRIMARY KEY (originator_id, originator_version));
             INSERT INTO stored_events VALUES ('a', 1, 'm:A.B'), ('a', 2, 'm:A.C');
             ALTER TABLE stored_events ADD COLUMN state {added};
             INSERT INTO stored_events VALUES ('a', 3, 'm:A.B', '{{}}'), ('b', 1, 'm:A.B', NULL);"
        ));
        let bulk = check_same(&lab, None, &[b"a", b"b"]);
        assert_eq!(reached(&bulk, &ALL).0, expected, "{added}");
    }
}

#[test]
fn what_sqlite_must_compute_is_left_to_it() {
    let table = |extra: &str, options: &str| {
        format!(
            "CREATE TABLE stored_events (originator_id TEXT {extra}, originator_version INTEGER NOT NULL, topic TEXT,
                state BLOB, PRIMARY KEY (originator_id, originator_version)) {options};
             INSERT INTO stored_events (originator_id, originator_version, topic, state)
             VALUES ('a', 1, 'm:A.B', '{{}}'), ('A', 2, 'm:A.B', '{{}}');"
        )
    };
    let computed = table("", "").replace("state BLOB,", "state BLOB, twice INTEGER AS (2 * originator_version),");
    let utf16 = format!("PRAGMA encoding = 'UTF-16le'; {}", table("", ""));
    for sql in [table("COLLATE NOCASE", ""), computed, utf16] {
        let lab = Lab::with(&sql);
        let bulk = check_same(&lab, None, &[b"a", b"A"]);
        assert!(bulk.by_image.bulk.is_none(), "{sql}");
    }
    assert!(
        check_same(&Lab::with(&table("", "")), None, &[b"a", b"A"])
            .by_image
            .bulk
            .is_some()
    );
}

#[test]
fn numbers_are_what_the_column_makes_of_them() {
    let lab = Lab::with(
        "CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic REAL, state DOUBLE,
            PRIMARY KEY (originator_id, originator_version));
         INSERT INTO stored_events VALUES ('a', 1, 7, 0), ('a', 2, 1.5, 1), ('a', 3, -9223372036854775808, 9007199254740993),
            ('a', 4, 1e999, NULL), ('a', 4611686018427387904, -129, 70000), ('a', -1, 8388608, 140737488355328);",
    );
    let bulk = check_same(&lab, None, &[b"a"]);
    assert_eq!(reached(&bulk, &ALL), (Reached::End, 6));
}

#[test]
fn a_value_above_the_limit_does_not_end_reading_in_bulk() {
    let lab = Lab::new();
    let layout = lab.scratch.path().join("small.toml");
    let built_in = include_str!("../../../layouts/emmett.toml");
    fs::write(&layout, format!("{built_in}\n[limits]\nmax_body_bytes = 1048576\n")).unwrap();
    let writer = lab.connect();
    writer.execute_batch(EMMETT).unwrap();
    append_emmett(&writer, 1, 40);
    let grow = "UPDATE emt_messages SET message_data = '\"' || hex(zeroblob(700000)) || '\"' WHERE global_position = 9";
    writer.execute_batch(grow).unwrap();
    drop(writer);
    check_same(&lab, Some(layout.to_str().unwrap()), &[b"order-0"]);
}

#[test]
fn an_index_entry_out_of_its_place_is_left_to_statements() {
    let lab = Lab::new();
    let image = include_bytes!("../../../fuzz/corpus/sqlite/index-entry-out-of-place");
    fs::write(lab.path(), image).unwrap();
    let bulk = open(&lab, None).unwrap();
    assert_eq!(reached(&bulk, &of_stream(&["order-1"])).0, Reached::Odd);
    check_same(&lab, None, &[b"order-1"]);
}

/// A store of many small pages, closed.
fn small_pages(count: i64) -> Lab {
    let lab = Lab::new();
    let writer = lab.connect();
    writer
        .execute_batch(&format!("PRAGMA page_size = 512; BEGIN; {EMMETT}"))
        .unwrap();
    append_emmett(&writer, 1, count);
    let long =
        "UPDATE emt_messages SET message_data = '\"' || hex(zeroblob(900)) || '\"' WHERE global_position % 20 = 3";
    writer.execute_batch(long).unwrap();
    writer.execute_batch("COMMIT").unwrap();
    lab
}

#[test]
fn a_file_that_changes_between_two_batches_is_said_to_have_changed() {
    let append = |lab: &Lab| append_emmett(&lab.connect(), 151, 1);
    let cut = |lab: &Lab| {
        fs::OpenOptions::new()
            .write(true)
            .open(lab.path())
            .unwrap()
            .set_len(4096)
            .unwrap()
    };
    let replace = |lab: &Lab| {
        let other = lab.folder.path().join("other");
        fs::copy(lab.path(), &other).unwrap();
        fs::rename(other, lab.path()).unwrap();
    };
    for change in [&append as &dyn Fn(&Lab), &cut, &replace] {
        let lab = small_pages(150);
        let store = open(&lab, None).unwrap();
        let query = ReadQuery {
            scope: Scope::All {
                after: None,
                up_to: None,
            },
            direction: Direction::Forward,
            columns: Columns::ALL,
        };
        let mut reader = store.read(&query).unwrap();
        let token = CancelToken::default();
        let (mut names, findings, mut batch) = (Names::default(), Findings::default(), EventBatch::default());
        let mut next = || reader.next_batch(&Work::new(&token, &Silent), 7, &mut batch, &mut names, &findings);
        assert!(next().unwrap());
        change(&lab);
        let error = next().unwrap_err();
        assert!(matches!(error, StoreError::Changed { .. }), "{error}");
    }
}

#[test]
fn a_file_that_is_cut_short_while_it_is_read_is_odd_and_nothing_worse() {
    let lab = small_pages(150);
    let store = open(&lab, None).unwrap();
    assert_eq!(reached(&store, &ALL), (Reached::End, 150));
    let file = fs::OpenOptions::new().write(true).open(lab.path()).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    assert_eq!(reached(&store, &ALL).0, Reached::Odd);
}

fn tells_damage(told: &[String]) -> bool {
    told.iter()
        .any(|told| told.contains("\"damaged\"") || told.starts_with("Err(Corrupt"))
}

#[test]
fn damaged_images_are_told_as_statements_tell_them() {
    let lab = small_pages(150);
    let whole = fs::read(lab.path()).unwrap();
    // A plain generator (Knuth's MMIX constants): the same flips on every run.
    let mut seed = 20_261_121_u64;
    let mut next = move |bound: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % bound
    };
    let everything = Scope::All {
        after: None,
        up_to: None,
    };
    let stream = Scope::Stream {
        id: b"order-1".to_vec(),
        from: None,
        to: None,
    };
    let (mut same, mut damaged) = (0, 0);
    for round in 0..400 {
        let mut bytes = whole.clone();
        for _ in 0..=next(4) {
            // Half of the flips hit the heads of pages, where the structure is.
            let at = if next(2) == 0 {
                next(bytes.len() / 512) * 512 + next(40)
            } else {
                next(bytes.len())
            };
            bytes[at] ^= 1 << next(8);
        }
        fs::write(lab.path(), &bytes).unwrap();
        let (Ok(bulk), Ok(plain)) = (open(&lab, None), open(&lab, None)) else {
            continue;
        };
        let plain = plain.by_statements();
        for (scope, columns, max_rows) in [
            (&everything, Columns::ALL, 50),
            (&everything, Columns::SKELETON, 1000),
            (&stream, Columns::ALL, 7),
        ] {
            // SQLite checks a page when it comes into its cache, also if it finds it damaged then: start without any.
            drop((bulk.connections.take().unwrap(), plain.connections.take().unwrap()));
            let (ours, theirs) = (
                told(&bulk, scope, columns, max_rows),
                told(&plain, scope, columns, max_rows),
            );
            // Statements look ahead within a stream, and SQLite checks a page only when it first meets it.
            let may_differ = matches!(scope, Scope::Stream { .. }) && tells_damage(&ours);
            assert!(ours == theirs || may_differ, "round {round}: {ours:?} {theirs:?}");
            same += 1;
            damaged += i32::from(tells_damage(&ours));
        }
    }
    assert!(same > 500 && damaged > 50, "{same} {damaged}");
}

#[derive(Debug, Clone)]
enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

impl rusqlite::ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, Value};
        Ok(ToSqlOutput::Owned(match self.clone() {
            Cell::Null => Value::Null,
            Cell::Integer(number) => number.into(),
            Cell::Real(number) => number.into(),
            Cell::Text(text) => text.into(),
            Cell::Blob(bytes) => bytes.into(),
        }))
    }
}

fn cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        1 => Just(Cell::Null),
        2 => any::<i64>().prop_map(Cell::Integer),
        2 => (-3_i64..300).prop_map(Cell::Integer),
        1 => any::<f64>().prop_map(Cell::Real),
        1 => (-9_i32..9).prop_map(|number| Cell::Real(f64::from(number))),
        3 => "[a-c{}\"é:0-9.-]{0,20}".prop_map(Cell::Text),
        1 => (0..9000_usize).prop_map(|length| Cell::Text("{\"long\":1} ".repeat(length / 11))),
        1 => proptest::collection::vec(any::<u8>(), 0..70).prop_map(Cell::Blob),
    ]
}

fn id() -> impl Strategy<Value = Cell> {
    prop_oneof![
        12 => prop_oneof![Just("a"), Just("b"), Just("a-b"), Just("7")].prop_map(|id| Cell::Text(id.to_owned())),
        1 => Just(Cell::Text("long".repeat(60))),
        1 => cell(),
    ]
}

fn version() -> impl Strategy<Value = Cell> {
    prop_oneof![20 => (0_i64..40).prop_map(Cell::Integer), 1 => cell()]
}

#[derive(Debug, Clone)]
struct Table {
    page_size: u32,
    is_wal: bool,
    vacuum: &'static str,
    /// The tables of three libraries: one id and a filter, one id and a rowid, an id of two columns.
    library: usize,
    rows: Vec<(i64, Cell, Cell, Cell, Cell, Cell)>,
    deleted: Vec<i64>,
    is_left_open: bool,
    /// What is done to it afterwards.
    after: &'static str,
}

const CQRS: &str = "CREATE TABLE events (aggregate_type TEXT NOT NULL, aggregate_id TEXT NOT NULL,
    sequence BIGINT CHECK (sequence >= 0) NOT NULL, event_type TEXT NOT NULL, event_version TEXT NOT NULL,
    payload TEXT NOT NULL, metadata TEXT NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, sequence))";
const PYEVENTSOURCING: &str = "CREATE TABLE stored_events (originator_id TEXT, originator_version INTEGER, topic TEXT,
    state BLOB, PRIMARY KEY (originator_id, originator_version))";

impl Table {
    const INSERTS: [&str; 3] = [
        "INSERT OR IGNORE INTO emt_messages (stream_id, stream_position, message_kind, message_data, message_metadata,
            message_schema_version, message_type, message_id, global_position, created)
         VALUES (?2, ?3, iif(?1 % 7 = 1, ?4, 'E'), ?5, ?6, '1', ?4, 'i', ?1, ?6)",
        "INSERT OR IGNORE INTO stored_events (rowid, originator_id, originator_version, topic, state)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        "INSERT OR IGNORE INTO events (rowid, aggregate_type, aggregate_id, sequence, event_type, event_version, payload,
            metadata)
         VALUES (?1, ?2, ?4, ?3, ?4, '1', ?5, ?6)",
    ];

    /// The writer is kept where the log is to stay.
    fn write(&self, lab: &Lab) -> Option<Connection> {
        let writer = lab.connect();
        let journal = if self.is_wal { "WAL" } else { "DELETE" };
        writer
            .execute_batch(&format!(
                "PRAGMA page_size = {}; PRAGMA auto_vacuum = {}",
                self.page_size, self.vacuum
            ))
            .unwrap();
        writer
            .query_row(&format!("PRAGMA journal_mode = {journal}"), [], |_| Ok(()))
            .unwrap();
        writer
            .execute_batch([EMMETT, PYEVENTSOURCING, CQRS][self.library])
            .unwrap();
        writer.execute_batch("BEGIN").unwrap();
        for (position, id, version, kind, body, more) in &self.rows {
            let parameters = rusqlite::params![position, id, version, kind, body, more];
            // What a constraint refuses is not there for either way.
            let _ = writer.execute(Self::INSERTS[self.library], parameters);
        }
        let table = ["emt_messages", "stored_events", "events"][self.library];
        for position in &self.deleted {
            writer
                .execute(&format!("DELETE FROM {table} WHERE rowid = ?1"), [position])
                .unwrap();
        }
        writer.execute_batch("COMMIT").unwrap();
        writer.execute_batch(&self.after.replace("EVENTS", table)).unwrap();
        self.is_left_open.then_some(writer)
    }
}

fn table() -> impl Strategy<Value = Table> {
    let position = prop_oneof![10 => -20_i64..400, 1 => any::<i64>()];
    let row = (position, id(), version(), cell(), cell(), cell());
    let after = prop_oneof![
        3 => Just(""),
        1 => Just("VACUUM"),
        1 => Just("ALTER TABLE EVENTS ADD COLUMN later TEXT"),
        1 => Just("ALTER TABLE EVENTS ADD COLUMN later TEXT DEFAULT 'x'"),
        1 => Just("ANALYZE"),
    ];
    (
        prop_oneof![Just(512_u32), Just(1024), Just(4096), Just(65536)],
        any::<bool>(),
        prop_oneof![Just("NONE"), Just("FULL")],
        0..3_usize,
        proptest::collection::vec(row, 0..160),
        proptest::collection::vec(-20_i64..400, 0..120),
        any::<bool>(),
        after,
    )
        .prop_map(
            |(page_size, is_wal, vacuum, library, rows, deleted, is_left_open, after)| Table {
                page_size,
                is_wal,
                vacuum,
                library,
                rows,
                deleted,
                is_left_open,
                after,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_tables_are_read_as_statements_read_them(table in table()) {
        let lab = Lab::new();
        let writer = table.write(&lab);
        let layout = ["emmett", "pyeventsourcing", "cqrs-es"][table.library];
        let long = "long".repeat(60);
        let streams: [&[u8]; 5] = [b"a", b"b", b"a-b", b"7", long.as_bytes()];
        let bulk = check_same(&lab, Some(layout), &streams);
        prop_assert!(bulk.by_image.bulk.is_some());
        drop(writer);
    }
}
