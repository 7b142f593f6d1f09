//! How often a watched store is looked at: soon while it grows, seldom while it rests, and never so often that looking is
//! most of what is done. A pure rule.

use std::time::Duration;

const SOONEST: Duration = Duration::from_millis(250);
const RESTING: Duration = Duration::from_secs(2);
/// Between two attempts at a store that is out of reach.
const LOST: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// Of the time, a look may take one part in so many.
const LEAST_PARTS: u32 = 5;

/// See the module.
#[derive(Debug)]
pub struct Pace {
    wait: Duration,
    is_lost: bool,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            wait: SOONEST,
            is_lost: false,
        }
    }
}

impl Pace {
    /// How long to wait before the next look.
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// `outcome`: whether there was anything new; `None`: the store was out of reach. `took`: how long the look took.
    pub fn looked(&mut self, outcome: Option<bool>, took: Duration) {
        let least = took.saturating_mul(LEAST_PARTS - 1).max(SOONEST);
        self.wait = match outcome {
            Some(true) => least,
            Some(false) if self.is_lost => least,
            Some(false) => (self.wait * 3 / 2).min(RESTING).max(least),
            None if self.is_lost => (self.wait * 2).min(LOST.1),
            None => LOST.0,
        };
        self.is_lost = outcome.is_none();
    }

    /// The store is another one, and the next look finds the same, as a rule: it is opened as a whole for that.
    pub fn found_another(&mut self) {
        self.wait = LOST.1;
        self.is_lost = true;
    }
}
