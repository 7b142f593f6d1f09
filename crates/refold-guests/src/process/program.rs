//! A program that was started once, asked what it takes, and for its state before the first event.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use refold_core::port::handler::{HandlerFault, HandlerIdentity};
use refold_core::value::Value;

use super::answer::About;
use super::child::Child;
use super::file::ProgramFile;
use super::guest::Guest;
use super::instance::ProcessInstance;
use super::request;
use super::walls::Walls;
use crate::error::{LoadError, code, fault};
use crate::instance::{self, Program};
use crate::limits::GuestLimits;
use crate::undo::{self, Guest as _};

/// A program may take so many times as long to start as for an event: runtimes that compile as they go take seconds on a
/// busy machine.
const START_FACTOR: u64 = 5;
/// Programs that wait for the next fold.
const MOST_IDLE: usize = 2;

/// A loaded handler.
pub type ProcessProgram = Program<Loaded>;

pub struct Loaded {
    identity: HandlerIdentity,
    file: ProgramFile,
    walls: Walls,
    pub limits: GuestLimits,
    pub about: About,
    initial: (Arc<[u8]>, Value),
    idle: Arc<Idle>,
}

/// Programs that were started and have nothing to do.
#[derive(Default)]
pub struct Idle(Mutex<Vec<Child>>);

impl Idle {
    /// Keeps a program for the next fold, or lets it end.
    pub fn keep(&self, mut child: Child) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(child);
            return;
        }
        drop(idle);
        child.part(request::BYE);
    }

    fn take(&self) -> Option<Child> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        let idle = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        for child in idle {
            child.part(request::BYE);
        }
    }
}

impl ProcessProgram {
    /// Starts a program behind `walls` and asks it for its first state. `identity.engine` should name
    /// [`super::PROCESS_ENGINE_ID`].
    pub fn load(
        identity: HandlerIdentity,
        file: ProgramFile,
        limits: GuestLimits,
        walls: Walls,
    ) -> Result<ProcessProgram, LoadError> {
        let idle = Arc::new(Idle::default());
        let child = walls.start(&file, &limits).map_err(unloadable)?;
        let mut guest = Guest::new(child, limits, Arc::clone(&idle));
        let answer = guest.greet(&file.options, start_within(&limits)).map_err(unloadable)?;
        let about = About::read(&answer).map_err(unloadable)?;
        let state = guest.state().map_err(unloadable)?;
        drop(guest);
        Ok(Program(Arc::new(Loaded {
            identity,
            file,
            walls,
            limits,
            about,
            initial: (Arc::from([]), state),
            idle,
        })))
    }
}

impl instance::Loaded for Loaded {
    type Instance = ProcessInstance;

    fn identity(&self) -> &HandlerIdentity {
        &self.identity
    }

    fn instance(self: Arc<Loaded>) -> ProcessInstance {
        ProcessInstance::new(self)
    }
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

fn start_within(limits: &GuestLimits) -> Duration {
    Duration::from_millis(limits.wall_millis.saturating_mul(START_FACTOR))
}

/// A handler that cannot be loaded is wrong as a file, whatever stopped it.
fn unloadable(mut stopped: HandlerFault) -> LoadError {
    if stopped.code == code::PROC_TIMEOUT {
        stopped = fault(
            code::LIMIT_COMPILE,
            "the program did not answer `init` in time; do less before the first event, and write out each answer at once",
        );
    }
    stopped.into()
}
