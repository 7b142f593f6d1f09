//! One fold of a guest that can be undone.
//!
//! A guest changes its state in place, so what it did before it failed cannot be undone by itself. The fold remembers
//! the state at some moment as the guest saved it, and the events since: from these it makes the state before the event
//! that failed, in a new guest. It must not know what a guest is written in.

use std::any::Any;
use std::sync::Arc;

use refold_core::count::{counted, grouped};
use refold_core::diff::{ArrayKeys, ChangeOp, diff};
use refold_core::event::EventView;
use refold_core::pointer::{Pointer, Segment};
use refold_core::port::handler::{Applied, Checkpoint, HandlerFault, Untold, Written};
use refold_core::time::Timestamp;
use refold_core::value::Value;

use crate::error::{code, fault, is_had_ended};
use crate::limits::GuestLimits;

mod journal;
#[cfg(test)]
mod tests;
mod untold;

use journal::Journal;
use untold::{Known, is_of_state, surely};

/// The events since the saved state are kept up to this size; then the state is saved anew, where it can be.
const MAX_JOURNAL_BYTES: usize = 4 << 20;

/// A handler that was loaded.
pub trait Handler: Send + Sync + 'static {
    type Guest: Guest;

    /// A guest of its own with this handler in it, before the first event.
    fn guest(&self) -> Result<Self::Guest, HandlerFault>;

    /// One that shares its process with no other.
    fn guest_alone(&self) -> Result<Self::Guest, HandlerFault> {
        self.guest()
    }

    /// The state before the first event, as a guest saves it, and as a value.
    fn initial(&self) -> &(Arc<[u8]>, Value);

    fn limits(&self) -> &GuestLimits;
}

/// A running guest. After an error it is of no further use, unless it [is sound](Guest::is_sound).
pub trait Guest: Send {
    /// Folds the event of a frame into the state. `time` is its recorded time.
    fn apply(&mut self, frame: &[u8], time: Timestamp) -> Result<Folded, HandlerFault>;

    fn state(&mut self) -> Result<Value, HandlerFault>;

    /// The state as [`Guest::restore`] takes it.
    fn save(&mut self) -> Result<Arc<[u8]>, HandlerFault>;

    fn restore(&mut self, saved: &[u8]) -> Result<(), HandlerFault>;

    /// Folds events that were folded before.
    fn apply_again(&mut self, frames: &mut dyn Iterator<Item = (&[u8], Timestamp)>) -> Result<(), HandlerFault> {
        for (frame, time) in frames {
            if self.apply(frame, time)? == Folded::Unread {
                return Err(unread_again());
            }
        }
        Ok(())
    }

    /// Goes back to what it was before it was first asked something; `false`: it cannot, and is let go of.
    fn rewind(&mut self) -> bool {
        false
    }

    /// It is kept, and may be asked nothing any more: what it is in need not be there for it.
    fn rest(&mut self) {}

    /// It is asked again.
    fn wake(&mut self) {}

    /// Whether it has folded events that were not applied yet.
    fn is_ahead(&self) -> bool {
        false
    }

    /// Whether this event is the next of those.
    fn foresaw(&self, _frame: &[u8]) -> bool {
        false
    }

    /// Whether the next fold that it folded ahead begins with this saved state: then that is where it is now.
    fn goes_on_from(&mut self, _saved: &Arc<[u8]>) -> bool {
        false
    }

    /// Whether it can say the state after the last applied event, although it is ahead.
    fn knows_state(&self) -> bool {
        !self.is_ahead()
    }

    /// The same of the state as it is saved.
    fn knows_saved(&self) -> bool {
        self.knows_state()
    }

    /// Whether it is what it was before it was asked for its state, although it could not tell it.
    fn is_sound(&self) -> bool {
        false
    }

    /// Whether it is gone with the process that it was in, and through no fault of what is asked next.
    fn is_lost(&self) -> bool {
        false
    }
}

/// The fault of a guest that does not read an event that it read before.
pub fn unread_again() -> HandlerFault {
    let message = "the handler read an event, and cannot read it again; let what it does depend on the state and the \
                   event alone";
    fault(code::NONDETERMINISTIC, message)
}

/// How often something is tried that a process ended over. What ends it each time is a fault of what was asked; a process
/// that somebody else ended costs a new one.
const MOST_TRIES: usize = 3;
/// How often a process may be gone before it is asked. It had other guests, and one of those ended it.
const MOST_LOST: usize = 8;

/// Tries something again, where it failed because the process ended that it was asked of. Guests answer the same to the
/// same, so nothing is done twice by it. `attempt` is told whether it is the last: then it is to be made in a process of
/// its own, where nobody else is to blame.
pub fn persistently<T>(mut attempt: impl FnMut(bool) -> Result<T, HandlerFault>) -> Result<T, HandlerFault> {
    let (mut tries, mut lost) = (1, 0);
    loop {
        let is_last = tries == MOST_TRIES || lost == MOST_LOST;
        match attempt(is_last) {
            Err(fault) if fault.code != code::ENGINE_EXIT || is_last => return Err(fault),
            Err(fault) if is_had_ended(&fault) => lost += 1,
            Err(_) => tries += 1,
            done => return done,
        }
    }
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folded {
    Done,
    /// Done, and a key of the payload occurs more than once.
    Repeated,
    /// The handler says that the type does nothing.
    Ignored,
    /// The handler does not know the type.
    Unknown,
    /// The payload is no JSON, or nests too deep: nothing was done.
    Unread,
}

/// See the module.
pub struct Undoable<H: Handler> {
    handler: Arc<H>,
    guest: Option<H::Guest>,
    /// Whether the guest's state is the one that this fold is at.
    is_current: bool,
    saved: Arc<[u8]>,
    /// Whether nothing was folded into the saved state.
    is_untouched: bool,
    journal: Journal,
    known: Known,
    /// What can be told in place of the state that could not; until somebody takes it.
    untold: Option<Untold>,
    /// The journal may have so many bytes.
    most_bytes: usize,
}

/// What a checkpoint holds.
struct Kept<H> {
    handler: Arc<H>,
    saved: Arc<[u8]>,
    is_untouched: bool,
    /// The events since, where the state after them cannot be saved.
    since: Option<(Journal, Known)>,
}

impl<H: Handler> Undoable<H> {
    pub fn new(handler: Arc<H>) -> Undoable<H> {
        let (saved, state) = handler.initial().clone();
        let mut known = Known::default();
        known.told(0, &state);
        Undoable {
            handler,
            guest: None,
            is_current: false,
            saved,
            is_untouched: true,
            journal: Journal::default(),
            known,
            untold: None,
            most_bytes: MAX_JOURNAL_BYTES,
        }
    }

    pub fn handler(&self) -> &H {
        &self.handler
    }

    /// Whether nothing was folded yet.
    pub fn is_untouched(&self) -> bool {
        self.is_untouched && self.journal.is_empty()
    }

    /// The state that the events since are folded into, as a guest saved it.
    pub fn saved(&self) -> &[u8] {
        &self.saved
    }

    /// The guest, where there is one, to ask it about the last event.
    pub fn guest_now(&mut self) -> Option<&mut H::Guest> {
        self.guest.as_mut()
    }

    pub fn reset(&mut self) {
        let (saved, state) = self.handler.initial().clone();
        self.begin(saved, true);
        self.known.told(0, &state);
    }

    /// Goes to a saved state.
    fn begin(&mut self, saved: Arc<[u8]>, is_untouched: bool) {
        self.saved = saved;
        self.is_untouched = is_untouched;
        self.journal.clear();
        (self.known, self.untold, self.most_bytes) = (Known::default(), None, MAX_JOURNAL_BYTES);
        let guest = self.guest.as_mut().filter(|guest| !guest.is_lost());
        self.is_current = guest.is_some_and(|guest| guest.goes_on_from(&self.saved));
    }

    /// The saved state that a checkpoint of this handler holds, and whether nothing was folded into it. `None` also where it
    /// holds events beside.
    pub fn saved_in<'c>(&self, checkpoint: &'c Checkpoint) -> Option<(&'c Arc<[u8]>, bool)> {
        let kept = self.kept_in(checkpoint).filter(|kept| kept.since.is_none())?;
        Some((&kept.saved, kept.is_untouched))
    }

    fn kept_in<'c>(&self, checkpoint: &'c Checkpoint) -> Option<&'c Kept<H>> {
        let Checkpoint::Opaque { body, .. } = checkpoint else {
            return None;
        };
        let kept = body.downcast_ref::<Kept<H>>()?;
        Arc::ptr_eq(&kept.handler, &self.handler).then_some(kept)
    }

    /// The frame of the first event since the saved state.
    pub fn first_frame(&self) -> Option<&[u8]> {
        self.journal.frames().next().map(|(frame, _)| frame)
    }

    /// Folds an event, which `write` writes as a frame after what the journal holds; it is told whether the event is the
    /// first. Where the event was not read, and after a fault, the state is the one before.
    pub fn fold(
        &mut self,
        event: &EventView<'_>,
        write: impl FnOnce(&mut Vec<u8>, bool),
    ) -> Result<Folded, HandlerFault> {
        self.check_size(event)?;
        let is_first = self.is_untouched();
        let start = self.journal.bytes.len();
        let mut journal = std::mem::take(&mut self.journal);
        write(&mut journal.bytes, is_first);
        let frame = &journal.bytes[start..];
        let folded = persistently(|is_last| {
            let guest = match self.foresaw(frame).then_some(self.guest.as_mut()).flatten() {
                Some(guest) => Ok(guest),
                None => self.guest_with(&journal, is_last),
            };
            guest.and_then(|guest| guest.apply(frame, event.recorded_at))
        });
        self.journal = journal;
        match folded {
            Ok(Folded::Unread) => self.journal.bytes.truncate(start),
            Ok(_) => {
                self.journal.push(event);
            }
            Err(_) => {
                self.journal.bytes.truncate(start);
                // A new guest also forgets what the handler kept outside of its state.
                self.guest = None;
            }
        }
        folded
    }

    /// Whether the guest has folded the event of this frame already, as the next one.
    pub fn foresaw(&self, frame: &[u8]) -> bool {
        self.is_current && self.guest.as_ref().is_some_and(|guest| guest.foresaw(frame))
    }

    /// Lets the guest fold what comes before it is its turn. One that fails at it is let go of: whose fault it is shows
    /// when each is applied by itself.
    pub fn fold_ahead(&mut self, fold: impl FnOnce(&mut H::Guest) -> Result<(), HandlerFault>) {
        let journal = std::mem::take(&mut self.journal);
        let folded = self.guest_with(&journal, false).and_then(fold);
        self.journal = journal;
        if folded.is_err() {
            self.guest = None;
        }
    }

    /// Lets the guest fold what comes after this fold: folds that begin with a saved state each, to which this one goes
    /// next. A guest that fails at it is let go of.
    pub fn fold_over(&mut self, fold: impl FnOnce(&mut H::Guest) -> Result<(), HandlerFault>) {
        self.is_current = false;
        let guest = self.guest.take().filter(|guest| !guest.is_lost());
        let guest = guest.map_or_else(|| self.handler.guest(), Ok);
        self.guest = guest.and_then(|mut guest| fold(&mut guest).map(|()| guest)).ok();
    }

    /// Whether the parts of an event are small enough to be folded.
    pub fn check_size(&self, event: &EventView<'_>) -> Result<(), HandlerFault> {
        let most = self.handler.limits().payload_bytes;
        for (what, bytes) in [("payload", event.payload), ("metadata", event.metadata)] {
            if let Some(bytes) = bytes
                && bytes.len() > most
            {
                let message = format!(
                    "the {what} has {}; the most is {}",
                    counted(bytes.len() as u64, "byte"),
                    grouped(most as u64)
                );
                return Err(fault(code::EVENT_SIZE, message));
            }
        }
        Ok(())
    }

    /// Saves the state where many events were folded since it was saved. A guest that is ahead would have to go back for
    /// it and fold all of them once more: it is left to come to where it is, as long as that is not far.
    pub fn shorten(&mut self) -> Result<(), HandlerFault> {
        let is_ahead = self.guest.as_ref().is_some_and(Guest::is_ahead);
        let bytes = self.journal.bytes.len();
        if bytes <= self.most_bytes.saturating_mul(if is_ahead { 2 } else { 1 }) {
            return Ok(());
        }
        match self.save() {
            Err(fault) if fault.is_cancelled() => return Err(fault),
            // The event was folded, and what is wrong is told to whoever asks. Until it can be saved the journal grows.
            Err(_) => self.most_bytes = bytes.saturating_mul(2),
            Ok(_) => {}
        }
        Ok(())
    }

    /// Lets go of the guest: the next one is made from the saved state and the events since.
    pub fn forget_guest(&mut self) {
        self.guest = None;
    }

    /// The places of an event's payload where a key occurs more than once.
    pub fn repeated_keys(&self, event: &EventView<'_>) -> Vec<Pointer> {
        let depth = self.handler.limits().depth;
        match Value::from_json_noting(event.payload.unwrap_or_default(), depth) {
            Ok((payload, true)) => payload.repeated_keys().into_iter().map(|(place, _)| place).collect(),
            Ok((_, false)) | Err(_) => Vec::new(),
        }
    }

    /// What becomes of an event that the handler could not read.
    pub fn undecodable(&self, event: &EventView<'_>, reader: &str) -> Result<Applied, HandlerFault> {
        match Value::from_json(event.payload.unwrap_or_default(), self.handler.limits().depth) {
            Err(error) => Ok(Applied::Undecodable(error)),
            Ok(_) => {
                let message = format!(
                    "the payload is JSON that {reader} cannot hold; leave the stream out, or fold it with rules"
                );
                Err(fault(code::EVENT_MALFORMED, message))
            }
        }
    }

    /// Where it cannot be told, [`Undoable::take_untold`] says what can. This fold stays where it is.
    pub fn state(&mut self) -> Result<Value, HandlerFault> {
        let end = self.journal.len();
        if let Some(state) = self.known.state(end) {
            return Ok(state.clone());
        }
        if self.known.is_untold(end)
            && let Some(untold) = self.untold_now()
        {
            let fault = untold.fault.clone();
            self.untold = Some(untold);
            return Err(fault);
        }
        let state = surely(|| self.answered(H::Guest::knows_state, H::Guest::state));
        match &state {
            Ok(state) => self.known.told(end, state),
            Err(fault) if is_of_state(fault) => self.untold = self.look_back(fault)?,
            Err(_) => {}
        }
        state
    }

    /// Whether the state at this moment could be told, or saved.
    pub fn is_told(&self) -> bool {
        self.known.is_told(self.journal.len())
    }

    /// Whether somebody asked for the state at this moment, and it could not be told.
    pub fn is_untold(&self) -> bool {
        self.known.is_untold(self.journal.len())
    }

    pub fn take_untold(&mut self) -> Option<Untold> {
        self.untold.take()
    }

    /// Of a state that cannot be saved it holds the events that it is made of.
    pub fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault> {
        let since = match self.save() {
            Ok(_) => None,
            Err(fault) if is_of_state(&fault) => Some((self.journal.clone(), self.known.clone())),
            Err(fault) => return Err(fault),
        };
        let byte_count = self.saved.len() + since.as_ref().map_or(0, |(journal, _)| journal.byte_count());
        let body: Arc<dyn Any + Send + Sync> = Arc::new(Kept {
            handler: Arc::clone(&self.handler),
            saved: Arc::clone(&self.saved),
            is_untouched: self.is_untouched,
            since,
        });
        Ok(Checkpoint::Opaque { body, byte_count })
    }

    pub fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        let Some(kept) = self.kept_in(checkpoint) else {
            let message = "this checkpoint was made by another handler; fold from the start";
            return Err(fault(code::HANDLER_TYPE, message));
        };
        self.begin(Arc::clone(&kept.saved), kept.is_untouched);
        if let Some((journal, known)) = &kept.since {
            self.journal.clone_from(journal);
            self.known.clone_from(known);
            self.most_bytes = self.most_bytes.max(journal.bytes.len().saturating_mul(2));
            self.is_current = false;
        }
        Ok(())
    }

    /// Saves the state, so that the events until now are not needed any more.
    fn save(&mut self) -> Result<Arc<[u8]>, HandlerFault> {
        if !self.journal.is_empty() {
            self.saved = surely(|| self.answered(H::Guest::knows_saved, H::Guest::save))?;
            let state = self.known.state(self.journal.len()).cloned();
            self.journal.clear();
            self.known = Known::default();
            if let Some(state) = state {
                self.known.told(0, &state);
            }
            (self.is_untouched, self.most_bytes) = (false, MAX_JOURNAL_BYTES);
        }
        Ok(Arc::clone(&self.saved))
    }

    /// What the guest answers at the moment that this fold is at, where it `knows` without going there first. One that
    /// fails is let go of.
    fn answered<T>(
        &mut self,
        knows: impl Fn(&H::Guest) -> bool,
        question: impl Fn(&mut H::Guest) -> Result<T, HandlerFault>,
    ) -> Result<T, HandlerFault> {
        let journal = std::mem::take(&mut self.journal);
        let answer = persistently(|is_last| {
            let guest = match self
                .guest
                .as_mut()
                .filter(|guest| self.is_current && !guest.is_lost() && knows(guest))
            {
                Some(guest) => Ok(guest),
                None => self.guest_with(&journal, is_last),
            };
            guest.and_then(&question)
        });
        self.journal = journal;
        if answer.is_err() && !self.guest.as_ref().is_some_and(Guest::is_sound) {
            self.guest = None;
        }
        answer
    }

    /// The guest, at the end of this journal and not beyond. A new one is alone in its process where that is asked.
    fn guest_with(&mut self, journal: &Journal, is_alone: bool) -> Result<&mut H::Guest, HandlerFault> {
        let guest = match self.guest.take().filter(|guest| !guest.is_lost()) {
            Some(guest) => guest,
            None => {
                self.is_current = false;
                match is_alone {
                    true => self.handler.guest_alone()?,
                    false => self.handler.guest()?,
                }
            }
        };
        let guest = self.guest.insert(guest);
        if !self.is_current || guest.is_ahead() {
            self.is_current = false;
            guest.restore(&self.saved)?;
            guest.apply_again(&mut journal.frames())?;
            self.is_current = true;
        }
        Ok(guest)
    }
}

/// Runs `apply` and, where somebody collects what is written, takes for written what it changed: a guest does not say.
pub fn noting_changes<I>(
    instance: &mut I,
    written: &mut Written,
    state: impl Fn(&mut I) -> Result<Value, HandlerFault>,
    apply: impl FnOnce(&mut I) -> Result<Applied, HandlerFault>,
) -> Result<Applied, HandlerFault> {
    if !written.is_on() {
        return apply(instance);
    }
    let before = unless_cancelled(state(instance))?;
    let applied = apply(instance)?;
    let Some((before, after)) = before.zip(unless_cancelled(state(instance))?) else {
        // Nobody knows what it was.
        written.record(|| Pointer::ROOT);
        return Ok(applied);
    };
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

/// The state, where it can be told: why it cannot, whoever asks for it is told.
fn unless_cancelled(state: Result<Value, HandlerFault>) -> Result<Option<Value>, HandlerFault> {
    match state {
        Err(fault) if fault.is_cancelled() => Err(fault),
        state => Ok(state.ok()),
    }
}
