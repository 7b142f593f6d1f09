//! Watching an open store: a thread of its own looks now and then whether somebody wrote to it, brings what is open up to
//! date, and tells. It touches nothing: a look reads the file's stamp, and the store itself only when that changed.
//!
//! It must not know how a face shows what it tells.

mod bell;
mod held;
mod look;
mod pace;
#[cfg(test)]
mod tests;

use std::mem;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use refold_core::work::{Silent, Work};

use crate::clock;
use crate::error::AppError;
use crate::text;
use crate::wire::{HistoryGrowth, LostStore, StoreBack, StoreNews};

pub(crate) use bell::Bell;
pub(crate) use held::{Change, Held};
pub(crate) use look::{Look, Open};
pub(crate) use pace::Pace;

/// Who is told, from the thread that watches. The first call comes at once.
pub type NewsSink = Arc<dyn Fn(StoreNews) + Send + Sync>;

/// A store that is watched. Dropping it ends that.
#[derive(Debug)]
pub struct Watch {
    bell: Arc<Bell>,
}

impl Watch {
    /// Looks at the store behind `open` until it is dropped.
    pub(crate) fn start(open: Open, sink: NewsSink) -> Result<Watch, AppError> {
        let bell = Arc::<Bell>::default();
        let heard = Arc::clone(&bell);
        let body = move || watch(&open, &heard, &sink);
        let started = thread::Builder::new().name("refold-watch".to_owned()).spawn(body);
        started
            .map_err(|error| AppError::internal(format!("no thread to watch the store could be started: {error}")))?;
        Ok(Watch { bell })
    }

    /// Looks at once, whatever the pace is.
    pub fn look_now(&self) {
        self.bell.ring();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.bell.end();
    }
}

fn watch(open: &Open, bell: &Bell, sink: &NewsSink) {
    let kept_as_of = open.kept_as_of();
    let mut is_kept = kept_as_of.is_some();
    let (mut pace, mut told) = (Pace::default(), Told::new(kept_as_of));
    sink(told.news(open.histories()));
    loop {
        if !bell.wait(pace.wait()) {
            return;
        }
        let started = Instant::now();
        let work = Work::new(bell.cancel(), &Silent);
        let look = crate::jobs::caught(|| open.look(&work));
        if bell.has_ended() {
            return;
        }
        let has_more = matches!(look, Ok(Look::Grown { .. }));
        match &look {
            Ok(Look::Another(_)) => pace.found_another(),
            _ => pace.looked(look.is_ok().then_some(has_more), started.elapsed()),
        }
        // Whoever opened it again: a build of its index may have, too.
        if is_kept && open.kept_as_of().is_none() {
            is_kept = false;
            told.back = open.back();
        }
        // Of a store that cannot be read nobody knows.
        let held_back = look.is_ok().then(|| open.held_back()).flatten();
        let is_held_news = told.held.see(held_back, Instant::now()).is_some();
        if told.take(look, &pace) || is_held_news {
            sink(told.news(open.histories()));
        }
    }
}

/// What was told last.
struct Told {
    events: Option<u32>,
    new_events: u32,
    size: Option<String>,
    events_per_second: u32,
    lost: Option<LostStore>,
    is_outdated: bool,
    as_of: String,
    /// Since when no event was counted.
    counted_at: Instant,
    /// What is to be told once.
    back: Option<StoreBack>,
    held: Held,
}

/// A rate is told for so long after the last events.
const RATE_LASTS: Duration = Duration::from_secs(3);

impl Told {
    /// `as_of`: of a store that is out of what is kept.
    fn new(as_of: Option<String>) -> Told {
        Told {
            events: None,
            new_events: 0,
            size: None,
            events_per_second: 0,
            lost: None,
            is_outdated: false,
            as_of: as_of.unwrap_or_else(now_label),
            counted_at: Instant::now(),
            back: None,
            held: Held::default(),
        }
    }

    fn news(&mut self, histories: Vec<HistoryGrowth>) -> StoreNews {
        StoreNews {
            events: self.events,
            new_events: self.new_events,
            size: self.size.clone(),
            events_per_second: self.events_per_second,
            histories,
            lost: self.lost.clone(),
            is_outdated: self.is_outdated,
            as_of: self.as_of.clone(),
            back: self.back.take(),
            held_back: self.held.wire(),
        }
    }

    fn lose(&mut self, error: AppError, is_another: bool, pace: &Pace) -> bool {
        self.events_per_second = 0;
        self.lost = Some(LostStore {
            error: error.into(),
            is_another,
            since: self.lost.take().map_or_else(now_label, |lost| lost.since),
            retry_in_millis: u32::try_from(pace.wait().as_millis()).unwrap_or(u32::MAX),
        });
        true
    }

    /// Takes the outcome of a look in. Says whether there is news.
    fn take(&mut self, look: Result<Look, AppError>, pace: &Pace) -> bool {
        let elapsed = self.counted_at.elapsed();
        let is_back = self.back.is_some();
        match look {
            Err(error) => self.lose(error, false, pace),
            Ok(Look::Another(error)) => {
                let error = error.advised(
                    "try again: all of it is then read as it is now, and what is open stays open where it still is",
                );
                self.lose(error, true, pace)
            }
            // What is shown stays as of when it was read.
            Ok(Look::Outdated) => {
                let was_lost = self.lost.take().is_some();
                !mem::replace(&mut self.is_outdated, true) || was_lost
            }
            Ok(Look::Grown {
                events,
                new_events,
                byte_count,
            }) => {
                self.lost = None;
                self.as_of = now_label();
                let came = new_events.saturating_sub(self.new_events);
                self.events = events.or(self.events);
                self.new_events = new_events;
                self.size = byte_count.map(text::size_label);
                if came > 0 {
                    self.events_per_second = per_second(came, elapsed);
                    self.counted_at = Instant::now();
                }
                true
            }
            Ok(Look::Same) => {
                let was_lost = self.lost.take().is_some();
                self.as_of = now_label();
                let fades = self.events_per_second > 0 && elapsed > RATE_LASTS;
                if fades {
                    self.events_per_second = 0;
                }
                was_lost || fades || is_back
            }
        }
    }
}

fn per_second(events: u32, elapsed: Duration) -> u32 {
    let millis = elapsed.as_millis().max(1);
    u32::try_from((u128::from(events) * 1_000).div_ceil(millis)).unwrap_or(u32::MAX)
}

fn now_label() -> String {
    text::time_label(clock::now(), 3)
}
