//! One running guest: its memory, its fuel, and what its calls end with. It must not know events or states.

use std::sync::Arc;

use refold_core::count::counted;
use refold_core::port::handler::HandlerFault;
use refold_core::time::Timestamp;
use wasmtime::{Instance, Memory, Store, Trap, TypedFunc};

use super::advice::Advice;
use super::engine::Shared;
use super::host::Host;
use super::script::{Dialect, Script};
use crate::cancel;
use crate::error::{code, fault};
use crate::hosted::Hosted;
use crate::limits::{GuestLimits, MemoryLimiter};
use crate::undo::Folded;

/// Fuel for what is ours: starting, looking at a state, writing it. Bounded by the size of a state, not by a handler.
const OWN_FUEL: u64 = 20_000_000_000;

/// Room for what a guest is asked about. A question that is longer costs a guest.
const QUESTION_BYTES: u32 = 128 << 10;

/// How a call of the guest ended, when it did not trap. The numbers are those of `guest/guest.c`.
mod status {
    pub const DONE: i32 = 0;
    pub const THROWN: i32 = 1;
    pub const STOPPED: i32 = 2;
    pub const STACK: i32 = 3;
    pub const UNSERIALIZABLE: i32 = 4;
    pub const DEPTH: i32 = 5;
    pub const STATE_SIZE: i32 = 6;
    pub const PAYLOAD: i32 = 7;
    pub const REPEATED: i32 = 8;
    pub const REFUSED: i32 = 9;
    pub const FLOOD: i32 = 10;
}

/// What the engine calls the file of a handler, whatever its name is.
const ENGINE_FILE: &str = "handler.js";

/// A guest with a handler in it.
pub struct Guest {
    store: Store<Host>,
    memory: Memory,
    /// The name of the handler's file.
    file: String,
    advice: Advice,
    dialect: Dialect,
    limits: GuestLimits,
    input: usize,
    input_capacity: usize,
    /// What it was before it was first asked something.
    loaded: Option<Image>,
    /// Shared, because a clone of a function asks the engine for its type.
    calls: Arc<Calls>,
}

/// All that a guest is between two calls: its memory, and where in it the input is. What the engine has beside, the
/// pointer of its stack, is after a call what it was before.
struct Image {
    memory: Box<[u8]>,
    input: usize,
    input_capacity: usize,
}

struct Calls {
    reserve: TypedFunc<u32, u32>,
    output_start: TypedFunc<(), u32>,
    output_length: TypedFunc<(), u32>,
    set_limits: TypedFunc<(i32, u32, i64), ()>,
    boot: TypedFunc<u32, i32>,
    load: TypedFunc<(u32, i32), i32>,
    apply: TypedFunc<(), i32>,
    check: TypedFunc<(), i32>,
    write_json: TypedFunc<(), i32>,
    save: TypedFunc<(), i32>,
    restore: TypedFunc<u32, i32>,
    collect: TypedFunc<(), ()>,
    recorded_start: TypedFunc<(), u32>,
    recorded_length: TypedFunc<(), u32>,
    locate: TypedFunc<(), ()>,
}

impl Calls {
    fn of(instance: &Instance, store: &mut Store<Host>) -> wasmtime::Result<Calls> {
        Ok(Calls {
            reserve: instance.get_typed_func(&mut *store, "reserve")?,
            output_start: instance.get_typed_func(&mut *store, "output_start")?,
            output_length: instance.get_typed_func(&mut *store, "output_length")?,
            set_limits: instance.get_typed_func(&mut *store, "set_limits")?,
            boot: instance.get_typed_func(&mut *store, "boot")?,
            load: instance.get_typed_func(&mut *store, "load")?,
            apply: instance.get_typed_func(&mut *store, "apply")?,
            check: instance.get_typed_func(&mut *store, "check")?,
            write_json: instance.get_typed_func(&mut *store, "write_json")?,
            save: instance.get_typed_func(&mut *store, "save")?,
            restore: instance.get_typed_func(&mut *store, "restore")?,
            collect: instance.get_typed_func(&mut *store, "collect")?,
            recorded_start: instance.get_typed_func(&mut *store, "recorded_start")?,
            recorded_length: instance.get_typed_func(&mut *store, "recorded_length")?,
            locate: instance.get_typed_func(&mut *store, "where")?,
        })
    }
}

/// One expression: what the dialects share, given to what a projection of KurrentDB finds on top.
const PRELUDE: &str = concat!(include_str!("kurrentdb.js"), "(", include_str!("prelude.js"), ")");

impl Guest {
    /// Starts the engine and loads a script into it, whose types were taken out. Returns also what the prelude says about
    /// the handler, as JSON.
    pub fn load(shared: &Shared, limits: GuestLimits, script: &Script) -> Result<(Guest, Vec<u8>), HandlerFault> {
        let source = script.source.as_str();
        let mut guest = Guest::start(shared, limits, script).map_err(|error| engine_fault(&format!("{error:#}")))?;
        guest.write(&[PRELUDE.as_bytes(), b"\0"])?;
        let calls = Arc::clone(&guest.calls);
        guest.finish(&calls.boot, PRELUDE.len() as u32)?;
        guest.write(&[source.as_bytes(), b"\0"])?;
        // A source is a file of a few megabytes at most.
        match guest.call(
            &calls.load,
            (source.len() as u32, i32::from(script.dialect.number())),
            limits.load_fuel,
        )? {
            status::DONE => Ok(()),
            other => Err(guest.fault(other)),
        }?;
        let about = guest.output()?.to_vec();
        Ok((guest, about))
    }

    fn image(&mut self) -> Result<Image, HandlerFault> {
        // In place of the input that the source was in, which is room for the questions then.
        let calls = Arc::clone(&self.calls);
        self.input = self.call(&calls.reserve, QUESTION_BYTES, OWN_FUEL)? as usize;
        self.input_capacity = QUESTION_BYTES as usize;
        Ok(Image {
            memory: self.memory.data(&self.store).into(),
            input: self.input,
            input_capacity: self.input_capacity,
        })
    }

    /// Lets go of what nothing but cycles of objects hold, when there may be much of it.
    fn collect(&mut self) -> Result<(), HandlerFault> {
        let calls = Arc::clone(&self.calls);
        self.call(&calls.collect, (), OWN_FUEL)
    }

    fn start(shared: &Shared, limits: GuestLimits, script: &Script) -> wasmtime::Result<Guest> {
        let host = Host {
            limiter: MemoryLimiter::new(limits.memory_bytes),
            time: Timestamp::NONE,
        };
        let mut store = Store::new(shared.engine, host);
        store.limiter(|host| &mut host.limiter);
        store.set_fuel(OWN_FUEL)?;
        let instance = shared.linker.instantiate(&mut store, &shared.module)?;
        let memory = instance
            .get_memory(&mut store, "memory")
            .ok_or_else(|| wasmtime::Error::msg("the module has no memory"))?;
        let calls = Calls::of(&instance, &mut store)?;
        // A tenth is kept for stopping in an orderly way, which says the line.
        let kept_fuel = i64::try_from(limits.fuel / 10).unwrap_or(i64::MAX);
        let (depth, state_bytes) = (limits.depth as i32, limits.state_bytes as u32);
        calls.set_limits.call(&mut store, (depth, state_bytes, kept_fuel))?;
        Ok(Guest {
            store,
            memory,
            file: script.file.clone(),
            advice: Advice::of(&script.source),
            dialect: script.dialect,
            limits,
            input: 0,
            input_capacity: 0,
            loaded: None,
            calls: Arc::new(calls),
        })
    }

    /// Puts these bytes, one after another, where the guest reads its input.
    fn write(&mut self, parts: &[&[u8]]) -> Result<(), HandlerFault> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if length > self.input_capacity {
            let calls = Arc::clone(&self.calls);
            // Less than the memory that a guest may have.
            self.input = self.call(&calls.reserve, length as u32, OWN_FUEL)? as usize;
            self.input_capacity = length;
        }
        let room = self.memory.data_mut(&mut self.store).get_mut(self.input..);
        let Some(mut room) = room else {
            return Err(engine_fault("its input lies outside its memory"));
        };
        for part in parts {
            let Some((here, rest)) = room.split_at_mut_checked(part.len()) else {
                return Err(engine_fault("its input does not fit its memory"));
            };
            here.copy_from_slice(part);
            room = rest;
        }
        Ok(())
    }

    fn output(&mut self) -> Result<&[u8], HandlerFault> {
        let calls = Arc::clone(&self.calls);
        self.memory_of(&calls.output_start, &calls.output_length)
    }

    /// The bytes that these two calls say.
    fn memory_of(&mut self, start: &TypedFunc<(), u32>, length: &TypedFunc<(), u32>) -> Result<&[u8], HandlerFault> {
        let start = self.call(start, (), OWN_FUEL)? as usize;
        let length = self.call(length, (), OWN_FUEL)? as usize;
        let end = start.saturating_add(length);
        let bytes = self.memory.data(&self.store).get(start..end);
        bytes.ok_or_else(|| engine_fault("its output lies outside its memory"))
    }

    /// A call of ours that must end well.
    fn finish<P: wasmtime::WasmParams>(&mut self, function: &TypedFunc<P, i32>, input: P) -> Result<(), HandlerFault> {
        match self.call(function, input, OWN_FUEL)? {
            status::DONE => Ok(()),
            other => Err(self.fault(other)),
        }
    }

    fn call<P, R>(&mut self, function: &TypedFunc<P, R>, input: P, fuel: u64) -> Result<R, HandlerFault>
    where
        P: wasmtime::WasmParams,
        R: wasmtime::WasmResults,
    {
        self.store
            .set_fuel(fuel)
            .map_err(|error| engine_fault(&format!("{error:#}")))?;
        function
            .call(&mut self.store, input)
            .map_err(|error| self.trapped(&error))
    }

    /// The fault of a guest that was stopped by force. It is of no further use.
    fn trapped(&mut self, error: &wasmtime::Error) -> HandlerFault {
        if cancel::is_cancelled() {
            return cancel::cancelled();
        }
        let place = self.place();
        let fault = |code, message: &str| HandlerFault {
            place: place.clone(),
            ..fault(code, message)
        };
        if self.store.data().limiter.was_refused() {
            let message = format!(
                "the handler needs more than {} of memory; keep less, and build smaller texts and lists",
                refold_core::count::exact_size(self.limits.memory_bytes as u64)
            );
            return fault(code::LIMIT_MEMORY, &message);
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => fault(code::LIMIT_FUEL, &self.too_much_work(place.as_deref())),
            Some(Trap::StackOverflow) => fault(code::LIMIT_STACK, TOO_DEEP),
            _ => engine_fault(&format!("{error:#}")),
        }
    }

    /// Where the handler was when it was stopped by force.
    fn place(&mut self) -> Option<String> {
        self.store.data_mut().limiter.lift();
        self.store.set_fuel(OWN_FUEL).ok()?;
        let calls = Arc::clone(&self.calls);
        calls.locate.call(&mut self.store, ()).ok()?;
        let output = self.calls.output_start.call(&mut self.store, ()).ok()? as usize;
        let length = self.calls.output_length.call(&mut self.store, ()).ok()? as usize;
        let text = self
            .memory
            .data(&self.store)
            .get(output..output.saturating_add(length))?;
        self.place_of_handler(&String::from_utf8_lossy(text))
    }

    /// The fault of a call that ended with a report: a place, a line end, a message.
    fn fault(&mut self, ended: i32) -> HandlerFault {
        if ended == status::STOPPED && cancel::is_cancelled() {
            return cancel::cancelled();
        }
        let report = match self.output() {
            Ok(report) => String::from_utf8_lossy(report).into_owned(),
            Err(fault) => return fault,
        };
        let (place, message) = report.split_once('\n').unwrap_or(("", &report));
        let mut place = self.place_of_handler(place);
        let (code, message) = match ended {
            status::THROWN => {
                let asks_for_module = message.starts_with(NO_MODULE);
                // The engine says which module, and not where.
                if let (true, None, Some((line, column))) = (asks_for_module, &place, self.advice.import()) {
                    place = Some(format!("{}:{line}:{column}", self.file));
                }
                let advice = match message {
                    NO_REQUIRE => HAS_NO_MODULES,
                    TEXT_TOO_LONG => BUILD_LESS,
                    _ if asks_for_module => HAS_NO_MODULES,
                    _ => "",
                };
                (code::HANDLER_THROW, format!("{message}{advice}"))
            }
            status::STOPPED => (code::LIMIT_FUEL, self.too_much_work(place.as_deref())),
            status::STACK => (code::LIMIT_STACK, TOO_DEEP.to_owned()),
            status::UNSERIALIZABLE => {
                let (path, what) = message.split_once('\n').unwrap_or(("", message));
                let path = if path.is_empty() { "the state" } else { path };
                (code::STATE_UNSERIALIZABLE, format!("{path} is {what}"))
            }
            status::DEPTH => {
                let message = format!("the state nests deeper than {} levels; flatten it", self.limits.depth);
                (code::LIMIT_DEPTH, message)
            }
            status::STATE_SIZE => {
                let message = format!(
                    "the state passes {}; keep less",
                    counted(self.limits.state_bytes as u64, "byte")
                );
                (code::LIMIT_STATE, message)
            }
            status::REFUSED => (code::PKG_SCRIPT, message.to_owned()),
            status::FLOOD => (
                code::LIMIT_OUTPUT,
                "the handler emits more than 1,000 events for one; emit fewer".to_owned(),
            ),
            _ => return engine_fault(&format!("a call ended with {ended}")),
        };
        HandlerFault { code, message, place }
    }

    /// Why it was stopped there, and what to do: a text or a list that grows takes work too, a little for each part of it.
    fn too_much_work(&self, place: Option<&str>) -> String {
        let advice = match self.advice.growing_at(place) {
            Some(name) => format!(" in {name}(…){BUILD_LESS}"),
            None => "; look for a loop that does not end, or for a text or a list that grows too large".to_owned(),
        };
        format!("{TOO_MUCH_WORK}{advice}")
    }

    /// A place in the handler's own file, which the engine knows by one name. What stands around a handler's functions is
    /// ours, and no place that a person can go to.
    fn place_of_handler(&self, place: &str) -> Option<String> {
        let of_handler = place.strip_prefix(ENGINE_FILE)?;
        Some(format!("{}{of_handler}", self.file))
    }
}

impl Hosted for Guest {
    /// Looks also whether what became of the state can be written.
    fn apply(&mut self, frame: &[u8], time: Timestamp) -> Result<Folded, HandlerFault> {
        if cancel::is_cancelled() {
            return Err(cancel::cancelled());
        }
        self.store.data_mut().time = time;
        self.write(&[frame])?;
        let calls = Arc::clone(&self.calls);
        let folded = match self.call(&calls.apply, (), self.limits.fuel)? {
            status::DONE => Folded::Done,
            status::REPEATED => Folded::Repeated,
            status::PAYLOAD | status::DEPTH => return Ok(Folded::Unread),
            other => return Err(self.fault(other)),
        };
        self.finish(&calls.check, ())?;
        Ok(folded)
    }

    fn is_whole_after_unread(&self) -> bool {
        true
    }

    /// Only projections emit. The engine has it as an object a line.
    fn recorded(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), HandlerFault> {
        if self.dialect != Dialect::KurrentDb {
            return Ok(());
        }
        let calls = Arc::clone(&self.calls);
        let lines = self
            .memory_of(&calls.recorded_start, &calls.recorded_length)?
            .split(|byte| *byte == b'\n');
        lines.filter(|line| !line.is_empty()).for_each(each);
        Ok(())
    }

    fn state(&mut self, out: &mut Vec<u8>) -> Result<(), HandlerFault> {
        let calls = Arc::clone(&self.calls);
        self.finish(&calls.write_json, ())?;
        out.extend_from_slice(self.output()?);
        Ok(())
    }

    /// As JSON, where a BigInt ends in `n` and a decimal in `m`.
    fn save(&mut self, out: &mut Vec<u8>) -> Result<(), HandlerFault> {
        let calls = Arc::clone(&self.calls);
        self.finish(&calls.save, ())?;
        out.extend_from_slice(self.output()?);
        self.collect()
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), HandlerFault> {
        self.write(&[saved, b"\0"])?;
        let calls = Arc::clone(&self.calls);
        // A state is smaller than its limit, which has 32 bits.
        self.finish(&calls.restore, saved.len() as u32)
    }

    /// What the function of a frame gives, which is no state of a fold.
    fn aside(&mut self, _number: u32, frame: &[u8], time: Timestamp, out: &mut Vec<u8>) -> Result<(), HandlerFault> {
        if self.loaded.is_none() {
            self.loaded = Some(self.image()?);
        }
        match self.apply(frame, time)? {
            Folded::Done | Folded::Repeated => {}
            Folded::Ignored | Folded::Unknown | Folded::Unread => {
                let message = "it is asked about a value that JavaScript cannot hold, or that nests too deep";
                return Err(fault(code::HANDLER_TYPE, message));
            }
        }
        self.state(out)?;
        self.collect()
    }

    /// One that has more memory since cannot give it back.
    fn rewind(&mut self) -> bool {
        let Some(loaded) = &self.loaded else { return false };
        if self.store.data().limiter.was_refused() {
            return false;
        }
        let memory = self.memory.data_mut(&mut self.store);
        if memory.len() != loaded.memory.len() {
            return false;
        }
        memory.copy_from_slice(&loaded.memory);
        self.input = loaded.input;
        self.input_capacity = loaded.input_capacity;
        true
    }
}

/// What the engine says where a module cannot be had, and how it begins to.
const NO_MODULE: &str = "ReferenceError: could not load module";
const NO_REQUIRE: &str = "ReferenceError: require is not defined";
const TEXT_TOO_LONG: &str = "InternalError: string too long";

const HAS_NO_MODULES: &str = "; a handler is one file, without modules and without anything of the machine: write into it what \
                              it needs";
const BUILD_LESS: &str = "; build smaller texts and lists";
const TOO_MUCH_WORK: &str = "the handler worked too long on one event and was stopped";
const TOO_DEEP: &str = "the handler called itself too often; look for a recursion that does not end";

pub fn engine_fault(what: &str) -> HandlerFault {
    let message = format!("the JavaScript engine failed: {what}; report this, with the handler");
    fault(code::ENGINE, message)
}
