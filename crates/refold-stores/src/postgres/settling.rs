//! What is looked at for the settled horizon: locks on the tables of events and on the sequences of their positions; on a
//! standby, which knows no locks of its primary, the numbers that are missing and how long they have been.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use refold_core::port::store::StoreError;
use refold_core::time::Timestamp;
use refold_core::work::CancelToken;
use tokio_postgres::types::Type;

use super::connection::{self, Connection};
use super::placed::Placed;
use super::{Asked, Postgres, statements};
use crate::server::horizon::Sight;
use crate::server::link::{Answer, Fault, Link as _};
use crate::server::missing::{self, Missing, QUIET, Written};
use crate::server::reached::Reached;
use crate::server::settling::{Watch, Writing};
use crate::tables::plan::Plan;

/// What is looked at.
#[derive(Debug)]
pub enum Watched {
    Numbered(Numbered),
    Placed(Placed),
}

/// Where positions are numbers that the store hands out.
#[derive(Debug)]
pub struct Numbered {
    last_sql: String,
    /// The tables and sequences whose locks tell of writers.
    relations: Vec<u32>,
    /// On a standby, which knows no locks of its primary: numbers that are missing there.
    missing: Option<Missing>,
    /// How far apart positions are where none is missing.
    step: i64,
    /// Whether it says something of a number that is missing when those began who are not over: each is drawn by the transaction
    /// that uses it, and the server says when whoever wrote a row was over.
    is_timed: bool,
    /// Why a position may yet appear below one that is called settled, if one may.
    doubt: Option<&'static str>,
}

impl Numbered {
    /// `family`: the table of the events and all below it.
    pub fn find(
        connection: &mut Connection,
        plan: &Plan,
        (oid, position_number): (u32, i16),
        family: Vec<u32>,
        is_standby: bool,
        cancel: &CancelToken,
    ) -> Result<Numbered, Fault> {
        let parameters = vec![
            (Box::new(oid) as Box<_>, Type::OID),
            (Box::new(position_number) as Box<_>, Type::INT2),
        ];
        let ends = vec![
            (Box::new(oid) as Box<_>, Type::OID),
            (Box::new(family.clone()) as Box<_>, Type::OID_ARRAY),
        ];
        let asked = vec![
            Asked::new(statements::SEQUENCES, parameters),
            Asked::new(statements::ENDS, ends),
        ];
        let mut answers = connection.ask(asked, cancel)?.into_iter();
        let (answer, ends) = (answers.next().unwrap_or_default(), answers.next().unwrap_or_default());
        let mut watched = Numbered {
            last_sql: statements::last(plan),
            relations: family,
            missing: None,
            step: 1,
            is_timed: false,
            doubt: None,
        };
        for row in &answer.rows {
            let (oid, kept, step): (u32, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            watched.relations.push(oid);
            watched.step = watched.step.max(step);
            if kept > 1 || step > 1 {
                watched.doubt = Some("the store hands out its numbers in blocks");
            }
        }
        let notes_ends = ends.rows.first().map(|row| row.try_get(0)).transpose()?;
        watched.is_timed = notes_ends == Some(true) && is_drawn_in_order(&answer)? && !is_standby;
        if answer.rows.is_empty() {
            watched.doubt = Some("the store does not say where its numbers come from");
        }
        if is_standby {
            watched.missing = Some(Missing::default());
            watched.doubt = Some(
                "a standby does not tell who writes on its primary: a number that is missing for 60 seconds counts as never to \
                 come",
            );
        }
        Ok(watched)
    }

    fn look(&self, reached: &Arc<Reached<Postgres>>, cancel: &CancelToken) -> Result<Sight, StoreError> {
        let asked = || {
            let relations = (Box::new(self.relations.clone()) as Box<_>, Type::OID_ARRAY);
            let mut asked = vec![
                Asked::new(self.last_sql.clone(), Vec::new()),
                Asked::new(statements::WRITERS, vec![relations]),
            ];
            if self.missing.is_some() {
                let seconds = (Box::new(QUIET.as_secs_f64()) as Box<_>, Type::FLOAT8);
                asked.push(Asked::new(statements::QUIET, vec![seconds]));
            }
            asked
        };
        let seen = Seen::of(reached.ask(asked, cancel)?).map_err(|fault| fault.at(reached.connections.location()))?;
        let writers = match (&self.missing, seen.last) {
            (Some(missing), Some(last)) if seen.is_standby => {
                missing.look(reached, (last, self.step), seen.written, cancel)?
            }
            _ => seen.writers,
        };
        Ok(Sight {
            last: seen.last,
            writers,
        })
    }

    fn writing(
        &self,
        reached: &Arc<Reached<Postgres>>,
        writers: &BTreeSet<String>,
        cancel: &CancelToken,
    ) -> Result<Vec<Writing>, StoreError> {
        if self.missing.is_some() {
            return Ok(Vec::new());
        }
        let asked = || {
            let relations = (Box::new(self.relations.clone()) as Box<_>, Type::OID_ARRAY);
            vec![
                // First: whoever wrote before and still does was in this transaction when its session was asked for.
                Asked::new(statements::SESSIONS, Vec::new()),
                Asked::new(statements::WRITERS, vec![relations]),
            ]
        };
        let mut answers = reached.ask(asked, cancel)?.into_iter();
        let (sessions, writing) = (answers.next().unwrap_or_default(), answers.next().unwrap_or_default());
        let open = self.told(&sessions, &writing, writers);
        open.map_err(|fault| fault.at(reached.connections.location()))
    }

    fn told(
        &self,
        sessions: &Answer<Postgres>,
        writing: &Answer<Postgres>,
        writers: &BTreeSet<String>,
    ) -> Result<Vec<Writing>, Fault> {
        let mut known = BTreeMap::new();
        for row in &sessions.rows {
            let (number, role, program): (i32, Option<String>, Option<String>) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let began: Option<i64> = row.try_get(3)?;
            known.insert(number, (connection::session(number, role, program), began));
        }
        let mut open = Vec::new();
        for row in &writing.rows {
            let (name, number): (String, Option<i32>) = (row.try_get(0)?, row.try_get(1)?);
            if !writers.contains(&name) {
                continue;
            }
            let (whose, began) = match number {
                None => ("a prepared transaction".to_owned(), None),
                Some(number) => known
                    .get(&number)
                    .cloned()
                    .unwrap_or_else(|| (connection::session(number, None, None), None)),
            };
            let nanos = began.and_then(|micros| micros.checked_mul(1_000));
            let since = nanos.map_or(String::new(), |nanos| format!(" since {}", Timestamp(nanos).display(0)));
            open.push(Writing {
                began: began.filter(|_| self.is_timed),
                told: format!("{whose}{since}"),
            });
        }
        Ok(open)
    }
}

/// Whether numbers are drawn one by one from one sequence, which goes up.
fn is_drawn_in_order(sequences: &Answer<Postgres>) -> Result<bool, Fault> {
    let [row] = sequences.rows.as_slice() else {
        return Ok(false);
    };
    let (kept, step): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
    Ok((kept, step) == (1, 1))
}

/// What one look brings.
struct Seen {
    last: Option<i64>,
    /// Of a standby nobody, whoever writes on its primary.
    writers: BTreeSet<String>,
    is_standby: bool,
    /// Of a standby: what its primary wrote, to any table.
    written: Written,
}

impl Seen {
    fn of(answers: Vec<Answer<Postgres>>) -> Result<Seen, Fault> {
        let mut answers = answers.into_iter().map(|answer| answer.rows);
        let mut rows = || answers.next().unwrap_or_default();
        let (last, writers, quiet) = (rows(), rows(), rows());
        let writers = writers.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        let (is_standby, written) = match quiet.first() {
            None => (false, Written::UpTo(None)),
            Some(row) if row.try_get(1)? => (row.try_get(0)?, Written::Quiet),
            Some(row) => {
                let micros: Option<i64> = row.try_get(2)?;
                let nanos = micros.and_then(|micros| micros.checked_mul(1_000));
                (row.try_get(0)?, Written::UpTo(nanos.map(Timestamp)))
            }
        };
        Ok(Seen {
            last: last.first().map(|row| row.try_get(0)).transpose()?,
            writers,
            is_standby,
            written,
        })
    }
}

impl Watch<Postgres> for Watched {
    const GAP_ROWS: usize = 10_000;

    fn look(&self, reached: &Arc<Reached<Postgres>>, cancel: &CancelToken) -> Result<Sight, StoreError> {
        match self {
            Watched::Numbered(numbered) => numbered.look(reached, cancel),
            Watched::Placed(placed) => placed.look(reached, cancel),
        }
    }

    fn pause(&self) -> Duration {
        match self.missing() {
            None => Duration::from_millis(25),
            // Each look reads the newest events.
            Some(_) => Duration::from_millis(120),
        }
    }

    fn step(&self) -> i64 {
        match self {
            Watched::Numbered(numbered) => numbered.step,
            Watched::Placed(_) => 1,
        }
    }

    fn doubt(&self) -> Option<&'static str> {
        match self {
            Watched::Numbered(numbered) => numbered.doubt,
            Watched::Placed(placed) => placed.doubt(),
        }
    }

    fn not_over(&self, count: usize) -> String {
        match self.missing() {
            None => format!("{count} transactions that write to the store were not over"),
            Some(_) => missing::told(count),
        }
    }

    fn writing(
        &self,
        reached: &Arc<Reached<Postgres>>,
        writers: &BTreeSet<String>,
        cancel: &CancelToken,
    ) -> Result<Vec<Writing>, StoreError> {
        match self {
            Watched::Numbered(numbered) => numbered.writing(reached, writers, cancel),
            Watched::Placed(_) => Ok(Vec::new()),
        }
    }

    fn drawn(&self, plan: &Plan) -> String {
        statements::drawn(plan)
    }

    fn may_come(&self, above: i64) -> bool {
        self.missing().is_none_or(|missing| missing.may_come(above))
    }
}

impl Watched {
    fn missing(&self) -> Option<&Missing> {
        match self {
            Watched::Numbered(numbered) => numbered.missing.as_ref(),
            Watched::Placed(_) => None,
        }
    }
}
