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
use crate::tables::plan::{EVENT, Plan};

/// The statements of a catalogue that are asked of the table of events: the others are asked of what the server knows.
const OF_EVENTS: [&str; 4] = ["events", "last", "behind", "row"];

/// More rows than a page has, and than a small table that is looked up.
pub const MOST_ROWS: u64 = 10_000;

/// Many rows that a server would look at for few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The table they are of, as the statement calls it, or as the server does; empty: it is not said.
    pub table: String,
    pub way: Way,
}

/// How they are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A table from its beginning to its end.
    Whole,
    /// More than [`MOST_ROWS`] are put in order before the first is known. `index`: the one that leads to them, where the
    /// plan says it.
    Sorted { index: Option<String> },
}

impl Search {
    /// Whether these are the rows of the stream that is read, which has so many: they are what was asked for.
    fn is_of_stream(&self, plan: &Plan) -> bool {
        match &self.way {
            Way::Whole => false,
            Way::Sorted { index: None } => plan.has_stream_index,
            Way::Sorted { index } => {
                let mut leading = plan.stream_indexes.iter();
                leading.any(|of| of.alias == self.table && of.name == *index)
            }
        }
    }

    /// In words. `id`: of the statement.
    fn told(&self, plan: &Plan, id: &str) -> String {
        let table = match self.table.as_str() {
            EVENT => format!("the large table {}", plan.full_name),
            "" => "a large table".to_owned(),
            other => {
                // A join has one name in the statement and another one in the database.
                let mut joins = plan.layout.joins.iter();
                let joined = joins.find(|join| join.alias == other && !join.table.contains('*'));
                format!("the large table {}", joined.map_or(other, |join| &join.table))
            }
        };
        let purpose = match id {
            "last" => "to find the last event",
            "behind" => "to find which positions are missing",
            "row" => "to find one row",
            _ => "for each page of events",
        };
        match self.way {
            Way::Whole => format!("it would look through all of {table} {purpose}"),
            Way::Sorted { .. } => {
                format!("it would put more than 10,000 rows of {table} in order {purpose}")
            }
        }
    }
}

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
        plan: &Plan,
        asked: impl Fn() -> Vec<Asked<S>>,
        ask: impl Fn(&dyn Fn() -> Vec<Asked<S>>) -> Result<Vec<Answer<S>>, Asking>,
    ) -> Result<(), Asking> {
        for (place, Asked { sql, is_of_stream, .. }) in asked().into_iter().enumerate() {
            if !OF_EVENTS.contains(&id(&sql)) || self.is_known(&sql) {
                continue;
            }
            let explained = || {
                let asked = asked().into_iter().nth(place);
                let explained = asked.map(|Asked { sql, parameters, .. }| Asked::new(S::explained(&sql), parameters));
                explained.into_iter().collect()
            };
            match ask(&explained) {
                Ok(answers) => {
                    let mut searches = S::searched(&one(answers).rows).into_iter();
                    if let Some(search) = searches.find(|of| !is_of_stream || !of.is_of_stream(plan)) {
                        return Err(Asking::Store(StoreError::Costly {
                            location: location.to_owned(),
                            detail: search.told(plan, id(&sql)),
                        }));
                    }
                }
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

/// The name of a statement in the catalogue of any server.
fn id(sql: &str) -> &str {
    let named = sql.strip_prefix("/* refold ").and_then(|rest| rest.split_once(" */"));
    named.map_or("", |(name, _)| name)
}

#[cfg(test)]
mod tests;
