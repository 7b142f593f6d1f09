//! Looks at a server for the settled horizon, and waits a while for it when a store is opened.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use refold_core::event::Position;
use refold_core::port::store::{StoreError, Unsettled};
use refold_core::work::{CancelToken, Cancelled};

use super::Server;
use super::horizon::{Drawn, Horizon, Sight, below_gaps, drawn_since};
use super::link::{Asked, one};
use super::reached::Reached;
use crate::tables::plan::Plan;

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

    /// Those of `writers` who are not over, as far as the server tells of them. Each of them was seen before.
    fn writing(
        &self,
        reached: &Arc<Reached<S>>,
        writers: &BTreeSet<String>,
        cancel: &CancelToken,
    ) -> Result<Vec<Writing>, StoreError>;

    /// As [`Server::behind`], with the time by which each number had been drawn, if the server tells it: asked where it is
    /// known when those began who are not over.
    fn drawn(&self, plan: &Plan) -> String {
        S::behind(plan)
    }

    /// Whether a missing number may still be drawn. `above`: the position behind the numbers that are missing.
    fn may_come(&self, above: i64) -> bool {
        let _ = above;
        true
    }
}

/// Somebody who writes and is not over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Writing {
    /// When the transaction began, in microseconds of the server's clock, where numbers that are missing can be held against
    /// that.
    pub began: Option<i64>,
    /// Whose it is, and since when.
    pub told: String,
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
    let waited = horizon.waits_for();
    let mut open = watched.writing(reached, &waited, cancel)?;
    open.sort();
    // Of one that is not told nothing is known either.
    let began = open.iter().map(|open| open.began).min().flatten();
    let drawn = newest(reached, watched, (last, began), cancel)?;
    let younger: Vec<i64> = drawn_since(&drawn, began).iter().map(|of| of.position).collect();
    let settled = below_gaps(&younger, watched.step(), |above| watched.may_come(above));
    let why = format!(
        "{} within {} seconds{}",
        watched.not_over(waited.len()),
        PATIENCE.as_secs(),
        told(&open)
    );
    if settled == Some(last) {
        let since = if began.is_some() {
            " that was drawn since they began"
        } else {
            ""
        };
        return Ok(Found {
            horizon: Horizon::at(settled),
            evidence: Some(format!(
                "{why}, but no number{since} is missing up to position {last}: all events up to there are settled"
            )),
            unsettled: None,
        });
    }
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

/// Who is not over, those first of whom nothing is known.
fn told(open: &[Writing]) -> String {
    const TOLD: usize = 3;
    let mut all: Vec<String> = open.iter().take(TOLD).map(|open| open.told.clone()).collect();
    if open.len() > TOLD {
        all.push(format!("{} more", open.len() - TOLD));
    }
    if all.is_empty() {
        String::new()
    } else {
        format!(": {}", all.join(", "))
    }
}

/// The newest positions up to `last`, newest first. Where it is known when those began who are not over, no more than are
/// needed.
pub fn newest<S: Server>(
    reached: &Reached<S>,
    watched: &S::Watched,
    (last, began): (i64, Option<i64>),
    cancel: &CancelToken,
) -> Result<Vec<Drawn>, StoreError> {
    const GAP_PAGES: usize = 10;
    let plan = &reached.bound.plan;
    let sql = match began {
        None => S::behind(plan),
        Some(_) => watched.drawn(plan),
    };
    let rows = <S::Watched as Watch<S>>::GAP_ROWS;
    let mut drawn: Vec<Drawn> = Vec::new();
    for _ in 0..GAP_PAGES {
        let from = match drawn.last() {
            None => last,
            Some(lowest) => match lowest.position.checked_sub(1) {
                Some(from) => from,
                None => break,
            },
        };
        let parameters = || [from, i64::try_from(rows).unwrap_or(i64::MAX)].map(S::number).into();
        let asked = || vec![Asked::new(sql.clone(), parameters())];
        let answer = one(reached.ask(asked, cancel)?);
        drawn.extend(answer.rows.iter().filter_map(|row| {
            let held = S::held(row);
            Some(Drawn {
                position: held.integer(0)?,
                by: held.integer(1),
            })
        }));
        if answer.rows.len() < rows {
            // Numbers below the first position may be missing too.
            let is_first = drawn.last().is_some_and(|lowest| lowest.position > 0);
            drawn.extend(is_first.then_some(Drawn { position: 0, by: None }));
            break;
        }
        if drawn_since(&drawn, began).len() < drawn.len() {
            break;
        }
    }
    Ok(drawn)
}
