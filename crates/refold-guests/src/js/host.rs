//! What the guest can ask for while it runs: how much fuel is left, and the time of its event.
//!
//! It must not know the engine, nor what the guest does with an answer.

use refold_core::time::Timestamp;
use wasmtime::{Caller, Linker};

use crate::cancel;
use crate::limits::MemoryLimiter;

/// See the module.
pub struct Host {
    pub limiter: MemoryLimiter,
    /// Of the event that is folded.
    pub time: Timestamp,
}

impl Host {
    pub fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
        // The engine asks every so many calls and turns of a loop, and stops the handler where too little is left.
        linker.func_wrap("refold", "fuel_left", |caller: Caller<'_, Host>| -> i64 {
            match cancel::is_cancelled() {
                true => 0,
                false => i64::try_from(caller.get_fuel().unwrap_or(0)).unwrap_or(i64::MAX),
            }
        })?;
        let event_time = |mut caller: Caller<'_, Host>, at: u32, digits: u32| -> u32 {
            let text = caller.data().time.display(digits.min(9) as u8).to_string();
            let Some(memory) = caller.get_export("memory").and_then(|it| it.into_memory()) else {
                return 0;
            };
            // At most 40 bytes; the guest has room for 64.
            match memory.write(&mut caller, at as usize, text.as_bytes()) {
                Ok(()) => text.len() as u32,
                Err(_) => 0,
            }
        };
        linker.func_wrap("refold", "event_time", event_time)?;
        Ok(())
    }
}
