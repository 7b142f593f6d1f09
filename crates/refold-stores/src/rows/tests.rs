//! Every kind of file gives the same rows, exactly, and nothing is written to it.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use refold_core::value::Value;
use refold_core::work::{CancelToken, Silent, Work};
use rusqlite::Connection;
use tempfile::TempDir;

use super::{Cell, ReadModel, RowPlace, RowsError};
use crate::OpenOptions;

fn options(folder: &Path) -> OpenOptions {
    OpenOptions {
        // Later than any file of the test: nothing was written of late.
        opened_at: SystemTime::now() + Duration::from_secs(3_600),
        ..OpenOptions::in_scratch(folder.join("scratch"))
    }
}

fn rows_of(folder: &Path, file: &str, table: Option<&str>, places: &[&str]) -> Result<Vec<Vec<String>>, RowsError> {
    let cancel = CancelToken::default();
    let work = Work::new(&cancel, &Silent);
    let location = folder.join(file);
    let model = ReadModel::File {
        path: location,
        options: options(folder),
    };
    let rows = model.rows(&work, table)?;
    let places: Vec<RowPlace> = places
        .iter()
        .map(|place| RowPlace::parse(place))
        .collect::<Result<_, _>>()?;
    let mut found = Vec::new();
    rows.scan::<RowsError>(&work, &places, &mut |number, cells| {
        assert_eq!(number as usize, found.len());
        found.push(cells.iter().map(shown).collect());
        Ok(())
    })?;
    Ok(found)
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Absent => "absent".to_owned(),
        Cell::Empty => "empty".to_owned(),
        Cell::Value(value) => json(value),
        Cell::Real(real) => format!("real {real}"),
        Cell::Bytes(bytes) => format!("{} bytes", bytes.len()),
    }
}

fn json(value: &Value) -> String {
    let mut json = Vec::new();
    value.write_json(&mut json);
    String::from_utf8(json).unwrap()
}

fn lab() -> TempDir {
    let folder = TempDir::new().unwrap();
    let database = Connection::open(folder.path().join("model.db")).unwrap();
    database
        .execute_batch(
            "CREATE TABLE orders(id TEXT PRIMARY KEY, big INTEGER, total TEXT, ratio REAL, doc TEXT, raw BLOB, gone);
             INSERT INTO orders VALUES
               ('a', 9007199254740993, '0.10', 0.5, '{\"n\":1e400,\"list\":[{\"x\":true}]}', x'ff00', NULL),
               ('b', -1, '', 1e3, 'no json', x'', 7);
             CREATE TABLE other(id INTEGER PRIMARY KEY) ;
             CREATE VIEW seen AS SELECT * FROM orders;",
        )
        .unwrap();
    folder
}

#[test]
fn a_table_gives_its_rows_exactly() {
    let folder = lab();
    let places = ["id", "big", "total", "ratio", "doc#/n", "doc#/list/0/x", "raw", "gone"];
    let found = rows_of(folder.path(), "model.db", Some("orders"), &places).unwrap();
    let expected = [
        [
            "\"a\"",
            "9007199254740993",
            "\"0.10\"",
            "real 0.5",
            "1e400",
            "true",
            "2 bytes",
            "null",
        ],
        ["\"b\"", "-1", "\"\"", "real 1000", "absent", "absent", "0 bytes", "7"],
    ];
    assert_eq!(found, expected);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing beside the file"
    );
}

#[test]
fn a_database_in_use_is_read_from_a_copy_with_what_is_only_in_its_log() {
    let folder = lab();
    let database = Connection::open(folder.path().join("model.db")).unwrap();
    database.pragma_update(None, "journal_mode", "wal").unwrap();
    database
        .execute("INSERT INTO orders(id) VALUES ('in the log')", [])
        .unwrap();
    let before = fs::read(folder.path().join("model.db")).unwrap();
    let found = rows_of(folder.path(), "model.db", Some("ORDERS"), &["id"]).unwrap();
    assert_eq!(found.last().unwrap(), &["\"in the log\""]);
    assert_eq!(fs::read(folder.path().join("model.db")).unwrap(), before);
}

#[test]
fn exports_as_text_give_the_same_rows() {
    let folder = TempDir::new().unwrap();
    let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).unwrap();
    write(
        "a.csv",
        "\u{feff}id,total,note\r\n1,0.10,\"a \"\"b\"\", c\"\r\n2,9007199254740993,\r\n",
    );
    write("a.tsv", "id;total;note\n1;0.10;x\n");
    let row = "{\"id\":1,\"total\":0.10,\"in\":{\"deep\":[9007199254740993]}}";
    write("a.jsonl", &format!("{row}\n\n{{\"id\":2,\"extra\":\"}},]\\\"\"}}\n"));
    write("a.json", &format!(" [ {row} ,\n{{\"id\":2,\"extra\":\"}},]\\\"\"}}\n]"));
    let found = |file: &str, places: &[&str]| rows_of(folder.path(), file, None, places).unwrap();
    assert_eq!(
        found("a.csv", &["id", "total", "note"]),
        [
            ["\"1\"", "\"0.10\"", "\"a \\\"b\\\", c\""],
            ["\"2\"", "\"9007199254740993\"", "empty"]
        ]
    );
    assert_eq!(found("a.tsv", &["total"]), [["\"0.10\""]]);
    for file in ["a.jsonl", "a.json"] {
        assert_eq!(
            found(file, &["id", "total", "in#/deep/0", "extra"]),
            [
                ["1", "0.10", "9007199254740993", "absent"],
                ["2", "absent", "absent", "\"},]\\\"\""]
            ]
        );
    }
}

#[test]
fn what_is_wrong_is_said_with_what_there_is() {
    let folder = lab();
    let fails = |table: Option<&str>, place: &str| rows_of(folder.path(), "model.db", table, &[place]).unwrap_err();
    assert!(matches!(fails(None, "id"), RowsError::NoTable { tables, .. } if tables == ["orders", "other"]));
    assert!(matches!(fails(Some("seen"), "id"), RowsError::NoTable { why, .. } if why.contains("view")));
    assert!(matches!(fails(Some("other"), "total"), RowsError::NoColumn { columns, .. } if columns == ["id"]));
    assert!(matches!(fails(Some("orders"), "doc#/~"), RowsError::NoPlace { .. }));
    fs::write(folder.path().join("cut.json"), "[{\"id\":1},{\"id\":").unwrap();
    let cut = rows_of(folder.path(), "cut.json", None, &["id"]).unwrap_err();
    assert!(matches!(cut, RowsError::Malformed { row: 2, .. }), "{cut}");
    fs::write(folder.path().join("torn.csv"), "id,total\n1,2\n3\n").unwrap();
    let torn = rows_of(folder.path(), "torn.csv", None, &["id"]).unwrap_err();
    assert!(matches!(torn, RowsError::Malformed { row: 2, .. }), "{torn}");
}

#[test]
fn what_stands_behind_an_array_is_no_row_that_nobody_reads() {
    let folder = lab();
    let read = |text: &str| {
        fs::write(folder.path().join("rows.json"), text).unwrap();
        rows_of(folder.path(), "rows.json", None, &["id"])
    };
    assert_eq!(read("[{\"id\":1}]\r\n \n").unwrap(), [["1"]]);
    assert_eq!(read("[]\n").unwrap(), [[""; 0]; 0]);
    for text in [
        "[{\"id\":1}]\n[{\"id\":2}]\n",
        "[{\"id\":1}],",
        "[{\"id\":1}]{\"id\":2}",
    ] {
        let error = read(text).unwrap_err();
        assert!(
            matches!(&error, RowsError::Malformed { row: 2, detail, .. } if detail.contains("behind")),
            "{error}"
        );
    }
    let error = read("[] [{\"id\":2}]").unwrap_err();
    assert!(matches!(error, RowsError::Malformed { row: 1, .. }), "{error}");
}

/// The limit is a mebibyte in tests.
#[test]
fn a_row_that_is_too_long_is_refused_in_every_form_of_text() {
    let folder = lab();
    let read = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        rows_of(folder.path(), name, None, &["id"])
    };
    let (short, long) = ("x".repeat(1 << 19), "x".repeat(3 << 20));
    let wholes = |text: &str| {
        [
            (
                "rows.jsonl",
                format!("{{\"id\":1}}\n{{\"id\":2,\"text\":\"{text}\"}}\n"),
            ),
            ("rows.json", format!("[{{\"id\":1}},{{\"id\":2,\"text\":\"{text}\"}}]")),
            // A quote that nobody closes.
            ("rows.csv", format!("id,text\n1,\n2,\"{text}\n")),
        ]
    };
    for (name, text) in wholes(&short) {
        assert_eq!(read(name, &text).map(|rows| rows.len()).unwrap(), 2, "{name}");
    }
    for (name, text) in wholes(&long) {
        let error = read(name, &text).unwrap_err();
        assert!(
            matches!(&error, RowsError::Malformed { row: 2, detail, .. } if detail.contains("too long")),
            "{name}"
        );
    }
}
