//! A module that was loaded once: looked at, compiled, and asked for its first state.

use std::sync::Arc;

use refold_core::count::{counted, grouped};
use refold_core::port::handler::{HandlerFault, HandlerIdentity};
use wasmtime::{Engine, ExternType, InstancePre, Linker, Module};

use super::aside::{ModuleAside, upcasters_of};
use super::guest::Guest;
use super::host::{self, Host};
use super::instance::WasmInstance;
use super::loaded::{Loaded, state_of};
use super::{size, wasi};
use crate::aside::{Idle, Upcaster, Upcasts};
use crate::error::{LoadError, code, fault};
use crate::hosted::Hosted;
use crate::instance::{self, Program};
use crate::limits::GuestLimits;
use crate::worker::{self, About, Worker, Workers};
use crate::{cache, engine};

/// Part of every identity that was made with it.
pub const WASM_ENGINE_ID: &str = "wasmtime-48+refold-abi.1";

/// What a module must export, as `refold-abi/1` has it.
const EXPORTS: &[(&str, &str)] = &[
    ("refold_abi_version", "() -> i32"),
    ("refold_alloc", "(i32) -> i32"),
    ("refold_free", "(i32, i32) -> ()"),
    ("refold_init", "(i32, i32) -> i32"),
    ("refold_apply", "(i32, i32) -> i64"),
    ("refold_state", "(i32, i32) -> i64"),
    ("refold_load", "(i32, i32) -> i32"),
    ("refold_reset", "() -> ()"),
];

/// What it may export, both or neither.
const UPCASTING: &[(&str, &str)] = &[
    ("refold_upcasters", "() -> i64"),
    ("refold_upcast", "(i32, i32) -> i64"),
];

/// A loaded module.
pub type WasmProgram = Program<Loaded>;

impl WasmProgram {
    /// Compiles a module and asks it for its first state. `identity.engine` should name [`WASM_ENGINE_ID`].
    pub fn load(identity: HandlerIdentity, wasm: &[u8], limits: GuestLimits) -> Result<WasmProgram, LoadError> {
        is_core_module(wasm).map_err(|message| fault(code::PKG_WASM, message))?;
        let worker = Worker::start(limits)?;
        let code = cache::compiled(wasm, || worker.compile(wasm))?;
        let (workers, loaded) = Workers::load(worker, worker::Handler::Module, code).map_err(unloadable)?;
        Ok(Program(Arc::new(Loaded {
            identity,
            workers,
            limits,
            initial: (Arc::from([]), state_of(&loaded.state, &limits).map_err(unloadable)?),
            upcasters: match loaded.about.as_slice() {
                b"" => Vec::new(),
                json => upcasters_of(json)?,
            },
        })))
    }

    /// The upcasters that the module brings along.
    pub fn upcasters(&self) -> &[Upcaster] {
        &self.0.upcasters
    }

    /// Guests in which these run.
    pub fn aside(&self) -> impl Upcasts + use<> {
        ModuleAside(Idle::new(Arc::clone(&self.0)))
    }
}

impl instance::Loaded for Loaded {
    type Instance = WasmInstance;

    fn identity(&self) -> &HandlerIdentity {
        &self.identity
    }

    fn instance(self: Arc<Loaded>) -> WasmInstance {
        WasmInstance::new(self)
    }
}

/// A module that was loaded where it runs.
struct Hosting {
    engine: &'static Engine,
    prepared: InstancePre<Host>,
    limits: GuestLimits,
}

/// Compiles a module.
pub fn compile(wasm: &[u8]) -> Result<Vec<u8>, HandlerFault> {
    if let Some(bytes) = size::largest_function(wasm).filter(|bytes| *bytes > size::MAX_FUNCTION_BYTES) {
        let most = size::MAX_FUNCTION_BYTES;
        let message = format!(
            "a function of the module has {}; the most is {}: split it",
            counted(bytes as u64, "byte"),
            grouped(most as u64)
        );
        return Err(fault(code::LIMIT_COMPILE, message));
    }
    let engine = engine::engine().map_err(|message| fault(code::ENGINE, message))?;
    engine.precompile_module(wasm).map_err(|error| {
        let message = format!("the module cannot be compiled: {error:#}; look at what it was built for");
        fault(code::PKG_WASM, message)
    })
}

/// Loads a module of which this is the code.
pub fn host(code: &[u8], limits: GuestLimits) -> Result<(Box<dyn worker::Host>, About), HandlerFault> {
    let engine = engine::engine().map_err(|message| fault(code::ENGINE, message))?;
    let module = engine::module_of(code).map_err(|error| {
        let message = format!("compiled code cannot be used: {error:#}; report this, with the handler");
        fault(code::ENGINE, message)
    })?;
    check_exports(&module).map_err(|message| fault(code::WASM_EXPORT, message))?;
    let prepared = link(engine, &module).map_err(|message| fault(code::WASM_IMPORT, message))?;
    let hosting = Hosting {
        engine,
        prepared,
        limits,
    };
    let mut guest = hosting.start()?;
    let (mut about, mut state) = (Vec::new(), Vec::new());
    guest.state(&mut state)?;
    guest.upcasters(&mut about)?;
    let about = About {
        about,
        state,
        saved: Vec::new(),
    };
    Ok((Box::new(hosting), about))
}

impl Hosting {
    fn start(&self) -> Result<Guest, HandlerFault> {
        Guest::start(self.engine, self.limits, |store| self.prepared.instantiate(store))
    }
}

impl worker::Host for Hosting {
    fn guest(&self) -> Result<Box<dyn Hosted>, HandlerFault> {
        Ok(Box::new(self.start()?))
    }
}

/// What is no module is refused by name: above all compiled code, which is never taken from anybody.
fn is_core_module(wasm: &[u8]) -> Result<(), &'static str> {
    match wasm {
        [b'\0', b'a', b's', b'm', 1, 0, 0, 0, ..] => Ok(()),
        [b'\0', b'a', b's', b'm', _, 0, 1, 0, ..] => {
            Err("the file is a component; build a core module, as `wasm32-unknown-unknown` makes it")
        }
        [0x7f, b'E', b'L', b'F', ..] => {
            Err("the file is compiled code (.cwasm), which is never loaded; bring the module that it was made from")
        }
        _ => Err("the file is no WebAssembly module; bring one in binary form (.wasm)"),
    }
}

fn check_exports(module: &Module) -> Result<(), String> {
    match module.get_export("memory") {
        Some(ExternType::Memory(_)) => {}
        _ => return Err("the module exports no `memory`; export the one that it works in".to_owned()),
    }
    let upcasts = UPCASTING.iter().any(|(name, _)| module.get_export(name).is_some());
    let wanted = if upcasts { UPCASTING } else { &[] };
    for (name, wanted) in EXPORTS.iter().chain(wanted) {
        match module.get_export(name) {
            Some(ExternType::Func(found)) if signature(&found) == *wanted => {}
            Some(ExternType::Func(found)) => {
                let found = signature(&found);
                return Err(format!("`{name}` must be {wanted}, and is {found}"));
            }
            Some(_) => return Err(format!("`{name}` must be a function: {wanted}")),
            None => return Err(format!("the module exports no `{name}`: {wanted}")),
        }
    }
    let ours = |name: &str| EXPORTS.iter().chain(UPCASTING).any(|(known, _)| *known == name);
    match module
        .exports()
        .find(|it| it.name().starts_with("refold_") && !ours(it.name()))
    {
        None => Ok(()),
        Some(unknown) => Err(format!(
            "refold-abi/1 asks for no `{}`; take it out, so that nobody expects it to be called",
            unknown.name()
        )),
    }
}

/// `(i32, i32) -> i64`.
fn signature(of: &wasmtime::FuncType) -> String {
    let list = |types: Vec<String>| types.join(", ");
    let parameters = list(of.params().map(|it| it.to_string()).collect());
    let results: Vec<String> = of.results().map(|it| it.to_string()).collect();
    match &results[..] {
        [one] => format!("({parameters}) -> {one}"),
        _ => format!("({parameters}) -> ({})", list(results)),
    }
}

/// Gives the module what it imports.
///
/// # Errors
/// In words, with the import that is not offered.
fn link(engine: &'static Engine, module: &Module) -> Result<InstancePre<Host>, String> {
    let failed = |error: wasmtime::Error| {
        format!(
            "{error:#}: a fold offers `refold.log`, `emit`, `now_us` and `random`, and WASI preview 1; build without"
        )
    };
    let mut linker = Linker::new(engine);
    host::link(&mut linker).map_err(failed)?;
    wasi::link(&mut linker).map_err(failed)?;
    // A module may import the same more than once.
    linker.allow_shadowing(true);
    for import in module.imports().filter(|import| import.module() == wasi::MODULE) {
        if let ExternType::Func(of) = import.ty() {
            wasi::link_absent(&mut linker, import.name(), of).map_err(failed)?;
        }
    }
    linker.instantiate_pre(module).map_err(failed)
}

/// A module that cannot be loaded is wrong as a file, whatever stopped it.
fn unloadable(mut stopped: HandlerFault) -> LoadError {
    if stopped.code == code::LIMIT_FUEL {
        stopped.code = code::LIMIT_COMPILE;
        stopped.message = "starting the module takes too much work; do less before the first event".to_owned();
    }
    stopped.into()
}
