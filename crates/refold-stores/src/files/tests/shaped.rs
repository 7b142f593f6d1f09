//! JSON Lines of somebody's own shape, by a layout: the same events as in ours, and what does not fit.

use super::*;

/// Where each part of [`LINE`] stands in [`OWN`].
const LAYOUT: &str = r#"
version = 1
name    = "own-lines"
dialect = "json-lines"
[map]
global_position = { column = "pos" }
stream_id       = { column = "head#/aggregate/id" }
stream_category = { json = { column = "head", path = "$.aggregate.kind" } }
stream_version  = { column = ["rev", "seq"] }
event_type      = { column = "head#/a~1b" }
recorded_at     = { column = "at", as = "epoch_ms" }
occurred_at     = { column = "happened" }
event_id        = { json = { column = "meta", path = "$.id" } }
correlation_id  = { column = "c" }
causation_id    = { const = "k" }
schema_version  = { column = "schema" }
[map.payload]
column = "body"
unwrap = { kind = "path", path = "$.data" }
[map.metadata]
column = "text"
decode = ["json"]
"#;

const OWN: &str = r#"{"pos":17,"head":{"aggregate":{"id":"order-1","kind":"order"},"a/b":"Placed"},"seq":0,"at":1785578400123,"happened":"2026-08-01T09:00:00Z","meta":{"id":"e-1"},"c":"c","schema":2,"body":{"v":1,"data":{"n":9007199254740993,"x":1e400,"x":-0}},"text":"{\"a\":\"\\ud800\"}"}"#;

fn with_layout(lines: &str, layout: &str) -> Result<(Lab, Arc<dyn EventStore>), StoreError> {
    let (lab, path) = Lab::with("own.ndjson", lines.as_bytes());
    let file = lab.folder.path().join("own.toml");
    fs::write(&file, layout).unwrap();
    let store = lab.open(&path, file.to_str())?;
    Ok((lab, store))
}

fn refusal(lines: &str, layout: &str) -> String {
    match with_layout(lines, layout) {
        Err(StoreError::NoLayout { detail, .. }) => detail,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it fits"),
    }
}

#[test]
fn a_shape_of_ones_own_is_read_as_ours_is() {
    let (ours, _) = read_all("events.jsonl", format!("{LINE}\n").as_bytes());
    let (_lab, store) = with_layout(&format!("{OWN}\n"), LAYOUT).unwrap_or_else(|error| panic!("{error}"));
    let (own, findings) = read(&*store, everything());
    assert_eq!(findings, [""; 0]);
    assert_eq!(own, ours);
    let description = store.describe();
    assert_eq!(
        (description.kind.as_str(), description.layout.as_str()),
        ("JSON Lines", "own-lines")
    );
    // The record is the line, as it stands.
    let raw = store.raw(Position(17)).unwrap().unwrap();
    assert_eq!((raw.len(), raw[0].name.as_str()), (1, "line"));
    assert_eq!(raw[0].bytes.trim_ascii_end(), OWN.as_bytes());
}

const LEAST: &str = "version = 1\nname = \"least\"\ndialect = \"json-lines\"\n[map]\nstream_id = { column = \"who\" }\n\
    event_type = { column = \"what\" }\npayload = { column = \"with\" }\n";

#[test]
fn records_are_numbered_where_no_member_is_the_position_and_a_string_stays_one() {
    let lines = "{\"who\":\"a\",\"what\":\"T\",\"with\":\"12\"}\n{\"who\":7,\"what\":\"U\",\"with\":null}\n\
                 {\"who\":\"a\",\"who\":\"b\",\"what\":\"T\"}\n";
    let (_lab, store) = with_layout(lines, LEAST).unwrap_or_else(|error| panic!("{error}"));
    let (seen, findings) = read(&*store, everything());
    assert_eq!(positions(&seen), [1, 2, 3]);
    let streams: Vec<&str> = seen.iter().map(|event| event.stream.as_str()).collect();
    assert_eq!(streams, ["a", "7", "b"]);
    let payloads: Vec<Option<&str>> = seen.iter().map(|event| event.payload.as_deref()).collect();
    assert_eq!(payloads, [Some("\"12\""), None, None]);
    assert!(findings.contains(&"repeated-member"), "{findings:?}");
}

#[test]
fn a_line_that_is_broken_is_none_of_the_others() {
    let lines = "{\"who\":\"a\",\"what\":\"T\",\"with\":{}}\n{\"who\":\"a\",\"what\":\"T\",,}\n{\"who\":\"b\",\"what\":\"T\"}\n";
    let (_lab, store) = with_layout(lines, LEAST).unwrap_or_else(|error| panic!("{error}"));
    let (seen, findings) = read(&*store, everything());
    assert_eq!(positions(&seen), [1, 3]);
    assert!(findings.contains(&"not-an-event"), "{findings:?}");
    assert_eq!(store.lost_of(b"a"), [Position(2)], "it says whose it is");
}

#[test]
fn what_does_not_fit_is_said_with_what_there_is() {
    let lacking = refusal("{\"kind\":\"T\",\"what\":\"T\",\"id\":1}\n", LEAST);
    assert!(lacking.contains("nothing for stream_id (who)"), "{lacking}");
    assert!(lacking.contains("its members are kind, what, id"), "{lacking}");
    let csv = refusal("who,what,with\na,T,{}\n", LEAST);
    assert!(csv.contains("no JSON object"), "{csv}");
    // The advice of a file that is not known leads here, and from the dialect of CSV too.
    let as_csv = LEAST.replace("json-lines", "csv");
    let lines = "{\"who\":\"a\",\"what\":\"T\",\"with\":{}}\n";
    assert!(refusal(lines, &as_csv).contains("the dialect is json-lines"));
    let (lab, path) = Lab::with("own.ndjson", lines.as_bytes());
    let Err(StoreError::NoLayout { detail, .. }) = lab.open(&path, None).map(|_| ()) else {
        panic!("it is of a known shape")
    };
    assert!(
        detail.contains("need a layout file of the dialect json-lines"),
        "{detail}"
    );
}
