//! The streams of one thread: which of them have begun, and what state they are in.
//!
//! It must not know how events come, nor what a state is.

use refold_core::event::{EventBatch, StreamOrdinal, Version};
use refold_core::fold::{Detail, Fold, FoldCheckpoint};
use refold_core::names::Names;
use refold_core::port::handler::HandlerProgram;
use refold_core::track::Gap;

use super::Member;
use crate::error::AppError;

pub struct Share {
    pub member: Member,
    pub fold: Fold,
    /// All streams that came so far.
    pub names: Names,
    /// By ordinal: where its state is.
    places: Vec<Place>,
    /// Of streams that have begun and not ended, at their places.
    states: Vec<Option<StreamState>>,
    /// Places that are free again.
    free: Vec<u32>,
}

/// Where the state of a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    ordinal: StreamOrdinal,
    state: u32,
}

/// In [`Place::state`]: it was finished, or is not to be folded.
const OVER: u32 = u32::MAX;

pub struct StreamState {
    /// `None`: no event of it was folded.
    pub checkpoint: Option<FoldCheckpoint>,
    pub last: Version,
    /// Positions and versions disagree: it is folded again by version at the end.
    pub is_unordered: bool,
    /// The first gap in its versions.
    pub gap: Option<Gap>,
    /// Events that are still folded; with the last of them it ends.
    pub to_come: u32,
}

/// The states that are kept.
#[derive(Clone, Copy)]
pub struct States<'s>(&'s [Option<StreamState>]);

impl<'s> States<'s> {
    pub fn get(self, place: Place) -> Option<&'s StreamState> {
        self.0.get(place.state as usize)?.as_ref()
    }
}

impl Share {
    pub fn new(program: &dyn HandlerProgram, member: Member) -> Result<Share, AppError> {
        Ok(Share {
            member,
            fold: Fold::new(program, Detail::State)?,
            names: Names::default(),
            places: Vec::new(),
            states: Vec::new(),
            free: Vec::new(),
        })
    }

    /// The place of a stream; `None`: nothing of it is to be folded any more. `event_count` is asked when it begins.
    pub fn place_of<'c>(
        &mut self,
        id: &[u8],
        category: impl FnOnce() -> &'c [u8],
        event_count: impl FnOnce(&[u8]) -> Result<u32, AppError>,
    ) -> Result<Option<Place>, AppError> {
        let ordinal = self.names.intern_stream(id, category);
        if let Some(place) = self.places.get(ordinal.0 as usize) {
            return Ok(Some(*place).filter(|place| place.state != OVER));
        }
        let to_come = event_count(id)?;
        let mut place = Place { ordinal, state: OVER };
        if to_come > 0 {
            place.state = self.free.pop().unwrap_or(self.states.len() as u32); // fewer than there are streams
            self.keep(
                place,
                StreamState {
                    checkpoint: None,
                    last: EventBatch::NO_VERSION,
                    is_unordered: false,
                    gap: None,
                    to_come,
                },
            );
        }
        // Ordinals are given one after the other, and each is asked for when it is new.
        self.places.push(place);
        Ok(Some(place).filter(|place| place.state != OVER))
    }

    /// The fold, beside the states that it will go on from.
    pub fn fold_beside_states(&mut self) -> (&mut Fold, States<'_>) {
        (&mut self.fold, States(&self.states))
    }

    pub fn take(&mut self, place: Place) -> Option<StreamState> {
        self.states.get_mut(place.state as usize)?.take()
    }

    pub fn keep(&mut self, place: Place, state: StreamState) {
        let at = place.state as usize;
        if self.states.len() <= at {
            self.states.resize_with(at + 1, || None);
        }
        self.states[at] = Some(state);
    }

    /// The stream whose state was taken is over.
    pub fn end(&mut self, place: Place) {
        self.free.push(place.state);
        if let Some(of) = self.places.get_mut(place.ordinal.0 as usize) {
            of.state = OVER;
        }
    }

    /// Takes the states that are left, in the order in which their streams began.
    pub fn left(&mut self) -> Vec<(StreamOrdinal, Option<StreamState>)> {
        let states = &mut self.states;
        let mut take = |place: &Place| {
            (
                place.ordinal,
                states.get_mut(place.state as usize).and_then(Option::take),
            )
        };
        let left = self.places.iter().filter(|place| place.state != OVER);
        left.map(&mut take).collect()
    }
}
