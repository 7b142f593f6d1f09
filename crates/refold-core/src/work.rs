//! Progress and cancelling of anything that loops over events.

mod phase;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use phase::Phase;

/// The work was cancelled by the person who asked for it. A result, never shown as a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// Set once, from any thread; read by the loop once a batch.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Who wants to know how far the work is. Called once a batch, from the working thread: it must be quick.
pub trait Progress: Sync {
    /// `done` of `total` steps of the present phase; `total` is `None` while nobody knows it.
    fn report(&self, phase: Phase, done: u64, total: Option<u64>);
}

/// Nobody wants to know.
#[derive(Debug)]
pub struct Silent;

impl Progress for Silent {
    fn report(&self, _phase: Phase, _done: u64, _total: Option<u64>) {}
}

/// The first argument of every function that loops over events.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    cancel: &'a CancelToken,
    progress: &'a dyn Progress,
}

impl<'a> Work<'a> {
    pub fn new(cancel: &'a CancelToken, progress: &'a dyn Progress) -> Work<'a> {
        Work { cancel, progress }
    }

    /// Checks for cancelling and reports progress. Call it once a batch, and at least every 50 ms of work.
    pub fn tick(&self, phase: Phase, done: u64, total: Option<u64>) -> Result<(), Cancelled> {
        self.progress.report(phase, done, total);
        self.check()
    }

    pub fn check(&self) -> Result<(), Cancelled> {
        if self.cancel.is_cancelled() {
            Err(Cancelled)
        } else {
            Ok(())
        }
    }

    pub fn cancel_token(&self) -> &CancelToken {
        self.cancel
    }
}
