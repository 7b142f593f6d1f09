//! `builtin:merge`: the handler that needs no code.
//!
//! Every payload is a JSON merge patch (RFC 7396) on the state; a payload that is no object replaces it. Of a key that
//! occurs more than once in its object the last value counts, and the others leave no trace in the state. It says so by
//! its identity. It must not know packages or expressions.

use std::sync::{Arc, OnceLock};

use refold_core::count::{counted, grouped};
use refold_core::event::EventView;
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::explain::{Choice, Explained};
use refold_core::port::handler::{
    Applied, Checkpoint, HandlerFault, HandlerIdentity, HandlerInstance, HandlerProgram, Untold, Written,
};
use refold_core::value::{Object, Value};

use crate::error::code;
use crate::expr::meter::measured;
use crate::limits::Limits;
use crate::package::hash;

mod explain;
#[cfg(test)]
mod tests;

/// How the handler is called on a command line.
pub const NAME: &str = "builtin:merge";

/// The program of `builtin:merge`.
pub fn program() -> Arc<dyn HandlerProgram> {
    Arc::new(MergeProgram)
}

/// Applies `patch` to `target` as RFC 7396 says: objects merge, null takes away, anything else replaces.
///
/// The patch has no repeated keys: see [`Value::with_last_of_repeated`].
pub fn merge_patch(target: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch.clone();
    };
    let mut members = match target {
        Value::Object(members) => members,
        _ => Object::default(),
    };
    for (key, change) in patch.iter() {
        if change.is_null() {
            members.remove(key.as_wtf8());
            continue;
        }
        match (change, members.get_mut(key.as_wtf8())) {
            (Value::Object(_), Some(present)) => *present = merge_patch(std::mem::take(present), change),
            (_, Some(present)) => *present = change.clone(),
            (_, None) => {
                members.insert(key.clone(), merge_patch(Value::Null, change));
            }
        }
    }
    Value::Object(members)
}

struct MergeProgram;

impl HandlerProgram for MergeProgram {
    fn identity(&self) -> &HandlerIdentity {
        static IDENTITY: OnceLock<HandlerIdentity> = OnceLock::new();
        IDENTITY.get_or_init(|| HandlerIdentity {
            name: NAME.to_owned(),
            version: "1".to_owned(),
            hash: hash::of_builtin(NAME, "1"),
            engine: "builtin".to_owned(),
        })
    }

    fn start(&self) -> Box<dyn HandlerInstance> {
        Box::new(MergeInstance {
            state: Value::Null,
            bound_bytes: 0,
            limits: Limits::DEFAULT,
            repeated: Vec::new(),
        })
    }

    fn explain(&self, event: &EventView<'_>, names: &Names, before: &Value, choice: Choice<'_>) -> Option<Explained> {
        Some(explain::explain(event, names, before, choice))
    }
}

struct MergeInstance {
    state: Value,
    /// The state measures no more than this.
    bound_bytes: usize,
    limits: Limits,
    /// Of the event applied last.
    repeated: Vec<Pointer>,
}

impl HandlerInstance for MergeInstance {
    fn reset(&mut self) {
        self.state = Value::Null;
        self.bound_bytes = 0;
    }

    fn apply(&mut self, event: &EventView<'_>, _names: &Names, written: &mut Written) -> Result<Applied, HandlerFault> {
        self.repeated.clear();
        let Some(payload) = event.payload else {
            return Ok(Applied::Ignored);
        };
        let fault = |code, message: String| HandlerFault {
            code,
            message,
            place: None,
        };
        if payload.len() > self.limits.payload_bytes {
            let message = format!(
                "the payload has {}; the most is {}",
                counted(payload.len() as u64, "byte"),
                grouped(self.limits.payload_bytes as u64)
            );
            return Err(fault(code::EVENT_SIZE, message));
        }
        let patch = match Value::from_json_noting(payload, self.limits.depth) {
            Ok((patch, false)) => patch,
            Ok((patch, true)) => {
                self.repeated
                    .extend(patch.repeated_keys().into_iter().map(|(place, _)| place));
                patch.with_last_of_repeated()
            }
            Err(error) => return Ok(Applied::Undecodable(error)),
        };
        // A merge adds no more than its patch measures, which is at most twice its text: the state is measured, and the
        // one before kept for a fault, only when it may have grown too far.
        let bound_bytes = self.bound_bytes.saturating_add(payload.len().saturating_mul(2));
        if bound_bytes <= self.limits.state_bytes {
            self.state = merge_patch(std::mem::take(&mut self.state), &patch);
            self.bound_bytes = bound_bytes;
        } else {
            let before = self.state.clone();
            self.state = merge_patch(std::mem::take(&mut self.state), &patch);
            match measured(&self.state, self.limits.state_bytes, usize::MAX) {
                Ok(bytes) => self.bound_bytes = bytes,
                Err(_) => {
                    self.state = before;
                    let message = format!(
                        "the state grew over {}; fold it with rules that keep less",
                        counted(self.limits.state_bytes as u64, "byte")
                    );
                    return Err(fault(code::LIMIT_STATE, message));
                }
            }
        }
        if written.is_on() {
            record(&patch, Pointer::ROOT, written);
        }
        Ok(Applied::Folded)
    }

    fn repeated_keys(&self) -> &[Pointer] {
        &self.repeated
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        Ok(self.state.clone())
    }

    fn tells_late(&self) -> bool {
        false
    }

    fn is_told(&self) -> bool {
        true
    }

    fn take_untold(&mut self) -> Option<Untold> {
        None
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault> {
        Ok(Checkpoint::State {
            state: self.state.clone(),
            json_bytes: self.bound_bytes,
        })
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        match checkpoint {
            Checkpoint::State { state, json_bytes } => {
                self.state.clone_from(state);
                self.bound_bytes = *json_bytes;
                Ok(())
            }
            Checkpoint::Opaque { .. } => Err(HandlerFault {
                code: code::HANDLER_TYPE,
                message: "this checkpoint was made by another handler; fold from the start".to_owned(),
                place: None,
            }),
        }
    }
}

/// The places that a patch writes: its leaves.
fn record(patch: &Value, at: Pointer, written: &mut Written) {
    match patch {
        Value::Object(members) if !members.is_empty() => {
            for (key, change) in members.iter() {
                record(change, at.push_key(key), written);
            }
        }
        _ => written.record(|| at),
    }
}
