//! Looks at a server for the settled horizon: the last position first, then who writes.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use refold_core::port::store::StoreError;
use refold_core::work::CancelToken;
use tokio_postgres::types::Type;

use super::bound::Bound;
use super::connection::{Answer, Asked, Connection, Fault};
use super::horizon::{Horizon, Sight, below_gaps};
use super::{catalogue, statements};

/// Writers that are not over are waited for so long when a store is opened.
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(25);
/// Where writers do not end, so many of the newest positions are looked at for missing ones, so many at once.
const GAP_ROWS: i64 = 10_000;
const GAP_PAGES: usize = 10;

/// What is looked at.
#[derive(Debug)]
pub struct Watched {
    last_sql: String,
    writers_sql: &'static str,
    /// The tables and sequences whose locks tell of writers.
    relations: Vec<u32>,
    /// How far apart positions are where none is missing.
    step: i64,
    /// Why a position may yet appear below one that is called settled, if one may.
    pub doubt: Option<&'static str>,
}

/// What was found, and what is to be said of it.
pub struct Found {
    pub horizon: Horizon,
    pub evidence: String,
}

impl Watched {
    /// `family`: the table of the events and all below it.
    pub fn find(
        connection: &mut Connection,
        bound: &Bound,
        family: &[u32],
        is_standby: bool,
        cancel: &CancelToken,
    ) -> Result<Watched, Fault> {
        let parameters = vec![
            (Box::new(bound.oid) as Box<_>, Type::OID),
            (Box::new(bound.position_number) as Box<_>, Type::INT2),
        ];
        let answer = catalogue::one(connection.ask(vec![Asked::new(statements::SEQUENCES, parameters)], cancel)?);
        let mut watched = Watched {
            last_sql: statements::end(&bound.plan, true),
            writers_sql: statements::WRITERS,
            relations: family.to_vec(),
            step: 1,
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
        if answer.rows.is_empty() {
            watched.doubt = Some("the store does not say where its numbers come from");
        }
        if is_standby {
            watched.writers_sql = statements::WRITERS_ON_STANDBY;
            watched.doubt = Some("a standby does not know of all that its primary is about to write");
        }
        Ok(watched)
    }

    fn asked(&self) -> Vec<Asked> {
        let is_on_primary = self.writers_sql == statements::WRITERS;
        let relations = is_on_primary.then(|| (Box::new(self.relations.clone()) as Box<_>, Type::OID_ARRAY));
        vec![
            Asked::new(self.last_sql.clone(), Vec::new()),
            Asked::new(self.writers_sql, relations.into_iter().collect()),
        ]
    }
}

/// One look. `ask` runs a unit of work.
pub fn look<E>(
    watched: &Watched,
    ask: impl FnOnce(&dyn Fn() -> Vec<Asked>) -> Result<Vec<Answer>, E>,
) -> Result<Sight, E>
where
    E: From<Fault>,
{
    let mut answers = ask(&|| watched.asked())?.into_iter();
    let number = |answer: Answer| answer.rows.first().map(|row| row.try_get(0)).transpose();
    let last = answers.next().map_or(Ok(None), number).map_err(Fault::from)?;
    let rows = answers.next().unwrap_or_default().rows;
    let writers: Result<BTreeSet<String>, _> = rows.iter().map(|row| row.try_get(0)).collect();
    Ok(Sight {
        last,
        writers: writers.map_err(Fault::from)?,
    })
}

/// Waits a while for what was seen first to be settled, and says how far it is.
pub fn settle(
    connection: &mut Connection,
    watched: &Watched,
    bound: &Bound,
    location: &str,
    cancel: &CancelToken,
) -> Result<Found, StoreError> {
    let mut look = || look(watched, |asked| connection.ask(asked(), cancel)).map_err(|fault| fault.at(location));
    let first = look()?;
    let last = first.last;
    let mut horizon = Horizon::default();
    horizon.see(first);
    let end = Instant::now() + PATIENCE;
    while horizon.settled() < last && Instant::now() < end {
        thread::sleep(PAUSE);
        horizon.see(look()?);
    }
    let Some(last) = last.filter(|last| horizon.settled() < Some(*last)) else {
        let evidence = match horizon.settled() {
            Some(settled) => format!("all events up to position {settled} are settled"),
            None => "there are no events".to_owned(),
        };
        return Ok(Found { horizon, evidence });
    };
    let writers = horizon.waits_for();
    let positions = newest(connection, bound, last, cancel).map_err(|fault| fault.at(location))?;
    let settled = below_gaps(&positions, watched.step);
    let evidence = format!(
        "{writers} transactions that write to the store were not over within {} seconds: what lies behind position {} up to \
         {last} may still change and is not shown",
        PATIENCE.as_secs(),
        settled.unwrap_or(last)
    );
    let horizon = Horizon::at(settled);
    Ok(Found { horizon, evidence })
}

/// The newest positions up to `last`, newest first.
fn newest(connection: &mut Connection, bound: &Bound, last: i64, cancel: &CancelToken) -> Result<Vec<i64>, Fault> {
    let sql = statements::behind(&bound.plan);
    let mut positions: Vec<i64> = Vec::new();
    for _ in 0..GAP_PAGES {
        let from = match positions.last() {
            None => last,
            Some(lowest) => match lowest.checked_sub(1) {
                Some(from) => from,
                None => break,
            },
        };
        let parameters = vec![
            (Box::new(from) as Box<_>, Type::INT8),
            (Box::new(GAP_ROWS) as Box<_>, Type::INT8),
        ];
        let answer = catalogue::one(connection.ask(vec![Asked::new(sql.clone(), parameters)], cancel)?);
        for row in &answer.rows {
            positions.push(row.try_get(0)?);
        }
        if answer.rows.len() < usize::try_from(GAP_ROWS).unwrap_or(usize::MAX) {
            // Numbers below the first position may be missing too.
            positions.extend(positions.last().is_some_and(|lowest| *lowest > 0).then_some(0));
            break;
        }
    }
    Ok(positions)
}
