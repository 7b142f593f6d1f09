//! Two whole stores on the command line: which part differs, how it ends, and that neither is written to.

use std::path::Path;

use serde_json::{Value, json};

use crate::lab::Lab;

/// A line of an export, with everything that an event can carry.
fn line(n: u64) -> Value {
    json!({
        "position": n.to_string(), "stream": format!("order-{}", n % 3), "version": ((n - 1) / 3).to_string(), "type": "Paid",
        "schema_version": "1", "recorded_at": format!("2026-08-03T14:00:{n:02}.123456Z"),
        "occurred_at": format!("2026-08-03T13:00:{n:02}Z"), "event_id": format!("e-{n}"), "correlation_id": "c-1",
        "causation_id": format!("e-{}", n - 1), "payload": {"amount": n}, "metadata": {"who": "Ada"},
    })
}

fn write(folder: &Path, name: &str, lines: &[Value]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(folder.join(name), text).unwrap();
}

fn lines() -> Vec<Value> {
    (1..=30).map(line).collect()
}

#[test]
fn each_part_that_differs_is_named_and_can_be_left_out() {
    let lab = Lab::empty();
    write(lab.path(), "a.jsonl", &lines());
    for (member, part, other) in [
        ("type", "type", json!("Refunded")),
        ("payload", "payload", json!({"amount": 0})),
        ("metadata", "metadata", json!({"who": "Bob"})),
        ("recorded_at", "recorded", json!("2026-08-03T14:00:09.123457Z")),
        ("occurred_at", "occurred", json!("2026-08-03T14:00:09.123Z")),
        ("event_id", "id", json!("other")),
        ("schema_version", "schema", json!("2")),
        ("correlation_id", "correlation", json!("c-2")),
        ("causation_id", "causation", json!("other")),
    ] {
        let mut copy = lines();
        copy[14][member] = other;
        write(lab.path(), "b.jsonl", &copy);
        let found = lab.json(1, &["compare", "a.jsonl", "b.jsonl"]);
        assert_eq!(found["parts"], json!([{"part": part, "events": 1}]), "{member}");
        assert_eq!(found["differing"][0]["first"]["parts"], json!([part]));
        assert_eq!(found["differing"][0]["first"]["right"][member], copy[14][member]);
        let ignored = lab.json(0, &["compare", "a.jsonl", "b.jsonl", "--ignore", part]);
        assert_eq!(
            (&ignored["outcome"], &ignored["ignored"]),
            (&json!("same"), &json!([part]))
        );
    }
    let several = lab.run(&["compare", "a.jsonl", "b.jsonl", "--ignore", "id,causation"]);
    assert_eq!(several.code, 0, "{several:?}");
}

#[test]
fn a_migrated_copy_is_the_same_by_what_it_means() {
    let lab = Lab::empty();
    write(lab.path(), "a.jsonl", &lines());
    let migrated = lines().into_iter().map(|mut line| {
        let number = |line: &Value, of: &str| line[of].as_str().unwrap().parse::<u64>().unwrap();
        line["version"] = json!((number(&line, "version") + 1).to_string());
        line["position"] = json!((number(&line, "position") * 1_000).to_string());
        line["recorded_at"] = json!(line["recorded_at"].as_str().unwrap().replace("456Z", "Z"));
        line
    });
    write(lab.path(), "b.jsonl", &migrated.collect::<Vec<_>>());
    let text = std::fs::read_to_string(lab.path().join("b.jsonl")).unwrap();
    let reformatted = text.replace("{\"amount\":", "{ \"amount\" : ");
    std::fs::write(lab.path().join("b.jsonl"), reformatted).unwrap();
    let bytes = lab.json(1, &["compare", "a.jsonl", "b.jsonl"]);
    assert_eq!(bytes["events"]["equal"], 0);
    let meaning = lab.json(
        0,
        &[
            "compare", "a.jsonl", "b.jsonl", "--by", "meaning", "--ignore", "version",
        ],
    );
    assert_eq!(
        (&meaning["outcome"], &meaning["events"]["equal"]),
        (&json!("same"), &json!(30))
    );
}

#[test]
fn what_cannot_be_read_of_a_store_is_no_pass() {
    let lab = Lab::empty();
    write(lab.path(), "a.jsonl", &lines());
    let whole = std::fs::read_to_string(lab.path().join("a.jsonl")).unwrap();
    std::fs::write(
        lab.path().join("torn.jsonl"),
        whole.clone() + "{\"position\": \"31\", \"str",
    )
    .unwrap();
    let torn = lab.json(1, &["compare", "a.jsonl", "torn.jsonl"]);
    assert_eq!(
        (&torn["outcome"], &torn["right"]["incomplete"]),
        (&json!("unclear"), &json!(true))
    );
    assert_eq!(torn["right"]["findings"][0]["code"], "torn-record");

    // What the other lacks may be what could not be read of it: nothing that could be differs.
    let lost = |text: &str| {
        let whole_line = text.lines().nth(14).unwrap();
        text.replace(whole_line, "{\"position\": \"15\", \"str")
    };
    std::fs::write(lab.path().join("lost.jsonl"), lost(&whole)).unwrap();
    for (left, right, side) in [("a.jsonl", "lost.jsonl", "left"), ("lost.jsonl", "a.jsonl", "right")] {
        let lacks = lab.json(1, &["compare", left, right]);
        assert_eq!(lacks["outcome"], "unclear", "{lacks}");
        assert_eq!(lacks["events"][format!("only_{side}")], 1, "{lacks}");
        let sentence = lacks["sentence"].as_str().unwrap();
        assert!(sentence.starts_with("NOT CLEAR whether"), "{sentence}");
    }
    // What the side that lacks it has more than the other was in no damage, and neither was what differs.
    let mut more = lines();
    more.push(line(31));
    write(lab.path(), "more.jsonl", &more);
    let more = std::fs::read_to_string(lab.path().join("more.jsonl")).unwrap();
    std::fs::write(lab.path().join("more.jsonl"), lost(&more)).unwrap();
    std::fs::write(
        lab.path().join("changed.jsonl"),
        lost(&whole).replace("{\"amount\":20}", "{\"amount\":21}"),
    )
    .unwrap();
    for name in ["more.jsonl", "changed.jsonl"] {
        let differs = lab.json(1, &["compare", "a.jsonl", name]);
        assert_eq!(differs["outcome"], "different", "{differs}");
        assert_eq!(
            differs["sentence"],
            "the two DIFFER in 1 stream, 1 unclear; not all of the right store can be read"
        );
    }

    // A time that cannot be read looks like none, and is not equal to another such.
    let odd = |name: &str, time: &str| {
        let text = whole.replace("2026-08-03T14:00:15.123456Z", time);
        std::fs::write(lab.path().join(name), text).unwrap();
    };
    odd("odd.jsonl", "soon");
    odd("odder.jsonl", "later");
    let odd = lab.json(1, &["compare", "odd.jsonl", "odder.jsonl"]);
    assert_eq!(odd["outcome"], "unclear");
    assert_eq!(
        (&odd["events"]["equal"], &odd["events"]["unclear_left"]),
        (&json!(29), &json!(1))
    );
}

#[test]
fn another_order_is_told_only_where_nothing_else_differs() {
    let lab = Lab::empty();
    write(lab.path(), "a.jsonl", &lines());
    // The first two of order-1, which their ids keep apart.
    let exchanged = |changed: Option<usize>| {
        let mut copy = lines();
        let version = copy[0]["version"].clone();
        copy[0]["version"] = copy[3]["version"].clone();
        copy[3]["version"] = version;
        if let Some(at) = changed {
            copy[at]["payload"] = json!({"amount": 1_000});
        }
        write(lab.path(), "b.jsonl", &copy);
    };
    for ignored in [&[] as &[&str], &["--ignore", "version"]] {
        let call = [&["compare", "a.jsonl", "b.jsonl"], ignored].concat();
        exchanged(None);
        let found = lab.json(1, &call);
        assert_eq!(found["differing"][0]["kind"], "order", "{found}");
        // One of both moved, and the other stayed: what it says counts in either.
        for at in [0, 3] {
            exchanged(Some(at));
            let found = lab.json(1, &call);
            assert_eq!(found["differing"][0]["kind"], "changed", "{found}");
            assert_eq!(found["streams"]["changed"], 1, "{found}");
        }
    }
}

#[test]
fn states_of_what_differs_are_compared_and_nothing_is_written() {
    let lab = Lab::new(600);
    let copy = lab.path().join("copy.db");
    std::fs::copy(lab.store(), &copy).unwrap();
    let database = rusqlite::Connection::open(&copy).unwrap();
    database
        .execute_batch(
            "UPDATE emt_messages SET message_data = replace(message_data, 'shop-', 'copy-')
             WHERE global_position = (SELECT max(global_position) FROM emt_messages WHERE message_type = 'OrderPlaced');
             DELETE FROM emt_messages WHERE message_type = 'OrderPlaced' AND global_position < 20;",
        )
        .unwrap();
    drop(database);
    let before = lab.fingerprint();
    let found = lab.json(
        1,
        &["compare", "orders.db", "copy.db", "--handler", "handlers/order@1.1.0"],
    );
    assert_eq!(lab.fingerprint(), before, "neither store was written to");
    let differing = found["differing"].as_array().unwrap();
    assert!(differing.len() > 1, "{found}");
    for of in differing {
        // No handler reads who sent it; without its first event an order is another.
        let is_same = of["kind"] == "changed";
        assert_eq!(
            of["states"]["changes"].as_u64().is_some_and(|it| it == 0),
            is_same,
            "{of}"
        );
    }
    assert!(differing.iter().any(|of| of["kind"] == "changed"), "{found}");
}

#[test]
fn wrong_calls_end_with_2_and_what_is_not_there_with_3() {
    let lab = Lab::shared();
    for (code, call) in [
        (2, vec!["compare", "orders.db"]),
        (2, vec!["compare", "orders.db", "orders.db", "--ignore", "colour"]),
        (2, vec!["compare", "orders.db", "orders.db", "--ignore", "order"]),
        (2, vec!["compare", "orders.db", "orders.db", "--by", "luck"]),
        (2, vec!["compare", "orders.db", "orders.db", "--at", "v3"]),
        (
            2,
            vec!["compare", "orders.db", "--stream", "order-4711", "--limit", "3"],
        ),
        (
            2,
            vec!["compare", "orders.db", "orders.db", "--handler", "handlers/nonexistent"],
        ),
        (3, vec!["compare", "orders.db", "missing.db"]),
    ] {
        let answer = lab.run(&call);
        assert_eq!(answer.code, code, "{call:?}: {answer:?}");
    }
}

/// Half an answer about two stores would read like one about both.
#[test]
fn where_one_of_two_stores_is_out_of_reach_nothing_is_told_of_the_other() {
    let lab = Lab::shared();
    // A port that nobody listens at any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone.db").display().to_string();
    for away in [
        format!("postgres://reader@127.0.0.1:{port}/orders"),
        format!("mysql://reader@127.0.0.1:{port}/orders"),
        gone,
    ] {
        for pair in [["orders.db", &away], [&*away, "orders.db"]] {
            for more in [&[] as &[&str], &["--json"]] {
                let ended = lab.run(&[&["compare"], &pair[..], more].concat());
                assert_eq!(
                    (ended.code, ended.out.as_str()),
                    (3, ""),
                    "{pair:?} {more:?}: {ended:?}"
                );
                assert!(ended.err.contains("cannot reach the store"), "{ended:?}");
                assert!(ended.err.contains(&away), "which of the two: {ended:?}");
            }
        }
    }
}
