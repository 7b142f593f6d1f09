//! Handlers that mean harm, or are just wrong: each ends in its code within its limit, with the state before the event
//! and, where there is one, the line; and the next handler runs.

use super::*;
use crate::error::code;

/// Body of the rule, the code it ends in, and whether a line is known.
const STOPPED: &[(&str, &str, bool)] = &[
    // Work without end.
    ("for (;;) {}", "RF-LIMIT-FUEL", true),
    ("while (true) state.n = 1", "RF-LIMIT-FUEL", true),
    ("for (;;) { try { for (;;) {} } catch {} }", "RF-LIMIT-FUEL", true),
    (
        "for (;;) { try { throw 1 } catch {} finally { continue } }",
        "RF-LIMIT-FUEL",
        true,
    ),
    (
        "(function f() { try { f() } finally { f() } })()",
        "RF-LIMIT-FUEL",
        true,
    ),
    ("/^(a+)+$/.test('a'.repeat(40) + '!')", "RF-LIMIT-FUEL", true),
    ("/(?:(?:x*)*)*y/.exec('x'.repeat(5000))", "RF-LIMIT-FUEL", true),
    ("3n ** 600000n", "RF-LIMIT-FUEL", true),
    ("let b = 7n; for (;;) b *= b", "RF-LIMIT-FUEL", true),
    ("(2n ** 300000n).toString()", "RF-LIMIT-FUEL", true),
    ("({ get x() { for (;;) {} } }).x", "RF-LIMIT-FUEL", true),
    ("JSON.stringify({ toJSON() { for (;;) {} } })", "RF-LIMIT-FUEL", true),
    ("`${{ toString() { for (;;) {} } }}`", "RF-LIMIT-FUEL", true),
    ("+{ valueOf() { for (;;) {} } }", "RF-LIMIT-FUEL", true),
    (
        "[...{ [Symbol.iterator]() { return { next: () => ({ done: false }) } } }]",
        "RF-LIMIT-FUEL",
        true,
    ),
    ("[3, 1, 2].sort(() => { for (;;) {} })", "RF-LIMIT-FUEL", true),
    ("new Proxy({}, { get() { for (;;) {} } }).x", "RF-LIMIT-FUEL", true),
    ("throw { toString() { for (;;) {} } }", "RF-LIMIT-FUEL", true),
    (
        "const e = new Error(); Object.defineProperty(e, 'stack', { get() { for (;;) {} } }); throw e",
        "RF-LIMIT-FUEL",
        true,
    ),
    (
        "const a = []; for (let i = 0; ; i++) a.unshift(i)",
        "RF-LIMIT-FUEL",
        true,
    ),
    (
        "const b = new Uint8Array(50000000); for (;;) b.fill(1)",
        "RF-LIMIT-FUEL",
        true,
    ),
    (
        "const b = new Uint8Array(20000000); for (;;) b.copyWithin(1, 0)",
        "RF-LIMIT-FUEL",
        true,
    ),
    (
        "'a'.repeat(1000000).split('').sort().reverse().join().split('')",
        "RF-LIMIT-FUEL",
        true,
    ),
    ("Array.from({ length: 1e9 })", "RF-LIMIT-FUEL", true),
    ("new Array(4294967295).fill(0)", "RF-LIMIT-FUEL", true),
    ("[].concat(...Array(50).fill(Array(1e6)))", "RF-LIMIT-FUEL", true),
    ("let s = 'x'; for (;;) s.localeCompare(s + 'y')", "RF-LIMIT-FUEL", true),
    ("for (;;) new Date().toLocaleString()", "RF-LIMIT-FUEL", true),
    (
        "function* g() { for (;;) yield 1 } for (const x of g()) {}",
        "RF-LIMIT-FUEL",
        true,
    ),
    // Memory without end.
    (
        "const a = []; for (;;) a.push(new Uint8Array(1 << 20))",
        "RF-LIMIT-FUEL",
        true,
    ),
    ("new ArrayBuffer(1 << 30)", "RF-LIMIT-MEMORY", true),
    ("new Float64Array(1e8)", "RF-LIMIT-MEMORY", true),
    ("'x'.repeat(500000000)", "RF-LIMIT-MEMORY", true),
    ("'ab'.padEnd(400000000, 'cd')", "RF-LIMIT-MEMORY", true),
    (
        "try { 'x'.repeat(500000000) } catch {} state.hidden = 1",
        "RF-LIMIT-MEMORY",
        true,
    ),
    (
        "for (;;) { try { new ArrayBuffer(1 << 30) } catch {} }",
        "RF-LIMIT-MEMORY",
        true,
    ),
    // Recursion.
    ("(function f() { f() })()", "RF-LIMIT-STACK", true),
    ("(function f(a) { return 1 + f([a, 1]) })([])", "RF-LIMIT-STACK", true),
    ("const o = { get x() { return this.x } }; o.x", "RF-LIMIT-STACK", true),
    (
        "const o = { toString() { return `${this}` } }; `${o}`",
        "RF-LIMIT-STACK",
        true,
    ),
    (
        "let p = {}; for (let i = 0; i < 4000; i++) p = new Proxy(p, {}); p.x",
        "RF-LIMIT-STACK",
        true,
    ),
    (
        "let f = () => 1; for (let i = 0; i < 4000; i++) { const g = f; f = g.bind(null) } f()",
        "RF-LIMIT-FUEL",
        true,
    ),
    ("JSON.parse('['.repeat(100000))", "RF-LIMIT-STACK", true),
    (
        "let a = []; for (let i = 0; i < 4000; i++) a = [a]; JSON.stringify(a)",
        "RF-LIMIT-FUEL",
        true,
    ),
    // Text that would become code.
    ("eval('1')", "RF-HANDLER-THROW", true),
    ("(0, eval)('1')", "RF-HANDLER-THROW", true),
    ("new Function('return 1')()", "RF-HANDLER-THROW", true),
    ("(() => {}).constructor('return 1')()", "RF-HANDLER-THROW", true),
    ("(function* () {}).constructor('yield 1')()", "RF-HANDLER-THROW", true),
    ("(async () => {}).constructor('return 1')()", "RF-HANDLER-THROW", true),
    // What is not there.
    ("setTimeout(() => {}, 1)", "RF-HANDLER-THROW", true),
    ("queueMicrotask(() => {})", "RF-HANDLER-THROW", true),
    ("fetch('http://127.0.0.1')", "RF-HANDLER-THROW", true),
    ("require('fs')", "RF-HANDLER-THROW", true),
    ("process.exit(1)", "RF-HANDLER-THROW", true),
    ("performance.now()", "RF-HANDLER-THROW", true),
    ("new WeakRef({})", "RF-HANDLER-THROW", true),
    ("new FinalizationRegistry(() => {})", "RF-HANDLER-THROW", true),
    ("new SharedArrayBuffer(8)", "RF-HANDLER-THROW", true),
    ("Atomics.wait(new Int32Array(8), 0, 0)", "RF-HANDLER-THROW", true),
    ("std.exit(1)", "RF-HANDLER-THROW", true),
    ("os.exec(['sh'])", "RF-HANDLER-THROW", true),
    // States that are none.
    ("return (async () => ({ n: 1 }))()", "RF-STATE-UNSERIALIZABLE", false),
    ("return import('fs')", "RF-STATE-UNSERIALIZABLE", false),
    ("state.f = () => 1", "RF-STATE-UNSERIALIZABLE", false),
    ("state.s = Symbol('s')", "RF-STATE-UNSERIALIZABLE", false),
    ("state.n = NaN", "RF-STATE-UNSERIALIZABLE", false),
    ("state.n = 1 / 0", "RF-STATE-UNSERIALIZABLE", false),
    ("state.m = new Map()", "RF-STATE-UNSERIALIZABLE", false),
    ("state.d = new Date()", "RF-STATE-UNSERIALIZABLE", false),
    (
        "state.p = new Proxy({}, { ownKeys() { for (;;) {} } })",
        "RF-STATE-UNSERIALIZABLE",
        false,
    ),
    (
        "Object.defineProperty(state, 'y', { enumerable: true, get() { for (;;) {} } })",
        "RF-STATE-UNSERIALIZABLE",
        false,
    ),
    (
        "state.l = [1]; Object.defineProperty(state.l, 2, { get() { for (;;) {} } })",
        "RF-STATE-UNSERIALIZABLE",
        false,
    ),
    ("state.me = state", "RF-STATE-UNSERIALIZABLE", false),
    ("return new Proxy({}, {})", "RF-STATE-UNSERIALIZABLE", false),
    (
        "let a = state; for (let i = 0; i < 70; i++) a = a.x = {}",
        "RF-LIMIT-DEPTH",
        false,
    ),
    (
        "const s = 'x'.repeat(1024).repeat(64); state.l = Array(270).fill(s)",
        "RF-LIMIT-STATE",
        false,
    ),
    (
        "const s = '\\u0001'.repeat(1 << 19); state.l = Array(6).fill(s)",
        "RF-LIMIT-STATE",
        false,
    ),
    ("state.l = []; state.l.length = 4294967295", "RF-LIMIT-STATE", false),
];

#[test]
fn each_ends_in_its_code_and_the_next_one_runs() {
    let mut wrong = Vec::new();
    for (body, code, has_place) in STOPPED {
        let fault = fault_of(body);
        if fault.code != *code || fault.place.is_some() != *has_place {
            wrong.push(format!("{body}: {fault} at {:?}, not {code}", fault.place));
        }
        assert_eq!(state_of("state.n = 1", "{}"), r#"{"n":1}"#, "after {body}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the handler did before it failed is undone, whether it threw or was stopped by force.
#[test]
fn the_state_is_the_one_before_the_event() {
    for end in [
        "throw 1",
        "for (;;) {}",
        "new ArrayBuffer(1 << 30)",
        "(function f() { f() })()",
        "state.n = NaN",
    ] {
        let source = on_event(&format!(
            "state.n = (state.n ?? 0) + event.data; state.list = [state]; delete state.list; if (event.data > 4) {{ state.x = 1; {end} }}"
        ));
        let list = events(&[("E", "1"), ("E", "2"), ("E", "5"), ("E", "1")]);
        let (state, fault) = folded(&program(&source), &list);
        assert_eq!(state, r#"{"n":3}"#, "{end}");
        assert_eq!(fault.map(|(moment, _)| moment), Some(3), "{end}");
    }
}

/// An instance goes on after a fault: the fold does not ask it to, but the port allows it.
#[test]
fn an_instance_can_go_on_after_a_fault() {
    let program = program(&on_event(
        "state.n = (state.n ?? 0) + 1; if (event.data === 'stop') for (;;) {} if (event.data === 'throw') throw 1",
    ));
    let list = events(&[
        ("E", "1"),
        ("E", "\"stop\""),
        ("E", "2"),
        ("E", "\"throw\""),
        ("E", "3"),
    ]);
    let mut instance = program.start();
    for row in 0..list.batch.len() {
        let outcome = instance.apply(&list.batch.event(row), &list.names, &mut Written::off());
        assert_eq!(outcome.is_err(), row % 2 == 1);
    }
    assert_eq!(text(&instance.state().unwrap()), r#"{"n":3}"#);
}

/// What one handler does to objects that all share stays in its guest.
#[test]
fn prototypes_of_one_handler_are_not_those_of_another() {
    let dirty = program(&on_event(
        "Object.prototype.evil = 1; Array.prototype.push = () => { throw 1 }; Object.defineProperty(Object.prototype, 'n', { set() {} })",
    ));
    folded(&dirty, &events(&[("E", "{}")]));
    assert_eq!(
        state_of(
            "state.l = []; state.l.push(state.evil === undefined); state.n = 1",
            "{}"
        ),
        r#"{"l":[true],"n":1}"#
    );
}

/// What a handler does to shared objects does not reach how payloads are read and states are written.
#[test]
fn reading_and_writing_do_not_run_what_a_handler_left_on_prototypes() {
    let body = "Object.defineProperty(Object.prototype, 'a', { configurable: true, set() { throw 1 } }); Object.prototype.toJSON = () => 'x'; Array.prototype.toJSON = () => 'y'; if (event.data.a) return event.data";
    let (state, fault) = folded(
        &program(&on_event(body)),
        &events(&[("E", "{}"), ("E", r#"{"a":[1]}"#)]),
    );
    assert_eq!((state.as_str(), fault), (r#"{"a":[1]}"#, None));
}

/// A sum is written when the state is looked at, and not before.
#[test]
fn looking_at_a_decimal_does_not_run_what_a_handler_left_on_prototypes() {
    let body = "for (const it of [String.prototype, BigInt.prototype, Object.prototype, Number.prototype]) \
                for (const name of ['padStart', 'slice', 'toString', 'valueOf']) \
                it[name] = () => { throw 1 }; \
                state.sum = decimal(12.50).plus(0.25).minus(decimal(100))";
    let (state, fault) = folded(&program(&on_event(body)), &events(&[("E", "{}")]));
    assert_eq!((state.as_str(), fault), (r#"{"sum":-87.25}"#, None));
}

#[test]
fn a_payload_has_a_greatest_size() {
    let limits = GuestLimits {
        payload_bytes: 10,
        ..GuestLimits::DEFAULT
    };
    let program = load_with(&on_event(""), Dialect::Module, limits).unwrap_or_else(|error| panic!("{error}"));
    let (_, fault) = folded(&program, &events(&[("E", "[1,2,3,4,5,6]")]));
    assert_eq!(fault.unwrap().1.code, "RF-EVENT-SIZE");
}

/// The stack of a thread that the standard library starts is large enough for the deepest recursion.
#[test]
fn recursion_ends_in_order_on_a_thread_of_two_mebibytes() {
    let thread = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(|| fault_of("(function f() { f() })()").code);
    assert_eq!(thread.unwrap().join().unwrap(), "RF-LIMIT-STACK");
}

/// A text that grows is more work than any event may take long before it is more memory.
#[test]
fn what_grows_too_large_is_told_of_texts_and_lists_with_its_line() {
    for (body, code, called) in [
        ("state.x = 'x'.repeat(1e9)", code::LIMIT_MEMORY, ""),
        ("state.x = 'x'.repeat(1e8)", code::LIMIT_FUEL, "repeat(…)"),
        ("state.x = 1; state.y = 'x'.repeat(1e7)", code::LIMIT_FUEL, "repeat(…)"),
        ("state.x = new Array(1e9).fill(1)", code::LIMIT_FUEL, "fill(…)"),
        ("state.x = Array.from({ length: 1e9 })", code::LIMIT_FUEL, "from(…)"),
        ("let s = 'x'; while (true) s += s", code::HANDLER_THROW, "too long"),
    ] {
        let fault = fault_of(body);
        assert_eq!(fault.code, code, "{body}: {fault:?}");
        assert!(
            fault.message.contains("build smaller texts and lists"),
            "{body}: {fault:?}"
        );
        assert!(fault.message.contains(called), "{body}: {fault:?}");
        assert!(!fault.message.contains("loop"), "{body}: {fault:?}");
        assert!(
            fault.place.is_some_and(|place| place.starts_with("handler.js:1:")),
            "{body}"
        );
    }
    let endless = fault_of("while (true) {}");
    assert_eq!(endless.code, code::LIMIT_FUEL);
    assert!(
        endless.message.contains("look for a loop that does not end"),
        "{endless:?}"
    );
    let loading = refusal("const big = 'x'.repeat(1e8); export default { initial: () => ({}), on: {} }");
    assert_eq!(loading.code, code::LIMIT_COMPILE);
    assert!(loading.message.contains("build smaller texts and lists"), "{loading:?}");
}
