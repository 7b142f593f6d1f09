//! Events that a person looks for: by a text in payload or metadata, by type, category, stream and time, by a condition.
//!
//! The text is looked for byte by byte in what the store holds, and in the forms that JSON writers give it: see
//! [`Needle`]. It must not know how a face shows what was found.

pub mod excerpt;
pub mod export;
mod filter;
pub mod found;
mod in_stream;
pub mod offer;

use std::ops::ControlFlow;

use refold_core::event::{Columns, EventView, TypeOrdinal};
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::work::Work;
use refold_stores::index::{Arena, Hit, Index, Needle, SearchQuery, search_arena, search_store};

use self::filter::Filter;
use super::events::answer;
use crate::answer::EventAnswer;
use crate::error::AppError;
use crate::findings;
use crate::mask::Mask;
use crate::payload;
use crate::session::{Session, thread_count};
use crate::wire::FindingWire;

pub use in_stream::hits_in_stream;

/// What to look for. Everything that is given must hold; what is empty holds for every event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Part of the payload or the metadata.
    pub text: String,
    /// Names of event types, any of them.
    pub types: Vec<String>,
    /// Names of categories, any of them.
    pub categories: Vec<String>,
    /// Part of the id of the stream.
    pub stream: String,
    /// The earliest and the latest recorded time, both included: as a cursor is written, `2026-08-03 14:00` or `-2h`.
    pub from: Option<String>,
    pub to: Option<String>,
    /// A condition in the expression language of handlers.
    pub condition: Option<String>,
}

/// An event that was looked for.
pub struct Found<'a> {
    /// What a person may see of it.
    pub event: &'a EventView<'a>,
    pub names: &'a Names,
    /// `None` where no text was asked for.
    pub needle: Option<&'a Needle>,
    /// The precision of the store's times.
    pub digits: u8,
}

impl Found<'_> {
    pub fn answer(&self) -> EventAnswer {
        answer(self.event, self.names, self.digits)
    }
}

/// What is done with each event that was found. `Break` ends the search.
pub type Visit<'a> = &'a mut dyn FnMut(&Found<'_>) -> Result<ControlFlow<()>, AppError>;

/// Events of the copy between two fresh starts of the names in use.
const NAMED_EVENTS: usize = 4096;

/// Calls `visit` for each event found, in position order. What was noteworthy on the way goes to `findings`, also when
/// the search is cancelled.
///
/// Where the store's payloads were copied beside the index, a text is looked for in the copy; else all of the store is
/// read.
pub fn search(
    work: &Work<'_>,
    session: &Session,
    asked: &Search,
    findings: &Findings,
    visit: Visit<'_>,
) -> Result<(), AppError> {
    session.mask().report_search(findings);
    let filter = Filter::new(work, session, asked)?;
    let mut taker = Taker {
        filter: &filter,
        mask: session.mask(),
        digits: session.description().time_digits,
        visit,
        outcome: Ok(()),
    };
    match (filter.needle(), session.index().zip(session.arena()?)) {
        (Some(needle), Some((index, arena))) => {
            arena.report_findings(findings);
            search_copy(work, needle, &index, &arena, findings, &mut taker)?;
        }
        _ => {
            let wanted =
                |event: &EventView<'_>, names: &Names, of_range: &Findings| filter.lets_through(event, names, of_range);
            let store = session.store().as_ref();
            let mut take = |event: &EventView<'_>, names: &Names| taker.take(event, names);
            search_store(work, store, &wanted, thread_count(), findings, &mut take)?;
        }
    }
    taker.outcome
}

/// As [`search`], at most `limit` events as answers, and what was noteworthy on the way.
pub fn answers(
    work: &Work<'_>,
    session: &Session,
    asked: &Search,
    limit: Option<u64>,
    visit: &mut dyn FnMut(EventAnswer) -> Result<(), AppError>,
) -> Result<Vec<FindingWire>, AppError> {
    let findings = Findings::default();
    let mut left = limit.unwrap_or(u64::MAX);
    search(work, session, asked, &findings, &mut |found| {
        if left > 0 {
            left -= 1;
            visit(found.answer())?;
        }
        Ok(if left > 0 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })?;
    Ok(findings::wire(&findings))
}

/// Takes the events that the copy says hold the needle, some at a time, out of the copy.
fn search_copy(
    work: &Work<'_>,
    needle: &Needle,
    index: &Index,
    arena: &Arena,
    findings: &Findings,
    taker: &mut Taker<'_>,
) -> Result<(), AppError> {
    let types: Vec<&[u8]> = taker.filter.types().collect();
    let query = SearchQuery { needle, types: &types };
    // Names of some streams only: a store may have millions.
    let mut names = Names::default();
    let mut types = index.intern_types(&mut names);
    let mut named = 0;
    search_arena(work, index, arena, &query, thread_count(), &mut |hit| {
        if named == NAMED_EVENTS {
            names = Names::default();
            types = index.intern_types(&mut names);
            named = 0;
        }
        named += 1;
        taker.take_hit(index, arena, &hit, &types, &mut names, findings)
    })?;
    Ok(())
}

/// Hands over what was found, and keeps why that ended early.
struct Taker<'a> {
    filter: &'a Filter,
    mask: &'a Mask,
    digits: u8,
    visit: Visit<'a>,
    outcome: Result<(), AppError>,
}

impl Taker<'_> {
    fn take_hit(
        &mut self,
        index: &Index,
        arena: &Arena,
        hit: &Hit,
        types: &[TypeOrdinal],
        names: &mut Names,
        findings: &Findings,
    ) -> ControlFlow<()> {
        let mut view = || -> Result<EventView<'_>, AppError> {
            let event = index.event_at_or_after(hit.position)?;
            let stream = index.stream(index.event(event)?.stream)?;
            let stream = names.intern_stream(stream.id, || stream.category);
            Ok(index.view(arena, event, Columns::ALL, types, stream)?)
        };
        match view() {
            Ok(event) if self.filter.lets_through(&event, names, findings) => self.take(&event, names),
            Ok(_) => ControlFlow::Continue(()),
            Err(error) => {
                self.outcome = Err(error);
                ControlFlow::Break(())
            }
        }
    }

    fn take(&mut self, event: &EventView<'_>, names: &Names) -> ControlFlow<()> {
        let (filter, digits, mask) = (self.filter, self.digits, self.mask);
        let taken = payload::covered(event, mask, names, |event| {
            (self.visit)(&Found {
                event,
                names,
                needle: filter.needle(),
                digits,
            })
        });
        taken.unwrap_or_else(|error| {
            self.outcome = Err(error);
            ControlFlow::Break(())
        })
    }
}

#[cfg(test)]
mod tests;
