//! Numbers that are missing among the newest events, where the server tells nobody who has drawn them: one that was drawn
//! and is not there may still come, until it has been missing for long.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use refold_core::event::{Columns, EventBatch};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::port::store::{Direction, EventReader as _, ReadQuery, StoreError};
use refold_core::time::Timestamp;
use refold_core::work::{CancelToken, Silent, Work};

use super::Server;
use super::reached::Reached;
use super::reader::ServerReader;
use crate::time::ZONE_UNKNOWN;

/// A number that has been missing for so long will not come.
pub const QUIET: Duration = Duration::from_secs(60);
pub const NEWEST_ROWS: usize = 1_000;
const NEWEST_PAGES: usize = 10;

/// What a server tells of the last time that somebody wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Nobody has for [`QUIET`].
    Quiet,
    /// All that was written up to this time is there, whatever it was about; `None`: the server does not say.
    UpTo(Option<Timestamp>),
}

#[derive(Debug, Default)]
pub struct Missing {
    /// The positions above numbers that are missing and may still come, and since when that is known.
    since: Mutex<BTreeMap<i64, Instant>>,
}

impl Missing {
    /// Looks where numbers are missing up to `last`, which was seen before, and what of that may still come, a name each.
    pub fn look<S: Server>(
        &self,
        reached: &Arc<Reached<S>>,
        (last, step): (i64, i64),
        written: Written,
        cancel: &CancelToken,
    ) -> Result<BTreeSet<String>, StoreError> {
        let gaps = match written {
            Written::Quiet => BTreeSet::new(),
            Written::UpTo(time) => gaps(reached, (last, step), time, cancel)?,
        };
        let now = Instant::now();
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.retain(|above, _| gaps.contains(above));
        for above in gaps {
            since.entry(above).or_insert(now);
        }
        let may_come = since.iter().filter(|(_, since)| now.duration_since(**since) < QUIET);
        Ok(may_come.map(|(above, _)| above.to_string()).collect())
    }

    /// Whether a number below this position may still come, by the last look.
    pub fn may_come(&self, above: i64) -> bool {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.get(&above).is_some_and(|since| since.elapsed() < QUIET)
    }
}

/// What is said of places in which numbers are missing, as the beginning of a sentence.
pub fn told(count: usize) -> String {
    format!("in {count} places numbers are missing that may still come, and did not")
}

/// The positions above numbers that are missing among the newest events, but for those that have been for long: the events
/// above them are older than the newest, or than `written`, by [`QUIET`].
fn gaps<S: Server>(
    reached: &Arc<Reached<S>>,
    (last, step): (i64, i64),
    written: Option<Timestamp>,
    cancel: &CancelToken,
) -> Result<BTreeSet<i64>, StoreError> {
    let query = ReadQuery {
        direction: Direction::Backward,
        ..ReadQuery::all(Columns::SKELETON)
    };
    let mut reader = ServerReader::new(Arc::clone(reached), &query, Some(last));
    let (mut batch, mut names, findings) = (EventBatch::default(), Names::default(), Findings::default());
    let (mut gaps, mut above, mut newest) = (BTreeSet::new(), None, None);
    let quiet_nanos = i64::try_from(QUIET.as_nanos()).unwrap_or(i64::MAX);
    for _ in 0..NEWEST_PAGES {
        let work = Work::new(cancel, &Silent);
        if !reader.next_batch(&work, NEWEST_ROWS, &mut batch, &mut names, &findings)? {
            // Numbers below the first position may be missing too.
            gaps.extend(above.filter(|first| *first > step));
            return Ok(gaps);
        }
        // Times that name no zone can be held against each other, and not against a clock.
        let is_zoneless = findings.summary().iter().any(|(code, ..)| *code == ZONE_UNKNOWN);
        let written = written.filter(|_| !is_zoneless);
        for (position, time) in batch.positions.iter().zip(&batch.recorded_at) {
            if above.is_some_and(|above: i64| above.saturating_sub(position.0) > step) {
                gaps.extend(above);
            }
            above = Some(position.0);
            if !time.is_none() {
                let newest: i64 = *newest.get_or_insert(time.0);
                let newest = written.map_or(newest, |written| newest.max(written.0));
                if time.0 < newest.saturating_sub(quiet_nanos) {
                    return Ok(gaps);
                }
            }
        }
    }
    Ok(gaps)
}
