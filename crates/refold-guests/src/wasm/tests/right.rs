//! What a module that keeps to the interface can count on.

use std::sync::LazyLock;

use proptest::prelude::*;
use refold_core::port::handler::{Applied, HandlerProgram as _, StatesAsked, Written};

use super::{Counter, SAY, applying, load};
use crate::tests::{ahead, apply_all, events, folded, text};
use crate::{GuestLimits, GuestProgram as _, WASM_ENGINE_ID, WasmProgram};

/// A reply of one outcome, at 64, of nine bytes.
fn replying(outcome: u8) -> Counter {
    Counter {
        more: format!(r#"(data (i32.const 64) "\00\00\00\00\01\00\00\00\{outcome:02x}")"#),
        ..applying("i64.const 274877906953")
    }
}

#[test]
fn events_are_folded_and_the_state_is_asked_for() {
    let list = events(&[("A", "{}"), ("B", "-"), ("C", "[1]")]);
    assert_eq!(
        folded(&Counter::default().program(), &list),
        (r#"{"n":3}"#.to_owned(), None)
    );
}

#[test]
fn an_outcome_says_what_became_of_an_event() {
    for (outcome, applied) in [(0, Applied::Folded), (1, Applied::Ignored), (2, Applied::Unknown)] {
        let said = apply_all(&replying(outcome).program(), &events(&[("A", "{}")]));
        assert_eq!(said, [Ok(applied)]);
    }
    let said = apply_all(&replying(3).program(), &events(&[("A", "{}"), ("A", "{")]));
    assert_eq!(said[0].as_ref().unwrap_err().code, "RF-EVENT-MALFORMED");
    assert!(matches!(said[1], Ok(Applied::Undecodable(_))));
}

/// The record lies in the module's memory as the interface says, byte by byte.
#[test]
fn a_record_holds_the_event_as_it_is_stored() {
    // The state is the payload: its length stands at 60 of the record, which begins at 8 of the batch.
    let echo = Counter {
        more: "(global $start (mut i32) (i32.const 16)) (global $size (mut i32) (i32.const 7))".to_owned(),
        state: "global.get $start i64.extend_i32_u i64.const 32 i64.shl global.get $size i64.extend_i32_u i64.or"
            .to_owned(),
        ..applying(
            "local.get $at i32.load offset=68 global.set $size
             local.get $at i32.const 72 i32.add
             local.get $at i32.load offset=48 i32.add
             local.get $at i32.load offset=52 i32.add
             local.get $at i32.load offset=56 i32.add
             local.get $at i32.load offset=60 i32.add
             local.get $at i32.load offset=64 i32.add
             global.set $start i64.const 0",
        )
    };
    let payload = r#"{"id":9007199254740993,"price":12.50,"rate":1E+400,"note":"ä"}"#;
    let (state, fault) = folded(&echo.program(), &events(&[("E", payload)]));
    assert_eq!(
        (state.as_str(), fault),
        (
            r#"{"id":9007199254740993,"note":"ä","price":12.50,"rate":1E+400}"#,
            None
        )
    );
}

#[test]
fn what_is_emitted_is_told_and_forgotten_with_the_next_event() {
    let emitting = Counter {
        imports: r#"(import "refold" "emit" (func $emit (param i32 i32)))"#,
        more: r#"(data (i32.const 64) "{\"type\":\"Paid\",\"data\":{\"sum\":1.10}}")"#.to_owned(),
        ..applying("i32.const 64 i32.const 35 call $emit i64.const 0")
    };
    let list = events(&[("A", "{}"), ("B", "{}")]);
    let mut instance = emitting.program().start_guest();
    for row in 0..2 {
        instance
            .apply(&list.batch.event(row), &list.names, &mut Written::off())
            .unwrap();
        assert_eq!(instance.recorded().len(), 1);
        assert_eq!(text(&instance.recorded()[0].data), r#"{"sum":1.10}"#);
    }
    instance.reset();
    assert!(instance.recorded().is_empty());
}

/// A checkpoint and a long history lead over JSON; the state is the same.
#[test]
fn a_checkpoint_is_the_state_that_the_module_gave() {
    let program = Counter::default().program();
    let list = events(&[("A", "{}"); 5]);
    let mut instance = program.start();
    let step = |instance: &mut Box<dyn refold_core::port::handler::HandlerInstance>, row: usize| {
        let event = list.batch.event(row);
        instance.apply(&event, &list.names, &mut Written::off()).unwrap();
    };
    step(&mut instance, 0);
    step(&mut instance, 1);
    let checkpoint = instance.checkpoint().unwrap();
    step(&mut instance, 2);
    assert_eq!(text(&instance.state().unwrap()), r#"{"n":3}"#);
    instance.restore(&checkpoint).unwrap();
    assert_eq!(text(&instance.state().unwrap()), r#"{"n":2}"#);

    let mut other = program.start();
    other.restore(&checkpoint).unwrap();
    step(&mut other, 2);
    step(&mut other, 3);
    assert_eq!(text(&other.state().unwrap()), r#"{"n":4}"#, "any instance can go on");
    other.reset();
    assert_eq!(text(&other.state().unwrap()), r#"{"n":0}"#);

    let foreign = Counter::default().program();
    assert_eq!(
        foreign.start().restore(&checkpoint).unwrap_err().code,
        "RF-HANDLER-TYPE"
    );
}

/// The clock is the event's, chance comes from the event, and both are the same in another instance.
#[test]
fn clock_and_chance_come_from_the_event() {
    // Puts what it sees into eight bytes each, and shows whether they are what the second run saw.
    let looking = Counter {
        imports: r#"(import "refold" "now_us" (func $now (result f64))) (import "refold" "random" (func $random (result i64)))
                    (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
                    (import "wasi_snapshot_preview1" "random_get" (func $get (param i32 i32) (result i32)))"#,
        // The digit is the time's last second, the next number's low bits, and the answers of both calls.
        ..applying(
            "i32.const 21
             call $now f64.const 1000000 f64.div i64.trunc_f64_s i64.const 10 i64.rem_s i32.wrap_i64
             i32.const 48 i32.add i32.store8
             i32.const 0 i64.const 0 i32.const 200 call $clock drop
             i32.const 208 i32.const 8 call $get drop
             i32.const 200 i64.load f64.convert_i64_s f64.const 1000 f64.div call $now f64.ne
             if unreachable end
             call $random i32.const 208 i64.load i64.eq if unreachable end
             i64.const 0",
        )
    };
    let (state, fault) = folded(&looking.program(), &events(&[("A", "{}"), ("A", "{}")]));
    assert_eq!((state.as_str(), fault), (r#"{"n":2}"#, None));
}

/// What WASI has beside a clock, chance and a log says so with a number, as programs are used to.
#[test]
fn wasi_offers_what_can_be_the_same_everywhere() {
    let asking = Counter {
        imports: r#"(import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
                    (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
                    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
                    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))"#,
        more: r#"(data (i32.const 100) "hi\n") (data (i32.const 128) "\64\00\00\00\03\00\00\00")"#.to_owned(),
        ..applying(
            "i32.const 0 i32.const 0 i32.const 0 i32.const 200 call $read i32.const 52 i32.ne if unreachable end
             i32.const 3 i32.const 200 call $prestat i32.const 8 i32.ne if unreachable end
             i32.const 200 i32.const 204 call $environ if unreachable end
             i32.const 200 i64.load i64.const 0 i64.ne if unreachable end
             i32.const 1 i32.const 128 i32.const 1 i32.const 200 call $write if unreachable end
             i32.const 200 i32.load i32.const 3 i32.ne if unreachable end
             i64.const 0",
        )
    };
    assert_eq!(folded(&asking.program(), &events(&[("A", "{}")])).1, None);
}

#[test]
fn a_payload_has_a_greatest_size() {
    let limits = GuestLimits {
        payload_bytes: 10,
        ..GuestLimits::DEFAULT
    };
    let wasm = Counter::default().wasm();
    let program = WasmProgram::load(crate::tests::identity(WASM_ENGINE_ID), &wasm, limits);
    let (_, fault) = folded(
        &program.unwrap_or_else(|error| panic!("{error}")),
        &events(&[("E", "[1,2,3,4,5,6]")]),
    );
    assert_eq!(fault.unwrap().1.code, "RF-EVENT-SIZE");
}

#[test]
fn what_an_event_changed_counts_as_written() {
    let program = Counter::default().program();
    let list = events(&[("A", "{}")]);
    let mut written = Written::on();
    program
        .start()
        .apply(&list.batch.event(0), &list.names, &mut written)
        .unwrap();
    let paths: Vec<String> = written.paths().iter().map(ToString::to_string).collect();
    assert_eq!(paths, ["/n"]);
    assert!(load(&Counter::default().wasm()).is_ok());
}

/// Its state of the second event traps, and leaves the module with another, of which nothing may show: the events behind it
/// are folded by one that was not asked.
#[test]
fn a_guest_that_failed_at_a_state_is_not_used_on() {
    let counter = Counter {
        state: format!(
            "i32.const 21 i32.load8_u i32.const 50 i32.eq
             if i32.const 21 i32.const 56 i32.store8 unreachable end {SAY}"
        ),
        ..Counter::default()
    };
    let program = counter.program();
    let list = events(&[("E", "{}"); 4]);
    for asked in [None, Some(StatesAsked::LastState), Some(StatesAsked::EveryState)] {
        let mut instance = program.start();
        if let Some(asked) = asked {
            let mut coming = (0..4).map(|row| list.batch.event(row));
            instance.look_ahead(&mut coming, &list.names, asked);
        }
        let states = (0..4).map(|row| {
            let applied = instance.apply(&list.batch.event(row), &list.names, &mut Written::off());
            assert_eq!(applied, Ok(Applied::Folded));
            instance.state().map(|state| text(&state)).map_err(|fault| fault.code)
        });
        let n = |n| Ok(format!(r#"{{"n":{n}}}"#));
        assert_eq!(
            states.collect::<Vec<_>>(),
            [n(1), Err("RF-HANDLER-THROW"), n(3), n(4)],
            "{asked:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_told_ahead_changes_no_answer(deeds in ahead::deeds()) {
        static COUNTING: LazyLock<WasmProgram> = LazyLock::new(|| Counter::default().program());
        let list = ahead::of_streams(&[("A", "{}"), ("B", "[1]"), ("C", "{")]);
        ahead::change_no_answer(&*COUNTING, &list, &deeds);
    }
}
