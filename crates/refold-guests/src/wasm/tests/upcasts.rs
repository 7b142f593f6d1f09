//! Modules that bring upcasters along.

use refold_core::port::handler::HandlerFault;

use super::Counter;
use crate::Upcasts as _;
use crate::tests::{events, text};

/// An address and a length as a module gives them.
fn packed(at: i64, length: usize) -> i64 {
    at << 32 | length as i64
}

/// A module that says it has these upcasters, and does this for each.
fn upcasting(list: &str, upcast: &str) -> Counter {
    let quoted = list.replace('"', "\\\"");
    let said = packed(128, list.len());
    Counter {
        more: format!(
            r#"(data (i32.const 128) "{quoted}")
               (global $start (mut i32) (i32.const 0)) (global $size (mut i32) (i32.const 0))
               (func (export "refold_upcasters") (result i64) i64.const {said})
               (func (export "refold_upcast") (param $at i32) (param $length i32) (result i64) {upcast})"#
        ),
        ..Counter::default()
    }
}

/// What its first upcaster makes of an event with this payload.
fn made(module: &Counter, payload: &str) -> Result<String, HandlerFault> {
    let program = module.program();
    let list = events(&[("E", payload)]);
    let upcaster = &program.upcasters()[0];
    let made = program.aside().upcast(upcaster, &list.batch.event(0), b"order-1", b"E");
    made.map(|made| text(&made))
}

/// The version stands before the record, and the payload is the last text of it.
const ECHO: &str = "local.get $at i32.load i32.const 7 i32.ne if unreachable end
    local.get $at i32.load offset=68 global.set $size
    local.get $at i32.const 72 i32.add
    local.get $at i32.load offset=48 i32.add
    local.get $at i32.load offset=52 i32.add
    local.get $at i32.load offset=56 i32.add
    local.get $at i32.load offset=60 i32.add
    local.get $at i32.load offset=64 i32.add
    global.set $start
    global.get $start i64.extend_i32_u i64.const 32 i64.shl global.get $size i64.extend_i32_u i64.or";

#[test]
fn a_module_says_its_upcasters_and_is_given_the_event() {
    let module = upcasting(r#"[["E",7],["OrderPlaced",1]]"#, ECHO);
    let program = module.program();
    let steps: Vec<_> = program
        .upcasters()
        .iter()
        .map(|it| (it.event_type.as_slice(), it.from))
        .collect();
    assert_eq!(steps, [(&b"E"[..], 7), (b"OrderPlaced", 1)]);
    let payload = r#"{"id":9007199254740993,"price":12.50}"#;
    for _ in 0..3 {
        assert_eq!(made(&module, payload).as_deref(), Ok(payload));
    }
    assert!(Counter::default().program().upcasters().is_empty());
}

#[test]
fn a_question_does_not_see_the_one_before() {
    let list = r#"[["E",1]]"#;
    let said = packed(128, list.len());
    let counts = format!(
        "global.get $start i32.const 1 i32.add global.set $start
         global.get $start i32.const 1 i32.ne if unreachable end
         i64.const {said}"
    );
    let program = upcasting(list, &counts).program();
    let (aside, stored) = (program.aside(), events(&[("E", "{}")]));
    for _ in 0..3 {
        let upcaster = &program.upcasters()[0];
        let made = aside.upcast(upcaster, &stored.batch.event(0), b"order-1", b"E");
        assert_eq!(made.map(|made| text(&made)).as_deref(), Ok(list));
    }
}

#[test]
fn both_exports_are_there_or_neither() {
    let alone = [
        ("refold_upcast", "(param i32 i32) (result i64) i64.const 0"),
        ("refold_upcasters", "(result i64) i64.const 0"),
    ];
    for (name, body) in alone {
        let module = Counter {
            more: format!(r#"(func (export "{name}") {body})"#),
            ..Counter::default()
        };
        assert_eq!(module.refusal().code, "RF-WASM-EXPORT", "{name}");
    }
    let other = Counter {
        more: r#"(func (export "refold_upcasters") (result i32) i32.const 0)
                 (func (export "refold_upcast") (param i32 i32) (result i64) i64.const 0)"#
            .to_owned(),
        ..Counter::default()
    };
    assert_eq!(
        other.refusal().message,
        "`refold_upcasters` must be () -> i64, and is () -> i32"
    );
}

#[test]
fn a_list_that_is_none_is_refused() {
    for list in [
        "{}",
        "7",
        "[",
        "[7]",
        "[[]]",
        r#"["E"]"#,
        r#"[["E"]]"#,
        r#"[[1,"E"]]"#,
        r#"[["E",1,2]]"#,
        r#"[["E",-1]]"#,
        r#"[["E",1.5]]"#,
        r#"[["E",4294967296]]"#,
        r#"[[["E"],1]]"#,
    ] {
        assert_eq!(upcasting(list, "i64.const 0").refusal().code, "RF-WASM-ABI", "{list}");
    }
    let outside = format!("i64.const {}", packed(1 << 30, 8));
    let module = Counter {
        more: format!(
            r#"(func (export "refold_upcasters") (result i64) {outside})
               (func (export "refold_upcast") (param i32 i32) (result i64) i64.const 0)"#
        ),
        ..Counter::default()
    };
    assert_eq!(module.refusal().code, "RF-WASM-ABI");
    let endless = Counter {
        more: r#"(func (export "refold_upcasters") (result i64) (loop br 0) unreachable)
                 (func (export "refold_upcast") (param i32 i32) (result i64) i64.const 0)"#
            .to_owned(),
        ..Counter::default()
    };
    assert_eq!(endless.refusal().code, "RF-LIMIT-COMPILE");
}

#[test]
fn hostile_upcasters_end_in_an_error() {
    for (upcast, code) in [
        ("i64.const 0".to_owned(), "RF-HANDLER-THROW"),
        ("unreachable".to_owned(), "RF-HANDLER-THROW"),
        ("(loop br 0) unreachable".to_owned(), "RF-LIMIT-FUEL"),
        (format!("i64.const {}", packed(1 << 30, 8)), "RF-WASM-ABI"),
        (format!("i64.const {}", packed(-8, 16)), "RF-WASM-ABI"),
        ("i64.const -1".to_owned(), "RF-EVENT-SIZE"),
        (format!("i64.const {}", packed(129, 3)), "RF-HANDLER-TYPE"),
        (
            "i32.const 100000 memory.grow drop (loop br 0) unreachable".to_owned(),
            "RF-LIMIT-MEMORY",
        ),
    ] {
        let fault = made(&upcasting(r#"[["E",1]]"#, &upcast), "{}").expect_err(&upcast);
        assert_eq!(fault.code, code, "{upcast}: {fault}");
    }
}
