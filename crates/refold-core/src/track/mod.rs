//! The skeleton of one stream: where its events are and when they came.
//!
//! It must not know payloads, nor what is folded of them.

use crate::cursor::{Cursor, CursorError};
use crate::event::{EventBatch, Position, TypeOrdinal, Version};
use crate::time::Timestamp;

/// How many events of a stream are folded: 0 is before the first, the number of events is the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(pub u32);

impl Moment {
    /// Before the first event.
    pub const START: Moment = Moment(0);

    /// The index in the stream's track of the event that led to this moment; `None` at the start.
    pub fn event_index(self) -> Option<usize> {
        self.0.checked_sub(1).and_then(|index| usize::try_from(index).ok())
    }
}

/// How a store numbers the events of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbering {
    /// One after the other, from `base` on where that is known: a version that is missing is an event that is missing.
    Whole { base: Option<i64> },
    /// Upwards, and numbers may be left out: nothing follows from a version that is missing.
    Skipping,
}

/// Where events are missing in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The first event behind them, as the moment that it leads to.
    pub since: Moment,
    /// Where that event is.
    pub position: Position,
}

/// One stream without its payloads: an entry an event in each column, in fold order (version order; position order
/// among equal versions). All columns have the same length.
#[derive(Debug, Clone, Default)]
pub struct StreamTrack {
    pub versions: Vec<Version>,
    pub positions: Vec<Position>,
    pub types: Vec<TypeOrdinal>,
    pub recorded_at: Vec<Timestamp>,
}

impl StreamTrack {
    /// How many events.
    pub fn len(&self) -> usize {
        self.versions.len()
    }

    pub fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    /// After the last event. A stream of more than `u32::MAX` events is cut there.
    pub fn head(&self) -> Moment {
        Moment(u32::try_from(self.len()).unwrap_or(u32::MAX))
    }

    /// Appends the skeleton of a batch that holds events of this stream only, in fold order.
    pub fn extend(&mut self, batch: &EventBatch) {
        self.versions.extend_from_slice(&batch.versions);
        self.positions.extend_from_slice(&batch.positions);
        self.types.extend_from_slice(&batch.types);
        self.recorded_at.extend_from_slice(&batch.recorded_at);
    }

    /// Whether it holds the events of `earlier` and, if anything, more behind them.
    pub fn begins_with(&self, earlier: &StreamTrack) -> bool {
        self.versions.starts_with(&earlier.versions)
            && self.positions.starts_with(&earlier.positions)
            && self.types.starts_with(&earlier.types)
            && self.recorded_at.starts_with(&earlier.recorded_at)
    }

    /// The first gap in its versions.
    pub fn gap(&self, numbering: Numbering) -> Option<Gap> {
        let before = [EventBatch::NO_VERSION]
            .into_iter()
            .chain(self.versions.iter().copied());
        let index = before
            .zip(&self.versions)
            .position(|(before, version)| is_gap(before, *version, numbering))?;
        Some(Gap {
            since: Moment(u32::try_from(index + 1).ok()?),
            position: *self.positions.get(index)?,
        })
    }

    /// Where an event is missing that would stand at this position. `None`: versions leave no room for it there. Behind the
    /// last event it is missing from the head on, which no moment is.
    pub fn gap_at(&self, lost: Position, numbering: Numbering) -> Option<Gap> {
        let Some(index) = self.positions.iter().position(|position| *position >= lost) else {
            return Some(Gap {
                since: Moment(self.head().0.saturating_add(1)),
                position: lost,
            });
        };
        let version = *self.versions.get(index)?;
        let before = index.checked_sub(1).and_then(|before| self.versions.get(before));
        let next = match (numbering, before) {
            (Numbering::Skipping, _) | (_, Some(&EventBatch::NO_VERSION)) => None,
            (Numbering::Whole { base }, None) => base,
            (Numbering::Whole { .. }, Some(before)) => before.0.checked_add(1),
        };
        let is_closed = version != EventBatch::NO_VERSION && next.is_some_and(|next| version.0 <= next);
        (!is_closed).then_some(Gap {
            since: Moment(u32::try_from(index + 1).ok()?),
            position: *self.positions.get(index)?,
        })
    }

    /// The moment after the last event that is at or before the cursor; the start when there is none. Never the
    /// nearest. Where a clock ran backwards, "last" is by version: what comes earlier in the stream is included.
    ///
    /// `now` is what relative times count from.
    pub fn resolve(&self, cursor: &Cursor, now: Timestamp) -> Result<Moment, CursorError> {
        match cursor {
            Cursor::Start => Ok(Moment::START),
            Cursor::Head => Ok(self.head()),
            Cursor::Version(version) => {
                if !self.is_empty() && self.versions.iter().all(|present| *present == EventBatch::NO_VERSION) {
                    return Err(CursorError::NoVersions);
                }
                Ok(self.moment_after_last(&self.versions, |present| {
                    *present != EventBatch::NO_VERSION && *present <= *version
                }))
            }
            Cursor::Position(position) => Ok(self.moment_after_last(&self.positions, |present| *present <= *position)),
            Cursor::At(time) => self.resolve_time(*time),
            Cursor::Ago { nanos } => match now.0.checked_sub(*nanos) {
                Some(time) => self.resolve_time(Timestamp(time)),
                // Earlier than any time that can be recorded.
                None => Ok(Moment::START),
            },
        }
    }

    fn resolve_time(&self, time: Timestamp) -> Result<Moment, CursorError> {
        if !self.is_empty() && self.recorded_at.iter().all(|present| present.is_none()) {
            return Err(CursorError::NoTimes);
        }
        Ok(self.moment_after_last(&self.recorded_at, |present| !present.is_none() && *present <= time))
    }

    fn moment_after_last<T>(&self, column: &[T], is_at_or_before: impl Fn(&T) -> bool) -> Moment {
        let events = column.iter().rposition(is_at_or_before).map_or(0, |index| index + 1);
        Moment(u32::try_from(events).unwrap_or(u32::MAX))
    }
}

/// Whether versions are missing before an event. `before`: the version of the event before it, none before the first.
pub fn is_gap(before: Version, version: Version, numbering: Numbering) -> bool {
    let Numbering::Whole { base } = numbering else {
        return false;
    };
    let expected = match before {
        EventBatch::NO_VERSION => base,
        before => before.0.checked_add(1),
    };
    version != EventBatch::NO_VERSION && expected.is_some_and(|expected| version.0 > expected)
}

#[cfg(test)]
mod tests;
