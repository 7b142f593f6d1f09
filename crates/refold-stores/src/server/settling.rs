//! Looks at a server for the settled horizon, and waits a while for it when a store is opened.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use refold_core::event::Position;
use refold_core::port::store::{StoreError, Unsettled};
use refold_core::work::{CancelToken, Cancelled};

use super::Server;
use super::horizon::{Horizon, Sight, below_gaps};
use super::link::{Asked, one};
use super::reached::Reached;

/// Writers that are not over are waited for so long when a store is opened.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// What is looked at on one kind of server.
pub trait Watch<S: Server>: Send + Sync {
    /// Where writers do not end, so many of the newest positions are looked at for missing ones at once, ten times.
    const GAP_ROWS: usize;

    /// One look: the last position first, then who writes.
    fn look(&self, reached: &Arc<Reached<S>>, cancel: &CancelToken) -> Result<Sight, StoreError>;

    /// How long a look says nothing new after another.
    fn pause(&self) -> Duration;

    /// How far apart positions are where none is missing.
    fn step(&self) -> i64;

    /// Why a position may yet appear below one that is called settled, if one may.
    fn doubt(&self) -> Option<&'static str>;

    /// That so many are not over, as the beginning of a sentence.
    fn not_over(&self, count: usize) -> String;

    /// Whether a missing number may still be drawn. `above`: the position behind the numbers that are missing.
    fn may_come(&self, above: i64) -> bool {
        let _ = above;
        true
    }
}

/// What was found, and what is to be said of it.
pub struct Found {
    pub horizon: Horizon,
    /// Why all is settled; `None`: not all is, which is said by `unsettled` alone, since who knows that more was settled once
    /// reads further.
    pub evidence: Option<String>,
    /// What is not shown because it is not settled.
    pub unsettled: Option<Unsettled>,
}

/// Waits a while for what was seen first to be settled, and says how far it is.
pub fn settle<S: Server>(
    watched: &S::Watched,
    reached: &Arc<Reached<S>>,
    cancel: &CancelToken,
) -> Result<Found, StoreError> {
    let first = watched.look(reached, cancel)?;
    let last = first.last;
    let mut horizon = Horizon::default();
    horizon.see(first);
    let end = Instant::now() + PATIENCE;
    while horizon.settled() < last && Instant::now() < end {
        if cancel.is_cancelled() {
            return Err(Cancelled.into());
        }
        thread::sleep(watched.pause());
        horizon.see(watched.look(reached, cancel)?);
    }
    let Some(last) = last.filter(|last| horizon.settled() < Some(*last)) else {
        let evidence = match horizon.settled() {
            Some(settled) => format!("all events up to position {settled} are settled"),
            None => "there are no events".to_owned(),
        };
        return Ok(Found {
            horizon,
            evidence: Some(evidence),
            unsettled: None,
        });
    };
    let positions = newest(reached, last, cancel)?;
    let settled = below_gaps(&positions, watched.step(), |above| watched.may_come(above));
    if settled == Some(last) {
        return Ok(Found {
            horizon: Horizon::at(settled),
            evidence: Some(format!(
                "{} within {} seconds, but no number is missing up to position {last}: all events up to there are settled",
                watched.not_over(horizon.waits_for()),
                PATIENCE.as_secs()
            )),
            unsettled: None,
        });
    }
    let why = format!(
        "{} within {} seconds",
        watched.not_over(horizon.waits_for()),
        PATIENCE.as_secs()
    );
    Ok(Found {
        horizon: Horizon::at(settled),
        evidence: None,
        unsettled: Some(Unsettled {
            behind: settled.map(Position),
            last: Some(Position(last)),
            why,
        }),
    })
}

/// The newest positions up to `last`, newest first.
pub fn newest<S: Server>(reached: &Reached<S>, last: i64, cancel: &CancelToken) -> Result<Vec<i64>, StoreError> {
    const GAP_PAGES: usize = 10;
    let sql = S::behind(&reached.bound.plan);
    let rows = <S::Watched as Watch<S>>::GAP_ROWS;
    let mut positions: Vec<i64> = Vec::new();
    for _ in 0..GAP_PAGES {
        let from = match positions.last() {
            None => last,
            Some(lowest) => match lowest.checked_sub(1) {
                Some(from) => from,
                None => break,
            },
        };
        let parameters = || [from, i64::try_from(rows).unwrap_or(i64::MAX)].map(S::number).into();
        let asked = || vec![Asked::new(sql.clone(), parameters())];
        let answer = one(reached.ask(asked, cancel)?);
        positions.extend(answer.rows.iter().filter_map(|row| S::held(row).integer(0)));
        if answer.rows.len() < rows {
            // Numbers below the first position may be missing too.
            positions.extend(positions.last().is_some_and(|lowest| *lowest > 0).then_some(0));
            break;
        }
    }
    Ok(positions)
}
