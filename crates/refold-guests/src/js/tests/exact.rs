//! Numbers and texts go in and out as they are.

use super::*;
use proptest::prelude::*;

#[test]
fn whole_numbers_that_a_double_cannot_hold_are_big_ints() {
    let kinds = "return [typeof event.data.a, typeof event.data.b, event.data]";
    assert_eq!(
        state_of(kinds, r#"{"a":9007199254740991,"b":9007199254740993}"#),
        r#"["number","bigint",{"a":9007199254740991,"b":9007199254740993}]"#
    );
    let long = "123456789012345678901234567890123456789012345678901234567890";
    assert_eq!(state_of("return event.data", long), long);
    assert_eq!(
        state_of("return event.data + 1n", "-9223372036854775809"),
        "-9223372036854775808"
    );
}

#[test]
fn decimals_that_a_double_would_change_are_exact_and_do_not_become_doubles_by_themselves() {
    assert_eq!(
        state_of("return event.data", "0.1000000000000000055"),
        "0.1000000000000000055"
    );
    assert_eq!(state_of("return event.data", "1e400"), "1e400");
    assert_eq!(state_of("return event.data", "1e-400"), "1e-400");
    assert_eq!(
        state_of("return event.data.plus('0.5')", "0.1000000000000000055"),
        "0.6000000000000000055"
    );
    assert_eq!(state_of("return event.data.toNumber()", "0.1000000000000000055"), "0.1");
    let body = "try { return event.data + 1 } catch (error) { return String(error) }";
    assert!(state_of(body, "0.1000000000000000055").contains("toNumber()"));
}

#[test]
fn decimals_compute_exactly() {
    assert_eq!(state_of("return decimal('0.10').plus('0.20')", "{}"), "0.30");
    assert_eq!(state_of("return decimal('12.50').times(2)", "{}"), "25.00");
    assert_eq!(state_of("return decimal(3).minus('0.5')", "{}"), "2.5");
    assert_eq!(state_of("return decimal('-0.05').plus(0)", "{}"), "-0.05");
    assert_eq!(
        state_of(
            "return [decimal(1).compare('1.00'), decimal('1.5').equals(1.5), `${decimal('2.50')}`]",
            "{}"
        ),
        r#"[0,true,"2.50"]"#
    );
    assert_eq!(fault_of("decimal('x')").code, "RF-HANDLER-THROW");
    assert_eq!(
        fault_of("state.d = Object.setPrototypeOf({ literal: 'x' }, Object.getPrototypeOf(decimal(1)))").code,
        "RF-STATE-UNSERIALIZABLE"
    );
}

#[test]
fn texts_of_any_letters_come_back() {
    for text in [
        r#""ä€𝄞""#,
        r#""\ud800 and \udc00\ud800""#,
        r#""\u0000\u001f\"\\/\n""#,
        r#"{"ключ":"значение","\ud83d":1,"__proto__":2,"constructor":{"7":1}}"#,
    ] {
        let expected = Value::from_json(text.as_bytes(), 64).unwrap();
        let (state, _) = folded(&program(&on_event("return event.data")), &events(&[("E", text)]));
        assert_eq!(Value::from_json(state.as_bytes(), 64).unwrap(), expected, "{text}");
    }
}

/// Ways in which a copy goes through a script.
const COPIES: &[&str] = &[
    "return event.data",
    "const { d } = event.data; return { d }",
    "return { ...event.data }",
    "const copy = (value) => value; return { d: [event.data.d].map(copy)[0] }",
    "return Object.fromEntries(Object.entries(event.data))",
    "const kept = new Map(Object.entries(event.data)); return { d: kept.get('d') }",
    "let d; for (const key in event.data) d = event.data[key]; return { d: d ?? 0 }",
    "const [d] = [event.data.d].sort(); return structured({ d }); function structured(it) { return Object.assign({}, it) }",
    "state.list = [event.data.d]; state.d = state.list.pop(); delete state.list",
];

#[test]
fn a_number_that_is_copied_keeps_how_it_is_written() {
    let literals = [
        "12.50",
        "0.00",
        "-0",
        "-0.0",
        "1e2",
        "1E+02",
        "1e-7",
        "100.00",
        "12",
        "-5",
        "2.0e00",
        "0e5",
        "0.0012e3",
        "120e-1",
        "2147483648",
        "-2147483648",
        "1e21",
        "1e22",
        "5e-324",
        "1.7976931348623157e308",
        "0.10",
        "9007199254740993",
        "123456789012345678901234567890.50",
        "0.1000000000000000055",
        "1e400",
        "1.000000000000000000000000000000",
        "1e0000000000000000000000000000000000000000000000000000000002",
    ];
    for copy in COPIES {
        let program = program(&on_event(copy));
        for literal in literals {
            let payload = format!("{{\"d\":{literal}}}");
            let list = events(&[("E", &payload)]);
            let mut instance = program.start();
            instance
                .apply(&list.batch.event(0), &list.names, &mut Written::off())
                .unwrap();
            assert_eq!(instance.state().unwrap().to_canonical(), payload.as_bytes(), "{copy}");
            let checkpoint = instance.checkpoint().unwrap();
            instance.reset();
            instance.restore(&checkpoint).unwrap();
            assert_eq!(instance.state().unwrap().to_canonical(), payload.as_bytes(), "{copy}");
        }
    }
}

#[test]
fn a_number_that_is_computed_is_written_as_javascript_writes_it() {
    assert_eq!(state_of("return event.data + 1", "12.50"), "13.5");
    assert_eq!(state_of("let n = event.data; n++; return n", "100.00"), "101");
    assert_eq!(state_of("return -event.data", "1e2"), "-100");
    assert_eq!(state_of("return decimal(event.data).times(2)", "12.50"), "25.00");
    assert_eq!(
        state_of(
            "return [event.data === 12.5, `${event.data}`, [event.data].indexOf(12.5)]",
            "12.50"
        ),
        r#"[true,"12.5",0]"#
    );
}

/// What stood before in the memory of the guest is no part of a number that ends there.
#[test]
fn a_number_ends_where_its_text_ends() {
    let program = program(&on_event("return event.data"));
    let list = events(&[("E", "123456.789999999"), ("E", "12.5")]);
    assert_eq!(folded(&program, &list).0, "12.5");
}

/// A JSON text of any shape, with numbers of any length.
fn json() -> impl Strategy<Value = String> {
    let number = ("-?(0|[1-9][0-9]{0,24})", "(\\.[0-9]{1,24})?", "([eE][+-]?[0-9]{1,3})?")
        .prop_map(|(whole, fraction, power)| whole + &fraction + &power);
    let text = prop_oneof![
        proptest::string::string_regex("[a-zA-Z0-9 äß€]{0,12}").unwrap(),
        Just("\\ud83d\\ude00".to_owned()),
        Just("\\\"\\n\\u00e4\\udfff".to_owned()),
    ]
    .prop_map(|inner| format!("\"{inner}\""));
    let leaf = prop_oneof![Just("null".to_owned()), Just("true".to_owned()), number, text.clone()];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|list| format!("[{}]", list.join(" , "))),
            prop::collection::vec((text.clone(), inner), 0..6).prop_map(|list| {
                let members: Vec<String> = list.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// Equal to the last zero of each number, where of a key that is repeated only the last one counts.
fn is_same(left: &Value, right: &Value) -> bool {
    match (left.resolved(), right.resolved()) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| is_same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, value)| right.find(key).is_some_and(|other| is_same(value, other)))
        }
        (left, right) => left.to_canonical() == right.to_canonical(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What a handler copies from a payload is what stands there, to the last zero, and so is a state that was saved.
    #[test]
    fn nothing_changes_on_its_way_through(payload in json()) {
        use std::sync::OnceLock;
        static COPY: OnceLock<JsProgram> = OnceLock::new();
        let program = COPY.get_or_init(|| program(&on_event("return event.data")));
        let list = events(&[("E", &payload)]);
        let mut instance = program.start();
        instance.apply(&list.batch.event(0), &list.names, &mut Written::off()).unwrap();
        let state = instance.state().unwrap();
        let expected = Value::from_json(payload.as_bytes(), 64).unwrap();
        prop_assert!(is_same(&state, &expected), "{payload} became {}", text(&state));
        let checkpoint = instance.checkpoint().unwrap();
        instance.reset();
        instance.restore(&checkpoint).unwrap();
        prop_assert_eq!(instance.state().unwrap(), state);
    }
}
