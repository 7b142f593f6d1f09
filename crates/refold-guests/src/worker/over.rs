//! What a fold of a guest in a worker is told ahead of other folds.

use refold_core::port::handler::{Coming, StatesAsked};

use super::batch::Batch;
use super::frame::Wish;
use super::remote::Remote;
use crate::undo::{Handler, Undoable};

impl<H: Handler<Guest = Remote>> Undoable<H> {
    /// Whether the first event of a batch was folded ahead already, and no other states are asked for now.
    pub fn is_folded(&self, batch: &Batch, asked: StatesAsked) -> bool {
        asked == StatesAsked::LastState && batch.len() == 1 && batch.frame(0).is_some_and(|frame| self.foresaw(frame))
    }

    /// Has the events of a batch folded ahead, one after the other.
    pub fn send_ahead(&mut self, batch: &mut Batch, asked: StatesAsked) {
        if !batch.is_empty() {
            let is_each_asked = asked == StatesAsked::EveryState;
            self.fold_ahead(|guest| guest.fold_ahead(batch, is_each_asked));
        }
    }

    /// Adds to a batch what is no event. Gives whether nothing was folded into what begins, where something does; `None`:
    /// the batch has enough, or it cannot be told.
    pub fn tell(&self, batch: &mut Batch, next: &Coming<'_>) -> Option<Option<bool>> {
        let wish = match next {
            Coming::Reset | Coming::Restore(_) if batch.is_full() => return None,
            Coming::Reset => {
                batch.begin(&self.handler().initial().0);
                return Some(Some(true));
            }
            Coming::Restore(checkpoint) => {
                let (saved, is_untouched) = self.saved_in(checkpoint)?;
                batch.begin(saved);
                return Some(Some(is_untouched));
            }
            Coming::Event(_) => Wish::Nothing,
            Coming::State => Wish::State,
            Coming::Checkpoint => Wish::Saved,
        };
        batch.ask(wish);
        Some(None)
    }

    /// Has the folds of a batch folded ahead; without the last, where not all of it is there.
    pub fn send(&mut self, batch: &mut Batch, is_whole: bool) {
        if !is_whole {
            batch.drop_last();
        }
        if !batch.is_empty() {
            self.fold_over(|guest| guest.fold_over(batch));
        }
    }
}
