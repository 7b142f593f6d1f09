//! One instance that is folded event by event, and what became of each: what the lab does when it watches no other
//! program. A fault ends it, as it ends every fold; one that shows only in the state is of that moment alone.

use refold_core::event::{Encoding, EventView};
use refold_core::names::Names;
use refold_core::port::handler::{
    Applied, HandlerFault, HandlerInstance, HandlerProgram, StatesAsked, Untold, Written,
};
use refold_core::value::Value;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The handler has rules for it and ran them.
    Folded,
    /// The handler has none for its type.
    Passed,
    /// Its payload cannot be read.
    Undecodable,
    /// The handler failed on it, or its state cannot be told after it: [`Running::failure`] says how.
    Failed,
    /// The handler had failed before.
    NotApplied,
}

/// See the module.
pub struct Running {
    pub(super) instance: Box<dyn HandlerInstance>,
    pub fault: Option<HandlerFault>,
    /// Why the state cannot be told after the last event; the next one may lead to one that can.
    pub untold: Option<HandlerFault>,
    /// What the last event wrote.
    pub(super) written: Written,
}

impl Running {
    pub fn start(program: &dyn HandlerProgram, written: Written) -> Running {
        Running {
            instance: program.start(),
            fault: None,
            untold: None,
            written,
        }
    }

    pub fn reset(&mut self) {
        self.instance.reset();
        self.fault = None;
        self.untold = None;
    }

    pub fn step(&mut self, event: &EventView<'_>, names: &Names) -> Step {
        self.written.clear();
        if self.fault.is_some() {
            return Step::NotApplied;
        }
        self.untold = None;
        if event.payload.is_some() && event.encoding != Encoding::Json {
            return Step::Undecodable;
        }
        match self.instance.apply(event, names, &mut self.written) {
            Ok(Applied::Folded) => match self.fails_late() {
                true => Step::Failed,
                false => Step::Folded,
            },
            Ok(Applied::Ignored | Applied::Unknown) => Step::Passed,
            Ok(Applied::Undecodable(_)) => {
                self.written.clear();
                Step::Undecodable
            }
            Err(fault) => {
                self.written.clear();
                self.fault = Some(fault);
                Step::Failed
            }
        }
    }

    /// Tells the handler which events come next; see [`HandlerInstance::look_ahead`].
    pub(super) fn look_ahead<'e>(
        &mut self,
        coming: &mut dyn Iterator<Item = EventView<'e>>,
        names: &Names,
        asked: StatesAsked,
    ) {
        if self.fault.is_none() {
            let mut read = coming.filter(|event| event.payload.is_none() || event.encoding == Encoding::Json);
            self.instance.look_ahead(&mut read, names, asked);
        }
    }

    /// Whether the state cannot be told after this event: where it is asked for what it wrote, each state is asked for.
    fn fails_late(&mut self) -> bool {
        if !self.written.is_on() || !self.instance.tells_late() || self.state().is_ok() && self.untold.is_none() {
            return false;
        }
        self.written.clear();
        self.untold.is_some()
    }

    /// Why the fold is over, or the state cannot be told.
    pub fn failure(&self) -> Option<&HandlerFault> {
        self.fault.as_ref().or(self.untold.as_ref())
    }

    /// The state as it is, also where the handler failed. Where it cannot be told, it is the last one before that can.
    pub fn state(&mut self) -> Result<Value, HandlerFault> {
        told(self.instance.as_mut()).map(|told| {
            told.unwrap_or_else(|untold| {
                self.untold = Some(untold.fault);
                untold.before
            })
        })
    }
}

/// The state, or what is told in its place.
///
/// # Errors
/// What is no fault of an event.
pub fn told(instance: &mut dyn HandlerInstance) -> Result<Result<Value, Untold>, HandlerFault> {
    match instance.state() {
        Ok(state) => Ok(Ok(state)),
        Err(fault) if fault.is_cancelled() => Err(fault),
        Err(fault) => instance.take_untold().map(Err).ok_or(fault),
    }
}

/// The state; where it cannot be told, why, and since which event.
pub fn state_of(instance: &mut dyn HandlerInstance) -> Result<Value, HandlerFault> {
    let state = instance.state();
    state.map_err(|fault| instance.take_untold().map_or(fault, |untold| untold.fault))
}
