//! A store whose server cannot be reached: opened out of what is kept of it on this machine, and said to be so wherever
//! it is looked at.

use refold_core::finding::{Finding, Severity};
use refold_core::time::Timestamp;
use refold_stores::index;
use refold_stores::kept::{Kept, KeptStore};

use super::{Session, keep};
use crate::connections::server::Failed;
use crate::error::{AppError, ErrorCode};
use crate::session::cache::Cache;
use crate::text;

/// Since when a server was not seen, and why.
#[derive(Debug, Clone)]
pub(crate) struct OutOfReach {
    as_of: Timestamp,
    why: String,
}

/// What is kept of the store, where its server cannot be reached. `None`: nothing that could be shown.
pub(super) fn open_kept(
    cache: &Cache,
    location: &str,
    failed: &Failed,
) -> Result<Option<(KeptStore, OutOfReach)>, AppError> {
    let Some(key) = cache.key().filter(|_| failed.is_out_of_reach) else {
        return Ok(None);
    };
    let folder = cache.folder();
    let Some(kept) = Kept::read(&folder, key) else {
        return match Kept::is_there(&folder) {
            true => Err(unreadable(&failed.error)),
            false => Ok(None),
        };
    };
    let out_of_reach = OutOfReach {
        as_of: kept.as_of,
        why: failed.error.message.clone(),
    };
    let opened = cache.with(|place| KeptStore::open(place, kept, location))?;
    Ok(opened.map(|store| {
        let sentence = format!(
            "the server cannot be reached, and nothing is sent: it is what this machine keeps of it, as of {}",
            out_of_reach.as_of()
        );
        (store.told(sentence), out_of_reach)
    }))
}

fn unreadable(failed: &AppError) -> AppError {
    AppError {
        message: format!(
            "{}; what this machine keeps of it cannot be read either: it is damaged, or sealed with another key",
            failed.message
        ),
        ..failed.clone()
    }
}

impl OutOfReach {
    pub(crate) fn as_of(&self) -> String {
        text::time_label(self.as_of, 3)
    }

    pub(super) fn notice(&self, store: &KeptStore) -> Finding {
        let last = store.index().last_position();
        let up_to = last.map_or_else(String::new, |last| {
            format!(", up to position {}", text::position_label(last))
        });
        let what = match store.arena() {
            Some(_) => "all of its events",
            None => {
                "streams, types and times of its events; their payloads are not kept, so that no stream can be opened"
            }
        };
        Finding {
            code: "out-of-reach",
            severity: Severity::Warning,
            stream: None,
            version: None,
            position: None,
            detail: format!(
                "what is shown is what this machine keeps of the store, as of {}{up_to}: {what} ({})",
                self.as_of(),
                self.why
            ),
        }
    }
}

impl Session {
    /// As of when it is, where it is out of what is kept; `None`: the store itself was opened.
    pub fn kept_as_of(&self) -> Option<String> {
        self.out_of_reach.as_ref().map(OutOfReach::as_of)
    }

    /// Fails where only what is kept of the store is open: that is no evidence of what the store holds.
    pub fn expect_reached(&self, what: &str) -> Result<(), AppError> {
        match &self.out_of_reach {
            None => Ok(()),
            Some(out_of_reach) => Err(AppError::new(
                ErrorCode::Unreachable,
                format!(
                    "{what} is made of the store itself, and not of what this machine keeps of it: {}",
                    out_of_reach.why
                ),
                "do it when the server can be reached",
            )),
        }
    }

    /// Writes down what the store was when it was opened, so that it can be looked at while its server is out of reach.
    pub(super) fn remember(&self) {
        let (Some(key), None) = (self.cache.key(), &self.out_of_reach) else {
            return;
        };
        if let Ok(fingerprint) = self.store.fingerprint() {
            self.cache.with(|place| index::forget_others(place, &fingerprint));
            let kept = Kept {
                as_of: self.opened_at,
                fingerprint,
                description: self.description().clone(),
            };
            // A cache that cannot be written to is no obstacle.
            let _ = kept.write(&self.cache.folder(), key);
        }
    }

    /// Takes index and copy of what is kept.
    pub(super) fn adopt_kept(&self, store: &KeptStore) {
        keep(&self.index, Some(store.index().clone()));
        self.adopt_copy(store.arena().cloned());
    }
}
