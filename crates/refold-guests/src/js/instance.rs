//! One fold of a handler in JavaScript: which function takes an event, and what it says beside the state.

use std::sync::Arc;

use refold_core::event::{EventView, TypeOrdinal};
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::handler::{
    Applied, Checkpoint, Coming, HandlerFault, HandlerInstance, StatesAsked, Untold, Written,
};
use refold_core::value::Value;

use super::frame;
use super::loaded::Loaded;
use crate::instance::GuestInstance;
use crate::recorded::Recorded;
use crate::undo::{Folded, Undoable, noting_changes};
use crate::worker::Batch;

/// See the module.
pub struct JsInstance {
    fold: Undoable<Loaded>,
    /// What the last event would have written.
    recorded: Vec<Recorded>,
    lanes: Vec<Option<Lane>>,
    repeated: Vec<Pointer>,
    /// Room for what is told ahead.
    batch: Batch,
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
            batch: Batch::default(),
        }
    }

    /// Whether the event is the handler's business. As on the server, where an event without JSON does not reach a
    /// projection.
    fn is_of_source(&self, event: &EventView<'_>, names: &Names) -> bool {
        match &self.fold.handler().routes.source {
            Some(source) => event.payload.is_some() && source.takes(event, names),
            None => true,
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
        if let Some(guest) = self.fold.guest_now() {
            self.recorded = guest.take_emitted();
        }
        if folded == Folded::Repeated {
            self.repeated = self.fold.repeated_keys(event);
        }
        self.fold.shorten()?;
        Ok(Applied::Folded)
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
        if !self.is_of_source(event, names) {
            return Ok(Applied::Ignored);
        }
        noting_changes(self, written, |it| it.fold.state(), |it| it.apply_it(event, names))
    }

    fn look_ahead<'e>(&mut self, coming: &mut dyn Iterator<Item = EventView<'e>>, names: &Names, asked: StatesAsked) {
        let mut batch = std::mem::take(&mut self.batch);
        batch.clear();
        let is_untouched = self.fold.is_untouched();
        for event in coming {
            let event_type = names.type_name(event.event_type);
            if !self.is_of_source(&event, names) {
                continue;
            }
            let Route::Function(function) = self.route(event.event_type, event_type) else {
                continue;
            };
            if self.fold.check_size(&event).is_err() {
                break;
            }
            let is_first = is_untouched && batch.is_empty();
            batch.push(event.recorded_at, |out| {
                frame::write(out, function, is_first, &event, names.stream(event.stream), event_type);
            });
            if self.fold.is_folded(&batch, asked) {
                batch.clear();
                break;
            }
            if batch.is_full() {
                break;
            }
        }
        self.fold.send_ahead(&mut batch, asked);
        self.batch = batch;
    }

    fn look_ahead_over<'e>(&mut self, coming: &mut dyn Iterator<Item = Coming<'e>>, names: &Names) {
        let mut batch = std::mem::take(&mut self.batch);
        batch.clear();
        let (mut is_untouched, mut is_whole) = (true, true);
        for next in coming {
            let event = match next {
                Coming::Event(event) => event,
                other => match self.fold.tell(&mut batch, &other) {
                    Some(begins_untouched) => {
                        is_untouched = begins_untouched.unwrap_or(is_untouched);
                        continue;
                    }
                    None => break,
                },
            };
            let event_type = names.type_name(event.event_type);
            if !self.is_of_source(&event, names) {
                continue;
            }
            let Route::Function(function) = self.route(event.event_type, event_type) else {
                continue;
            };
            is_whole = !batch.is_full() && self.fold.check_size(&event).is_ok();
            if !is_whole {
                break;
            }
            batch.push(event.recorded_at, |out| {
                let stream = names.stream(event.stream);
                frame::write(out, function, is_untouched, &event, stream, event_type);
            });
            is_untouched = false;
        }
        self.fold.send(&mut batch, is_whole);
        self.batch = batch;
    }

    fn repeated_keys(&self) -> &[Pointer] {
        &self.repeated
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        self.fold.state()
    }

    fn tells_late(&self) -> bool {
        true
    }

    fn is_told(&self) -> bool {
        self.fold.is_told()
    }

    fn take_untold(&mut self) -> Option<Untold> {
        self.fold.take_untold()
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault> {
        self.fold.checkpoint()
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        self.recorded.clear();
        self.fold.restore(checkpoint)
    }
}
