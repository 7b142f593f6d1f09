//! Every limit of an event: its code, and that the state stays as it was.

use super::*;

fn limited(limits: Limits, reducer: &str, events: &[(&str, &str)]) -> (Value, Option<HandlerFault>) {
    let document = Document::from_yaml(&Arc::from("reducer.yaml"), reducer.as_bytes()).unwrap();
    let upcasters = upcast::compile(None, &Default::default()).unwrap();
    let rules = compile::compile(&document, upcasters.seeds()).unwrap_or_else(|error| panic!("{error}"));
    let identity = HandlerIdentity {
        name: "test".to_owned(),
        version: "1".to_owned(),
        hash: String::new(),
        engine: "declarative".to_owned(),
    };
    let program = DeclarativeProgram::new(identity, rules, upcasters, Invariants::default(), limits);
    let mut instance = Arc::new(program).start_declarative();
    let (batch, names) = batch_of(events);
    for row in 0..batch.len() {
        let before = instance.state().unwrap();
        if let Err(fault) = instance.apply(&batch.event(row), &names, &mut Written::off()) {
            assert_eq!(instance.state().unwrap(), before);
            assert_eq!(instance.emitted(), []);
            return (before, Some(fault));
        }
    }
    (instance.state().unwrap(), None)
}

#[track_caller]
fn check(limits: Limits, rules: &str, payload: &str, code: &str, place: Option<&str>) {
    let reducer = format!("refold: reducer/1\ninitial: {{ n: 0 }}\non:\n  A:\n    - inc: n\n    {rules}\n");
    let (state, fault) = limited(limits, &reducer, &[("A", payload)]);
    let fault = fault.expect("a fault");
    assert_eq!(fault.code, code, "{fault}");
    match (&fault.place, place) {
        // A place may be a line alone: which part of an expression uses the budget up is no promise.
        (Some(found), Some(place)) => assert!(found.starts_with(place), "{fault}"),
        (found, place) => assert_eq!(found.as_deref(), place, "{fault}"),
    }
    assert_eq!(state.to_canonical(), br#"{"n":0}"#);
}

const SMALL: Limits = Limits {
    steps: 200,
    memory_bytes: 1_000,
    state_bytes: 100,
    depth: 5,
    output_events: 2,
    payload_bytes: 200,
    ..Limits::DEFAULT
};

#[test]
fn each_limit_has_its_code_and_place() {
    let numbers = r#"{"n":[1,2,3,4,5,6,7,8,9,10]}"#;
    check(
        SMALL,
        "- set:\n        a: event.data.n.all(x, event.data.n.all(y, x != 20))",
        numbers,
        "RF-LIMIT-STEPS",
        Some("reducer.yaml:7:"),
    );
    check(
        SMALL,
        "- let: { a: \"'0123456789012345678901234567890123456789'\" }\n    - let: { b: a + a + a + a + a + a }\n    - let: { c: b + b }\n    - let: { d: c + c }",
        "{}",
        "RF-LIMIT-MEMORY",
        Some("reducer.yaml:8:17"),
    );
    check(
        SMALL,
        "- set: { a: event.data.n }",
        r#"{"n":"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"}"#,
        "RF-LIMIT-STATE",
        Some("reducer.yaml:6:14"),
    );
    check(
        SMALL,
        "- set: { a.b.c: event.data }",
        r#"{"x":[[[1]]]}"#,
        "RF-LIMIT-DEPTH",
        Some("reducer.yaml:6:14"),
    );
    check(
        SMALL,
        "- set: { a: event.data.x }",
        "[[[[[[1]]]]]]",
        "RF-LIMIT-DEPTH",
        None,
    );
    check(
        SMALL,
        "- emit: { type: B }\n    - emit: { type: B }\n    - emit: { type: B }",
        "{}",
        "RF-LIMIT-OUTPUT",
        Some("reducer.yaml:8:7"),
    );
    let long = format!("\"{}\"", "x".repeat(200));
    check(SMALL, "- inc: m", &long, "RF-EVENT-SIZE", None);
}

#[test]
fn the_default_step_limit_stops_nested_macros_over_a_long_list() {
    let list = format!("{{\"n\":[{}1]}}", "1,".repeat(199));
    check(
        Limits::DEFAULT,
        "- set:\n        a: event.data.n.map(x, event.data.n.map(y, event.data.n.map(z, z)))",
        &list,
        "RF-LIMIT-STEPS",
        Some("reducer.yaml:7:"),
    );
}

#[test]
fn a_state_that_shares_its_parts_cannot_explode() {
    let rules = "- set: { a: '[state.a, state.a]' }\n    - set: { same: state.a == state.b }\n    - set: { b: '[state.b, state.b]' }";
    let reducer = format!("refold: reducer/1\ninitial: {{ a: [], b: [] }}\non:\n  A:\n    {rules}\n");
    let events = vec![("A", "{}"); 60];
    let (_, fault) = limited(Limits::DEFAULT, &reducer, &events);
    assert!(["RF-LIMIT-STATE", "RF-LIMIT-STEPS", "RF-LIMIT-DEPTH"].contains(&fault.expect("a fault").code));
}

#[test]
fn numbers_that_would_be_astronomic_are_refused() {
    let reducer = "refold: reducer/1\non:\n  A:\n    - set: { a: event.data.n + 1 }\n";
    let (_, fault) = limited(Limits::DEFAULT, reducer, &[("A", r#"{"n":1e999999999}"#)]);
    assert_eq!(fault.expect("a fault").code, "RF-HANDLER-THROW");
}

#[test]
fn a_malformed_payload_is_undecodable_and_no_fault() {
    let program = compiled("refold: reducer/1\non:\n  A: [ { inc: n } ]\n").unwrap();
    let mut instance = program.start_declarative();
    let (batch, names) = batch_of(&[("A", "{\"cut\": \"o")]);
    match instance.apply(&batch.event(0), &names, &mut Written::off()) {
        Ok(Applied::Undecodable(error)) => assert_eq!(error.offset, 8),
        other => panic!("{other:?}"),
    }
}

#[test]
fn types_without_rules_are_told() {
    for (unhandled, expected) in [("ignore", Ok(Applied::Ignored)), ("warn", Ok(Applied::Unknown))] {
        let program = compiled(&format!(
            "refold: reducer/1\nunhandled: {unhandled}\nevery: [ {{ inc: n }} ]\n"
        ))
        .unwrap();
        let mut instance = program.start_declarative();
        let (batch, names) = batch_of(&[("B", "{}")]);
        assert_eq!(instance.apply(&batch.event(0), &names, &mut Written::off()), expected);
        assert_eq!(instance.state().unwrap().to_canonical(), br#"{"n":1}"#);
    }
    let fault = folded("refold: reducer/1\nunhandled: error\n", &[("B", "{}")]).unwrap_err();
    assert_eq!(fault.code, "RF-HANDLER-THROW");
}
