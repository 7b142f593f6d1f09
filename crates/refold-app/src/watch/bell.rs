//! What a thread that looks now and then waits at: for some time, until somebody rings, or for its end.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use refold_core::work::CancelToken;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    /// Whether somebody wants a look now.
    is_rung: Mutex<bool>,
    ringing: Condvar,
    end: CancelToken,
}

impl Bell {
    /// Waits for so long, or until somebody rings. `false`: it is over.
    pub(crate) fn wait(&self, longest: Duration) -> bool {
        let rung = self.is_rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.ringing.wait_timeout_while(rung, longest, |is_rung| !*is_rung);
        let (mut rung, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *rung = false;
        !self.has_ended()
    }

    /// Has whoever waits look at once.
    pub(crate) fn ring(&self) {
        *self.is_rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ringing.notify_all();
    }

    /// Ends the waiting, and what is done between.
    pub(crate) fn end(&self) {
        self.end.cancel();
        self.ring();
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.end.is_cancelled()
    }

    /// Cancelled with the end.
    pub(crate) fn cancel(&self) -> &CancelToken {
        &self.end
    }
}
