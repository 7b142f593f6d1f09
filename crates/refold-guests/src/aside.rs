//! What a handler in code is asked beside its folds: its upcasters, and the invariants of a script. It answers in guests
//! of their own, so that nothing of it gets into a state. Each question finds a guest as it was when it was loaded: what
//! the handler keeps outside of its functions would make answers hang on which thread asked what before.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use refold_core::event::EventView;
use refold_core::port::handler::HandlerFault;
use refold_core::value::Value;

use crate::undo::{Guest as _, Handler, persistently};

/// An upcaster that a handler brings along. It leads to the next version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upcaster {
    pub event_type: Vec<u8>,
    pub from: u32,
    /// The function as it is written; empty where nobody wrote it so.
    pub text: String,
    /// The number that the guest knows it by.
    pub(crate) function: u32,
}

/// Runs the upcasters of a handler.
pub trait Upcasts: fmt::Debug + Send + Sync {
    /// What an upcaster makes of an event of this type, with the payload that it has come to: other data, null for an event
    /// that is dropped, or a list of `{ type, data }`.
    fn upcast(
        &self,
        upcaster: &Upcaster,
        event: &EventView<'_>,
        stream: &[u8],
        event_type: &[u8],
    ) -> Result<Value, HandlerFault>;
}

/// Guests of a handler that nobody asks at the moment, each as it was when it was loaded.
pub struct Idle<H: Handler> {
    handler: Arc<H>,
    guests: Mutex<Vec<H::Guest>>,
}

impl<H: Handler> Idle<H> {
    pub fn new(handler: Arc<H>) -> Idle<H> {
        Idle {
            handler,
            guests: Mutex::default(),
        }
    }

    pub fn handler(&self) -> &H {
        &self.handler
    }

    /// Asks one of them, or a new one. One that fails is let go of.
    pub fn ask<T>(&self, question: impl Fn(&mut H::Guest) -> Result<T, HandlerFault>) -> Result<T, HandlerFault> {
        persistently(|is_last| self.ask_once(&question, is_last))
    }

    fn ask_once<T>(
        &self,
        question: impl Fn(&mut H::Guest) -> Result<T, HandlerFault>,
        is_last: bool,
    ) -> Result<T, HandlerFault> {
        // A panic elsewhere leaves the list whole: it is only pushed to and popped from.
        let guests = || self.guests.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = guests().pop().filter(|guest| !guest.is_lost() && !is_last);
        let mut guest = match kept {
            Some(mut guest) => {
                guest.wake();
                guest
            }
            None if is_last => self.handler.guest_alone()?,
            None => self.handler.guest()?,
        };
        let answer = question(&mut guest)?;
        if guest.rewind() && !is_last {
            guest.rest();
            guests().push(guest);
        }
        Ok(answer)
    }
}
