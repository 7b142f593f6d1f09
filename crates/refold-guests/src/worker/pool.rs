//! The workers of a handler: who asks which of them, and how many there are.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use refold_core::port::handler::HandlerFault;

use super::channel::{Answer, Channel, Start};
use super::frame::{self, Reading, ask, put_limits, put_number, put_part, status};
use super::remote::{ReadState, Remote};
use super::serve::About;
use crate::cache::Code;
use crate::cancel;
use crate::error::had_ended;
use crate::js::Script;
use crate::limits::GuestLimits;

/// Workers of all handlers that nobody asks and that are kept for the next who does.
const MOST_IDLE: usize = 4;
/// Workers of one handler, where more than one is asked at a time.
const MOST_OF_ONE: usize = 8;
/// Guests of one worker, which hold its memory together; for more there are more workers.
const MOST_GUESTS: usize = 64;
/// A worker that had more at a time ends with the last of them, and gives back what they held.
const FEW_GUESTS: usize = 8;
/// A worker that nobody asked for so long is free for another thread.
const RESTED_AFTER: Duration = Duration::from_millis(100);

/// What compiled code may have, and how much longer a text becomes as JSON.
const CODE_BYTES: usize = 1 << 30;
const BYTES_OF_ONE: usize = 6;

/// What is loaded.
pub enum Handler<'h> {
    /// Whose types were taken out.
    Script(&'h Script),
    Module,
}

/// How long an answer may take, and how large it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Of what is done once for a handler, compiling and loading; so many bytes.
    Handler(usize),
    /// Of events.
    Events,
}

/// The workers of one handler. They end with it.
pub struct Workers {
    start: Start,
    limits: GuestLimits,
    /// The request that loads it, and the compiled code after that.
    load: Vec<u8>,
    code: Code,
    live: Mutex<Live>,
}

/// Those that guests may share.
struct Live {
    workers: Vec<Arc<Worker>>,
    /// How many are being started.
    starting: usize,
}

/// A process, or what stands for one, and whoever asks it in turn.
pub struct Worker {
    limits: GuestLimits,
    channel: Mutex<Channel>,
    is_lost: AtomicBool,
    /// How many guests it has, but for those that rest, and the most that it had.
    guests: AtomicUsize,
    most_guests: AtomicUsize,
    /// How many ask it, or wait to; and who was the last.
    asked: AtomicUsize,
    last: Mutex<Option<(ThreadId, Instant)>>,
    next_guest: AtomicU32,
    /// Guests that it may let go of: it is told with the next request.
    dropped: Mutex<Vec<u32>>,
}

impl Workers {
    /// Loads a handler into a worker. More are started when they are needed.
    pub fn load(worker: Worker, handler: Handler<'_>, code: Code) -> Result<(Arc<Workers>, About), HandlerFault> {
        let mut load = Vec::new();
        match handler {
            Handler::Script(script) => {
                load.push(ask::SCRIPT);
                put_limits(&mut load, &worker.limits);
                load.push(script.dialect.number());
                load.push(script.language.number());
                put_part(&mut load, script.file.as_bytes());
                put_part(&mut load, script.source.as_bytes());
            }
            Handler::Module => {
                load.push(ask::MODULE);
                put_limits(&mut load, &worker.limits);
            }
        }
        let about = worker.load(&load, &code)?;
        let start = worker.started();
        let workers = Workers {
            start,
            limits: worker.limits,
            load,
            code,
            live: Mutex::new(Live {
                workers: vec![Arc::new(worker)],
                starting: 0,
            }),
        };
        let workers = Arc::new(workers);
        workers.note_idle();
        Ok((workers, about))
    }

    /// A guest of its own, in a worker that keeps nobody waiting, if there may be one.
    pub fn guest(self: &Arc<Workers>, read_state: ReadState) -> Result<Remote, HandlerFault> {
        let worker = match self.shared() {
            Some(worker) => worker,
            None => self.one_more()?,
        };
        Ok(self.guest_in(worker, read_state))
    }

    /// A guest that has a worker for itself, which ends with it.
    pub fn guest_alone(self: &Arc<Workers>, read_state: ReadState) -> Result<Remote, HandlerFault> {
        let worker = self.loaded()?;
        worker.count();
        Ok(self.guest_in(Arc::new(worker), read_state))
    }

    fn guest_in(self: &Arc<Workers>, worker: Arc<Worker>, read_state: ReadState) -> Remote {
        let number = worker.next_guest.fetch_add(1, Ordering::Relaxed);
        Remote::new(Arc::clone(self), worker, number, read_state)
    }

    /// One of those there are, which has counted the guest. `None`: one more is to be started, and is counted.
    fn shared(&self) -> Option<Arc<Worker>> {
        let most = thread::available_parallelism().map_or(1, usize::from).min(MOST_OF_ONE);
        let mut live = locked(&self.live);
        live.workers.retain(|worker| !worker.is_lost());
        let is_full = live.workers.len() + live.starting >= most;
        let with_room = live.workers.iter().filter(|worker| worker.guests() < MOST_GUESTS);
        let best = with_room.min_by_key(|worker| (!worker.is_free(), worker.guests()));
        if let Some(worker) = best
            && (is_full || worker.is_free())
        {
            worker.count();
            return Some(Arc::clone(worker));
        }
        live.starting += 1;
        None
    }

    /// Starts the one that is counted; nobody else waits for that.
    fn one_more(&self) -> Result<Arc<Worker>, HandlerFault> {
        let started = self.loaded();
        let mut live = locked(&self.live);
        live.starting -= 1;
        let worker = Arc::new(started?);
        worker.count();
        live.workers.push(Arc::clone(&worker));
        Ok(worker)
    }

    fn loaded(&self) -> Result<Worker, HandlerFault> {
        let worker = Worker::started_by(&self.start, self.limits)?;
        worker.load(&self.load, &self.code)?;
        Ok(worker)
    }

    /// Counts a guest less in this worker.
    pub fn rest(self: &Arc<Workers>, worker: &Worker) {
        if worker.guests.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.note_idle();
        }
    }

    /// Says that this handler may have a worker with nothing to do. Those of it beyond one end, and those of the handlers
    /// that had nothing to do for longest.
    fn note_idle(self: &Arc<Workers>) {
        static IDLE: Mutex<Vec<Weak<Workers>>> = Mutex::new(Vec::new());
        self.end_idle(1);
        let this = Arc::downgrade(self);
        let mut idle = locked(&IDLE);
        idle.retain(|other| other.strong_count() > 0 && !other.ptr_eq(&this));
        idle.push(this);
        let surplus = idle.len().saturating_sub(MOST_IDLE);
        let longest: Vec<_> = idle.drain(..surplus).collect();
        drop(idle);
        for longest in longest.iter().filter_map(Weak::upgrade) {
            longest.end_idle(0);
        }
    }

    /// The processes that there are.
    #[cfg(all(test, target_os = "linux", target_env = "gnu"))]
    pub fn pids(&self) -> Vec<u32> {
        let live = locked(&self.live);
        live.workers
            .iter()
            .map(|worker| locked(&worker.channel).pid())
            .collect()
    }

    /// Ends workers that have nothing to do, but for so many of those that had few guests.
    fn end_idle(&self, mut kept: usize) {
        let mut ended = Vec::new();
        locked(&self.live).workers.retain(|worker| {
            let may_stay = worker.most_guests.load(Ordering::Relaxed) <= FEW_GUESTS && kept > 0;
            let is_kept = worker.guests() > 0 || may_stay;
            kept -= usize::from(worker.guests() == 0 && may_stay);
            if !is_kept {
                ended.push(Arc::clone(worker));
            }
            is_kept
        });
        // Waiting for their end keeps nobody from asking the others. A guest that rests may be in one still.
        ended.iter().for_each(|worker| worker.end());
    }
}

impl Worker {
    /// One that has no handler yet.
    pub fn start(limits: GuestLimits) -> Result<Worker, HandlerFault> {
        Worker::started_by(&Start::default(), limits)
    }

    pub fn started_by(start: &Start, limits: GuestLimits) -> Result<Worker, HandlerFault> {
        Ok(Worker {
            limits,
            channel: Mutex::new(Channel::open(start)?),
            is_lost: AtomicBool::new(false),
            guests: AtomicUsize::new(0),
            most_guests: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
            last: Mutex::default(),
            next_guest: AtomicU32::new(0),
            dropped: Mutex::default(),
        })
    }

    pub fn limits(&self) -> &GuestLimits {
        &self.limits
    }

    pub fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Acquire)
    }

    fn guests(&self) -> usize {
        self.guests.load(Ordering::Relaxed)
    }

    /// Counts a guest, which whoever is on this thread will ask.
    pub fn count(&self) {
        let others = self.guests.fetch_add(1, Ordering::Relaxed);
        self.most_guests.fetch_max(others + 1, Ordering::Relaxed);
        self.note_asked();
    }

    fn note_asked(&self) {
        *locked(&self.last) = Some((thread::current().id(), Instant::now()));
    }

    /// Whether a guest more keeps nobody waiting: nobody asks it, or this thread alone.
    fn is_free(&self) -> bool {
        let is_own =
            |(thread, at): (ThreadId, Instant)| thread == thread::current().id() || at.elapsed() > RESTED_AFTER;
        self.guests() == 0 || self.asked.load(Ordering::Relaxed) == 0 && locked(&self.last).is_none_or(is_own)
    }

    /// Notes a guest that it may let go of.
    pub fn forget(&self, guest: u32) {
        locked(&self.dropped).push(guest);
    }

    fn end(&self) {
        self.is_lost.store(true, Ordering::Release);
        locked(&self.channel).end();
    }

    fn started(&self) -> Start {
        locked(&self.channel).start().clone()
    }

    /// Tries the walls from inside; see [`super::door`].
    #[cfg(all(test, target_os = "linux", target_env = "gnu"))]
    pub fn tried(&self, what: u8) -> Result<Vec<u8>, HandlerFault> {
        let mut answer = Answer::default();
        self.ask(Asked::Events, &[&[ask::DOOR, what]], &mut answer)?;
        Ok(answer.done().to_vec())
    }

    #[cfg(all(test, target_os = "linux", target_env = "gnu"))]
    pub fn pid(&self) -> u32 {
        locked(&self.channel).pid()
    }

    /// The code of a module.
    pub fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>, HandlerFault> {
        let mut answer = Answer::default();
        self.ask(Asked::Handler(CODE_BYTES), &[&[ask::COMPILE], wasm], &mut answer)?;
        Ok(answer.done().to_vec())
    }

    /// The source without its types. `code` is that of the module that takes them out.
    pub fn without_types(&self, code: &[u8], source: &str) -> Result<String, HandlerFault> {
        let mut request = vec![ask::STRIP];
        put_limits(&mut request, &self.limits);
        put_part(&mut request, source.as_bytes());
        let mut answer = Answer::default();
        self.ask(Asked::Handler(source.len()), &[&request, code], &mut answer)?;
        match std::str::from_utf8(answer.done()) {
            Ok(source) => Ok(source.to_owned()),
            Err(_) => self.odd("with a source that is no text"),
        }
    }

    fn load(&self, load: &[u8], code: &[u8]) -> Result<About, HandlerFault> {
        let mut answer = Answer::default();
        // What it says of itself are texts of its source, and its state twice.
        let states = self.limits.state_bytes.saturating_add(self.limits.saved_bytes());
        let most = load.len().saturating_mul(BYTES_OF_ONE).saturating_add(states);
        self.ask(Asked::Handler(most), &[load, code], &mut answer)?;
        let mut reading = Reading(answer.done());
        let mut part = || Some(reading.part()?.to_vec());
        let about = (part(), part(), part());
        match (about, reading.end()) {
            ((Some(about), Some(state), Some(saved)), Some(())) => Ok(About { about, state, saved }),
            _ => self.odd("in frames that do not hold together"),
        }
    }

    /// Writes which guests it may let go of.
    pub fn write_dropped(&self, request: &mut Vec<u8>) {
        let mut dropped = locked(&self.dropped);
        // Numbers have 32 bits, and each is dropped once.
        put_number(request, dropped.len() as u32);
        for number in dropped.drain(..) {
            put_number(request, number);
        }
    }

    /// Asks what these parts say, one after another.
    ///
    /// # Errors
    /// What the worker answers in place of an answer, or why there is none: then it is lost.
    pub fn ask(&self, asked: Asked, request: &[&[u8]], answer: &mut Answer) -> Result<(), HandlerFault> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answered = self.ask_in_turn(asked, request, answer);
        self.note_asked();
        self.asked.fetch_sub(1, Ordering::Relaxed);
        answered
    }

    fn ask_in_turn(&self, asked: Asked, request: &[&[u8]], answer: &mut Answer) -> Result<(), HandlerFault> {
        let mut channel = locked(&self.channel);
        if self.is_lost() {
            return Err(had_ended());
        }
        if let Err(silent) = channel.ask(asked, &self.limits, request, answer) {
            self.is_lost.store(true, Ordering::Release);
            channel.end();
            return Err(silent);
        }
        drop(channel);
        let mut reading = Reading(answer.frame());
        match reading.byte() {
            Some(status::DONE) => Ok(()),
            Some(status::FAULT) => match reading.fault().filter(|_| reading.end().is_some()) {
                // Nobody but us says so.
                Some(fault) if fault.is_cancelled() && !cancel::is_cancelled() => self.odd("that it was cancelled"),
                Some(fault) => Err(fault),
                None => self.odd("with a fault that does not hold together"),
            },
            _ => self.odd("neither that it is done nor that it is not"),
        }
    }

    /// Ends a worker that answered something else than it was asked, and says so.
    pub fn odd<T>(&self, what: &str) -> Result<T, HandlerFault> {
        self.end();
        Err(frame::odd(what))
    }
}

/// A panic elsewhere leaves these whole: each is changed by one call.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
