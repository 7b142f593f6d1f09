//! Every built-in layout is read, and what is wrong in a document is told with its place.

use proptest::prelude::*;

use super::*;

const WHOLE: &str = r#"version = 1
name    = "orders"
dialect = "sqlite"

[[source]]
table = "order_events"
where = "kind = 'it''s' AND \"deleted at\" IS NULL and n in (1, -2)"

[[source.join]]
table = "streams"
alias = "s"
on    = { left = "stream_fk", right = "id" }

[map]
global_position = { column = "position" }
stream_id       = { column = "s.name" }
stream_category = { of = "stream_id", take = { after_first = "a", before_last = "b" }, default = "c" }
stream_version  = { column = "version", base = 0 }
event_type      = { column = ["type", "kind"] }
recorded_at     = { column = "at", as = "epoch_ms", zone = "-03:30" }
correlation_id  = { json = { column = "meta", path = ["$.a.b", "$['c.d']['e']"] } }

[map.payload]
column = "payload"
decode = ["zlib", "json"]
unwrap = { kind = "path", path = "$.data" }
"#;

#[test]
fn every_built_in_layout_is_valid_and_has_its_own_name() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
        let layouts: Vec<_> = built_in_layouts(dialect).collect();
        assert!(!layouts.is_empty());
        assert!(layouts.iter().all(|layout| layout.dialect == dialect));
        let mut names: Vec<&str> = layouts.iter().map(|layout| layout.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), layouts.len());
    }
}

#[test]
fn a_document_is_read_as_it_stands() {
    let layout = read_layout(WHOLE).unwrap();
    let comparisons: Vec<_> = layout
        .filter
        .conditions
        .into_iter()
        .map(|condition| condition.comparison)
        .collect();
    let expected = [
        Comparison::Compare("=", Literal::Text("it's".into())),
        Comparison::IsNull,
        Comparison::In(vec![Literal::Integer(1), Literal::Integer(-2)]),
    ];
    assert_eq!(comparisons, expected);
    assert_eq!(
        layout.map.stream_id.from,
        Origin::Column(ColumnName {
            alias: Some("s".into()),
            spellings: vec!["name".into()]
        })
    );
    let category = layout.map.category.unwrap();
    assert_eq!(
        category.take,
        [Take::AfterFirst("a".into()), Take::BeforeLast("b".into())]
    );
    let Some(Origin::Json { paths, .. }) = layout.map.correlation_id.map(|id| id.from) else {
        panic!()
    };
    assert_eq!(paths[1], JsonPath(vec!["c.d".into(), "e".into()]));
    assert_eq!(layout.map.recorded_at.unwrap().zone.unwrap().to_string(), "-03:30");
    assert_eq!(
        (layout.map.version_base, layout.limits.max_body_bytes),
        (Some(0), 64 << 20)
    );
}

/// Replaces `from` in a good document and finds the fault where `place` stands in the new one.
#[track_caller]
fn check_fault(from: &str, to: &str, place: &str, message: &str) {
    assert!(WHOLE.contains(from));
    let text = WHOLE.replacen(from, to, 1);
    let fault = read_layout(&text).unwrap_err();
    assert!(fault.message.contains(message), "{}", fault.message);
    let offset = text.find(place).unwrap();
    let line_start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let line = text[..offset].matches('\n').count() + 1;
    let column = text[line_start..offset].chars().count() + 1;
    assert_eq!((fault.line as usize, fault.column as usize), (line, column), "{fault}");
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_column() {
    check_fault("version = 1", "version = 2", "2", "only version");
    check_fault("version = 1", "version = ", "\nname", "");
    check_fault(
        "dialect = \"sqlite\"",
        "dialect = \"oracle\"",
        "\"oracle\"",
        "sqlite, postgres, mysql, csv and json-lines",
    );
    check_fault(
        "dialect = \"sqlite\"",
        "dialect = \"json-lines\"",
        "\"kind = 'it",
        "where is of databases",
    );
    check_fault(
        "global_position = { column = \"position\" }",
        "",
        "{ column = \"s.name\" }",
        "global_position is needed",
    );
    check_fault("\"orders\"", "\"orders/eu\"", "\"orders/eu\"", "letters, digits");
    check_fault(
        "table = \"order_events\"",
        "tabel = \"order_events\"",
        "tabel",
        "unknown field",
    );
    check_fault(
        "table = \"order_events\"",
        "table = \"*_events\"",
        "\"*_events\"",
        "belongs in glob",
    );
    check_fault("n in (1, -2)", "n in (1; DROP", "; DROP", "expected , or )");
    check_fault("kind = 'it", "kind = (SELECT 1) 'it", "(SELECT", "'text' or an integer");
    check_fault("alias = \"s\"", "alias = \"event\"", "\"event\"", "not \"event\"");
    check_fault("base = 0", "base = 7", "7", "0 or 1");
    check_fault("as = \"epoch_ms\"", "as = \"epoch\"", "\"epoch\"", "epoch_s, epoch_ms");
    check_fault(
        "zone = \"-03:30\"",
        "zone = \"Mars\"",
        "\"Mars\"",
        "is UTC, an offset such as +02:00, or a name",
    );
    check_fault(
        "\"zlib\", \"json\"",
        "\"zlib\", \"pickle\"",
        "[\"zlib\", \"pickle\"]",
        "unknown decode step",
    );
    check_fault(
        "path = \"$.data\"",
        "path = \"data\"",
        "{ kind = \"path\", path = \"data\" }",
        "$.member",
    );
    check_fault(
        "of = \"stream_id\"",
        "of = \"payload\"",
        "\"payload\" , take".trim_end_matches(" , take"),
        "stream_id",
    );
    check_fault(
        "{ column = \"s.name\" }",
        "{ const = \"x\" }",
        "{ const = \"x\" }",
        "column or a concat",
    );
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}", at in 0_usize..1000, cut in 0_usize..30) {
        let _ = read_layout(&text);
        let mut document = WHOLE.to_owned();
        let start = (0..=at.min(document.len())).rev().find(|at| document.is_char_boundary(*at)).unwrap_or(0);
        let end = (start + cut).min(document.len());
        document.replace_range(start..end, &text);
        let _ = read_layout(&document);
        let _ = Filter::parse(&text);
    }
}
