//! The same store once more, after somebody wrote to it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use refold_core::event::Position;
use refold_core::work::Work;
use refold_stores::index::{self, Index, Opened};

use super::{Session, keep, when_free};
use crate::error::AppError;
use crate::text;
use crate::wire::ErrorCode;

/// Of an index with fewer events than these all are compared whenever the file of the store was written to: that is
/// hardly felt, and what was changed or taken away in the middle is noticed at once.
const MOST_COMPARED: u32 = 100_000;

/// A store that was opened, as it is now.
pub(crate) enum Now {
    /// The same, with whatever came.
    Grown(Box<Session>),
    /// It holds other events than were shown, or another store stands at its place; why, for a person.
    Another(AppError),
}

impl Session {
    /// Opens the store again, as it is now. What was indexed is brought up to date by what is new, where there is an
    /// index; else there is none in the new session either.
    ///
    /// Fails when the store is out of reach, and when it is no longer the one that was opened or holds other events than
    /// were shown: this session then stays what can be looked at.
    pub fn grown(&self, work: &Work<'_>) -> Result<Session, AppError> {
        match self.now(work)? {
            Now::Grown(session) => Ok(*session),
            Now::Another(error) => Err(error),
        }
    }

    /// As [`Session::grown`], and tells a store that is no longer the one that was opened from one that is out of reach.
    pub(crate) fn now(&self, work: &Work<'_>) -> Result<Now, AppError> {
        // A server is not asked for all of its events whenever one comes: of its index only the last are compared; see
        // [`Session::contradiction`].
        let most_compared = if self.path.is_file() { MOST_COMPARED } else { 0 };
        let Some(session) = self.same_store(work)? else {
            return Ok(Now::Another(self.another_store()));
        };
        if self.index().is_some() {
            let options = session.build_options();
            let grow = || {
                session
                    .cache
                    .with(|place| index::grow(work, session.store.as_ref(), place, &options, most_compared))
            };
            let Some(grown) = when_free(work, grow)? else {
                if session.is_unkept()? {
                    return Ok(Now::Another(thrown_away(&self.location)));
                }
                return Ok(Now::Another(no_longer(
                    &self.location,
                    match session.description().grows_at_end {
                        true => GONE,
                        false => "events came among those that were shown, or these are gone or changed",
                    },
                )));
            };
            keep(&session.index, Some(Arc::new(grown)));
            session.remember();
        }
        Ok(Now::Grown(Box::new(session)))
    }

    /// Whether its index was thrown away: that says nothing of its events.
    fn is_unkept(&self) -> Result<bool, AppError> {
        let fingerprint = self.store.fingerprint()?;
        let opened = self.cache.with(|place| index::open(place, &fingerprint))?;
        Ok(matches!(opened, Opened::Absent))
    }

    /// That a stream which is shown holds other payloads now.
    pub(crate) fn changed_payloads(&self, stream: &str) -> AppError {
        no_longer(
            &self.location,
            &format!("events of {stream} that were shown are changed"),
        )
    }

    /// What is to be told that the index is not of the store as it is, where it could be so without anybody knowing.
    pub(crate) fn doubt(&self, index: &Index) -> Option<Arc<AtomicBool>> {
        (!index.is_compared()).then(|| Arc::clone(&self.is_contradicted))
    }

    /// The index of the store as it was before it grew.
    pub(super) fn earlier(&self) -> Option<Arc<Index>> {
        self.earlier.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// That the store holds other events than its index, where reading a stream showed it: the index was brought up to
    /// date while the store grew, and of what was indexed before only the end was compared.
    pub fn contradiction(&self) -> Option<AppError> {
        self.is_contradicted
            .load(Ordering::Relaxed)
            .then(|| no_longer(&self.location, GONE))
    }

    /// Opens the store again, as it is now, without an index. Fails when it is out of reach or another one.
    pub fn reopened(&self, work: &Work<'_>) -> Result<Session, AppError> {
        self.same_store(work)?.ok_or_else(|| self.another_store())
    }

    /// Why a store is not followed any further that was not only added to.
    pub fn is_rewritten(&self) -> AppError {
        no_longer(&self.location, GONE)
    }

    /// That another of the servers of its address answers now, and has not heard of all that was shown.
    fn behind(&self, now: &Session) -> Result<Option<AppError>, AppError> {
        let hosts = self.store.host().zip(now.store.host());
        let Some((first, other)) = hosts.filter(|(first, other)| first != other) else {
            return Ok(None);
        };
        let ends = (
            self.store.fingerprint()?.last_position,
            now.store.fingerprint()?.last_position,
        );
        if !self.description().grows_at_end || ends.1 >= ends.0 {
            return Ok(None);
        }
        let label =
            |end: Option<Position>| end.map_or("none".to_owned(), |end| format!("#{}", text::position_label(end)));
        Ok(Some(AppError::new(
            ErrorCode::Unreachable,
            format!(
                "{other} answers in place of {first} and does not have all events that were shown (its last is {}, and {} \
                 was): {}",
                label(ends.1),
                label(ends.0),
                self.location
            ),
            "try again once it has them, or once the other server is back",
        )))
    }

    fn another_store(&self) -> AppError {
        no_longer(&self.location, "another store stands at its place")
    }

    /// `None`: another one stands at its place.
    fn same_store(&self, work: &Work<'_>) -> Result<Option<Session>, AppError> {
        let Some((asked, places)) = &self.opening else {
            return Err(AppError::internal(
                "a store that was opened elsewhere cannot be opened again",
            ));
        };
        let mut session = Session::unindexed(work, asked, places, Some(self))?;
        if session.store.fingerprint()?.identity != self.store.fingerprint()?.identity {
            return Ok(None);
        }
        session.go_up_to(work, self.end())?;
        if let Some(behind) = self.behind(&session)? {
            return Err(behind);
        }
        Ok(Some(Session {
            mask: Arc::clone(&self.mask),
            ..session
        }))
    }
}

const GONE: &str = "events that were shown are gone from it, or changed";

fn thrown_away(location: &str) -> AppError {
    AppError::new(
        ErrorCode::Unreachable,
        format!(
            "the local index of the store was thrown away while it was open, so that what came since cannot be told: {location}"
        ),
        "open it again; the index is then made again",
    )
}

fn no_longer(location: &str, why: &str) -> AppError {
    AppError::new(
        ErrorCode::Unreachable,
        format!("the store is not the one that was opened any more: {why}: {location}"),
        "open it again to look at what is there now",
    )
}
