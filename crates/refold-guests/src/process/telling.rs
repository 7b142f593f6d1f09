//! How a fold tells its program what comes: batch after batch, as it comes upon them.

use std::ops::Range;
use std::sync::Arc;

use refold_core::event::EventView;
use refold_core::names::Names;
use refold_core::port::handler::HandlerFault;
use refold_core::value::Value;

use super::loaded::Loaded;
use super::pipeline::Batch;
use crate::error::had_ended;
use crate::undo::{Folded, Handler as _, Undoable};

/// Events that a program is told of at once, at most. It gets them batch by batch and works nearly all the time: it waits
/// for Refold once for all of them.
pub const AHEAD_EVENTS: usize = 2_048;
/// They have at most so many bytes together, where there is more than one.
const AHEAD_BYTES: usize = 2 << 20;

/// See the module. Nothing of the last batch is told before [`Telling::end`].
pub struct Telling<'f> {
    fold: &'f mut Undoable<Loaded>,
    /// Whether they are of folds that begin, and not of the fold at hand.
    is_over: bool,
    batch: Batch,
    /// What it was told of, or will be.
    events: usize,
    bytes: usize,
    folds: usize,
    is_begun: bool,
}

/// A fold from its beginning on, as far as it was come upon.
pub struct Begun {
    saved: Arc<[u8]>,
    bytes: Vec<u8>,
    /// Events of it, each with what is to be said of it once it is folded.
    frames: Vec<(Range<usize>, Folded)>,
}

impl Begun {
    pub fn new(saved: &Arc<[u8]>) -> Begun {
        Begun {
            saved: Arc::clone(saved),
            bytes: Vec::new(),
            frames: Vec::new(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// What the program is sent of it.
    fn byte_count(&self) -> usize {
        self.saved.len() + self.bytes.len()
    }

    /// Adds an event, which `write` writes as a frame.
    pub fn push(&mut self, folded: Folded, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.frames.push((start..self.bytes.len(), folded));
    }
}

impl<'f> Telling<'f> {
    /// Of the fold at hand.
    pub fn of_this(fold: &'f mut Undoable<Loaded>) -> Telling<'f> {
        Telling {
            fold,
            is_over: false,
            batch: Batch::default(),
            events: 0,
            bytes: 0,
            folds: 0,
            is_begun: false,
        }
    }

    /// Of folds that begin.
    pub fn of_others(fold: &'f mut Undoable<Loaded>) -> Telling<'f> {
        Telling {
            is_over: true,
            ..Telling::of_this(fold)
        }
    }

    pub fn fold(&self) -> &Undoable<Loaded> {
        self.fold
    }

    /// What is to be said of an event once it is folded. `None`: the program does not get it.
    ///
    /// # Errors
    /// It is a fault, so that nothing is known of what comes behind it.
    pub fn gets(&self, event: &EventView<'_>, names: &Names) -> Result<Option<Folded>, HandlerFault> {
        let loaded = self.fold.handler();
        if loaded.about.passes(names.type_name(event.event_type)).is_some() {
            return Ok(None);
        }
        self.fold.check_size(event)?;
        Ok(said_of(event, loaded.limits().depth))
    }

    pub fn events(&self) -> usize {
        self.events
    }

    /// Whether it was told enough once it is told of `begun`.
    pub fn is_enough(&self, begun: Option<&Begun>) -> bool {
        let (events, bytes) = begun.map_or((0, 0), |begun| (begun.frames.len(), begun.byte_count()));
        self.events + events >= AHEAD_EVENTS || self.bytes + bytes > AHEAD_BYTES
    }

    /// Whether this event goes into the same batch as those before.
    pub fn has_room(&self, frame: &[u8]) -> bool {
        !self.batch.is_full(1, frame.len())
    }

    /// Tells it of an event. `begins`: the saved state that a fold begins with it from.
    pub fn tell(&mut self, frame: &[u8], folded: Folded, begins: Option<&Arc<[u8]>>) {
        let bytes = frame.len() + begins.map_or(0, |saved| saved.len());
        if self.batch.is_full(1, bytes) {
            self.send();
        }
        if self.batch.is_empty() && begins.is_some() {
            self.batch.forget();
        }
        self.batch.push(frame, folded, begins);
        self.events += 1;
        self.bytes += bytes;
    }

    /// Tells it of a whole fold, whose state is asked for. One without events is asked when it is its turn.
    pub fn tell_fold(&mut self, begun: Option<Begun>) {
        let Some(begun) = begun.filter(|begun| !begun.is_empty()) else {
            return;
        };
        // In one batch, where it has room in one.
        if self.batch.is_full(begun.frames.len(), begun.byte_count()) {
            self.send();
        }
        let mut begins = Some(&begun.saved);
        for (frame, folded) in &begun.frames {
            let frame = begun.bytes.get(frame.clone()).unwrap_or_default();
            self.tell(frame, *folded, begins.take());
        }
        self.ask_state();
        self.folds += 1;
    }

    /// Asks for the state after the last event.
    pub fn ask_state(&mut self) {
        self.batch.ask_state();
    }

    /// Tells the last of it. One event alone, or one fold, is asked when it is its turn.
    pub fn end(mut self) {
        let count = if self.is_over { self.folds } else { self.events };
        if self.is_begun || count > 1 {
            self.send();
        }
    }

    /// The same, and asks for the state after each of the events, which are few enough for one batch, and waits for them.
    /// Where that fails the guest is let go of.
    pub fn hear_each(mut self) -> Result<(), HandlerFault> {
        if self.events < 2 {
            return Ok(());
        }
        let mut heard = Ok(());
        let mut batch = std::mem::take(&mut self.batch);
        batch.ask_each();
        self.fold.fold_ahead(|guest| {
            heard = guest
                .tell(batch)
                .and_then(|()| guest.hear()?.then_some(()).ok_or_else(had_ended));
            heard.clone()
        });
        heard
    }

    fn send(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return;
        }
        match (std::mem::replace(&mut self.is_begun, true), self.is_over) {
            (false, true) => self.fold.fold_over(|guest| guest.tell_over(batch)),
            (false, false) => self.fold.fold_ahead(|guest| guest.tell(batch)),
            // One that fails at it is found lost.
            (true, _) => drop(self.fold.guest_now().map(|guest| guest.tell(batch))),
        }
    }
}

/// What is to be said of an event once it is folded. `None`: its payload is no JSON, or nests too deep.
pub fn said_of(event: &EventView<'_>, depth: usize) -> Option<Folded> {
    let Some(payload) = event.payload else {
        return Some(Folded::Done);
    };
    match Value::from_json_noting(payload, depth) {
        Ok((_, true)) => Some(Folded::Repeated),
        Ok((_, false)) => Some(Folded::Done),
        Err(_) => None,
    }
}
