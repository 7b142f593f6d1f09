//! Who may end what a handler does. Whoever runs handlers on a thread says it there once: the port of a handler, and
//! the way a package is opened, know no work.

use std::cell::RefCell;
use std::marker::PhantomData;

use refold_core::port::handler::HandlerFault;
use refold_core::work::CancelToken;

use crate::error::{code, fault};

thread_local! {
    static TOKEN: RefCell<Option<CancelToken>> = const { RefCell::new(None) };
}

/// Once `token` is cancelled, what handlers wait for on this thread is given up: as long as what is returned is kept.
#[must_use]
pub fn heed_cancel(token: &CancelToken) -> HeedsCancel {
    HeedsCancel {
        outer: TOKEN.replace(Some(token.clone())),
        _is_of_one_thread: PhantomData,
    }
}

/// See [`heed_cancel`].
pub struct HeedsCancel {
    /// Who could give it up before, and can again afterwards.
    outer: Option<CancelToken>,
    _is_of_one_thread: PhantomData<*const ()>,
}

impl Drop for HeedsCancel {
    fn drop(&mut self) {
        TOKEN.set(self.outer.take());
    }
}

/// Whether nobody waits any more for what this thread does.
pub(crate) fn is_cancelled() -> bool {
    TOKEN.with_borrow(|token| token.as_ref().is_some_and(CancelToken::is_cancelled))
}

/// What becomes of an event on which a handler was at work when nobody waited for it any more.
pub(crate) fn cancelled() -> HandlerFault {
    fault(code::CANCELLED, "cancelled while the handler worked, which was stopped")
}
