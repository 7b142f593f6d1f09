//! The findings of a store of one code, page by page: those that the index keeps in words, and behind them those of which
//! it keeps the places. What skeletons show is said again in words; of the others the code says what it is.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use refold_core::event::{Position, StreamOrdinal};
use refold_core::finding::Findings;
use refold_stores::index::{EventSkeleton, Index};

use super::overview;
use super::streams::{MOST_EVENTS, report_of_skeletons};
use crate::clock;
use crate::error::AppError;
use crate::findings;
use crate::session::Session;
use crate::text;
use crate::wire::{FindingPage, FoundWire};

/// `from`: how many are listed already. Needs the index, if only that of the store as it was before it grew.
pub fn page(session: &Session, code: &str, from: u32) -> Result<FindingPage, AppError> {
    session.ask(|index, _| of_index(session, index, code, from))
}

fn of_index(session: &Session, index: &Index, code: &str, from: u32) -> Result<FindingPage, AppError> {
    let (all, size) = (overview::found_by(session, index), Findings::KEPT_PER_CODE);
    let kept = all.summary().into_iter().find(|(of, ..)| *of == code);
    let kept = kept.map(|(_, _, kept)| kept).unwrap_or_default();
    let from = from as usize;
    let in_words = kept.get(from..).unwrap_or_default();
    let mut found: Vec<FoundWire> = in_words.iter().take(size).map(findings::found).collect();
    // Those in words are the first of all, in the order of their positions.
    let last = kept.last().and_then(|finding| finding.position);
    let mut places = index.places_of(code, last).skip(from.saturating_sub(kept.len()));
    let mut told = Told::new(session, index);
    while found.len() < size
        && let Some(position) = places.next()
    {
        found.push(told.at(code, position)?);
    }
    Ok(FindingPage {
        has_more: in_words.len() > size || places.next().is_some(),
        found,
    })
}

/// What is told of findings whose words were not kept.
struct Told<'a> {
    session: &'a Session,
    index: &'a Index,
    /// What the skeletons of a stream show.
    of_streams: HashMap<StreamOrdinal, Findings>,
}

impl<'a> Told<'a> {
    fn new(session: &'a Session, index: &'a Index) -> Told<'a> {
        Told {
            session,
            index,
            of_streams: HashMap::new(),
        }
    }

    fn at(&mut self, code: &str, position: Position) -> Result<FoundWire, AppError> {
        let event = self.index.event_at_or_after(position)?;
        let is_there = event.0 < self.index.event_count();
        let event = is_there.then(|| self.index.event(event)).transpose()?;
        let Some(event) = event.filter(|event| event.position == position) else {
            // What was found where no event is, such as a line that is none.
            return Ok(FoundWire {
                detail: String::new(),
                stream: None,
                version: None,
                position: Some(text::position_label(position)),
            });
        };
        if let Some(said) = self.said_again(code, &event)? {
            return Ok(said);
        }
        let entry = self.index.stream(event.stream)?;
        Ok(FoundWire {
            detail: String::new(),
            stream: Some(text::shown(entry.id)),
            version: text::filled(text::version_label(event.version)),
            position: Some(text::position_label(position)),
        })
    }

    fn said_again(&mut self, code: &str, event: &EventSkeleton) -> Result<Option<FoundWire>, AppError> {
        let entry = self.index.stream(event.stream)?;
        if entry.events > MOST_EVENTS {
            return Ok(None);
        }
        if !self.of_streams.contains_key(&event.stream) {
            let found = Findings::keeping(MOST_EVENTS as usize);
            let numbering = self.session.description().numbering();
            report_of_skeletons(self.index, (event.stream, entry.id), numbering, clock::now(), &found)?;
            self.of_streams.insert(event.stream, found);
        }
        let at = self
            .of_streams
            .get(&event.stream)
            .map(|found| found.kept_at(event.position));
        let said = at.into_iter().flatten().find(|finding| finding.code == code);
        Ok(said.as_ref().map(findings::found))
    }
}
