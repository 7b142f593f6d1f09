//! A program that was started once, asked what it takes, and for its state before the first event.

use std::sync::Arc;

use refold_core::port::handler::{HandlerFault, HandlerIdentity};

use super::answer::About;
use super::file::ProgramFile;
use super::guest::Guest;
use super::idle::Idle;
use super::instance::ProcessInstance;
use super::loaded::{Loaded, start_within};
use super::telling::AHEAD_EVENTS;
use super::walls::Walls;
use crate::error::{LoadError, code, fault};
use crate::instance::{self, Program};
use crate::limits::GuestLimits;
use crate::undo::Guest as _;

/// A loaded handler.
pub type ProcessProgram = Program<Loaded>;

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

    fn events_ahead(&self) -> usize {
        AHEAD_EVENTS
    }
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
