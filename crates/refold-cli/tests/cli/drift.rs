//! A read model in a database: what was done to its rows is named, and nothing is written to it.

use std::fs;

use crate::lab::Lab;

const ASKED: [&str; 6] = [
    "drift",
    "orders.db",
    "--read-model",
    "read_model.db",
    "--table",
    "order_summary",
];

fn drift(lab: &Lab, code: u8, more: &[&str]) -> serde_json::Value {
    lab.json(code.into(), &[&ASKED, more].concat())
}

/// Key, kind, column, expected, found and the type of the event that explains it.
fn told(answer: &serde_json::Value) -> Vec<[String; 6]> {
    let faults = answer["faults"].as_array().unwrap();
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let of = |fault: &serde_json::Value| {
        ["key", "kind", "column", "expected", "found", "type"].map(|name| text(&fault[name]))
    };
    faults.iter().map(of).collect()
}

#[test]
fn what_was_done_to_a_table_is_named_and_its_file_stays_as_it_was() {
    let lab = Lab::new(3_000);
    let handler = ["--handler", "handlers/order@1.0.0"];
    let sound = drift(&lab, 0, &handler);
    assert_eq!(
        (&sound["equal"], sound["faults"].as_array().unwrap().len()),
        (&sound["rows"], 0)
    );

    let (status, refunded) = before_its_last_event(&lab);
    let model = rusqlite::Connection::open(lab.path().join("read_model.db")).unwrap();
    model
        .execute_batch(&format!(
            "UPDATE order_summary SET total = '9007199254740993.10' WHERE order_id = 'order-4712';
             UPDATE order_summary SET order_id = 'order-none' WHERE order_id = 'order-4714';
             UPDATE order_summary SET paid = paid || '0';
             UPDATE order_summary SET status = '{status}', refunded = '{refunded}', version = 14
             WHERE order_id = 'order-4711';"
        ))
        .unwrap();
    drop(model);
    let before = lab.fingerprint();
    let found = drift(&lab, 1, &handler);
    assert_eq!(lab.fingerprint(), before);
    let told = told(&found);
    let [missing, extra, different, behind] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(missing[..2], ["order-4714", "missing"]);
    assert_eq!(extra[..2], ["order-none", "extra"]);
    assert_eq!(different[..3], ["order-4712", "different", "total"]);
    // As it is stored, to the last digit.
    assert_eq!(different[4], "9007199254740993.10");
    assert!(
        different[5].starts_with("Item"),
        "what changed the total last: {different:?}"
    );
    assert_eq!(behind[..2], ["order-4711", "behind"]);
    assert_eq!(found["faults"][3]["behind_by"], 1);
    assert_eq!(
        drift(&lab, 1, &[&handler[..], &["--limit", "1"]].concat())["fault_count"],
        4
    );

    let text = lab.run(&[&ASKED, &handler[..]].concat());
    assert!(
        text.out.contains("1 missing, 1 extra, 1 different, 1 behind"),
        "{}",
        text.out
    );
}

/// Status and refund of order-4711 before the last of its 15 events.
fn before_its_last_event(lab: &Lab) -> (String, String) {
    let asked = [
        "state",
        "orders.db",
        "order-4711",
        "--at",
        "v14",
        "--handler",
        "handlers/order@1.0.0",
    ];
    let state = &lab.json(0, &asked)["state"];
    (
        state["status"].as_str().unwrap().to_owned(),
        state["refunded"].to_string(),
    )
}

#[test]
fn a_row_that_went_on_without_its_fields_is_no_lag() {
    let lab = Lab::new(3_000);
    let handler = ["--handler", "handlers/order@1.0.0"];
    let (status, refunded) = before_its_last_event(&lab);
    let model = rusqlite::Connection::open(lab.path().join("read_model.db")).unwrap();
    model
        .execute_batch(&format!(
            "UPDATE order_summary SET status = '{status}', refunded = '{refunded}' WHERE order_id = 'order-4711'"
        ))
        .unwrap();
    drop(model);
    let found = drift(&lab, 1, &handler);
    assert_eq!(
        (&found["different"], &found["lost_updates"], &found["behind"]),
        (&1.into(), &1.into(), &0.into())
    );
    let fault = &found["faults"][0];
    assert_eq!(
        (&fault["kind"], &fault["lost_update"], &fault["at"], &fault["holds"]),
        (&"different".into(), &true.into(), &"15".into(), &"14".into())
    );
    let why = fault["why"].as_str().unwrap();
    assert!(
        why.contains("v15") && why.contains("is the first event that it lacks"),
        "{why}"
    );
    let text = lab.run(&[&ASKED, &handler[..]].concat()).out;
    assert!(text.contains("1 different, of these 1 lost update"), "{text}");
    assert!(text.contains("lost update, holds v14"), "{text}");
}

#[test]
fn what_a_restored_store_no_longer_has_is_said_once() {
    let lab = Lab::new(3_000);
    let handler = ["--handler", "handlers/order@1.0.0"];
    let model = rusqlite::Connection::open(lab.path().join("read_model.db")).unwrap();
    model
        .execute_batch(
            "UPDATE order_summary SET version = version + 1000, total = '0.01';
             UPDATE order_summary SET version = 'seven' WHERE order_id = 'order-4711';",
        )
        .unwrap();
    drop(model);
    let found = drift(&lab, 1, &handler);
    let rows = found["rows"].as_u64().unwrap();
    assert_eq!(
        (&found["unplaced"], &found["past_end"]),
        (&(rows - 1).into(), &(rows - 1).into())
    );
    assert_eq!(
        (&found["different"], &found["distinguishing"]),
        (&1.into(), &serde_json::json!([]))
    );
    let text = lab.run(&[&ASKED, &handler[..]].concat()).out;
    for said in [
        "the read model knows events that this store does not have",
        "version is no whole number in order-4711 (\"seven\")",
    ] {
        assert_eq!(text.matches(said).count(), 1, "{text}");
    }
}

/// What is frequent hides nothing else from a person.
#[test]
fn of_each_kind_some_are_shown() {
    let lab = Lab::new(3_000);
    let model = rusqlite::Connection::open(lab.path().join("read_model.db")).unwrap();
    model
        .execute_batch(
            "UPDATE order_summary SET total = '0.01' WHERE order_id = 'order-4711';
             DELETE FROM order_summary WHERE order_id <> 'order-4711'",
        )
        .unwrap();
    drop(model);
    let text = lab
        .run(&[&ASKED[..], &["--handler", "handlers/order@1.0.0"]].concat())
        .out;
    assert!(text.contains("order-4711  different"), "{text}");
    assert!(text.contains(" of 251, of each kind the first"), "{text}");
    assert!(
        text.contains("199 missing") && text.contains("of these 51 streams without a row yet"),
        "{text}"
    );
}

#[test]
fn a_row_whose_own_version_is_wrong_is_not_called_equal() {
    let lab = Lab::new(3_000);
    let handler = ["--handler", "handlers/order@1.0.0"];
    let says = |version: i64| {
        let model = rusqlite::Connection::open(lab.path().join("read_model.db")).unwrap();
        let changed = "UPDATE order_summary SET version = ?1 WHERE order_id = 'order-4711'";
        model.execute(changed, [version]).unwrap();
    };
    // The order has 15 events, and the row holds what all of them come to.
    for (version, kind, why) in [
        (2, "different", "and holds what its stream came to at v"),
        (9_999, "unplaced", "at v9999, and its stream ends at v15"),
        (-5, "unplaced", "at v-5, and its stream begins at v1"),
    ] {
        says(version);
        let found = drift(&lab, 1, &handler);
        let fault = &found["faults"][0];
        assert_eq!(
            (&fault["key"], &fault["kind"]),
            (&"order-4711".into(), &kind.into()),
            "{found}"
        );
        assert!(fault["why"].as_str().unwrap().contains(why), "{fault}");
        assert_eq!(found[kind], 1);
    }
}

#[test]
fn it_is_said_truly_where_rows_are_compared() {
    let lab = Lab::new(500);
    let mapping = lab.path().join("read_model.order_summary.toml");
    let named = fs::read_to_string(&mapping).unwrap();
    let asked = [&ASKED[..], &["--handler", "handlers/order@1.0.0"]].concat();
    let model = rusqlite::Connection::open(lab.path().join("read_model.db")).unwrap();
    model
        .execute_batch("UPDATE order_summary SET customer_id = 'nobody'")
        .unwrap();
    drop(model);
    let none_right = lab.run(&asked);
    assert!(
        none_right
            .out
            .contains("compared where each row is; none is right there"),
        "{none_right:?}"
    );
    assert_eq!(drift(&lab, 1, &asked[6..])["position_from"], "rows");

    fs::write(&mapping, named.replace("[position]\nversion = \"version\"\n", "")).unwrap();
    let unsaid = lab.run(&asked);
    assert!(
        unsaid.out.contains("nobody says how far the read model is"),
        "{unsaid:?}"
    );
    assert!(!unsaid.out.contains("where each row is"), "{unsaid:?}");
    assert_eq!(drift(&lab, 1, &asked[6..])["position_from"], "nobody");
}

#[test]
fn what_rules_hide_of_the_state_is_hidden_of_the_row() {
    let lab = Lab::new(500);
    let model = rusqlite::Connection::open(lab.path().join("read_model.db")).unwrap();
    model
        .execute_batch(
            "UPDATE order_summary SET customer_id = 'the wrong one', item_count = 4711 WHERE order_id = 'order-4711'",
        )
        .unwrap();
    drop(model);
    fs::create_dir_all(lab.path().join("rules")).unwrap();
    let rules = "refold = \"mask/1\"\n[[hide]]\npaths = [\"/customerId\"]\n";
    fs::write(lab.path().join("rules/mask.toml"), rules).unwrap();
    let asked = [
        &ASKED[..],
        &["--handler", "handlers/order@1.0.0", "--mask", "rules/mask.toml"],
    ]
    .concat();
    for form in [&[][..], &["--json"]] {
        let answer = lab.run(&[form, &asked].concat());
        assert_eq!(answer.code, 1, "{answer:?}");
        assert!(
            answer.out.contains("customer_id") && answer.out.contains("[redacted]"),
            "{answer:?}"
        );
        assert!(
            !answer.out.contains("the wrong one") && !answer.out.contains("4711,"),
            "{answer:?}"
        );
    }
}

#[test]
fn a_wrong_call_ends_with_2_and_what_cannot_be_read_with_3() {
    let lab = Lab::new(500);
    let ends = |code: i32, arguments: &[&str], said: &str| {
        let answer = lab.run(arguments);
        assert_eq!(answer.code, code, "{answer:?}");
        assert!(answer.err.contains(said), "{answer:?}");
    };
    ends(
        2,
        &[
            "drift",
            "orders.db",
            "--read-model",
            "read_model.db",
            "--table",
            "orders",
        ],
        "order_summary",
    );
    fs::remove_file(lab.path().join("read_model.order_summary.toml")).unwrap();
    ends(2, &ASKED, "read_model.order_summary.toml");
    ends(2, &[&ASKED[..], &["--map", "none.toml"]].concat(), "none.toml");
    ends(3, &["drift", "orders.db", "--read-model", "none.db"], "none.db");
}

/// A time is often written less exactly than the store has it, and lies before its event then.
#[test]
fn a_row_whose_time_is_cut_to_seconds_is_at_its_event() {
    let lab = Lab::empty();
    let event = |position: u32, stream: &str, version: u32, second: u32| {
        format!(
            "{{\"position\":{position},\"stream\":\"{stream}\",\"version\":{version},\"type\":\"Set\",\
             \"recorded_at\":\"2026-01-01T10:00:0{second}.700Z\",\"payload\":{{\"n\":{version}}}}}\n"
        )
    };
    let events = [event(1, "a-1", 1, 0), event(2, "a-2", 1, 1), event(3, "a-2", 2, 2)].concat();
    let files = [
        ("events.jsonl", events.as_str()),
        (
            "rows.csv",
            "id,n,at\na-1,1,2026-01-01T10:00:00Z\na-2,2,2026-01-01T10:00:02Z\n",
        ),
        (
            "rows.csv.toml",
            "format = \"refold-read-model/1\"\n\n[key]\nstream = \"{id}\"\n\n[position]\nrecorded_at = \"at\"\n\n[columns]\n\
             n = { path = \"/n\", as = \"number\" }\nat = { as = \"ignored\" }\n",
        ),
    ];
    for (name, text) in files {
        fs::write(lab.path().join(name), text).unwrap();
    }
    let answer = lab.json(0, &["drift", "events.jsonl", "--read-model", "rows.csv"]);
    assert_eq!(
        (&answer["equal"], &answer["faults"]),
        (&2.into(), &serde_json::json!([])),
        "{answer}"
    );
}
