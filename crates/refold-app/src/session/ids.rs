//! The index of ids of an opened store.

use std::sync::{Arc, PoisonError};

use refold_core::work::Work;
use refold_stores::index::{self, Ids};

use super::{Session, keep, thread_count, when_free};
use crate::error::AppError;

impl Session {
    /// The index of ids, when it is there and whole for the present index.
    pub fn ids(&self) -> Result<Option<Arc<Ids>>, AppError> {
        if let Some(ids) = self.ids.read().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(Some(ids));
        }
        let Some(index) = self.index() else { return Ok(None) };
        let fingerprint = self.store.fingerprint()?;
        let opened = self.cache.with(|place| index::open_ids(place, &fingerprint, &index))?;
        let opened = opened.map(Arc::new);
        keep(&self.ids, opened.clone());
        Ok(opened)
    }

    /// The index of ids; made first where it is not there.
    pub fn build_ids(&self, work: &Work<'_>) -> Result<Arc<Ids>, AppError> {
        let index = self.build_index(work)?;
        if let Some(ids) = self.ids()? {
            return Ok(ids);
        }
        let build = || {
            self.cache
                .with(|place| index::build_ids(work, self.store.as_ref(), place, &index, thread_count()))
        };
        let ids = Arc::new(when_free(work, build)?);
        keep(&self.ids, Some(Arc::clone(&ids)));
        Ok(ids)
    }
}
