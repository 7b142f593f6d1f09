//! A running program as a guest: what it is asked, what its answers mean, and what it folded ahead of the fold.

use std::sync::Arc;
use std::time::Duration;

use refold_core::count::counted;
use refold_core::port::handler::HandlerFault;
use refold_core::time::Timestamp;
use refold_core::value::{Object, Value};

use super::answer::{self, Answer};
use super::child::{Bounds, Child};
use super::idle::Idle;
use super::pipeline::{ANSWER_BYTES, Batch, Pipeline, bounds_of, last_answer};
use super::request::{self, Lines, Want};
use super::silence::{silent, too_slow};
use crate::error::{code, fault, had_ended};
use crate::instance;
use crate::limits::GuestLimits;
use crate::recorded::Recorded;
use crate::undo::{self, Folded};

/// How long a program may take for what takes no work.
const REPLY_WITHIN: Duration = Duration::from_secs(2);

/// See the module.
pub struct Guest {
    /// `None`: it was let go of.
    child: Option<Child>,
    limits: GuestLimits,
    idle: Arc<Idle>,
    /// The name of the state, as JSON.
    key: Vec<u8>,
    /// What it was told that this fold did not come to yet.
    told: Pipeline,
    /// The state after the last event that was folded ahead and applied.
    known: Option<Value>,
    emitted: Vec<Recorded>,
    /// Lines that go before the next request: they need no answer of their own in time.
    before: Lines,
    request: Vec<u8>,
    answer: Vec<u8>,
    /// It failed, so that nobody else gets it.
    is_spent: bool,
    /// It could not say its state, and nothing else became of that.
    is_sound: bool,
}

impl Guest {
    /// `child` has answered `init`.
    pub fn new(child: Child, limits: GuestLimits, idle: Arc<Idle>) -> Guest {
        Guest {
            child: Some(child),
            limits,
            idle,
            key: b"\"\"".to_vec(),
            told: Pipeline::default(),
            known: None,
            emitted: Vec::new(),
            before: Lines::default(),
            request: Vec::new(),
            answer: Vec::new(),
            is_spent: false,
            is_sound: false,
        }
    }

    /// Says hello and reads what the program says of itself.
    pub fn greet(&mut self, options: &Value, within: Duration) -> Result<Object, HandlerFault> {
        self.request = request::init(options);
        let bounds = Bounds {
            within,
            answer_bytes: ANSWER_BYTES,
            ..bounds_of(1, &self.limits)
        };
        self.asked(&bounds)?.done()
    }

    /// What the last event would have written.
    pub fn take_emitted(&mut self) -> Vec<Recorded> {
        std::mem::take(&mut self.emitted)
    }

    /// About how large a state was in the last answer ahead that had some, where nobody was told yet.
    pub fn take_state_bytes(&mut self) -> Option<usize> {
        self.told.take_state_bytes()
    }

    /// Tells the program what comes next, behind all that it was told.
    pub fn tell(&mut self, mut batch: Batch) -> Result<(), HandlerFault> {
        if self.told.is_empty() {
            self.key = request::key_of(batch.first()).to_vec();
        }
        batch.precede(std::mem::take(&mut self.before));
        let child = self.child.as_mut().ok_or_else(had_ended)?;
        let told = self.told.tell(batch, child, &self.limits);
        told.inspect_err(|_| self.lose())
    }

    /// Tells the program what follows the fold at hand: folds into states of their own, whose names differ.
    pub fn tell_over(&mut self, batch: Batch) -> Result<(), HandlerFault> {
        self.turn_back()?;
        self.before = Lines::default();
        self.tell(batch)
    }

    /// Whether it is known what came of the next event that the program was told of; waits for it.
    ///
    /// # Errors
    /// Only when it was cancelled.
    pub fn hear(&mut self) -> Result<bool, HandlerFault> {
        let Some(child) = self.child.as_mut().filter(|_| !self.told.is_empty()) else {
            return Ok(false);
        };
        match self.told.hear(child, &self.limits) {
            Ok(is_done) => {
                self.is_spent |= !is_done;
                Ok(true)
            }
            Err(fault) => {
                self.lose();
                match fault.code {
                    code::CANCELLED => Err(fault),
                    _ => Ok(false),
                }
            }
        }
    }

    /// Forgets what the program was told, and lets it finish what it works on.
    fn turn_back(&mut self) -> Result<(), HandlerFault> {
        self.known = None;
        self.emitted.clear();
        let child = self.child.as_mut().ok_or_else(had_ended)?;
        let is_done = self.told.forget(child, &self.limits).inspect_err(|_| self.lose())?;
        self.is_spent |= !is_done;
        Ok(())
    }

    /// Lets go of the program, which is no more to be believed. It will be seen whose fault it is when another is asked for
    /// its events one by one.
    fn lose(&mut self) {
        self.child = None;
        self.told = Pipeline::default();
    }

    /// Asks for these events to be folded.
    fn apply_all<'a>(&mut self, frames: impl Iterator<Item = &'a [u8]>) -> Result<Answer, HandlerFault> {
        self.request.clear();
        let count = frames.map(|frame| request::add(&mut self.request, frame)).count();
        request::end(&mut self.request, Want::None);
        let bounds = bounds_of(count, &self.limits);
        self.asked(&bounds).map_err(|fault| match fault.code {
            code::PROC_TIMEOUT => too_slow(bounds.within),
            _ => fault,
        })
    }

    fn state_now(&mut self) -> Result<Value, HandlerFault> {
        if let Some(state) = &self.known {
            return Ok(state.clone());
        }
        self.request = request::state(&self.key);
        let bounds = Bounds {
            within: REPLY_WITHIN,
            ..bounds_of(1, &self.limits)
        };
        let answer = self.asked(&bounds)?;
        self.is_sound = matches!(answer, Answer::Failed { .. });
        let state = answer::state_of(&answer.done()?, &self.key)?;
        let is_small = self.is_small(self.answer.len(), &state);
        self.is_sound = is_small.is_err();
        is_small.map(|()| state)
    }

    /// `answer_bytes` is the size of the answer that the state was in.
    fn is_small(&self, answer_bytes: usize, state: &Value) -> Result<(), HandlerFault> {
        let most = self.limits.state_bytes;
        let is_small = answer_bytes <= most || {
            let mut json = Vec::new();
            state.write_json(&mut json);
            json.len() <= most
        };
        match is_small {
            true => Ok(()),
            false => Err(fault(
                code::LIMIT_STATE,
                format!("the state passes {}; keep less", counted(most as u64, "byte")),
            )),
        }
    }

    /// Sends the request and reads the answer.
    fn asked(&mut self, bounds: &Bounds) -> Result<Answer, HandlerFault> {
        self.is_sound = false;
        let child = self.child.as_mut().ok_or_else(had_ended)?;
        let mut lines = std::mem::take(&mut self.before);
        let before = lines.count();
        lines.push(&self.request);
        child.ask(lines);
        if let Err(silence) = child.answer(bounds, &mut self.answer) {
            self.is_spent = true;
            return Err(silent(child, &silence, bounds, &self.limits));
        }
        let answer = last_answer(&self.answer, before, &self.limits);
        self.is_spent |= !matches!(answer, Ok(Answer::Done(_)));
        answer
    }
}

impl undo::Guest for Guest {
    fn apply(&mut self, frame: &[u8], _time: Timestamp) -> Result<Folded, HandlerFault> {
        self.emitted.clear();
        self.known = None;
        if self.foresaw(frame) {
            let came = self.hear()?.then(|| self.told.take()).flatten().ok_or_else(had_ended)?;
            self.known = came.state;
            // One that is too large is a fault of whoever asks for it.
            if let Some(state) = &self.known
                && self.is_small(came.answer_bytes, state).is_err()
            {
                self.known = None;
            }
            return came.folded;
        }
        self.key = request::key_of(frame).to_vec();
        let answer = self.apply_all(std::iter::once(frame))?.done()?;
        self.emitted = answer::emitted(&answer, &self.limits)?;
        Ok(Folded::Done)
    }

    fn apply_again(&mut self, frames: &mut dyn Iterator<Item = (&[u8], Timestamp)>) -> Result<(), HandlerFault> {
        loop {
            let batch: Vec<&[u8]> = frames.take(instance::BATCH_EVENTS).map(|(frame, _)| frame).collect();
            let Some(first) = batch.first() else { return Ok(()) };
            self.key = request::key_of(first).to_vec();
            self.apply_all(batch.iter().copied())?.done()?;
        }
    }

    fn foresaw(&self, frame: &[u8]) -> bool {
        self.told.foresaw(frame)
    }

    fn is_ahead(&self) -> bool {
        !self.told.is_empty()
    }

    fn goes_on_from(&mut self, saved: &Arc<[u8]>) -> bool {
        let Some(first) = self.told.begin(saved) else {
            return false;
        };
        self.key = request::key_of(first).to_vec();
        self.known = None;
        self.emitted.clear();
        true
    }

    fn knows_state(&self) -> bool {
        self.told.is_empty() || self.known.is_some()
    }

    fn is_sound(&self) -> bool {
        self.is_sound && !self.is_lost()
    }

    fn is_lost(&self) -> bool {
        self.child.is_none()
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        self.state_now()
    }

    /// As the line that gives it back.
    fn save(&mut self) -> Result<Arc<[u8]>, HandlerFault> {
        let state = self.state_now()?;
        Ok(Arc::from(request::load(&self.key, &state)))
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), HandlerFault> {
        self.turn_back()?;
        self.before = Lines::default();
        self.before.push(request::RESET);
        self.key = request::key_of(saved).to_vec();
        if !saved.is_empty() {
            self.before.push(saved);
        }
        Ok(())
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if let Some(child) = self.child.take()
            && !self.is_spent
            && !child.is_asked()
        {
            self.idle.keep(child);
        }
    }
}
