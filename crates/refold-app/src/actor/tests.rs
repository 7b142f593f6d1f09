use super::*;

#[track_caller]
fn check(metadata: &str, expected: &str) {
    let metadata = Value::from_json(metadata.as_bytes(), Value::MAX_DEPTH).unwrap();
    assert_eq!(said_in(&metadata), expected, "{metadata:?}");
}

#[test]
fn who_did_it_is_what_the_metadata_says() {
    check(r#"{"actor":"worker-7","user":"ada"}"#, "worker-7");
    check(r#"{"user":"","user_id":9007199254740993}"#, "9007199254740993");
    check(r#"{"user":{"name":"ada"},"createdBy":"ada"}"#, "ada");
    check(r#"{"tool":"t"}"#, "");
    check("[1]", "");
    check("null", "");
}
