//! What comes from a store is quoted, whatever it is; numbers are exact.

use proptest::prelude::*;
use refold_core::pointer::Pointer;
use refold_core::value::Value;

use super::*;

fn value(json: &str) -> Value {
    Value::from_json(json.as_bytes(), 128).unwrap()
}

fn written(language: Language, title: &str, event_type: &str, payload: &str, place: &str, then: &str) -> String {
    let given = [GivenEvent {
        event_type: event_type.to_owned(),
        payload: value(payload),
        recorded_at: Some("2026-08-01T10:00:00Z".to_owned()),
    }];
    let leaf = Leaf {
        place: Pointer::parse(place).unwrap(),
        value: Some(value(then)),
    };
    let test = TestText {
        title,
        comments: &[title.to_owned()],
        aggregate: title,
        failure: title,
        given: &given,
        then: &Then::Is(vec![leaf]),
    };
    write_test(language, &test).text
}

#[test]
fn numbers_are_written_as_exactly_as_each_language_can() {
    let payload =
        r#"{"id":9007199254740993,"qty":2,"price":12.50,"far":1e400,"less":-0,"big":123456789012345678901234}"#;
    let of = |language| written(language, "order", "ItemAdded", payload, "/total", "20.00");
    let json = payload;
    for language in [Language::Rust, Language::CSharp, Language::Java, Language::Kotlin] {
        let text = of(language).replace("\\\"", "\"");
        let sorted = json.trim_matches(['{', '}']).split(',');
        assert!(sorted.clone().all(|member| text.contains(member)), "{text}");
    }
    let typescript = of(Language::TypeScript);
    for expected in [
        "\"id\": 9007199254740993n",
        "\"qty\": 2 ",
        "\"price\": decimal(\"12.50\")",
        "\"far\": \"1e400\"",
        "\"big\": 123456789012345678901234n",
        "[\"total\"], \"20.00\"",
    ] {
        assert!(typescript.contains(expected), "{expected} in {typescript}");
    }
    let python = of(Language::Python);
    for expected in [
        "\"id\": 9007199254740993,",
        "\"price\": Decimal(\"12.50\")",
        "\"far\": Decimal(\"1e400\")",
        "(\"total\",): Decimal(\"20.00\")",
    ] {
        assert!(python.contains(expected), "{expected} in {python}");
    }
}

#[test]
fn an_event_is_called_as_a_class_is() {
    for (event_type, class) in [
        ("ItemAdded", "ItemAdded"),
        ("shop.order:Order.ItemAdded", "ItemAdded"),
        ("item-added.v2", "ItemAdded"),
        ("order/item_added", "ItemAdded"),
        ("", "Event"),
        ("3rd", "x3rd"),
    ] {
        assert_eq!(words::class_of(event_type), class, "{event_type}");
    }
}

#[test]
fn a_payload_that_is_stored_with_its_tag_is_tagged_once() {
    let text = written(
        Language::Rust,
        "order",
        "ItemAdded",
        r#"{"ItemAdded":{"qty":1}}"#,
        "/total",
        "1",
    );
    assert!(text.contains(r##"event("ItemAdded", r#"{"qty":1}"#)"##), "{text}");
}

#[test]
fn java_sees_no_end_of_a_line_where_none_is() {
    let text = written(Language::Java, "a\\u000ab", "A", "{}", "/a~1\nb", "\"c\\nd\"");
    assert!(text.contains("// a\\ u000ab"), "{text}");
    assert!(text.contains(r#"Map.entry("/a~1\nb", "c\nd")"#), "{text}");
    assert!(!text.contains("\\u000a"), "{text}");
}

/// What would end a text, a comment or a line in one of the languages.
fn hostile() -> impl Strategy<Value = String> {
    let bits = [
        "\"",
        "\\",
        "'",
        "\n",
        "\r",
        "\u{2028}",
        "${x}",
        "*/",
        "\"#",
        "\"##",
        "\"\"\"",
        "//",
        "#",
        "a",
        "\u{202e}",
        "\u{1f600}",
    ];
    prop::collection::vec(prop::sample::select(bits.to_vec()), 0..8).prop_map(|bits| bits.concat())
}

proptest! {
    /// Each text takes as many lines as a harmless one, and none of them hides what it is.
    #[test]
    fn nothing_in_a_store_writes_code(title in hostile(), event_type in hostile(), text in hostile(), key in hostile()) {
        let json = |text: &str| words::json(&Value::Text(text.into()));
        let payload = format!("{{{}:{}}}", json(&key), json(&text));
        let place = Pointer::ROOT.push_key(&key.as_str().into()).to_string();
        for language in Language::ALL {
            let plain = written(language, "order", "ItemAdded", r#"{"a":"b"}"#, "/a", "\"b\"");
            let found = written(language, &title, &event_type, &payload, &place, &json(&text));
            prop_assert_eq!(found.lines().count(), plain.lines().count());
            let hides = |letter: char| letter != '\n' && refold_core::value::is_hidden(letter);
            prop_assert!(!found.contains(hides), "{}", found);
        }
    }
}
