//! A server that was reached: every question to it goes through here, so that its plans are looked at first, and what positions
//! mean is asked behind each read of events.
//!
//! It must not know who asks, nor what is settled.

use std::sync::atomic::{AtomicBool, Ordering};

use refold_core::port::store::StoreError;
use refold_core::work::CancelToken;

use super::Server;
use super::bound::Bound;
use super::connections::{Asking, Connections};
use super::link::{Answer, Asked};
use super::plans::Plans;

/// A server that was reached, and the events there.
pub struct Reached<S: Server> {
    pub connections: Connections<S>,
    pub bound: Bound<S>,
    pub meaning: Option<Meaning<S>>,
    /// Where a table is large and nobody allowed to search through it.
    pub plans: Option<Plans>,
    /// Rows were changed or removed while the store was open, so that some of those that were settled may be gone.
    pub has_changed_rows: AtomicBool,
}

/// What is asked behind every read of events, and what it answers as long as positions mean what they meant.
pub struct Meaning<S: Server> {
    pub asked: Box<dyn Fn() -> Asked<S> + Send + Sync>,
    /// The first of it.
    pub answer: i64,
    /// The second of it is not below this on any server that has all that was settled.
    pub least: i64,
    /// The third of it, when the store was opened: how many rows were changed or removed.
    pub changed: i64,
}

impl<S: Server> Reached<S> {
    /// A page of events; `None` where nothing is `asked`.
    pub fn events(
        &self,
        asked: impl Fn() -> Option<Asked<S>>,
        cancel: &CancelToken,
    ) -> Result<Option<Answer<S>>, Asking> {
        self.look_at_plans(|| asked().into_iter().collect(), cancel)?;
        let unit = || {
            let events = asked();
            // Behind it, since the table stays as it is from the read to the end of the unit.
            let meaning = events
                .is_some()
                .then(|| Some((self.meaning.as_ref()?.asked)()))
                .flatten();
            events.into_iter().chain(meaning).collect()
        };
        let mut answers = self.connections.ask(unit, cancel)?.into_iter();
        let (events, meaning) = (answers.next(), answers.next());
        if let (Some(_), Some(meant)) = (&events, &self.meaning) {
            let held = meaning.as_ref().and_then(|answer| answer.rows.first()).map(S::held);
            let number = |place| held.as_ref()?.integer(place);
            if number(0) != Some(meant.answer) {
                return Err(self.changed("its table was written anew, and its events have other positions now"));
            }
            if number(1).is_none_or(|reached| reached < meant.least) {
                return Err(self.changed("another server answers now, which does not have all that the first had"));
            }
            if number(2) != Some(meant.changed) {
                self.has_changed_rows.store(true, Ordering::Relaxed);
            }
        }
        Ok(events)
    }

    fn changed(&self, detail: &str) -> Asking {
        Asking::Store(StoreError::Changed {
            location: self.connections.location().to_owned(),
            detail: detail.to_owned(),
        })
    }

    /// One unit of work.
    pub fn ask(&self, asked: impl Fn() -> Vec<Asked<S>>, cancel: &CancelToken) -> Result<Vec<Answer<S>>, StoreError> {
        let looked = self.look_at_plans(&asked, cancel);
        let answers = looked.and_then(|()| self.connections.ask(asked, cancel));
        answers.map_err(|asking| asking.at(self.connections.location()))
    }

    fn look_at_plans(&self, asked: impl Fn() -> Vec<Asked<S>>, cancel: &CancelToken) -> Result<(), Asking> {
        let Some(plans) = &self.plans else { return Ok(()) };
        let ask = |explained: &dyn Fn() -> Vec<Asked<S>>| self.connections.ask(explained, cancel);
        plans.look(self.connections.location(), &self.bound.plan, asked, ask)
    }
}
