//! Fuzzes the reading of replies: any bytes are a reply that can be written again as it was, or are refused.

#![no_main]

#[path = "../../src/wasm/reply.rs"]
#[allow(dead_code, reason = "the module also reads for others")]
mod reply;
#[path = "../checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::reply(input));
