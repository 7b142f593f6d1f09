//! What a module exports beside its fold: invariants, and which state an event is folded into.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use refold_core::finding::Severity;
use refold_core::fold::{Detail, Fold, FoldError};
use refold_core::track::Moment;
use refold_core::work::CancelToken;

use super::*;
use crate::{Upcasts as _, heed_cancel};

/// What each exported invariant says of a state.
fn asked(source: &str, state: &str) -> Vec<Result<bool, HandlerFault>> {
    let program = program(source);
    let (aside, state) = (program.aside(), Value::from_json(state.as_bytes(), 64).unwrap());
    let conditions = program.conditions().iter();
    conditions.map(|condition| aside.holds(condition, &state)).collect()
}

/// What one invariant of this body says of a state.
fn holds(body: &str, state: &str) -> Result<bool, HandlerFault> {
    let source = format!("export default {{ on: {{}}, invariants: {{ it: (state) => {{ {body} }} }} }}");
    asked(&source, state).swap_remove(0)
}

#[test]
fn invariants_say_what_they_are() {
    let source = "export default {\n  on: {},\n  invariants: {\n    'paid-within-total': (state) => state.paid <= state.total,\n    \
                  small: { holds: (s) => s.total < 10, severity: 'notice', title: 'Small orders' },\n  },\n}\n";
    let program = program(source);
    let said: Vec<_> = program
        .conditions()
        .iter()
        .map(|it| (it.id.as_str(), it.severity, it.title.as_str(), it.text.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            (
                "paid-within-total",
                Severity::Error,
                "",
                "(state) => state.paid <= state.total"
            ),
            ("small", Severity::Notice, "Small orders", "(s) => s.total < 10"),
        ]
    );
    assert_eq!(asked(source, r#"{"paid":3,"total":3}"#), [Ok(true), Ok(true)]);
    assert_eq!(asked(source, r#"{"paid":12,"total":11}"#), [Ok(false), Ok(false)]);
}

#[test]
fn an_invariant_sees_numbers_as_a_payload_has_them() {
    let big = r#"{"n":9007199254740993,"d":0.1000000000000000055}"#;
    assert_eq!(holds("return state.n === 9007199254740993n", big), Ok(true));
    assert_eq!(
        holds("return state.d.equals(decimal('0.1000000000000000055'))", big),
        Ok(true)
    );
    assert_eq!(holds("return state === null", "null"), Ok(true));
}

#[test]
fn an_invariant_that_gives_no_answer_is_neither_met_nor_broken() {
    for (body, code) in [
        ("", "RF-HANDLER-TYPE"),
        ("return 1", "RF-HANDLER-TYPE"),
        ("return null", "RF-HANDLER-TYPE"),
        ("return { then() {} }", "RF-HANDLER-TYPE"),
        ("return Promise.resolve(true)", "RF-HANDLER-TYPE"),
        ("return state.a.b", "RF-HANDLER-THROW"),
        ("throw 'no'", "RF-HANDLER-THROW"),
        ("return new Boolean(true)", "RF-HANDLER-TYPE"),
        ("for (;;) {}", "RF-LIMIT-FUEL"),
        ("for (;;) try { for (;;) {} } catch {}", "RF-LIMIT-FUEL"),
        ("const f = () => f() + 1; return f() > 0", "RF-LIMIT-STACK"),
        ("const a = []; for (;;) a.push(a.slice())", "RF-LIMIT-"),
        ("return eval('true')", "RF-HANDLER-THROW"),
    ] {
        let fault = holds(body, "{}").expect_err(body);
        assert!(fault.code.starts_with(code), "{body}: {fault}");
        assert!(
            fault.place.is_none_or(|place| place.starts_with("handler.js:1:")),
            "{body}"
        );
    }
    let fault = holds("return state.a.b", "{}").unwrap_err();
    assert!(fault.place.is_some(), "{fault}");
    let deep = format!("{}1{}", "[".repeat(64), "]".repeat(64));
    assert_eq!(holds("return true", &deep), Ok(true));
}

/// A failing one spoils neither the next question nor a fold.
#[test]
fn what_an_invariant_does_to_a_state_stays_with_it() {
    let source = "export default { initial: () => ({ n: 1 }), on: { E(state) { state.n += 1 } },\n\
                  invariants: {\n\
                    writes: (state) => { state.n = 100; return delete state.n },\n\
                    throws: (state) => { state.n = 7; throw new Error('no') },\n\
                    reads: (state) => state.n < 50,\n\
                  } }";
    for _ in 0..3 {
        let answers = asked(source, r#"{"n":2}"#);
        assert_eq!((&answers[0], &answers[2]), (&Ok(true), &Ok(true)));
        assert_eq!(answers[1].as_ref().unwrap_err().message, "Error: no");
    }
    let program = program(source);
    let (aside, state) = (program.aside(), Value::from_json(br#"{"n":2}"#, 4).unwrap());
    let list = events(&[("E", "{}"), ("E", "{}")]);
    let mut fold = Fold::new(&program, Detail::State).unwrap();
    fold.step(&list.batch.event(0), &list.names, None).unwrap();
    assert_eq!(aside.holds(&program.conditions()[0], &state), Ok(true));
    fold.step(&list.batch.event(1), &list.names, None).unwrap();
    assert_eq!(text(&fold.folded().unwrap().state), r#"{"n":3}"#);
}

#[test]
fn invariants_are_asked_by_several_threads_at_once() {
    let program = program("export default { on: {}, invariants: { even: (state) => state.n % 2 === 0 } }");
    let aside = program.aside();
    thread::scope(|threads| {
        for start in 0..4 {
            let (aside, condition) = (&aside, &program.conditions()[0]);
            threads.spawn(move || {
                for n in start..start + 50 {
                    let state = Value::from_json(format!(r#"{{"n":{n}}}"#).as_bytes(), 4).unwrap();
                    assert_eq!(aside.holds(condition, &state), Ok(n % 2 == 0));
                }
            });
        }
    });
}

#[test]
fn a_question_does_not_see_the_one_before() {
    let source = "let n = 0\nconst kept = []\n\
                  export default { on: {}, upcast: { E: { 1: () => ({ n: n += 1 }) } },\n\
                  invariants: {\n\
                    counts: () => { n += 1; return n === 1 },\n\
                    hoards: () => { kept.push(new Uint8Array(1 << 20)); return kept.length === 1 && n === 0 },\n\
                  } }";
    let program = program(source);
    let (aside, list) = (program.aside(), events(&[("E", "{}")]));
    for _ in 0..3 {
        for condition in program.conditions() {
            assert_eq!(aside.holds(condition, &Value::Null), Ok(true), "{}", condition.id);
        }
        let upcaster = &program.upcasters()[0];
        let made = aside.upcast(upcaster, &list.batch.event(0), b"order-1", b"E");
        assert_eq!(made.map(|made| text(&made)).as_deref(), Ok(r#"{"n":1}"#));
    }
}

#[test]
fn a_key_says_which_state_an_event_is_folded_into() {
    let source = "export default { initial: () => ({ n: 0 }), key: (event) => event.data.of,\n\
                  on: { E(state, { data }) { state.n += data.by }, M(state, event, meta) { return { user: meta.user } },\n\
                        Gone: null },\n\
                  invariants: { small: (state) => state.n < 5 } }";
    let (state, fault) = folded(
        &program(source),
        &events(&[
            ("E", r#"{"of":"a","by":2}"#),
            ("E", r#"{"of":7,"by":3}"#),
            ("E", r#"{"of":"a","by":1}"#),
            ("E", r#"{"by":100}"#),
            ("E", r#"{"of":null,"by":100}"#),
            ("E", r#"{"of":"__proto__","by":4}"#),
            ("M", r#"{"of":"m"}"#),
        ]),
    );
    assert_eq!(fault, None);
    assert_eq!(
        state,
        r#"{"7":{"n":3},"__proto__":{"n":4},"a":{"n":3},"m":{"user":"ada"}}"#
    );
    assert_eq!(asked(source, r#"{"a":{"n":3},"b":{"n":4}}"#), [Ok(true)]);
    assert_eq!(
        asked(source, r#"{"a":{"n":3},"b":{"n":5}}"#),
        [Ok(false)],
        "every state must meet it"
    );
    assert_eq!(asked(source, "{}"), [Ok(true)]);
    let (state, fault) = folded(
        &program(source),
        &events(&[("E", r#"{"of":"a","by":2}"#), ("E", r#"{"of":["a"],"by":2}"#)]),
    );
    let (moment, fault) = fault.unwrap();
    assert_eq!((state.as_str(), moment), (r#"{"a":{"n":2}}"#, 2));
    assert_eq!(
        (fault.code, fault.place),
        ("RF-HANDLER-THROW", None),
        "{}",
        fault.message
    );
}

#[test]
fn exports_that_are_none_are_refused() {
    for (member, word) in [
        ("invariants: []", "`invariants` must be an object"),
        ("invariants: () => true", "`invariants` must be an object"),
        ("invariants: null", "`invariants` must be an object"),
        ("invariants: { a: 'state.n > 0' }", "`invariants.a` must be a function"),
        (
            "invariants: { a: { holds: 1 } }",
            "`invariants.a.holds` must be a function",
        ),
        ("invariants: { a: { of: 1 } }", "unknown member `of`"),
        ("invariants: { a: async () => true }", "plain function"),
        ("invariants: { *a() {} }", "plain function"),
        (
            "invariants: { a: { holds() {}, severity: 'fatal' } }",
            "'error', 'warning' or 'notice'",
        ),
        ("invariants: { a: { holds() {}, title: 7 } }", "must be a text"),
        ("invariants: { get a() { throw new Error('no') } }", "Error: no"),
        ("upcast: []", "`upcast` must be an object"),
        ("upcast: { E: () => 1 }", "`upcast.E` must be an object"),
        ("upcast: { E: { v1: () => 1 } }", "a whole number"),
        ("upcast: { E: { '-1': () => 1 } }", "a whole number"),
        ("upcast: { E: { 1: 'rename' } }", "`upcast.E.1` must be a function"),
        ("upcast: { E: { 1: async () => 1 } }", "plain function"),
        ("key: 'id'", "`key` must be a function"),
        ("key: async () => 'a'", "plain function"),
    ] {
        let error = refusal(&format!("export default {{ on: {{}}, {member} }}"));
        assert_eq!(error.code, "RF-PKG-SCRIPT", "{member}: {error}");
        assert!(error.message.contains(word), "{member}: {error}");
    }
}

/// What an upcaster of this body makes of an event of type `E` with this payload.
fn made(body: &str, payload: &str) -> Result<String, HandlerFault> {
    let source = format!("export default {{ on: {{}}, upcast: {{ E: {{ 1: (data, event) => {{ {body} }} }} }} }}");
    let program = program(&source);
    let list = events(&[("E", payload)]);
    let upcaster = &program.upcasters()[0];
    assert_eq!((upcaster.event_type.as_slice(), upcaster.from), (&b"E"[..], 1));
    let made = program.aside().upcast(upcaster, &list.batch.event(0), b"order-1", b"E");
    made.map(|made| text(&made))
}

#[test]
fn an_upcaster_changes_the_data_or_returns_other() {
    assert_eq!(made("data.n = 1", r#"{"a":12.50}"#).unwrap(), r#"{"a":12.50,"n":1}"#);
    assert_eq!(
        made("return { b: data.a }", r#"{"a":9007199254740993}"#).unwrap(),
        r#"{"b":9007199254740993}"#
    );
    assert_eq!(made("return null", "{}").unwrap(), "null");
    assert_eq!(
        made(
            "return [{ type: 'A', data: event.version }, { type: event.type, data }]",
            "7"
        )
        .unwrap(),
        r#"[{"data":1,"type":"A"},{"data":7,"type":"E"}]"#
    );
    assert_eq!(
        made(
            "return { by: event.meta.user, at: event.time, of: event.stream, id: event.id }",
            "{}"
        )
        .unwrap(),
        r#"{"at":"2026-08-03T14:00:01.000Z","by":"ada","id":"id-1","of":"order-1"}"#
    );
}

/// Null drops an event, and a list is what it becomes: data that is one of them, and is left, must not be taken for that.
#[test]
fn data_that_is_null_or_a_list_is_left_as_it_is() {
    for body in ["", "return undefined"] {
        assert_eq!(made(body, "null").unwrap(), r#"[{"data":null,"type":"E"}]"#);
        assert_eq!(made(body, "[1,2.50]").unwrap(), r#"[{"data":[1,2.50],"type":"E"}]"#);
        assert_eq!(made(body, r#"{"a":null}"#).unwrap(), r#"{"a":null}"#);
        assert_eq!(made(body, "7").unwrap(), "7");
    }
    assert_eq!(
        made("data.push(3); return data", "[]").unwrap(),
        r#"[{"data":[3],"type":"E"}]"#
    );
    assert_eq!(made("return null", "null").unwrap(), "null");
    assert_eq!(made("return []", "[1]").unwrap(), "[]");
}

#[test]
fn an_upcaster_that_fails_says_where() {
    for (body, code) in [
        ("throw new Error('no')", "RF-HANDLER-THROW"),
        ("return data.a.b", "RF-HANDLER-THROW"),
        ("return () => data", "RF-STATE-UNSERIALIZABLE"),
        ("return event", "RF-STATE-UNSERIALIZABLE"),
        ("for (;;) {}", "RF-LIMIT-FUEL"),
    ] {
        assert_eq!(made(body, "{}").expect_err(body).code, code, "{body}");
    }
}

/// Far less than all of it takes, and far more than one event does on a machine that does much else.
const SOON: Duration = Duration::from_secs(10);

/// Its limits would stop it after a minute.
#[test]
fn a_script_that_loops_is_stopped_once_the_work_is_cancelled() {
    let endless = 100_000_000_000;
    let limits = GuestLimits {
        fuel: endless,
        load_fuel: endless,
        ..GuestLimits::DEFAULT
    };
    let program =
        load_with(&on_event("state.n = 1; for (;;) {}"), Dialect::Module, limits).unwrap_or_else(|it| panic!("{it}"));
    let list = events(&[("E", "{}"), ("Other", "{}")]);
    let mut fold = Fold::new(&program, Detail::State).unwrap();
    let (token, both) = (CancelToken::default(), Barrier::new(2));
    let started = Instant::now();
    let stepped = thread::scope(|threads| {
        threads.spawn(|| {
            both.wait();
            token.cancel();
        });
        let _heeds = heed_cancel(&token);
        both.wait();
        fold.step(&list.batch.event(0), &list.names, None)
    });
    assert!(matches!(stepped, Err(FoldError::Cancelled(_))), "{stepped:?}");
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    // It is no fault, and what is asked of the same fold later is right.
    assert_eq!(fold.moment(), Moment::START);
    fold.step(&list.batch.event(1), &list.names, None).unwrap();
    assert_eq!(text(&fold.folded().unwrap().state), "{}");
}

#[test]
fn loading_a_script_that_loops_is_cancelled_too() {
    let token = CancelToken::default();
    token.cancel();
    let _heeds = heed_cancel(&token);
    assert_eq!(refusal("for (;;) {}\nexport default { on: {} }").code, "cancelled");
}
