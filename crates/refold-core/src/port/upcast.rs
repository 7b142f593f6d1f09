//! What a handler tells of the way of one event from the version that is stored to the one that its rules expect.

use super::fault::HandlerFault;
use crate::value::Value;

/// The way of one event through a chain of upcasters.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Upcast {
    /// In the order in which they ran; empty: the event is stored as the rules expect it, or nothing takes it further.
    pub steps: Vec<UpcastStep>,
    /// What the rules get, type and payload; none: the event is dropped, or `fault` says why there is nothing.
    pub made: Vec<(Vec<u8>, Value)>,
    /// Why the chain stopped. The last step is the one that failed, unless no step takes the event at all.
    pub fault: Option<HandlerFault>,
}

/// One step, as it ran.
#[derive(Debug, Clone, PartialEq)]
pub struct UpcastStep {
    /// `upcasters.yaml:5:3`.
    pub place: String,
    /// The type of the event before it.
    pub event_type: Vec<u8>,
    /// The schema versions that it leads from and to.
    pub from: u32,
    pub to: u32,
    /// The payload before it.
    pub before: Value,
    /// Type and payload of what it made; none: it drops the event, or it failed.
    pub after: Vec<(Vec<u8>, Value)>,
}

/// A step of a chain as its file has it, whether or not an event ever takes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UpcasterStep {
    /// `upcasters.yaml:5:3`, as in [`UpcastStep::place`].
    pub place: String,
    pub event_type: Vec<u8>,
    pub from: u32,
    pub to: u32,
}
