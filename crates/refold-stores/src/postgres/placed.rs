//! Stores whose library keeps no order of all events: positions are the places of rows in their table.
//!
//! A new row may be put anywhere among the others, so no position is settled for being low. What is settled is told by who
//! wrote a row: every transaction that began before the oldest one that is not over is over itself, and writes no more. So
//! an opened store holds the rows of these transactions, whatever others add meanwhile, and nothing is waited for but that
//! those are over which had begun when it was opened. A row that somebody changes or removes is gone from it all the same:
//! the new one was written by somebody else. The server counts these, and a read that may have missed some says so.

use std::iter;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use refold_core::port::store::{StoreError, Unsettled};
use refold_core::work::CancelToken;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::connection::{Connection, Parameter};
use super::{Asked, Postgres, statements};
use crate::server::horizon::Sight;
use crate::server::link::{Fault, Link as _, one};
use crate::server::open::Places;
use crate::server::places;
use crate::server::reached::{Meaning, Reached};
use crate::server::settling::PATIENCE;

const PAUSE: Duration = Duration::from_millis(25);

/// The table that holds the rows.
#[derive(Debug, Clone, Copy)]
pub struct Heap {
    pub oid: u32,
    /// What it is the only partition of.
    pub root: Option<u32>,
}

impl Heap {
    fn asked(self, sql: &str) -> Asked {
        let parameters: [Parameter; 2] = [(Box::new(self.oid), Type::OID), (Box::new(self.root), Type::OID)];
        Asked::new(sql, parameters.into())
    }

    /// Rows of it alone: another partition may come while the store is open.
    fn condition(self) -> Option<String> {
        self.root.map(|_| statements::in_partition(self.oid))
    }
}

/// What is looked at to see whether there is something new.
#[derive(Debug)]
pub struct Placed {
    heap: Heap,
    last: i64,
    /// What the server counted of the table when the store was opened.
    counted: String,
    /// The first transaction whose rows are not shown, where some of them were counted.
    hidden_from: Option<u64>,
    doubt: Option<&'static str>,
}

impl Placed {
    /// Waits a while for the transactions that are not over, and says what may be read.
    pub fn find(
        connection: &mut Connection,
        heap: Heap,
        is_standby: bool,
        cancel: &CancelToken,
    ) -> Result<(Placed, Places<Postgres>), Fault> {
        // Before all transactions: who was counted here had written, and is over once what had begun is over.
        let counted = Table::ask(connection, heap, cancel)?;
        let first = Transactions::ask(connection, cancel)?;
        let (mut now, end) = (first, Instant::now() + PATIENCE);
        while now.all_over_before < first.begun_before && Instant::now() < end {
            thread::sleep(PAUSE);
            now = Transactions::ask(connection, cancel)?;
        }
        let hidden_from = (now.all_over_before < first.begun_before).then_some(now.all_over_before);
        let unsettled = hidden_from.map(|_| Unsettled {
            behind: None,
            last: None,
            why: format!(
                "transactions of the server were not over within {} seconds",
                PATIENCE.as_secs()
            ),
        });
        let evidence = match &unsettled {
            None => "all events of transactions that were over when the store was opened are settled".to_owned(),
            Some(Unsettled { why, .. }) => format!(
                "{why}: what was written since the first of them began is not shown, and of events whose rows were changed \
                 since then neither the old nor the new ones are"
            ),
        };
        // Behind all transactions: no row of theirs lies beyond.
        let table = Table::ask(connection, heap, cancel)?;
        let placed = Placed {
            heap,
            last: places::position(table.blocks, 0) - 1,
            counted: counted.counted,
            hidden_from,
            doubt: is_standby
                .then_some("a standby does not count what is written: it is seen when the table grows by a block"),
        };
        let asked = move || heap.asked(statements::FILE);
        let written = statements::written_before(now.all_over_before);
        let found = Places {
            condition: heap
                .condition()
                .into_iter()
                .chain([written])
                .collect::<Vec<_>>()
                .join(" AND "),
            last: placed.last,
            evidence,
            unsettled,
            meaning: Meaning {
                asked: Box::new(asked),
                answer: table.file.into(),
                least: i64::try_from(now.all_over_before).map_err(|_| Fault::Closed)?,
                changed: counted.changed,
            },
        };
        Ok((placed, found))
    }

    /// What was changed since counts as a position behind the last.
    pub fn look(&self, reached: &Arc<Reached<Postgres>>, cancel: &CancelToken) -> Result<Sight, StoreError> {
        let asked = || {
            let table = self.heap.asked(statements::TABLE);
            let over = self.hidden_from.map(|_| Asked::new(statements::OVER, Vec::new()));
            iter::once(table).chain(over).collect()
        };
        let mut answers = reached.ask(asked, cancel)?.into_iter();
        let mut is_same = || -> Result<bool, Fault> {
            let (table, over) = (answers.next().unwrap_or_default(), answers.next().unwrap_or_default());
            let table = table.rows.first().map(Table::of).transpose()?;
            let over = over.rows.first().map(Transactions::of).transpose()?;
            // Once the first of those that hid something is over, there may be more to show, though nothing is written.
            let is_hidden = over.is_none_or(|over| Some(over.all_over_before) <= self.hidden_from);
            Ok(is_hidden && table.is_some_and(|table| table.counted == self.counted))
        };
        let is_same = is_same().map_err(|fault| fault.at(reached.connections.location()))?;
        Ok(Sight {
            last: Some(if is_same {
                self.last
            } else {
                self.last.saturating_add(1)
            }),
            writers: Default::default(),
        })
    }

    pub fn doubt(&self) -> Option<&'static str> {
        self.doubt
    }

    /// Another text once there is anything else to be shown.
    pub fn changes(&self) -> String {
        match self.hidden_from {
            None => self.counted.clone(),
            Some(transaction) => format!("{}:{transaction}", self.counted),
        }
    }
}

/// Transactions of the server by their numbers.
#[derive(Debug, Clone, Copy)]
struct Transactions {
    all_over_before: u64,
    begun_before: u64,
}

impl Transactions {
    fn ask(connection: &mut Connection, cancel: &CancelToken) -> Result<Transactions, Fault> {
        let answer = one(connection.ask(vec![Asked::new(statements::OVER, Vec::new())], cancel)?);
        Transactions::of(answer.rows.first().ok_or(Fault::Closed)?)
    }

    fn of(row: &Row) -> Result<Transactions, Fault> {
        let number = |place: usize| -> Result<u64, Fault> {
            let text: &str = row.try_get(place)?;
            text.parse().map_err(|_| Fault::Closed)
        };
        Ok(Transactions {
            all_over_before: number(0)?,
            begun_before: number(1)?,
        })
    }
}

/// The table of the events as the server keeps it.
struct Table {
    blocks: u32,
    /// The number of its file: another one once all rows were put elsewhere.
    file: u32,
    /// How many of its rows were changed or removed.
    changed: i64,
    counted: String,
}

impl Table {
    fn ask(connection: &mut Connection, heap: Heap, cancel: &CancelToken) -> Result<Table, Fault> {
        let answer = one(connection.ask(vec![heap.asked(statements::TABLE)], cancel)?);
        Table::of(answer.rows.first().ok_or(Fault::Closed)?)
    }

    fn of(row: &Row) -> Result<Table, Fault> {
        let blocks: i64 = row.try_get(0)?;
        Ok(Table {
            blocks: u32::try_from(blocks).map_err(|_| Fault::Closed)?,
            file: row.try_get(1)?,
            changed: row.try_get(2)?,
            counted: row.try_get(3)?,
        })
    }
}
