//! One fold of a handler in JavaScript.
//!
//! A script changes its state in place, so what it did before it failed cannot be undone by itself. The instance
//! remembers the state at some moment as the guest saved it, and the events since: from these it makes the state before
//! the event that failed, in a new guest.

use std::any::Any;
use std::sync::Arc;

use refold_core::diff::{ArrayKeys, ChangeOp, diff};
use refold_core::event::{EventView, TypeOrdinal};
use refold_core::names::Names;
use refold_core::pointer::{Pointer, Segment};
use refold_core::port::handler::{Applied, Checkpoint, HandlerFault, HandlerInstance, Written};
use refold_core::time::Timestamp;
use refold_core::value::Value;

use crate::error::code;
use crate::frame;
use crate::guest::{Folded, Guest, engine_fault};
use crate::program::{Dialect, Loaded, Unhandled};
use crate::source::Recorded;

/// The events since the saved state are kept up to this size; then the state is saved anew.
const MAX_JOURNAL_BYTES: usize = 4 << 20;

/// See the module.
pub struct JsInstance {
    program: Arc<Loaded>,
    guest: Option<Guest>,
    /// Whether the guest's state is the one that this fold is at.
    is_current: bool,
    saved: Arc<[u8]>,
    /// Whether nothing was folded into the saved state.
    is_untouched: bool,
    journal: Journal,
    /// What the last event would have written.
    recorded: Vec<Recorded>,
    /// The state now, where it was asked for since it changed.
    state: Option<Value>,
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

/// The events since the saved state: their frames, one after another.
#[derive(Default)]
struct Journal {
    bytes: Vec<u8>,
    events: Vec<(usize, Timestamp)>,
}

/// What a checkpoint holds.
struct Kept {
    program: Arc<Loaded>,
    saved: Arc<[u8]>,
    is_untouched: bool,
}

impl JsInstance {
    pub(crate) fn new(program: Arc<Loaded>) -> JsInstance {
        let (saved, state) = program.initial.clone();
        JsInstance {
            program,
            guest: None,
            is_current: false,
            saved,
            is_untouched: true,
            journal: Journal::default(),
            recorded: Vec::new(),
            state: Some(state),
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
                let routes = &self.program.routes;
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

    /// The guest, at the moment that this fold is at.
    fn guest(&mut self) -> Result<&mut Guest, HandlerFault> {
        let guest = match self.guest.take() {
            Some(guest) => guest,
            None => {
                self.is_current = false;
                self.program.guest()?
            }
        };
        let guest = self.guest.insert(guest);
        if !self.is_current {
            guest.restore(&self.saved)?;
            for (frame, time) in self.journal.frames() {
                match guest.apply(frame, time)? {
                    Folded::Done | Folded::Repeated => {}
                    Folded::Unread => return Err(engine_fault("an event that it could read, it cannot read again")),
                }
            }
            self.is_current = true;
        }
        Ok(guest)
    }

    fn fold(&mut self, function: u32, event: &EventView<'_>, names: &Names) -> Result<Applied, HandlerFault> {
        let most = self.program.limits.payload_bytes;
        for (what, bytes) in [("payload", event.payload), ("metadata", event.metadata)] {
            if let Some(bytes) = bytes
                && bytes.len() > most
            {
                let message = format!("the {what} has {} bytes; the most is {most}", bytes.len());
                return Err(fault(code::EVENT_SIZE, message));
            }
        }
        self.guest()?;
        let start = self.journal.bytes.len();
        let is_first = self.is_untouched && self.journal.events.is_empty();
        frame::write(&mut self.journal.bytes, function, is_first, event, names);
        let folded = match &mut self.guest {
            Some(guest) => guest.apply(&self.journal.bytes[start..], event.recorded_at),
            None => return Err(engine_fault("it is gone")),
        };
        match folded {
            Ok(folded) if folded != Folded::Unread => {
                self.journal.events.push((self.journal.bytes.len(), event.recorded_at));
                self.state = None;
                if self.program.dialect == Dialect::KurrentDb {
                    self.note_recorded()?;
                }
                if folded == Folded::Repeated {
                    self.note_repeated(event.payload.unwrap_or_default());
                }
                if self.journal.bytes.len() > MAX_JOURNAL_BYTES {
                    self.save()?;
                }
                Ok(Applied::Folded)
            }
            Ok(_) => {
                self.journal.bytes.truncate(start);
                let payload = event.payload.unwrap_or_default();
                match Value::from_json(payload, self.program.limits.depth) {
                    Err(error) => Ok(Applied::Undecodable(error)),
                    Ok(_) => Err(fault(
                        code::EVENT_MALFORMED,
                        "the payload is JSON that JavaScript cannot hold; leave the stream out, or fold it with rules"
                            .to_owned(),
                    )),
                }
            }
            Err(fault) => {
                self.journal.bytes.truncate(start);
                // A new guest also forgets what the script kept outside of its state.
                self.guest = None;
                Err(fault)
            }
        }
    }

    fn note_repeated(&mut self, payload: &[u8]) {
        if let Ok((payload, true)) = Value::from_json_noting(payload, self.program.limits.depth) {
            let places = payload.repeated_keys();
            self.repeated.extend(places.into_iter().map(|(place, _)| place));
        }
    }

    fn note_recorded(&mut self) -> Result<(), HandlerFault> {
        let depth = self.program.limits.depth;
        let Some(guest) = &mut self.guest else { return Ok(()) };
        for line in guest
            .recorded()?
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            let recorded = Recorded::read(line, depth);
            self.recorded
                .push(recorded.ok_or_else(|| engine_fault("what it emitted is no JSON"))?);
        }
        Ok(())
    }

    /// What the last event would have written.
    pub fn recorded(&self) -> &[Recorded] {
        &self.recorded
    }

    /// Saves the state, so that the events until now are not needed any more.
    fn save(&mut self) -> Result<Arc<[u8]>, HandlerFault> {
        if !self.journal.events.is_empty() {
            let guest = self.guest()?;
            let saved = Arc::from(guest.save()?);
            guest.collect()?;
            self.saved = saved;
            self.is_untouched = false;
            self.journal.clear();
        }
        Ok(Arc::clone(&self.saved))
    }
}

impl HandlerInstance for JsInstance {
    fn reset(&mut self) {
        let (saved, state) = self.program.initial.clone();
        self.saved = saved;
        self.is_untouched = true;
        self.state = Some(state);
        self.journal.clear();
        self.is_current = false;
        self.repeated.clear();
        self.recorded.clear();
    }

    /// A script does not say what it writes: what it changed counts as written.
    fn apply(&mut self, event: &EventView<'_>, names: &Names, written: &mut Written) -> Result<Applied, HandlerFault> {
        self.repeated.clear();
        self.recorded.clear();
        // As on the server, where an event without JSON does not reach a projection.
        if let Some(source) = &self.program.routes.source
            && (event.payload.is_none() || !source.takes(event, names))
        {
            return Ok(Applied::Ignored);
        }
        let event_type = names.type_name(event.event_type);
        let function = match (self.route(event.event_type, event_type), self.program.routes.unhandled) {
            (Route::Function(function), _) => function,
            (Route::Ignored, _) | (Route::Unknown, Unhandled::Ignore) => return Ok(Applied::Ignored),
            (Route::Unknown, Unhandled::Warn) => return Ok(Applied::Unknown),
            (Route::Unknown, Unhandled::Error) => {
                let message = format!(
                    "the handler has no function for events of type {}; add one, or null to ignore them",
                    String::from_utf8_lossy(event_type)
                );
                return Err(fault(code::HANDLER_THROW, message));
            }
        };
        if !written.is_on() {
            return self.fold(function, event, names);
        }
        let before = self.state()?;
        let applied = self.fold(function, event, names)?;
        let after = self.state()?;
        for change in diff(&before, &after, &ArrayKeys::default()) {
            let path = match (change.op, change.path.last()) {
                // What stood there stands nowhere now: the array was written.
                (ChangeOp::Removed { .. }, Some(Segment::Index(_))) => change.path.parent().cloned(),
                _ => Some(change.path),
            };
            written.record(|| path.unwrap_or(Pointer::ROOT));
        }
        Ok(applied)
    }

    fn repeated_keys(&self) -> &[Pointer] {
        &self.repeated
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        if let Some(state) = &self.state {
            return Ok(state.clone());
        }
        let depth = self.program.limits.depth;
        let state = Value::from_json(self.guest()?.json()?, depth);
        let state = state.map_err(|error| engine_fault(&format!("it wrote a state that is no JSON: {error}")))?;
        self.state = Some(state.clone());
        Ok(state)
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault> {
        let saved = self.save()?;
        let byte_count = saved.len();
        let program = Arc::clone(&self.program);
        let is_untouched = self.is_untouched;
        let body: Arc<dyn Any + Send + Sync> = Arc::new(Kept {
            program,
            saved,
            is_untouched,
        });
        Ok(Checkpoint::Opaque { body, byte_count })
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        if let Checkpoint::Opaque { body, .. } = checkpoint
            && let Some(kept) = body.downcast_ref::<Kept>()
            && Arc::ptr_eq(&kept.program, &self.program)
        {
            self.saved = Arc::clone(&kept.saved);
            self.is_untouched = kept.is_untouched;
            self.recorded.clear();
            self.journal.clear();
            self.state = None;
            self.is_current = false;
            return Ok(());
        }
        Err(fault(
            code::HANDLER_TYPE,
            "this checkpoint was made by another handler; fold from the start".to_owned(),
        ))
    }
}

impl Journal {
    fn frames(&self) -> impl Iterator<Item = (&[u8], Timestamp)> {
        let starts = std::iter::once(0).chain(self.events.iter().map(|(end, _)| *end));
        // Each end was the length of the bytes when the event was taken.
        starts
            .zip(&self.events)
            .map(|(start, (end, time))| (&self.bytes[start..*end], *time))
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.events.clear();
    }
}

fn fault(code: &'static str, message: String) -> HandlerFault {
    HandlerFault {
        code,
        message,
        place: None,
    }
}
