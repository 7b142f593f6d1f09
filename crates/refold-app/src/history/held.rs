//! What the events of an open history hold, so that a store which was written to is known to hold it still: its skeleton may
//! be the same while a payload is not, and what was folded of that would go on being shown.

use std::sync::Arc;

use refold_core::event::{Columns, EventBatch};
use refold_core::history::EventSource as _;
use refold_core::port::store::{EventStore, StoreError};
use refold_core::track::Moment;
use refold_core::work::Work;
use sha2::{Digest as _, Sha256};

use super::OpenedHistory;
use crate::error::AppError;
use crate::session::Session;
use crate::stream::Stream;

/// Of longer streams nothing is kept: they would be read again whenever somebody writes to their store.
const MOST_EVENTS: u32 = 4_096;
const READ_EVENTS: u32 = 1_024;

/// A digest of the payloads and the metadata of a stream.
pub(super) type Held = [u8; 32];

/// `None`: the stream is too long, its store is on a server, which is not asked for all of it whenever something comes, or it
/// cannot be read twice.
pub(super) fn held(work: &Work<'_>, session: &Session, stream: &Stream) -> Result<Option<Held>, AppError> {
    if stream.track.head().0 > MOST_EVENTS || session.is_on_server() {
        return Ok(None);
    }
    match digest(work, session.store(), stream) {
        Err(StoreError::Cancelled(cancelled)) => Err(cancelled.into()),
        digest => Ok(digest.ok()),
    }
}

fn digest(work: &Work<'_>, store: &Arc<dyn EventStore>, stream: &Stream) -> Result<Held, StoreError> {
    let columns = Columns {
        payload: true,
        metadata: true,
        ..Columns::SKELETON
    };
    let mut events = stream.events(store, columns);
    let (mut batch, mut sum) = (EventBatch::default(), Sha256::new());
    let (mut at, head) = (Moment::START, stream.track.head());
    while at < head {
        events.read(work, at, Moment(head.0.min(at.0 + READ_EVENTS)), &mut batch)?;
        for row in 0..batch.len() {
            let event = batch.event(row);
            for part in [event.payload, event.metadata] {
                // Nothing is as long as what is not there.
                sum.update(part.map_or(u64::MAX, |part| part.len() as u64).to_le_bytes());
                sum.update(part.unwrap_or_default());
            }
            at = Moment(at.0 + 1);
        }
    }
    Ok(sum.finalize().into())
}

impl OpenedHistory {
    /// Whether the same store as it is now still holds what was shown of the stream, as far as that is known.
    pub(crate) fn holds_in(&self, work: &Work<'_>, now: &Session) -> Result<bool, AppError> {
        let Some(held) = self.held else { return Ok(true) };
        match digest(work, now.store(), &self.stream) {
            Ok(digest) => Ok(digest == held),
            // It holds other events: their versions, types or times are not those of the track.
            Err(StoreError::Changed { .. } | StoreError::Corrupt { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
