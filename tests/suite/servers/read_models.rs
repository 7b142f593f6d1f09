//! Read models on servers: rows are those of the table, of one moment with their checkpoint, and hold against a store as
//! those of a file do.

use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use refold_app::connections::url;
use refold_core::port::store::StoreError;
use refold_core::work::{CancelToken, Phase, Progress, Silent, Work};
use refold_fixtures::orders::Layout;
use refold_stores::rows::{Cell, ReadModel, RowPlace, Rows, RowsError};
use refold_stores::{mysql, postgres};
use refold_tests::{Refold, Watch};
use serde_json::Value;
use tempfile::TempDir;

use super::{Real, over_each};

over_each! {
    what_a_row_holds_comes_exactly
    rows_and_their_checkpoint_are_of_one_moment
    a_table_of_a_server_is_compared_as_that_of_a_file
    rows_lie_where_the_connection_of_the_read_model_says
    what_is_no_table_and_who_could_write_are_turned_down
    a_copy_that_finds_no_room_is_an_error_and_leaves_nothing
    a_read_that_is_cancelled_ends_and_leaves_nothing
}

fn model(address: &str, scratch: &Path) -> Result<ReadModel, StoreError> {
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let tables: std::sync::Arc<dyn refold_stores::rows::Tables> = match postgres::Options::is_address(address) {
        true => std::sync::Arc::new(postgres::Options::parse(address)?.tables(&work)?),
        false => std::sync::Arc::new(mysql::Options::parse(address)?.tables(&work)?),
    };
    Ok(ReadModel::Server {
        tables,
        scratch: scratch.to_owned(),
    })
}

fn places(of: &[&str]) -> Vec<RowPlace> {
    of.iter()
        .map(|place| RowPlace::parse(place).expect("it is a place"))
        .collect()
}

fn cells(rows: &Rows, of: &[&str]) -> Vec<Vec<Cell>> {
    let token = CancelToken::default();
    let mut found = Vec::new();
    let scanned = rows.scan::<RowsError>(&Work::new(&token, &Silent), &places(of), &mut |number, cells| {
        assert_eq!(number as usize, found.len());
        found.push(cells.to_vec());
        Ok(())
    });
    scanned.unwrap_or_else(|error| panic!("{error}"));
    found
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Bytes(bytes) => format!("{bytes:?}"),
        Cell::Real(real) => format!("real {real}"),
        other => {
            let mut json = Vec::new();
            other.to_value().write_json(&mut json);
            String::from_utf8(json).expect("JSON is UTF-8")
        }
    }
}

fn what_a_row_holds_comes_exactly<R: Real>() {
    let server = R::shared();
    let address = server.tables(
        "rows_exact",
        "CREATE TABLE odd(id bigint PRIMARY KEY, amount numeric(40,10), flag boolean, state json, name varchar(50), day date,
         ratio double precision);
         INSERT INTO odd VALUES
         (-9223372036854775808, 123456789012345678901234567890.0000000010, true, '{\"total\": 12.50, \"a\": {\"b\": [1]}}',
          'Ünï ''x''', '2026-08-03', 0.1),
         (2, NULL, NULL, NULL, NULL, NULL, NULL), (3, -0.5, false, '[]', '', '0001-01-01', -1e300);",
        &["odd"],
    );
    let scratch = TempDir::new().expect("a folder");
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let rows = model(&address, scratch.path()).and_then(|model| {
        model.rows(&work, Some("ODD")).map_err(|error| match error {
            RowsError::Store(store) => store,
            other => panic!("{other}"),
        })
    });
    let rows = rows.unwrap_or_else(|error| panic!("{error}"));
    let mut found: Vec<Vec<String>> = cells(
        &rows,
        &[
            "id",
            "amount",
            "name",
            "day",
            "ratio",
            "state#/total",
            "state#/a/b",
            "Flag",
        ],
    )
    .iter()
    .map(|row| row.iter().map(shown).collect())
    .collect();
    found.sort();
    let truth = |flag: &str| ["true", "1"].contains(&flag);
    assert_eq!(
        found[0][..7],
        [
            "-9223372036854775808",
            "123456789012345678901234567890.0000000010",
            "\"Ünï 'x'\"",
            "\"2026-08-03\"",
            "real 0.1",
            "12.50",
            "[1]"
        ]
    );
    assert!(truth(&found[0][7]), "{found:?}");
    assert_eq!(found[1], ["2", "null", "null", "null", "null", "null", "null", "null"]);
    assert_eq!(found[2][..4], ["3", "-0.5000000000", "\"\"", "\"0001-01-01\""]);
    assert!(found[2][4].starts_with("real -1") && !truth(&found[2][7]), "{found:?}");
    drop(rows);
    assert_eq!(left_in(scratch.path()), 0, "the copy goes with the rows");
}

fn rows_and_their_checkpoint_are_of_one_moment<R: Real>() {
    let server = R::shared();
    let database = "rows_moment";
    // Larger than a piece, so that the writer has time while the rows come.
    let numbers: Vec<String> = (0..2_500).map(|n| format!("({n}, 0, '{}')", "x".repeat(500))).collect();
    let address = server.tables(
        database,
        &format!(
            "CREATE TABLE summary(id int PRIMARY KEY, seen int NOT NULL, rest varchar(1000)); INSERT INTO summary VALUES {};
             CREATE TABLE progress(name varchar(50), at int); INSERT INTO progress VALUES ('summary', 0);",
            numbers.join(", ")
        ),
        &["summary", "progress"],
    );
    let scratch = TempDir::new().expect("a folder");
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let model = model(&address, scratch.path()).unwrap_or_else(|error| panic!("{error}"));
    let is_over = AtomicBool::new(false);
    let moments = thread::scope(|threads| {
        threads.spawn(|| {
            let mut client = server.client(database).spawn().expect("the client is there");
            let mut input = client.stdin.take().expect("its input is a pipe");
            let mut n = 0;
            while !is_over.load(Ordering::Relaxed) {
                n += 1;
                let begin = R::BEGIN;
                let step = format!("{begin} UPDATE summary SET seen = {n}; UPDATE progress SET at = {n}; COMMIT;\n");
                input.write_all(step.as_bytes()).expect("the client reads");
            }
            // What it was told and has not done yet is of no use to anybody.
            client.kill().expect("it runs until now");
            client.wait().expect("it ends");
        });
        let mut moments = Vec::new();
        for _ in 0..12 {
            let rows = model
                .rows(&work, Some("summary"))
                .unwrap_or_else(|error| panic!("{error}"));
            let progress = model
                .rows(&work, Some("progress"))
                .unwrap_or_else(|error| panic!("{error}"));
            let fixed = Rows::fix(
                &work,
                &[(&rows, &places(&["seen", "rest"])), (&progress, &places(&["at"]))],
            );
            fixed.unwrap_or_else(|error| panic!("{error}"));
            let at = shown(&cells(&progress, &["at"])[0][0]);
            let seen = cells(&rows, &["seen"]);
            assert_eq!(seen.len(), 2_500);
            assert!(
                seen.iter().all(|row| shown(&row[0]) == at),
                "rows of another moment than {at}"
            );
            moments.push(at);
        }
        is_over.store(true, Ordering::Relaxed);
        moments
    });
    assert!(moments.first() != moments.last(), "nobody wrote meanwhile: {moments:?}");
}

fn a_table_of_a_server_is_compared_as_that_of_a_file<R: Real>() {
    let server = R::shared();
    let folder = TempDir::new().expect("a folder");
    refold_tests::shop(folder.path(), Layout::Emmett, 2_000);
    let refold = Refold::in_folder(folder.path());
    let handler = ["--handler", "handlers/order@1.1.0"];
    let of_file = [
        "drift",
        "orders.db",
        "--read-model",
        "read_model.db",
        "--table",
        "order_summary",
    ];
    let expected = refold.json(&[&of_file[..], &handler].concat()).remove(0);
    assert!(expected["different"].as_u64() > Some(0), "{expected}");

    let inserted = inserts(&folder.path().join("read_model.db"));
    let address = server.tables(
        "rows_drift",
        &format!(
            "CREATE TABLE order_summary(order_id varchar(100) PRIMARY KEY, customer_id varchar(100), status varchar(20),
             item_count int, total numeric(20,2), discount numeric(20,2), paid numeric(20,2), refunded numeric(20,2),
             version int, position int, updated_at varchar(50)); {inserted}
             CREATE TABLE checkpoints(name varchar(50), position bigint);
             INSERT INTO checkpoints VALUES ('orders', 1500), ('else', 7);"
        ),
        &["order_summary", "checkpoints"],
    );
    let run = |arguments: &[&str]| -> Value {
        let address = without_password(&address);
        let mut command =
            refold.command(&[&["--json", "drift", "orders.db", "--read-model", &address], arguments].concat());
        command.env("MYSQL_PWD", "geheim");
        let answer = refold_tests::answer_of(command);
        assert!((0..=1).contains(&answer.code), "{answer:?}");
        serde_json::from_str(&answer.out).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
    };
    let map = ["--map", "read_model.order_summary.toml"];
    let found = run(&[&handler[..], &map].concat());
    // A number is written as the column keeps it; everything else is word for word the same.
    for part in [
        "rows",
        "equal",
        "missing",
        "extra",
        "different",
        "behind",
        "unclear",
        "columns",
        "distinguishing",
        "fault_count",
        "position",
    ] {
        assert_eq!(found[part], expected[part], "{part}");
    }
    let explained = |answer: &Value| -> Vec<Value> {
        let faults = answer["faults"].as_array().expect("a list").iter();
        let told =
            |fault: &Value| ["key", "kind", "column", "expected", "version", "type"].map(|part| fault[part].clone());
        faults.map(|fault| told(fault).to_vec().into()).collect()
    };
    assert_eq!(explained(&found), explained(&expected));

    // With the checkpoint of the projection, which other rows of its table do not disturb.
    let mapping = std::fs::read_to_string(folder.path().join("read_model.order_summary.toml")).expect("it is there");
    let checkpointed = mapping.replace(
        "version = \"version\"",
        "checkpoint = { table = \"checkpoints\", column = \"position\", where = { name = \"orders\" } }",
    );
    std::fs::write(folder.path().join("checkpointed.toml"), checkpointed).expect("it is written");
    let at = run(&["--handler", "handlers/order@1.0.0", "--map", "checkpointed.toml"]);
    assert_eq!(
        (&at["position"], &at["position_from"]),
        (&"1500".into(), &"checkpoint".into())
    );

    // A guess finds what the columns hold, says where its file belongs, and that is where it is found.
    let guessed = run(&[
        "--guess",
        "--table",
        "order_summary",
        "--handler",
        "handlers/order@1.0.0",
    ]);
    let place = guessed["save_as"].as_str().expect("a path");
    assert!(Path::new(place).starts_with(refold.home()), "{place}");
    std::fs::create_dir_all(Path::new(place).parent().expect("a folder")).expect("it is made");
    std::fs::write(place, guessed["mapping"].as_str().expect("a text")).expect("it is written");
    let sound = run(&["--table", "order_summary", "--handler", "handlers/order@1.0.0"]);
    assert_eq!(
        (&sound["equal"], &sound["fault_count"]),
        (&sound["rows"], &0.into()),
        "{sound}"
    );
}

fn rows_lie_where_the_connection_of_the_read_model_says<R: Real>() {
    let server = R::shared();
    let folder = TempDir::new().expect("a folder");
    refold_tests::shop(folder.path(), Layout::Emmett, 300);
    let refold = Refold::in_folder(folder.path());
    let address = server.tables(
        "rows_where",
        "CREATE TABLE views(order_id varchar(100), total int); INSERT INTO views VALUES ('order-none', 1);",
        &["views"],
    );
    let (to, _) = url::parse(&address).unwrap_or_else(|error| panic!("{error:?}"));
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let config = refold.home().join("config");
    std::fs::create_dir_all(&config).expect("it is made");
    let mapping = "format = \"refold-read-model/1\"\ncategory = \"order\"\n[key]\nstream = \"{order_id}\"\n[columns]\n\
                   total = { path = \"/total\", as = \"number\" }\n";
    std::fs::write(folder.path().join("map.toml"), mapping).expect("it is written");
    let scratch = refold.home().join("cache/scratch");
    std::fs::create_dir_all(&scratch).expect("it is made");
    for (cache, is_seen) in [("disk", true), ("memory", false)] {
        let connection = format!(
            "refold = \"connections/1\"\n[[connection]]\nname = \"views\"\nenvironment = \"test\"\nkind = \"{}\"\n\
             host = \"{}\"\ndatabase = \"{}\"\nuser = \"{}\"\nsslmode = \"disable\"\npassword = \"env VIEWS\"\n\
             cache = \"{cache}\"\n",
            to.kind.as_deref().unwrap_or("postgres"),
            text(&to.host),
            text(&to.database),
            text(&to.user),
        );
        std::fs::write(config.join("connections.toml"), connection).expect("it is written");
        let watch = Watch::on(&scratch);
        let asked = [
            "--json",
            "drift",
            "orders.db",
            "--read-model",
            "@views",
            "--map",
            "map.toml",
        ];
        let mut command = refold.command(&asked);
        command.env("VIEWS", "geheim");
        let answer = refold_tests::answer_of(command);
        assert_eq!(answer.code, 1, "{answer:?}");
        let seen = watch.seen();
        assert_eq!(
            seen.iter().any(|line| line.contains("refold-rows-")),
            is_seen,
            "{cache}: {seen:?}"
        );
        // It was said in the log of that connection that it was opened, and what was asked.
        let log = std::fs::read_to_string(refold.home().join("data/access/views.ndjson")).expect("there is a log");
        assert!(log.contains("opened") && log.contains("/* refold rows */"), "{log}");
    }
}

fn what_is_no_table_and_who_could_write_are_turned_down<R: Real>() {
    let server = R::shared();
    let database = "rows_refused";
    // With it comes its owner.
    server.store(database, 1);
    server.tables(
        database,
        "CREATE TABLE plain(id int);
         CREATE VIEW seen AS SELECT * FROM plain;",
        &["plain"],
    );
    let [owner, allowed, _] = R::OWNER;
    let scratch = TempDir::new().expect("a folder");
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let refused = |address: &str, table: &str| {
        let model = model(address, scratch.path()).unwrap_or_else(|error| panic!("{error}"));
        model.rows(&work, Some(table)).map(drop).expect_err("it is not read")
    };
    let address = server.address(owner, database);
    let insisting = format!("{address}?allow_elevated={allowed}");
    match refused(&address, "plain") {
        RowsError::Store(StoreError::Elevated { script, .. }) => assert!(script.contains("plain"), "{script}"),
        other => panic!("{other}"),
    }
    let told = refused(&insisting, "seen").to_string();
    assert!(told.contains("it is a view"), "{told}");
    let told = refused(&insisting, "none").to_string();
    assert!(told.contains("no table of this name"), "{told}");
    let model = model(&insisting, scratch.path()).unwrap_or_else(|error| panic!("{error}"));
    let rows = model
        .rows(&work, Some("plain"))
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(cells(&rows, &["id"]).len(), 0);
}

fn a_copy_that_finds_no_room_is_an_error_and_leaves_nothing<R: Real>() {
    let server = R::shared();
    let address = server.tables(
        "rows_room",
        "CREATE TABLE plain(id int); INSERT INTO plain VALUES (1), (2);",
        &["plain"],
    );
    let folder = TempDir::new().expect("a folder");
    // Nobody makes a folder in a file.
    let scratch = folder.path().join("taken");
    std::fs::write(&scratch, "mine").expect("it is written");
    let token = CancelToken::default();
    let work = Work::new(&token, &Silent);
    let model = model(&address, &scratch).unwrap_or_else(|error| panic!("{error}"));
    let rows = model.rows(&work, None).unwrap_or_else(|error| panic!("{error}"));
    let failed = rows.scan::<RowsError>(&work, &places(&["id"]), &mut |_, _| panic!("there is no row"));
    let failed = failed.expect_err("there is no room");
    assert!(
        matches!(failed, RowsError::Store(StoreError::Scratch { .. })),
        "{failed}"
    );
    assert_eq!(std::fs::read(&scratch).expect("it is there"), b"mine");
}

fn a_read_that_is_cancelled_ends_and_leaves_nothing<R: Real>() {
    let server = R::shared();
    let database = "rows_cut";
    let numbers: Vec<String> = (0..9_000).map(|n| format!("({n}, '{}')", "x".repeat(900))).collect();
    let address = server.tables(
        database,
        &format!(
            "CREATE TABLE plain(id int, rest varchar(1000)); INSERT INTO plain VALUES {};",
            numbers.join(", ")
        ),
        &["plain"],
    );
    let scratch = TempDir::new().expect("a folder");
    let token = CancelToken::default();
    let cancelling = Cancelling(&token);
    let work = Work::new(&token, &cancelling);
    let model = model(&address, scratch.path()).unwrap_or_else(|error| panic!("{error}"));
    let rows = model.rows(&work, None).unwrap_or_else(|error| panic!("{error}"));
    let ended = Rows::fix(&work, &[(&rows, &places(&["id", "rest"]))]).expect_err("it was cancelled");
    assert!(matches!(ended, RowsError::Cancelled(_)), "{ended}");
    assert_eq!(left_in(scratch.path()), 0);
}

/// Cancels once anything has come.
struct Cancelling<'a>(&'a CancelToken);

impl Progress for Cancelling<'_> {
    fn report(&self, _: Phase, done: u64, _: Option<u64>) {
        if done > 0 {
            self.0.cancel();
        }
    }
}

/// What lies in a folder.
fn left_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).expect("it can be read").count()
}

pub fn without_password(address: &str) -> String {
    let (parsed, _) = url::parse(address).unwrap_or_else(|error| panic!("{error:?}"));
    url::of(&parsed)
}

/// The rows of the sample's read model as statements.
fn inserts(database: &Path) -> String {
    let database = rusqlite::Connection::open(database).expect("it is there");
    let mut statement = database
        .prepare("SELECT * FROM order_summary")
        .expect("the table is there");
    let count = statement.column_count();
    let rows = statement.query_map([], |row| {
        let texts = (0..count).map(|at| match row.get_ref(at)? {
            rusqlite::types::ValueRef::Integer(number) => Ok(number.to_string()),
            rusqlite::types::ValueRef::Text(text) => {
                Ok(format!("'{}'", String::from_utf8_lossy(text).replace('\'', "''")))
            }
            other => panic!("{other:?}"),
        });
        Ok(format!(
            "({})",
            texts.collect::<rusqlite::Result<Vec<String>>>()?.join(", ")
        ))
    });
    let rows = rows
        .expect("it can be asked")
        .collect::<rusqlite::Result<Vec<String>>>();
    format!(
        "INSERT INTO order_summary VALUES {};",
        rows.expect("rows come").join(", ")
    )
}
