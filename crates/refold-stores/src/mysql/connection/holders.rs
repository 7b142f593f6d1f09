//! Who is in the way where waiting for a lock took too long, which MariaDB tells by its plugin `METADATA_LOCK_INFO`.

use std::ops::ControlFlow;

use super::super::statements;
use super::super::value::Row;
use super::super::wire::Patience;
use super::Connection;
use crate::server::link::{Answer, Asked, Fault};

/// What the server says of who waited for a lock for too long.
const WAITED: &str = "1205";

impl Connection {
    /// Says of what waited for a lock for too long whose it is, as far as it can be known.
    pub(super) fn with_holders(&mut self, fault: Fault, patience: &Patience<'_>) -> Fault {
        if fault.code() != Some(WAITED) || self.is_lost || !self.is_mariadb {
            return fault;
        }
        match self.holders(&patience.renewed()) {
            Ok(holders) if holders.is_empty() => fault,
            Ok(holders) => {
                let told = format!("tables of the database are locked by {}", holders.join(", "));
                fault.explained(&told)
            }
            Err(asked) => {
                // One without the plugin says that it knows no such table. Only what the server itself said leaves the
                // connection where it was.
                self.is_lost |= asked.code().is_none() || asked.is_of_connection();
                fault
            }
        }
    }

    fn holders(&mut self, patience: &Patience<'_>) -> Result<Vec<String>, Fault> {
        let mut holders = Vec::new();
        let mut keep = |_, piece: Answer<_>| {
            holders.extend(piece.rows.iter().map(holder));
            ControlFlow::Continue(())
        };
        self.unit(&[Asked::new(statements::HOLDERS, Vec::new())], &mut keep, patience)?;
        Ok(holders)
    }
}

/// Whose session it is: who may not see others is told its number alone.
fn holder(row: &Row) -> String {
    let text = |index: usize| row.text(index).unwrap_or_default();
    let account = row
        .text(1)
        .map_or(String::new(), |user| format!(" of {user}@{}", text(2)));
    format!("connection {}{account}", text(0))
}
