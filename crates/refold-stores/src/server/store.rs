//! An opened store on a server: what was settled when it was opened.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use refold_core::event::Position;
use refold_core::port::store::{
    EventReader, EventStore, Fingerprint, PositionRange, RawColumn, ReadQuery, StoreDescription, StoreError,
};
use refold_core::work::CancelToken;
use rusqlite::types::ValueRef;
use sha2::{Digest as _, Sha256};

use super::Server;
use super::bound::Bound;
use super::connections::{Asking, Connections};
use super::horizon::Horizon;
use super::link::{Answer, Asked};
use super::plans::Plans;
use super::reader::ServerReader;
use super::settling::Watch as _;
use crate::layout::hex;
use crate::tables::cut;

/// A server that was reached, and the events there.
pub struct Reached<S: Server> {
    pub connections: Connections<S>,
    pub bound: Bound<S>,
    pub meaning: Option<Meaning<S>>,
    /// Where a table is large and nobody allowed to search through it.
    pub plans: Option<Plans>,
    /// Rows were changed or removed while the store was open, so that some of those that were settled may be gone.
    pub has_changed_rows: AtomicBool,
}

/// What is asked behind every read of events, and what it answers as long as positions mean what they meant.
pub struct Meaning<S: Server> {
    pub asked: Box<dyn Fn() -> Asked<S> + Send + Sync>,
    /// The first of it.
    pub answer: i64,
    /// The second of it is not below this on any server that has all that was settled.
    pub least: i64,
    /// The third of it, when the store was opened: how many rows were changed or removed.
    pub changed: i64,
}

impl<S: Server> Reached<S> {
    /// A page of events; `None` where nothing is `asked`.
    pub fn events(
        &self,
        asked: impl Fn() -> Option<Asked<S>>,
        cancel: &CancelToken,
    ) -> Result<Option<Answer<S>>, Asking> {
        self.look_at_plans(|| asked().into_iter().collect(), cancel)?;
        let unit = || {
            let events = asked();
            // Behind it, since the table stays as it is from the read to the end of the unit.
            let meaning = events
                .is_some()
                .then(|| Some((self.meaning.as_ref()?.asked)()))
                .flatten();
            events.into_iter().chain(meaning).collect()
        };
        let mut answers = self.connections.ask(unit, cancel)?.into_iter();
        let (events, meaning) = (answers.next(), answers.next());
        if let (Some(_), Some(meant)) = (&events, &self.meaning) {
            let held = meaning.as_ref().and_then(|answer| answer.rows.first()).map(S::held);
            let number = |place| held.as_ref()?.integer(place);
            if number(0) != Some(meant.answer) {
                return Err(self.changed("its table was written anew, and its events have other positions now"));
            }
            if number(1).is_none_or(|reached| reached < meant.least) {
                return Err(self.changed("another server answers now, which does not have all that the first had"));
            }
            if number(2) != Some(meant.changed) {
                self.has_changed_rows.store(true, Ordering::Relaxed);
            }
        }
        Ok(events)
    }

    fn changed(&self, detail: &str) -> Asking {
        Asking::Store(StoreError::Changed {
            location: self.connections.location().to_owned(),
            detail: detail.to_owned(),
        })
    }

    /// One unit of work.
    pub fn ask(&self, asked: impl Fn() -> Vec<Asked<S>>, cancel: &CancelToken) -> Result<Vec<Answer<S>>, StoreError> {
        let looked = self.look_at_plans(&asked, cancel);
        let answers = looked.and_then(|()| self.connections.ask(asked, cancel));
        answers.map_err(|asking| asking.at(self.connections.location()))
    }

    fn look_at_plans(&self, asked: impl Fn() -> Vec<Asked<S>>, cancel: &CancelToken) -> Result<(), Asking> {
        let Some(plans) = &self.plans else { return Ok(()) };
        let ask = |explained: &dyn Fn() -> Vec<Asked<S>>| self.connections.ask(explained, cancel);
        plans.look(self.connections.location(), &self.bound.plan, asked, ask)
    }
}

pub struct ServerStore<S: Server> {
    pub(crate) reached: Arc<Reached<S>>,
    pub(crate) watched: S::Watched,
    /// The last position that was settled when it was opened.
    pub(crate) settled: Option<i64>,
    pub(crate) horizon: Mutex<Horizon>,
    pub(crate) description: StoreDescription,
    pub(crate) fingerprint: Fingerprint,
}

impl<S: Server> EventStore for ServerStore<S> {
    fn describe(&self) -> &StoreDescription {
        &self.description
    }

    fn fingerprint(&self) -> Result<Fingerprint, StoreError> {
        Ok(self.fingerprint.clone())
    }

    fn is_current(&self) -> Result<bool, StoreError> {
        let sight = self.watched.look(&self.reached, &CancelToken::default())?;
        let mut horizon = self.horizon.lock().unwrap_or_else(PoisonError::into_inner);
        horizon.see(sight);
        Ok(horizon.settled() <= self.settled)
    }

    fn read(&self, query: &ReadQuery) -> Result<Box<dyn EventReader>, StoreError> {
        Ok(Box::new(ServerReader::new(
            Arc::clone(&self.reached),
            query,
            self.settled,
        )))
    }

    fn split(&self, parts: usize) -> Result<Vec<PositionRange>, StoreError> {
        // Where each page looks at the whole table, several readers would do so at once.
        let is_cut = self.reached.bound.plan.has_position_index;
        let span = self.description.position_span.filter(|_| is_cut);
        Ok(span.map_or(vec![(None, None)], |span| cut(span, parts)))
    }

    fn raw(&self, position: Position) -> Result<Option<Vec<RawColumn>>, StoreError> {
        let (reached, plan) = (&self.reached, &self.reached.bound.plan);
        if self.settled.is_none_or(|settled| position.0 > settled) {
            return Ok(None);
        }
        let sql = S::row(plan, &reached.bound.row_columns());
        let asked = || Some(Asked::new(sql.clone(), vec![S::position(plan, position.0)]));
        let answer = reached.events(asked, &CancelToken::default());
        let answer = answer.map_err(|asking| asking.at(reached.connections.location()))?;
        let answer = answer.unwrap_or_default();
        Ok(answer.rows.first().map(|row| {
            let (held, kinds) = (S::held(row), S::kind_names(row));
            let named = plan.table_columns.iter().zip(kinds).zip(&held.0);
            named
                .map(|((name, kind), held)| RawColumn {
                    name: name.clone(),
                    kind,
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

/// What tells a store from any other: hashed, so that no part of it can be taken for two.
pub fn identity(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}
