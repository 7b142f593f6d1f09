//! QuickJS-ng as a module, pinned by its hash.

use std::sync::OnceLock;

use wasmtime::{Engine, Linker, Module};

use super::host::Host;
use crate::cache::{self, Code};
use crate::engine;

/// Part of every identity that was made with it: another engine is another handler.
pub const JS_ENGINE_ID: &str = "quickjs-ng-0.16.2+refold.2";

/// QuickJS-ng and our guest, as `cargo xtask js-engine` builds it. A test holds its hash; a new hash needs a new
/// [`JS_ENGINE_ID`]. It copies in loops, without the instructions for it.
pub(super) const MODULE: &[u8] = include_bytes!("../../engine/quickjs.wasm");

/// Everything that guests share.
pub struct Shared {
    pub engine: &'static Engine,
    pub module: Module,
    pub linker: Linker<Host>,
}

/// The engine of all scripts, compiled. That takes about a second; code that was kept is there in milliseconds.
///
/// # Errors
/// In words, when the machine cannot run it.
pub fn code() -> Result<Code, String> {
    static COMPILED: OnceLock<Result<Code, String>> = OnceLock::new();
    let compiled = || cache::compiled_ours(MODULE).map_err(cannot_start);
    COMPILED.get_or_init(compiled).clone()
}

impl Shared {
    /// Of what [`code`] gave.
    pub fn of(code: &[u8]) -> Result<Shared, String> {
        let engine = engine::engine()?;
        let module = engine::module_of(code).map_err(|error| cannot_start(format!("{error:#}")))?;
        let mut linker = Linker::new(engine);
        Host::link(&mut linker).map_err(|error| cannot_start(format!("{error:#}")))?;
        Ok(Shared { engine, module, linker })
    }
}

fn cannot_start(why: String) -> String {
    format!("the JavaScript engine cannot be started: {why}")
}
