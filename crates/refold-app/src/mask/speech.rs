//! What a handler says when it fails: code in JavaScript, WebAssembly or another process may put values of the event into
//! its message, so where masking rules hide anything of the event, the message is hidden whole.
//!
//! Code, event and line stay, and so do the sentences that Refold itself says about limits and sizes. The rules engine
//! quotes no value, and is passed on as it is. It must not know which engines there are beside that.

use std::collections::BTreeSet;
use std::sync::Arc;

use refold_core::event::{Columns, EventView};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::handler::{
    Applied, Checkpoint, Coming, HandlerFault, HandlerIdentity, HandlerInstance, HandlerProgram, StatesAsked, Takes,
    Untold, Written,
};
use refold_core::port::upcast::{Upcast, UpcasterStep};
use refold_core::value::Value;

use super::Mask;

/// The engines whose messages are of Refold's making.
const OURS: [&str; 2] = ["builtin", "declarative"];
/// The codes that Refold gives of its own, whatever the engine: how much was used, and how large the event is.
const OUR_CODES: [&str; 2] = ["RF-LIMIT-", "RF-EVENT-"];

const HIDDEN: &str = "what the handler said is hidden by the masking rules: it may quote the event";

/// The program whose faults say under `mask` what a person may see.
pub fn masked(program: Arc<dyn HandlerProgram>, mask: &Arc<Mask>) -> Arc<dyn HandlerProgram> {
    if OURS.contains(&program.identity().engine.as_str()) {
        return program;
    }
    Arc::new(Masked {
        program,
        mask: Arc::clone(mask),
    })
}

/// What the fault of an invariant in code says where masking rules hide something.
pub fn unquoted(fault: String) -> String {
    match OUR_CODES.iter().any(|code| fault.starts_with(code)) {
        true => fault,
        false => HIDDEN.to_owned(),
    }
}

struct Masked {
    program: Arc<dyn HandlerProgram>,
    mask: Arc<Mask>,
}

impl HandlerProgram for Masked {
    fn identity(&self) -> &HandlerIdentity {
        self.program.identity()
    }

    fn start(&self) -> Box<dyn HandlerInstance> {
        Box::new(MaskedInstance {
            instance: self.program.start(),
            mask: Arc::clone(&self.mask),
        })
    }

    fn columns(&self) -> Columns {
        self.program.columns()
    }

    fn events_ahead(&self) -> usize {
        self.program.events_ahead()
    }

    fn array_keys(&self) -> &[(String, String)] {
        self.program.array_keys()
    }

    /// A step may be code, too.
    fn upcast(&self, event: &EventView<'_>, names: &Names) -> Option<Upcast> {
        let mut upcast = self.program.upcast(event, names)?;
        upcast.fault = upcast.fault.map(|fault| told_of(&self.mask, fault, event, names));
        Some(upcast)
    }

    fn upcasters(&self) -> Vec<UpcasterStep> {
        self.program.upcasters()
    }

    fn takes(&self, event_type: &[u8]) -> Option<Takes> {
        self.program.takes(event_type)
    }

    fn types_made(&self, event_type: &[u8]) -> BTreeSet<Vec<u8>> {
        self.program.types_made(event_type)
    }

    fn event_types(&self) -> Option<Vec<Vec<u8>>> {
        self.program.event_types()
    }

    fn may_change(&self, event_type: &[u8], place: &Pointer) -> Option<bool> {
        self.program.may_change(event_type, place)
    }

    fn lines_writing(&self, event_type: &[u8], place: &Pointer) -> Vec<String> {
        self.program.lines_writing(event_type, place)
    }
}

struct MaskedInstance {
    instance: Box<dyn HandlerInstance>,
    mask: Arc<Mask>,
}

/// What may be told of a fault at an event.
fn told_of(mask: &Mask, fault: HandlerFault, event: &EventView<'_>, names: &Names) -> HandlerFault {
    let (stream, category) = (names.stream(event.stream), names.category(event.stream));
    told(fault, mask.is_hiding(stream, category))
}

fn told(fault: HandlerFault, is_hiding: bool) -> HandlerFault {
    if !is_hiding || OUR_CODES.iter().any(|code| fault.code.starts_with(code)) {
        return fault;
    }
    HandlerFault {
        message: HIDDEN.to_owned(),
        ..fault
    }
}

impl HandlerInstance for MaskedInstance {
    fn reset(&mut self) {
        self.instance.reset();
    }

    fn apply(&mut self, event: &EventView<'_>, names: &Names, written: &mut Written) -> Result<Applied, HandlerFault> {
        let applied = self.instance.apply(event, names, written);
        applied.map_err(|fault| told_of(&self.mask, fault, event, names))
    }

    fn look_ahead<'e>(&mut self, coming: &mut dyn Iterator<Item = EventView<'e>>, names: &Names, asked: StatesAsked) {
        self.instance.look_ahead(coming, names, asked);
    }

    fn look_ahead_over<'e>(&mut self, coming: &mut dyn Iterator<Item = Coming<'e>>, names: &Names) {
        self.instance.look_ahead_over(coming, names);
    }

    fn repeated_keys(&self) -> &[Pointer] {
        self.instance.repeated_keys()
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        let state = self.instance.state();
        state.map_err(|fault| told(fault, self.mask.has_rules()))
    }

    fn tells_late(&self) -> bool {
        self.instance.tells_late()
    }

    fn is_told(&self) -> bool {
        self.instance.is_told()
    }

    fn take_untold(&mut self) -> Option<Untold> {
        let untold = self.instance.take_untold()?;
        Some(Untold {
            fault: told(untold.fault, self.mask.has_rules()),
            ..untold
        })
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault> {
        let checkpoint = self.instance.checkpoint();
        checkpoint.map_err(|fault| told(fault, self.mask.has_rules()))
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        let restored = self.instance.restore(checkpoint);
        restored.map_err(|fault| told(fault, self.mask.has_rules()))
    }
}
