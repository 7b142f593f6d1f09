//! What a module can ask for while it runs: to log, to emit, the event's time, and numbers that the event seeds.

use refold_core::count::counted;
use refold_core::time::Timestamp;
use wasmtime::{Caller, Linker, Trap};

use crate::error::code;
use crate::limits::{GuestLimits, MemoryLimiter};
use crate::recorded::Recorded;
use crate::surroundings::micros;

/// What one event may log. It is kept to be told with a failure.
const MAX_LOG_BYTES: usize = 64 << 10;

/// Every call costs this much fuel and as much as it has bytes, so that none is free.
const CALL_FUEL: u64 = 64;

/// See the module.
pub struct Host {
    pub limiter: MemoryLimiter,
    limits: GuestLimits,
    time: Timestamp,
    random: u64,
    /// Objects of JSON with a type, as they were emitted.
    emitted: Vec<Vec<u8>>,
    emitted_bytes: usize,
    log: Vec<u8>,
    /// Why a call stopped the module, where it was one of these.
    refusal: Option<(&'static str, String)>,
}

impl Host {
    pub fn new(limits: GuestLimits) -> Host {
        Host {
            limiter: MemoryLimiter::new(limits.memory_bytes),
            limits,
            time: Timestamp::NONE,
            random: 0,
            emitted: Vec::new(),
            emitted_bytes: 0,
            log: Vec::new(),
            refusal: None,
        }
    }

    /// The surroundings of the next event.
    pub fn begin(&mut self, time: Timestamp, seed: u64) {
        self.time = time;
        self.random = seed;
        self.emitted.clear();
        self.emitted_bytes = 0;
        self.log.clear();
    }

    /// What the last event emitted.
    pub fn take_emitted(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.emitted)
    }

    /// The last line that the module logged.
    pub fn last_line(&self) -> String {
        let lines = self.log.split(|byte| *byte == b'\n').rev();
        let last = lines.map(<[u8]>::trim_ascii).find(|line| !line.is_empty());
        String::from_utf8_lossy(last.unwrap_or_default()).into_owned()
    }

    pub fn take_refusal(&mut self) -> Option<(&'static str, String)> {
        self.refusal.take()
    }

    /// Nanoseconds since 1970; nothing before.
    pub fn clock_nanos(&self) -> u64 {
        match self.time.is_none() {
            true => 0,
            false => u64::try_from(self.time.0).unwrap_or(0),
        }
    }

    /// The next number: SplitMix64.
    pub fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ self.random >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Stops the module.
    pub fn refuse(&mut self, code: &'static str, message: impl Into<String>) -> wasmtime::Error {
        self.refusal = Some((code, message.into()));
        wasmtime::Error::msg("the module was stopped")
    }

    /// # Errors
    /// When the event would log too much with so many bytes more.
    pub fn need_log_room(&mut self, bytes: usize) -> wasmtime::Result<()> {
        if self.log.len().saturating_add(bytes) < MAX_LOG_BYTES {
            return Ok(());
        }
        let message = format!(
            "the handler logs more than {} for one event; log less",
            refold_core::count::exact_size(MAX_LOG_BYTES as u64)
        );
        Err(self.refuse(code::LIMIT_OUTPUT, message))
    }

    pub fn note_log(&mut self, text: &[u8]) -> wasmtime::Result<()> {
        self.need_log_room(text.len())?;
        self.log.extend_from_slice(text);
        self.log.push(b'\n');
        Ok(())
    }

    fn note_emitted(&mut self, json: &[u8]) -> wasmtime::Result<()> {
        self.emitted_bytes = self.emitted_bytes.saturating_add(json.len());
        if self.emitted.len() >= self.limits.output_events {
            let most = self.limits.output_events;
            let message = format!(
                "the handler emits more than {} for one; emit fewer",
                counted(most as u64, "event")
            );
            return Err(self.refuse(code::LIMIT_OUTPUT, message));
        }
        if self.emitted_bytes > self.limits.state_bytes {
            let most = self.limits.state_bytes;
            let message = format!(
                "the handler emits more than {} for one event; emit less",
                counted(most as u64, "byte")
            );
            return Err(self.refuse(code::LIMIT_OUTPUT, message));
        }
        if Recorded::read(json, self.limits.depth).is_none() {
            let message = "what the handler emits is no object of JSON with a `type`";
            return Err(self.refuse(code::HANDLER_TYPE, message));
        }
        self.emitted.push(json.to_vec());
        Ok(())
    }
}

/// Adds what `refold-abi/1` offers under the name `refold`.
pub fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap("refold", "log", |mut caller: Caller<'_, Host>, at: u32, length: u32| {
        let text = bytes_of(&mut caller, at, length)?;
        caller.data_mut().note_log(&text)
    })?;
    linker.func_wrap(
        "refold",
        "emit",
        |mut caller: Caller<'_, Host>, at: u32, length: u32| {
            let json = bytes_of(&mut caller, at, length)?;
            caller.data_mut().note_emitted(&json)
        },
    )?;
    linker.func_wrap("refold", "now_us", |caller: Caller<'_, Host>| {
        micros(caller.data().time)
    })?;
    linker.func_wrap("refold", "random", |mut caller: Caller<'_, Host>| {
        // The same bits, as the interface has them.
        caller.data_mut().next_random() as i64
    })?;
    Ok(())
}

/// A copy of a part of the module's memory, paid for by the byte.
pub fn bytes_of(caller: &mut Caller<'_, Host>, at: u32, length: u32) -> wasmtime::Result<Vec<u8>> {
    charge_for(caller, at, length)?;
    let range = range(at, length);
    let memory = caller.get_export("memory").and_then(|it| it.into_memory());
    let bytes = memory.and_then(|memory| memory.data(&caller).get(range).map(<[u8]>::to_vec));
    bytes.ok_or_else(|| outside(caller, at, length))
}

/// Writes into the module's memory.
pub fn put(caller: &mut Caller<'_, Host>, at: u32, bytes: &[u8]) -> wasmtime::Result<()> {
    let memory = caller.get_export("memory").and_then(|it| it.into_memory());
    let is_written = memory.is_some_and(|memory| memory.write(&mut *caller, at as usize, bytes).is_ok());
    match is_written {
        true => Ok(()),
        // What is written here is shorter than 4 GiB.
        false => Err(outside(caller, at, bytes.len() as u32)),
    }
}

/// Takes fuel for so many bytes of the module's memory.
///
/// # Errors
/// When it has not that much memory there, or not that much fuel.
pub fn charge_for(caller: &mut Caller<'_, Host>, at: u32, length: u32) -> wasmtime::Result<()> {
    charge(caller, u64::from(length))?;
    let memory = caller.get_export("memory").and_then(|it| it.into_memory());
    match memory.is_some_and(|memory| range(at, length).end <= memory.data_size(&caller)) {
        true => Ok(()),
        false => Err(outside(caller, at, length)),
    }
}

/// Takes fuel for what the host does.
pub fn charge(caller: &mut Caller<'_, Host>, bytes: u64) -> wasmtime::Result<()> {
    let left = caller.get_fuel()?;
    let cost = bytes.saturating_add(CALL_FUEL);
    if left < cost {
        return Err(Trap::OutOfFuel.into());
    }
    caller.set_fuel(left - cost)
}

/// The places from an address on.
pub fn range(at: u32, length: u32) -> std::ops::Range<usize> {
    let start = at as usize;
    start..start.saturating_add(length as usize)
}

fn outside(caller: &mut Caller<'_, Host>, at: u32, length: u32) -> wasmtime::Error {
    let message = format!("the module hands over {length} bytes at {at}, which lie outside its memory");
    caller.data_mut().refuse(code::WASM_ABI, message)
}
