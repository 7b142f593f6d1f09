//! What a history tells without being asked: how far a long fold of it is, and the findings that it came upon.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use refold_core::finding::Findings;
use refold_core::work::{Phase, Progress};

use crate::findings;
use crate::wire::{HistoryUpdate, JobUpdate};

/// Who is told, from whichever thread works for the history.
pub type HistorySink = Arc<dyn Fn(HistoryUpdate) + Send + Sync>;

/// A fold that is over sooner says nothing, so that a person who drags the cursor causes no traffic.
const BETWEEN_UPDATES: Duration = Duration::from_millis(100);

/// See the module.
pub struct News {
    job: u32,
    sink: HistorySink,
    /// So many findings were told so far.
    told_findings: AtomicU64,
}

impl News {
    /// `job`: what cancels whatever runs for the history.
    pub fn new(job: u32, sink: HistorySink) -> News {
        News {
            job,
            sink,
            told_findings: AtomicU64::new(0),
        }
    }

    /// The progress of one fold. Dropping it says that nothing runs any more, where anything was said at all.
    pub fn of_fold(&self) -> FoldNews<'_> {
        FoldNews {
            news: self,
            said: Mutex::new((Instant::now(), false)),
        }
    }

    /// Remembers that these findings are told in another way.
    pub fn skip(&self, findings: &Findings) {
        self.told_findings.store(count(findings), Ordering::Relaxed);
    }

    /// Tells all findings, if there are more than were told.
    pub fn tell(&self, findings: &Findings) {
        let present = count(findings);
        if self.told_findings.swap(present, Ordering::Relaxed) != present {
            (self.sink)(HistoryUpdate {
                findings: Some(findings::wire(findings)),
                ..HistoryUpdate::idle(self.job)
            });
        }
    }
}

fn count(findings: &Findings) -> u64 {
    findings.summary().iter().map(|(_, count, _)| count).sum()
}

/// See [`News::of_fold`].
pub struct FoldNews<'a> {
    news: &'a News,
    /// When something was said last (at first: when the fold began), and whether anything was.
    said: Mutex<(Instant, bool)>,
}

impl Progress for FoldNews<'_> {
    fn report(&self, phase: Phase, done: u64, total: Option<u64>) {
        // Who finds the lock taken has nothing newer to say.
        let Ok(mut said) = self.said.try_lock() else { return };
        if said.0.elapsed() < BETWEEN_UPDATES {
            return;
        }
        *said = (Instant::now(), true);
        (self.news.sink)(JobUpdate::of(self.news.job, phase, done, total).into());
    }
}

impl Drop for FoldNews<'_> {
    fn drop(&mut self) {
        if self.said.get_mut().is_ok_and(|(_, was_said)| *was_said) {
            (self.news.sink)(HistoryUpdate::idle(self.news.job));
        }
    }
}
