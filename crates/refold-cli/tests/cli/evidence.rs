//! Anchors on the command line: a store that was tampered with ends with 1, and each event is named.

use crate::lab::Lab;

#[test]
fn tampering_with_a_store_is_named_event_by_event() {
    let lab = Lab::new(3_000);
    let out = tempfile::tempdir().unwrap();
    let out = out.path().to_str().unwrap();
    let made = lab.run(&["--json", "anchor", "orders.db", "--out", out]);
    assert_eq!(made.code, 0, "{made:?}");
    let made: serde_json::Value = serde_json::from_str(&made.out).unwrap();
    assert_eq!(
        (made["size"].as_u64(), made["signed_by"].is_null()),
        (Some(3_000), true)
    );
    let verify = || {
        lab.run(&[
            "--json",
            "verify",
            "orders.db",
            "--anchor",
            made["dir"].as_str().unwrap(),
        ])
    };
    let whole = verify();
    assert_eq!(whole.code, 0, "{whole:?}");
    let whole: serde_json::Value = serde_json::from_str(&whole.out).unwrap();
    assert_eq!(
        (whole["level"].as_str(), &whole["findings"]),
        (Some("L1"), &serde_json::json!([]))
    );

    let store = rusqlite::Connection::open(lab.store()).unwrap();
    store
        .execute_batch(
            "UPDATE emt_messages SET message_metadata = '{}' WHERE global_position = 1500;
             DELETE FROM emt_messages WHERE global_position IN (700, 3000);
             UPDATE emt_messages SET global_position = 4000 WHERE global_position = 100;
             UPDATE emt_messages SET global_position = -5 WHERE global_position = 200;",
        )
        .unwrap();
    drop(store);
    let found = verify();
    assert_eq!(found.code, 1, "{found:?}");
    let found: serde_json::Value = serde_json::from_str(&found.out).unwrap();
    assert!(found["level"].is_null());
    let kinds: Vec<(&str, &str)> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["kind"].as_str().unwrap(), it["position"].as_str().unwrap()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("INSERTED", "-5"),
            ("MOVED", "100"),
            ("REMOVED", "200"),
            ("VERSION-GAP", "202"),
            ("REMOVED", "700"),
            ("VERSION-GAP", "701"),
            ("CHANGED", "1500"),
            ("REMOVED", "3000")
        ]
    );
}

#[test]
fn every_column_of_the_table_is_covered_and_how_a_payload_is_stored() {
    let lab = Lab::new(300);
    let out = tempfile::tempdir().unwrap();
    let made = lab.json(0, &["anchor", "orders.db", "--out", out.path().to_str().unwrap()]);
    let columns: Vec<&str> = made["columns"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it.as_str())
        .collect();
    for column in ["is_archived", "partition", "message_schema_version", "created"] {
        assert!(columns.contains(&column), "{columns:?}");
    }
    let advice = std::fs::read_to_string(format!("{}/VERIFY.txt", made["dir"].as_str().unwrap())).unwrap();
    assert!(advice.contains("is_archived"), "{advice}");
    rusqlite::Connection::open(lab.store())
        .unwrap()
        .execute_batch(
            "UPDATE emt_messages SET is_archived = NOT is_archived WHERE global_position = 10;
             UPDATE emt_messages SET partition = 'other' WHERE global_position = 20;
             UPDATE emt_messages SET message_schema_version = 'x' WHERE global_position = 30;
             UPDATE emt_messages SET message_data = CAST(message_data AS BLOB) WHERE global_position = 40;
             ALTER TABLE emt_messages ADD COLUMN note TEXT;",
        )
        .unwrap();
    let answer = lab.json(1, &["verify", "orders.db", "--anchor", made["dir"].as_str().unwrap()]);
    let found: Vec<_> = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["kind"], &it["position"], &it["part"]))
        .collect();
    let changed = |position: &str| {
        (
            serde_json::json!("CHANGED"),
            serde_json::json!(position),
            serde_json::json!(["header"]),
        )
    };
    let expected = ["10", "20", "30", "40"].map(changed);
    assert_eq!(
        found,
        expected
            .iter()
            .map(|(kind, position, part)| (kind, position, part))
            .collect::<Vec<_>>()
    );
    assert_eq!(answer["uncovered_columns"], serde_json::json!(["note"]));
}
