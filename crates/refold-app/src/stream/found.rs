//! What a cursor means in a stream, and since where a state at it may lack something.

use refold_core::cursor::{Cursor, CursorError};
use refold_core::event::{EventBatch, Version};
use refold_core::fold::Folded;
use refold_core::time::Timestamp;
use refold_core::track::{Gap, Moment, Numbering};

use super::Stream;

/// The moment that a cursor leads to. A moment of which no cursor was asked is exactly that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub moment: Moment,
    /// The cursor means more than the event before it: versions that are missing right behind that event are at or before
    /// it, or may be.
    gap: Option<Gap>,
}

impl From<Moment> for Found {
    fn from(moment: Moment) -> Found {
        Found { moment, gap: None }
    }
}

impl Found {
    /// Whether events that are missing are, or may be, between the last event and the cursor.
    pub fn lies_in_gap(self) -> bool {
        self.gap.is_some()
    }

    /// Takes into account that the state was asked for at the cursor, and not at its last event.
    pub fn note(self, folded: &mut Folded) {
        if let Some(gap) = self.gap {
            folded.incomplete_since.get_or_insert(gap.since);
            folded.missing.get_or_insert(gap);
        }
    }
}

impl Stream {
    /// What a cursor means here: floor, never nearest. `now` is what relative times count from.
    pub fn resolve(&self, cursor: &Cursor, now: Timestamp) -> Result<Found, CursorError> {
        let moment = self.track.resolve(cursor, now)?;
        // Behind the first gap, every state lacks something already; of the head what comes behind all events is one.
        let is_before = |gap: &Gap| gap.since.0 == moment.0.saturating_add(1);
        let gap = self
            .lacks
            .filter(is_before)
            .filter(|_| self.is_past(cursor, moment, now));
        Ok(Found { moment, gap })
    }

    /// Whether an event that comes right after that of `moment` is, or may be, at or before the cursor, which comes
    /// before the next one that is there.
    fn is_past(&self, cursor: &Cursor, moment: Moment, now: Timestamp) -> bool {
        // An event of the same time may have come after it.
        let is_since = |asked: Timestamp| {
            let last = moment.event_index().and_then(|at| self.track.recorded_at.get(at));
            last.is_none_or(|last| last.is_none() || *last <= asked)
        };
        let last = self.lacks.filter(|gap| self.is_behind_all(gap));
        match cursor {
            Cursor::Start => false,
            Cursor::Head => last.is_some(),
            Cursor::Version(asked) => self.missing_after(moment).is_some_and(|missing| missing <= *asked),
            Cursor::Position(asked) if last.is_some() => last.is_some_and(|gap| gap.position <= *asked),
            Cursor::Position(asked) => {
                let last = moment.event_index().and_then(|at| self.track.positions.get(at));
                last.is_none_or(|last| last < asked)
            }
            Cursor::At(asked) => is_since(*asked),
            Cursor::Ago { nanos } => now
                .0
                .checked_sub(*nanos)
                .is_some_and(|asked| is_since(Timestamp(asked))),
        }
    }

    /// The version that an event right after that of `moment` has, where the store leaves none out.
    fn missing_after(&self, moment: Moment) -> Option<Version> {
        let Numbering::Whole { base } = self.numbering else {
            return None;
        };
        let before = moment.event_index().and_then(|at| self.track.versions.get(at));
        match before.or(self.track.versions.first()) {
            Some(&EventBatch::NO_VERSION) => None,
            Some(version) if before.is_some() => version.0.checked_add(1).map(Version),
            _ => base.map(Version),
        }
    }

    /// What the head means: all events that are there, and behind them perhaps some that cannot be read.
    pub fn end(&self) -> Found {
        self.at(self.track.head())
    }

    /// What a moment means that a person looks at, which is the head where it is the last one.
    pub fn at(&self, moment: Moment) -> Found {
        let gap = self
            .lacks
            .filter(|gap| moment == self.track.head() && self.is_behind_all(gap));
        Found { moment, gap }
    }

    /// Whether all events that are there come before what is missing.
    pub(super) fn is_behind_all(&self, gap: &Gap) -> bool {
        gap.since > self.track.head()
    }

    /// Since where its last state may lack something.
    pub fn lacks_label(&self) -> Option<String> {
        self.lacks.map(|gap| self.place_label(gap.since))
    }

    /// The first event that is missing, or where it is known to be: what a state among these is incomplete since.
    pub fn lost_label(&self) -> Option<String> {
        self.missing_label().or_else(|| self.lacks_label())
    }

    /// The first event that is missing, as [`Stream::place_label`] would name it; `None`: nobody knows its version.
    pub fn missing_label(&self) -> Option<String> {
        let before = Moment(self.lacks?.since.0.saturating_sub(1));
        self.missing_after(before).map(|version| version.0.to_string())
    }

    /// Since where a state may lack something, as [`Stream::place_label`] names it: the first event that could not be read
    /// or folded, or the first one behind events that are missing. Of a state among these, the first that is missing.
    pub fn since_label(&self, folded: &Folded) -> Option<String> {
        let since = folded.incomplete_since?;
        match since > folded.moment {
            true => self.missing_label().or_else(|| Some(self.place_label(since))),
            false => Some(self.place_label(since)),
        }
    }
}
