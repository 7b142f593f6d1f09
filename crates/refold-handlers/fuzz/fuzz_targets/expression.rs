//! Fuzzes the expression language: any text compiles or is refused with its place, and what compiles evaluates.

#![no_main]

#[path = "../checks.rs"]
#[allow(dead_code, reason = "the other target's check")]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::expression(input));
