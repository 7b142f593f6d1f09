//! One fold of a program: which events it gets, and when.

use std::collections::HashSet;
use std::sync::Arc;

use refold_core::event::EventView;
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::handler::{Applied, Checkpoint, Coming, HandlerFault, HandlerInstance, StatesAsked, Written};
use refold_core::value::Value;

use super::guest::Begun;
use super::loaded::Loaded;
use super::request::{self, Metadata, Want};
use crate::instance::{BATCH_EVENTS, GuestInstance};
use crate::recorded::Recorded;
use crate::undo::{Folded, Handler as _, Undoable, noting_changes};

/// Events of one request have at most so many bytes together, where there is more than one.
const BATCH_BYTES: usize = 256 << 10;
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

    /// What the program does with events of this type; `None`: it folds them.
    fn passes(&self, event_type: &[u8]) -> Option<Result<Applied, HandlerFault>> {
        let about = &self.fold.handler().about;
        let types = about.types.as_ref()?;
        match types.get(event_type) {
            Some(true) => None,
            Some(false) => Some(Ok(Applied::Ignored)),
            None => Some(
                about
                    .unhandled
                    .outcome(event_type, "name it in `types` or in `ignored`"),
            ),
        }
    }

    fn apply_it(&mut self, event: &EventView<'_>, names: &Names) -> Result<Applied, HandlerFault> {
        if let Some(passed) = self.passes(names.type_name(event.event_type)) {
            return passed;
        }
        if self.fold.is_untouched() {
            self.key = names.stream(event.stream).to_vec();
        }
        self.fold.check_size(event)?;
        let depth = self.fold.handler().limits.depth;
        self.frame.clear();
        request::event(&mut self.frame, &self.key, event, names, Metadata::Unread);
        let mut is_repeated = false;
        // What was sent ahead was looked at then.
        if !self.fold.foresaw(&self.frame) {
            self.frame.clear();
            request::event(&mut self.frame, &self.key, event, names, Metadata::Read { depth });
            match read(event, depth) {
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

/// Whether the payload can be sent, and what is to be said of it then. `None`: it is no JSON, or nests too deep.
fn read(event: &EventView<'_>, depth: usize) -> Option<Folded> {
    let Some(payload) = event.payload else {
        return Some(Folded::Done);
    };
    match Value::from_json_noting(payload, depth) {
        Ok((_, true)) => Some(Folded::Repeated),
        Ok((_, false)) => Some(Folded::Done),
        Err(_) => None,
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
        let limits = self.fold.handler().limits;
        let (want, most) = match asked {
            // A small one is there before it is asked for.
            StatesAsked::LastState if self.state_bytes <= SMALL_STATE_BYTES => (Want::Final, BATCH_EVENTS),
            StatesAsked::LastState => (Want::None, BATCH_EVENTS),
            StatesAsked::EveryState => (Want::Each, (STATES_BYTES / self.state_bytes.max(1)).min(BATCH_EVENTS)),
        };
        let metadata = Metadata::Read { depth: limits.depth };
        let mut key = (!self.fold.is_untouched()).then(|| self.key.clone());
        let (mut frames, mut byte_count) = (Vec::new(), 0);
        for event in coming {
            if self.passes(names.type_name(event.event_type)).is_some() {
                continue;
            }
            // What the program will not get ends what can be foreseen of its states, or does not touch them.
            if self.fold.check_size(&event).is_err() {
                break;
            }
            let Some(folded) = read(&event, limits.depth) else {
                continue;
            };
            let key = key.get_or_insert_with(|| names.stream(event.stream).to_vec());
            let mut frame = Vec::new();
            request::event(&mut frame, key, &event, names, metadata);
            if frames.is_empty() && asked == StatesAsked::LastState && self.fold.foresaw(&frame) {
                return;
            }
            byte_count += frame.len();
            frames.push((frame, folded));
            if frames.len() >= most || byte_count > BATCH_BYTES {
                break;
            }
        }
        // One alone is asked when it is its turn.
        if frames.len() > 1 {
            let count = if want == Want::Each { frames.len() } else { 1 };
            self.fold.fold_ahead(|guest| guest.fold_ahead(frames, want));
            if let Some(guest) = self.fold.guest_now().filter(|_| want != Want::None) {
                self.state_bytes = guest.answer_bytes() / count;
            } else if want == Want::Each {
                // It was let go of. Where its states were too large for one answer, the next must ask for fewer.
                self.state_bytes = self.state_bytes.saturating_mul(8).max(STATES_BYTES / 16);
            }
        }
    }

    fn look_ahead_over<'e>(&mut self, coming: &mut dyn Iterator<Item = Coming<'e>>, names: &Names) {
        // The states of all of them are said at once.
        if self.state_bytes > SMALL_STATE_BYTES {
            return;
        }
        let limits = self.fold.handler().limits;
        let metadata = Metadata::Read { depth: limits.depth };
        let most_folds = STATES_BYTES / self.state_bytes.max(1);
        let (mut folds, mut keys): (Vec<Begun>, HashSet<Vec<u8>>) = (Vec::new(), HashSet::new());
        let (mut event_count, mut byte_count, mut is_whole) = (0, 0, true);
        let mut key: Option<Vec<u8>> = None;
        for next in coming {
            let is_full = event_count >= BATCH_EVENTS || byte_count > BATCH_BYTES;
            let event = match next {
                Coming::Event(event) => event,
                Coming::State | Coming::Checkpoint => continue,
                Coming::Reset | Coming::Restore(_) if is_full || folds.len() >= most_folds => break,
                Coming::Reset => {
                    key = None;
                    let saved = Arc::clone(&self.fold.handler().initial().0);
                    folds.push(Begun {
                        saved,
                        frames: Vec::new(),
                    });
                    continue;
                }
                Coming::Restore(checkpoint) => {
                    let Some((saved, _)) = self.fold.saved_in(checkpoint) else {
                        break;
                    };
                    byte_count += saved.len();
                    key = text_of(request::key_of(saved)).filter(|_| !saved.is_empty());
                    let saved = Arc::clone(saved);
                    folds.push(Begun {
                        saved,
                        frames: Vec::new(),
                    });
                    continue;
                }
            };
            if self.passes(names.type_name(event.event_type)).is_some() {
                continue;
            }
            is_whole = !is_full && self.fold.check_size(&event).is_ok();
            let Some(fold) = folds.last_mut().filter(|_| is_whole) else {
                break;
            };
            let Some(folded) = read(&event, limits.depth) else {
                continue;
            };
            let key = key.get_or_insert_with(|| names.stream(event.stream).to_vec());
            // Each is folded into a state of its own.
            is_whole = !fold.frames.is_empty() || keys.insert(key.clone());
            if !is_whole {
                break;
            }
            let mut frame = Vec::new();
            request::event(&mut frame, key, &event, names, metadata);
            event_count += 1;
            byte_count += frame.len();
            fold.frames.push((frame, folded));
        }
        if !is_whole && folds.len() > 1 {
            folds.pop();
        }
        // What has no event is asked when it is its turn.
        folds.retain(|fold| !fold.frames.is_empty());
        let fold_count = folds.len();
        if fold_count > 1 {
            self.fold.fold_over(|guest| guest.fold_over(folds));
            if let Some(guest) = self.fold.guest_now() {
                self.state_bytes = guest.answer_bytes() / fold_count;
            }
        }
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
        self.fold.restore(checkpoint)?;
        if let Some(key) = text_of(request::key_of(self.fold.saved())) {
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
