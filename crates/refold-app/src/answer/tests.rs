use super::*;

#[test]
fn nothing_hidden_is_printed_and_nothing_is_lost() {
    let state = Value::from_json(
        "{\"a\u{9b}\":\"\u{202e}x\u{7f}\",\"n\":9007199254740993,\"d\":0.10}".as_bytes(),
        8,
    )
    .unwrap();
    let line = json_line(&Literal(state.clone())).unwrap();
    assert!(line.chars().all(|letter| !is_hidden(letter)), "{line}");
    assert!(line.contains("9007199254740993") && line.contains("0.10"), "{line}");
    assert_eq!(Value::from_json(line.as_bytes(), 8).unwrap(), state);
}

#[test]
fn a_payload_is_embedded_as_stored_or_as_bytes() {
    let check = |bytes: &[u8], expected: &str| {
        assert_eq!(json_line(&Stored::of(Some(bytes), true)).unwrap(), expected);
    };
    check(b"{\n \"a\": 1e400,\r\n \"a\": -0}", "{ \"a\": 1e400, \"a\": -0}");
    check(b"{\"cut\":", r#"{"base64":"eyJjdXQiOg==","content_type":"text/plain"}"#);
    check(
        b"\xff\x00",
        r#"{"base64":"/wA=","content_type":"application/octet-stream"}"#,
    );
    // A null that is there is told from none.
    check(b"null", r#"{"base64":"bnVsbA==","content_type":"application/json"}"#);
    assert_eq!(json_line(&Stored::of(None, true)).unwrap(), "null");
    assert_eq!(base64(b""), "");
    assert_eq!(base64(b"abc"), "YWJj");
}

#[test]
fn every_value_of_a_repeated_key_has_its_line() {
    let state = Value::from_json(br#"{"k":1,"k":{"a":2},"z":0}"#, 8).unwrap();
    assert_eq!(
        Literal(state).shown_lines(),
        [
            "{",
            "  \"k\": 1,",
            "  \"k\": {",
            "    \"a\": 2",
            "  },",
            "  \"z\": 0",
            "}"
        ]
    );
}
