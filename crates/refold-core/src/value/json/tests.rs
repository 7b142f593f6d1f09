//! Reading and writing JSON against each other and against `serde_json`.

use proptest::prelude::*;

use super::*;

fn read(json: &str) -> Result<Value, JsonError> {
    Value::from_json(json.as_bytes(), Value::MAX_DEPTH)
}

fn written(json: &str) -> String {
    String::from_utf8(read(json).unwrap().to_canonical()).unwrap()
}

fn any_number() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,4})?"
}

/// Texts in quotes the way we write them: escaped only where it must be.
fn any_quoted() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => "[a-c \u{e9}\u{20ac}\u{1f600}/]{1,12}",
        1 => prop::sample::select(vec!["\\n", "\\t", "\\\"", "\\\\", "\\b", "\\f", "\\r", "\\u0000", "\\u001f", "\u{7f}"])
            .prop_map(str::to_owned),
        1 => (0xd800_u32..0xe000).prop_map(|unit| format!("\\u{unit:04x}")),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| {
        // A high surrogate before a low one is a pair, which is written as its character.
        let mut text = String::from("\"");
        for piece in pieces {
            let is_pair = piece.starts_with("\\ud")
                && text[..].ends_with(|last: char| last.is_ascii_hexdigit())
                && text.len() > 6
                && text.as_bytes()[text.len() - 6] == b'\\';
            if !is_pair {
                text.push_str(&piece);
            }
        }
        text.push('"');
        text
    })
}

/// Compact JSON with its keys in order, now and then one twice.
fn any_compact() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["null", "true", "false", "{}", "[]"]).prop_map(str::to_owned),
        any_number(),
        any_quoted(),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|elements| format!("[{}]", elements.join(","))),
            prop::collection::vec(("[a-e]{1,2}", inner), 0..5).prop_map(|mut members| {
                members.sort_by(|(a, _), (b, _)| a.cmp(b));
                let members: Vec<_> = members
                    .iter()
                    .map(|(key, value)| format!("\"{key}\":{value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// Texts that are nearly JSON.
fn any_nearly_json() -> impl Strategy<Value = String> {
    (
        any_compact(),
        any::<prop::sample::Index>(),
        "[\\[\\]{},:\"\\\\0-9eE.+ \n\u{0}tnu-]{0,2}",
        0_usize..3,
    )
        .prop_map(|(json, at, inserted, removed)| {
            let mut letters: Vec<char> = json.chars().collect();
            let at = at.index(letters.len() + 1);
            let end = (at + removed).min(letters.len());
            letters.splice(at..end, inserted.chars());
            letters.into_iter().collect()
        })
}

proptest! {
    #[test]
    fn compact_json_comes_back_to_the_byte(json in any_compact()) {
        prop_assert_eq!(written(&json), json);
    }

    #[test]
    fn what_is_shown_is_the_same_value(json in any_compact()) {
        let value = read(&json).unwrap();
        let shown = value.display_json();
        prop_assert!(!shown.chars().any(crate::value::is_hidden));
        prop_assert_eq!(read(&shown).unwrap(), value);
    }

    /// We accept what `serde_json` accepts. The one difference: it refuses lone surrogates, we keep them.
    #[test]
    fn the_same_texts_are_json_as_elsewhere(json in any_nearly_json()) {
        let theirs = serde_json::from_str::<serde_json::Value>(&json);
        let ours = read(&json);
        match (&ours, &theirs) {
            (Ok(_), Err(error)) => {
                let message = error.to_string();
                prop_assert!(message.contains("surrogate") || message.contains("end of hex escape")
                    || message.contains("number out of range"), "{json}: {message}");
            }
            (Err(error), Ok(_)) => prop_assert!(false, "{json}: {error}"),
            (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
        }
        if let Err(error) = ours {
            prop_assert!(error.offset <= json.len());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Err(error) = Value::from_json(&bytes, 8) {
            prop_assert!(error.offset <= bytes.len());
        }
    }

    /// The search for the end of a text looks at eight bytes at once; every place of the end must be found.
    #[test]
    fn the_end_of_a_text_is_found_at_any_place(before in 0_usize..20, stop in prop::sample::select(vec!['"', '\\', '\n', '!', '#', '\u{80}', '\u{7f}'])) {
        let json = format!("\"{}{stop}", "a".repeat(before));
        let expected = serde_json::from_str::<String>(&json).ok().map(|text| text.into_bytes());
        let ours = match read(&json) {
            Ok(Value::Text(text)) => Some(text.as_wtf8().to_vec()),
            _ => None,
        };
        prop_assert_eq!(ours, expected);
    }
}

#[test]
fn a_wide_object_is_no_other() {
    let members: Vec<_> = (100..400).map(|n| format!("\"{n}\":{n}")).collect();
    let json = format!("{{{}}}", members.join(","));
    assert_eq!(written(&json), json);
}

#[test]
fn nothing_of_the_record_is_lost() {
    for json in [
        "9007199254740993",
        "0.10",
        "1e400",
        "-0",
        "0.1000000000000000055511151231257827021181583404541015625",
        r#""\ud800""#,
        r#""\udc00\ud800""#,
        r#"{"a":1,"a":2,"a":[{"a":1,"a":1}],"b":null}"#,
        r#"{"":{"":[]}}"#,
    ] {
        assert_eq!(written(json), json);
    }
}

#[test]
fn a_repeated_key_keeps_all_its_values_in_order() {
    let Value::Object(object) = read(r#"{"b":1,"a":2,"b":[3],"a":4,"b":5}"#).unwrap() else {
        panic!()
    };
    assert_eq!(object.len(), 2);
    let Some(Value::Repeated(values)) = object.get(b"b") else {
        panic!()
    };
    assert_eq!(values.len(), 3);
    assert_eq!(object.get(b"b").unwrap().resolved(), &Value::Number(Number::Int(5)));
    assert_eq!(
        Value::Object(object).display_json(),
        r#"{"a":2,"a":4,"b":1,"b":[3],"b":5}"#
    );
}

#[test]
fn a_surrogate_pair_is_its_character() {
    assert_eq!(written(r#""\ud83d\ude00\ud83d""#), "\"\u{1f600}\\ud83d\"");
}

#[test]
fn depth_is_limited_without_using_up_the_stack() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(Value::from_json(nested(3).as_bytes(), 3).is_ok());
    let error = Value::from_json(nested(4).as_bytes(), 3).unwrap_err();
    assert_eq!((error.offset, error.message), (3, "nested too deep"));
    assert!(Value::from_json(nested(Value::MAX_DEPTH).as_bytes(), usize::MAX).is_ok());
    for depth in [Value::MAX_DEPTH + 1, 100_000] {
        assert!(Value::from_json(nested(depth).as_bytes(), usize::MAX).is_err());
        assert!(Value::from_json("{\"a\":".repeat(depth).as_bytes(), usize::MAX).is_err());
    }
}

#[test]
fn errors_say_where() {
    for (json, offset) in [
        ("", 0),
        ("{", 1),
        ("[1,]", 3),
        ("{\"a\" 1}", 5),
        ("{a:1}", 1),
        ("\"a\nb\"", 2),
        ("\"\\x\"", 1),
        ("\"\\u12g4\"", 3),
        ("1 2", 2),
        ("nul", 0),
        ("-", 1),
        ("01", 1),
        ("[1", 2),
    ] {
        assert_eq!(read(json).unwrap_err().offset, offset, "{json}");
    }
    assert_eq!(Value::from_json(b"\"a\xff\"", 1).unwrap_err().offset, 2);
}

#[test]
fn what_hides_is_shown() {
    let shown = read(r#"{"\u202e":"\u001b[31m\u200b\ufeff\u0085"}"#)
        .unwrap()
        .display_json();
    assert_eq!(shown, r#"{"\u202e":"\u001b[31m\u200b\ufeff\u0085"}"#);
    assert_eq!(read("\"\u{e0041}\"").unwrap().display_json(), r#""\udb40\udc41""#);
}

#[test]
fn repeated_keys_are_named_and_counted() {
    let text = br#"{"a":1,"b":{"x":1,"x":{"y":1,"y":2},"x":3},"a":[{"k":1,"k":1}]}"#;
    let (value, has_repeated) = Value::from_json_noting(text, 8).unwrap();
    let found: Vec<String> = value
        .repeated_keys()
        .iter()
        .map(|(place, count)| format!("{place} {count}"))
        .collect();
    assert!(has_repeated);
    assert_eq!(found, ["/a 2", "/a/0/k 2", "/b/x 3", "/b/x/y 2"]);
    assert_eq!(
        value.with_last_of_repeated().to_canonical(),
        br#"{"a":[{"k":1}],"b":{"x":3}}"#
    );
    assert!(!Value::from_json_noting(br#"[{"a":1},{"a":1}]"#, 8).unwrap().1);
}

#[test]
fn what_means_the_same_is_the_same_bytes_and_nothing_else_is() {
    let meaning = |json: &str| {
        let mut out = Vec::new();
        read(json).unwrap().write_meaning(&mut out);
        String::from_utf8(out).unwrap()
    };
    let one = r#"{"b":[1.50,"\u00e9"],"a":9007199254740993,"c":1e3}"#;
    let same = "{ \"a\" : 9007199254740993.0,\n\"c\": 1000, \"b\": [15e-1, \"\u{e9}\"] }";
    assert_eq!(meaning(one), meaning(same));
    for other in [
        r#"{"b":[1.50,"\u00e9"],"a":9007199254740992,"c":1e3}"#,
        r#"{"b":["\u00e9",1.50],"a":9007199254740993,"c":1e3}"#,
        r#"{"b":[1.50,"e\u0301"],"a":9007199254740993,"c":1e3}"#,
        r#"{"b":["1.50","\u00e9"],"a":9007199254740993,"c":1e3}"#,
        r#"{"b":[1.50,"\u00e9"],"a":9007199254740993,"c":1e3,"d":null}"#,
    ] {
        assert_ne!(meaning(other), meaning(one), "{other}");
    }
}
