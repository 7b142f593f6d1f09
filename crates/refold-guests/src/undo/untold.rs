//! Which event it is since which a guest cannot tell its state: a handler can do something to it at one event that shows
//! only when somebody asks.
//!
//! It is the one behind the last state that could be told, whatever was asked for before and wherever the journal begins.
//! So that it is found soon it is looked for by halves; and because a later event can make the state one that can be told
//! again, each state behind it is asked for too.

use refold_core::port::handler::{HandlerFault, Untold};
use refold_core::value::Value;

use super::{Guest as _, Handler, Undoable, persistently};
use crate::error::{code, had_ended};

/// What is known of the states since the journal begins.
#[derive(Clone, Default)]
pub(super) struct Known {
    /// After so many events of the journal the state could be told.
    told: usize,
    /// That state, where somebody asked for it.
    state: Option<Value>,
    /// None behind it, up to after so many events, can be told.
    untold: usize,
    /// Why the first of them cannot.
    fault: Option<HandlerFault>,
}

impl Known {
    pub fn told(&mut self, count: usize, state: &Value) {
        *self = Known {
            told: count,
            state: Some(state.clone()),
            untold: count,
            fault: None,
        };
    }

    /// The state after so many events, where it was told.
    pub fn state(&self, count: usize) -> Option<&Value> {
        self.state.as_ref().filter(|_| self.is_told(count))
    }

    pub fn is_told(&self, count: usize) -> bool {
        self.told == count
    }

    pub fn is_untold(&self, count: usize) -> bool {
        self.told < count && self.untold == count
    }

    fn untold(&mut self, count: usize, fault: HandlerFault) {
        self.untold = count;
        self.fault.get_or_insert(fault);
    }
}

/// Whether it is the handler's state that cannot be told, and not that nobody could be asked, or that the machine was slow.
pub(super) fn is_of_state(fault: &HandlerFault) -> bool {
    is_doubtful(fault)
        || matches!(
            fault.code,
            code::STATE_UNSERIALIZABLE
                | code::LIMIT_FUEL
                | code::LIMIT_MEMORY
                | code::LIMIT_STACK
                | code::LIMIT_STATE
                | code::LIMIT_DEPTH
                | code::LIMIT_OUTPUT
                | code::HANDLER_THROW
                | code::HANDLER_TYPE
                | code::WASM_ABI
        )
}

/// Whether it may be a matter of chance. What happens twice, in another process, is not.
fn is_doubtful(fault: &HandlerFault) -> bool {
    matches!(fault.code, code::PROC_EXIT | code::PROC_PROTOCOL)
}

/// Asks, and once more where the answer may be a matter of chance.
pub(super) fn surely<T>(mut ask: impl FnMut() -> Result<T, HandlerFault>) -> Result<T, HandlerFault> {
    match ask() {
        Err(fault) if is_doubtful(&fault) => ask(),
        answer => answer,
    }
}

impl<H: Handler> Undoable<H> {
    /// What can be told where the state at the end of the journal cannot. `None`: not even the state that it begins with.
    ///
    /// # Errors
    /// Nobody could be asked.
    pub(super) fn look_back(&mut self, fault: &HandlerFault) -> Result<Option<Untold>, HandlerFault> {
        let end = self.journal.len();
        // Where the guest is.
        let mut here = None;
        if self.known.untold == self.known.told {
            self.halve(end, &mut here)?;
        }
        for count in self.known.untold + 1..end {
            if self.journal.is_between(count) {
                self.ask_after(count, &mut here)?;
            }
        }
        if self.known.untold < end {
            self.known.untold(end, fault.clone());
        }
        if self.known.state.is_none() {
            let told = self.state_after(self.known.told, &mut here);
            self.known.state = Some(told?);
        }
        if here.is_some() {
            self.guest = None;
        }
        Ok(self.untold_now())
    }

    /// What is known of the end of the journal, whose state cannot be told.
    pub(super) fn untold_now(&self) -> Option<Untold> {
        let (before, fault) = self.known.state.as_ref().zip(self.known.fault.as_ref())?;
        let mut fault = fault.clone();
        fault.message = format!("the state after this event cannot be told: {}", fault.message);
        Some(Untold {
            position: self.journal.position(self.known.told)?,
            fault,
            before: before.clone(),
        })
    }

    /// Goes to a state that can be told before one that cannot, by halves: those behind it are then asked for one by one.
    fn halve(&mut self, end: usize, here: &mut Option<usize>) -> Result<(), HandlerFault> {
        let mut untold = end;
        while let Some(middle) = self.journal.middle(self.known.told, untold) {
            if !self.ask_after(middle, here)? {
                // Those before it are not known yet.
                (self.known.untold, self.known.fault, untold) = (self.known.told, None, middle);
            }
        }
        Ok(())
    }

    /// Asks for the state after so many events, and takes down whether it can be told.
    fn ask_after(&mut self, count: usize, here: &mut Option<usize>) -> Result<bool, HandlerFault> {
        match surely(|| self.state_after(count, here)) {
            Ok(state) => self.known.told(count, &state),
            Err(fault) if !is_of_state(&fault) => return Err(fault),
            Err(fault) => {
                self.known.untold(count, fault);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The state after so many events of the journal. `here`: after how many of them the guest is, where that is known.
    fn state_after(&mut self, count: usize, here: &mut Option<usize>) -> Result<Value, HandlerFault> {
        let journal = std::mem::take(&mut self.journal);
        let from = here.take().filter(|here| *here <= count);
        self.is_current = false;
        let mut from = from.filter(|_| self.guest.is_some());
        let state = persistently(|is_last| {
            if from.is_none() {
                let guest = match is_last {
                    true => self.handler.guest_alone()?,
                    false => self.handler.guest()?,
                };
                self.guest.insert(guest).restore(&self.saved)?;
            }
            // Where it fails, another begins at the start.
            let from = from.take().unwrap_or_default();
            let guest = self.guest.as_mut().ok_or_else(had_ended)?;
            guest.apply_again(&mut journal.frames_of(from, count))?;
            guest.state()
        });
        self.journal = journal;
        let is_sound = state.is_ok() || self.guest.as_ref().is_some_and(|guest| guest.is_sound());
        match is_sound {
            true => *here = Some(count),
            false => self.guest = None,
        }
        state
    }
}
