//! Events as they are sent to a worker ahead of the folds that they are of.

use std::ops::Range;
use std::sync::Arc;

use refold_core::time::Timestamp;

use super::frame::{self, Wish, emptied, put_number, put_part, put_part_of};
use crate::instance::BATCH_EVENTS;

/// Events of one request have at most so many bytes together, where there is more than one.
const BATCH_BYTES: usize = 256 << 10;

/// Events that are told ahead: a time and a frame each, one after another. They are all of the fold at hand, or of folds
/// that begin with a saved state each.
#[derive(Default)]
pub struct Batch {
    pub(super) bytes: Vec<u8>,
    frames: Vec<Range<usize>>,
    pub(super) folds: Vec<Begun>,
}

/// A fold that events are told of from its beginning on.
pub(super) struct Begun {
    pub saved: Arc<[u8]>,
    /// What will be asked for after its events.
    pub wish: Wish,
    /// Where it stands, where its wish and the number of its events stand, and its first event.
    at: usize,
    wish_at: usize,
    first: usize,
}

impl Batch {
    pub fn clear(&mut self) {
        emptied(&mut self.bytes);
        self.frames.clear();
        self.folds.clear();
    }

    /// Begins a fold.
    pub fn begin(&mut self, saved: &Arc<[u8]>) {
        let at = self.bytes.len();
        put_start(&mut self.bytes, Some(saved));
        let wish_at = self.bytes.len();
        put_wish(&mut self.bytes, Wish::Nothing, 0);
        self.folds.push(Begun {
            saved: Arc::clone(saved),
            wish: Wish::Nothing,
            at,
            wish_at,
            first: self.frames.len(),
        });
    }

    /// What will be asked for after the events of the fold that was begun last.
    pub fn ask(&mut self, wish: Wish) {
        if let Some(fold) = self.folds.last_mut() {
            fold.wish = wish;
        }
    }

    /// Takes the last fold away, unless it is the only one.
    pub fn drop_last(&mut self) {
        if self.folds.len() > 1
            && let Some(last) = self.folds.pop()
        {
            self.bytes.truncate(last.at);
            self.frames.truncate(last.first);
        }
    }

    /// The folds that were begun, and how many events each has.
    pub(super) fn counted(&self) -> impl Iterator<Item = (&Begun, usize)> {
        let ends = self.folds.iter().skip(1).map(|next| next.first);
        let ends = ends.chain(std::iter::once(self.frames.len()));
        self.folds.iter().zip(ends).map(|(fold, end)| (fold, end - fold.first))
    }

    /// Writes what is known of the folds once all their events are there.
    pub(super) fn close(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        for (fold, events) in self.counted() {
            let mut known = Vec::new();
            put_wish(&mut known, fold.wish, events);
            if let Some(place) = bytes.get_mut(fold.wish_at..fold.wish_at + known.len()) {
                place.copy_from_slice(&known);
            }
        }
        self.bytes = bytes;
    }

    /// Adds an event, which `write` writes as a frame.
    pub fn push(&mut self, time: Timestamp, write: impl FnOnce(&mut Vec<u8>)) {
        self.bytes.extend_from_slice(&time.0.to_le_bytes());
        let start = self.bytes.len() + frame::LENGTH_BYTES;
        put_part_of(&mut self.bytes, write);
        self.frames.push(start..self.bytes.len());
    }

    /// Whether it has as much as is asked at once.
    pub fn is_full(&self) -> bool {
        self.frames.len() >= BATCH_EVENTS || self.bytes.len() > BATCH_BYTES
    }

    pub fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.folds.is_empty()
    }

    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Takes so many events away.
    pub(super) fn drop_first(&mut self, count: usize) {
        let Some(end) = count
            .checked_sub(1)
            .and_then(|last| self.frames.get(last))
            .map(|frame| frame.end)
        else {
            return;
        };
        self.bytes.drain(..end);
        self.frames.drain(..count);
        for frame in &mut self.frames {
            // They stood behind it.
            *frame = frame.start - end..frame.end - end;
        }
    }

    pub fn frame(&self, place: usize) -> Option<&[u8]> {
        self.bytes.get(self.frames.get(place)?.clone())
    }
}

/// Writes how a fold begins: with a saved state, or where its guest is.
pub(super) fn put_start(out: &mut Vec<u8>, saved: Option<&[u8]>) {
    out.push(saved.is_some().into());
    if let Some(saved) = saved {
        put_part(out, saved);
    }
}

/// Writes what is wished for after so many events, which are at most as many as one batch has.
pub(super) fn put_wish(out: &mut Vec<u8>, wish: Wish, events: usize) {
    out.push(wish.number());
    put_number(out, events as u32);
}
