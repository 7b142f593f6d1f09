//! The settled horizon: the position up to which no event can appear any more.
//!
//! A store hands out positions before transactions commit, so an event may appear below one that was seen already. A
//! transaction that has drawn a position holds a lock on the sequence, or on the table, until it is over. So the last
//! position that is seen is settled once all transactions are over that held such a lock *after* it was seen: whoever drew
//! a lower one was among them, or was over already.
//!
//! This module knows no server: it is told what was seen, in the order in which it was seen.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

/// What was seen of a store: first its last position, then who writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    pub last: Option<i64>,
    /// Transactions that may have drawn positions and are not over.
    pub writers: BTreeSet<String>,
}

/// How far a store is settled, and what that waits for to go on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Horizon {
    settled: Option<i64>,
    waits: Option<Wait>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Wait {
    last: Option<i64>,
    writers: BTreeSet<String>,
}

impl Horizon {
    /// A store that is known to be settled up to here.
    pub fn at(settled: Option<i64>) -> Horizon {
        Horizon { settled, waits: None }
    }

    /// The last position that is settled; `None`: no event is.
    pub fn settled(&self) -> Option<i64> {
        self.settled
    }

    /// Takes in what was seen. What was seen before must be over when this was seen.
    pub fn see(&mut self, sight: Sight) {
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

    /// How many transactions must be over before more is settled.
    pub fn waits_for(&self) -> usize {
        self.waits.as_ref().map_or(0, |wait| wait.writers.len())
    }
}

/// How far a store is settled while writers do not end: up to the lowest number that is missing among `positions`, which
/// descend from the last one by `step` where none is missing. Each missing number may be one that a writer has drawn.
///
/// `None`: nothing of `positions` is settled for sure; never where no number is missing.
pub fn below_gaps(positions: &[i64], step: i64) -> Option<i64> {
    let lowest_gap = positions.windows(2).rposition(|pair| pair[0] - pair[1] > step.max(1));
    match lowest_gap {
        Some(gap) => positions.get(gap + 1).copied(),
        None => positions.first().copied(),
    }
}
