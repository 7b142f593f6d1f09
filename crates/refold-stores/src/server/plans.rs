//! How a server would go about a page of events, looked at before it is asked for the first time: to search through the
//! whole of a large table is for its owner to allow.
//!
//! It must not know any server: what a plan says an adapter reads by [`Server::searches`].

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use refold_core::port::store::StoreError;
use refold_core::work::CancelToken;

use super::Server;
use super::connections::{Asking, Connections};
use super::link::{Asked, Blame, Fault, one};

/// The statements whose plans were looked at.
#[derive(Debug, Default)]
pub struct Plans {
    known: Mutex<BTreeSet<String>>,
}

impl Plans {
    /// Fails where the server would search for what is asked through the whole of a large table. Each statement is looked
    /// at once, with the values that it is first asked with.
    pub fn look<S: Server>(
        &self,
        (connections, table): (&Connections<S>, &str),
        asked: impl Fn() -> Option<Asked<S>>,
        cancel: &CancelToken,
    ) -> Result<(), Asking> {
        let Some(Asked { sql, .. }) = asked() else {
            return Ok(());
        };
        if self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(&sql) {
            return Ok(());
        }
        let explained = |asked: Asked<S>| Asked::new(S::explained(&asked.sql), asked.parameters);
        let answers = match connections.ask(|| asked().map(explained).into_iter().collect(), cancel) {
            Ok(answers) => answers,
            // Something that only speaks like such a server may show no plans. Its limit of time is left.
            Err(Asking::Fault(Fault::Said {
                blame: Blame::Statement,
                ..
            })) => Vec::new(),
            Err(asking) => return Err(asking),
        };
        if S::searches(&one(answers).rows) {
            return Err(Asking::Store(StoreError::NoLayout {
                location: connections.location().to_owned(),
                detail: format!(
                    "the server would look through all of a large table for each page of these events ({table}, or one that \
                     belongs to it); ask its owner for an index or for fresh statistics (ANALYZE), or add allow_scans=yes to \
                     the address"
                ),
            }));
        }
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(sql);
        Ok(())
    }
}
