//! Whether what two stores share stands in the same order in both, whatever its positions are.

use refold_core::event::{Columns, Position, StreamOrdinal};
use refold_core::names::Names;
use refold_core::port::store::{OrderQuality, ReadQuery};
use refold_core::work::{Phase, Work};

use super::side::{Side, Walk};
use crate::error::AppError;
use crate::session::Session;

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SharedOrder {
    /// So many events were looked at, all at their places.
    Same(u64),
    /// Behind so many that are at their places in both stands one that is not: that of the left side, that of the right.
    Differs(u64, Position, Position),
}

/// Whether a store keeps an order of all events.
pub(super) fn is_kept(session: &Session) -> bool {
    session.description().order == OrderQuality::Total
}

/// What of a stream both sides share.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SharedStream {
    /// So many of its first events, in the order of positions, are each other's counterparts.
    pub events: u32,
    /// In one side or both they stand in another order than their versions: which one it is decides.
    pub is_unordered: bool,
}

/// Walks along both. `shared`: by the ordinal of the stream.
pub(super) fn compare(
    work: &Work<'_>,
    (left, right): (&Side<'_>, &Side<'_>),
    shared: &[SharedStream],
    names: &mut Names,
) -> Result<SharedOrder, AppError> {
    let total: u64 = shared.iter().map(|of| u64::from(of.events)).sum();
    let query = ReadQuery::all(Columns::SKELETON);
    let mut walks = [
        Shared::of(left, left.walk(&query)?, shared),
        Shared::of(right, right.walk(&query)?, shared),
    ];
    let [on_left, on_right] = &mut walks;
    let mut done = 0;
    loop {
        let next = (on_left.next(work, names)?, on_right.next(work, names)?);
        let (Some((of_left, at_left)), Some((of_right, at_right))) = next else {
            return Ok(SharedOrder::Same(done));
        };
        // Streams share one list of names, and within each the counterparts stand in the same order, or have versions.
        if of_left != of_right {
            return Ok(SharedOrder::Differs(done, at_left, at_right));
        }
        done += 1;
        if done % TICK == 0 {
            work.tick(Phase::ComparingTheOrder, done, Some(total))?;
        }
    }
}

const TICK: u64 = 4_096;

/// The shared events of one side.
struct Shared<'a> {
    side: &'a Side<'a>,
    walk: Walk<'a>,
    shared: &'a [SharedStream],
    seen: Vec<u32>,
}

/// Which event it is, as both sides call it, and where it stands in this one.
type Found = ((StreamOrdinal, Option<i64>), Position);

impl<'a> Shared<'a> {
    fn of(side: &'a Side<'a>, walk: Walk<'a>, shared: &'a [SharedStream]) -> Shared<'a> {
        let seen = vec![0; shared.len()];
        Shared {
            side,
            walk,
            shared,
            seen,
        }
    }

    fn next(&mut self, work: &Work<'_>, names: &mut Names) -> Result<Option<Found>, AppError> {
        while let Some(event) = self.walk.next(work, names)? {
            let at = event.stream.0 as usize;
            if let (Some(seen), Some(shared)) = (self.seen.get_mut(at), self.shared.get(at))
                && *seen < shared.events
            {
                *seen += 1;
                let version = shared.is_unordered.then(|| self.side.measure.version(&event)).flatten();
                return Ok(Some(((event.stream, version), event.position)));
            }
        }
        Ok(None)
    }
}
