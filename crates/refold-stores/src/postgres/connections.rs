//! The few connections to a server that all reads share. None is held between pages.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use refold_core::port::store::StoreError;
use refold_core::work::CancelToken;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connection::{Answer, Asked, Connection, Fault};
use super::options::Options;
use super::privileges::Role;

/// No more connections than this are open at once.
const MOST_CONNECTIONS: usize = 2;
/// How often a unit of work is tried on a new connection.
const ATTEMPTS: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LOOK_UP: Duration = Duration::from_millis(20);

pub struct Connections {
    options: Options,
    tls: Option<MakeRustlsConnect>,
    /// The server and role of the first connection: every other must be the same.
    role: Role,
    slots: Mutex<Slots>,
    freed: Condvar,
}

#[derive(Default)]
struct Slots {
    idle: Vec<Connection>,
    open: usize,
}

impl Connections {
    pub fn new(options: Options, tls: Option<MakeRustlsConnect>, role: Role, first: Connection) -> Connections {
        Connections {
            options,
            tls,
            role,
            slots: Mutex::new(Slots {
                idle: vec![first],
                open: 1,
            }),
            freed: Condvar::new(),
        }
    }

    pub fn location(&self) -> &str {
        self.options.location()
    }

    /// One unit of work. A connection that was lost is made again a few times: a unit only reads, so that asking it twice
    /// does no harm.
    pub fn ask(&self, asked: impl Fn() -> Vec<Asked>, cancel: &CancelToken) -> Result<Vec<Answer>, Asking> {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let fault = match self.with_connection(cancel, |connection| connection.ask(asked(), cancel)) {
                Ok(Ok(answers)) => return Ok(answers),
                Ok(Err(fault)) if fault.is_of_connection() && attempt < ATTEMPTS => fault,
                Ok(Err(fault)) => return Err(Asking::Fault(fault)),
                Err(StoreError::Unreachable { .. }) if attempt < ATTEMPTS => Fault::Closed,
                Err(error) => return Err(Asking::Store(error)),
            };
            let end = Instant::now() + pause;
            while Instant::now() < end {
                if cancel.is_cancelled() {
                    return Err(Asking::Fault(Fault::Cancelled));
                }
                thread::sleep(LOOK_UP);
            }
            pause *= 2;
            drop(fault);
        }
        Err(Asking::Fault(Fault::Closed))
    }

    fn with_connection<T>(
        &self,
        cancel: &CancelToken,
        run: impl FnOnce(&mut Connection) -> T,
    ) -> Result<T, StoreError> {
        let mut connection = self.take(cancel)?;
        let outcome = run(&mut connection);
        self.give_back(connection);
        Ok(outcome)
    }

    fn take(&self, cancel: &CancelToken) -> Result<Connection, StoreError> {
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
                return self.connect(cancel).inspect_err(|_| self.close());
            }
            if cancel.is_cancelled() {
                return Err(refold_core::work::Cancelled.into());
            }
            let waited = self.freed.wait_timeout(slots, LOOK_UP);
            slots = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn connect(&self, cancel: &CancelToken) -> Result<Connection, StoreError> {
        let mut connection = Connection::open(&self.options, self.tls.as_ref(), cancel)?;
        let role = Role::ask(&mut connection, cancel).map_err(|fault| fault.at(self.location()))?;
        if (&role.system, &role.database, &role.name) != (&self.role.system, &self.role.database, &self.role.name) {
            return Err(StoreError::Changed {
                location: self.location().to_owned(),
                detail: "another server answers now".to_owned(),
            });
        }
        Ok(connection)
    }

    fn give_back(&self, connection: Connection) {
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
