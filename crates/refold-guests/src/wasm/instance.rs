//! One fold of a module.

use std::sync::Arc;

use refold_core::event::EventView;
use refold_core::names::Names;
use refold_core::port::handler::{
    Applied, Checkpoint, Coming, HandlerFault, HandlerInstance, StatesAsked, Untold, Written,
};
use refold_core::value::Value;

use super::abi;
use super::loaded::Loaded;
use crate::instance::GuestInstance;
use crate::recorded::Recorded;
use crate::undo::{Folded, Undoable, noting_changes};
use crate::worker::Batch;

/// See the module.
pub struct WasmInstance {
    fold: Undoable<Loaded>,
    /// The name of the state: the stream of the first event.
    key: Vec<u8>,
    /// What the last event would have written.
    recorded: Vec<Recorded>,
    /// Room for what is told ahead.
    batch: Batch,
}

impl WasmInstance {
    pub fn new(program: Arc<Loaded>) -> WasmInstance {
        WasmInstance {
            fold: Undoable::new(program),
            key: Vec::new(),
            recorded: Vec::new(),
            batch: Batch::default(),
        }
    }

    fn apply_it(&mut self, event: &EventView<'_>, names: &Names) -> Result<Applied, HandlerFault> {
        if self.fold.is_untouched() {
            self.key = names.stream(event.stream).to_vec();
        }
        let (stream, event_type) = (names.stream(event.stream), names.type_name(event.event_type));
        let key = &self.key;
        let folded = self
            .fold
            .fold(event, |out, _| abi::write_record(out, key, event, stream, event_type))?;
        if let Some(guest) = self.fold.guest_now() {
            self.recorded = guest.take_emitted();
        }
        if folded == Folded::Unread {
            // It may have done half of its work.
            self.fold.forget_guest();
            return self.fold.undecodable(event, "the handler");
        }
        self.fold.shorten()?;
        Ok(match folded {
            Folded::Ignored => Applied::Ignored,
            Folded::Unknown => Applied::Unknown,
            Folded::Done | Folded::Repeated | Folded::Unread => Applied::Folded,
        })
    }
}

impl GuestInstance for WasmInstance {
    fn recorded(&self) -> &[Recorded] {
        &self.recorded
    }
}

impl HandlerInstance for WasmInstance {
    fn reset(&mut self) {
        self.fold.reset();
        self.recorded.clear();
    }

    fn apply(&mut self, event: &EventView<'_>, names: &Names, written: &mut Written) -> Result<Applied, HandlerFault> {
        self.recorded.clear();
        noting_changes(self, written, |it| it.fold.state(), |it| it.apply_it(event, names))
    }

    fn look_ahead<'e>(&mut self, coming: &mut dyn Iterator<Item = EventView<'e>>, names: &Names, asked: StatesAsked) {
        let mut batch = std::mem::take(&mut self.batch);
        batch.clear();
        let is_untouched = self.fold.is_untouched();
        for event in coming {
            if self.fold.check_size(&event).is_err() {
                break;
            }
            let (stream, event_type) = (names.stream(event.stream), names.type_name(event.event_type));
            if is_untouched && batch.is_empty() {
                self.key = stream.to_vec();
            }
            let key = &self.key;
            batch.push(event.recorded_at, |out| {
                abi::write_record(out, key, &event, stream, event_type)
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
        // The name of the state; none before the first event.
        let (mut key, mut is_whole): (Option<Vec<u8>>, bool) = (None, true);
        for next in coming {
            let event = match next {
                Coming::Event(event) => event,
                other => match self.fold.tell(&mut batch, &other) {
                    Some(begins_untouched) => {
                        key = match (begins_untouched, other) {
                            (None, _) => key,
                            (Some(false), Coming::Restore(checkpoint)) => {
                                let saved = self.fold.saved_in(checkpoint);
                                saved.map(|(saved, _)| abi::key_of(saved).to_vec())
                            }
                            (Some(_), _) => None,
                        };
                        continue;
                    }
                    None => break,
                },
            };
            is_whole = !batch.is_full() && self.fold.check_size(&event).is_ok();
            if !is_whole {
                break;
            }
            let (stream, event_type) = (names.stream(event.stream), names.type_name(event.event_type));
            let key = key.get_or_insert_with(|| stream.to_vec());
            batch.push(event.recorded_at, |out| {
                abi::write_record(out, key, &event, stream, event_type)
            });
        }
        self.fold.send(&mut batch, is_whole);
        self.batch = batch;
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
        self.key = match self.fold.first_frame().filter(|_| self.fold.saved().is_empty()) {
            Some(frame) => abi::key_of_record(frame).to_vec(),
            None => abi::key_of(self.fold.saved()).to_vec(),
        };
        Ok(())
    }
}
