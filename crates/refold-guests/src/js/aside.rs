//! Functions of a script that are asked beside its fold: its invariants and its upcasters. They run in guests of their
//! own, so that they leave no trace in a state.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use refold_core::finding::Severity;
use refold_core::port::handler::HandlerFault;
use refold_core::value::Value;

use super::frame;
use super::guest::Guest;
use super::program::Loaded;
use crate::error::{code, fault};
use crate::undo::Handler as _;

/// An invariant that a script exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub id: String,
    pub severity: Severity,
    /// Empty where it has none.
    pub title: String,
    /// The function as it is written.
    pub text: String,
    pub(super) function: u32,
}

/// See the module.
pub struct Aside {
    loaded: Arc<Loaded>,
    /// Guests that nobody asks at the moment.
    idle: Mutex<Vec<Guest>>,
}

impl fmt::Debug for Aside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Aside").field(&self.loaded.identity).finish()
    }
}

impl Aside {
    pub fn new(loaded: Arc<Loaded>) -> Aside {
        Aside {
            loaded,
            idle: Mutex::default(),
        }
    }

    /// Whether a state meets an invariant of this script. The function sees the state as it is shown: a number has the
    /// type that it has in a payload.
    ///
    /// # Errors
    /// When the function gives no answer: it is neither met nor broken.
    pub fn holds(&self, condition: &Condition, state: &Value) -> Result<bool, HandlerFault> {
        let mut frame = Vec::new();
        frame::write_value(&mut frame, condition.function, &state.to_canonical());
        match self.ask(&frame)? {
            Value::Bool(holds) => Ok(holds),
            _ => {
                let message = format!(
                    "the invariant {} gives neither true nor false; compare something, and return it",
                    condition.id
                );
                Err(fault(code::HANDLER_TYPE, message))
            }
        }
    }

    /// What the function of a frame gives.
    fn ask(&self, frame: &[u8]) -> Result<Value, HandlerFault> {
        // A panic elsewhere leaves the list whole: it is only pushed to and popped from.
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let mut guest = match kept {
            Some(guest) => guest,
            None => self.loaded.guest()?,
        };
        let answer = guest.ask(frame)?;
        idle().push(guest);
        Ok(answer)
    }
}
