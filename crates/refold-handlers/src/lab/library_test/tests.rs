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

fn of_types(language: Language, types: &[&str], then: Then) -> String {
    let event = |event_type: &&str| GivenEvent {
        event_type: (*event_type).to_owned(),
        payload: value("{}"),
        recorded_at: None,
    };
    let given: Vec<GivenEvent> = types.iter().map(event).collect();
    let test = TestText {
        title: "wallet",
        comments: &[],
        aggregate: "wallet",
        failure: "differs",
        given: &given,
        then: &then,
    };
    write_test(language, &test).text
}

#[test]
fn no_two_types_become_one() {
    let types = [
        "order.placed",
        "refund.placed",
        "refund_closed",
        "refund-closed",
        "Opened",
    ];
    for language in Language::ALL {
        let text = of_types(language, &types, Then::NoError);
        if language == Language::TypeScript {
            // Emmett knows events by their stored type.
            assert!(
                types.iter().all(|it| text.contains(&format!("event(\"{it}\""))),
                "{text}"
            );
            continue;
        }
        assert!(
            text.contains(
                "Types that are no names of their own: order.placed is OrderPlaced, refund-closed is RefundClosed, \
                 refund.placed is RefundPlaced, refund_closed is RefundClosed2."
            ),
            "{text}"
        );
        for class in ["OrderPlaced", "RefundPlaced", "RefundClosed", "RefundClosed2", "Opened"] {
            assert!(
                text.matches(class).count() >= if class == "Opened" { 1 } else { 2 },
                "{class} in {text}"
            );
        }
        assert!(
            !text.contains("event(\"Placed\"") && !text.contains("Event<Placed>"),
            "{text}"
        );
    }
}

#[test]
fn a_place_that_is_not_there_is_not_right() {
    let leaves = || {
        vec![Leaf {
            place: Pointer::parse("/balance").unwrap(),
            value: Some(value("1")),
        }]
    };
    for (language, there) in [
        (Language::Rust, "state.pointer(place).is_some()"),
        (Language::TypeScript, "seen(state, one) === NOTHING), []"),
        (Language::Python, "assertEqual(missing, [])"),
        (Language::CSharp, "Assert.NotEqual(Nothing, Seen(state, one.Path))"),
        (Language::Java, "assertFalse(state.at(one.getKey()).isMissingNode()"),
        (Language::Kotlin, "assertFalse(state.at(place).isMissingNode"),
    ] {
        let text = of_types(language, &["Opened"], Then::IsNot(leaves()));
        assert!(text.contains(there), "{text}");
        // Where nothing is what is right, it may be.
        let text = of_types(language, &["Opened"], Then::Is(leaves()));
        assert!(!text.contains(there), "{text}");
    }
}

#[test]
fn the_head_names_the_crate_that_is_used() {
    let text = of_types(Language::Rust, &["Opened"], Then::NoError);
    assert!(
        text.contains("the line `use wallet::…` must have") && text.contains("\nuse wallet::{"),
        "{text}"
    );
}

#[test]
fn texts_are_compared_as_what_they_are_and_not_as_json() {
    let text = written(Language::CSharp, "order", "A", "{}", "/name", r#""Zoë's <b>""#);
    assert!(text.contains("Plain(JsonNode.Parse(json))"), "{text}");
    assert!(text.contains("single.TryGetValue<string>(out var text)"), "{text}");
    let text = written(Language::Rust, "order", "A", "{}", "/name", "\"a\u{2028}b\"");
    assert!(text.contains("serde_json::from_str(json)"), "{text}");
}

/// As the exported file compares them, in its language.
#[test]
fn amounts_are_amounts_in_typescript() {
    let pairs = [
        ("1e2", "100"),
        ("-0", "0"),
        ("1e-3", "0.001"),
        ("-1.50E+1", "-15"),
        ("20.00", "20"),
        ("0e5", "0"),
        ("1e400", "10e399"),
    ];
    let text = written(Language::TypeScript, "order", "A", "{}", "/total", "20.00");
    let start = text.find("const plain =").unwrap();
    let end = start + text[start..].find("\n};\n").unwrap() + 4;
    let plain = text[start..end].replace("(text: string): string", "(text)");
    let wanted: String = pairs
        .iter()
        .map(|(one, other)| format!("if (plain('{one}') !== plain('{other}')) throw new Error('{one}');\n"))
        .collect();
    let differ = "if (plain('1e2') === plain('1e3') || plain('-1') === plain('1')) throw new Error('equal');\n";
    let script = format!("{plain}{wanted}{differ}");
    let run = std::process::Command::new("node").arg("-e").arg(&script).output();
    let run = match run {
        Ok(run) => run,
        // Who has none says so: a test that is not run must not look like one that holds.
        Err(_) if std::env::var_os("REFOLD_WITHOUT_NODE").is_some() => return,
        Err(error) => panic!("Node cannot be run, and REFOLD_WITHOUT_NODE is not set: {error}"),
    };
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}
