//! Modules that are texts: a small one that does everything right, and what is changed in it.

mod frames;
mod hostile;
mod right;
mod upcasts;

use refold_core::port::handler::HandlerFault;

use crate::tests::{events, folded, identity};
use crate::{GuestLimits, LoadError, WASM_ENGINE_ID, WasmProgram};

/// A module whose state counts events up to nine, as `{"n":0}`. Its parts can be replaced.
struct Counter {
    imports: &'static str,
    more: String,
    alloc: &'static str,
    apply: String,
    state: String,
    load: &'static str,
    version: i32,
}

impl Default for Counter {
    fn default() -> Counter {
        Counter {
            imports: "",
            more: String::new(),
            alloc: "i32.const 65536",
            apply: format!("{COUNT} i64.const 0"),
            state: SAY.to_owned(),
            load: LOAD,
            version: 1,
        }
    }
}

/// Adds one to the digit of the state.
const COUNT: &str = "i32.const 21 i32.const 21 i32.load8_u i32.const 1 i32.add i32.store8";
/// The seven bytes of the state, which begin at 16.
const SAY: &str = "i64.const 68719476743";
/// Takes the digit from where it stands after the head and the key.
const LOAD: &str =
    "i32.const 21 local.get $at local.get $at i32.load i32.add i32.const 13 i32.add i32.load8_u i32.store8 i32.const 0";

impl Counter {
    fn wasm(&self) -> Vec<u8> {
        let Counter {
            imports,
            more,
            alloc,
            apply,
            state,
            load,
            version,
        } = self;
        let text = format!(
            r#"(module {imports}
              (memory (export "memory") 8)
              (data (i32.const 16) "{{\"n\":0}}")
              {more}
              (func (export "refold_abi_version") (result i32) i32.const {version})
              (func (export "refold_alloc") (param i32) (result i32) {alloc})
              (func (export "refold_free") (param i32 i32))
              (func (export "refold_init") (param i32 i32) (result i32) i32.const 0)
              (func $apply (export "refold_apply") (param $at i32) (param $length i32) (result i64) {apply})
              (func (export "refold_state") (param i32 i32) (result i64) {state})
              (func (export "refold_load") (param $at i32) (param $length i32) (result i32) {load})
              (func (export "refold_reset") i32.const 21 i32.const 48 i32.store8))"#
        );
        wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn program(&self) -> WasmProgram {
        load(&self.wasm()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn refusal(&self) -> LoadError {
        refusal(&self.wasm())
    }

    /// The fault of a single event, after which the state is the one before.
    fn fault(&self) -> HandlerFault {
        let (state, fault) = folded(&self.program(), &events(&[("E", "{}")]));
        assert_eq!(state, r#"{"n":0}"#, "the state is the one before the event");
        fault.expect("the event fails").1
    }
}

/// A counter that does this with an event.
fn applying(apply: &str) -> Counter {
    Counter {
        apply: apply.to_owned(),
        ..Counter::default()
    }
}

fn load(wasm: &[u8]) -> Result<WasmProgram, LoadError> {
    WasmProgram::load(identity(WASM_ENGINE_ID), wasm, GuestLimits::DEFAULT)
}

fn refusal(wasm: &[u8]) -> LoadError {
    match load(wasm) {
        Ok(_) => panic!("it was loaded"),
        Err(error) => error,
    }
}
