//! The same store once more, after somebody wrote to it.

use std::sync::Arc;

use refold_core::work::Work;
use refold_stores::index;

use super::{Session, keep, when_free};
use crate::error::AppError;
use crate::wire::ErrorCode;

impl Session {
    /// Opens the store again, as it is now. What was indexed is brought up to date by what is new, where there is an
    /// index; else there is none in the new session either.
    ///
    /// Fails when the store is out of reach, and when it is no longer the one that was opened or holds other events than
    /// were shown: this session then stays what can be looked at.
    pub fn grown(&self, work: &Work<'_>) -> Result<Session, AppError> {
        let session = self.reopened(work)?;
        if self.index().is_some() {
            let options = session.build_options();
            let grow = || index::grow(work, session.store.as_ref(), &session.cache.folder(), &options);
            let Some(grown) = when_free(work, grow)? else {
                return Err(no_longer(
                    &self.location,
                    match session.description().grows_at_end {
                        true => "events that were shown are gone from it, or changed",
                        false => "events came among those that were shown, or these are gone or changed",
                    },
                ));
            };
            keep(&session.index, Some(Arc::new(grown)));
        }
        Ok(session)
    }

    /// Opens the store again, as it is now, without an index. Fails when it is out of reach or another one.
    pub fn reopened(&self, work: &Work<'_>) -> Result<Session, AppError> {
        let Some((asked, places)) = &self.opening else {
            return Err(AppError::internal(
                "a store that was opened elsewhere cannot be opened again",
            ));
        };
        let session = Session::unindexed(work, asked, places, self.password.clone())?;
        if session.store.fingerprint()?.identity != self.store.fingerprint()?.identity {
            return Err(no_longer(&self.location, "another store stands at its place"));
        }
        Ok(Session {
            cache: Arc::clone(&self.cache),
            mask: Arc::clone(&self.mask),
            ..session
        })
    }
}

fn no_longer(location: &str, why: &str) -> AppError {
    AppError::new(
        ErrorCode::Unreachable,
        format!("the store is not the one that was opened any more: {why}: {location}"),
        "open it again to look at what is there now",
    )
}
