//! The events since a saved state: their frames, one after another.

use refold_core::event::{EventView, Position};
use refold_core::time::Timestamp;

/// See the module.
#[derive(Clone, Default)]
pub struct Journal {
    pub bytes: Vec<u8>,
    events: Vec<Entry>,
}

/// An event whose frame is in the journal.
#[derive(Clone, Copy)]
struct Entry {
    /// Where its frame ends.
    end: usize,
    time: Timestamp,
    position: Position,
}

impl Journal {
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// What it holds, about.
    pub fn byte_count(&self) -> usize {
        self.bytes.len() + self.events.len() * size_of::<Entry>()
    }

    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Takes in an event, whose frame is the last of the bytes.
    pub fn push(&mut self, event: &EventView<'_>) {
        self.events.push(Entry {
            end: self.bytes.len(),
            time: event.recorded_at,
            position: event.position,
        });
    }

    pub fn position(&self, index: usize) -> Option<Position> {
        self.events.get(index).map(|entry| entry.position)
    }

    pub fn frames(&self) -> impl Iterator<Item = (&[u8], Timestamp)> {
        self.frames_of(0, self.len())
    }

    /// The frames of the events behind the first `from`, up to the one that makes `to` of them.
    pub fn frames_of(&self, from: usize, to: usize) -> impl Iterator<Item = (&[u8], Timestamp)> {
        let start = from.checked_sub(1).map_or(0, |last| self.end_of(last));
        let events = self.events.get(from..to).unwrap_or_default();
        let starts = std::iter::once(start).chain(events.iter().map(|entry| entry.end));
        // Each end was the length of the bytes when the event was taken.
        starts
            .zip(events)
            .map(|(start, entry)| (&self.bytes[start..entry.end], entry.time))
    }

    fn end_of(&self, index: usize) -> usize {
        self.events.get(index).map_or(self.bytes.len(), |entry| entry.end)
    }

    /// Whether the state after so many of them is one between two events of the stream: what upcasters make of one is one.
    pub fn is_between(&self, count: usize) -> bool {
        let before = count.checked_sub(1).and_then(|last| self.position(last));
        before.is_none() || before != self.position(count)
    }

    /// About in the middle of the two, and between two events of the stream; `None` where they lie side by side.
    pub fn middle(&self, first: usize, last: usize) -> Option<usize> {
        let middle = first + last.saturating_sub(first) / 2;
        let is_place = |count: &usize| self.is_between(*count);
        let before = (first + 1..=middle).rev().find(is_place);
        before.or_else(|| (middle + 1..last).find(is_place))
    }

    pub fn clear(&mut self) {
        self.events.clear();
        self.bytes.clear();
    }
}
