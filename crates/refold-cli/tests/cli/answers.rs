//! What each command answers, and that the shapes of its JSON stay.

use serde_json::Value;

use crate::lab::{Lab, keys};

const HANDLER: &str = "handlers/order@1.1.0";

#[test]
fn information_says_what_the_store_is() {
    let lab = Lab::shared();
    let answer = lab.json(0, &["info", "orders.db"]);
    for key in [
        "kind",
        "layout",
        "evidence",
        "capabilities",
        "events",
        "streams",
        "read_only",
        "findings",
    ] {
        assert!(!answer[key].is_null(), "{key} is missing: {answer}");
    }
    assert_eq!(
        (answer["layout"].as_str(), answer["events"].as_u64()),
        (Some("emmett"), Some(3_000))
    );
    let text = lab.run(&["info", "orders.db"]);
    assert!(text.out.contains("3,000 events"), "{}", text.out);
}

#[test]
fn streams_come_a_page_at_a_time_each_once() {
    let lab = Lab::shared();
    for sort in ["id", "events", "last"] {
        let all = lab.json_lines(&["streams", "orders.db", "--sort", sort, "--limit", "100000"]);
        assert_eq!(
            all.len() as u64,
            lab.json(0, &["info", "orders.db"])["streams"].as_u64().unwrap()
        );
        for key in ["stream", "category", "events", "first_recorded_at", "last_recorded_at"] {
            assert!(!all[0][key].is_null(), "{key} is missing: {}", all[0]);
        }
        let mut paged: Vec<Value> = Vec::new();
        loop {
            let after = paged.last().map(|last| last["stream"].as_str().unwrap().to_owned());
            let mut arguments = vec!["streams", "orders.db", "--sort", sort, "--limit", "97"];
            if let Some(after) = &after {
                arguments.extend(["--after", after.as_str()]);
            }
            let page = lab.json_lines(&arguments);
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!(paged, all, "by {sort}");
    }
    let found = lab.json_lines(&["streams", "orders.db", "--match", "4711", "--category", "order"]);
    assert_eq!(found[0]["stream"], "order-4711");
    assert!(
        lab.run(&["streams", "orders.db", "--match", "nobody"])
            .out
            .contains("no stream matches")
    );
}

#[test]
fn a_page_of_streams_says_how_many_there_are() {
    let lab = Lab::shared();
    let all = lab.json(0, &["info", "orders.db"])["streams"].as_u64().unwrap();
    let page = lab.run(&["streams", "orders.db", "--limit", "2"]);
    let last = page.out.lines().last().unwrap_or_default();
    assert!(last.starts_with("2 of ") && last.contains("--after"), "{page:?}");
    // Standard output holds streams and nothing else.
    let lines = lab.run(&["--json", "streams", "orders.db", "--limit", "2"]);
    assert!(
        lines.out.lines().count() == 2 && lines.err.contains("2 of "),
        "{lines:?}"
    );
    let whole = lab.run(&["--json", "streams", "orders.db", "--limit", &all.to_string()]);
    assert_eq!(whole.err, "", "{whole:?}");
    // The last page may be as full as any.
    let ids: Vec<&str> = whole.out.lines().map(|line| line.split('"').nth(3).unwrap()).collect();
    for (third_last, has_more) in [(ids[ids.len() - 3], false), (ids[ids.len() - 4], true)] {
        let page = lab.run(&["--json", "streams", "orders.db", "--limit", "2", "--after", third_last]);
        assert_eq!(
            (page.out.lines().count(), !page.err.is_empty()),
            (2, has_more),
            "{page:?}"
        );
    }
}

#[test]
fn a_story_of_the_whole_state_says_what_changed() {
    let lab = Lab::shared();
    let told = lab.run(&["history", "orders.db", "order-4711", "--story", "--limit", "1"]);
    let first = told.out.lines().next().unwrap_or_default();
    assert!(first.ends_with(": changes the whole state"), "{told:?}");
}

#[test]
fn history_is_every_event_with_the_bytes_that_are_stored() {
    let lab = Lab::shared();
    let database =
        rusqlite::Connection::open_with_flags(lab.store(), rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = database
        .prepare(
            "SELECT message_data, message_metadata FROM emt_messages WHERE stream_id = ?1 ORDER BY stream_position",
        )
        .unwrap();
    let answer = lab.run(&["--json", "history", "orders.db", "order-4712"]);
    let mut lines = answer.out.lines();
    let mut rows = statement.query(["order-4712"]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (payload, metadata): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
        let line = lines.next().unwrap();
        assert!(
            line.contains(&format!("\"payload\":{payload},\"metadata\":{metadata}}}")),
            "{line}"
        );
    }
    assert_eq!(lines.next(), None);
    let first: Value = serde_json::from_str(answer.out.lines().next().unwrap()).unwrap();
    let expected = [
        "category",
        "causation_id",
        "correlation_id",
        "event_id",
        "metadata",
        "occurred_at",
        "payload",
        "position",
        "recorded_at",
        "schema_version",
        "stream",
        "type",
        "version",
    ];
    assert_eq!(keys(&first), expected);
    assert!(first["position"].is_string() && first["version"].is_string());
}

#[test]
fn history_is_cut_by_cursors_types_and_number() {
    let lab = Lab::shared();
    let versions = |arguments: &[&str]| -> Vec<String> {
        let events = lab.json_lines(&[&["history", "orders.db", "order-4711"], arguments].concat());
        events
            .iter()
            .map(|event| event["version"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = versions(&[]);
    assert_eq!(all.len(), 15);
    assert_eq!(versions(&["--from", "v5", "--to", "v7"]), ["5", "6", "7"]);
    assert_eq!(versions(&["--limit", "3"]), ["1", "2", "3"]);
    assert_eq!(versions(&["--to", "start"]), Vec::<String>::new());
    assert_eq!(versions(&["--from", "start"]), all);
    assert_eq!(
        versions(&["--to", "2026-08-03 14:00"]).len() + versions(&["--from", "2026-08-03 14:00"]).len(),
        15
    );
    // An event at the very time is in both.
    let event = &lab.json_lines(&["history", "orders.db", "order-4711", "--from", "v9", "--to", "v9"])[0];
    let at = event["recorded_at"].as_str().unwrap();
    assert_eq!(versions(&["--from", at]).first().map(String::as_str), Some("9"));
    assert_eq!(versions(&["--to", at]).last().map(String::as_str), Some("9"));
    let position = format!("#{}", event["position"].as_str().unwrap());
    assert_eq!(versions(&["--from", &position, "--to", &position]), ["9"]);
    let added = lab.json_lines(&[
        "history",
        "orders.db",
        "order-4711",
        "--type",
        "ItemAdded",
        "--type",
        "OrderPlaced",
    ]);
    assert_eq!(added.len(), 4);
}

#[test]
fn search_finds_text_in_payload_and_metadata() {
    let lab = Lab::shared();
    let database =
        rusqlite::Connection::open_with_flags(lab.store(), rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let counted = |sql: &str| database.query_row(sql, [], |row| row.get::<_, u32>(0)).unwrap();
    let found = lab.json_lines(&["search", "orders.db", "SKU-00120"]);
    let expected = counted(
        "SELECT count(*) FROM emt_messages WHERE instr(message_data, 'SKU-00120') OR instr(message_metadata, 'SKU-00120')",
    );
    assert_eq!(found.len(), expected as usize);
    let found = lab.json_lines(&[
        "search",
        "orders.db",
        "SKU-",
        "--type",
        "ItemAdded",
        "--where",
        "event.data.qty > 2",
    ]);
    assert!(!found.is_empty());
    assert!(
        found
            .iter()
            .all(|event| event["type"] == "ItemAdded" && event["payload"]["qty"].as_i64() > Some(2))
    );
    assert_eq!(
        lab.json_lines(&["search", "orders.db", "SKU-", "--limit", "7"]).len(),
        7
    );
    assert!(
        lab.run(&["search", "orders.db", "no such text"])
            .out
            .starts_with("0 events found")
    );
}

#[test]
fn state_is_of_the_last_event_at_or_before_the_cursor() {
    let lab = Lab::shared();
    let state = |at: &str| {
        lab.json(
            0,
            &["state", "orders.db", "order-4711", "--at", at, "--handler", HANDLER],
        )
    };
    let then = state("2026-08-03 14:00");
    for key in [
        "as_of",
        "findings",
        "handler",
        "incomplete_since",
        "position",
        "recorded_at",
        "state",
        "stream",
        "version",
    ] {
        assert!(then.get(key).is_some(), "{key} is missing: {then}");
    }
    assert_eq!(keys(&then["handler"]), ["engine", "hash", "name", "version"]);
    assert_eq!(
        (then["state"]["status"].as_str(), then["as_of"].as_str()),
        (Some("paid"), Some("2026-08-03T14:00:00Z"))
    );
    let version = format!("v{}", then["version"].as_str().unwrap());
    assert_eq!(state(&version)["state"], then["state"]);
    assert_eq!(state(&version)["as_of"], Value::Null);
    let position = format!("#{}", then["position"].as_str().unwrap());
    assert_eq!(state(&position)["state"], then["state"]);
    assert_eq!(state(then["recorded_at"].as_str().unwrap())["version"], then["version"]);
    assert_eq!(
        (&state("start")["version"], &state("start")["recorded_at"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(state("head")["version"], "15");
    assert_eq!(state("-1s")["version"], "15");
    let default = lab.json(0, &["state", "orders.db", "order-4711"]);
    assert_eq!(
        (default["handler"]["name"].as_str(), default["version"].as_str()),
        (Some("builtin:merge"), Some("15"))
    );
    let literal = lab.run(&[
        "--json",
        "state",
        "orders.db",
        "order-4711",
        "--at",
        "v3",
        "--handler",
        HANDLER,
    ]);
    assert!(literal.out.contains("\"orderId\":9007199254750415") && literal.out.contains("\"discount\":0.00"));
}

#[test]
fn an_event_that_cannot_be_read_is_said_with_every_later_state() {
    let lab = Lab::shared();
    let events = lab.json_lines(&["history", "orders.db", "order-4713"]);
    let broken = events
        .iter()
        .find(|event| event["payload"].get("base64").is_some())
        .unwrap();
    assert_eq!(keys(&broken["payload"]), ["base64", "content_type"]);
    let state = lab.json(0, &["state", "orders.db", "order-4713", "--handler", HANDLER]);
    assert_eq!(state["incomplete_since"], broken["version"]);
    assert!(
        state["findings"]
            .as_array()
            .is_some_and(|findings| !findings.is_empty())
    );
    let text = lab.run(&["state", "orders.db", "order-4713", "--handler", HANDLER]);
    assert!(text.out.contains("INCOMPLETE since v"), "{}", text.out);
    let unknown = lab.json(0, &["state", "orders.db", "order-4714", "--handler", HANDLER]);
    let findings = unknown["findings"].to_string();
    assert!(findings.contains("LoyaltyPointsGranted"), "{findings}");
    assert_eq!(unknown["incomplete_since"], Value::Null);
}

#[test]
fn difference_ends_with_one_and_names_the_event() {
    let lab = Lab::shared();
    let compare = |code, from: &str, to: &str| {
        lab.json(
            code,
            &[
                "diff",
                "orders.db",
                "order-4711",
                "--from",
                from,
                "--to",
                to,
                "--handler",
                HANDLER,
            ],
        )
    };
    let answer = compare(1, "v3", "head");
    for key in ["from", "to", "changes"] {
        assert!(answer.get(key).is_some(), "{key} is missing: {answer}");
    }
    let changes = answer["changes"].as_array().unwrap();
    for change in changes {
        for key in ["path", "op", "before", "after", "version", "type"] {
            assert!(change.get(key).is_some(), "{key} is missing: {change}");
        }
        assert!(["added", "removed", "changed"].contains(&change["op"].as_str().unwrap()));
    }
    let status = changes.iter().find(|change| change["path"] == "/status").unwrap();
    assert_eq!(
        (status["before"].as_str(), status["after"].as_str()),
        (Some("placed"), Some("refunded"))
    );
    assert_eq!(
        (status["version"].as_str(), status["type"].as_str()),
        (Some("15"), Some("RefundIssued"))
    );
    assert!(compare(0, "v3", "v3")["changes"].as_array().unwrap().is_empty());
    // What was added is of the event that added it, although the next one wrote into it.
    let added = compare(1, "v10", "v15");
    let shipment = added["changes"].as_array().unwrap().iter();
    let shipment = shipment.clone().find(|change| change["path"] == "/shipments/0");
    let shipment = shipment.unwrap_or_else(|| panic!("no shipment: {added}"));
    assert_eq!(
        (shipment["version"].as_str(), shipment["type"].as_str()),
        (Some("11"), Some("OrderShipped"))
    );
    // Backwards it is the same difference, turned round.
    let back = compare(1, "head", "v3");
    assert_eq!(back["changes"].as_array().unwrap().len(), changes.len());
}

#[test]
fn blame_tells_changed_from_written() {
    let lab = Lab::shared();
    let answer = lab.json(0, &["blame", "orders.db", "order-4711", "--handler", HANDLER]);
    let leaves = answer["leaves"].as_array().unwrap();
    for leaf in leaves {
        assert_eq!(
            (keys(leaf).len(), keys(&leaf["changed"])),
            (6, vec!["position", "recorded_at", "type", "version"]),
            "{leaf}"
        );
        // The sample says who did it, and each of its fields is written by one line of the reducer.
        assert!(leaf["actor"].is_string(), "{leaf}");
        assert_eq!(leaf["lines"].as_array().map(Vec::len), Some(1), "{leaf}");
        assert_eq!(keys(&leaf["wrote"]), ["position", "recorded_at", "type", "version"]);
        // A leaf has the value that the state after its event had.
        let at = format!("v{}", leaf["changed"]["version"].as_str().unwrap());
        let state = lab.json(
            0,
            &["state", "orders.db", "order-4711", "--at", &at, "--handler", HANDLER],
        );
        assert_eq!(
            state["state"].pointer(leaf["path"].as_str().unwrap()),
            Some(&leaf["value"]),
            "{leaf}"
        );
    }
    let one = lab.json(
        0,
        &[
            "blame",
            "orders.db",
            "order-4711",
            "--path",
            "/items",
            "--handler",
            HANDLER,
        ],
    );
    let below = leaves
        .iter()
        .filter(|leaf| leaf["path"].as_str().unwrap().starts_with("/items/"));
    assert_eq!(one["leaves"].as_array().unwrap().len(), below.count());
}

#[test]
fn a_timeline_counts_every_event_once() {
    let lab = Lab::shared();
    let sum = |answer: &Value| -> u64 {
        let columns = answer["columns"].as_array().unwrap();
        columns
            .iter()
            .flat_map(|column| column["counts"].as_array().unwrap())
            .map(|count| count.as_u64().unwrap())
            .sum()
    };
    let store = lab.json(0, &["timeline", "orders.db", "--columns", "33"]);
    let columns = store["columns"].as_array().unwrap();
    assert_eq!(sum(&store), 3_000);
    assert!(columns.len() <= 33, "{} columns", columns.len());
    let is_midnight = |column: &Value| column["from"].as_str().unwrap().ends_with("T00:00:00Z");
    assert!(columns.iter().all(is_midnight), "{columns:?}");
    assert_eq!(sum(&lab.json(0, &["timeline", "orders.db", "order-4711"])), 15);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("timeline.svg").display().to_string();
    assert_eq!(lab.run(&["timeline", "orders.db", "--svg", &file]).code, 0);
    let svg = std::fs::read_to_string(&file).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("ItemAdded"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_starter_made_from_the_events_folds_them() {
    let lab = Lab::shared();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("mine").display().to_string();
    let answer = lab.json(0, &["new-handler", "orders.db", "--category", "order", "--out", &out]);
    assert_eq!(
        (answer["events"].as_u64(), answer["types"].as_u64()),
        (Some(3_000), Some(15))
    );
    let state = lab.json(0, &["state", "orders.db", "order-4711", "--handler", &out]);
    assert_eq!(
        (state["version"].as_str(), &state["incomplete_since"]),
        (Some("15"), &Value::Null)
    );
    let again = lab.run(&["new-handler", "orders.db", "--category", "order", "--out", &out]);
    assert_eq!(again.code, 2, "{again:?}");
}

/// What has no category is named as `info` names it.
#[test]
fn a_starter_is_made_of_streams_without_a_category() {
    let lab = Lab::shared();
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("carts.jsonl");
    let lines = "{\"stream\":\"1\",\"type\":\"Opened\",\"payload\":{\"a\":1}}\n\
                 {\"stream\":\"x-2\",\"category\":\"x\",\"type\":\"Other\",\"payload\":{}}\n";
    std::fs::write(&store, lines).unwrap();
    let store = store.display().to_string();
    let told = lab.run(&["info", &store]).out;
    assert!(told.lines().any(|line| line.trim() == "1  (none)"), "{told}");
    let out = folder.path().join("mine").display().to_string();
    let answer = lab.json(0, &["new-handler", &store, "--category", "(none)", "--out", &out]);
    assert_eq!(
        (answer["events"].as_u64(), answer["category"].as_str()),
        (Some(1), Some("(none)"))
    );
    let rules = std::fs::read_to_string(folder.path().join("mine/versions/0.1.0/reducer.yaml")).unwrap();
    assert!(rules.contains("Opened") && !rules.contains("Other"), "{rules}");
    let state = lab.json(0, &["state", &store, "1", "--handler", &out]);
    assert_eq!(state["state"]["a"].to_string(), "1", "{state}");
    let unknown = lab.run(&["streams", &store, "--category", "y"]);
    assert!(unknown.err.contains("name one of (none), x"), "{unknown:?}");
}

#[test]
fn completions_and_help_are_there_for_every_command() {
    let lab = Lab::shared();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let answer = lab.run(&["completions", shell]);
        assert_eq!(answer.code, 0);
        assert!(answer.out.contains("new-handler"), "{shell}");
    }
    let commands = [
        "info",
        "streams",
        "history",
        "search",
        "state",
        "diff",
        "blame",
        "timeline",
        "test",
        "new-handler",
    ];
    for command in commands {
        let help = lab.run(&[command, "--help"]);
        assert_eq!(help.code, 0);
        assert!(
            help.out.contains(&format!("Example: refold {command} ")),
            "{}",
            help.out
        );
    }
}

#[test]
fn a_version_that_is_not_there_yet_gives_the_head_and_says_so() {
    let lab = Lab::shared();
    let answer = lab.json(0, &["state", "orders.db", "order-4711", "--at", "v99"]);
    assert_eq!(answer["version"], "15");
    let findings = answer["findings"].as_array().unwrap();
    let told = findings.iter().find(|finding| finding["code"] == "past-head").unwrap();
    assert_eq!(told["detail"], "there is no v99 yet: this is the head, v15");
    let head = lab.json(0, &["state", "orders.db", "order-4711", "--at", "v15"]);
    assert_eq!(head["findings"].as_array().unwrap().len(), findings.len() - 1);
    let causes = lab.json(0, &["causes", "orders.db", "order-4711", "--at", "v99"]);
    assert_eq!(causes["findings"][0]["detail"], told["detail"]);
    assert_eq!(
        lab.json(0, &["causes", "orders.db", "order-4711", "--at", "v15"])["findings"],
        serde_json::json!([])
    );
}

#[test]
fn events_without_versions_are_named_by_position() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl");
    let lines = "{\"stream\":\"s-1\",\"type\":\"A\",\"payload\":{\"a\":1}}\n{\"stream\":\"s-1\",\"type\":\"B\",\"payload\":{\"b\":2}}\n";
    std::fs::write(&file, lines).unwrap();
    let lab = Lab::shared();
    let file = file.display().to_string();
    let blame = lab.run(&["blame", &file, "s-1"]).out;
    assert!(
        blame.starts_with("s-1  #2\n") && blame.contains("#1 A") && blame.contains("#2 B"),
        "{blame}"
    );
    let diff = lab.run(&["diff", &file, "s-1", "--from", "#1", "--to", "head"]).out;
    assert!(diff.starts_with("s-1  #1 to #2\n") && diff.contains("#2 B"), "{diff}");
    let answer = lab.json(0, &["blame", &file, "s-1", "--path", "/b"]);
    assert_eq!(answer["leaves"][0]["changed"]["position"], "2");
}

#[test]
fn a_state_without_versions_is_incomplete_since_a_position() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl");
    let lines = [
        r#"{"stream":"s-1","type":"A","payload":{"a":1}}"#,
        r#"{"stream":"s-1","type":"A","payload":{"base64":"/wA=","content_type":"application/octet-stream"}}"#,
        r#"{"stream":"s-1","type":"A","payload":{"a":2}}"#,
    ];
    std::fs::write(&file, lines.join("\n")).unwrap();
    let lab = Lab::shared();
    let file = file.display().to_string();
    let answer = lab.json(0, &["state", &file, "s-1"]);
    assert_eq!(answer["incomplete_since"], "#2", "{answer}");
    let before = lab.json(0, &["state", &file, "s-1", "--at", "#1"]);
    assert_eq!(before["incomplete_since"], Value::Null);
    let told = lab.run(&["state", &file, "s-1"]).out;
    assert!(told.contains("INCOMPLETE since #2: "), "{told}");
}

#[test]
fn a_story_tells_by_template_or_by_what_changed_and_never_makes_up() {
    let lab = Lab::shared();
    let ask = ["history", "orders.db", "order-4711", "--story"];
    let told = lab
        .run(&[&ask[..], &["--handler", "handlers/order@1.1.0"]].concat())
        .out;
    assert_eq!(told.lines().count(), 15);
    assert!(told.contains("v10  2026-08-03T13:58:41Z  295.50 paid\n"), "{told}");
    let plain = lab.json_lines(&[&ask[..], &["--from", "v8", "--limit", "1"]].concat());
    assert_eq!(plain[0]["version"], "8");
    assert_eq!(plain[0]["story"], Value::Null);
    let changed = plain[0]["changed"].as_array().unwrap();
    assert!(changed.contains(&Value::from("/address/street")), "{changed:?}");
    let cut_off = lab.run(&["history", "orders.db", "order-4713", "--story"]).out;
    assert_eq!(cut_off.matches(": cannot be read").count(), 1, "{cut_off}");
}
