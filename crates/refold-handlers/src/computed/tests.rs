use refold_core::value::Value;

use super::Computed;

fn state() -> Value {
    let json = br#"{"items":{"a":{"qty":2,"price":0.10},"b":{"qty":9007199254740993,"price":3}},"total":12.50}"#;
    Value::from_json(json, 8).unwrap()
}

#[test]
fn sums_and_counts_are_exact() {
    for (text, expected) in [
        ("state.total", "12.50"),
        ("sum(state.items.map(k, state.items[k].qty))", "9007199254740995"),
        ("size(state.items)", "2"),
        ("state.total > 12", "true"),
        ("'order ' + string(state.items['a'].qty)", "\"order 2\""),
    ] {
        let value = Computed::compile(text).unwrap().value(&state()).unwrap();
        let mut json = Vec::new();
        value.write_json(&mut json);
        assert_eq!(String::from_utf8(json).unwrap(), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_said_of_a_state_is_an_error_and_says_where() {
    let wrong = Computed::compile("state.total +").unwrap_err().to_string();
    assert!(wrong.contains("the expression:1:"), "{wrong}");
    assert!(Computed::compile("event.data.total").is_err(), "there is no event");
    let fault = Computed::compile("state.total - state.items").unwrap().value(&state());
    assert!(fault.is_err(), "an object cannot be subtracted");
}
