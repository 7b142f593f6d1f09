//! What is looked at for the settled horizon: locks on the tables of events and on the sequences of their positions.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use refold_core::port::store::StoreError;
use refold_core::work::CancelToken;
use tokio_postgres::types::Type;

use super::connection::Connection;
use super::placed::Placed;
use super::{Asked, Postgres, statements};
use crate::server::horizon::Sight;
use crate::server::link::{Answer, Fault, Link as _, one};
use crate::server::settling::Watch;
use crate::server::store::Reached;
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
    writers_sql: &'static str,
    /// The tables and sequences whose locks tell of writers.
    relations: Vec<u32>,
    /// How far apart positions are where none is missing.
    step: i64,
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
        let answer = one(connection.ask(vec![Asked::new(statements::SEQUENCES, parameters)], cancel)?);
        let mut watched = Numbered {
            last_sql: statements::last(plan),
            writers_sql: statements::WRITERS,
            relations: family,
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
            watched.doubt = Some(
                "a standby does not know which transactions of its primary are not over: an event that is committed late, below \
                 others that are shown, may be missing until the store is opened again",
            );
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

impl Watch<Postgres> for Watched {
    const GAP_ROWS: usize = 10_000;

    fn look(&self, reached: &Arc<Reached<Postgres>>, cancel: &CancelToken) -> Result<Sight, StoreError> {
        match self {
            Watched::Numbered(numbered) => {
                let answers = reached.ask(|| numbered.asked(), cancel)?;
                sight(answers).map_err(|fault| fault.at(reached.connections.location()))
            }
            Watched::Placed(placed) => placed.look(reached, cancel),
        }
    }

    fn pause(&self) -> Duration {
        Duration::from_millis(25)
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
        format!("{count} transactions that write to the store were not over")
    }
}

fn sight(answers: Vec<Answer<Postgres>>) -> Result<Sight, Fault> {
    let mut answers = answers.into_iter();
    let last = answers.next().unwrap_or_default();
    let writers = answers.next().unwrap_or_default();
    Ok(Sight {
        last: last.rows.first().map(|row| row.try_get(0)).transpose()?,
        writers: writers
            .rows
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<BTreeSet<String>, _>>()?,
    })
}
