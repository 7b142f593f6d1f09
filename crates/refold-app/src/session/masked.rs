//! The same session once more: under a mask of its own, or of a store that is known to be settled further.

use std::sync::{Arc, RwLock};

use refold_core::event::Position;
use refold_core::finding::Findings;

use super::Session;

impl Session {
    /// The same store as it was opened, to be looked at under more rules than hold elsewhere. It cannot be opened again.
    pub fn with_own_mask(&self) -> Session {
        Session {
            mask: Arc::new(self.mask.own_copy()),
            ..self.once_more()
        }
    }

    /// The same store, read up to `position` also where this cannot be told to be settled any more: an old number that is
    /// missing counts as still to come whenever somebody writes for long. `None`: it is read up to there already.
    pub(crate) fn settled_up_to(&self, position: u64) -> Option<Session> {
        let store = self.store.settled_up_to(Position(i64::try_from(position).ok()?))?;
        Some(Session {
            store,
            // They go less far.
            index: RwLock::default(),
            earlier: RwLock::default(),
            is_contradicted: Arc::default(),
            ..self.once_more()
        })
    }

    fn once_more(&self) -> Session {
        let notices = Findings::default();
        for (code, count, kept) in self.notices.summary() {
            notices.report_many(code, count, kept);
        }
        Session {
            store: Arc::clone(&self.store),
            location: self.location.clone(),
            path: self.path.clone(),
            connection: self.connection.clone(),
            environment: self.environment,
            password: None,
            tunnel: self.tunnel.clone(),
            access: self.access.clone(),
            cache: Arc::clone(&self.cache),
            opened_at: self.opened_at,
            out_of_reach: self.out_of_reach.clone(),
            notices,
            zone: self.zone.clone(),
            said: self.said.clone(),
            most_copied_bytes: self.most_copied_bytes,
            may_copy: self.may_copy,
            mask: Arc::clone(&self.mask),
            case: self.case.clone(),
            index: RwLock::new(self.index()),
            earlier: RwLock::new(self.earlier()),
            copy: RwLock::new(None),
            is_on_server: self.is_on_server,
            ids: RwLock::new(None),
            is_contradicted: Arc::clone(&self.is_contradicted),
            opening: None,
        }
    }
}
