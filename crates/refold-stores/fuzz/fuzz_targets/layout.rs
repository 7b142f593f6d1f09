//! Fuzzes the reader of layout documents.

#![no_main]

#[path = "../checks.rs"]
#[allow(dead_code, reason = "the other target's check")]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::layout(input));
