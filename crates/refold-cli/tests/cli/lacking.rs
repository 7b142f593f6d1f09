//! What some events lack: a version, a zone. And the zone that a person gives them.

use crate::lab::Lab;

/// One event without a version, or a time without a zone, says nothing of all the others.
#[test]
fn what_some_events_lack_is_said_of_them_alone() {
    let lab = Lab::empty();
    let line = |version: &str, time: &str| {
        format!("{{\"stream\":\"order-1\",\"type\":\"T\",{version}\"recorded_at\":\"{time}\",\"payload\":{{}}}}\n")
    };
    let text = line("\"version\":1,", "2026-08-03T14:00:00Z")
        + &line("", "2026-08-03T14:00:01Z")
        + &line("\"version\":2,", "2026-08-03 14:00:02");
    std::fs::write(lab.path().join("some.jsonl"), text).unwrap();
    let said = lab.run(&["info", "some.jsonl"]).out;
    assert!(
        said.contains("stream versions start at 1; 1 of 3 events have none"),
        "{said}"
    );
    assert!(said.contains("1 of the 3 looked at name no zone"), "{said}");
    let told = lab.json(0, &["info", "some.jsonl"]);
    assert_eq!(told["capabilities"]["events_without_version"], 1);

    std::fs::write(lab.path().join("none.jsonl"), line("", "2026-08-03T14:00:01Z")).unwrap();
    let said = lab.run(&["info", "none.jsonl"]).out;
    assert!(said.contains("no stream versions"), "{said}");
}

/// A zone holds for the times of the store that name none, and for those of the question.
#[test]
fn a_zone_that_is_asked_for_holds_in_the_store_and_in_cursors() {
    let lab = Lab::empty();
    let line = |version: u32, time: &str| {
        format!(
            "{{\"stream\":\"order-1\",\"type\":\"T\",\"version\":{version},\"recorded_at\":\"{time}\",\
             \"payload\":{{\"n\":{version}}}}}\n"
        )
    };
    let text = line(1, "2026-08-03 13:59:59") + &line(2, "2026-08-03 14:00:00") + &line(3, "2026-08-03T12:00:01Z");
    std::fs::write(lab.path().join("local.jsonl"), text).unwrap();
    let version = |arguments: &[&str]| {
        lab.json(0, &[&["state", "local.jsonl", "order-1"], arguments].concat())["version"].clone()
    };
    assert_eq!(version(&["--zone", "Europe/Berlin", "--at", "2026-08-03 14:00"]), "2");
    assert_eq!(
        version(&["--zone", "Europe/Berlin", "--at", "2026-08-03T12:00:01Z"]),
        "3"
    );
    assert_eq!(
        version(&["--zone", "Europe/Berlin", "--at", "2026-08-03 08:00 America/New_York"]),
        "2"
    );
    assert_eq!(version(&["--zone", "+02:00", "--at", "2026-08-03 13:59:59"]), "1");
    let refused = lab.run(&["--zone", "Europe/Bielefeld", "info", "local.jsonl"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("there is no such zone"), "{}", refused.err);
    let twice = lab.run(&[
        "--zone",
        "Europe/Berlin",
        "state",
        "local.jsonl",
        "order-1",
        "--at",
        "2026-10-25 02:30",
    ]);
    assert_eq!(twice.code, 2);
    assert!(
        twice.err.contains("twice") && twice.err.contains("+02:00"),
        "{}",
        twice.err
    );
}

/// Ids as long as a page, positions at the end of numbers, and versions that are none.
#[test]
fn values_at_the_end_of_what_can_be_are_shown_in_their_place() {
    let lab = Lab::empty();
    let line =
        |stream: &str, more: &str| format!("{{\"stream\":\"{stream}\",\"type\":\"T\",{more}\"payload\":{{}}}}\n");
    let text = line("a-1", &format!("\"position\":{},\"version\":1,", i64::MIN))
        + &line("a-1", "\"position\":2,\"version\":2,")
        + &line("a-1", "\"position\":3,").replace("{}", "{\"base64\":\"//79\"}")
        + &line(&"x".repeat(100_000), "\"position\":4,\"version\":1,");
    std::fs::write(lab.path().join("odd.jsonl"), text).unwrap();
    let first = lab.json_lines(&[
        "history",
        "odd.jsonl",
        "a-1",
        "--from",
        &format!("#{}", i64::MIN),
        "--to",
        "#2",
    ]);
    assert_eq!(first.last().unwrap()["position"], "2");
    assert!(
        first
            .iter()
            .any(|event| event["position"].as_str() == Some("-9223372036854775808")),
        "{first:?}"
    );
    let state = lab.run(&["state", "odd.jsonl", "a-1"]).out;
    assert!(state.contains("(stream a-1 #3)"), "{state}");
    let streams = lab.run(&["streams", "odd.jsonl"]).out;
    let short = streams.lines().find(|line| line.starts_with("a-1")).unwrap();
    assert!(short.len() < 300, "{}", short.len());
}
