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
            ("REMOVED", "700"),
            ("CHANGED", "1500"),
            ("REMOVED", "3000")
        ]
    );
}
