//! Long work: each job on a thread of its own with a name, a number to cancel it by, and progress about ten times a
//! second. A job that panics fails; the program goes on.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use refold_core::work::{CancelToken, Phase, Progress, Work};

use crate::error::AppError;
use crate::handler::heed_cancel;
use crate::wire::JobUpdate;

/// Who is told how far a job is: about ten times a second, from the job's thread. The first call names the job.
pub type ProgressSink<'a> = &'a (dyn Fn(JobUpdate) + Send + Sync);

const BETWEEN_UPDATES: Duration = Duration::from_millis(100);

/// The jobs that run now. Dropping it cancels them all.
#[derive(Default)]
pub struct Jobs {
    last: AtomicU32,
    running: Mutex<BTreeMap<u32, Running>>,
}

struct Running {
    /// What the job belongs to; closing that cancels it.
    owner: u32,
    cancel: CancelToken,
}

impl Jobs {
    /// Runs `work` on a thread called `name` and returns its outcome. `owner` is a session, or 0.
    pub fn run<T: Send>(
        &self,
        name: &str,
        owner: u32,
        sink: ProgressSink<'_>,
        work: impl FnOnce(&Work<'_>) -> Result<T, AppError> + Send,
    ) -> Result<T, AppError> {
        self.run_as(self.next_number(), name, owner, sink, work)
    }

    /// A number that no other job has.
    pub fn next_number(&self) -> u32 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// As [`Jobs::run`], as the job of a number from [`Jobs::next_number`].
    pub fn run_as<T: Send>(
        &self,
        job: u32,
        name: &str,
        owner: u32,
        sink: ProgressSink<'_>,
        work: impl FnOnce(&Work<'_>) -> Result<T, AppError> + Send,
    ) -> Result<T, AppError> {
        let cancel = CancelToken::default();
        self.lock().insert(
            job,
            Running {
                owner,
                cancel: cancel.clone(),
            },
        );
        let throttled = Throttled::new(job, sink);
        sink(JobUpdate::of(job, Phase::Starting, 0, None));
        let outcome = thread::scope(|scope| {
            let body = || {
                let _heeds = heed_cancel(&cancel);
                caught(|| work(&Work::new(&cancel, &throttled)))
            };
            match thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, body) {
                Ok(handle) => handle
                    .join()
                    .unwrap_or_else(|_| Err(AppError::internal("a job ended without an answer"))),
                Err(error) => Err(AppError::internal(format!(
                    "no thread for the job could be started: {error}"
                ))),
            }
        });
        self.lock().remove(&job);
        throttled.flush();
        outcome
    }

    /// One that is over is left alone.
    pub fn cancel(&self, job: u32) {
        if let Some(running) = self.lock().get(&job) {
            running.cancel.cancel();
        }
    }

    pub fn cancel_of(&self, owner: u32) {
        self.lock()
            .values()
            .filter(|running| running.owner == owner)
            .for_each(|running| running.cancel.cancel());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u32, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.lock().values().for_each(|running| running.cancel.cancel());
    }
}

/// Runs `work` and turns a panic into a failure.
pub fn caught<T>(work: impl FnOnce() -> Result<T, AppError>) -> Result<T, AppError> {
    // What a panic leaves half-done is either dropped with the job or behind a lock that recovers whole values.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let what = what
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        Err(AppError::internal(format!("something went wrong inside: {what}")))
    })
}

/// Passes on the first report of each phase, then one in a hundred milliseconds, and the last of all.
struct Throttled<'a> {
    job: u32,
    sink: ProgressSink<'a>,
    state: Mutex<(Option<Instant>, Option<Phase>, Option<JobUpdate>)>,
}

impl<'a> Throttled<'a> {
    fn new(job: u32, sink: ProgressSink<'a>) -> Throttled<'a> {
        Throttled {
            job,
            sink,
            state: Mutex::new((None, None, None)),
        }
    }

    fn flush(&self) {
        let held = self.state.lock().unwrap_or_else(PoisonError::into_inner).2.take();
        held.into_iter().for_each(self.sink);
    }
}

impl Progress for Throttled<'_> {
    fn report(&self, phase: Phase, done: u64, total: Option<u64>) {
        // Several workers report; who finds the lock taken has nothing newer to say.
        let Ok(mut state) = self.state.try_lock() else { return };
        let is_due = state.1 != Some(phase) || state.0.is_none_or(|last| last.elapsed() >= BETWEEN_UPDATES);
        let update = JobUpdate::of(self.job, phase, done, total);
        if !is_due {
            state.2 = Some(update);
            return;
        }
        *state = (Some(Instant::now()), Some(phase), None);
        drop(state);
        (self.sink)(update);
    }
}

#[cfg(test)]
mod tests;
