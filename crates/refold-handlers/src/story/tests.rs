use proptest::prelude::*;

use super::*;

fn story(source: &str) -> Result<Story, PackageError> {
    Story::read(&Arc::from(FILE), source.as_bytes())
}

fn line(template: &str, payload: &str) -> Option<String> {
    let source = Value::Text(Text::from(template)).display_json();
    let story = story(&format!("T: {source}")).unwrap();
    story.line(b"T", &Value::from_json(payload.as_bytes(), 64).unwrap())
}

#[test]
fn a_line_quotes_the_payload_as_it_is_written() {
    let payload =
        r#"{"amount": 0.10, "id": 9007199254740993, "to": {"city": "Köln"}, "items": [{"sku": "A"}], "a.b": true}"#;
    let quoted = line(
        "{amount} for {id} to { to.city }: {items.0.sku}, {items}, {/a.b}",
        payload,
    );
    assert_eq!(
        quoted.as_deref(),
        Some(r#"0.10 for 9007199254740993 to Köln: A, [{"sku":"A"}], true"#)
    );
}

#[test]
fn braces_are_doubled() {
    assert_eq!(line("{{{a}}}", r#"{"a": 1}"#).as_deref(), Some("{1}"));
}

#[test]
fn what_is_missing_is_not_made_up() {
    assert_eq!(line("paid {amount}", "{}"), None);
    assert_eq!(line("paid {amount}", r#"{"amount": null}"#), None);
    assert_eq!(line("paid {amount.net}", r#"{"amount": 1}"#), None);
    assert_eq!(line("paid {amount}", "[]"), None);
}

#[test]
fn the_first_template_that_has_all_it_quotes_is_taken() {
    let story = story("T: ['{qty} × {name}', '{quantity} × {sku}']\nU: plain words").unwrap();
    let line = |event_type: &str, payload: &str| {
        story.line(
            event_type.as_bytes(),
            &Value::from_json(payload.as_bytes(), 64).unwrap(),
        )
    };
    assert_eq!(line("T", r#"{"qty":2,"name":"cup"}"#).as_deref(), Some("2 × cup"));
    assert_eq!(line("T", r#"{"quantity":2,"sku":"A-1"}"#).as_deref(), Some("2 × A-1"));
    assert_eq!(line("T", "{}"), None);
    assert_eq!(line("U", "{}").as_deref(), Some("plain words"));
    assert_eq!(line("V", "{}"), None);
}

#[test]
fn long_values_are_cut_and_say_so() {
    let long = "ä".repeat(VALUE_CHARS + 1);
    let cut = line("{a}!", &format!(r#"{{"a":"{long}"}}"#)).unwrap();
    assert_eq!(cut, format!("{}…!", "ä".repeat(VALUE_CHARS)));
}

#[test]
fn a_wrong_template_says_where_and_what_to_do() {
    for (source, said) in [
        ("T: 'paid {amount'", "has no end"),
        ("T: 'paid }'", "stands alone"),
        ("T: 'paid {}'", "names no member"),
        ("T: 'paid {a..b}'", "names no member"),
        ("T: { a: b }", "must be text"),
        ("- T", "must be a map"),
    ] {
        let error = story(source).unwrap_err();
        assert_eq!(error.code, code::PKG_STORY);
        assert!(error.message.contains(said), "{source}: {error}");
        assert!(error.place.is_some(), "{source}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_template_or_a_clear_error(template in "[a-z{}. /~]{0,24}", payload in r#"\{"a":[1-9][0-9]{0,19}\}"#) {
        let source = Value::Text(Text::from(template.as_str())).display_json();
        match story(&format!("T: {source}")) {
            Ok(story) => {
                let line = story.line(b"T", &Value::from_json(payload.as_bytes(), 64).unwrap());
                if !template.contains(['{', '}']) {
                    prop_assert_eq!(line, Some(template));
                }
            }
            Err(error) => prop_assert!(error.place.is_some()),
        }
    }
}
