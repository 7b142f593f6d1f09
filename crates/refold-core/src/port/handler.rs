//! The port to a handler: compiled program and running instance.

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::event::{Columns, EventView, Position};
use crate::names::Names;
use crate::pointer::Pointer;
use crate::port::explain::{Choice, Explained};
pub use crate::port::fault::HandlerFault;
use crate::port::upcast::{Upcast, UpcasterStep};
use crate::value::{JsonError, Value};

/// Who a handler is. Part of every answer that was made with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerIdentity {
    pub name: String,
    pub version: String,
    /// `sha256:` and 64 hex digits over the semantic content.
    pub hash: String,
    /// `builtin`, `declarative`, …
    pub engine: String,
}

/// A compiled handler: shareable, immutable, hashed.
pub trait HandlerProgram: Send + Sync {
    fn identity(&self) -> &HandlerIdentity;

    /// A running instance with the initial state. It knows no types yet: what their ordinals mean is said by the `names`
    /// passed to [`HandlerInstance::apply`].
    fn start(&self) -> Box<dyn HandlerInstance>;

    /// The columns that its events must carry: the payload, and what else the handler reads (metadata, the envelope).
    fn columns(&self) -> Columns {
        Columns::PAYLOAD
    }

    /// How many events it is best told of at once before it gets them; see [`HandlerInstance::look_ahead_over`].
    fn events_ahead(&self) -> usize {
        64
    }

    /// Paths that tell the elements of an array of objects apart, for difference and blame:
    /// JSON pointer of the array (`*` matches any member) → member that is the key.
    fn array_keys(&self) -> &[(String, String)] {
        &[]
    }

    /// How the event comes to the version that the rules expect. It needs all columns of the event. `None`: the handler
    /// has no upcasters for its type, or its payload is no JSON.
    fn upcast(&self, _event: &EventView<'_>, _names: &Names) -> Option<Upcast> {
        None
    }

    /// All steps of its chains of upcasters, by type and version.
    fn upcasters(&self) -> Vec<UpcasterStep> {
        Vec::new()
    }

    /// How the event is folded into the state `before` it, operation by operation. It needs the columns that the handler
    /// reads. `None`: the engine cannot tell.
    fn explain(
        &self,
        _event: &EventView<'_>,
        _names: &Names,
        _before: &Value,
        _choice: Choice<'_>,
    ) -> Option<Explained> {
        None
    }

    /// Whether any rule for events of this stored type may write to `place`, or take away what is there. `None`: the engine
    /// cannot tell.
    fn may_change(&self, _event_type: &[u8], _place: &Pointer) -> Option<bool> {
        None
    }

    /// What becomes of events of this stored type, after upcasters. `None`: the engine cannot tell without folding them.
    fn takes(&self, _event_type: &[u8]) -> Option<Takes> {
        None
    }

    /// The types under which the handler gets events of this stored type: those that upcasters may make of it. What code
    /// makes is not among them.
    fn types_made(&self, event_type: &[u8]) -> BTreeSet<Vec<u8>> {
        BTreeSet::from([event_type.to_vec()])
    }

    /// The event types that the handler names, as it gets them, in order. `None`: the engine cannot tell.
    fn event_types(&self) -> Option<Vec<Vec<u8>>> {
        None
    }

    /// Where it is written that an event of this stored type writes to `place`: the lines of the operations that may,
    /// in order, as `reducer.yaml:12`. Several, where only folding could tell which; none, where the engine cannot tell.
    fn lines_writing(&self, _event_type: &[u8], _place: &Pointer) -> Vec<String> {
        Vec::new()
    }
}

/// One fold. It owns its state; the state crosses this border only when asked for.
pub trait HandlerInstance: Send {
    /// Back to the initial state.
    fn reset(&mut self);

    /// Folds one event into the state. On a fault, and when the event is undecodable, the state is what it was before.
    /// The engine calls it only for payloads that are JSON by their encoding, or NULL in the store.
    ///
    /// Each place that the handler writes goes to `written`, also when the value there stayed equal.
    fn apply(&mut self, event: &EventView<'_>, names: &Names, written: &mut Written) -> Result<Applied, HandlerFault>;

    /// What will be applied next, in this order, and what of the state will be asked for: a hint to engines that answer
    /// many events sooner than one at a time. Nothing is folded by it: what is then not applied was never there.
    fn look_ahead<'e>(
        &mut self,
        _coming: &mut dyn Iterator<Item = EventView<'e>>,
        _names: &Names,
        _asked: StatesAsked,
    ) {
    }

    /// As [`HandlerInstance::look_ahead`], over several folds that follow one another: most streams are short, and what is
    /// asked for all of them together is answered sooner. The first of it is where a fold begins.
    fn look_ahead_over<'e>(&mut self, _coming: &mut dyn Iterator<Item = Coming<'e>>, _names: &Names) {}

    /// The places of the last applied event's payload where a key occurs more than once, as far as the handler came upon
    /// them: the last value of each counted. Empty where it did not look.
    fn repeated_keys(&self) -> &[Pointer] {
        &[]
    }

    /// The state now. Cheap for engines in this process (structural sharing), a copy for others.
    ///
    /// # Errors
    /// Whatever the fault is of, the fold stays where it is; [`HandlerInstance::take_untold`] may know more.
    fn state(&mut self) -> Result<Value, HandlerFault>;

    /// Whether an event can do something to the state that shows only when the state is asked for.
    ///
    /// This and the two below have no default: whoever wraps an instance and forgets them would keep such a fault from
    /// the fold.
    fn tells_late(&self) -> bool;

    /// Whether nothing was folded since a state that could be told, or that a checkpoint was made of.
    fn is_told(&self) -> bool;

    /// After a fault of [`HandlerInstance::state`]: the last state before that could be told. `None`: the fault is one of
    /// whoever was asked, and not of the state.
    fn take_untold(&mut self) -> Option<Untold>;

    /// A checkpoint of a state that cannot be told is made all the same: it holds what the state is made of.
    fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault>;

    /// Back to a checkpoint that an instance of the same program made.
    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault>;
}

/// What can be told where the state cannot.
#[derive(Debug, Clone)]
pub struct Untold {
    /// The event since which no state can be told: the one before it could, and none from there to the one asked for. So
    /// it does not depend on which states were asked for before.
    pub position: Position,
    pub fault: HandlerFault,
    /// The state before that event.
    pub before: Value,
}

/// A call that will be made next. `C` is what a fold is restored from.
pub enum Coming<'e, C = Checkpoint> {
    /// A fold begins before the first event.
    Reset,
    /// A fold begins there.
    Restore(&'e C),
    Event(EventView<'e>),
    /// The state after what came is asked for.
    State,
    /// A checkpoint is asked for.
    Checkpoint,
}

/// What will be asked for of the events that are said to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatesAsked {
    /// The state after the last of them at most.
    LastState,
    /// The state after each of them.
    EveryState,
}

/// What a handler says of a type of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Takes {
    /// Nothing: the type is not named, and nothing is for all types.
    Nothing,
    /// The type is not named, and is folded by what is for all types.
    AsAnyOther,
    /// Named, with nothing to do about it; or dropped by an upcaster.
    ForNothing,
    /// Named, and folded.
    Folds,
}

/// What an event did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The handler has rules for this type and ran them.
    Folded,
    /// The handler has nothing to do with this type, and says that this is as it should be.
    Ignored,
    /// The handler does not know this type: a finding.
    Unknown,
    /// The payload is not the JSON that its encoding promised, or nests deeper than the handler reads: skipped, with a
    /// finding, and later states are incomplete.
    Undecodable(JsonError),
}

/// Collects the places that a handler writes, for blame. Where it is off, recording costs a branch.
#[derive(Debug, Default)]
pub struct Written {
    is_on: bool,
    paths: Vec<Pointer>,
}

impl Written {
    /// Collects nothing.
    pub fn off() -> Written {
        Written::default()
    }

    pub fn on() -> Written {
        Written {
            is_on: true,
            paths: Vec::new(),
        }
    }

    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Records a place of the state as it is *after* the event (an element by the index where it ends up). A container
    /// that is written whole counts for everything in it. `path` is called only where somebody collects.
    pub fn record(&mut self, path: impl FnOnce() -> Pointer) {
        if self.is_on {
            self.paths.push(path());
        }
    }

    /// What was recorded since the last [`Written::clear`], in order, possibly more than once.
    pub fn paths(&self) -> &[Pointer] {
        &self.paths
    }

    /// Forgets what was recorded and keeps the memory.
    pub fn clear(&mut self) {
        self.paths.clear();
    }
}

/// A state that is kept to seek fast.
#[derive(Clone)]
pub enum Checkpoint {
    State {
        state: Value,
        /// About how many bytes of JSON the state is, as the engine counts it along: it goes on from here.
        json_bytes: usize,
    },
    Opaque {
        body: Arc<dyn Any + Send + Sync>,
        byte_count: usize,
    },
}
