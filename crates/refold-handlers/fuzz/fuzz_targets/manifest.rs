//! Fuzzes the manifest of a package: any text is one whose versions can be had, or is refused with its place.

#![no_main]

#[path = "../checks.rs"]
#[allow(dead_code, reason = "the other targets' checks")]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::manifest(input));
