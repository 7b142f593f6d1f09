//! A guest in a worker, as a fold has it: what it is asked, and what it folded ahead of the fold.

use std::ops::Range;
use std::sync::Arc;

use refold_core::port::handler::HandlerFault;
use refold_core::time::Timestamp;
use refold_core::value::Value;

use super::channel::Answer;
use super::frame::{self, HAS_RECORDED, OUTCOME, Reading, Wish, ask, emptied, put_number, put_part, put_part_of, tail};
use super::pool::{Asked, Worker, Workers};
use crate::cancel;
use crate::error::{code, fault};
use crate::limits::GuestLimits;
use crate::recorded::Recorded;
use crate::undo::{self, Folded};

/// Events of one request have at most so many bytes together, where there is more than one, and are at most so many.
const BATCH_BYTES: usize = 256 << 10;
const BATCH_EVENTS: usize = 256;

/// How the JSON of a state is read, and what is said where it cannot be.
pub type ReadState = fn(&[u8], &GuestLimits) -> Result<Value, HandlerFault>;

/// See the module. Dropping it lets go of the guest.
pub struct Remote {
    workers: Arc<Workers>,
    worker: Arc<Worker>,
    number: u32,
    read_state: ReadState,
    /// The state that is to be given back before anything else.
    restore: Option<Vec<u8>>,
    request: Vec<u8>,
    batch: Batch,
    answer: Answer,
    /// What was folded that this fold did not come to yet, from the place `next` on.
    ahead: Vec<Ahead>,
    next: usize,
    /// Why the event after these failed.
    failed: Option<HandlerFault>,
    /// What is known of the state after the last applied event, and after all that were folded ahead.
    known: Known,
    known_at_end: Known,
    /// What was asked for after the last events: it is probably asked for after the next.
    wish: Wish,
    /// What it was asked for beyond its events failed, so that it is of no further use.
    is_spent: bool,
    /// Whether it rests, and is not counted among those that its worker is there for.
    is_resting: bool,
    emitted: Vec<Recorded>,
}

/// Events that are told ahead: a time and a frame each, one after another.
#[derive(Default)]
pub struct Batch {
    bytes: Vec<u8>,
    frames: Vec<Range<usize>>,
}

/// An event that was folded before its turn, with what was said of it, as places in the answer.
struct Ahead {
    folded: Folded,
    recorded: Range<usize>,
    state: Option<Range<usize>>,
}

/// Places in the answer.
#[derive(Clone, Default)]
enum Known {
    #[default]
    Nothing,
    State(Range<usize>),
    Saved(Range<usize>),
}

/// What follows the events of an answer.
enum Tail {
    Known(Known),
    NotHad(HandlerFault),
    EventFailed(HandlerFault),
}

impl Batch {
    pub fn clear(&mut self) {
        emptied(&mut self.bytes);
        self.frames.clear();
    }

    /// Adds an event, which `write` writes as a frame.
    pub fn push(&mut self, time: Timestamp, write: impl FnOnce(&mut Vec<u8>)) {
        self.bytes.extend_from_slice(&time.0.to_le_bytes());
        let start = self.bytes.len() + frame::LENGTH_BYTES;
        put_part_of(&mut self.bytes, write);
        self.frames.push(start..self.bytes.len());
    }

    /// Whether it has as much as is asked at once.
    pub fn is_full(&self) -> bool {
        self.frames.len() >= BATCH_EVENTS || self.bytes.len() > BATCH_BYTES
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Takes so many events away.
    fn drop_first(&mut self, count: usize) {
        let Some(end) = count
            .checked_sub(1)
            .and_then(|last| self.frames.get(last))
            .map(|frame| frame.end)
        else {
            return;
        };
        self.bytes.drain(..end);
        self.frames.drain(..count);
        for frame in &mut self.frames {
            // They stood behind it.
            *frame = frame.start - end..frame.end - end;
        }
    }

    fn frame(&self, place: usize) -> Option<&[u8]> {
        self.bytes.get(self.frames.get(place)?.clone())
    }
}

impl Remote {
    pub fn new(workers: Arc<Workers>, worker: Arc<Worker>, number: u32, read_state: ReadState) -> Remote {
        Remote {
            workers,
            worker,
            number,
            read_state,
            restore: None,
            request: Vec::new(),
            batch: Batch::default(),
            answer: Answer::default(),
            ahead: Vec::new(),
            next: 0,
            failed: None,
            known: Known::Nothing,
            known_at_end: Known::Nothing,
            wish: Wish::Nothing,
            is_spent: false,
            is_resting: false,
            emitted: Vec::new(),
        }
    }

    /// What the last event would have written.
    pub fn take_emitted(&mut self) -> Vec<Recorded> {
        std::mem::take(&mut self.emitted)
    }

    /// Folds these events now, so that what becomes of them is there when it is their turn. `batch` has others afterwards.
    pub fn fold_ahead(&mut self, batch: &mut Batch, is_each_asked: bool) -> Result<(), HandlerFault> {
        std::mem::swap(&mut self.batch, batch);
        let wish = self.expected_wish();
        self.fold(if is_each_asked { Wish::Each } else { wish })
    }

    /// What it answers beside its folds, as JSON.
    pub fn aside(&mut self, number: u32, frame: &[u8], time: Timestamp) -> Result<Vec<u8>, HandlerFault> {
        self.begin(ask::ASIDE)?;
        put_number(&mut self.request, self.number);
        put_number(&mut self.request, number);
        self.request.extend_from_slice(&time.0.to_le_bytes());
        let asked = [self.request.as_slice(), frame];
        self.worker.ask(Asked::Events, &asked, &mut self.answer)?;
        Ok(self.answer.done().to_vec())
    }

    /// Begins a request to this guest, if anybody still waits for its answer.
    fn begin(&mut self, asked: u8) -> Result<(), HandlerFault> {
        if cancel::is_cancelled() {
            return Err(cancel::cancelled());
        }
        emptied(&mut self.request).push(asked);
        self.worker.write_dropped(&mut self.request);
        Ok(())
    }

    /// Folds the events of the batch.
    fn fold(&mut self, wish: Wish) -> Result<(), HandlerFault> {
        self.begin(ask::FOLD)?;
        put_number(&mut self.request, self.number);
        match self.restore.take() {
            None => self.request.push(0),
            Some(saved) => {
                self.request.push(1);
                put_part(&mut self.request, &saved);
            }
        }
        self.request.push(wish.number());
        // At most as many as one batch has.
        put_number(&mut self.request, self.batch.len() as u32);
        self.forget_ahead();
        let asked = [self.request.as_slice(), self.batch.bytes.as_slice()];
        self.worker.ask(Asked::Events, &asked, &mut self.answer)?;
        let limits = self.worker.limits();
        match read_answer(self.answer.done(), self.batch.len(), wish, limits, &mut self.ahead) {
            Some(Tail::Known(known)) => {
                self.known_at_end = known;
                // Whoever asks for a state by itself is told why it is not there.
                self.is_spent = wish == Wish::Each && self.ahead.iter().any(|ahead| ahead.state.is_none());
            }
            Some(Tail::EventFailed(fault)) => self.failed = Some(fault),
            Some(Tail::NotHad(fault)) if self.batch.is_empty() => return Err(fault),
            Some(Tail::NotHad(_)) => self.is_spent = true,
            None => return self.worker.odd("in frames that do not hold together"),
        }
        Ok(())
    }

    fn forget_ahead(&mut self) {
        self.ahead.clear();
        self.next = 0;
        self.failed = None;
        self.known = Known::Nothing;
        self.known_at_end = Known::Nothing;
    }

    /// What will be asked for after the next events, if it goes on as it did.
    fn expected_wish(&mut self) -> Wish {
        std::mem::replace(&mut self.wish, Wish::Nothing)
    }

    /// The bytes that were wished for, asked for where they are not there yet.
    fn wished(&mut self, wish: Wish) -> Result<&[u8], HandlerFault> {
        self.wish = wish;
        let place = match (&self.known, wish) {
            (Known::State(place), Wish::State) | (Known::Saved(place), Wish::Saved) => place.clone(),
            _ => {
                self.batch.clear();
                self.fold(wish)?;
                self.known = std::mem::take(&mut self.known_at_end);
                match &self.known {
                    Known::State(place) | Known::Saved(place) => place.clone(),
                    Known::Nothing => return self.worker.odd("without what it was asked for"),
                }
            }
        };
        Ok(self.answer.done().get(place).unwrap_or_default())
    }

    /// Folds the events of the batch, which were folded before.
    fn fold_again(&mut self) -> Result<(), HandlerFault> {
        loop {
            self.fold(Wish::Nothing)?;
            if self.ahead.iter().any(|ahead| ahead.folded == Folded::Unread) {
                return Err(undo::unread_again());
            }
            if let Some(failed) = self.failed.take() {
                return Err(failed);
            }
            let done = self.ahead.len();
            self.forget_ahead();
            if done == self.batch.len() {
                return Ok(());
            }
            self.batch.drop_first(done);
        }
    }

    /// Takes the next event that was folded ahead.
    fn come_to_next(&mut self) -> Result<Folded, HandlerFault> {
        let Some(ahead) = self.ahead.get(self.next) else {
            // Nothing is folded ahead beyond what failed.
            let nothing = || fault(code::ENGINE, "nothing was folded ahead; report this, with the handler");
            return Err(self.failed.take().unwrap_or_else(nothing));
        };
        self.next += 1;
        self.known = match &ahead.state {
            Some(state) => Known::State(state.clone()),
            None if self.next == self.ahead.len() => std::mem::take(&mut self.known_at_end),
            None => Known::Nothing,
        };
        let mut recorded = Reading(self.answer.done().get(ahead.recorded.clone()).unwrap_or_default());
        let depth = self.worker.limits().depth;
        while let Some(json) = recorded.part() {
            match Recorded::read(json, depth) {
                Some(recorded) => self.emitted.push(recorded),
                None => return self.worker.odd("with what no handler may emit"),
            }
        }
        Ok(ahead.folded)
    }
}

/// Reads what became of events. `None`: it does not hold together.
fn read_answer(whole: &[u8], events: usize, wish: Wish, limits: &GuestLimits, ahead: &mut Vec<Ahead>) -> Option<Tail> {
    let place = |reading: &Reading<'_>| whole.len() - reading.0.len();
    let part = |reading: &mut Reading<'_>, most: usize| {
        let length = reading.part().filter(|part| part.len() <= most)?.len();
        let end = place(reading);
        Some(end - length..end)
    };
    let mut reading = Reading(whole);
    let done = reading.number()? as usize;
    if done > events {
        return None;
    }
    for _ in 0..done {
        let outcome = reading.byte()?;
        let recorded = match outcome & HAS_RECORDED {
            0 => 0..0,
            _ => {
                let count = reading
                    .number()
                    .filter(|count| *count as usize <= limits.most_emitted())?;
                let start = place(&reading);
                for _ in 0..count {
                    reading.part()?;
                }
                start..place(&reading)
            }
        };
        let state = match wish {
            Wish::Each if reading.byte()? == 1 => Some(part(&mut reading, limits.state_bytes)?),
            _ => None,
        };
        ahead.push(Ahead {
            folded: frame::outcome_of(outcome & OUTCOME)?,
            recorded,
            state,
        });
    }
    let said = match (reading.byte()?, wish) {
        // Some of the events it folds, so that whoever asks for the rest comes to an end.
        (tail::NOTHING, _) if done > 0 || events == 0 => Tail::Known(Known::Nothing),
        (tail::WISHED, Wish::State) if done == events => {
            Tail::Known(Known::State(part(&mut reading, limits.state_bytes)?))
        }
        (tail::WISHED, Wish::Saved) if done == events => {
            Tail::Known(Known::Saved(part(&mut reading, limits.saved_bytes())?))
        }
        (tail::NOT_HAD, Wish::State | Wish::Saved) if done == events => Tail::NotHad(reading.fault()?),
        (tail::EVENT_FAILED, _) if done < events => Tail::EventFailed(reading.fault()?),
        _ => return None,
    };
    reading.end()?;
    Some(said)
}

impl undo::Guest for Remote {
    fn apply(&mut self, frame: &[u8], time: Timestamp) -> Result<Folded, HandlerFault> {
        self.emitted.clear();
        if !self.foresaw(frame) {
            self.batch.clear();
            self.batch.push(time, |out| out.extend_from_slice(frame));
            let wish = self.expected_wish();
            self.fold(wish)?;
        }
        self.come_to_next()
    }

    fn apply_again(&mut self, frames: &mut dyn Iterator<Item = (&[u8], Timestamp)>) -> Result<(), HandlerFault> {
        let mut frames = frames.peekable();
        while frames.peek().is_some() {
            self.batch.clear();
            while !self.batch.is_full()
                && let Some((frame, time)) = frames.next()
            {
                self.batch.push(time, |out| out.extend_from_slice(frame));
            }
            self.fold_again()?;
        }
        Ok(())
    }

    fn foresaw(&self, frame: &[u8]) -> bool {
        self.is_ahead() && self.batch.frame(self.next) == Some(frame)
    }

    fn is_ahead(&self) -> bool {
        self.next < self.ahead.len() || self.failed.is_some()
    }

    fn knows_state(&self) -> bool {
        !self.is_ahead() || matches!(self.known, Known::State(_))
    }

    fn knows_saved(&self) -> bool {
        !self.is_ahead()
    }

    fn is_lost(&self) -> bool {
        self.is_spent || self.worker.is_lost()
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        let (read, limits) = (self.read_state, *self.worker.limits());
        read(self.wished(Wish::State)?, &limits)
    }

    fn save(&mut self) -> Result<Arc<[u8]>, HandlerFault> {
        self.wished(Wish::Saved).map(Arc::from)
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), HandlerFault> {
        self.forget_ahead();
        self.emitted.clear();
        self.restore = Some(saved.to_vec());
        Ok(())
    }

    /// It went back where it runs.
    fn rewind(&mut self) -> bool {
        !self.is_lost()
    }

    fn rest(&mut self) {
        self.is_resting = true;
        self.workers.rest(&self.worker);
    }

    fn wake(&mut self) {
        self.is_resting = false;
        self.worker.count();
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.worker.forget(self.number);
        if !self.is_resting {
            self.workers.rest(&self.worker);
        }
    }
}
