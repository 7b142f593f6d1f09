//! A store that tries to reach the terminal of whoever reads it.

use crate::lab::{Answer, Lab};

const ID: &str = "order-\u{1b}[31m\u{202e}\u{9b}2J\u{7f}";

/// The sample store with one stream whose every text is hostile.
fn lab() -> Lab {
    let lab = Lab::new(500);
    let database = rusqlite::Connection::open(lab.store()).unwrap();
    let payload = "{\"a\":\"\u{7f}\u{9b}2J\u{202e}\",\n\t\"\u{200b}\": \"\\u001b]0;owned\\u0007\", \"n\": 123456789012345678901234567890.10}";
    let changed = database
        .execute(
            "UPDATE emt_messages SET stream_id = ?1, message_type = ?2, message_data = ?3, message_id = ?2, \
             message_metadata = ?3 WHERE stream_id = 'order-4711'",
            [ID, "Typed\u{1b}]8;;http://example.org\u{7}", payload],
        )
        .unwrap();
    assert_eq!(changed, 15);
    lab
}

fn assert_harmless(arguments: &[&str], answer: &Answer) {
    for text in [&answer.out, &answer.err] {
        let raw = text.chars().find(|letter| {
            (letter.is_control() && *letter != '\n') || matches!(letter, '\u{202e}' | '\u{200b}' | '\u{feff}')
        });
        assert_eq!(raw, None, "{arguments:?} printed it raw: {text:?}");
    }
}

#[test]
fn nothing_hidden_reaches_the_terminal() {
    let lab = lab();
    let shown = "order-\\u{1b}[31m\\u{202e}\\u{9b}2J\\u{7f}";
    let calls: Vec<Vec<&str>> = vec![
        vec!["info", "orders.db"],
        vec!["streams", "orders.db", "--match", "[31m"],
        vec!["history", "orders.db", ID],
        vec!["history", "orders.db", shown],
        vec!["search", "orders.db", "2J"],
        vec!["state", "orders.db", ID],
        vec!["diff", "orders.db", ID, "--from", "start", "--to", "head"],
        vec!["blame", "orders.db", ID],
        vec!["timeline", "orders.db", ID],
        vec!["state", "orders.db", "\u{1b}[2Jnobody"],
        vec!["state", "orders.db", ID, "--at", "\u{1b}[2J"],
        vec!["state", "orders.db", ID, "--handler", "\u{1b}[2J"],
    ];
    for arguments in calls {
        for json in [false, true] {
            let arguments = if json {
                [&["--json"], arguments.as_slice()].concat()
            } else {
                arguments.clone()
            };
            let answer = lab.run(&arguments);
            assert_harmless(&arguments, &answer);
            assert!(answer.code <= 2, "{arguments:?}: {answer:?}");
        }
    }
    // What is shown can be given back, and the value is the same in another spelling.
    let by_shown = lab.json_lines(&["history", "orders.db", shown]);
    assert_eq!(by_shown.len(), 15);
    assert_eq!(by_shown[0]["payload"]["a"], "\u{7f}\u{9b}2J\u{202e}");
}

#[test]
fn a_payload_too_large_to_load_leaves_later_states_incomplete() {
    let lab = Lab::new(500);
    let database = rusqlite::Connection::open(lab.store()).unwrap();
    let sql = "UPDATE emt_messages SET message_data = '\"' || printf('%.*c', 70000000, 'x') || '\"' \
               WHERE stream_id = 'order-4711' AND stream_position = 3";
    assert_eq!(database.execute(sql, []).unwrap(), 1);
    drop(database);
    for handler in ["builtin:merge", "handlers/order@1.1.0"] {
        let state = |at| {
            lab.json(
                0,
                &["state", "orders.db", "order-4711", "--at", at, "--handler", handler],
            )
        };
        assert!(state("v2")["incomplete_since"].is_null());
        let after = state("v4");
        assert_eq!(after["incomplete_since"], "3", "{handler}");
        assert!(after["findings"].to_string().contains("too-large"), "{after}");
        assert_eq!(after["state"]["orderId"].to_string(), "9007199254750415");
    }
    assert_eq!(lab.json_lines(&["history", "orders.db", "order-4711"]).len(), 15);
}

#[test]
fn json_tells_ids_apart_that_look_alike_and_they_can_be_given_back() {
    let lab = Lab::empty();
    let ids = ["x\u{1b}", "x\\u{1b}", "x\n\u{202e}"];
    let record = |(n, id): (usize, &&str)| {
        let record = serde_json::json!({"stream": id, "type": format!("T\t{n}"), "payload": {"n": n}});
        format!("{record}\n")
    };
    let lines: String = ids.iter().enumerate().map(record).collect();
    std::fs::write(lab.path().join("alike.jsonl"), lines).unwrap();
    let streams = lab.json_lines(&["streams", "alike.jsonl"]);
    let mut told: Vec<&str> = streams
        .iter()
        .map(|stream| stream["stream"].as_str().unwrap())
        .collect();
    told.sort_unstable();
    let mut known = ids.to_vec();
    known.sort_unstable();
    assert_eq!(told, known);
    for (n, id) in ids.iter().enumerate() {
        let events = lab.json_lines(&["history", "alike.jsonl", id]);
        assert_eq!(events.len(), 1, "{id:?}");
        assert_eq!(
            (&events[0]["stream"], &events[0]["payload"]["n"]),
            (&(*id).into(), &n.into())
        );
        assert_eq!(events[0]["type"], format!("T\t{n}"));
        let printed = lab.run(&["history", "alike.jsonl", id]).out;
        assert!(!printed.contains(['\u{1b}', '\u{202e}', '\t']), "{printed:?}");
    }
}

/// A backslash that only looks like an escape is told apart from one, and both ids are found as they are shown.
#[test]
fn escapes_are_told_apart_from_what_looks_like_one() {
    let lab = Lab::empty();
    let line = |stream: &str, n: u32| {
        format!("{{\"stream\":\"{stream}\",\"type\":\"T\",\"version\":1,\"payload\":{{\"n\":{n}}}}}\n")
    };
    let text = line("a\\u202eb", 1) + &line("a\\\\u{202e}b", 2);
    std::fs::write(lab.path().join("ids.jsonl"), text).unwrap();
    let listed = lab.run(&["streams", "ids.jsonl"]).out;
    let (hidden, literal) = (r"a\u{202e}b", r"a\u{5c}u{202e}b");
    assert!(listed.contains(hidden) && listed.contains(literal), "{listed}");
    assert_eq!(lab.json(0, &["state", "ids.jsonl", literal])["state"]["n"], 2);
    for (id, stream) in [(literal, "a\\u{202e}b"), ("a\u{202e}b", "a\u{202e}b")] {
        let answer = lab.json(0, &["state", "ids.jsonl", id]);
        assert_eq!(answer["stream"], stream);
        let said = lab.run(&["history", "ids.jsonl", id]).out;
        assert!(said.starts_with(if id == literal { literal } else { hidden }), "{said}");
    }
}
