//! The functions that a script exports beside its fold: invariants and upcasters.

use std::fmt;

use refold_core::event::EventView;
use refold_core::port::handler::HandlerFault;
use refold_core::time::Timestamp;
use refold_core::value::Value;

use super::frame;
use super::loaded::{Condition, Loaded, state_of};
use crate::aside::{Idle, Upcaster, Upcasts};
use crate::error::{code, fault};

/// See the module.
pub struct Aside(pub(super) Idle<Loaded>);

impl fmt::Debug for Aside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Aside").field(&self.0.handler().identity).finish()
    }
}

impl Aside {
    fn asked(&self, frame: &[u8], time: Timestamp) -> Result<Value, HandlerFault> {
        let answer = self.0.ask(|guest| guest.aside(0, frame, time))?;
        state_of(&answer, &self.0.handler().limits)
    }

    /// Whether a state meets an invariant of this script. The function sees the state as it is shown: a number has the
    /// type that it has in a payload.
    ///
    /// # Errors
    /// When the function gives no answer: it is neither met nor broken.
    pub fn holds(&self, condition: &Condition, state: &Value) -> Result<bool, HandlerFault> {
        let mut frame = Vec::new();
        frame::write_value(&mut frame, condition.function, &state.to_canonical());
        match self.asked(&frame, Timestamp::NONE)? {
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
}

impl Upcasts for Aside {
    fn upcast(
        &self,
        upcaster: &Upcaster,
        event: &EventView<'_>,
        stream: &[u8],
        event_type: &[u8],
    ) -> Result<Value, HandlerFault> {
        let mut frame = Vec::new();
        frame::write(&mut frame, upcaster.function, false, event, stream, event_type);
        self.asked(&frame, event.recorded_at)
    }
}
