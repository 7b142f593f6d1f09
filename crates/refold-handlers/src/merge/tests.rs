use refold_core::event::{Encoding, EventBatch, Position, Version};
use refold_core::time::Timestamp;

use super::*;

#[track_caller]
fn check(target: &str, patch: &str, expected: &str) {
    let value = |text: &str| Value::from_json(text.as_bytes(), 64).unwrap().with_last_of_repeated();
    let merged = merge_patch(value(target), &value(patch));
    assert_eq!(
        String::from_utf8(merged.to_canonical()).unwrap(),
        expected,
        "{target} and {patch}"
    );
}

/// The table of RFC 7396, appendix A.
#[test]
fn the_examples_of_the_standard() {
    check(r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#);
    check(r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#);
    check(r#"{"a":"b"}"#, r#"{"a":null}"#, "{}");
    check(r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#);
    check(r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#);
    check(r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#);
    check(
        r#"{"a":{"b":"c"}}"#,
        r#"{"a":{"b":"d","c":null}}"#,
        r#"{"a":{"b":"d"}}"#,
    );
    check(r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#);
    check(r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#);
    check(r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#);
    check(r#"{"a":"foo"}"#, "null", "null");
    check(r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#);
    check(r#"{"e":null}"#, r#"{"a":1}"#, r#"{"a":1,"e":null}"#);
    check("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#);
    check("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#);
}

#[test]
fn literals_survive_and_of_repeated_keys_the_last() {
    check(
        "null",
        r#"{"n":1e400,"d":0.10,"k":1,"k":2}"#,
        r#"{"d":0.10,"k":2,"n":1e400}"#,
    );
    check(r#"{"k":1}"#, r#"{"k":2,"k":null}"#, "{}");
}

fn batch_of(payloads: &[&[u8]]) -> (EventBatch, Names) {
    let (mut batch, mut names) = (EventBatch::default(), Names::default());
    for payload in payloads {
        batch.streams.push(names.intern_stream(b"a-1", || b"a"));
        batch.types.push(names.intern_type(b"A"));
        batch.positions.push(Position(1));
        batch.versions.push(Version(1));
        batch.recorded_at.push(Timestamp::NONE);
        let span = batch.store(payload);
        batch.payloads.push(span);
        batch.payload_encodings.push(Encoding::Json);
    }
    (batch, names)
}

#[test]
fn what_cannot_be_merged_leaves_the_state() {
    let deep = [b"[".repeat(65), b"]".repeat(65)].concat();
    let (batch, names) = batch_of(&[br#"{"a":1}"#, br#"{"a":"#, &deep, br#"{"b":{"c":2},"d":{}}"#]);
    let mut instance = program().start();
    let mut written = Written::on();
    let mut apply = |row| instance.apply(&batch.event(row), &names, &mut written);
    assert_eq!(apply(0), Ok(Applied::Folded));
    assert!(matches!(apply(1), Ok(Applied::Undecodable(_))));
    assert!(matches!(apply(2), Ok(Applied::Undecodable(error)) if error.is_depth()));
    assert_eq!(apply(3), Ok(Applied::Folded));
    assert_eq!(
        instance.state().unwrap().to_canonical(),
        br#"{"a":1,"b":{"c":2},"d":{}}"#
    );
    let written: Vec<String> = written.paths().iter().map(ToString::to_string).collect();
    assert_eq!(written, ["/a", "/b/c", "/d"]);
    assert_eq!(program().identity().name, "builtin:merge");
}

/// The state that `payloads` lead to, and the places of repeated keys in the last of them.
#[track_caller]
fn check_repeated(payloads: &[&str], expected: &str, repeated: &[&str]) {
    let payloads: Vec<&[u8]> = payloads.iter().map(|payload| payload.as_bytes()).collect();
    let (batch, names) = batch_of(&payloads);
    let mut instance = program().start();
    for row in 0..payloads.len() {
        assert_eq!(
            instance.apply(&batch.event(row), &names, &mut Written::on()),
            Ok(Applied::Folded)
        );
    }
    let state = String::from_utf8(instance.state().unwrap().to_canonical()).unwrap();
    let places: Vec<String> = instance.repeated_keys().iter().map(ToString::to_string).collect();
    assert_eq!(
        (state.as_str(), places),
        (expected, repeated.iter().map(ToString::to_string).collect())
    );
}

#[test]
fn of_a_repeated_key_the_last_counts_and_nothing_remains_of_the_others() {
    check_repeated(&[r#"{"k":1,"k":2}"#], r#"{"k":2}"#, &["/k"]);
    check_repeated(
        &[r#"{"k":{"a":1},"k":{"b":2}}"#, r#"{"k":{"c":3}}"#],
        r#"{"k":{"b":2,"c":3}}"#,
        &[],
    );
    check_repeated(
        &[r#"{"k":{"a":1}}"#, r#"{"k":7,"k":{"b":2}}"#],
        r#"{"k":{"a":1,"b":2}}"#,
        &["/k"],
    );
    check_repeated(&[r#"{"k":1}"#, r#"{"k":null,"k":2}"#], r#"{"k":2}"#, &["/k"]);
    check_repeated(
        &[r#"{"list":[{"x":1,"x":{"y":1,"y":2}}]}"#],
        r#"{"list":[{"x":{"y":2}}]}"#,
        &["/list/0/x", "/list/0/x/y"],
    );
}
