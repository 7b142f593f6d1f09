//! A script that was loaded once, as its folds and the functions beside them share it.
//!
//! It must not know how it was loaded.

use std::collections::HashMap;
use std::sync::Arc;

use refold_core::finding::Severity;
use refold_core::port::handler::{HandlerFault, HandlerIdentity};
use refold_core::value::Value;

use super::guest::engine_fault;
use super::script::Script;
use super::source::Source;
use crate::aside::Upcaster;
use crate::limits::GuestLimits;
use crate::undo;
use crate::unhandled::Unhandled;
use crate::worker::{Remote, Workers};

pub struct Loaded {
    pub identity: HandlerIdentity,
    pub workers: Arc<Workers>,
    /// Without types.
    pub script: Script,
    pub limits: GuestLimits,
    pub routes: Routes,
    /// The invariants that it exports, in its order.
    pub conditions: Vec<Condition>,
    /// The same of upcasters.
    pub upcasters: Vec<Upcaster>,
    /// The state before the first event, as a guest saved it, and as a value.
    pub initial: (Arc<[u8]>, Value),
}

/// Which function folds an event.
pub struct Routes {
    /// By event type; `None`: the handler says that the type does nothing.
    pub types: HashMap<Vec<u8>, Option<u32>>,
    /// That of all other types.
    pub rest: Option<u32>,
    pub unhandled: Unhandled,
    /// Of a projection: where its events come from. The others are not its business.
    pub source: Option<Source>,
}

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

impl undo::Handler for Loaded {
    type Guest = Remote;

    fn guest(&self) -> Result<Remote, HandlerFault> {
        self.workers.guest(state_of)
    }

    fn guest_alone(&self) -> Result<Remote, HandlerFault> {
        self.workers.guest_alone(state_of)
    }

    fn initial(&self) -> &(Arc<[u8]>, Value) {
        &self.initial
    }

    fn limits(&self) -> &GuestLimits {
        &self.limits
    }
}

/// What a guest said of its state, or answered.
pub(super) fn state_of(json: &[u8], limits: &GuestLimits) -> Result<Value, HandlerFault> {
    let state = Value::from_json(json, limits.depth);
    state.map_err(|error| engine_fault(&format!("it wrote a state that is no JSON: {error}")))
}
