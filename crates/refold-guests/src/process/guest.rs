//! A running program as a guest: what it is asked, what its answers mean, and what it folded ahead of the fold.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use refold_core::port::handler::HandlerFault;
use refold_core::time::Timestamp;
use refold_core::value::{Object, Value};

use super::answer::{self, Answer};
use super::child::{Bounds, Child, End, Silence};
use super::idle::Idle;
use super::request::{self, Want};
use crate::error::{code, fault};
use crate::instance::BATCH_EVENTS;
use crate::limits::GuestLimits;
use crate::recorded::Recorded;
use crate::undo::{self, Folded};

/// The longest that one request may take, however many events it has.
const MOST_WITHIN: Duration = Duration::from_secs(10);
/// How long a program may take for what takes no work.
const REPLY_WITHIN: Duration = Duration::from_secs(2);
/// What a program may say on its standard error for each event.
const TOLD_BYTES: usize = 64 << 10;
/// What an answer may have beside states.
const ANSWER_BYTES: usize = 1 << 20;
/// A program that held so many hundredths of what it may hold, and ended, ended for want of memory.
const PEAK_PERCENT: u64 = 75;
/// What runtimes say that end for want of memory: bubblewrap does not tell how much a program held.
const OUT_OF_MEMORY: [&str; 6] = [
    "MemoryError",
    "OutOfMemory",
    "ut of memory",
    "bad_alloc",
    "memory allocation of",
    "annot allocate memory",
];

/// What bubblewrap ends with where what it holds was killed.
const KILLED_INSIDE: i32 = 128 + libc::SIGKILL;
const KILLED: &str = "because the system killed it, as it does where the machine has no memory left";

/// See the module.
pub struct Guest {
    /// `None` only while it is dropped.
    child: Option<Child>,
    limits: GuestLimits,
    idle: Arc<Idle>,
    /// The name of the state, as JSON.
    key: Vec<u8>,
    /// What was folded that this fold did not come to yet.
    ahead: VecDeque<Ahead>,
    /// The state after the last event that was folded ahead and applied.
    known: Option<Value>,
    emitted: Vec<Recorded>,
    /// Lines that go before the next request, and how many they are: they need no answer of their own in time.
    before: (Vec<u8>, usize),
    request: Vec<u8>,
    answer: Vec<u8>,
    /// It failed, so that nobody else gets it.
    is_spent: bool,
}

/// A fold that the program is told of from its beginning on. It has at least one event.
pub struct Begun {
    pub saved: Arc<[u8]>,
    /// Events of it, each with what is to be said of it once it is folded.
    pub frames: Vec<(Vec<u8>, Folded)>,
}

/// An event that was folded before its turn, and what came of it.
struct Ahead {
    /// The saved state that it is the first event after, where a fold begins with it.
    begins: Option<Arc<[u8]>>,
    frame: Vec<u8>,
    folded: Result<Folded, HandlerFault>,
    state: Option<Value>,
}

impl Guest {
    /// `child` has answered `init`.
    pub fn new(child: Child, limits: GuestLimits, idle: Arc<Idle>) -> Guest {
        Guest {
            child: Some(child),
            limits,
            idle,
            key: b"\"\"".to_vec(),
            ahead: VecDeque::new(),
            known: None,
            emitted: Vec::new(),
            before: (Vec::new(), 0),
            request: Vec::new(),
            answer: Vec::new(),
            is_spent: false,
        }
    }

    /// Says hello and reads what the program says of itself.
    pub fn greet(&mut self, options: &Value, within: Duration) -> Result<Object, HandlerFault> {
        self.request = request::init(options);
        self.asked(within, 1, ANSWER_BYTES)?.done()
    }

    /// The size of the last answer.
    pub fn answer_bytes(&self) -> usize {
        self.answer.len()
    }

    /// What the last event would have written.
    pub fn take_emitted(&mut self) -> Vec<Recorded> {
        std::mem::take(&mut self.emitted)
    }

    /// Folds these events now, so that their answers are there when it is their turn. Each is a frame and what is to be
    /// said of it once it is folded.
    pub fn fold_ahead(&mut self, frames: Vec<(Vec<u8>, Folded)>, want: Want) -> Result<(), HandlerFault> {
        if let Some((first, _)) = frames.first() {
            self.key = request::key_of(first).to_vec();
        }
        let answer = self.apply_all(frames.iter().map(|(frame, _)| frame.as_slice()), frames.len(), want)?;
        let (fault_at, mut states) = match answer {
            Answer::Done(answer) => {
                let mut states = vec![None; frames.len()];
                match (want, states.last_mut()) {
                    (Want::Each, _) => {
                        let each = answer::states_after_each(&answer, frames.len())?;
                        states = each.into_iter().map(Some).collect();
                    }
                    (Want::Final, Some(last)) => *last = Some(answer::state_of(&answer, &self.key)?),
                    _ => {}
                }
                (None, states.into_iter())
            }
            Answer::Failed { at: Some(at), fault } if at < frames.len() => (Some((at, fault)), Vec::new().into_iter()),
            // It does not say which, so that they are asked one at a time.
            Answer::Failed { fault, .. } => return Err(fault),
        };
        for (at, (frame, folded)) in frames.into_iter().enumerate() {
            let failed = fault_at.as_ref().filter(|(failed, _)| *failed == at);
            self.ahead.push_back(Ahead {
                begins: None,
                frame,
                folded: failed.map_or(Ok(folded), |(_, fault)| Err(fault.clone())),
                state: states.next().flatten(),
            });
            if failed.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Folds what follows the fold at hand now, each fold into a state of its own, whose names differ.
    pub fn fold_over(&mut self, folds: Vec<Begun>) -> Result<(), HandlerFault> {
        self.forget_ahead();
        for saved in folds.iter().map(|fold| &fold.saved).filter(|saved| !saved.is_empty()) {
            self.before.0.extend_from_slice(saved);
            self.before.1 += 1;
        }
        let frames = || folds.iter().flat_map(|fold| &fold.frames);
        let answer = self.apply_all(
            frames().map(|(frame, _)| frame.as_slice()),
            frames().count(),
            Want::Final,
        )?;
        let answer = answer.done()?;
        for fold in folds {
            let mut begins = Some(fold.saved);
            let is_begun = !fold.frames.is_empty();
            for (frame, folded) in fold.frames {
                self.ahead.push_back(Ahead {
                    begins: begins.take(),
                    frame,
                    folded: Ok(folded),
                    state: None,
                });
            }
            if let Some(last) = self.ahead.back_mut().filter(|_| is_begun) {
                last.state = Some(answer::state_of(&answer, request::key_of(&last.frame))?);
            }
        }
        Ok(())
    }

    /// Lets the program forget all states before it is asked next.
    fn forget_ahead(&mut self) {
        self.ahead.clear();
        self.known = None;
        self.emitted.clear();
        self.before = (request::RESET.to_vec(), 1);
    }

    /// Asks for these events to be folded.
    fn apply_all<'a>(
        &mut self,
        frames: impl Iterator<Item = &'a [u8]>,
        count: usize,
        want: Want,
    ) -> Result<Answer, HandlerFault> {
        self.request.clear();
        request::apply(&mut self.request, frames, want);
        // Few enough that they fit.
        let events = count as u32;
        let within = Duration::from_millis(self.limits.wall_millis)
            .saturating_mul(events)
            .min(MOST_WITHIN);
        self.asked(within, count, self.limits.state_bytes + ANSWER_BYTES)
            .map_err(|fault| match fault.code {
                code::PROC_TIMEOUT => too_slow(within),
                _ => fault,
            })
    }

    fn state_now(&mut self) -> Result<Value, HandlerFault> {
        if let Some(state) = &self.known {
            return Ok(state.clone());
        }
        self.request = request::state(&self.key);
        let answer = self
            .asked(REPLY_WITHIN, 1, self.limits.state_bytes + ANSWER_BYTES)?
            .done()?;
        let state = answer::state_of(&answer, &self.key)?;
        self.is_small(self.answer.len(), &state)?;
        Ok(state)
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
                format!("the state passes {most} bytes; keep less"),
            )),
        }
    }

    /// Sends the request and reads the answer.
    fn asked(&mut self, within: Duration, events: usize, answer_bytes: usize) -> Result<Answer, HandlerFault> {
        let Some(child) = &mut self.child else {
            return Err(fault(
                code::ENGINE,
                "a program is asked after its end; report this, with the handler",
            ));
        };
        let bounds = Bounds {
            within,
            answer_bytes,
            told_bytes: TOLD_BYTES.saturating_mul(events),
        };
        let (mut lines, count) = std::mem::take(&mut self.before);
        lines.append(&mut self.request);
        if let Err(silence) = child.exchange(&lines, count + 1, &bounds, &mut self.answer) {
            self.is_spent = true;
            return Err(silent(child, &silence, within, &bounds, &self.limits));
        }
        self.request = lines;
        for _ in 0..count {
            let end = self
                .answer
                .iter()
                .position(|byte| *byte == b'\n')
                .unwrap_or(self.answer.len());
            let read = Answer::read(self.answer.get(..end).unwrap_or_default(), &self.limits).and_then(Answer::done);
            self.answer.drain(..(end + 1).min(self.answer.len()));
            self.is_spent |= read.is_err();
            read?;
        }
        let answer = Answer::read(&self.answer, &self.limits);
        self.is_spent |= !matches!(answer, Ok(Answer::Done(_)));
        answer
    }
}

impl undo::Guest for Guest {
    fn apply(&mut self, frame: &[u8], _time: Timestamp) -> Result<Folded, HandlerFault> {
        self.emitted.clear();
        self.known = None;
        if self.foresaw(frame)
            && let Some(ahead) = self.ahead.pop_front()
        {
            self.known = ahead.state;
            if let Some(state) = &self.known {
                self.is_small(self.answer.len(), state)?;
            }
            return ahead.folded;
        }
        self.key = request::key_of(frame).to_vec();
        let answer = self.apply_all(std::iter::once(frame), 1, Want::None)?.done()?;
        self.emitted = answer::emitted(&answer, &self.limits)?;
        Ok(Folded::Done)
    }

    fn apply_again(&mut self, frames: &mut dyn Iterator<Item = (&[u8], Timestamp)>) -> Result<(), HandlerFault> {
        loop {
            let batch: Vec<&[u8]> = frames.take(BATCH_EVENTS).map(|(frame, _)| frame).collect();
            let Some(first) = batch.first() else { return Ok(()) };
            self.key = request::key_of(first).to_vec();
            self.apply_all(batch.iter().copied(), batch.len(), Want::None)?.done()?;
        }
    }

    fn foresaw(&self, frame: &[u8]) -> bool {
        let next = self.ahead.front();
        next.is_some_and(|ahead| ahead.begins.is_none() && ahead.frame == frame)
    }

    fn is_ahead(&self) -> bool {
        !self.ahead.is_empty()
    }

    fn goes_on_from(&mut self, saved: &Arc<[u8]>) -> bool {
        while self.ahead.front().is_some_and(|ahead| ahead.begins.is_none()) {
            self.ahead.pop_front();
        }
        let Some(first) = self.ahead.front_mut() else {
            return false;
        };
        if first.begins.as_ref() != Some(saved) {
            return false;
        }
        first.begins = None;
        self.key = request::key_of(&first.frame).to_vec();
        self.known = None;
        self.emitted.clear();
        true
    }

    fn knows_state(&self) -> bool {
        self.ahead.is_empty() || self.known.is_some()
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
        self.forget_ahead();
        self.key = request::key_of(saved).to_vec();
        if !saved.is_empty() {
            self.before.0.extend_from_slice(saved);
            self.before.1 += 1;
        }
        Ok(())
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if let Some(child) = self.child.take()
            && !self.is_spent
        {
            self.idle.keep(child);
        }
    }
}

fn too_slow(within: Duration) -> HandlerFault {
    let message = format!(
        "the program did not answer within {} ms and was ended; look for a loop that does not end (this limit depends on \
         the machine)",
        within.as_millis()
    );
    fault(code::LIMIT_WALL, message)
}

/// The fault of a program that did not answer. It is ended here.
fn silent(
    child: &mut Child,
    silence: &Silence,
    within: Duration,
    bounds: &Bounds,
    limits: &GuestLimits,
) -> HandlerFault {
    match silence {
        Silence::TooLate => {
            child.end();
            let message = format!(
                "the program did not answer within {} ms and was ended",
                within.as_millis()
            );
            fault(code::PROC_TIMEOUT, message)
        }
        Silence::Cancelled => {
            child.end();
            fault(code::CANCELLED, "cancelled while the program worked, which was ended")
        }
        Silence::Ended => {
            child.wait_for_end();
            let end = child.end();
            ended(end, &child.told(), limits)
        }
        Silence::AnswerFlood => {
            child.end();
            let message = format!(
                "the program answers with more than {} bytes and was ended; keep a smaller state, and write nothing else \
                 to standard output",
                bounds.answer_bytes
            );
            fault(code::LIMIT_OUTPUT, message)
        }
        Silence::ToldFlood => {
            child.end();
            let message = format!(
                "the program writes more than {} bytes to standard error and was ended; log less",
                bounds.told_bytes
            );
            fault(code::LIMIT_OUTPUT, message)
        }
        Silence::Unasked(said) => {
            child.end();
            let what = "it says more than it was asked; write one line for each that is read";
            answer::odd(what, said)
        }
        Silence::Failed(error) => {
            child.end();
            fault(code::PROC_EXIT, format!("the program cannot be spoken with: {error}"))
        }
    }
}

/// The fault of a program that ended by itself.
pub fn ended(end: End, told: &str, limits: &GuestLimits) -> HandlerFault {
    let most = limits.memory_bytes as u64;
    let says_so = OUT_OF_MEMORY.iter().any(|words| told.contains(words));
    let held_so_much = |peak: u64| peak.saturating_mul(100) >= most.saturating_mul(PEAK_PERCENT);
    if says_so || end.peak_bytes.is_some_and(held_so_much) {
        let message = format!("the program needs more than {} MiB of memory; keep less", most >> 20);
        return fault(code::LIMIT_MEMORY, message);
    }
    let how = match end.status & 0x7f {
        0 if end.status >> 8 == KILLED_INSIDE => KILLED.to_owned(),
        0 => format!("with the code {}", (end.status >> 8) & 0xff),
        libc::SIGKILL if end.is_own => KILLED.to_owned(),
        libc::SIGKILL => "by closing its pipes".to_owned(),
        libc::SIGXFSZ => "because it writes to a file, which it may not".to_owned(),
        signal => format!("by signal {signal}"),
    };
    let last = told
        .lines()
        .last()
        .map(|line| format!("; it said last: {}", answer::shortened(line.as_bytes())));
    let message = format!(
        "the program ended before it answered, {how}{}",
        last.unwrap_or_default()
    );
    fault(code::PROC_EXIT, message)
}
