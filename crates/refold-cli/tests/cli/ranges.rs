//! Ranges of events and of time: empty ones, reversed ones, and those that a stray event stretches.

use crate::lab::Lab;

fn line(version: u32, time: &str) -> String {
    format!(
        "{{\"stream\":\"order-1\",\"category\":\"order\",\"type\":\"T\",\"version\":{version},\"recorded_at\":\"{time}\",\"payload\":{{}}}}\n"
    )
}

#[test]
fn a_reversed_range_is_refused_and_an_empty_one_is_said() {
    let lab = Lab::shared();
    let history = |from: &str, to: &str| lab.run(&["history", "orders.db", "order-4711", "--from", from, "--to", to]);
    for (from, to) in [
        ("v9", "v3"),
        ("v4", "v3"),
        ("head", "start"),
        ("2026-08-03", "2026-08-02"),
        ("-1d", "-2d"),
    ] {
        let answer = history(from, to);
        assert_eq!(answer.code, 2, "{from} {to}: {answer:?}");
        assert!(
            answer.err.contains("ends before it begins") && answer.err.contains("earlier one first"),
            "{answer:?}"
        );
    }
    let empty = history("2026-08-03 00:00", "2026-08-03 00:01");
    assert_eq!(empty.code, 0);
    assert!(
        empty.out.contains("empty-range") && empty.out.contains("2026-08-03 00:01"),
        "{empty:?}"
    );
    let told = lab.run(&["history", "orders.db", "order-4711", "--story", "--from", "v900"]);
    assert!(told.out.is_empty() && told.err.contains("empty-range"), "{told:?}");
    assert!(!history("v3", "v3").out.contains("empty-range"));
}

#[test]
fn a_difference_from_the_start_lists_what_was_added_by_its_leaves() {
    let lab = Lab::shared();
    let diff = |from: &str, to: &str| {
        let answer = lab.json(1, &["diff", "orders.db", "order-4711", "--from", from, "--to", to]);
        let changes = answer["changes"].as_array().unwrap().clone();
        let paths = changes.iter().map(|change| change["path"].as_str().unwrap().to_owned());
        (paths.collect::<Vec<_>>(), changes)
    };
    let (paths, changes) = diff("start", "v4");
    assert!(
        paths.len() > 5 && paths.iter().all(|path| path.starts_with('/')),
        "{paths:?}"
    );
    assert!(paths.contains(&"/address/city".to_owned()), "{paths:?}");
    assert!(
        changes
            .iter()
            .all(|change| change["op"] == "added" && change["version"].is_string())
    );
    let (back, changes) = diff("v4", "start");
    assert_eq!(back, paths);
    assert!(changes.iter().all(|change| change["op"] == "removed"));
}

#[test]
fn stray_times_are_left_out_of_a_timeline_and_counted() {
    let lab = Lab::empty();
    let mut text: String = (0..200)
        .map(|n| line(n, &format!("2026-08-{:02}T{:02}:00:00Z", 1 + n / 24, n % 24)))
        .collect();
    text += &line(200, "1948-01-26T22:59:00Z");
    text += &line(201, "1948-01-27T22:59:00Z");
    std::fs::write(lab.path().join("stray.jsonl"), text).unwrap();
    for stream in [&[][..], &["order-1"]] {
        let run = |more: &[&str]| lab.run(&[&["timeline", "stray.jsonl"], stream, more].concat());
        let said = run(&[]).out;
        assert!(
            said.contains("events outside of what is shown: 2 before (--all shows them)"),
            "{said}"
        );
        assert!(
            said.contains("202 events  1948-01-26T22:59:00Z to 2026-08-09T07:00:00Z"),
            "{said}"
        );
        let columns = said.lines().filter(|line| line.contains('█')).count();
        assert!(columns > 20, "{said}");
        let told = lab.json(0, &[&["timeline", "stray.jsonl"], stream].concat());
        assert_eq!(
            (&told["events"], &told["earlier_events"], &told["later_events"]),
            (&202.into(), &2.into(), &0.into())
        );
        let whole = run(&["--all"]).out;
        assert!(!whole.contains("outside") && whole.contains("1948-"), "{whole}");
        let all = lab.json(0, &[&["timeline", "stray.jsonl", "--all"], stream].concat());
        assert_eq!(all["earlier_events"], 0);
    }
}

#[test]
fn wrong_calls_are_json_where_json_is_asked_for() {
    let lab = Lab::shared();
    for (call, needle) in [
        (
            &["--json", "streams", "orders.db", "--sort", "sideways"][..],
            "sideways",
        ),
        (&["--json", "steams", "orders.db"], "steams"),
        (&["--json", "state", "orders.db"], "<STREAM>"),
        (&["--json"], "requires a subcommand"),
        (&["streams", "orders.db", "--limit", "many", "--json"], "many"),
        (&["--json", "info", "orders.db", "--frobnicate"], "--frobnicate"),
    ] {
        let answer = lab.run(call);
        assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{call:?}: {answer:?}");
        let told: serde_json::Value =
            serde_json::from_str(answer.err.trim_end()).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
        assert_eq!(told["code"], "invalidInput", "{told}");
        assert!(told["message"].as_str().unwrap().contains(needle), "{told}");
        assert!(!told["hint"].as_str().unwrap().is_empty(), "{told}");
    }
    let told: serde_json::Value =
        serde_json::from_str(&lab.run(&["--json", "streams", "orders.db", "--sort", "sideways"]).err).unwrap();
    assert_eq!(
        told["choices"],
        serde_json::json!(["id", "events", "last", "first", "category"])
    );
    assert_eq!(lab.run(&["--json", "--help"]).code, 0);
}

#[test]
fn a_starter_loads_however_long_the_names_of_types_are() {
    let lab = Lab::empty();
    let long = "Long".repeat(750);
    let text = line(0, "2026-08-03") + &line(1, "2026-08-03").replace("\"T\"", &format!("\"{long}\""));
    std::fs::write(lab.path().join("long.jsonl"), text).unwrap();
    let made = lab.run(&["new-handler", "long.jsonl", "--category", "order", "--out", "made"]);
    assert_eq!(made.code, 0, "{made:?}");
    let reducer = std::fs::read_to_string(lab.path().join("made/versions/0.1.0/reducer.yaml")).unwrap();
    assert!(
        reducer.contains("# 1 events are of types that are not listed"),
        "{reducer}"
    );
    let state = lab.run(&["state", "long.jsonl", "order-1", "--handler", "made"]);
    assert_eq!(state.code, 0, "{state:?}");
}

#[test]
fn states_that_could_not_be_made_whole_are_no_pass() {
    let lab = Lab::shared();
    // Its v4 is no JSON.
    let diff = ["diff", "orders.db", "order-4713", "--from", "v5", "--to", "v5"];
    let compare = [
        "compare",
        "orders.db",
        "--stream",
        "order-4713",
        "--at",
        "v5",
        "--at",
        "v5",
    ];
    for command in [&diff[..], &compare[..]] {
        let answer = lab.json(1, command);
        assert_eq!(answer["changes"].as_array().map(Vec::len), Some(0), "{answer}");
        assert!(
            answer["unclear"].as_str().is_some_and(|why| why.contains("event 4")),
            "{answer}"
        );
        let text = lab.run(command);
        assert_eq!(text.code, 1, "{text:?}");
        assert!(
            text.out.contains("NOT CLEAR") && !text.out.contains("no differences"),
            "{text:?}"
        );
    }
    let sound = ["diff", "orders.db", "order-4713", "--from", "v3", "--to", "v3"];
    let answer = lab.json(0, &sound);
    assert!(answer["unclear"].is_null(), "{answer}");
}
