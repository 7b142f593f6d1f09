//! One fold of a handler in JavaScript: which function takes an event, and what it says beside the state.

use std::sync::Arc;

use refold_core::event::{EventView, TypeOrdinal};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::handler::{Applied, Checkpoint, HandlerFault, HandlerInstance, Written};
use refold_core::value::Value;

use super::frame;
use super::guest::engine_fault;
use super::program::{Dialect, Loaded};
use crate::instance::GuestInstance;
use crate::recorded::Recorded;
use crate::undo::{Folded, Undoable, noting_changes};

/// See the module.
pub struct JsInstance {
    fold: Undoable<Loaded>,
    /// What the last event would have written.
    recorded: Vec<Recorded>,
    lanes: Vec<Option<Lane>>,
    repeated: Vec<Pointer>,
}

/// Where events of a type go. The name tells whether the ordinal still means it.
struct Lane {
    name: Box<[u8]>,
    route: Route,
}

#[derive(Debug, Clone, Copy)]
enum Route {
    Function(u32),
    Ignored,
    Unknown,
}

impl JsInstance {
    pub fn new(program: Arc<Loaded>) -> JsInstance {
        JsInstance {
            fold: Undoable::new(program),
            recorded: Vec::new(),
            lanes: Vec::new(),
            repeated: Vec::new(),
        }
    }

    fn route(&mut self, ordinal: TypeOrdinal, name: &[u8]) -> Route {
        let at = ordinal.0 as usize;
        if self.lanes.len() <= at {
            self.lanes.resize_with(at + 1, || None);
        }
        // Made just above.
        let lane = &mut self.lanes[at];
        match lane {
            Some(lane) if *lane.name == *name => lane.route,
            _ => {
                let routes = &self.fold.handler().routes;
                let route = match (routes.types.get(name).copied(), routes.rest) {
                    (Some(Some(function)), _) | (None, Some(function)) => Route::Function(function),
                    (Some(None), _) => Route::Ignored,
                    (None, None) => Route::Unknown,
                };
                *lane = Some(Lane {
                    name: name.into(),
                    route,
                });
                route
            }
        }
    }

    fn apply_it(&mut self, event: &EventView<'_>, names: &Names) -> Result<Applied, HandlerFault> {
        let event_type = names.type_name(event.event_type);
        let route = self.route(event.event_type, event_type);
        let function = match route {
            Route::Function(function) => function,
            Route::Ignored => return Ok(Applied::Ignored),
            Route::Unknown => {
                let unhandled = self.fold.handler().routes.unhandled;
                return unhandled.outcome(event_type, "add a function for it, or null to ignore it");
            }
        };
        let folded = self.fold.fold(event, |out, is_first| {
            frame::write(out, function, is_first, event, names.stream(event.stream), event_type)
        })?;
        if folded == Folded::Unread {
            return self.fold.undecodable(event, "JavaScript");
        }
        if self.fold.handler().script.dialect == Dialect::KurrentDb {
            self.note_recorded()?;
        }
        if folded == Folded::Repeated {
            self.repeated = self.fold.repeated_keys(event);
        }
        self.fold.shorten()?;
        Ok(Applied::Folded)
    }

    fn note_recorded(&mut self) -> Result<(), HandlerFault> {
        let depth = self.fold.handler().limits.depth;
        let Some(guest) = self.fold.guest_now() else {
            return Ok(());
        };
        let lines = guest.recorded()?.split(|byte| *byte == b'\n');
        for line in lines.filter(|line| !line.is_empty()) {
            let recorded = Recorded::read(line, depth);
            self.recorded
                .push(recorded.ok_or_else(|| engine_fault("what it emitted is no JSON"))?);
        }
        Ok(())
    }
}

impl GuestInstance for JsInstance {
    fn recorded(&self) -> &[Recorded] {
        &self.recorded
    }
}

impl HandlerInstance for JsInstance {
    fn reset(&mut self) {
        self.fold.reset();
        self.repeated.clear();
        self.recorded.clear();
    }

    fn apply(&mut self, event: &EventView<'_>, names: &Names, written: &mut Written) -> Result<Applied, HandlerFault> {
        self.repeated.clear();
        self.recorded.clear();
        // As on the server, where an event without JSON does not reach a projection.
        if let Some(source) = &self.fold.handler().routes.source
            && (event.payload.is_none() || !source.takes(event, names))
        {
            return Ok(Applied::Ignored);
        }
        noting_changes(self, written, |it| it.fold.state(), |it| it.apply_it(event, names))
    }

    fn repeated_keys(&self) -> &[Pointer] {
        &self.repeated
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        self.fold.state()
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault> {
        self.fold.checkpoint()
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        self.recorded.clear();
        self.fold.restore(checkpoint)
    }
}
