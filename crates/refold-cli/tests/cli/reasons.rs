//! What a verification says of differences of a whole store, where it is known.

use crate::lab::Lab;

#[test]
fn a_column_that_is_gone_is_named_and_no_migration_is_guessed() {
    let lab = Lab::new(300);
    let out = tempfile::tempdir().unwrap();
    let made = lab.json(0, &["anchor", "orders.db", "--out", out.path().to_str().unwrap()]);
    let (dir, older) = (made["dir"].as_str().unwrap(), out.path().join("older.db"));
    std::fs::copy(lab.store(), &older).unwrap();
    rusqlite::Connection::open(lab.store())
        .unwrap()
        .execute_batch(
            "ALTER TABLE emt_messages DROP COLUMN message_schema_version;
             ALTER TABLE emt_messages ADD COLUMN note TEXT;
             UPDATE emt_messages SET is_archived = NOT is_archived WHERE global_position = 10;",
        )
        .unwrap();
    let verify = [
        "verify",
        "orders.db",
        "--anchor",
        dir,
        "--copy",
        older.to_str().unwrap(),
    ];
    let answer = lab.json(1, &verify);
    assert_eq!(answer["gone_columns"], serde_json::json!(["message_schema_version"]));
    assert_eq!(answer["uncovered_columns"], serde_json::json!(["note"]));
    let findings = answer["findings"].as_array().unwrap();
    let detail = |of: &serde_json::Value| of["detail"].as_str().unwrap().to_owned();
    let of_store: Vec<_> = findings.iter().filter(|of| of["position"].is_null()).collect();
    assert!(of_store.iter().any(|of| of["kind"] == "COLUMN-GONE"), "{of_store:?}");
    assert!(
        of_store.iter().all(|of| !detail(of).contains("migrated")),
        "{of_store:?}"
    );
    for of in findings.iter().filter(|of| of["kind"] == "CHANGED") {
        assert!(detail(of).contains("message_schema_version"), "{of}");
        assert!(!detail(of).contains("no column of its row"), "{of}");
        let is_other = of["position"] == "10";
        assert_eq!(detail(of).contains("is_archived"), is_other, "{of}");
    }
    let plain = lab.run(&verify[..4]);
    assert!(
        plain
            .out
            .contains("covers columns that the store has no more: message_schema_version"),
        "{plain:?}"
    );
}

#[test]
fn a_line_that_was_moved_is_told_by_its_number_and_no_migration_is_guessed() {
    let lab = Lab::empty();
    let out = tempfile::tempdir().unwrap();
    let mut lines: Vec<String> = (1..=100)
        .map(|number| {
            format!(
                "{{\"position\":{number},\"stream\":\"order-1\",\"type\":\"T\",\"id\":\"e{number}\",\"version\":{number},\
                 \"payload\":{{\"n\":{number}}}}}\n"
            )
        })
        .collect();
    std::fs::write(lab.path().join("events.jsonl"), lines.concat()).unwrap();
    let made = lab.json(0, &["anchor", "events.jsonl", "--out", out.path().to_str().unwrap()]);
    let dir = made["dir"].as_str().unwrap();
    lines.swap(9, 10);
    std::fs::write(lab.path().join("events.jsonl"), lines.concat()).unwrap();
    let answer = lab.json(1, &["verify", "events.jsonl", "--anchor", dir]);
    let findings = answer["findings"].as_array().unwrap();
    let of_store: Vec<_> = findings.iter().filter(|of| of["position"].is_null()).collect();
    let told = of_store
        .iter()
        .find(|of| of["kind"] == "POSITION-REPLACED")
        .expect("a reason");
    let detail = told["detail"].as_str().unwrap();
    assert!(
        detail.contains("record number 11") && detail.contains("position-replaced"),
        "{detail}"
    );
    assert!(!format!("{of_store:?}").contains("migrated"), "{of_store:?}");
}
