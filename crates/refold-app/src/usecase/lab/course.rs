//! The course of one stream: at which of its moments something holds, as a list of changes and as a bar.

use refold_core::event::Position;
use refold_core::track::Moment;

use super::EventName;
use crate::stream::Stream;
use crate::text;
use crate::wire::{CourseMark, LabEvent};

/// Parts of a bar.
pub(super) const BAR_PARTS: u32 = 240;
/// Changes that are told one by one.
pub(super) const MOST_CHANGES: usize = 500;

/// The moment after an event that an answer names.
pub(super) fn moment_of(stream: &Stream, event: &EventName) -> Option<Moment> {
    let position = event.position.as_ref()?.parse().ok().map(Position)?;
    let is_it = |moment: &Moment| text::filled(stream.version_label(*moment)) == event.version;
    stream.moment_at(position).filter(is_it).or_else(|| {
        // Events that share a position, which few stores have.
        let moments = (1..=stream.track.head().0).map(Moment);
        let at = |moment: &Moment| moment.event_index().and_then(|index| stream.track.positions.get(index));
        moments.filter(|moment| at(moment) == Some(&position)).find(is_it)
    })
}

/// The event that led to a moment; empty at the start.
pub(in crate::usecase) fn event_at(stream: &Stream, moment: Moment) -> LabEvent {
    LabEvent {
        version: stream.version_label(moment),
        position: stream.position_label(moment),
        event_type: stream.type_name(moment),
    }
}

/// The moments `1..=events` in equal parts. `bad`: ranges of moments, each from inclusive, until exclusive, ascending.
pub(super) fn bar(bad: &[(u32, u32)], events: u32) -> Vec<CourseMark> {
    let parts = BAR_PARTS.min(events);
    // Below 2^32 by construction: `part` is at most `parts`.
    let start = |part: u32| (u64::from(part) * u64::from(events) / u64::from(parts.max(1))) as u32 + 1;
    let mut ranges = bad.iter().peekable();
    let mark = |part: u32| {
        let (from, end) = (start(part), start(part + 1));
        while ranges.next_if(|(_, until)| *until <= from).is_some() {}
        let covered = |(first, until): &(u32, u32)| (*until).min(end).saturating_sub((*first).max(from));
        let here = ranges.clone().take_while(|(first, _)| *first < end).map(covered);
        match here.sum::<u32>() {
            0 => CourseMark::Good,
            all if all == end - from => CourseMark::Bad,
            _ => CourseMark::Mixed,
        }
    };
    (0..parts).map(mark).collect()
}

#[cfg(test)]
mod tests;
