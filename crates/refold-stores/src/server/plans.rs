//! How a server would go about reading events, looked at before it is asked for the first time: to search through the
//! whole of a large table is for its owner to allow.
//!
//! It must not know any server: what a plan says an adapter reads by [`Server::searched`].

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use refold_core::port::store::StoreError;

use super::Server;
use super::connections::Asking;
use super::link::{Answer, Asked, Blame, Fault, one};

/// The statements of a catalogue that are asked of the table of events: the others are asked of what the server knows.
const OF_EVENTS: [&str; 4] = ["events", "last", "behind", "row"];

/// The statements whose plans were looked at.
#[derive(Debug, Default)]
pub struct Plans {
    known: Mutex<BTreeSet<String>>,
}

impl Plans {
    /// Fails where the server would search through the whole of a large table for what is asked. Each statement is looked
    /// at once, with the values that it is first asked with. `ask` asks one statement of the server at `location`.
    pub fn look<S: Server>(
        &self,
        location: &str,
        asked: impl Fn() -> Vec<Asked<S>>,
        ask: impl Fn(&dyn Fn() -> Vec<Asked<S>>) -> Result<Vec<Answer<S>>, Asking>,
    ) -> Result<(), Asking> {
        for (place, Asked { sql, .. }) in asked().into_iter().enumerate() {
            if !OF_EVENTS.contains(&id(&sql)) || self.is_known(&sql) {
                continue;
            }
            let explained = || {
                let asked = asked().into_iter().nth(place);
                let explained = asked.map(|Asked { sql, parameters, .. }| Asked::new(S::explained(&sql), parameters));
                explained.into_iter().collect()
            };
            match ask(&explained) {
                Ok(answers) => check::<S>(location, &one(answers))?,
                // Something that only speaks like such a server may show no plans. Its limit of time is left.
                Err(Asking::Fault(Fault::Said {
                    blame: Blame::Statement,
                    ..
                })) => {}
                Err(asking) => return Err(asking),
            }
            self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(sql);
        }
        Ok(())
    }

    fn is_known(&self, sql: &str) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(sql)
    }
}

fn check<S: Server>(location: &str, plan: &Answer<S>) -> Result<(), Asking> {
    let Some(table) = S::searched(&plan.rows) else {
        return Ok(());
    };
    Err(Asking::Store(StoreError::Costly {
        location: location.to_owned(),
        detail: format!("it would look through all of the large table {table} for each page of events"),
    }))
}

/// The name of a statement in the catalogue of any server.
fn id(sql: &str) -> &str {
    let named = sql.strip_prefix("/* refold ").and_then(|rest| rest.split_once(" */"));
    named.map_or("", |(name, _)| name)
}
