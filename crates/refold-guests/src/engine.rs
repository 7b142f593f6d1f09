//! How modules are compiled: one engine for all of them.

use std::sync::OnceLock;

use wasmtime::{Config, Engine, Module};

/// Wasm frames may use this much of a thread's stack, which has at least 2 MiB.
const WASM_STACK_BYTES: usize = 1 << 20;

/// The engine of this process.
///
/// # Errors
/// In words, when the machine cannot run it.
pub fn engine() -> Result<&'static Engine, String> {
    static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
    ENGINE
        .get_or_init(|| Engine::new(&config()).map_err(|error| format!("wasmtime cannot be started: {error:#}")))
        .as_ref()
        .map_err(Clone::clone)
}

/// The module of code that was compiled for this engine.
pub fn module_of(code: &[u8]) -> wasmtime::Result<Module> {
    let engine = engine().map_err(wasmtime::Error::msg)?;
    // SAFETY: code is made by this executable alone: just now, or earlier and kept where nobody else may write (`cache`).
    // Of a module of somebody else it was made in a worker, and is never run outside of one where there are workers.
    // wasmtime itself refuses code of another version, target or configuration.
    unsafe { Module::deserialize(engine, code) }
}

/// Whatever could differ from machine to machine is off, or made canonical. Fuel is the same everywhere, and what copies
/// or fills memory costs it by the byte.
pub fn config() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .cranelift_nan_canonicalization(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .wasm_simd(false)
        .wasm_relaxed_simd(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_tail_call(false)
        // Memory begins as a copy: a file in memory for each module is one more thing that a worker would have to do.
        .memory_init_cow(false)
        .generate_address_map(false);
    config
}
