//! What becomes of what is kept of a store once a page of it turns out to be damaged.

use std::sync::PoisonError;

use refold_stores::index::{self, Opened};

use super::{Session, keep};
use crate::error::{AppError, ErrorCode};

impl Session {
    /// Lets go of an index that answered with `error` because a page of it is damaged: it took itself off the disk, and
    /// the next who needs one builds it. The copy of the payloads and the index of ids go alone where they are damaged. Says
    /// whether that was so.
    pub fn forget_damaged(&self, error: &AppError) -> bool {
        if error.code != ErrorCode::Corrupt || !self.has_any_index() {
            return false;
        }
        let Ok(fingerprint) = self.store.fingerprint() else {
            return false;
        };
        let is_gone = self
            .cache
            .with(|place| matches!(index::open(place, &fingerprint), Ok(Opened::Absent)));
        if is_gone {
            keep(&self.index, None);
            keep(&self.earlier, None);
        }
        let index = self.index();
        let is_copy_gone = self.has_copy_open()
            && index.as_ref().is_none_or(|index| {
                self.cache
                    .with(|place| matches!(index::open_arena(place, &fingerprint, index), Ok(None)))
            });
        if is_copy_gone {
            keep(&self.copy, None);
        }
        let has_ids = self.ids.read().unwrap_or_else(PoisonError::into_inner).is_some();
        let are_ids_gone = has_ids
            && index.as_ref().is_none_or(|index| {
                self.cache
                    .with(|place| matches!(index::open_ids(place, &fingerprint, index), Ok(None)))
            });
        if are_ids_gone {
            keep(&self.ids, None);
        }
        is_gone || is_copy_gone || are_ids_gone
    }
}
