//! Programs that were started and have nothing to do.

use std::sync::{Mutex, PoisonError};

use super::child::Child;
use super::request;

/// Programs that wait for the next fold.
const MOST_IDLE: usize = 2;

/// See the module.
#[derive(Default)]
pub struct Idle(Mutex<Vec<Child>>);

impl Idle {
    /// Keeps a program for the next fold, or lets it end.
    pub fn keep(&self, mut child: Child) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(child);
            return;
        }
        drop(idle);
        child.part(request::BYE);
    }

    pub fn take(&self) -> Option<Child> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        let idle = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        for child in idle {
            child.part(request::BYE);
        }
    }
}
