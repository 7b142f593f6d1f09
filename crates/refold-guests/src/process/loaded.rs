//! A program that was started once, as its folds share it: one of them takes a child that waits, or starts another.
//!
//! It must not know what the program takes or answers.

use std::sync::Arc;
use std::time::Duration;

use refold_core::port::handler::{HandlerFault, HandlerIdentity};
use refold_core::value::Value;

use super::answer::About;
use super::file::ProgramFile;
use super::guest::Guest;
use super::idle::Idle;
use super::walls::Walls;
use crate::limits::GuestLimits;
use crate::undo;

/// A program may take so many times as long to start as for an event: runtimes that compile as they go take seconds on a
/// busy machine.
const START_FACTOR: u64 = 5;

pub struct Loaded {
    pub(super) identity: HandlerIdentity,
    pub(super) file: ProgramFile,
    pub(super) walls: Walls,
    pub(super) limits: GuestLimits,
    pub(super) about: About,
    pub(super) initial: (Arc<[u8]>, Value),
    pub(super) idle: Arc<Idle>,
}

impl undo::Handler for Loaded {
    type Guest = Guest;

    /// One that waits, or a new one. It is given a state before it is given events, so that what it held is gone.
    fn guest(&self) -> Result<Guest, HandlerFault> {
        let idle = || Arc::clone(&self.idle);
        while let Some(mut child) = self.idle.take() {
            // One that ended while it waited is no fault of the event that comes next.
            if child.is_there() {
                return Ok(Guest::new(child, self.limits, idle()));
            }
        }
        let child = self.walls.start(&self.file, &self.limits)?;
        let mut guest = Guest::new(child, self.limits, idle());
        guest.greet(&self.file.options, start_within(&self.limits))?;
        Ok(guest)
    }

    fn initial(&self) -> &(Arc<[u8]>, Value) {
        &self.initial
    }

    fn limits(&self) -> &GuestLimits {
        &self.limits
    }
}

/// How long it may take to start.
pub(super) fn start_within(limits: &GuestLimits) -> Duration {
    Duration::from_millis(limits.wall_millis.saturating_mul(START_FACTOR))
}
