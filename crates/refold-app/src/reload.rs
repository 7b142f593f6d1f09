//! Handlers that are changed while they are in use: a thread of its own looks at the files of those that the histories of a
//! store are folded with, and of those at hand beside it. What was changed is compiled there, and the histories go on with
//! it; what cannot be compiled changes nothing, and is told of. What runs elsewhere keeps the version that it began with.
//!
//! The files are looked at, as a store is: that holds on every system and disk, and sees an editor that puts a new file in
//! the place of the old one; what it takes are the times of a few files, eight times a second. It must not know how a face
//! shows what it tells.

mod look;
mod stamp;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use refold_core::work::{Silent, Work};

use crate::error::AppError;
use crate::handler::heed_cancel;
use crate::watch::Bell;
use crate::wire::HandlersNews;

pub(crate) use look::Handlers;
pub(crate) use stamp::is_left_over;

/// Who is told, from the thread that looks. The first call comes at once.
pub type HandlersSink = Arc<dyn Fn(HandlersNews) + Send + Sync>;

/// A person who saves is shown what came of it within 300 ms.
const BETWEEN_LOOKS: Duration = Duration::from_millis(120);
/// Files that changed are whole when they are the same so much later: nobody is in the middle of writing them.
const UNTIL_WHOLE: Duration = Duration::from_millis(80);
/// Of the time, looking takes one part in so many at most.
const LEAST_PARTS: u32 = 50;

/// Handlers that are watched. Dropping it ends that.
#[derive(Debug)]
pub struct Reload {
    bell: Arc<Bell>,
}

impl Reload {
    /// Looks at the files of `handlers` until it is dropped.
    pub(crate) fn start(mut handlers: Handlers, sink: HandlersSink) -> Result<Reload, AppError> {
        let bell = Arc::<Bell>::default();
        let heard = Arc::clone(&bell);
        let body = move || {
            let _heeds = heed_cancel(heard.cancel());
            let work = Work::new(heard.cancel(), &Silent);
            sink(handlers.news());
            let mut pause = BETWEEN_LOOKS;
            while heard.wait(pause) {
                let started = Instant::now();
                let changed = handlers.look();
                pause = match handlers.is_changing() {
                    true => UNTIL_WHOLE,
                    false => BETWEEN_LOOKS,
                };
                pause = pause.max(started.elapsed() * LEAST_PARTS);
                let is_news = crate::jobs::caught(|| Ok(handlers.take_in(&work, &changed)));
                if heard.has_ended() {
                    return;
                }
                // A handler that ends the thread that compiles it, in a panic, is a fault of ours: the next look goes on.
                if is_news.unwrap_or_default() {
                    sink(handlers.news());
                }
            }
        };
        let started = thread::Builder::new().name("refold-handlers".to_owned()).spawn(body);
        started.map_err(|error| {
            AppError::internal(format!("no thread to watch the handlers could be started: {error}"))
        })?;
        Ok(Reload { bell })
    }
}

impl Drop for Reload {
    fn drop(&mut self) {
        self.bell.end();
    }
}
