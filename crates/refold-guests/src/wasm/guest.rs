//! One running module: its memory, its fuel, and what its calls end with. It must not know what an event means.

use std::sync::Arc;

use refold_core::count::{counted, grouped};
use refold_core::port::handler::HandlerFault;
use refold_core::time::Timestamp;
use wasmtime::{Instance, Memory, Store, Trap, TypedFunc, WasmBacktrace, WasmParams, WasmResults};

use super::FILE;
use super::abi;
use super::host::{Host, range};
use super::reply::{Outcome, read_reply};
use crate::cancel;
use crate::error::{code, fault};
use crate::hosted::Hosted;
use crate::limits::GuestLimits;
use crate::undo::Folded;

/// A module with its memory.
pub struct Guest {
    store: Store<Host>,
    memory: Memory,
    limits: GuestLimits,
    input: u32,
    input_capacity: u32,
    /// The name of the state that events are folded into.
    key: Vec<u8>,
    /// Shared, because a clone of a function asks the engine for its type.
    calls: Arc<Calls>,
}

struct Calls {
    alloc: TypedFunc<i32, i32>,
    free: TypedFunc<(i32, i32), ()>,
    init: TypedFunc<(i32, i32), i32>,
    apply: TypedFunc<(i32, i32), i64>,
    state: TypedFunc<(i32, i32), i64>,
    load: TypedFunc<(i32, i32), i32>,
    reset: TypedFunc<(), ()>,
    /// Both, or neither.
    upcasters: Option<TypedFunc<(), i64>>,
    upcast: Option<TypedFunc<(i32, i32), i64>>,
}

impl Calls {
    fn of(instance: &Instance, store: &mut Store<Host>) -> wasmtime::Result<Calls> {
        Ok(Calls {
            alloc: instance.get_typed_func(&mut *store, "refold_alloc")?,
            free: instance.get_typed_func(&mut *store, "refold_free")?,
            init: instance.get_typed_func(&mut *store, "refold_init")?,
            apply: instance.get_typed_func(&mut *store, "refold_apply")?,
            state: instance.get_typed_func(&mut *store, "refold_state")?,
            load: instance.get_typed_func(&mut *store, "refold_load")?,
            reset: instance.get_typed_func(&mut *store, "refold_reset")?,
            upcasters: instance.get_typed_func(&mut *store, "refold_upcasters").ok(),
            upcast: instance.get_typed_func(&mut *store, "refold_upcast").ok(),
        })
    }
}

impl Guest {
    /// Starts a module and has it prepare itself. `instantiate` makes the instance.
    pub fn start(
        engine: &wasmtime::Engine,
        limits: GuestLimits,
        instantiate: impl FnOnce(&mut Store<Host>) -> wasmtime::Result<Instance>,
    ) -> Result<Guest, HandlerFault> {
        let mut store = Store::new(engine, Host::new(limits));
        store.limiter(|host| &mut host.limiter);
        refuel(&mut store, limits.load_fuel)?;
        let instance = instantiate(&mut store).map_err(|error| stopped(&mut store, &limits, &error))?;
        if let Ok(initialize) = instance.get_typed_func::<(), ()>(&mut store, "_initialize") {
            let done = initialize.call(&mut store, ());
            done.map_err(|error| stopped(&mut store, &limits, &error))?;
        }
        let version = instance.get_typed_func::<(), i32>(&mut store, "refold_abi_version");
        let version = version.and_then(|version| version.call(&mut store, ()));
        let version = version.map_err(|error| stopped(&mut store, &limits, &error))?;
        if version != abi::VERSION {
            let message = format!("the module speaks refold-abi/{version}, and this Refold refold-abi/1");
            return Err(fault(code::WASM_ABI, message));
        }
        let memory = instance.get_memory(&mut store, "memory");
        // The program looked at both when it was loaded.
        let memory = memory.ok_or_else(|| fault(code::ENGINE, "the memory is gone; report this, with the handler"))?;
        let calls = Calls::of(&instance, &mut store).map_err(|error| stopped(&mut store, &limits, &error))?;
        let mut guest = Guest {
            store,
            memory,
            limits,
            input: 0,
            input_capacity: 0,
            key: Vec::new(),
            calls: Arc::new(calls),
        };
        let place = guest.write(&[abi::CONFIG])?;
        let calls = Arc::clone(&guest.calls);
        match guest.call(&calls.init, place, limits.load_fuel)? {
            0 => Ok(guest),
            other => Err(fault(
                code::HANDLER_THROW,
                format!("`refold_init` gave {other}, which is a failure{}", guest.logged()),
            )),
        }
    }

    /// Folds a batch; `head` says how many events it has. Every one gets the surroundings of the first.
    fn apply_batch(&mut self, head: &[u8], records: &[u8], time: Timestamp) -> Result<Folded, HandlerFault> {
        self.store.data_mut().begin(time, abi::seed_of(records));
        let place = self.write(&[head, records])?;
        let calls = Arc::clone(&self.calls);
        let packed = self.call(&calls.apply, place, self.limits.fuel)?;
        // The short way to say that all is well.
        if packed == 0 {
            return Ok(Folded::Done);
        }
        let frame = self.said("refold_apply", packed)?;
        let reply = read_reply(frame, 1).map_err(|what| {
            let message = format!("what `refold_apply` gave does not hold together: {what}");
            fault(code::WASM_ABI, message)
        })?;
        if let Some(failure) = reply.failure {
            let message = String::from_utf8_lossy(failure.message);
            let message = match failure.code {
                b"" => message.into_owned(),
                code => format!("{}: {message}", String::from_utf8_lossy(code)),
            };
            return Err(fault(code::HANDLER_THROW, message));
        }
        Ok(match reply.outcomes.first() {
            None | Some(Outcome::Folded) => Folded::Done,
            Some(Outcome::Ignored) => Folded::Ignored,
            Some(Outcome::Unknown) => Folded::Unknown,
            Some(Outcome::Unread) => Folded::Unread,
        })
    }

    /// Writes what the module says of its upcasters; nothing where it has none.
    pub fn upcasters(&mut self, out: &mut Vec<u8>) -> Result<(), HandlerFault> {
        let calls = Arc::clone(&self.calls);
        let Some(upcasters) = &calls.upcasters else {
            return Ok(());
        };
        let packed = self.call(upcasters, (), self.limits.load_fuel)?;
        out.extend_from_slice(self.said("refold_upcasters", packed)?);
        Ok(())
    }

    /// The state as JSON, in the module's own words.
    fn json(&mut self) -> Result<&[u8], HandlerFault> {
        let key = std::mem::take(&mut self.key);
        let place = self.write(&[&key]);
        self.key = key;
        let calls = Arc::clone(&self.calls);
        let packed = self.call(&calls.state, place?, self.limits.load_fuel)?;
        let (_, length) = abi::unpacked(packed);
        if length as usize > self.limits.state_bytes {
            let message = format!(
                "the state has {}, and may have {}; keep less",
                counted(length.into(), "byte"),
                grouped(self.limits.state_bytes as u64)
            );
            return Err(fault(code::LIMIT_STATE, message));
        }
        self.said("refold_state", packed)
    }

    /// Puts these bytes, one after another, where the module has room for its input. Returns where and how many.
    fn write(&mut self, parts: &[&[u8]]) -> Result<(i32, i32), HandlerFault> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let wanted = u32::try_from(length).map_err(|_| fault(code::EVENT_SIZE, "the event has more than 4 GiB"))?;
        if wanted > self.input_capacity {
            self.make_room(wanted)?;
        }
        let (at, capacity) = (self.input, self.input_capacity);
        let mut room = self
            .memory
            .data_mut(&mut self.store)
            .get_mut(range(at, capacity))
            .ok_or_else(|| nowhere("refold_alloc", at, capacity))?;
        for part in parts {
            let (here, rest) = room
                .split_at_mut_checked(part.len())
                .ok_or_else(|| nowhere("refold_alloc", at, capacity))?;
            here.copy_from_slice(part);
            room = rest;
        }
        // The interface has the same bits as signed numbers.
        Ok((at as i32, wanted as i32))
    }

    fn make_room(&mut self, wanted: u32) -> Result<(), HandlerFault> {
        if self.input_capacity > 0 {
            let calls = Arc::clone(&self.calls);
            let old = (self.input as i32, self.input_capacity as i32);
            self.input_capacity = 0;
            self.call(&calls.free, old, self.limits.load_fuel)?;
        }
        // Room to spare, so that not every longer event asks again.
        let capacity = wanted.checked_next_power_of_two().unwrap_or(wanted).max(1 << 10);
        let calls = Arc::clone(&self.calls);
        let at = self.call(&calls.alloc, capacity as i32, self.limits.load_fuel)? as u32;
        if at == 0 || !at.is_multiple_of(abi::ALIGNMENT) {
            let message = format!(
                "`refold_alloc` gave the address {at}, and must give a multiple of {} that is not 0",
                abi::ALIGNMENT
            );
            return Err(fault(code::WASM_ABI, message));
        }
        if range(at, capacity).end > self.memory.data_size(&self.store) {
            return Err(nowhere("refold_alloc", at, capacity));
        }
        (self.input, self.input_capacity) = (at, capacity);
        Ok(())
    }

    /// The bytes of which a call said where they are.
    fn said(&self, call: &str, packed: i64) -> Result<&[u8], HandlerFault> {
        let (at, length) = abi::unpacked(packed);
        let bytes = self.memory.data(&self.store).get(range(at, length));
        bytes.ok_or_else(|| nowhere(call, at, length))
    }

    fn call<P: WasmParams, R: WasmResults>(
        &mut self,
        function: &TypedFunc<P, R>,
        input: P,
        fuel: u64,
    ) -> Result<R, HandlerFault> {
        refuel(&mut self.store, fuel)?;
        let answer = function.call(&mut self.store, input);
        answer.map_err(|error| stopped(&mut self.store, &self.limits, &error))
    }

    fn logged(&self) -> String {
        match self.store.data().last_line() {
            line if line.is_empty() => line,
            line => format!(": {line}"),
        }
    }
}

impl Hosted for Guest {
    /// Not once nobody waits for it. Within an event a module is stopped by its fuel alone, which lasts for
    /// hundredths of a second.
    fn apply(&mut self, frame: &[u8], time: Timestamp) -> Result<Folded, HandlerFault> {
        if cancel::is_cancelled() {
            return Err(cancel::cancelled());
        }
        if self.key.is_empty() {
            self.key = abi::key_of_record(frame).to_vec();
        }
        self.apply_batch(&abi::batch_head(1), frame, time)
    }

    /// It may have done half of its work.
    fn is_whole_after_unread(&self) -> bool {
        false
    }

    fn recorded(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), HandlerFault> {
        let emitted = self.store.data_mut().take_emitted();
        emitted.iter().for_each(|json| each(json));
        Ok(())
    }

    fn state(&mut self, out: &mut Vec<u8>) -> Result<(), HandlerFault> {
        out.extend_from_slice(self.json()?);
        Ok(())
    }

    /// With its key, as `refold_load` takes it.
    fn save(&mut self, out: &mut Vec<u8>) -> Result<(), HandlerFault> {
        let key = self.key.clone();
        let json = self.json()?;
        abi::write_keyed_state(out, &key, json);
        Ok(())
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), HandlerFault> {
        let calls = Arc::clone(&self.calls);
        self.call(&calls.reset, (), self.limits.load_fuel)?;
        self.key = abi::key_of(saved).to_vec();
        // Nothing was folded yet.
        if saved.is_empty() {
            return Ok(());
        }
        let place = self.write(&[saved])?;
        let calls = Arc::clone(&self.calls);
        match self.call(&calls.load, place, self.limits.load_fuel)? {
            0 => Ok(()),
            other => {
                let message = format!(
                    "`refold_load` gave {other}: it does not take the state that `refold_state` gave{}",
                    self.logged()
                );
                Err(fault(code::HANDLER_TYPE, message))
            }
        }
    }

    /// What the module makes of an event of the version `from`.
    fn aside(&mut self, from: u32, record: &[u8], time: Timestamp, out: &mut Vec<u8>) -> Result<(), HandlerFault> {
        if cancel::is_cancelled() {
            return Err(cancel::cancelled());
        }
        let calls = Arc::clone(&self.calls);
        let Some(upcast) = &calls.upcast else {
            return Err(fault(code::WASM_EXPORT, "the module exports no `refold_upcast`"));
        };
        self.store.data_mut().begin(time, abi::seed_of(record));
        let place = self.write(&[&abi::upcast_head(from), record])?;
        let packed = self.call(upcast, place, self.limits.fuel)?;
        let (_, length) = abi::unpacked(packed);
        if length == 0 {
            let message = format!("`refold_upcast` gave nothing, which is a failure{}", self.logged());
            return Err(fault(code::HANDLER_THROW, message));
        }
        if length as usize > self.limits.payload_bytes {
            let message = format!(
                "`refold_upcast` gave {}, and an event may have {}",
                counted(length.into(), "byte"),
                grouped(self.limits.payload_bytes as u64)
            );
            return Err(fault(code::EVENT_SIZE, message));
        }
        out.extend_from_slice(self.said("refold_upcast", packed)?);
        Ok(())
    }
}

fn refuel(store: &mut Store<Host>, fuel: u64) -> Result<(), HandlerFault> {
    let fuelled = store.set_fuel(fuel);
    fuelled.map_err(|error| {
        fault(
            code::ENGINE,
            format!("no fuel: {error:#}; report this, with the handler"),
        )
    })
}

fn nowhere(call: &str, at: u32, length: u32) -> HandlerFault {
    let message = format!("`{call}` gave {length} bytes at {at}, which lie outside the module's memory");
    fault(code::WASM_ABI, message)
}

/// The fault of a module that was stopped by force. It is of no further use.
fn stopped(store: &mut Store<Host>, limits: &GuestLimits, error: &wasmtime::Error) -> HandlerFault {
    let host = store.data_mut();
    let (code, message) = if host.limiter.was_refused() {
        let message = format!(
            "the handler needs more than {} of memory, or a table of more than 65,536 elements; keep less",
            refold_core::count::exact_size(limits.memory_bytes as u64)
        );
        (code::LIMIT_MEMORY, message)
    } else if let Some(refusal) = host.take_refusal() {
        refusal
    } else {
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => (code::LIMIT_FUEL, TOO_MUCH_WORK.to_owned()),
            Some(Trap::StackOverflow) => (code::LIMIT_STACK, TOO_DEEP.to_owned()),
            Some(trap) => {
                let line = host.last_line();
                let message = match line.as_str() {
                    "" => format!("the handler stopped: {trap}"),
                    line => format!("the handler stopped ({trap}): {line}"),
                };
                (code::HANDLER_THROW, message)
            }
            None => (
                code::ENGINE,
                format!("wasmtime failed: {error:#}; report this, with the handler"),
            ),
        }
    };
    HandlerFault {
        code,
        message,
        place: place(error),
    }
}

/// The function that the module was in, by its name or its number.
fn place(error: &wasmtime::Error) -> Option<String> {
    let frame = error.downcast_ref::<WasmBacktrace>()?.frames().first()?;
    Some(match frame.func_name() {
        Some(name) => format!("{FILE}: {name}"),
        None => format!("{FILE}: function {}", frame.func_index()),
    })
}

const TOO_MUCH_WORK: &str =
    "the handler worked too long on one event and was stopped; look for a loop that does not end";
const TOO_DEEP: &str = "the handler called itself too often; look for a recursion that does not end";
