//! An opened store on a server: what was settled when it was opened.

use std::sync::{Arc, Mutex, PoisonError};

use refold_core::event::Position;
use refold_core::port::store::{
    EventReader, EventStore, Fingerprint, HeldBack, PositionRange, RawColumn, ReadQuery, StoreDescription, StoreError,
    Unsettled,
};
use refold_core::work::CancelToken;
use rusqlite::types::ValueRef;
use sha2::{Digest as _, Sha256};

use super::Server;
use super::horizon::Horizon;
use super::link::Asked;
use super::reached::Reached;
use super::reader::ServerReader;
use super::settling::Watch as _;
use crate::layout::hex;
use crate::tables::cut;

pub struct ServerStore<S: Server> {
    pub(crate) reached: Arc<Reached<S>>,
    pub(crate) watched: Arc<S::Watched>,
    /// Which of the hosts of the address it was opened on.
    pub(crate) host: String,
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

    fn host(&self) -> Option<&str> {
        Some(&self.host)
    }

    fn is_current(&self) -> Result<bool, StoreError> {
        let sight = self.watched.look(&self.reached, &CancelToken::default())?;
        let mut horizon = self.horizon.lock().unwrap_or_else(PoisonError::into_inner);
        horizon.see(sight);
        Ok(horizon.settled() <= self.settled)
    }

    fn held_back(&self) -> Option<HeldBack> {
        let horizon = self.horizon.lock().unwrap_or_else(PoisonError::into_inner);
        // Where positions are places, the last one says only that something changed.
        let last = horizon.unsettled().filter(|_| self.description.grows_at_end)?;
        Some(HeldBack {
            behind: horizon.settled().map(Position),
            last: Position(last),
        })
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

    fn settled_up_to(&self, position: Position) -> Option<Arc<dyn EventStore>> {
        let unsettled = self.description.unsettled.as_ref()?;
        let of = &self.description;
        // One that follows another may lack what was settled there.
        if !of.grows_at_end || of.follows_another || self.settled >= Some(position.0) {
            return None;
        }
        let mut description = self.description.clone();
        description.unsettled = (unsettled.last > Some(position)).then(|| Unsettled {
            behind: Some(position),
            ..unsettled.clone()
        });
        // Bounds, as they always are.
        description.position_span = description.position_span.map(|(first, _)| (first, position));
        description.event_count = description
            .position_span
            .and_then(|(first, last)| u64::try_from(i128::from(last.0) - i128::from(first.0) + 1).ok());
        Some(Arc::new(ServerStore::<S> {
            reached: Arc::clone(&self.reached),
            watched: Arc::clone(&self.watched),
            host: self.host.clone(),
            settled: Some(position.0),
            horizon: Mutex::new(Horizon::at(Some(position.0))),
            fingerprint: Fingerprint {
                last_position: Some(position),
                change_token: format!("{position:?}:{}", self.fingerprint.change_token),
                ..self.fingerprint.clone()
            },
            description,
        }))
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
