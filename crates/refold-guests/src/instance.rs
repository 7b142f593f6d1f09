//! What every engine of this crate offers beyond the port.

use refold_core::port::handler::{HandlerInstance, HandlerProgram};

use crate::recorded::Recorded;

/// A fold that also says what its last event would have written.
pub trait GuestInstance: HandlerInstance {
    fn recorded(&self) -> &[Recorded];
}

/// A loaded handler whose folds say so.
pub trait GuestProgram: HandlerProgram {
    fn start_guest(&self) -> Box<dyn GuestInstance>;
}
