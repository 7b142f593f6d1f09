//! One fold of a program: which events it gets, and when.

use std::collections::HashSet;
use std::sync::Arc;

use refold_core::event::EventView;
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::handler::{
    Applied, Checkpoint, Coming, HandlerFault, HandlerInstance, StatesAsked, Untold, Written,
};
use refold_core::value::Value;

use super::guest::Guest;
use super::loaded::Loaded;
use super::request::{self, Metadata};
use super::telling::{Begun, Telling, said_of};
use crate::instance::GuestInstance;
use crate::recorded::Recorded;
use crate::undo::{Folded, Handler as _, Undoable, noting_changes};

/// States of one answer have about so many bytes together.
const STATES_BYTES: usize = 1 << 20;
/// A state of about so many bytes costs less to say than to ask for.
const SMALL_STATE_BYTES: usize = 8 << 10;

/// See the module.
pub struct ProcessInstance {
    fold: Undoable<Loaded>,
    /// The name of the state: the stream of the first event.
    key: Vec<u8>,
    frame: Vec<u8>,
    recorded: Vec<Recorded>,
    repeated: Vec<Pointer>,
    /// About how large the last state was.
    state_bytes: usize,
}

impl ProcessInstance {
    pub fn new(program: Arc<Loaded>) -> ProcessInstance {
        ProcessInstance {
            fold: Undoable::new(program),
            key: Vec::new(),
            frame: Vec::new(),
            recorded: Vec::new(),
            repeated: Vec::new(),
            state_bytes: 0,
        }
    }

    fn read_metadata(&self) -> Metadata {
        let depth = self.fold.handler().limits.depth;
        Metadata::Read { depth }
    }

    /// Takes down how large states were in what was told.
    fn note_state_bytes(&mut self) {
        if let Some(bytes) = self.fold.guest_now().and_then(Guest::take_state_bytes) {
            self.state_bytes = bytes;
        }
    }

    fn apply_it(&mut self, event: &EventView<'_>, names: &Names) -> Result<Applied, HandlerFault> {
        if let Some(passed) = self.fold.handler().about.passes(names.type_name(event.event_type)) {
            return passed;
        }
        if self.fold.is_untouched() {
            self.key = names.stream(event.stream).to_vec();
        }
        self.fold.check_size(event)?;
        self.frame.clear();
        request::event(&mut self.frame, &self.key, event, names, Metadata::Unread);
        let mut is_repeated = false;
        let is_told = self.fold.foresaw(&self.frame);
        let is_told = match self.fold.guest_now().filter(|_| is_told) {
            Some(guest) => guest.hear()?,
            None => false,
        };
        // What was sent ahead was looked at then.
        if !is_told {
            let metadata = self.read_metadata();
            self.frame.clear();
            request::event(&mut self.frame, &self.key, event, names, metadata);
            match said_of(event, self.fold.handler().limits.depth) {
                Some(Folded::Repeated) => is_repeated = true,
                Some(_) => {}
                None => return self.fold.undecodable(event, "the handler"),
            }
        }
        let frame = &self.frame;
        let folded = self.fold.fold(event, |out, _| out.extend_from_slice(frame))?;
        if let Some(guest) = self.fold.guest_now() {
            self.recorded = guest.take_emitted();
        }
        if is_repeated || folded == Folded::Repeated {
            self.repeated = self.fold.repeated_keys(event);
        }
        self.fold.shorten()?;
        Ok(Applied::Folded)
    }
}

impl GuestInstance for ProcessInstance {
    fn recorded(&self) -> &[Recorded] {
        &self.recorded
    }
}

impl HandlerInstance for ProcessInstance {
    fn reset(&mut self) {
        self.fold.reset();
        self.recorded.clear();
        self.repeated.clear();
    }

    fn apply(&mut self, event: &EventView<'_>, names: &Names, written: &mut Written) -> Result<Applied, HandlerFault> {
        self.recorded.clear();
        self.repeated.clear();
        noting_changes(self, written, |it| it.fold.state(), |it| it.apply_it(event, names))
    }

    fn look_ahead<'e>(&mut self, coming: &mut dyn Iterator<Item = EventView<'e>>, names: &Names, asked: StatesAsked) {
        self.note_state_bytes();
        // A program that is asked for such states ahead answers nothing.
        if self.fold.is_untold() {
            return;
        }
        let metadata = self.read_metadata();
        let is_each_asked = asked == StatesAsked::EveryState;
        let most_states = STATES_BYTES / self.state_bytes.max(1);
        let mut key = (!self.fold.is_untouched()).then(|| self.key.clone());
        let mut telling = Telling::of_this(&mut self.fold);
        for event in coming {
            let Ok(gets) = telling.gets(&event, names) else { break };
            let Some(folded) = gets else { continue };
            let key = key.get_or_insert_with(|| names.stream(event.stream).to_vec());
            self.frame.clear();
            request::event(&mut self.frame, key, &event, names, metadata);
            if is_each_asked && (telling.events() >= most_states || !telling.has_room(&self.frame)) {
                break;
            }
            if telling.events() == 0 && !is_each_asked && telling.fold().foresaw(&self.frame) {
                return;
            }
            telling.tell(&self.frame, folded, None);
            if telling.is_enough(None) {
                break;
            }
        }
        if is_each_asked {
            if telling.hear_each().is_err() {
                // Where its states were too large for one answer, the next must ask for fewer.
                self.state_bytes = self.state_bytes.saturating_mul(8).max(STATES_BYTES / 16);
            }
            return;
        }
        // A small one is there before it is asked for.
        if self.state_bytes <= SMALL_STATE_BYTES {
            telling.ask_state();
        }
        telling.end();
    }

    fn look_ahead_over<'e>(&mut self, coming: &mut dyn Iterator<Item = Coming<'e>>, names: &Names) {
        self.note_state_bytes();
        // The states of all of them are said at once.
        if self.state_bytes > SMALL_STATE_BYTES {
            return;
        }
        let metadata = self.read_metadata();
        let (mut key, mut keys): (Option<Vec<u8>>, HashSet<Vec<u8>>) = (None, HashSet::new());
        let mut telling = Telling::of_others(&mut self.fold);
        let mut begun: Option<Begun> = None;
        for next in coming {
            let event = match next {
                Coming::Event(event) => event,
                Coming::State | Coming::Checkpoint => continue,
                Coming::Reset | Coming::Restore(_) => {
                    // The one before has all its events.
                    telling.tell_fold(begun.take());
                    let saved = match next {
                        Coming::Restore(checkpoint) => telling.fold().saved_in(checkpoint).map(|(saved, _)| saved),
                        _ => Some(&telling.fold().handler().initial().0),
                    };
                    let Some(saved) = saved.filter(|_| !telling.is_enough(None)) else {
                        break;
                    };
                    key = text_of(request::key_of(saved)).filter(|_| !saved.is_empty());
                    begun = Some(Begun::new(saved));
                    continue;
                }
            };
            let Some(fold) = &mut begun else { break };
            let gets = telling.gets(&event, names);
            if let Ok(None) = gets {
                continue;
            }
            let key = key.get_or_insert_with(|| names.stream(event.stream).to_vec());
            // Each is folded into a state of its own. What is not told whole is told when it is its turn.
            let is_own = !fold.is_empty() || keys.insert(request::name_of(key));
            let Some(folded) = gets.ok().flatten().filter(|_| is_own && !telling.is_enough(Some(fold))) else {
                begun = None;
                break;
            };
            fold.push(folded, |out| request::event(out, key, &event, names, metadata));
        }
        telling.tell_fold(begun);
        telling.end();
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
        self.fold.restore(checkpoint)?;
        // Nothing was saved where the state after its first event cannot be told.
        let first = self.fold.first_frame().filter(|_| self.fold.saved().is_empty());
        if let Some(key) = text_of(request::key_of(first.unwrap_or(self.fold.saved()))) {
            self.key = key;
        }
        Ok(())
    }
}

/// A key that is written as JSON.
fn text_of(key: &[u8]) -> Option<Vec<u8>> {
    match Value::from_json(key, 1) {
        Ok(Value::Text(key)) => Some(key.as_wtf8().to_vec()),
        _ => None,
    }
}
