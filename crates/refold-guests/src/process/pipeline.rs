//! What a program is told ahead: batches of events. It works on one of them while Refold writes those behind it and folds
//! what came of those before it.
//!
//! It is asked for the next batch only once it has answered the one before, so that no answer can be taken for another:
//! the next one lies ready, and goes out before the answer is looked at.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use refold_core::port::handler::HandlerFault;
use refold_core::value::Value;

use super::answer::{self, Answer};
use super::child::{Bounds, Child, Silence};
use super::request::{self, Lines, Want};
use crate::cancel;
use crate::error::had_ended;
use crate::limits::GuestLimits;
use crate::undo::Folded;

/// One batch has at most so many bytes with the states that its folds begin with, where it has more than one event: a pipe of Linux takes them at
/// once, so that the program has them whole however long Refold is busy with others.
const BATCH_BYTES: usize = 48 << 10;
/// Events of one batch, at most. With more, those that work at once wait longer for each other at both ends.
const TOLD_EVENTS: usize = 128;
/// Answers that wait for their turn have at most so many bytes together, but for one.
const ANSWERED_BYTES: usize = 1 << 20;

/// The longest that one batch may take, however many events it has.
const MOST_WITHIN: Duration = Duration::from_secs(10);
/// What a program may say on its standard error for each event.
const TOLD_BYTES: usize = 64 << 10;
/// What an answer may have beside states.
pub const ANSWER_BYTES: usize = 1 << 20;

/// Events that are asked for at once.
#[derive(Default)]
pub struct Batch {
    /// What goes before them.
    before: Lines,
    /// How many lines went before them.
    sent_before: usize,
    /// The line that they are in, without its end.
    line: Vec<u8>,
    events: Vec<Ahead>,
    /// How many of them it is no more their turn.
    passed: usize,
    /// Whether any of them is the first of a fold.
    begins_folds: bool,
    is_each_asked: bool,
    /// The size of the answer.
    answer_bytes: usize,
}

/// An event that is folded before its turn, and what came of it.
struct Ahead {
    /// The saved state that it is the first event after, where a fold begins with it.
    begins: Option<Arc<[u8]>>,
    /// Where it stands in the line.
    frame: Range<usize>,
    folded: Result<Folded, HandlerFault>,
    is_state_asked: bool,
    state: Option<Value>,
}

/// What came of an event, and the state after it where it is known.
pub struct Came {
    pub folded: Result<Folded, HandlerFault>,
    pub state: Option<Value>,
    /// The size of the answer that the state was in.
    pub answer_bytes: usize,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether it has no room for so much more: events, and the states that folds begin with.
    pub fn is_full(&self, events: usize, bytes: usize) -> bool {
        let told = self.before.byte_count() + self.line.len();
        let has_room = self.events.len() + events <= TOLD_EVENTS && told + bytes <= BATCH_BYTES;
        !has_room && !self.is_empty()
    }

    /// Lets the program forget all states before it gets these events.
    pub fn forget(&mut self) {
        self.before.push(request::RESET);
    }

    /// Puts these lines before it.
    pub fn precede(&mut self, mut lines: Lines) {
        lines.append(&self.before);
        self.before = lines;
    }

    /// The frame of its first event.
    pub fn first(&self) -> &[u8] {
        self.events.first().map_or(&[], |first| self.frame_of(first))
    }

    fn frame_of(&self, event: &Ahead) -> &[u8] {
        self.line.get(event.frame.clone()).unwrap_or_default()
    }

    /// Adds an event, as a frame. `begins`: the saved state that a fold begins with it from.
    pub fn push(&mut self, frame: &[u8], folded: Folded, begins: Option<&Arc<[u8]>>) {
        if let Some(saved) = begins.filter(|saved| !saved.is_empty()) {
            self.before.push(saved);
        }
        self.begins_folds |= begins.is_some();
        request::add(&mut self.line, frame);
        self.events.push(Ahead {
            begins: begins.cloned(),
            frame: self.line.len() - frame.len()..self.line.len(),
            folded: Ok(folded),
            is_state_asked: false,
            state: None,
        });
    }

    /// Asks for the state after the last event.
    pub fn ask_state(&mut self) {
        if let Some(last) = self.events.last_mut() {
            last.is_state_asked = true;
        }
    }

    /// Asks for the state after each event.
    pub fn ask_each(&mut self) {
        self.is_each_asked = true;
        self.events.iter_mut().for_each(|event| event.is_state_asked = true);
    }

    fn states_asked(&self) -> usize {
        self.events.iter().filter(|event| event.is_state_asked).count()
    }

    /// All lines of the request.
    fn request(&mut self) -> Lines {
        let want = match (self.is_each_asked, self.states_asked()) {
            (true, _) => Want::Each,
            (false, 0) => Want::None,
            (false, _) => Want::Final,
        };
        let mut lines = std::mem::take(&mut self.before);
        self.sent_before = lines.count();
        lines.push_of(|bytes| {
            bytes.extend_from_slice(&self.line);
            request::end(bytes, want);
        });
        lines
    }

    fn next(&self) -> Option<(&Ahead, &[u8])> {
        let next = self.events.get(self.passed)?;
        Some((next, self.frame_of(next)))
    }

    /// Takes what came of the next event.
    fn pass(&mut self) -> Option<Came> {
        let next = self.events.get_mut(self.passed)?;
        self.passed += 1;
        Some(Came {
            folded: next.folded.clone(),
            state: next.state.take(),
            answer_bytes: self.answer_bytes,
        })
    }

    /// Reads the answer. Gives whether all events were folded; a fault where it is not known what came of them.
    fn read(&mut self, answer: &[u8], limits: &GuestLimits) -> Result<bool, HandlerFault> {
        self.answer_bytes = answer.len();
        match last_answer(answer, self.sent_before, limits)? {
            Answer::Done(answer) if self.is_each_asked => {
                let states = answer::states_after_each(&answer, self.events.len())?;
                for (event, state) in self.events.iter_mut().zip(states) {
                    event.state = Some(state);
                }
                Ok(true)
            }
            Answer::Done(answer) => {
                for event in self.events.iter_mut().filter(|event| event.is_state_asked) {
                    let frame = self.line.get(event.frame.clone()).unwrap_or_default();
                    event.state = Some(answer::state_of(&answer, request::key_of(frame))?);
                }
                Ok(true)
            }
            // Of several folds it is not believed which it was.
            Answer::Failed { at: Some(at), fault } if !self.begins_folds && at < self.events.len() => {
                self.events.truncate(at + 1);
                if let Some(failed) = self.events.last_mut() {
                    failed.folded = Err(fault);
                }
                Ok(false)
            }
            Answer::Failed { fault, .. } => Err(fault),
        }
    }
}

/// The answer to the last of several lines, where those before were done.
pub fn last_answer(answer: &[u8], before: usize, limits: &GuestLimits) -> Result<Answer, HandlerFault> {
    let mut rest = answer;
    for _ in 0..before {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let (line, others) = rest.split_at_checked(end).unwrap_or_default();
        Answer::read(line, limits)?.done()?;
        rest = others.get(1..).unwrap_or_default();
    }
    Answer::read(rest, limits)
}

/// How long so many events may take, and how much may come of them.
pub fn bounds_of(events: usize, limits: &GuestLimits) -> Bounds {
    let count = u32::try_from(events).unwrap_or(u32::MAX);
    let within = Duration::from_millis(limits.wall_millis).saturating_mul(count);
    Bounds {
        within: within.min(MOST_WITHIN),
        answer_bytes: limits.state_bytes + ANSWER_BYTES,
        told_bytes: TOLD_BYTES.saturating_mul(events),
    }
}

/// All batches that a program was told and whose turn has not come, in their order.
#[derive(Default)]
pub struct Pipeline {
    /// The one whose turn it is.
    here: Batch,
    answered: VecDeque<(Batch, Vec<u8>)>,
    asked: Option<Batch>,
    waiting: VecDeque<Batch>,
    /// See [`Pipeline::take_state_bytes`].
    state_bytes: Option<usize>,
}

impl Pipeline {
    pub fn is_empty(&self) -> bool {
        self.here.next().is_none() && self.answered.is_empty() && self.asked.is_none() && self.waiting.is_empty()
    }

    /// About how large a state was in the last answer that had some, where nobody was told yet.
    pub fn take_state_bytes(&mut self) -> Option<usize> {
        self.state_bytes.take()
    }

    /// Tells the program what comes after all that it was told.
    pub fn tell(&mut self, batch: Batch, child: &mut Child, limits: &GuestLimits) -> Result<(), HandlerFault> {
        self.waiting.push_back(batch);
        self.go_on(child, limits)
    }

    /// Whether the event of this frame is the next of the fold at hand.
    pub fn foresaw(&self, frame: &[u8]) -> bool {
        let answered = self.answered.iter().map(|(batch, _)| batch);
        let mut batches = std::iter::once(&self.here)
            .chain(answered)
            .chain(&self.asked)
            .chain(&self.waiting);
        let next = batches.find_map(Batch::next);
        next.is_some_and(|(next, told)| next.begins.is_none() && told == frame)
    }

    /// Passes over what is left of the fold at hand, and goes to the fold behind it where that begins with this saved
    /// state. Gives the frame of its first event.
    pub fn begin(&mut self, saved: &Arc<[u8]>) -> Option<&[u8]> {
        let answered = self.answered.iter_mut().map(|(batch, _)| batch);
        let batches = std::iter::once(&mut self.here)
            .chain(answered)
            .chain(&mut self.asked)
            .chain(&mut self.waiting);
        for batch in batches {
            while let Some(next) = batch.events.get_mut(batch.passed) {
                match &next.begins {
                    None => batch.passed += 1,
                    Some(begins) if begins == saved => {
                        next.begins = None;
                        return batch.line.get(next.frame.clone());
                    }
                    Some(_) => return None,
                }
            }
        }
        None
    }

    /// Waits for what came of the next event. Gives whether nothing failed beside it.
    ///
    /// # Errors
    /// It will not be known.
    pub fn hear(&mut self, child: &mut Child, limits: &GuestLimits) -> Result<bool, HandlerFault> {
        let mut is_done = true;
        while self.here.next().is_none() {
            if self.answered.is_empty() {
                self.wait(child, limits)?;
            }
            // The program goes on while its answer is read.
            self.go_on(child, limits)?;
            let (mut batch, answer) = self.answered.pop_front().ok_or_else(had_ended)?;
            is_done = batch.read(&answer, limits)?;
            let states = batch.states_asked();
            if is_done && states > 0 {
                self.state_bytes = Some(answer.len() / states);
            }
            // Nothing follows what failed.
            if !is_done && batch.next().is_none() {
                return Err(had_ended());
            }
            self.here = batch;
        }
        Ok(is_done)
    }

    pub fn take(&mut self) -> Option<Came> {
        self.here.pass()
    }

    /// Forgets all of it. What the program works on it may finish. Gives whether nothing failed in that.
    ///
    /// # Errors
    /// The program does not finish it.
    pub fn forget(&mut self, child: &mut Child, limits: &GuestLimits) -> Result<bool, HandlerFault> {
        self.waiting.clear();
        self.answered.clear();
        if self.asked.is_some() {
            self.wait(child, limits)?;
        }
        let last = std::mem::take(self).answered.pop_front();
        let is_done = last.map(|(mut batch, answer)| batch.read(&answer, limits));
        // What failed in it is no fault of anybody who asks now.
        is_done.unwrap_or(Ok(true)).map_err(|_| had_ended())
    }

    /// Waits for the answer that was asked for.
    fn wait(&mut self, child: &mut Child, limits: &GuestLimits) -> Result<(), HandlerFault> {
        let batch = self.asked.take().ok_or_else(had_ended)?;
        let mut answer = Vec::new();
        let waited = child.answer(&bounds_of(batch.events.len(), limits), &mut answer);
        waited.map_err(|silence| match silence {
            Silence::Cancelled => cancel::cancelled(),
            // Why is found out when its events are asked for one by one.
            _ => had_ended(),
        })?;
        self.answered.push_back((batch, answer));
        Ok(())
    }

    /// Takes the answer that is there, and asks for the next batch.
    fn go_on(&mut self, child: &mut Child, limits: &GuestLimits) -> Result<(), HandlerFault> {
        let answered_bytes: usize = self.answered.iter().map(|(_, answer)| answer.len()).sum();
        if self.asked.is_some() && answered_bytes < ANSWERED_BYTES && child.is_answered() {
            self.wait(child, limits)?;
        }
        if self.asked.is_none()
            && let Some(mut batch) = self.waiting.pop_front()
        {
            let request = batch.request();
            child.ask(request);
            self.asked = Some(batch);
        }
        Ok(())
    }
}
