//! Which events of a stream something is wrong at, and by which codes: all of them, in two bytes an event.
//!
//! It must not know what is wrong in words: that is kept of the first findings only.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use refold_core::event::Position;
use refold_core::finding::Findings;
use refold_core::track::Moment;

use crate::density::is_undecodable;
use crate::frame::{FLAG_BROKEN, FLAG_PROBLEM, FLAG_UNDECODABLE};
use crate::stream::Stream;
use crate::usecase::invariants;
use crate::wire::SearchDirection;

/// More codes than there are; what would come behind them is marked as the last of them.
const MOST_CODES: usize = 128;

/// See the module. Without events: nothing is marked.
#[derive(Debug, Default)]
pub struct Marks {
    codes: Vec<&'static str>,
    /// Sets of codes, a bit each. The first is empty.
    sets: Vec<u128>,
    /// The set of each event, by its index.
    of: Vec<u16>,
    total: u32,
}

/// A marked event among all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked {
    pub moment: Moment,
    /// Which one it is, from 1.
    pub ordinal: u32,
    pub total: u32,
}

impl Marks {
    /// `findings`: of the stream, with their places. `breaks`: where invariants break.
    pub fn of(stream: &Stream, findings: &Findings, breaks: &[Moment]) -> Marks {
        let positions = &stream.track.positions;
        let mut marks = Marks {
            codes: Vec::new(),
            sets: vec![0],
            of: vec![0; positions.len()],
            total: 0,
        };
        let index_of = indices(positions);
        for code in findings.codes() {
            let places = findings.places(code);
            marks.add(code, places.into_iter().filter_map(&index_of));
        }
        marks.add(
            invariants::BROKEN,
            breaks.iter().filter_map(|moment| moment.event_index()),
        );
        marks.total = u32::try_from(marks.of.iter().filter(|set| **set > 0).count()).unwrap_or(u32::MAX);
        marks
    }

    /// The codes at an event; none: nothing is wrong there.
    pub fn codes(&self, moment: Moment) -> Vec<String> {
        let set = self.set(moment);
        let codes = self.codes.iter().zip(0..);
        codes
            .filter(|(_, bit)| set >> bit & 1 == 1)
            .map(|(code, _): (_, u32)| (*code).to_owned())
            .collect()
    }

    /// The moments of all marked events with their flags on a timeline.
    pub fn flagged(&self) -> impl Iterator<Item = (Moment, u8)> {
        let flags: Vec<u8> = self.sets.iter().map(|set| self.flag(*set)).collect();
        let moments = self.of.iter().zip(1..);
        moments.filter(|(set, _)| **set > 0).map(move |(set, moment)| {
            (
                Moment(moment),
                flags.get(usize::from(*set)).copied().unwrap_or_default(),
            )
        })
    }

    /// The next marked event after (or the last before) the moment `from`; behind the last the first, before the first the
    /// last. `None`: none is marked.
    pub fn next(&self, from: u32, direction: SearchDirection) -> Option<Marked> {
        let is_marked = |(_, set): &(u32, &u16)| **set > 0;
        let mut moments = (1..).zip(&self.of).filter(is_marked).map(|(moment, _)| moment);
        let found = match direction {
            SearchDirection::Forward => {
                let first = moments.next()?;
                if first > from {
                    first
                } else {
                    moments.find(|moment| *moment > from).unwrap_or(first)
                }
            }
            SearchDirection::Backward => {
                let before = moments.by_ref().take_while(|moment| *moment < from).last();
                before.or_else(|| (1..).zip(&self.of).filter(is_marked).last().map(|(moment, _)| moment))?
            }
        };
        let before = (1..)
            .zip(&self.of)
            .filter(is_marked)
            .take_while(|(moment, _)| *moment < found);
        Some(Marked {
            moment: Moment(found),
            ordinal: u32::try_from(before.count()).map_or(u32::MAX, |before| before.saturating_add(1)),
            total: self.total,
        })
    }

    fn add(&mut self, code: &'static str, events: impl Iterator<Item = usize>) {
        let mut events = events.peekable();
        if events.peek().is_none() {
            return;
        }
        let known = self.codes.iter().position(|known| *known == code);
        let bit = known.unwrap_or_else(|| {
            if self.codes.len() < MOST_CODES {
                self.codes.push(code);
            }
            self.codes.len() - 1
        });
        // The set with the code in the place of the one without it.
        let mut with: HashMap<u16, u16> = HashMap::new();
        for event in events {
            let Some(set) = self.of.get_mut(event) else { continue };
            *set = *with.entry(*set).or_insert_with(|| {
                let wanted = self.sets.get(usize::from(*set)).copied().unwrap_or_default() | 1 << bit;
                let at = self.sets.iter().position(|known| *known == wanted).unwrap_or_else(|| {
                    self.sets.push(wanted);
                    self.sets.len() - 1
                });
                // Nothing has so many sets: each is there because an event has it.
                u16::try_from(at).unwrap_or(u16::MAX)
            });
        }
    }

    fn set(&self, moment: Moment) -> u128 {
        let set = moment.event_index().and_then(|index| self.of.get(index));
        let bits = set.and_then(|set| self.sets.get(usize::from(*set)));
        bits.copied().unwrap_or_default()
    }

    fn flag(&self, set: u128) -> u8 {
        let codes = self.codes.iter().zip(0_u32..).filter(|(_, bit)| set >> bit & 1 == 1);
        codes.fold(0, |flag, (code, _)| {
            let more = match *code {
                invariants::BROKEN => FLAG_BROKEN,
                code if is_undecodable(code) => FLAG_UNDECODABLE,
                _ => 0,
            };
            flag | FLAG_PROBLEM | more
        })
    }
}

/// The index of the event at a position. In nearly every store the versions of a stream follow its positions; where they
/// do not, they are sorted once.
fn indices(positions: &[Position]) -> impl Fn(Position) -> Option<usize> {
    let order: Option<Vec<u32>> = (!positions.is_sorted()).then(|| {
        let mut order: Vec<u32> = (0..).zip(positions).map(|(index, _)| index).collect();
        order.sort_by_key(|index| positions.get(*index as usize));
        order
    });
    move |position| match &order {
        None => positions.binary_search(&position).ok(),
        Some(order) => {
            let found = order.binary_search_by_key(&Some(&position), |index| positions.get(*index as usize));
            order.get(found.ok()?).map(|index| *index as usize)
        }
    }
}
