//! Modules that mean harm, or are just wrong: each ends in its code within its limit, with the state before the event;
//! and the next handler runs.

use refold_core::port::handler::{HandlerProgram as _, Written};

use super::{COUNT, Counter, applying, load, refusal};
use crate::tests::{events, folded, text};

const IMPORTS: &str = r#"
    (import "refold" "log" (func $log (param i32 i32)))
    (import "refold" "emit" (func $emit (param i32 i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))"#;

const MORE: &str = r#"
    (table $table 1 funcref)
    (elem declare func $forever)
    (func $forever (result i64) (loop $l br $l) unreachable)
    (func $deep (param i32) (result i32) local.get 0 i32.const 1 i32.add call $deep i32.const 1 i32.add)
    (data (i32.const 64) "\00\00\00\00\01\00\00\00\00")
    (data (i32.const 96) "\01\00\00\00\00\00\00\00\01\00\00\00\03\00\00\00Xbad")
    (data (i32.const 128) "\01\00\00\00\01\00\00\00\00")
    (data (i32.const 160) "\00\00\00\00\ff\ff\ff\ff\00")
    (data (i32.const 192) "\01\00\00\00\00\00\00\00\ff\ff\ff\ff\00\00\00\00")
    (data (i32.const 224) "\02\00\00\00\01\00\00\00\00")
    (data (i32.const 256) "\00\00\00\00\01\00\00\00\09")
    (data (i32.const 288) "\00\00\00\00\00\00\00\00")
    (data (i32.const 320) "\00\00\00\00\ff\ff\ff\7f")"#;

/// Where a result lies, as `refold_apply` gives it.
fn at(address: u64, length: u64) -> String {
    format!("i64.const {}", (address << 32 | length) as i64)
}

#[test]
fn each_event_ends_in_its_code_and_the_next_handler_runs() {
    let fixed = |apply: &str| apply.to_owned();
    let cases: Vec<(String, &str)> = vec![
        // Work without end.
        (fixed("(loop $l br $l) unreachable"), "RF-LIMIT-FUEL"),
        (fixed("call $forever"), "RF-LIMIT-FUEL"),
        (fixed("(loop $l call $yield drop br $l) unreachable"), "RF-LIMIT-FUEL"),
        (
            fixed("(loop $l i32.const 0 i64.const 0 i32.const 8 call $clock drop br $l) unreachable"),
            "RF-LIMIT-FUEL",
        ),
        (
            fixed("(loop $l i32.const 0 i32.const 65536 call $random drop br $l) unreachable"),
            "RF-LIMIT-FUEL",
        ),
        // What copies or fills much costs as much.
        (
            fixed("(loop $l i32.const 0 i32.const 0 i32.const 500000 memory.fill br $l) unreachable"),
            "RF-LIMIT-FUEL",
        ),
        (
            fixed("(loop $l i32.const 0 i32.const 8 i32.const 500000 memory.copy br $l) unreachable"),
            "RF-LIMIT-FUEL",
        ),
        (
            fixed("(loop $l i32.const 0 memory.grow drop br $l) unreachable"),
            "RF-LIMIT-FUEL",
        ),
        (
            fixed("(loop $l i32.const 0 ref.null func i32.const 1 table.fill $table br $l) unreachable"),
            "RF-LIMIT-FUEL",
        ),
        // Memory without end; a refusal cannot be caught.
        (fixed("i32.const 65000 memory.grow drop i64.const 0"), "RF-LIMIT-MEMORY"),
        (fixed("i32.const -1 memory.grow drop i64.const 0"), "RF-LIMIT-MEMORY"),
        (
            fixed("(loop $l i32.const 16 memory.grow drop br $l) unreachable"),
            "RF-LIMIT-MEMORY",
        ),
        (
            fixed("ref.null func i32.const 70000 table.grow $table drop i64.const 0"),
            "RF-LIMIT-MEMORY",
        ),
        (
            fixed("(loop $l ref.func $forever i32.const 1000 table.grow $table drop br $l) unreachable"),
            "RF-LIMIT-MEMORY",
        ),
        // Recursion.
        (fixed("i32.const 0 call $deep drop i64.const 0"), "RF-LIMIT-STACK"),
        (
            fixed("local.get $at local.get $length call $apply i64.const 1 i64.add"),
            "RF-LIMIT-STACK",
        ),
        // Traps.
        (fixed("unreachable"), "RF-HANDLER-THROW"),
        (
            fixed("i32.const 1 i32.const 0 i32.div_u drop i64.const 0"),
            "RF-HANDLER-THROW",
        ),
        (
            fixed("i32.const 0x80000000 i32.const -1 i32.div_s drop i64.const 0"),
            "RF-HANDLER-THROW",
        ),
        (
            fixed("f64.const nan i32.trunc_f64_s drop i64.const 0"),
            "RF-HANDLER-THROW",
        ),
        (fixed("i32.const -4 i32.load drop i64.const 0"), "RF-HANDLER-THROW"),
        (
            fixed("i32.const 0 i32.const 0 i32.store offset=0xffffffff i64.const 0"),
            "RF-HANDLER-THROW",
        ),
        (
            fixed("i32.const 600000 i32.const 0 i32.const 9 memory.copy i64.const 0"),
            "RF-HANDLER-THROW",
        ),
        (
            fixed("i32.const 0 call_indirect $table (result i64)"),
            "RF-HANDLER-THROW",
        ),
        (
            fixed("i32.const 99 call_indirect $table (result i64)"),
            "RF-HANDLER-THROW",
        ),
        (fixed("i32.const 7 call $exit unreachable"), "RF-HANDLER-THROW"),
        // What it says of itself.
        (at(96, 20), "RF-HANDLER-THROW"),
        // Replies that do not hold together.
        (at(64, 8), "RF-WASM-ABI"),
        (at(64, 10), "RF-WASM-ABI"),
        (at(64, 0), "RF-WASM-ABI"),
        (at(128, 9), "RF-WASM-ABI"),
        (at(160, 9), "RF-WASM-ABI"),
        (at(192, 16), "RF-WASM-ABI"),
        (at(224, 9), "RF-WASM-ABI"),
        (at(256, 9), "RF-WASM-ABI"),
        (at(288, 8), "RF-WASM-ABI"),
        (at(320, 8), "RF-WASM-ABI"),
        (at(524_280, 9), "RF-WASM-ABI"),
        (at(0xffff_fff0, 32), "RF-WASM-ABI"),
        (at(0, 0xffff_ffff), "RF-WASM-ABI"),
        (at(64, 0x8000_0000), "RF-WASM-ABI"),
        (fixed("i64.const -1"), "RF-WASM-ABI"),
        // Calls of ours with what lies elsewhere, or is too much.
        (fixed("i32.const -8 i32.const 16 call $log i64.const 0"), "RF-WASM-ABI"),
        (fixed("i32.const 0 i32.const -1 call $log i64.const 0"), "RF-LIMIT-FUEL"),
        (
            fixed("i32.const 524288 i32.const 1 call $emit i64.const 0"),
            "RF-WASM-ABI",
        ),
        (
            fixed("i32.const 524287 i32.const 8 call $random drop i64.const 0"),
            "RF-WASM-ABI",
        ),
        (
            fixed("i32.const 0 i64.const 0 i32.const -4 call $clock drop i64.const 0"),
            "RF-WASM-ABI",
        ),
        (
            fixed("i32.const 1 i32.const -8 i32.const 4 i32.const 0 call $write drop i64.const 0"),
            "RF-WASM-ABI",
        ),
        (
            fixed("i32.const 64 i32.const 9 call $emit i64.const 0"),
            "RF-HANDLER-TYPE",
        ),
        (
            fixed("(loop $l i32.const 64 i32.const 9 call $log br $l) unreachable"),
            "RF-LIMIT-OUTPUT",
        ),
        (
            fixed("(loop $l i32.const 64 i32.const 0 call $log br $l) unreachable"),
            "RF-LIMIT-OUTPUT",
        ),
        (
            fixed("i32.const 0 i32.const 500000 call $log i64.const 0"),
            "RF-LIMIT-OUTPUT",
        ),
        (
            format!("{EMIT_TEXT} (loop $l i32.const 400 i32.const 12 call $emit br $l) unreachable"),
            "RF-LIMIT-OUTPUT",
        ),
    ];
    let mut wrong = Vec::new();
    let next = Counter::default().program();
    for (apply, code) in &cases {
        let hostile = Counter {
            imports: IMPORTS,
            more: MORE.to_owned(),
            // What it did to its state before is undone.
            ..applying(&format!("{COUNT} {apply}"))
        };
        let fault = hostile.fault();
        if fault.code != *code {
            wrong.push(format!("{apply}: {fault}, not {code}"));
        }
        let state = folded(&next, &events(&[("E", "{}")]));
        assert_eq!(state, (r#"{"n":1}"#.to_owned(), None), "after {apply}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Writes `{"type":"E"}` at 400.
const EMIT_TEXT: &str =
    "i32.const 400 i64.const 0x3a2265707974227b i64.store i32.const 408 i32.const 0x7d224522 i32.store";

#[test]
fn a_trap_is_told_with_the_function_and_what_was_logged_last() {
    let panicking = Counter {
        imports: IMPORTS,
        more: r#"(data (i32.const 500) "panicked at 'no price', order.rs:7:9\n")
                 (func $fold_item i32.const 500 i32.const 37 call $log unreachable)"#
            .to_owned(),
        ..applying("call $fold_item i64.const 0")
    };
    let fault = panicking.fault();
    assert!(
        fault.message.ends_with("panicked at 'no price', order.rs:7:9"),
        "{fault}"
    );
    assert_eq!(fault.place.as_deref(), Some("handler.wasm: fold_item"));
}

#[test]
fn a_module_that_cannot_be_loaded_says_why() {
    let with = |more: &str| Counter {
        more: more.to_owned(),
        ..Counter::default()
    };
    let importing = |imports: &'static str| Counter {
        imports,
        ..Counter::default()
    };
    let cases: Vec<(Counter, &str, &str)> = vec![
        (
            importing(r#"(import "env" "abort" (func))"#),
            "RF-WASM-IMPORT",
            "env::abort",
        ),
        (
            importing(r#"(import "refold" "file" (func))"#),
            "RF-WASM-IMPORT",
            "refold::file",
        ),
        (
            importing(r#"(import "refold" "log" (func))"#),
            "RF-WASM-IMPORT",
            "refold::log",
        ),
        (
            importing(r#"(import "env" "g" (global i32))"#),
            "RF-WASM-IMPORT",
            "env::g",
        ),
        (
            importing(r#"(import "env" "t" (table 1 funcref))"#),
            "RF-WASM-IMPORT",
            "env::t",
        ),
        (
            importing(r#"(import "wasi_snapshot_preview1" "exec" (func (result i32)))"#),
            "RF-WASM-IMPORT",
            "exec",
        ),
        (
            importing(r#"(import "wasi_snapshot_preview1" "fd_write" (func (result i32)))"#),
            "RF-WASM-IMPORT",
            "fd_write",
        ),
        (
            importing(r#"(import "wasi_snapshot_preview1" "path_open" (func (result i64)))"#),
            "RF-WASM-IMPORT",
            "path_open",
        ),
        (
            with(r#"(func (export "refold_upcast") (param i32 i32) (result i64) i64.const 0)"#),
            "RF-WASM-EXPORT",
            "refold_upcast",
        ),
        (
            with("(func $forever (loop $l br $l)) (start $forever)"),
            "RF-LIMIT-COMPILE",
            "before the first event",
        ),
        (
            with(r#"(func (export "_initialize") (loop $l br $l))"#),
            "RF-LIMIT-COMPILE",
            "before the first event",
        ),
        (
            with("(func $trap unreachable) (start $trap)"),
            "RF-HANDLER-THROW",
            "unreachable",
        ),
        (
            with("(func $deep call $deep) (start $deep)"),
            "RF-LIMIT-STACK",
            "recursion",
        ),
        (with("(table 70000 funcref)"), "RF-LIMIT-MEMORY", "table"),
        (with("(func $f (param externref))"), "RF-PKG-WASM", ""),
        (
            with("(func $f (result v128) v128.const i64x2 0 0)"),
            "RF-PKG-WASM",
            "SIMD",
        ),
        (with("(memory 1)"), "RF-PKG-WASM", "memor"),
        (with(r#"(data (i32.const 600000) "x")"#), "RF-HANDLER-THROW", "memory"),
        (
            Counter {
                version: 2,
                ..Counter::default()
            },
            "RF-WASM-ABI",
            "refold-abi/2",
        ),
        // Memory that begins where it must not, or is not there.
        (
            Counter {
                alloc: "i32.const 65537",
                ..Counter::default()
            },
            "RF-WASM-ABI",
            "multiple of 8",
        ),
        (
            Counter {
                alloc: "i32.const 0",
                ..Counter::default()
            },
            "RF-WASM-ABI",
            "not 0",
        ),
        (
            Counter {
                alloc: "i32.const -8",
                ..Counter::default()
            },
            "RF-WASM-ABI",
            "outside",
        ),
        (
            Counter {
                alloc: "i32.const 524280",
                ..Counter::default()
            },
            "RF-WASM-ABI",
            "outside",
        ),
        (
            Counter {
                alloc: "(loop $l br $l) unreachable",
                ..Counter::default()
            },
            "RF-LIMIT-COMPILE",
            "before the first event",
        ),
    ];
    for (counter, code, words) in cases {
        let error = counter.refusal();
        assert_eq!(error.code, code, "{error}, for {:.200}", counter.more);
        assert!(error.message.contains(words), "{words}: {error}");
    }
}

/// Each of what must be exported is missed by name, and wanted by its type.
#[test]
fn exports_that_are_missing_or_of_another_type_are_named() {
    let whole = Counter::default().wasm();
    for name in [
        "refold_abi_version",
        "refold_alloc",
        "refold_free",
        "refold_init",
        "refold_apply",
        "refold_state",
        "refold_load",
        "refold_reset",
        "memory",
    ] {
        // The name stands once, in the list of exports.
        let place = whole.windows(name.len()).position(|it| it == name.as_bytes()).unwrap();
        let mut without = whole.clone();
        without[place] = b'x';
        let error = refusal(&without);
        assert_eq!(error.code, "RF-WASM-EXPORT");
        assert!(error.message.contains(name), "{error}");
    }
    let odd = wat::parse_str(
        r#"(module (memory (export "memory") 1) (func (export "refold_abi_version") (param i64) (result i32) i32.const 1))"#,
    );
    let error = refusal(&odd.unwrap());
    assert_eq!(
        error.message,
        "`refold_abi_version` must be () -> i32, and is (i64) -> i32"
    );
    let odd = wat::parse_str(
        r#"(module (memory (export "memory") 1) (global (export "refold_abi_version") i32 (i32.const 1)))"#,
    );
    assert_eq!(refusal(&odd.unwrap()).code, "RF-WASM-EXPORT");
    let small = wat::parse_str(r#"(module (memory (export "memory") 65536))"#).unwrap();
    assert_eq!(refusal(&small).code, "RF-WASM-EXPORT");
}

#[test]
fn what_is_no_module_is_refused_and_compiled_code_above_all() {
    for (bytes, words) in [
        (&b""[..], "no WebAssembly module"),
        (b"(module)", "no WebAssembly module"),
        (b"\x7fELF\x02\x01\x01", ".cwasm"),
        (b"\0asm\x0d\0\x01\0", "component"),
        (b"\0asm\x02\0\0\0", "no WebAssembly module"),
        (b"\0asm\x01\0\0\0\x01\xff\xff\xff\xff", "cannot be compiled"),
    ] {
        let error = refusal(bytes);
        assert_eq!(error.code, "RF-PKG-WASM");
        assert!(error.message.contains(words), "{error}");
    }
    // What wasmtime itself would take.
    let engine = crate::engine::engine().unwrap();
    let code = engine.precompile_module(&Counter::default().wasm()).unwrap();
    assert!(refusal(&code).message.contains(".cwasm"));
}

/// States that are none: no JSON, of another place, too long, too deep, made without end.
#[test]
fn a_state_that_cannot_be_had_is_a_fault_of_its_own() {
    let deep = format!(r#"(data (i32.const 1000) "{}{}")"#, "[".repeat(65), "]".repeat(65));
    let cases = [
        ("i64.const 0".to_owned(), "RF-STATE-UNSERIALIZABLE"),
        (at(16, 6), "RF-STATE-UNSERIALIZABLE"),
        (at(17, 7), "RF-STATE-UNSERIALIZABLE"),
        (at(16, 9), "RF-STATE-UNSERIALIZABLE"),
        (at(1000, 130), "RF-LIMIT-DEPTH"),
        (at(16, 0xffff_ffff), "RF-LIMIT-STATE"),
        (at(16, 600_000), "RF-WASM-ABI"),
        (at(0xffff_ffff, 7), "RF-WASM-ABI"),
        ("unreachable".to_owned(), "RF-HANDLER-THROW"),
        ("(loop $l br $l) unreachable".to_owned(), "RF-LIMIT-COMPILE"),
        (
            "i32.const 65000 memory.grow drop i64.const 0".to_owned(),
            "RF-LIMIT-MEMORY",
        ),
    ];
    for (state, code) in cases {
        let counter = Counter {
            more: deep.clone(),
            state,
            ..Counter::default()
        };
        let error = counter.refusal();
        assert_eq!(error.code, code, "{error}");
    }
}

/// A module that goes bad only later: its fold says so, with the state before the event since which it does. Behind the next
/// it can tell its state again.
#[test]
fn a_state_that_goes_bad_later_is_told_when_it_is_asked_for() {
    let counter = Counter {
        state: format!(
            "i32.const 21 i32.load8_u i32.const 50 i32.eq if unreachable end {}",
            super::SAY
        ),
        ..Counter::default()
    };
    let program = counter.program();
    let list = events(&[("E", "{}"); 3]);
    let mut instance = program.start();
    let mut step = |row: usize| {
        let applied = instance.apply(&list.batch.event(row), &list.names, &mut Written::off());
        applied.unwrap();
        instance.state()
    };
    assert_eq!(text(&step(0).unwrap()), r#"{"n":1}"#);
    assert_eq!(step(1).unwrap_err().code, "RF-HANDLER-THROW");
    assert_eq!(text(&step(2).unwrap()), r#"{"n":3}"#);
}

/// A module that does not take back what it gave cannot be stepped back.
#[test]
fn a_state_that_is_not_taken_back_is_told() {
    for (load_body, code) in [
        ("i32.const 5", "RF-HANDLER-TYPE"),
        ("unreachable", "RF-HANDLER-THROW"),
        ("(loop $l br $l) unreachable", "RF-LIMIT-FUEL"),
    ] {
        let counter = Counter {
            load: load_body,
            ..Counter::default()
        };
        let list = events(&[("E", "{}")]);
        let mut instance = counter.program().start();
        instance
            .apply(&list.batch.event(0), &list.names, &mut Written::off())
            .unwrap();
        let checkpoint = instance.checkpoint().unwrap();
        instance.restore(&checkpoint).unwrap();
        assert_eq!(instance.state().unwrap_err().code, code);
    }
}

/// An instance goes on after a fault: the fold does not ask it to, but the port allows it.
#[test]
fn an_instance_can_go_on_after_a_fault() {
    // Stops where the payload's first byte, after key, stream, type, id and metadata, is an `s`.
    let counter = applying(&format!(
        "{COUNT} local.get $at i32.load offset=68 i32.const 1 i32.eq if unreachable end i64.const 0"
    ));
    let list = events(&[("E", "{}"), ("E", "1"), ("E", "{}"), ("E", "1"), ("E", "{}")]);
    let mut instance = counter.program().start();
    for row in 0..list.batch.len() {
        let outcome = instance.apply(&list.batch.event(row), &list.names, &mut Written::off());
        assert_eq!(outcome.is_err(), row % 2 == 1);
    }
    assert_eq!(text(&instance.state().unwrap()), r#"{"n":3}"#);
}

/// NaN has one form, whatever the machine makes of it.
#[test]
fn nan_is_the_same_everywhere() {
    let counter = applying(&format!(
        "{COUNT} f64.const 0 f64.const 0 f64.div i64.reinterpret_f64 i64.const 0x7ff8000000000000 i64.ne
         if unreachable end i64.const 0"
    ));
    assert_eq!(folded(&counter.program(), &events(&[("E", "{}")])).1, None);
}

/// The stack of a thread that the standard library starts is large enough for the deepest recursion.
#[test]
fn recursion_ends_in_order_on_a_thread_of_two_mebibytes() {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(|| {
        let counter = Counter {
            more: MORE.to_owned(),
            imports: IMPORTS,
            ..applying("i32.const 0 call $deep drop i64.const 0")
        };
        counter.fault().code
    });
    assert_eq!(thread.unwrap().join().unwrap(), "RF-LIMIT-STACK");
    assert!(load(&Counter::default().wasm()).is_ok());
}
