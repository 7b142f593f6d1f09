//! A handler in code that gets its events upcast: each stored event goes through a chain of upcasters, and the handler
//! folds what came of it, one by one: a program is told nothing ahead. It must not know where the chain is written.

use std::collections::BTreeSet;
use std::sync::Arc;

use refold_core::event::{Columns, EventView};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::handler::{
    Applied, Checkpoint, HandlerFault, HandlerIdentity, HandlerInstance, HandlerProgram, Takes, Untold, Written,
};
use refold_core::port::upcast::{Upcast, UpcasterStep};
use refold_core::value::Value;
use refold_guests::{GuestInstance, GuestProgram, Recorded};

use crate::reducer::{DeclarativeProgram, SharedProgram};

/// See the module.
#[derive(Clone)]
pub struct Upcasted {
    program: Arc<dyn GuestProgram>,
    /// Rules that do nothing, behind these upcasters.
    chain: SharedProgram,
}

impl Upcasted {
    pub fn new(program: Arc<dyn GuestProgram>, chain: DeclarativeProgram) -> Upcasted {
        Upcasted {
            program,
            chain: SharedProgram(Arc::new(chain)),
        }
    }
}

impl HandlerProgram for Upcasted {
    fn identity(&self) -> &HandlerIdentity {
        self.program.identity()
    }

    fn start(&self) -> Box<dyn HandlerInstance> {
        Box::new(self.instance())
    }

    fn columns(&self) -> Columns {
        Columns::ALL
    }

    fn upcast(&self, event: &EventView<'_>, names: &Names) -> Option<Upcast> {
        self.chain.upcast(event, names)
    }

    fn upcasters(&self) -> Vec<UpcasterStep> {
        self.chain.upcasters()
    }

    fn takes(&self, event_type: &[u8]) -> Option<Takes> {
        self.chain.0.takes_as(event_type, |made| self.program.takes(made))
    }

    fn types_made(&self, event_type: &[u8]) -> BTreeSet<Vec<u8>> {
        self.chain.types_made(event_type)
    }

    fn event_types(&self) -> Option<Vec<Vec<u8>>> {
        self.program.event_types()
    }
}

impl GuestProgram for Upcasted {
    fn start_guest(&self) -> Box<dyn GuestInstance> {
        Box::new(self.instance())
    }
}

impl Upcasted {
    fn instance(&self) -> UpcastedInstance {
        UpcastedInstance {
            instance: self.program.start_guest(),
            chain: self.chain.clone(),
            names: Names::default(),
            recorded: Vec::new(),
            repeated: Vec::new(),
            is_passed_on: false,
        }
    }
}

struct UpcastedInstance {
    instance: Box<dyn GuestInstance>,
    chain: SharedProgram,
    /// Of events that were upcast: what came of them may have a type that the store does not know.
    names: Names,
    /// What all parts of the last event would have written.
    recorded: Vec<Recorded>,
    /// Of the last event as it is stored, where it was upcast.
    repeated: Vec<Pointer>,
    /// Whether the last event was passed on as it is, so that the instance itself knows the rest.
    is_passed_on: bool,
}

impl UpcastedInstance {
    /// Folds what came of an event. After a fault the state is the one before all of it.
    fn fold(
        &mut self,
        event: &EventView<'_>,
        names: &Names,
        made: &[(Vec<u8>, Value)],
        written: &mut Written,
    ) -> Result<Applied, HandlerFault> {
        let stream = names.stream(event.stream);
        let stream = self.names.intern_stream(stream, || names.category(event.stream));
        let before = match made.len() > 1 {
            true => Some(self.instance.checkpoint()?),
            false => None,
        };
        let mut applied = Applied::Ignored;
        for (event_type, payload) in made {
            let json = payload.to_canonical();
            let part = EventView {
                stream,
                event_type: self.names.intern_type(event_type),
                payload: Some(&json),
                ..*event
            };
            match self.instance.apply(&part, &self.names, written) {
                Ok(Applied::Folded) => applied = Applied::Folded,
                Ok(last) if applied != Applied::Folded => applied = last,
                Ok(_) => {}
                Err(fault) => {
                    self.recorded.clear();
                    if let Some(before) = &before {
                        self.instance.restore(before)?;
                    }
                    return Err(fault);
                }
            }
            self.recorded.extend_from_slice(self.instance.recorded());
        }
        Ok(applied)
    }
}

impl GuestInstance for UpcastedInstance {
    fn recorded(&self) -> &[Recorded] {
        match self.is_passed_on {
            true => self.instance.recorded(),
            false => &self.recorded,
        }
    }
}

impl HandlerInstance for UpcastedInstance {
    fn reset(&mut self) {
        self.instance.reset();
        self.names = Names::default();
        self.recorded.clear();
        self.repeated.clear();
    }

    fn apply(&mut self, event: &EventView<'_>, names: &Names, written: &mut Written) -> Result<Applied, HandlerFault> {
        self.recorded.clear();
        self.repeated.clear();
        let upcast = self.chain.upcast(event, names);
        self.is_passed_on = upcast.is_none();
        let Some(upcast) = upcast else {
            return self.instance.apply(event, names, written);
        };
        if let Some(fault) = upcast.fault {
            return Err(fault);
        }
        if let Some(payload) = event.payload
            && let Ok((payload, true)) = Value::from_json_noting(payload, self.chain.0.limits().depth)
        {
            let places = payload.repeated_keys();
            self.repeated.extend(places.into_iter().map(|(place, _)| place));
        }
        self.fold(event, names, &upcast.made, written)
    }

    fn repeated_keys(&self) -> &[Pointer] {
        match self.is_passed_on {
            true => self.instance.repeated_keys(),
            false => &self.repeated,
        }
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        self.instance.state()
    }

    fn tells_late(&self) -> bool {
        self.instance.tells_late()
    }

    fn is_told(&self) -> bool {
        self.instance.is_told()
    }

    fn take_untold(&mut self) -> Option<Untold> {
        self.instance.take_untold()
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault> {
        self.instance.checkpoint()
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        self.recorded.clear();
        self.instance.restore(checkpoint)
    }
}
