//! Fuzzes the JSON path projector against a full parse and look-up.

#![no_main]

#[path = "../checks.rs"]
#[allow(dead_code, reason = "the other target's check")]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::path_projector(input));
