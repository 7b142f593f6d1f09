//! The same session under a mask of its own.

use std::sync::{Arc, RwLock};

use refold_core::finding::Findings;

use super::Session;

impl Session {
    /// The same store as it was opened, to be looked at under more rules than hold elsewhere. It cannot be opened again.
    pub fn with_own_mask(&self) -> Session {
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
            mask: Arc::new(self.mask.own_copy()),
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
