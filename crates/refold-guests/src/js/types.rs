//! TypeScript: the types are taken out of a source before the engine reads it, and everything else stays where it stands.
//!
//! What does that parses whatever somebody wrote, so it is a module of ours as the engine is one (`typescript/`): it has
//! fuel, memory and a stack, and what they do not suffice for ends it and nothing else.

use std::sync::OnceLock;

use refold_core::port::handler::HandlerFault;
use wasmtime::{Instance, Module, Store, Trap};

use crate::cache::{self, Code};
use crate::engine;
use crate::error::{code, fault};
use crate::limits::{GuestLimits, MemoryLimiter};

/// As `cargo xtask types` builds it. A test holds its hash.
pub(super) const MODULE: &[u8] = include_bytes!("../../engine/types.wasm");

/// What the module answers when there is something in the source that is no type and no JavaScript either.
const REFUSED: i32 = 1;

/// The source as JavaScript: spaces stand in place of its types. A fault's place is in `handler.ts`. `code` is what
/// [`code`] gave.
///
/// # Errors
/// Where it is no TypeScript, or has something that types cannot be taken out of; where it is too long or nests too deep.
pub fn without_types(code: &[u8], source: &str, limits: &GuestLimits) -> Result<String, HandlerFault> {
    let module = &engine::module_of(code).map_err(|error| fault(code::ENGINE, cannot_start(format!("{error:#}"))))?;
    let mut store = Store::new(module.engine(), MemoryLimiter::new(limits.memory_bytes));
    store.limiter(|limiter| limiter);
    let script = stripped(&mut store, module, source, limits.load_fuel);
    let (status, text) = script.map_err(|error| stopped(&error, store.data().was_refused()))?;
    match status {
        REFUSED => {
            let (place, message) = text.split_once('\n').unwrap_or(("1:1", &text));
            Err(HandlerFault {
                code: code::PKG_SCRIPT,
                message: message.to_owned(),
                place: Some(format!("handler.ts:{place}")),
            })
        }
        _ => Ok(text),
    }
}

fn stripped(
    store: &mut Store<MemoryLimiter>,
    module: &Module,
    source: &str,
    fuel: u64,
) -> wasmtime::Result<(i32, String)> {
    store.set_fuel(fuel)?;
    let instance = Instance::new(&mut *store, module, &[])?;
    let memory = instance
        .get_memory(&mut *store, "memory")
        .ok_or_else(|| wasmtime::Error::msg("the module has no memory"))?;
    let length = u32::try_from(source.len())?;
    let input = instance
        .get_typed_func::<u32, u32>(&mut *store, "reserve")?
        .call(&mut *store, length)?;
    memory.write(&mut *store, input as usize, source.as_bytes())?;
    let status = instance
        .get_typed_func::<(), i32>(&mut *store, "strip")?
        .call(&mut *store, ())?;
    let mut said = |name: &str| {
        let said = instance.get_typed_func::<(), u32>(&mut *store, name)?;
        said.call(&mut *store, ())
    };
    let (start, length) = (said("output_start")? as usize, said("output_length")? as usize);
    let output = memory.data(&*store).get(start..start.saturating_add(length));
    let output = output.ok_or_else(|| wasmtime::Error::msg("its output lies outside its memory"))?;
    Ok((status, String::from_utf8_lossy(output).into_owned()))
}

/// The fault of a source that the module did not come to an end with.
fn stopped(error: &wasmtime::Error, was_refused: bool) -> HandlerFault {
    match error.downcast_ref::<Trap>() {
        _ if was_refused => fault(code::LIMIT_MEMORY, TOO_LONG),
        Some(Trap::OutOfFuel) => fault(code::LIMIT_COMPILE, TOO_LONG),
        // Its stack in memory ends where memory begins.
        Some(Trap::StackOverflow | Trap::MemoryOutOfBounds) => {
            let message =
                "the TypeScript nests too deep for its types to be taken out; flatten it, or write JavaScript";
            fault(code::LIMIT_STACK, message)
        }
        _ => {
            let message = format!("the types cannot be taken out: {error:#}; report this, with the handler");
            fault(code::ENGINE, message)
        }
    }
}

const TOO_LONG: &str = "the TypeScript is too long for its types to be taken out; split it, or write JavaScript";

/// The module, compiled.
pub fn code() -> Result<Code, String> {
    static COMPILED: OnceLock<Result<Code, String>> = OnceLock::new();
    let compiled = || cache::compiled_ours(MODULE).map_err(cannot_start);
    COMPILED.get_or_init(compiled).clone()
}

fn cannot_start(why: String) -> String {
    format!("what takes types out cannot be started: {why}")
}
