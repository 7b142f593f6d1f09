//! Reports about a person where others are near: in streams whose ids are shown alike, and in streams that are the person's.

use serde_json::{Value, json};

use super::layers::found;
use super::*;
use crate::usecase::evidence::report::paths::paths;

const LIST: &str = "refold = \"excerpt/1\"\n[[show]]\npaths = [\"/email\", \"/address\"]\n";
const STRANGER: &str = "qz-stranger";

fn event(stream: &str, payload: &str) -> String {
    format!(r#"{{"stream":{},"type":"T","payload":{payload}}}"#, json!(stream))
}

fn with_metadata(payload: &str, metadata: &str) -> String {
    format!(r#"{{"stream":"household-1","type":"T","payload":{payload},"metadata":{metadata}}}"#)
}

fn asked(case: &Case, keys: &[&str]) -> ReportAsked {
    std::fs::write(case.path("list.toml"), LIST).expect("a list");
    ReportAsked {
        subject: Some(SubjectAsked {
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            allow: Some(case.path("list.toml")),
            case_key: None,
        }),
        ..case.asked()
    }
}

/// What stands at `/email` of the payloads and of the metadata of a report.
fn emails(made: &ReportAnswer) -> Vec<String> {
    let record = std::fs::read_to_string(Path::new(&made.dir).join(RECORD_JSON)).expect("a record");
    let of_line = |line: &str| {
        let event: Value = serde_json::from_str(line).expect("JSON");
        ["/payload/email", "/metadata/email"].map(|place| event.pointer(place)?.as_str().map(str::to_owned))
    };
    record.lines().flat_map(of_line).flatten().collect()
}

#[test]
fn streams_are_taken_by_their_ids_and_not_by_how_these_are_shown() {
    let case = Case::of(&[
        event("own\n1", r#"{"customerId":"C-1","email":"own"}"#),
        event("own\\u{a}1", &format!(r#"{{"customerId":"C-2","x":"{STRANGER}"}}"#)),
        event("own\\u{a}1", &format!(r#"{{"email":"{STRANGER}"}}"#)),
        event("u\\u{41}", r#"{"email":"named"}"#),
        event("uA", &format!(r#"{{"email":"{STRANGER}"}}"#)),
    ]);
    let own = asked(&case, &["/customerId=C-1"]);
    assert_eq!(emails(&case.make(&own).expect("a report")), ["own"]);
    let named = ReportAsked {
        streams: vec!["u\\u{41}".to_owned()],
        time: Some("@7".to_owned()),
        ..own.clone()
    };
    assert_eq!(emails(&case.make(&named).expect("a report")), ["own", "named"]);
    let nowhere = ReportAsked {
        streams: vec!["nowhere".to_owned()],
        ..own
    };
    assert_eq!(case.make(&nowhere).expect_err("no stream").code, ErrorCode::NotFound);
}

#[test]
fn the_list_shows_nothing_of_an_event_of_others() {
    let of_stranger = format!(r#"{{"customerId":"C-2","email":"{STRANGER}","address":{{"name":"{STRANGER}"}}}}"#);
    let beside = format!(r#"{{"email":"{STRANGER}"}}"#);
    let case = Case::of(&[
        with_metadata(r#"{"customerId":"C-1","email":"own"}"#, r#"{"email":"beside"}"#),
        with_metadata(&of_stranger, &beside),
        with_metadata(&beside, &of_stranger),
        with_metadata(&of_stranger, r#"{"customerId":["C-2","C-1"],"email":"of both"}"#),
        with_metadata(r#"{"customerId":null,"email":"of nobody"}"#, "{}"),
    ]);
    let asked = asked(&case, &["/customerId=C-1"]);
    let made = case.make(&asked).expect("a report");
    assert_eq!(emails(&made), ["own", "beside", "of both", "of nobody"]);
    assert_eq!(found(&made.dir, STRANGER.as_bytes()), [""; 0]);
    let dry = case.with_session(&Silent, |work, session| paths(work, session, &asked, None));
    let dry = dry.expect("an answer").paths;
    let of = |path: &str| {
        let of = dry.iter().find(|of| (of.part, &*of.path) == ("payload", path));
        of.map(|of| (of.count, of.hidden))
    };
    assert_eq!((of("/email"), of("/address/name")), (Some((5, 3)), Some((2, 2))));
}

#[test]
fn whoever_rules_hide_is_taken_for_another() {
    let case = Case::of(&[
        event("household-1", r#"{"id":"me","customerId":"C-1","email":"own"}"#),
        event("household-1", r#"{"customerId":"C-1","email":"hidden"}"#),
        event(
            "household-1",
            &format!(r#"{{"customerId":"C-2","email":"{STRANGER}"}}"#),
        ),
    ]);
    let asked = asked(&case, &["/id=me", "/customerId=C-1"]);
    let made = case.redacted("refold = \"mask/1\"\n[[hide]]\npaths = [\"/customerId\"]\n", &asked);
    assert_eq!(emails(&made), ["own"]);
    assert_eq!(found(&made.dir, STRANGER.as_bytes()), [""; 0]);
}

#[test]
fn nothing_noteworthy_of_what_is_hidden_is_told_in_it_and_nothing_that_it_is_not() {
    let case = Case::of(&[
        r#"{"stream":"a","version":"none","type":"T","occurred_at":"never","payload":{"customerId":"C-1","x":{"y":1,"y":2}}}"#
            .to_owned(),
        event("a", r#"{"base64":"bm8gSlNPTg==","content_type":"text/plain"}"#),
        event("b", r#"{"base64":"bm8gSlNPTg==","content_type":"text/plain"}"#),
    ]);
    let asked = asked(&case, &["/customerId=C-1"]);
    // What is no JSON is hidden whole by the first; the second finds nothing.
    let rules = "refold = \"mask/1\"\n[[hide]]\npaths = [\"/nowhere\"]\n[[hide]]\npaths = [\"/x\"]\ntype = \"Other\"\n";
    let made = case.redacted(rules, &asked);
    let report = manifest(&made.dir).report;
    for code in ["redaction-idle", "repeated-key", "time-unreadable", "wrong-type"] {
        assert!(
            made.findings.iter().any(|of| of.code == code),
            "the caller is told of {code}"
        );
        assert!(report.noticed.iter().all(|of| of.code != code), "{code}");
        assert!(!report.cover.headline.contains(code), "{}", report.cover.headline);
    }
    assert!(report.noticed.iter().any(|of| of.code == "excerpt-idle"));
    let limits = report.limits.join("\n");
    assert!(
        limits.contains("What is no JSON was not looked into: so it was in 2 events of 3."),
        "{limits}"
    );
    assert!(!limits.contains("States were folded"), "{limits}");
    assert!(!report.cover.claim.contains("these bytes"), "{}", report.cover.claim);
    let told = String::from_utf8(bytes_of(&made.dir)[ADVICE].clone()).expect("text");
    assert!(
        told.contains("written anew") && !told.contains("to the letter"),
        "{told}"
    );
    // Of others it is true.
    let plain = case.make(&case.asked()).expect("a report");
    let told = String::from_utf8(bytes_of(&plain.dir)[ADVICE].clone()).expect("text");
    assert!(told.contains("to the letter"), "{told}");
    assert!(manifest(&plain.dir).report.cover.claim.contains("these bytes"));
}

#[test]
fn what_nobody_can_look_into_is_taken_for_others() {
    let beside = format!(r#"{{"email":"{STRANGER}"}}"#);
    let of_stranger = r#"{"customerId":"C-2"}"#;
    for (rule, part) in [
        ("paths = [\"/**\"]", "whole"),
        ("paths = [\"\"]", "whole"),
        ("paths = [\"/*\"]", "each field"),
        ("paths = [\"/customerId\"]", "the field"),
    ] {
        for (payload, metadata, hidden) in [(&*beside, of_stranger, "metadata"), (of_stranger, &*beside, "payload")] {
            let case = Case::of(&[
                r#"{"stream":"household-1","type":"Own","payload":{"customerId":"C-1","email":"own"}}"#.to_owned(),
                with_metadata(payload, metadata),
            ]);
            let rules = format!("refold = \"mask/1\"\n[[hide]]\nin = [\"{hidden}\"]\ntype = \"T\"\n{rule}\n");
            let made = case.redacted(&rules, &asked(&case, &["/customerId=C-1"]));
            assert_eq!(found(&made.dir, STRANGER.as_bytes()), [""; 0], "{part} of {hidden}");
            assert_eq!(emails(&made), ["own"], "{part} of {hidden}");
        }
    }
    // The field lies below what is hidden.
    let case = Case::of(&[
        event("household-1", r#"{"customer":{"id":"C-1"},"email":"own"}"#),
        with_metadata(&format!(r#"{{"customer":{{"id":"C-2"}},"email":"{STRANGER}"}}"#), "{}"),
    ]);
    let rules = "refold = \"mask/1\"\n[[hide]]\nin = [\"payload\"]\npaths = [\"/customer\"]\n";
    let named = ReportAsked {
        streams: vec!["household-1".to_owned()],
        ..asked(&case, &["/customer/id=C-1"])
    };
    let made = case.redacted(rules, &named);
    assert_eq!(found(&made.dir, STRANGER.as_bytes()), [""; 0]);
    // What is no JSON beside what the list would show.
    for payload in [
        r#"{"base64":"eyJjdXN0b21lcklkIjoiQy0yIg==","content_type":"application/json"}"#,
        r#"{"base64":"aWQ9Qy0y","content_type":"text/plain"}"#,
    ] {
        let case = Case::of(&[
            with_metadata(r#"{"customerId":"C-1","email":"own"}"#, "{}"),
            with_metadata(payload, &beside),
        ]);
        let made = case.make(&asked(&case, &["/customerId=C-1"])).expect("a report");
        assert_eq!(found(&made.dir, STRANGER.as_bytes()), [""; 0], "{payload}");
    }
}

#[test]
fn events_without_a_stream_are_not_one_persons() {
    let without = |payload: &str| format!(r#"{{"type":"T","payload":{payload}}}"#);
    let lines = [
        event("b", "{}"),
        without(r#"{"customerId":"C-1","email":"own"}"#),
        without(&format!(r#"{{"email":"{STRANGER}"}}"#)),
        event("a", r#"{"customerId":"C-1","email":"in a"}"#),
    ];
    let case = Case::of(&lines);
    let plain = asked(&case, &["/customerId=C-1"]);
    let made = case.make(&plain).expect("a report");
    assert_eq!(emails(&made), ["in a"]);
    assert_eq!(found(&made.dir, STRANGER.as_bytes()), [""; 0]);
    let limits = manifest(&made.dir).report.limits.join("\n");
    assert!(limits.contains("hold the person and are in no stream: 1."), "{limits}");
    let named = ReportAsked {
        streams: vec!["(no stream)".to_owned()],
        time: Some("@7".to_owned()),
        ..plain
    };
    assert_eq!(emails(&case.make(&named).expect("a report")), ["own", STRANGER, "in a"]);
    let case = Case::of(&lines[..3]);
    let error = case
        .make(&asked(&case, &["/customerId=C-1"]))
        .expect_err("it is in no stream");
    assert!(
        error.message.contains("only in events without a stream: 1"),
        "{error:?}"
    );
}
