//! The workers of a handler: who asks which of them, and how many there are.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use refold_core::port::handler::HandlerFault;

use super::channel::{Answer, Channel, Start};
use super::frame::{self, Reading, ask, put_limits, put_number, put_part, status};
use super::remote::{ReadState, Remote};
use super::serve::About;
use crate::cache::Code;
use crate::cancel;
use crate::error::{code, fault};
use crate::js::Script;
use crate::limits::GuestLimits;

/// Workers of all handlers that nobody asks and that are kept for the next who does.
const MOST_IDLE: usize = 4;
/// Workers of one handler, where more than one is asked at a time.
const MOST_OF_ONE: usize = 8;

/// What is loaded.
pub enum Handler<'h> {
    /// Whose types were taken out.
    Script(&'h Script),
    Module,
}

/// How long an answer may take, and how large it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Of what is done once for a handler: compiling, loading.
    Handler,
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
    live: Mutex<Vec<Arc<Worker>>>,
}

/// A process, or what stands for one, and whoever asks it in turn.
pub struct Worker {
    limits: GuestLimits,
    channel: Mutex<Channel>,
    is_lost: AtomicBool,
    /// How many guests it has.
    guests: AtomicUsize,
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
            live: Mutex::new(vec![Arc::new(worker)]),
        };
        let workers = Arc::new(workers);
        workers.note_idle();
        Ok((workers, about))
    }

    /// A guest of its own, in the worker that has the fewest.
    pub fn guest(self: &Arc<Workers>, read_state: ReadState) -> Result<Remote, HandlerFault> {
        let worker = self.worker()?;
        let number = worker.next_guest.fetch_add(1, Ordering::Relaxed);
        Ok(Remote::new(Arc::clone(self), worker, number, read_state))
    }

    /// One that the caller counts among the guests of.
    fn worker(&self) -> Result<Arc<Worker>, HandlerFault> {
        let mut live = locked(&self.live);
        live.retain(|worker| !worker.is_lost());
        let most = thread::available_parallelism().map_or(1, usize::from).min(MOST_OF_ONE);
        let fewest = live.iter().min_by_key(|worker| worker.guests.load(Ordering::Relaxed));
        if let Some(worker) = fewest
            && (worker.guests.load(Ordering::Relaxed) == 0 || live.len() >= most)
        {
            worker.guests.fetch_add(1, Ordering::Relaxed);
            return Ok(Arc::clone(worker));
        }
        let worker = Worker::started_by(&self.start, self.limits)?;
        worker.load(&self.load, &self.code)?;
        worker.guests.store(1, Ordering::Relaxed);
        let worker = Arc::new(worker);
        live.push(Arc::clone(&worker));
        Ok(worker)
    }

    /// Counts a guest less in this worker.
    pub fn let_go(self: &Arc<Workers>, worker: &Worker, guest: u32) {
        locked(&worker.dropped).push(guest);
        if worker.guests.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.note_idle();
        }
    }

    /// Says that this handler may have a worker with nothing to do. Those of it beyond one end, and those of the handlers
    /// that had nothing to do for longest.
    fn note_idle(self: &Arc<Workers>) {
        static IDLE: Mutex<Vec<Weak<Workers>>> = Mutex::new(Vec::new());
        self.end_idle(1);
        let mut idle = locked(&IDLE);
        idle.retain(|other| {
            other
                .upgrade()
                .is_some_and(|other| !Arc::ptr_eq(&other, self) && other.has_idle())
        });
        idle.push(Arc::downgrade(self));
        while idle.len() > MOST_IDLE {
            let longest = idle.remove(0).upgrade();
            longest.inspect(|longest| longest.end_idle(0));
        }
    }

    /// The processes that there are.
    #[cfg(all(test, target_os = "linux", target_env = "gnu"))]
    pub fn pids(&self) -> Vec<u32> {
        let live = locked(&self.live);
        live.iter().map(|worker| locked(&worker.channel).pid()).collect()
    }

    fn has_idle(&self) -> bool {
        locked(&self.live).iter().any(|worker| worker.is_idle())
    }

    /// Ends workers that have nothing to do, but for so many.
    fn end_idle(&self, mut kept: usize) {
        let mut ended = Vec::new();
        locked(&self.live).retain(|worker| {
            let is_kept = !worker.is_idle() || kept > 0;
            kept -= usize::from(is_kept && worker.is_idle() && kept > 0);
            if !is_kept {
                ended.push(Arc::clone(worker));
            }
            is_kept
        });
        // Waiting for their end keeps nobody from asking the others.
        drop(ended);
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

    fn is_idle(&self) -> bool {
        self.guests.load(Ordering::Relaxed) == 0
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
        self.ask(Asked::Handler, &[&[ask::COMPILE], wasm], &mut answer)?;
        Ok(answer.done().to_vec())
    }

    /// The source without its types. `code` is that of the module that takes them out.
    pub fn without_types(&self, code: &[u8], source: &str) -> Result<String, HandlerFault> {
        let mut request = vec![ask::STRIP];
        put_limits(&mut request, &self.limits);
        put_part(&mut request, source.as_bytes());
        let mut answer = Answer::default();
        self.ask(Asked::Handler, &[&request, code], &mut answer)?;
        match std::str::from_utf8(answer.done()) {
            Ok(source) => Ok(source.to_owned()),
            Err(_) => self.odd("with a source that is no text"),
        }
    }

    fn load(&self, load: &[u8], code: &[u8]) -> Result<About, HandlerFault> {
        let mut answer = Answer::default();
        self.ask(Asked::Handler, &[load, code], &mut answer)?;
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
        let mut channel = locked(&self.channel);
        if self.is_lost() {
            return Err(fault(code::ENGINE_EXIT, "the process that ran the handler had ended"));
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

    /// Ends a worker that answered something else than it was asked.
    pub fn odd<T>(&self, what: &str) -> Result<T, HandlerFault> {
        self.is_lost.store(true, Ordering::Release);
        locked(&self.channel).end();
        Err(frame::odd(what))
    }
}

/// A panic elsewhere leaves these whole: each is changed by one call.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
