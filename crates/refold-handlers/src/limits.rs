//! The caps on what a handler may use for one event.
//!
//! They depend on nothing but the event and the handler, so that a run gives the same answer everywhere. Wall time is
//! a limit of programs alone, whose work nobody can count: whoever drives the run of another handler cancels it.

use refold_guests::GuestLimits;

/// Caps for one event. A package may lower each, never raise it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Evaluated expression nodes, macro elements and operations.
    pub steps: u32,
    /// Work of a script or a module: about one unit for each of the machine's instructions.
    pub fuel: u64,
    /// Bytes that expressions make beside the state; all that a script with its engine, or a module, holds.
    pub memory_bytes: usize,
    /// Size of the state as compact JSON.
    pub state_bytes: usize,
    /// Nesting of arrays and objects, in the state and in a payload.
    pub depth: usize,
    /// Events that one event may emit.
    pub output_events: usize,
    /// Size of a payload, and of a metadata document.
    pub payload_bytes: usize,
    /// How long a program may work on one event.
    pub wall_millis: u64,
}

impl Limits {
    pub const DEFAULT: Limits = Limits {
        steps: 100_000,
        fuel: GuestLimits::DEFAULT.fuel,
        memory_bytes: 256 << 20,
        state_bytes: 16 << 20,
        depth: 64,
        output_events: 1_000,
        payload_bytes: 32 << 20,
        wall_millis: GuestLimits::DEFAULT.wall_millis,
    };
}

impl Limits {
    /// As the crate of guests knows them.
    pub(crate) fn of_guest(self) -> GuestLimits {
        GuestLimits {
            fuel: self.fuel,
            load_fuel: GuestLimits::DEFAULT.load_fuel,
            memory_bytes: self.memory_bytes,
            state_bytes: self.state_bytes,
            depth: self.depth,
            output_events: self.output_events,
            payload_bytes: self.payload_bytes,
            wall_millis: self.wall_millis,
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::DEFAULT
    }
}
