//! A module that was loaded once, as its folds and its upcasters share it.
//!
//! It must not know how it was loaded.

use std::sync::Arc;

use refold_core::port::handler::{HandlerFault, HandlerIdentity};
use refold_core::value::Value;

use crate::aside::Upcaster;
use crate::error::{code, fault};
use crate::limits::GuestLimits;
use crate::undo;
use crate::worker::{Remote, Workers};

pub struct Loaded {
    pub(super) identity: HandlerIdentity,
    pub(super) workers: Arc<Workers>,
    pub(super) limits: GuestLimits,
    pub(super) initial: (Arc<[u8]>, Value),
    pub(super) upcasters: Vec<Upcaster>,
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

/// What a module said of its state, or answered.
pub(super) fn state_of(json: &[u8], limits: &GuestLimits) -> Result<Value, HandlerFault> {
    let depth = limits.depth;
    Value::from_json(json, depth).map_err(|error| match error.is_depth() {
        true => fault(
            code::LIMIT_DEPTH,
            format!("the state nests deeper than {depth} levels; flatten it"),
        ),
        false => fault(
            code::STATE_UNSERIALIZABLE,
            format!("what `refold_state` gave is no JSON: {error}"),
        ),
    })
}
