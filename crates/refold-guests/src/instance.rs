//! What every engine of this crate offers beyond the port, and what the programs of all of them have in common.

use std::sync::Arc;

use refold_core::event::Columns;
use refold_core::port::handler::{HandlerIdentity, HandlerInstance, HandlerProgram, Takes};

use crate::recorded::Recorded;
use crate::undo;

/// Events of one request, at most.
pub const BATCH_EVENTS: usize = 256;

/// A fold that also says what its last event would have written.
pub trait GuestInstance: HandlerInstance {
    fn recorded(&self) -> &[Recorded];
}

/// A loaded handler whose folds say so.
pub trait GuestProgram: HandlerProgram {
    fn start_guest(&self) -> Box<dyn GuestInstance>;
}

/// What an engine loaded, for all folds of it.
pub trait Loaded: undo::Handler {
    type Instance: GuestInstance + 'static;

    fn identity(&self) -> &HandlerIdentity;

    fn instance(self: Arc<Self>) -> Self::Instance;

    /// As [`HandlerProgram::events_ahead`]: what a request costs is shared by its events.
    fn events_ahead(&self) -> usize {
        BATCH_EVENTS
    }

    /// As [`HandlerProgram::takes`].
    fn takes(&self, _event_type: &[u8]) -> Option<Takes> {
        None
    }

    /// As [`HandlerProgram::event_types`].
    fn event_types(&self) -> Option<Vec<Vec<u8>>> {
        None
    }
}

/// A loaded handler.
pub struct Program<L>(pub(crate) Arc<L>);

impl<L: Loaded> HandlerProgram for Program<L> {
    fn identity(&self) -> &HandlerIdentity {
        self.0.identity()
    }

    fn start(&self) -> Box<dyn HandlerInstance> {
        Box::new(Arc::clone(&self.0).instance())
    }

    /// Which of them a guest reads cannot be told from outside.
    fn columns(&self) -> Columns {
        Columns::ALL
    }

    fn events_ahead(&self) -> usize {
        self.0.events_ahead()
    }

    fn takes(&self, event_type: &[u8]) -> Option<Takes> {
        self.0.takes(event_type)
    }

    fn event_types(&self) -> Option<Vec<Vec<u8>>> {
        self.0.event_types()
    }
}

impl<L: Loaded> GuestProgram for Program<L> {
    fn start_guest(&self) -> Box<dyn GuestInstance> {
        Box::new(Arc::clone(&self.0).instance())
    }
}
