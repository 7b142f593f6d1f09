//! The events since a saved state: their frames, one after another.

use refold_core::event::{EventView, Position};
use refold_core::time::Timestamp;

/// See the module.
#[derive(Default)]
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
        let starts = std::iter::once(0).chain(self.events.iter().map(|entry| entry.end));
        // Each end was the length of the bytes when the event was taken.
        starts
            .zip(&self.events)
            .map(|(start, entry)| (&self.bytes[start..entry.end], entry.time))
    }

    /// A journal of the first events alone.
    pub fn first(&self, count: usize) -> Journal {
        let events = self.events.get(..count).unwrap_or(&self.events);
        let end = events.last().map_or(0, |entry| entry.end);
        Journal {
            bytes: self.bytes.get(..end).unwrap_or_default().to_vec(),
            events: events.to_vec(),
        }
    }

    pub fn truncate(&mut self, count: usize) {
        self.events.truncate(count);
        self.bytes.truncate(self.events.last().map_or(0, |entry| entry.end));
    }

    pub fn clear(&mut self) {
        self.truncate(0);
    }
}
