//! The few connections to a server that all reads share. None is held between pages.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use refold_core::port::store::StoreError;
use refold_core::work::CancelToken;

use super::Server;
use super::link::{Answer, Asked, Fault, LOOK_UP, Link as _};
use super::pace::{Pace, Rate};

/// No more connections than this are open at once.
const MOST_CONNECTIONS: usize = 2;
/// How often a unit of work is tried on a new connection.
const ATTEMPTS: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

pub struct Connections<S: Server> {
    location: String,
    pace: Pace,
    connect: Connect<S>,
    slots: Mutex<Slots<S>>,
    freed: Condvar,
}

/// Makes a further connection: to the same server, as the same role.
type Connect<S> = Box<dyn Fn(&CancelToken) -> Result<<S as Server>::Link, StoreError> + Send + Sync>;

struct Slots<S: Server> {
    idle: Vec<S::Link>,
    open: usize,
}

impl<S: Server> Connections<S> {
    /// `connect` makes those behind the first; where another server or role answers, it fails.
    pub fn new(
        location: &str,
        rate: Rate,
        first: S::Link,
        connect: impl Fn(&CancelToken) -> Result<S::Link, StoreError> + Send + Sync + 'static,
    ) -> Connections<S> {
        Connections {
            location: location.to_owned(),
            pace: Pace::new(rate),
            connect: Box::new(connect),
            slots: Mutex::new(Slots {
                idle: vec![first],
                open: 1,
            }),
            freed: Condvar::new(),
        }
    }

    pub fn location(&self) -> &str {
        &self.location
    }

    /// One unit of work, as soon as what was had has its time. A connection that was lost is made again a few times: a unit
    /// only reads, so that asking it twice does no harm.
    pub fn ask(&self, asked: impl Fn() -> Vec<Asked<S>>, cancel: &CancelToken) -> Result<Vec<Answer<S>>, Asking> {
        wait(self.pace.rest(Instant::now()), cancel)?;
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let fault = match self.with_connection(cancel, |connection| connection.ask(asked(), cancel)) {
                Ok(Ok(answers)) => {
                    let byte_count = answers.iter().map(|answer| answer.byte_count).sum();
                    self.pace.had(byte_count, Instant::now());
                    return Ok(answers);
                }
                Ok(Err(fault)) if fault.is_of_connection() && attempt < ATTEMPTS => fault,
                Ok(Err(fault)) => return Err(Asking::Fault(fault)),
                Err(StoreError::Unreachable { .. } | StoreError::Blocked { .. }) if attempt < ATTEMPTS => Fault::Closed,
                Err(error) => return Err(Asking::Store(error)),
            };
            wait(pause, cancel)?;
            pause *= 2;
            drop(fault);
        }
        Err(Asking::Fault(Fault::Closed))
    }

    fn with_connection<T>(&self, cancel: &CancelToken, run: impl FnOnce(&mut S::Link) -> T) -> Result<T, StoreError> {
        let mut connection = self.take(cancel)?;
        let outcome = run(&mut connection);
        self.give_back(connection);
        Ok(outcome)
    }

    fn take(&self, cancel: &CancelToken) -> Result<S::Link, StoreError> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            while let Some(connection) = slots.idle.pop() {
                if !connection.is_lost() {
                    return Ok(connection);
                }
                slots.open -= 1;
            }
            if slots.open < MOST_CONNECTIONS {
                slots.open += 1;
                drop(slots);
                return (self.connect)(cancel).inspect_err(|_| self.close());
            }
            if cancel.is_cancelled() {
                return Err(refold_core::work::Cancelled.into());
            }
            let waited = self.freed.wait_timeout(slots, LOOK_UP);
            slots = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn give_back(&self, connection: S::Link) {
        if connection.is_lost() {
            self.close();
            return;
        }
        self.slots
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .idle
            .push(connection);
        self.freed.notify_one();
    }

    fn close(&self) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).open -= 1;
        self.freed.notify_one();
    }
}

fn wait(time: Duration, cancel: &CancelToken) -> Result<(), Asking> {
    let start = Instant::now();
    loop {
        let left = time.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        if cancel.is_cancelled() {
            return Err(Asking::Fault(Fault::Cancelled));
        }
        thread::sleep(left.min(LOOK_UP));
    }
}

/// Why a unit of work brought nothing, at last.
#[derive(Debug)]
pub enum Asking {
    Fault(Fault),
    Store(StoreError),
}

impl From<Fault> for Asking {
    fn from(fault: Fault) -> Asking {
        Asking::Fault(fault)
    }
}

impl Asking {
    /// Whether less asked of the same may go well.
    pub fn is_of_load(&self) -> bool {
        matches!(self, Asking::Fault(fault) if fault.is_of_load())
    }

    pub fn at(self, location: &str) -> StoreError {
        match self {
            Asking::Fault(fault) => fault.at(location),
            Asking::Store(error) => error,
        }
    }
}
