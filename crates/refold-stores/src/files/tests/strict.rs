//! Lines that are nearly JSON: no event is made of them, and none of their neighbours is lost.

use super::*;

fn event(position: i64) -> Vec<u8> {
    format!(
        "{{\"position\":{position},\"stream\":\"a-1\",\"version\":{position},\"type\":\"T\",\"payload\":{{\"n\":{position}}}}}"
    )
    .into_bytes()
}

/// What is read of a file with this line between two events.
fn between(line: &[u8]) -> (Vec<Seen>, Vec<&'static str>) {
    read_all("events.jsonl", &[&event(1), line, &event(3), b""].join(&b'\n'))
}

#[test]
fn what_is_no_json_is_no_event() {
    let lines: [&[u8]; 15] = [
        br#"{"position":2,"stream":"a-1","version":2,"type":"T","payload":{"n":2},,,}"#,
        br#"{"position":2,"stream":"a-1","version":2,"type":"T","payload":{"n":2},}"#,
        br#"{"position":2 "stream":"a-1","version":2,"type":"T","payload":{"n":2}}"#,
        br#"{"position":2,"stream":"a-1" "version":2,"type":"T","payload":{"n":2}}"#,
        br#"{"position":2,"stream":"a-1","version":2,"type":"T","payload":{"n":2},"x":nul}"#,
        br#"{"position":2,"stream":"a-1","version":02,"type":"T","payload":{"n":2}}"#,
        br#"{"position":2,"stream":"a-1","version":2,"type":"\qT","payload":{"n":2}}"#,
        b"{\"position\":2,\"stream\":\"a-1\",\"version\":2,\"type\":\"T\x01\",\"payload\":{\"n\":2}}",
        b"{\"position\":2,\"stream\":\"a-1\",\"version\":2,\"type\":\"T\xff\",\"payload\":{\"n\":2}}",
        br#"{"position":2,"stream":"stream":"a-1","version":2,"type":"T","payload":{"n":2}}"#,
        br#"{'position':2,'stream':'a-1','version':2,'type':'T','payload':{'n':2}}"#,
        br#"{"position":2,"stream":"a-1","version":2,"type":"T","payload":{"n":2}}xx"#,
        br#"{"position":2,"stream":"a-1","version":2,"type":"T","payload":{"n":2}}{"position":3}"#,
        br#"{"position":2,"stream":"a-1","version":2,"type":"T","x":[{"y":1]},"payload":{}}"#,
        br#"{"position":2,"stream":"a-1","version":2,"type":"T","x":"\u00g0","payload":{}}"#,
    ];
    for line in lines {
        let (seen, findings) = between(line);
        let shown = String::from_utf8_lossy(line);
        assert_eq!(positions(&seen), [1, 3], "{shown}");
        assert_eq!(findings, ["not-an-event"], "{shown}");
        assert!(seen.iter().all(|event| event.stream == "a-1"), "{shown}");
    }
}

/// A payload that is no JSON has its own finding where it is read: which event it is of is known.
#[test]
fn a_payload_that_is_no_json_is_of_its_event_still() {
    let (seen, findings) = between(br#"{"position":2,"stream":"a-1","version":2,"type":"T","payload":{"n": }}"#);
    assert_eq!((positions(&seen), findings), (vec![1, 2, 3], vec![]));
    assert_eq!(seen[1].payload.as_deref(), Some("{\"n\": }"));
}

/// Where a record stands that is no event and names a stream is known; one that names none is of none.
#[test]
fn a_broken_record_is_of_the_stream_that_it_names_before_its_fault() {
    let first = String::from_utf8(event(1)).unwrap();
    let cloud = r#"{"specversion":"1.0","id":"1","source":"s","streamid":"a-1","type":"T","data":{}}"#;
    let cases: [(&str, &str, &[&str]); 13] = [
        (&first, r#"{"stream":"a-1","type":"T","payload":{"n":2}"#, &["a-1"]),
        (&first, r#"{"stream":"b\u002d1","type":"T","#, &["b-1"]),
        (&first, r#"{"type":"T","payload":{"n":2},,"stream":"a-1"}"#, &[]),
        (&first, r#"{"type":"T","stream":"a-1"#, &[]),
        (&first, r#"{"type":"T","stream":"a-1""#, &[]),
        (&first, r#"{"stream":"stream":"a-1","type":"T"}"#, &[]),
        (&first, r#"{"payload":{"stream":"a-1"},"type":"T""#, &[]),
        (
            &first,
            r#"{"stream":"a-1","type":"T"}{"stream":"b-1","type":"T"}"#,
            &["a-1"],
        ),
        (&first, r#"["a-1"]"#, &[]),
        (
            cloud,
            r#"{"specversion":"1.0","streamid":"a-1","type":"T","da"#,
            &["a-1"],
        ),
        (cloud, r#"{"specversion":"1.0","subject":"a-1","type":"T","da"#, &[]),
        (cloud, r#"{"specversion":"1.0","source":"a-1","type":"T","da"#, &[]),
        (cloud, r#"{"specversion":"1.0","stream":"a-1","type":"T","da"#, &[]),
    ];
    for (whole, broken, streams) in cases {
        let (lab, path) = Lab::with("events.jsonl", format!("{whole}\n{broken}\n{whole}\n").as_bytes());
        let store = lab.open(&path, None).unwrap();
        for stream in ["a-1", "b-1", "stream", "order-1"] {
            let expected: &[Position] = if streams.contains(&stream) { &[Position(2)] } else { &[] };
            assert_eq!(store.lost_of(stream.as_bytes()), expected, "{stream} in {broken}");
        }
    }
}
