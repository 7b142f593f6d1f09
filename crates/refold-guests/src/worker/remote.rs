//! A guest in a worker, as a fold has it: what it is asked, and what it folded ahead of the fold.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use refold_core::port::handler::HandlerFault;
use refold_core::time::Timestamp;
use refold_core::value::Value;

use super::batch::{Batch, put_start, put_wish};
use super::channel::Answer;
use super::frame::{self, HAS_RECORDED, OUTCOME, Reading, Wish, ask, emptied, put_number, tail};
use super::pool::{Asked, Worker, Workers};
use crate::cancel;
use crate::error::{code, fault};
use crate::limits::GuestLimits;
use crate::recorded::Recorded;
use crate::undo::{self, Folded};

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
    /// What was folded ahead. This fold comes to the place `next`, and to its own end at `end`.
    ahead: Vec<Ahead>,
    next: usize,
    end: usize,
    /// The folds behind it.
    later: VecDeque<Later>,
    /// Where the worker is with its guest is not known beyond these.
    is_cut: bool,
    /// Why the event after all these failed.
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

/// A fold that was folded ahead and comes after the one at hand.
struct Later {
    saved: Arc<[u8]>,
    end: usize,
    known_at_end: Known,
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
            end: 0,
            later: VecDeque::new(),
            is_cut: false,
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

    /// Folds what follows the fold at hand now: folds that begin with a saved state each.
    pub fn fold_over(&mut self, batch: &mut Batch) -> Result<(), HandlerFault> {
        std::mem::swap(&mut self.batch, batch);
        self.batch.close();
        self.restore = None;
        self.begin(ask::FOLD)?;
        put_number(&mut self.request, self.number);
        put_number(&mut self.request, self.batch.folds.len() as u32);
        self.ask()?;
        let limits = self.worker.limits();
        let whole = self.answer.done();
        let mut reading = Reading(whole);
        for (fold, events) in self.batch.counted() {
            // The rest is asked when it is its turn.
            if reading.0.is_empty() && !self.later.is_empty() {
                self.is_cut = true;
                break;
            }
            let first = self.ahead.len();
            let known_at_end = match read_answer(whole, &mut reading, events, fold.wish, limits, &mut self.ahead) {
                Some(Tail::Known(known)) => known,
                Some(Tail::EventFailed(fault)) => {
                    self.failed = Some(fault);
                    Known::Nothing
                }
                Some(Tail::NotHad(_)) => {
                    self.is_cut = true;
                    Known::Nothing
                }
                None => return self.worker.odd("in frames that do not hold together"),
            };
            self.later.push_back(Later {
                saved: Arc::clone(&fold.saved),
                end: self.ahead.len(),
                known_at_end,
            });
            // Nothing follows a fold that did not come to its end.
            if self.ahead.len() - first < events || self.is_cut {
                break;
            }
        }
        match reading.end() {
            Some(()) => Ok(()),
            None => self.worker.odd("more than it was asked"),
        }
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
        put_number(&mut self.request, 1);
        put_start(&mut self.request, self.restore.take().as_deref());
        put_wish(&mut self.request, wish, self.batch.len());
        self.ask()?;
        let limits = self.worker.limits();
        let whole = self.answer.done();
        let mut reading = Reading(whole);
        let tail = read_answer(whole, &mut reading, self.batch.len(), wish, limits, &mut self.ahead);
        self.end = self.ahead.len();
        match tail.filter(|_| reading.end().is_some()) {
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

    /// Sends the request with the events of the batch.
    fn ask(&mut self) -> Result<(), HandlerFault> {
        self.forget_ahead();
        let asked = [self.request.as_slice(), self.batch.bytes.as_slice()];
        self.worker.ask(Asked::Events, &asked, &mut self.answer)
    }

    fn forget_ahead(&mut self) {
        self.ahead.clear();
        self.next = 0;
        self.end = 0;
        self.later.clear();
        self.is_cut = false;
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
        let Some(ahead) = self.ahead.get(self.next).filter(|_| self.next < self.end) else {
            // Nothing is folded ahead beyond what failed.
            let nothing = || fault(code::ENGINE, "nothing was folded ahead; report this, with the handler");
            return Err(self.failed.take().unwrap_or_else(nothing));
        };
        self.next += 1;
        self.known = match &ahead.state {
            Some(state) => Known::State(state.clone()),
            None if self.next == self.end => std::mem::take(&mut self.known_at_end),
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

/// Reads what became of the events of a fold, in a whole answer. `None`: it does not hold together.
fn read_answer(
    whole: &[u8],
    reading: &mut Reading<'_>,
    events: usize,
    wish: Wish,
    limits: &GuestLimits,
    ahead: &mut Vec<Ahead>,
) -> Option<Tail> {
    let place = |reading: &Reading<'_>| whole.len() - reading.0.len();
    let part = |reading: &mut Reading<'_>, most: usize| {
        let length = reading.part().filter(|part| part.len() <= most)?.len();
        let end = place(reading);
        Some(end - length..end)
    };
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
                let start = place(reading);
                for _ in 0..count {
                    reading.part()?;
                }
                start..place(reading)
            }
        };
        let state = match wish {
            Wish::Each if reading.byte()? == 1 => Some(part(reading, limits.state_bytes)?),
            _ => None,
        };
        ahead.push(Ahead {
            folded: frame::outcome_of(outcome & OUTCOME)?,
            recorded,
            state,
        });
    }
    Some(match (reading.byte()?, wish) {
        // Some of the events it folds, so that whoever asks for the rest comes to an end.
        (tail::NOTHING, _) if done > 0 || events == 0 => Tail::Known(Known::Nothing),
        (tail::WISHED, Wish::State) if done == events => Tail::Known(Known::State(part(reading, limits.state_bytes)?)),
        (tail::WISHED, Wish::Saved) if done == events => {
            Tail::Known(Known::Saved(part(reading, limits.saved_bytes())?))
        }
        (tail::NOT_HAD, Wish::State | Wish::Saved) if done == events => Tail::NotHad(reading.fault()?),
        (tail::EVENT_FAILED, _) if done < events => Tail::EventFailed(reading.fault()?),
        _ => return None,
    })
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
        let is_folded = self.next < self.end || self.failed.is_some() && self.later.is_empty();
        is_folded && self.batch.frame(self.next) == Some(frame)
    }

    fn goes_on_from(&mut self, saved: &Arc<[u8]>) -> bool {
        let begins = |later: &mut Later| Arc::ptr_eq(&later.saved, saved) || later.saved == *saved;
        let Some(later) = self.later.pop_front_if(begins) else {
            return false;
        };
        self.emitted.clear();
        self.next = self.end;
        self.end = later.end;
        self.known = Known::Nothing;
        self.known_at_end = later.known_at_end;
        if self.next == self.end {
            self.known = std::mem::take(&mut self.known_at_end);
        }
        true
    }

    fn is_ahead(&self) -> bool {
        self.next < self.end || !self.later.is_empty() || self.is_cut || self.failed.is_some()
    }

    fn knows_state(&self) -> bool {
        !self.is_ahead() || matches!(self.known, Known::State(_))
    }

    fn knows_saved(&self) -> bool {
        !self.is_ahead() || matches!(self.known, Known::Saved(_))
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
