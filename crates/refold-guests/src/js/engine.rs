//! QuickJS-ng as a module, pinned by its hash.

use std::sync::OnceLock;

use wasmtime::{Engine, Linker, Module};

use super::guest::Host;
use crate::{cache, engine};

/// Part of every identity that was made with it: another engine is another handler.
pub const JS_ENGINE_ID: &str = "quickjs-ng-0.16.2+refold.1";

/// QuickJS-ng and our guest, as `cargo xtask js-engine` builds it. A test holds its hash; a new hash needs a new
/// [`JS_ENGINE_ID`]. It copies in loops, without the instructions for it.
pub(super) const MODULE: &[u8] = include_bytes!("../../engine/quickjs.wasm");

/// Everything that instances share.
pub struct Shared {
    pub engine: &'static Engine,
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
        .get_or_init(|| prepare(engine::engine()?))
        .as_ref()
        .map_err(Clone::clone)
}

fn prepare(engine: &'static Engine) -> Result<Shared, String> {
    let failed = |error: wasmtime::Error| format!("the JavaScript engine cannot be started: {error:#}");
    let module = cache::compiled(engine, MODULE).map_err(failed)?;
    let mut linker = Linker::new(engine);
    Host::link(&mut linker).map_err(failed)?;
    Ok(Shared { engine, module, linker })
}
