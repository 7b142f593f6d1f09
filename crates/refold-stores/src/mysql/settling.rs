//! What is looked at for the settled horizon: transactions that write, or where we may not see them the numbers that are
//! missing and how long they have been.
//!
//! An auto_increment hands out numbers before transactions commit, and tells nobody to whom.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::iter;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use refold_core::port::store::StoreError;
use refold_core::work::CancelToken;

use super::value::Parameter;
use super::{Asked, MySql, statements};
use crate::server::horizon::Sight;
use crate::server::link::one;
use crate::server::missing::{self, Missing, NEWEST_ROWS, QUIET, Written};
use crate::server::open::Account;
use crate::server::reached::Reached;
use crate::server::settling::{Watch, Writing};
use crate::tables::plan::Plan;

/// The server shows transactions as they were at most so long ago.
const SHOWN_LATE: Duration = Duration::from_millis(120);

/// What is looked at.
pub struct Watched {
    last_sql: String,
    /// Database and name of the table of events.
    table: (String, String),
    sees_writers: bool,
    /// Whether it sees of them alone who may have written to the table.
    sees_locks: bool,
    /// Who was seen to write when it was looked last.
    seen: Mutex<BTreeSet<String>>,
    step: i64,
    doubt: Option<&'static str>,
    missing: Missing,
}

impl Watched {
    /// Whether the server itself numbers the events, and whether it tells of locks on the table.
    pub fn new(
        plan: &Plan,
        table: (String, String),
        account: &Account<MySql>,
        (is_counted, tells_locks): (bool, bool),
    ) -> Watched {
        let (role, insight) = (&account.role, &account.insight);
        let doubt = if role.is_standby {
            Some("a replica may apply transactions in another order than they were committed in")
        } else if !is_counted {
            Some("the store does not say where its numbers come from")
        } else if insight.step > 1 {
            Some("the server hands out its numbers in steps, as the servers of a cluster do")
        } else if !insight.sees_writers {
            Some(
                "without the privilege PROCESS nobody is seen who writes: a number that is missing for 60 seconds counts as \
                 never to come",
            )
        } else {
            None
        };
        Watched {
            last_sql: statements::last(plan),
            table,
            sees_writers: insight.sees_writers && !role.is_standby,
            // Numbers of elsewhere are drawn by whoever has not come to this table yet.
            sees_locks: tells_locks && is_counted,
            seen: Mutex::default(),
            step: insight.step.max(1),
            doubt,
            missing: Missing::default(),
        }
    }

    fn last(
        &self,
        reached: &Reached<MySql>,
        cancel: &CancelToken,
    ) -> Result<(Option<i64>, BTreeSet<String>), StoreError> {
        let asked = || {
            let (database, table) = &self.table;
            let writers = match self.sees_locks {
                true => {
                    let named = [database, table].map(|name| Parameter::Text(name.clone())).into();
                    Asked::new(statements::WRITERS_THERE, named)
                }
                false => Asked::new(statements::WRITERS, Vec::new()),
            };
            let last = Asked::new(self.last_sql.as_str(), Vec::new());
            iter::once(last).chain(self.sees_writers.then_some(writers)).collect()
        };
        let mut answers = reached.ask(asked, cancel)?.into_iter();
        let last = one(answers.by_ref().take(1).collect());
        let last = last.rows.first().map(|row| {
            row.integer(0).ok_or_else(|| StoreError::Driver {
                location: reached.connections.location().to_owned(),
                detail: format!(
                    "positions up to {} are beyond what can be counted",
                    row.text(0).unwrap_or_default()
                ),
            })
        });
        let writers = answers.next().unwrap_or_default();
        Ok((
            last.transpose()?,
            writers.rows.iter().filter_map(|row| row.text(0)).collect(),
        ))
    }

    /// Whether nobody has written to the table for a while, by the server's own account and clock.
    fn is_quiet(&self, reached: &Reached<MySql>, cancel: &CancelToken) -> Result<bool, StoreError> {
        let (database, table) = &self.table;
        let asked = || {
            let named = [database, table].map(|name| Parameter::Text(name.clone())).into();
            vec![
                Asked::new(statements::WRITTEN, named),
                Asked::new(statements::UPTIME, Vec::new()),
            ]
        };
        let mut answers = reached.ask(asked, cancel)?.into_iter();
        let (written, uptime) = (
            one(answers.by_ref().take(1).collect()),
            answers.next().unwrap_or_default(),
        );
        let Some(row) = written.rows.first() else {
            return Ok(false);
        };
        let uptime = || uptime.rows.first()?.text(1)?.parse().ok();
        let seconds: Option<i64> = match (row.text(0), row.text(2).as_deref()) {
            // InnoDB says nothing of a table that nobody has written to since the server started.
            (None, Some("InnoDB")) => uptime(),
            _ => row.integer(1),
        };
        Ok(seconds.is_some_and(|seconds| u64::try_from(seconds).is_ok_and(|seconds| seconds > QUIET.as_secs())))
    }
}

/// The number of the session, and when the transaction began: of one whose session is gone 0, and its own number behind that.
fn parts(writer: &str) -> Option<(&str, &str)> {
    let (session, rest) = writer.split_once('/')?;
    Some((session, rest.split('/').next().unwrap_or(rest)))
}

/// A transaction that is prepared has another name once its session is gone: whoever was `seen` before and began with such a
/// one may be that.
fn with_prepared(writers: &mut BTreeSet<String>, seen: &BTreeSet<String>) {
    let left: BTreeSet<&str> = writers
        .iter()
        .filter_map(|writer| parts(writer))
        .filter_map(|(session, began)| (session == "0").then_some(began))
        .collect();
    let is_left = |writer: &&String| parts(writer).is_some_and(|(_, began)| left.contains(began));
    let kept: Vec<String> = seen.iter().filter(is_left).cloned().collect();
    writers.extend(kept);
}

/// Whose transaction it is, and since when, as far as its name says.
fn told(writer: &str) -> String {
    match parts(writer) {
        None => "a transaction of which nothing is known".to_owned(),
        Some(("0", began)) => format!("a prepared transaction since {began} by the clock of the server"),
        Some((session, began)) => format!("connection {session} since {began} by the clock of the server"),
    }
}

impl Watch<MySql> for Watched {
    const GAP_ROWS: usize = NEWEST_ROWS;

    fn look(&self, reached: &Arc<Reached<MySql>>, cancel: &CancelToken) -> Result<Sight, StoreError> {
        let (last, mut writers) = self.last(reached, cancel)?;
        let Some(at) = last else {
            return Ok(Sight { last, writers });
        };
        if self.sees_writers {
            // Whoever drew a number just now is shown with the next look.
            thread::sleep(SHOWN_LATE);
            writers.extend(self.last(reached, cancel)?.1);
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            with_prepared(&mut writers, &seen);
            seen.clone_from(&writers);
            return Ok(Sight { last, writers });
        }
        let written = match self.is_quiet(reached, cancel)? {
            true => Written::Quiet,
            // Up to when others wrote to the table, its newest events say.
            false => Written::UpTo(None),
        };
        writers.extend(self.missing.look(reached, (at, self.step), written, cancel)?);
        Ok(Sight { last, writers })
    }

    fn pause(&self) -> Duration {
        SHOWN_LATE
    }

    fn step(&self) -> i64 {
        self.step
    }

    fn doubt(&self) -> Option<&'static str> {
        self.doubt
    }

    fn not_over(&self, count: usize) -> String {
        match self.sees_writers {
            true if self.sees_locks => format!("{count} transactions that write to the store were not over"),
            true => format!("{count} transactions that write were not over"),
            false => missing::told(count),
        }
    }

    /// Nobody is told when whoever wrote a row was over, so that it says nothing when those began who are not.
    fn writing(
        &self,
        _: &Arc<Reached<MySql>>,
        writers: &BTreeSet<String>,
        _: &CancelToken,
    ) -> Result<Vec<Writing>, StoreError> {
        let writers = writers.iter().filter(|_| self.sees_writers);
        let open = writers.map(|writer| Writing {
            began: None,
            told: told(writer),
        });
        Ok(open.collect())
    }

    fn may_come(&self, above: i64) -> bool {
        self.sees_writers || self.missing.may_come(above)
    }
}
