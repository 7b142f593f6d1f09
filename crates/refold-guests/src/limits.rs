//! Caps for one event. They depend on nothing but the event and the handler.

use wasmtime::ResourceLimiter;

use crate::worker;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuestLimits {
    /// Work of one event: about one unit for each instruction of WebAssembly, and for each byte that one copies or fills.
    pub fuel: u64,
    /// Work of loading the handler.
    pub load_fuel: u64,
    /// All that the guest may hold: engine, handler, state.
    pub memory_bytes: usize,
    /// Size of the state as JSON. Less than 4 GiB.
    pub state_bytes: usize,
    /// Nesting of arrays and objects, in the state and in a payload. At most 1,000.
    pub depth: usize,
    /// Events that a module may emit for one. A script may emit 1,000.
    pub output_events: usize,
    pub payload_bytes: usize,
    /// How long a program may work on one event. Nothing else is measured by a clock.
    pub wall_millis: u64,
}

impl GuestLimits {
    pub const DEFAULT: GuestLimits = GuestLimits {
        fuel: 50_000_000,
        load_fuel: 2_000_000_000,
        memory_bytes: 256 << 20,
        state_bytes: 16 << 20,
        depth: 64,
        output_events: 1_000,
        payload_bytes: 32 << 20,
        wall_millis: 2_000,
    };

    /// The most that a state has as it is saved, beside which stands what it is the state of.
    pub(crate) fn saved_bytes(&self) -> usize {
        const KEY_BYTES: usize = 1 << 20;
        self.state_bytes.saturating_add(KEY_BYTES)
    }

    /// Events that are emitted for one.
    pub(crate) fn most_emitted(&self) -> usize {
        const OF_SCRIPTS: usize = 1_000;
        self.output_events.max(OF_SCRIPTS)
    }

    /// The most that the answers of a guest hold: what one event emits, and the state before it and after it; or an event
    /// that was upcast.
    pub(crate) fn answer_bytes(&self) -> usize {
        let states = self.saved_bytes().saturating_mul(3);
        states.saturating_add(self.payload_bytes).min(u32::MAX as usize)
    }
}

/// Elements of a table. A handler has no use for a large one.
const MAX_TABLE_ELEMENTS: usize = 1 << 16;

/// What wasmtime says where memory has more bytes than an address can say, before it asks us.
const BEYOND_ALL_MEMORY: &str = "memory growth exceeds memory type's limits";

/// Holds a guest to its memory. What it asks for beyond ends it: a refusal could be caught.
pub struct MemoryLimiter {
    max_bytes: usize,
    was_refused: bool,
}

impl MemoryLimiter {
    pub fn new(max_bytes: usize) -> MemoryLimiter {
        MemoryLimiter {
            max_bytes,
            was_refused: false,
        }
    }

    /// Whether the guest asked for more than it may have.
    pub fn was_refused(&self) -> bool {
        self.was_refused
    }

    /// For a guest that is stopped and only asked where it was.
    pub fn lift(&mut self) {
        self.max_bytes = usize::MAX;
    }

    fn within(&mut self, desired: usize, most: usize) -> wasmtime::Result<bool> {
        if desired <= most {
            return Ok(true);
        }
        self.was_refused = true;
        Err(wasmtime::Error::msg("the guest asked for more memory than it may have"))
    }
}

impl ResourceLimiter for MemoryLimiter {
    /// What a module itself declares as the most of its memory is no limit of ours: it is told that there is no more.
    fn memory_growing(&mut self, _current: usize, desired: usize, most: Option<usize>) -> wasmtime::Result<bool> {
        let is_within = self.within(desired, self.max_bytes)?;
        Ok(is_within && most.is_none_or(|most| desired <= most))
    }

    /// The system has no more, which hangs on what else there is: a guest must not see it.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        match error.to_string().as_str() {
            BEYOND_ALL_MEMORY => Ok(()),
            _ => Err(worker::give_up(error)),
        }
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _most: Option<usize>) -> wasmtime::Result<bool> {
        self.within(desired, MAX_TABLE_ELEMENTS)
    }
}
