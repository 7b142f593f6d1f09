//! The engine: its module, pinned by hash, and how it is compiled.

use std::sync::OnceLock;

use wasmtime::{Config, Engine, Linker, Module};

use crate::cache;
use crate::guest::Host;

/// Part of every identity that was made with it: another engine is another handler.
pub const ENGINE_ID: &str = "quickjs-ng-0.16.2+refold.1";

/// QuickJS-ng and our guest, as `cargo xtask js-engine` builds it. A test holds its hash; a new hash needs a new
/// [`ENGINE_ID`].
pub(crate) const MODULE: &[u8] = include_bytes!("../engine/quickjs.wasm");

/// Wasm frames may use this much of a thread's stack, which has at least 2 MiB.
const WASM_STACK_BYTES: usize = 1 << 20;

/// Everything that instances share.
pub struct Shared {
    pub engine: Engine,
    pub module: Module,
    pub linker: Linker<Host>,
}

/// The compiled engine of this process. Compiling takes about a second; code that was kept loads in milliseconds.
///
/// # Errors
/// In words, when the machine cannot run it.
pub fn shared() -> Result<&'static Shared, String> {
    static SHARED: OnceLock<Result<Shared, String>> = OnceLock::new();
    SHARED
        .get_or_init(|| prepare().map_err(|error| format!("the JavaScript engine cannot be started: {error:#}")))
        .as_ref()
        .map_err(Clone::clone)
}

fn prepare() -> wasmtime::Result<Shared> {
    let engine = Engine::new(&config())?;
    let module = cache::compiled(&engine, MODULE)?;
    let mut linker = Linker::new(&engine);
    Host::link(&mut linker)?;
    Ok(Shared { engine, module, linker })
}

/// Whatever could differ from machine to machine is off, or made canonical.
pub(crate) fn config() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .cranelift_nan_canonicalization(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .wasm_simd(false)
        .wasm_relaxed_simd(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        // Copying costs fuel by the byte: the module copies in loops.
        .wasm_bulk_memory(false)
        .wasm_tail_call(false)
        .generate_address_map(false);
    config
}
