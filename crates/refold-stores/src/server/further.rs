//! Connections behind the first: to a server that has all that the first had, as the same account.
//!
//! Where an address names several servers, another one may answer than the first: a standby of it, or one that was made the
//! primary since. It may not have heard of the last events. As long as the first lets us in, it is that one.

use std::sync::Arc;

use refold_core::port::store::StoreError;
use refold_core::work::CancelToken;
use rustls::ClientConfig;

use super::Server;
use super::link::{Asked, Link as _, one};
use super::open::{Open, Role};
use super::options::Options;
use crate::tables::plan::Plan;

/// What every server must have that goes on where the first ended.
#[derive(Debug)]
pub struct Had {
    /// Asks for positions up to one, newest first.
    behind: String,
    /// The last position that is read.
    last: i64,
}

impl Had {
    /// `None` where looking for it would be a search, or its place says nothing of the event there.
    pub fn of<S: Server>(plan: &Plan, last: i64) -> Option<Had> {
        let can_be_found = plan.has_position_index && !plan.is_by_place;
        can_be_found.then(|| Had {
            behind: S::behind(plan),
            last,
        })
    }
}

impl<S: Open> Options<S> {
    /// A further connection, to the server and account of the first, or to one that has what the first had.
    pub(super) fn further(
        &self,
        tls: Option<&Arc<ClientConfig>>,
        first: &Role,
        had: Option<&Had>,
        cancel: &CancelToken,
    ) -> Result<S::Link, StoreError> {
        let mut link = S::connect(self, tls, Some(&first.host), cancel)?;
        let Role {
            system, database, name, ..
        } = S::account(&mut link, cancel)
            .map_err(|fault| fault.at(self.location()))?
            .role;
        if (&system, &database, &name) != (&first.system, &first.database, &first.name) {
            return Err(StoreError::Changed {
                location: self.location().to_owned(),
                detail: "another server answers now".to_owned(),
            });
        }
        if let Some(Had { behind, last }) = had {
            let asked = Asked::new(behind.clone(), [*last, 1].map(S::number).into());
            let answer = one(link
                .ask(vec![asked], cancel)
                .map_err(|fault| fault.at(self.location()))?);
            let reached = answer.rows.first().and_then(|row| S::held(row).integer(0));
            if reached != Some(*last) {
                // One that follows another may yet hear of it.
                return Err(StoreError::Unreachable {
                    location: self.location().to_owned(),
                    detail: format!(
                        "the server that answers now does not have the event at position {last}, which was there: it \
                         reaches {}",
                        reached.map_or("none".to_owned(), |reached| format!("position {reached}"))
                    ),
                });
            }
        }
        Ok(link)
    }
}
