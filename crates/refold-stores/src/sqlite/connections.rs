//! The connections to one opened database: each reader has its own while it reads, and they are used again.

use std::sync::{Mutex, PoisonError};

use refold_core::port::store::StoreError;
use rusqlite::Connection;

use super::open::Source;

/// Idle connections beyond these are closed.
const KEPT_IDLE: usize = 4;

#[derive(Debug)]
pub struct Connections {
    source: Source,
    idle: Mutex<Vec<Connection>>,
}

impl Connections {
    pub fn new(source: Source) -> Connections {
        Connections {
            source,
            idle: Mutex::new(Vec::new()),
        }
    }

    pub fn source(&self) -> &Source {
        &self.source
    }

    pub fn take(&self) -> Result<Connection, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.source.connect(), Ok)
    }

    pub fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT_IDLE {
            idle.push(connection);
        }
    }
}
