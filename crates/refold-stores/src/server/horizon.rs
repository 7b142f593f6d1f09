//! The settled horizon: the position up to which no event can appear any more.
//!
//! A store hands out positions before transactions commit, so an event may appear below one that was seen already. Whoever
//! has drawn a position and is not over can be seen: by a lock that he holds, as a transaction that writes, or by the
//! number that is missing. So the last position that is seen is settled once all are over that were seen *after* it:
//! whoever drew a lower one was among them, or was over already.
//!
//! This module knows no server: it is told what was seen, in the order in which it was seen.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

/// What was seen of a store: first its last position, then who writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    pub last: Option<i64>,
    /// Who may have drawn positions and is not over.
    pub writers: BTreeSet<String>,
}

/// How far a store is settled, and what that waits for to go on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Horizon {
    settled: Option<i64>,
    waits: Option<Wait>,
    /// The last position that was seen.
    seen: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Wait {
    last: Option<i64>,
    writers: BTreeSet<String>,
}

impl Horizon {
    /// A store that is known to be settled up to here.
    pub fn at(settled: Option<i64>) -> Horizon {
        Horizon {
            settled,
            waits: None,
            seen: None,
        }
    }

    /// The last position that is settled; `None`: no event is.
    pub fn settled(&self) -> Option<i64> {
        self.settled
    }

    /// Takes in what was seen. What was seen before must be over when this was seen.
    pub fn see(&mut self, sight: Sight) {
        self.seen = sight.last;
        if let Some(wait) = &mut self.waits {
            wait.writers.retain(|writer| sight.writers.contains(writer));
            if wait.writers.is_empty() {
                self.settled = self.settled.max(wait.last);
                self.waits = None;
            }
        }
        if sight.writers.is_empty() {
            self.settled = self.settled.max(sight.last);
            self.waits = None;
        } else if self.waits.is_none() && sight.last > self.settled {
            let Sight { last, writers } = sight;
            self.waits = Some(Wait { last, writers });
        }
    }

    /// The last position that was seen, where it is not settled.
    pub fn unsettled(&self) -> Option<i64> {
        self.seen.filter(|seen| Some(*seen) > self.settled)
    }

    /// Who must be over before more is settled.
    pub fn waits_for(&self) -> BTreeSet<String> {
        self.waits.as_ref().map(|wait| wait.writers.clone()).unwrap_or_default()
    }
}

/// A number that is there, and a time by which it had been drawn: that at which whoever wrote it was over, in microseconds of
/// the server's clock. `None`: the server does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    pub position: i64,
    pub by: Option<i64>,
}

/// Of two times of one server it is sure which was the earlier one where they are so far apart: its clock may have been set
/// back by less, or one of them be of the server that was the primary before.
pub const CLOCK_SLACK: Duration = Duration::from_secs(3_600);

/// Those of `drawn`, newest first, among which a number may be missing that a writer has drawn who began at `began` at the
/// earliest: down to the first that had been drawn before. Numbers ascend, so whatever is missing below that one had been
/// drawn before as well, by somebody who is over.
///
/// This holds only where a number is drawn by the transaction that uses it, and not out of some that a session keeps.
pub fn drawn_since(drawn: &[Drawn], began: Option<i64>) -> &[Drawn] {
    let slack = i64::try_from(CLOCK_SLACK.as_micros()).unwrap_or(i64::MAX);
    let is_older = |of: &Drawn| {
        of.by
            .zip(began)
            .is_some_and(|(by, began)| by.saturating_add(slack) < began)
    };
    let older = drawn.iter().position(is_older);
    older.and_then(|older| drawn.get(..=older)).unwrap_or(drawn)
}

/// How far a store is settled while writers do not end: up to the lowest number that is missing among `positions`, which
/// descend from the last one by `step` where none is missing. Each missing number may be one that a writer has drawn;
/// `may_come` says so of those below a position.
///
/// `None`: nothing of `positions` is settled for sure; never where no number is missing.
pub fn below_gaps(positions: &[i64], step: i64, may_come: impl Fn(i64) -> bool) -> Option<i64> {
    let is_gap = |pair: &[i64]| pair[0].saturating_sub(pair[1]) > step.max(1) && may_come(pair[0]);
    match positions.windows(2).rposition(is_gap) {
        Some(gap) => positions.get(gap + 1).copied(),
        None => positions.first().copied(),
    }
}
