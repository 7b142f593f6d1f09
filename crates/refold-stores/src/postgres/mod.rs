//! The adapter for PostgreSQL.
//!
//! [`options`] reads what it takes to reach a server, [`connection`] is one way there, [`privileges`] says what our role
//! could do, [`statements`] holds every statement that is ever sent, [`catalogue`] says what tables there are, [`bound`]
//! binds a layout to them, [`horizon`] says how far the store is settled, [`reader`] reads events. This module ties them
//! together.

mod bound;
mod catalogue;
mod connection;
mod connections;
mod course;
mod horizon;
mod look;
mod options;
mod privileges;
mod reader;
mod settling;
mod statements;
mod tls;
mod value;

use std::sync::{Arc, Mutex, PoisonError};

use refold_core::event::Position;
use refold_core::port::store::{
    EventReader, EventStore, Fingerprint, PositionRange, RawColumn, ReadQuery, StoreDescription, StoreError,
};
use refold_core::work::{CancelToken, Work};
use rusqlite::types::ValueRef;
use tokio_postgres::types::Type;

use self::bound::Bound;
use self::connection::Asked;
use self::connections::Connections;
use self::horizon::Horizon;
use self::reader::PostgresReader;
use self::settling::Watched;
use self::value::HeldRow;
use crate::tables::quoted;
use crate::{Candidate, LayoutChoice, OpenOptions};

pub use self::options::{Encryption, LOCAL_SOCKETS, Options, without_password};
pub use self::privileges::Role;

/// A server that was reached, and the events there.
struct Reached {
    connections: Connections,
    bound: Bound,
    watched: Watched,
}

/// An opened store on a server: what was settled when it was opened.
pub struct PostgresStore {
    reached: Arc<Reached>,
    /// The last position that was settled then.
    settled: Option<i64>,
    horizon: Mutex<Horizon>,
    description: StoreDescription,
    fingerprint: Fingerprint,
}

/// Opens the store that the options lead to, read-only. Without a `choice` the layout is found by looking.
pub fn open(
    work: &Work<'_>,
    options: &Options,
    choice: Option<&LayoutChoice>,
    open_options: &OpenOptions,
) -> Result<PostgresStore, StoreError> {
    look::open(work, options, choice, open_options)
}

/// Every layout that fits a table of the database, best first.
pub fn candidates(work: &Work<'_>, options: &Options) -> Result<Vec<Candidate>, StoreError> {
    look::candidates(work, options)
}

/// Who we are to a server, without looking at what it holds.
pub fn role(work: &Work<'_>, options: &Options) -> Result<Role, StoreError> {
    look::reach(work, options).map(|(_, role, _)| role)
}

impl EventStore for PostgresStore {
    fn describe(&self) -> &StoreDescription {
        &self.description
    }

    fn fingerprint(&self) -> Result<Fingerprint, StoreError> {
        Ok(self.fingerprint.clone())
    }

    fn is_current(&self) -> Result<bool, StoreError> {
        let (reached, cancel) = (&self.reached, CancelToken::default());
        let sight = settling::look(&reached.watched, |asked| reached.connections.ask(asked, &cancel));
        let sight = sight.map_err(|asking| asking.at(reached.connections.location()))?;
        let mut horizon = self.horizon.lock().unwrap_or_else(PoisonError::into_inner);
        horizon.see(sight);
        Ok(horizon.settled() <= self.settled)
    }

    fn read(&self, query: &ReadQuery) -> Result<Box<dyn EventReader>, StoreError> {
        Ok(Box::new(PostgresReader::new(
            Arc::clone(&self.reached),
            query,
            self.settled,
        )))
    }

    fn split(&self, parts: usize) -> Result<Vec<PositionRange>, StoreError> {
        let whole = vec![(None, None)];
        // Where each page looks at the whole table, several readers would do so at once.
        let Some((first, last)) = self
            .description
            .position_span
            .filter(|_| self.reached.bound.plan.has_position_index)
        else {
            return Ok(whole);
        };
        let (first, last) = (i128::from(first.0), i128::from(last.0));
        let parts = i128::try_from(parts).unwrap_or(1).clamp(1, (last - first).max(1));
        let cut = |part: i128| {
            let at = first - 1 + (last - first + 1) * part / parts;
            (1..parts)
                .contains(&part)
                .then(|| i64::try_from(at).ok())
                .flatten()
                .map(Position)
        };
        Ok((0..parts).map(|part| (cut(part), cut(part + 1))).collect())
    }

    fn raw(&self, position: Position) -> Result<Option<Vec<RawColumn>>, StoreError> {
        let plan = &self.reached.bound.plan;
        if self.settled.is_none_or(|settled| position.0 > settled) {
            return Ok(None);
        }
        let columns = plan
            .table_columns
            .iter()
            .map(|name| format!("\"event\".{}", quoted(name)));
        let columns: Vec<String> = columns.collect();
        let sql = statements::row(plan, &columns);
        let asked = || vec![Asked::new(sql.clone(), vec![(Box::new(position.0), Type::INT8)])];
        let answers = self.reached.connections.ask(asked, &CancelToken::default());
        let answer = catalogue::one(answers.map_err(|asking| asking.at(self.reached.connections.location()))?);
        Ok(answer.rows.first().map(|row| {
            let (held, types) = (HeldRow::of(row), row.columns());
            let named = plan.table_columns.iter().zip(types).zip(&held.0);
            named
                .map(|((name, column), held)| RawColumn {
                    name: name.clone(),
                    kind: column.type_().name().to_owned(),
                    bytes: match held.as_value() {
                        ValueRef::Null => Vec::new(),
                        ValueRef::Integer(number) => number.to_string().into_bytes(),
                        ValueRef::Real(number) => number.to_string().into_bytes(),
                        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_owned(),
                    },
                })
                .collect()
        }))
    }
}
