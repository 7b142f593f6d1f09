//! Files of events in their shapes, and what is wrong with files.

mod positions;
mod shaped;
mod strict;

use std::fs;
use std::io::Write as _;
use std::sync::Arc;

use proptest::prelude::*;
use refold_core::event::{Columns, EventBatch, Position, Version};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventStore, ReadQuery, Scope, StoreError};
use refold_core::work::{CancelToken, Silent, Work};
use tempfile::TempDir;

use crate::OpenOptions;
use crate::sqlite::tests::lab::{Seen, everything, open, positions, read, read_in, some};

struct Lab {
    folder: TempDir,
    scratch: TempDir,
}

impl Lab {
    fn with(name: &str, bytes: &[u8]) -> (Lab, std::path::PathBuf) {
        let lab = Lab {
            folder: TempDir::new().unwrap(),
            scratch: TempDir::new().unwrap(),
        };
        let path = lab.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        (lab, path)
    }

    fn open(&self, path: &std::path::Path, layout: Option<&str>) -> Result<Arc<dyn EventStore>, StoreError> {
        open(path, layout, &OpenOptions::in_scratch(self.scratch.path().to_owned()))
    }
}

fn read_all(name: &str, text: &[u8]) -> (Vec<Seen>, Vec<&'static str>) {
    let (lab, path) = Lab::with(name, text);
    read(
        &*lab.open(&path, None).unwrap_or_else(|error| panic!("{error}")),
        everything(),
    )
}

const LINE: &str = r#"{"position":"17","stream":"order-1","category":"order","version":"0","type":"Placed","schema_version":"2","recorded_at":"2026-08-01T10:00:00.123Z","occurred_at":"2026-08-01T09:00:00Z","event_id":"e-1","correlation_id":"c","causation_id":"k","payload":{"n":9007199254740993,"x":1e400,"x":-0},"metadata":{"a":"\ud800"}}"#;

#[test]
fn json_lines_keep_every_part_and_every_literal() {
    let (seen, findings) = read_all("events.jsonl", format!("{LINE}\n").as_bytes());
    assert_eq!(findings, [""; 0]);
    let expected = Seen {
        position: 17,
        stream: "order-1".into(),
        category: "order".into(),
        version: Some(0),
        event_type: "Placed".into(),
        recorded_at: some("2026-08-01T10:00:00.123Z"),
        payload: some("{\"n\":9007199254740993,\"x\":1e400,\"x\":-0}"),
        is_opaque: false,
        metadata: some("{\"a\":\"\\ud800\"}"),
        event_id: some("e-1"),
        correlation_id: some("c"),
        causation_id: some("k"),
        schema_version: some("2"),
        occurred_at: some("2026-08-01T09:00:00Z"),
    };
    assert_eq!(seen, [expected]);
}

#[test]
fn a_byte_order_mark_carriage_returns_blank_lines_and_a_missing_last_line_end_do_no_harm() {
    let text = "\u{feff}{\"stream\":\"a\",\"type\":\"T\",\"payload\":1}\r\n\r\n  \n{\"stream\":\"b\",\"type\":\"T\",\"payload\":2}";
    let (seen, findings) = read_all("events.jsonl", text.as_bytes());
    assert_eq!(findings, [""; 0]);
    assert_eq!(positions(&seen), [1, 2]);
    assert_eq!((seen[0].stream.as_str(), seen[1].payload.as_deref()), ("a", Some("2")));
}

#[test]
fn a_layout_for_a_database_says_which_one() {
    for (dialect, kind) in [
        ("sqlite", "an SQLite database"),
        ("postgres", "a PostgreSQL database"),
        ("mysql", "a MySQL or MariaDB database"),
    ] {
        let (lab, path) = Lab::with("events.jsonl", LINE.as_bytes());
        let layout = lab.folder.path().join("layout.toml");
        let text = PLAIN_CSV.replace("\"csv\"", &format!("\"{dialect}\""));
        fs::write(&layout, text.replace("[[source]]", "[[source]]\ntable = \"events\"")).unwrap();
        let Err(StoreError::NoLayout { detail, .. }) = lab.open(&path, layout.to_str()).map(|_| ()) else {
            panic!("it fits")
        };
        assert!(detail.contains(&format!("is for {kind}")), "{detail}");
    }
}

#[test]
fn what_is_no_event_is_a_finding_and_the_rest_is_read() {
    let lines = [
        LINE,
        "not json",
        "[1,2]",
        "{\"stream\":\"s\",\"type\":\"T\",\"version\":\"x\",\"recorded_at\":\"yesterday\",\"payload\":{\"base64\":\"4pOi/w==\"}}",
        "{\"stream\":\"s\",\"payload\":null}",
        "{\"type\":\"T\",\"payload\":{}}",
        "{\"stream\":\"torn\",\"type\":\"T\",\"payl",
    ];
    let (seen, findings) = read_all("events.jsonl", lines.join("\n").as_bytes());
    let expected = [
        "no-stream",
        "no-type",
        "not-an-event",
        "payload-missing",
        "position-replaced",
        "time-unreadable",
        "torn-record",
    ];
    assert_eq!(
        findings.iter().filter(|code| expected.contains(code)).count(),
        expected.len(),
        "{findings:?}"
    );
    assert!(findings.contains(&"undecodable") && findings.contains(&"wrong-type"));
    let streams: Vec<&str> = seen.iter().map(|event| event.stream.as_str()).collect();
    assert_eq!(streams, ["order-1", "s", "s", "(no stream)"]);
    assert_eq!(
        positions(&seen),
        [17, 20, 21, 22],
        "where the first line has a position, others count on from it"
    );
}

#[test]
fn streams_positions_ranges_and_directions() {
    let line = |position: i64, stream: &str, version: i64| {
        format!(
            "{{\"position\":{position},\"stream\":\"{stream}\",\"type\":\"T\",\"version\":{version},\"payload\":{{}}}}"
        )
    };
    let lines = [line(10, "a", 2), line(20, "b", 1), line(30, "a", 1), line(40, "a", 3)].join("\n");
    let (lab, path) = Lab::with("events.jsonl", lines.as_bytes());
    let store = lab.open(&path, None).unwrap();
    let stream = |from: Option<i64>, to: Option<i64>| Scope::Stream {
        id: b"a".to_vec(),
        from: from.map(refold_core::event::Version),
        to: to.map(refold_core::event::Version),
    };
    let in_order = |scope: Scope, direction| positions(&read_in(&*store, scope, direction, 2).unwrap().0);
    assert_eq!(in_order(stream(None, None), Direction::Forward), [30, 10, 40]);
    assert_eq!(in_order(stream(Some(2), None), Direction::Backward), [40, 10]);
    let range = Scope::All {
        after: Some(Position(10)),
        up_to: Some(Position(30)),
    };
    assert_eq!(in_order(range.clone(), Direction::Forward), [20, 30]);
    assert_eq!(in_order(range, Direction::Backward), [30, 20]);
    let wanted = Scope::Positions([40, 11, 10].map(Position).to_vec());
    assert_eq!(in_order(wanted, Direction::Forward), [40, 10]);
    let parts: Vec<i64> = store
        .split(3)
        .unwrap()
        .into_iter()
        .flat_map(|(after, up_to)| in_order(Scope::All { after, up_to }, Direction::Forward))
        .collect();
    assert_eq!(parts, [10, 20, 30, 40]);
    assert_eq!(
        store.raw(Position(20)).unwrap().unwrap()[0].bytes,
        format!("{}\n", line(20, "b", 1)).as_bytes()
    );
    assert_eq!(
        (store.describe().event_count, store.describe().version_base),
        (Some(4), Some(1))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Against a look at every record: streams in any order, versions that are missing, double or out of order.
    #[test]
    fn a_stream_is_read_as_its_records_say(
        events in prop::collection::vec((0_u8..4, prop::option::of(-1_i64..6)), 1..60),
        (from, to) in (prop::option::of(-2_i64..7), prop::option::of(-2_i64..7)),
        faulty in 0_usize..60,
    ) {
        let line = |(at, (stream, version)): (usize, &(u8, Option<i64>))| {
            let version = version.map(|version| format!(",\"version\":{version}")).unwrap_or_default();
            let cut = if at == faulty { "" } else { "}" };
            format!("{{\"stream\":\"s{stream}\",\"type\":\"T\"{version},\"payload\":1{cut}\n")
        };
        let lines: String = events.iter().enumerate().map(line).collect();
        // The first line says what the file is.
        prop_assume!(faulty > 0);
        let (lab, path) = Lab::with("events.jsonl", lines.as_bytes());
        let store = lab.open(&path, None).unwrap();
        for stream in 0_u8..5 {
            let is_within = |version: Option<i64>| match version {
                Some(version) => from.is_none_or(|from| from <= version) && to.is_none_or(|to| version <= to),
                None => from.is_none() && to.is_none(),
            };
            let mut expected: Vec<(Option<i64>, i64)> = (1..)
                .zip(&events)
                .filter(|(position, event)| event.0 == stream && is_within(event.1) && *position != faulty as i64 + 1)
                .map(|(position, event)| (event.1, position))
                .collect();
            expected.sort();
            let scope = Scope::Stream {
                id: format!("s{stream}").into_bytes(),
                from: from.map(refold_core::event::Version),
                to: to.map(refold_core::event::Version),
            };
            let (seen, _) = read(&*store, scope);
            let seen: Vec<(Option<i64>, i64)> = seen.iter().map(|event| (event.version, event.position)).collect();
            prop_assert_eq!(seen, expected);
        }
    }
}

#[test]
fn a_part_that_a_record_says_twice_is_a_finding_and_the_last_counts() {
    let own = r#"{"stream":"a","stream":"b","type":"T","payload":{"a":1},"payload":{"a":2},"else":1,"else":2}"#;
    let (seen, findings) = read_all("events.jsonl", format!("{own}\n").as_bytes());
    assert_eq!((seen[0].stream.as_str(), &seen[0].payload), ("b", &some(r#"{"a":2}"#)));
    assert!(findings.contains(&"repeated-member"), "{findings:?}");
    let cloud = r#"{"specversion":"1.0","id":"1","source":"/a","type":"T","data":1,"data":2}"#;
    let (seen, findings) = read_all("events.ndjson", format!("{cloud}\n").as_bytes());
    assert_eq!(seen[0].payload, some("2"));
    assert!(findings.contains(&"repeated-member"), "{findings:?}");
}

#[test]
fn cloud_events() {
    let lines = [
        r#"{"specversion":"1.0","id":"e1","source":"/shop","type":"order.placed","subject":"order-7","sequence":"1","time":"2026-08-01T10:00:00Z","data":{"total":12.50}}"#,
        r#"{"specversion":"1.0","id":"e2","source":"/shop","type":"order.note","subject":"order-7","sequence":"2","datacontenttype":"text/plain","data":"paid \u20ac"}"#,
        r#"{"specversion":"1.0","id":"e3","source":"/shop","type":"order.scan","streamid":"scan-1","data_base64":"AAEC/w=="}"#,
    ];
    let (seen, findings) = read_all("events.ndjson", lines.join("\n").as_bytes());
    assert_eq!(findings, ["undecodable"]);
    let rows: Vec<_> = seen
        .iter()
        .map(|e| (e.stream.as_str(), e.category.as_str(), e.version, e.is_opaque))
        .collect();
    let expected = [
        ("order-7", "order", Some(1), false),
        ("order-7", "order", Some(2), false),
        ("scan-1", "scan", None, true),
    ];
    assert_eq!(rows, expected);
    assert_eq!(
        (seen[0].payload.clone(), seen[1].payload.clone()),
        (some("{\"total\":12.50}"), some("paid €"))
    );
    assert_eq!(seen[0].recorded_at, some("2026-08-01T10:00:00Z"));
}

const CSV_LAYOUT: &str = r#"
version = 1
name    = "orders-csv"
dialect = "csv"
[[source]]
[map]
global_position = { column = "seq" }
stream_id       = { concat = ["kind", "id"], separator = "-" }
stream_category = { column = "kind" }
stream_version  = { column = "version" }
event_type      = { column = "type" }
recorded_at     = { column = "at", as = "epoch_ms" }
[map.payload]
column = "body"
"#;

#[test]
fn csv_with_a_layout() {
    let text = "seq,kind,id,version,type,at,body\r\n\
                5,order,1,0,Placed,1785578400123,\"{\"\"n\"\": 0.10,\n \"\"s\"\":\"\"x\"\"}\"\r\n\
                6,order,1,1,Paid,,{}\r\n\
                7,order,1\r\n\
                8,order,2,0,Placed,soon,\"unclosed";
    let (lab, path) = Lab::with("orders.csv", text.as_bytes());
    let layout = lab.folder.path().join("orders.toml");
    fs::write(&layout, CSV_LAYOUT).unwrap();
    assert!(matches!(lab.open(&path, None), Err(StoreError::NoLayout { .. })));
    let store = lab
        .open(&path, layout.to_str())
        .unwrap_or_else(|error| panic!("{error}"));
    let (seen, findings) = read(&*store, everything());
    assert!(findings.contains(&"not-an-event"), "{findings:?}");
    assert_eq!(seen[0].payload, some("{\"n\": 0.10,\n \"s\":\"x\"}"));
    assert_eq!(
        (seen[0].stream.as_str(), seen[0].recorded_at.clone()),
        ("order-1", some("2026-08-01T10:00:00.123Z"))
    );
    assert_eq!((seen[1].version, seen[1].recorded_at.clone()), (Some(1), None));
    fs::write(&path, "a,b\n1,2\n").unwrap();
    let Err(StoreError::NoLayout { detail, .. }) = lab.open(&path, layout.to_str()).map(|_| ()) else {
        panic!()
    };
    assert!(detail.contains("no column body") && detail.contains("a, b"), "{detail}");
    assert!(!detail.contains("separated"), "{detail}");
    fs::write(&path, "seq;kind;id;version;type;at;body\n1;order;1;0;Placed;;{}\n").unwrap();
    let Err(StoreError::NoLayout { detail, .. }) = lab.open(&path, layout.to_str()).map(|_| ()) else {
        panic!()
    };
    assert!(detail.contains("columns are separated by commas"), "{detail}");
}

#[test]
fn a_compressed_file_is_unpacked_into_the_scratch_folder() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(format!("{LINE}\n{LINE}\n").as_bytes()).unwrap();
    let packed = gzip.finish().unwrap();
    let (lab, path) = Lab::with("events.jsonl.gz", &packed);
    let store = lab.open(&path, None).unwrap();
    assert_eq!(read(&*store, everything()).0.len(), 2);
    drop(store);
    assert_eq!(fs::read_dir(lab.scratch.path()).unwrap().count(), 0);
    assert_eq!(fs::read_dir(lab.folder.path()).unwrap().count(), 1);
    fs::write(&path, &packed[..packed.len() / 2]).unwrap();
    assert!(matches!(lab.open(&path, None), Err(StoreError::Packed { .. })));
}

/// A record that cannot be read may be of any stream: each that is read whole says so, and of all how many there are.
#[test]
fn every_stream_says_which_records_are_no_events() {
    for (faulty, kept) in [(1, 1), (100, 100), (101, 100), (150, 100)] {
        let text = format!("{LINE}\n{}", "{\n".repeat(faulty));
        let (lab, path) = Lab::with("events.jsonl", text.as_bytes());
        let store = lab.open(&path, None).unwrap();
        let told = |id: &str, from: Option<Version>| {
            let scope = Scope::Stream {
                id: id.as_bytes().to_vec(),
                from,
                to: None,
            };
            let query = ReadQuery {
                scope,
                direction: Direction::Forward,
                columns: Columns::SKELETON,
            };
            let (cancel, findings) = (CancelToken::default(), Findings::default());
            let (work, mut batch, mut events) = (Work::new(&cancel, &Silent), EventBatch::default(), 0);
            let mut reader = store.read(&query).unwrap();
            while reader
                .next_batch(&work, 8, &mut batch, &mut Names::default(), &findings)
                .unwrap()
            {
                events += batch.len();
            }
            let told = findings
                .summary()
                .into_iter()
                .map(|(code, count, kept)| (code, count, kept.len()));
            (events, told.collect::<Vec<_>>())
        };
        assert_eq!(told("order-1", None), (1, vec![("not-an-event", faulty as u64, kept)]));
        assert_eq!(told("order-1", Some(Version(0))), (1, vec![]), "that is part of it");
        assert_eq!(told("nobody", None), (0, vec![]));
    }
}

#[test]
fn a_file_that_grows_stays_readable_and_one_that_is_rewritten_does_not() {
    let (lab, path) = Lab::with("events.jsonl", format!("{LINE}\n").as_bytes());
    let store = lab.open(&path, None).unwrap();
    let before = store.fingerprint().unwrap();
    fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap()
        .write_all(format!("{LINE}\n").as_bytes())
        .unwrap();
    assert!(!store.is_current().unwrap());
    assert_eq!(read(&*store, everything()).0.len(), 1);
    let after = lab.open(&path, None).unwrap().fingerprint().unwrap();
    assert_eq!(before.identity, after.identity);
    assert_ne!(before.change_token, after.change_token);
    let rewritten = LINE.replace("Placed", "Forged");
    fs::write(&path, format!("{rewritten}\n{rewritten}\n")).unwrap();
    assert!(matches!(
        read_in(&*store, everything(), Direction::Forward, 9),
        Err(StoreError::Changed { .. })
    ));
    fs::write(&path, "").unwrap();
    assert!(matches!(
        read_in(&*store, everything(), Direction::Forward, 9),
        Err(StoreError::Changed { .. })
    ));
}

#[test]
fn a_record_above_the_limit_is_a_finding() {
    let long = "x".repeat(super::scan::LONGEST_RECORD_BYTES);
    let line = LINE.replacen("\"position\":\"17\",", "", 1);
    let text = format!("{line}\n{{\"stream\":\"s\",\"type\":\"T\",\"payload\":\"{long}\"}}\n{line}\n");
    let (seen, findings) = read_all("events.jsonl", text.as_bytes());
    assert_eq!((seen.len(), findings), (3, vec!["too-large"]));
    let (event, payload) = (&seen[1], seen[1].payload.as_deref());
    assert_eq!(
        (event.stream.as_str(), event.event_type.as_str(), payload),
        ("s", "T", Some(""))
    );
    assert!(event.is_opaque);
    let text = format!("{{\"payload\":\"{long}\",\"stream\":\"s\",\"type\":\"T\"}}\n{LINE}\n");
    let (lab, path) = Lab::with("events.jsonl", text.as_bytes());
    let store = lab.open(&path, Some("json-lines")).unwrap();
    let (seen, findings) = read(&*store, everything());
    assert_eq!(
        (seen.len(), findings),
        (1, vec!["not-an-event"]),
        "nobody knows whose it is"
    );
    assert!(store.lost_of(b"s").is_empty());
    // Its type stands behind what is loaded of it, its stream before: that one lacks an event.
    let text = format!("{line}\n{{\"stream\":\"s\",\"payload\":\"{long}\",\"type\":\"T\"}}\n{line}\n");
    let (lab, path) = Lab::with("events.jsonl", text.as_bytes());
    let store = lab.open(&path, Some("json-lines")).unwrap();
    let (seen, findings) = read(&*store, everything());
    assert_eq!((seen.len(), findings), (2, vec!["not-an-event"]));
    assert_eq!(store.lost_of(b"s"), [refold_core::event::Position(2)]);
}

/// What is doubtful about a time is told, and how many times are.
#[test]
fn leap_seconds_and_times_without_a_zone_are_findings() {
    let line = |n: u32, time: &str| {
        format!("{{\"stream\":\"a-1\",\"type\":\"T\",\"version\":{n},\"recorded_at\":\"{time}\",\"payload\":{{}}}}\n")
    };
    let text = line(0, "2016-12-31T23:59:60Z") + &line(1, "2017-01-01 00:00:01") + &line(2, "2017-01-01T00:00:02Z");
    let (lab, path) = Lab::with("events.jsonl", text.as_bytes());
    let store = lab.open(&path, None).unwrap();
    let (seen, findings) = read(&*store, everything());
    assert_eq!(findings, ["leap-second", "zone-unknown"]);
    assert_eq!(seen[0].recorded_at, some("2017-01-01T00:00:00Z"));
    let zone = &store.describe().time_zone;
    assert!(zone.starts_with("UTC") && zone.contains("1 of the 3"), "{zone}");
}

#[test]
fn local_times_are_read_in_the_zone_that_was_asked_for() {
    let line = |n: u32, time: &str| {
        format!("{{\"stream\":\"a-1\",\"type\":\"T\",\"version\":{n},\"recorded_at\":\"{time}\",\"payload\":{{}}}}\n")
    };
    let times = [
        "2026-08-03 14:00:00",
        "2026-08-03T14:00:00Z",
        "2026-10-25 02:30:00",
        "2026-03-29 02:30:00",
    ];
    let text: String = (0..).zip(times).map(|(n, time)| line(n, time)).collect();
    let (lab, path) = Lab::with("events.jsonl", text.as_bytes());
    let options = OpenOptions {
        zone: crate::zone::Zone::parse("Europe/Berlin"),
        ..OpenOptions::in_scratch(lab.scratch.path().to_owned())
    };
    let store = open(&path, None, &options).unwrap();
    let (seen, findings) = read(&*store, everything());
    let recorded: Vec<_> = seen.iter().filter_map(|event| event.recorded_at.as_deref()).collect();
    assert_eq!(
        recorded,
        [
            "2026-08-03T12:00:00Z",
            "2026-08-03T14:00:00Z",
            "2026-10-25T00:30:00Z",
            "2026-03-29T01:30:00Z"
        ]
    );
    assert_eq!(findings, ["time-ambiguous"]);
    assert_eq!(store.describe().time_zone, "Europe/Berlin (as asked for)");
    let in_utc = lab.open(&path, None).unwrap();
    assert_ne!(
        store.fingerprint().unwrap().identity,
        in_utc.fingerprint().unwrap().identity,
        "an index of one is none of the other"
    );
}

const PLAIN_CSV: &str = "version = 1\nname = \"mine\"\ndialect = \"csv\"\n[[source]]\n[map]\n\
    global_position = { column = \"pos\" }\nstream_id = { column = \"stream\" }\nevent_type = { column = \"type\" }\n\
    payload = { column = \"data\" }\n";

fn read_csv(text: &[u8]) -> (Vec<Seen>, Vec<&'static str>) {
    let (lab, path) = Lab::with("events.csv", text);
    let layout = lab.folder.path().join("layout.toml");
    fs::write(&layout, PLAIN_CSV).unwrap();
    let store = lab
        .open(&path, layout.to_str())
        .unwrap_or_else(|error| panic!("{error}"));
    read(&*store, everything())
}

/// A quote opens a field only at its beginning: elsewhere it must not swallow the records that follow.
#[test]
fn a_quote_inside_a_plain_field_of_csv_is_a_letter() {
    let text = b"\xef\xbb\xbf\"pos\",stream,type,data\r\n1,a,5\" pipe,{}\r\n2,a,\"T \"\"q\"\"\",\"{\"\"x\"\":\r\n1}\"\r\n3,a,T,{}\r\n";
    let (seen, findings) = read_csv(text);
    let types: Vec<&str> = seen.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, ["5\" pipe", "T \"q\"", "T"]);
    assert_eq!(seen[1].payload, some("{\"x\":\r\n1}"));
    assert!(!findings.contains(&"not-an-event"), "{findings:?}");
}

#[test]
fn a_record_of_csv_that_ends_inside_of_quotes_is_cut_off() {
    let (seen, findings) = read_csv(b"pos,stream,type,data\n1,a,T,{}\n2,a,T,\"{\"\"open\"\":1");
    assert_eq!(positions(&seen), [1]);
    assert!(findings.contains(&"torn-record"), "{findings:?}");
}

const SEALED: &str = r#"{"specversion":"1.0","id":"0","source":"s","subject":"/books/1","type":"T","time":"2026-03-04T05:06:07Z","datacontenttype":"application/json","predecessorhash":"00","hash":"ab","correlationid":"c","causationid":"k","dataschema":"2","data_base64":"eyJuIjoxfQ=="#;

/// Whoever adds members that no hash covers leaves the hash as it was.
#[test]
fn nothing_is_read_of_an_event_of_a_chain_but_what_its_hash_covers() {
    for (data, payload) in [
        (r#"","data":{"n":2}}"#, some("{\"n\":2}")),
        ("\",\"data\":null}", None),
        ("\"}", None),
    ] {
        let (seen, _) = read_all("events.ndjson", format!("{SEALED}{data}\n").as_bytes());
        let event = &seen[0];
        assert_eq!((&*event.stream, &*event.event_type), ("/books/1", "T"), "{data}");
        assert_eq!(event.payload, payload, "{data}");
        let uncovered = [&event.correlation_id, &event.causation_id, &event.schema_version];
        assert!(uncovered.iter().all(|it| it.is_none()), "{data}: {event:?}");
    }
}

#[test]
fn json_lines_whose_first_event_is_of_the_type_error_are_json_lines() {
    let line = r#"{"stream":"s","version":"0","type":"error","payload":{"error":"e"}}"#;
    let (lab, path) = Lab::with("events.jsonl", format!("{line}\n").as_bytes());
    let store = lab.open(&path, None).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(store.describe().own_chain, None);
    let (seen, _) = read(&*store, everything());
    assert_eq!((&*seen[0].stream, &*seen[0].event_type), ("s", "error"));
}
