//! Events that a person looks for: by a text in payload or metadata, by type, category, stream and time, by a condition.
//!
//! The text is looked for byte by byte in what the store holds, and in the forms that JSON writers give it: see
//! [`Needle`]. It must not know how a face shows what was found.

mod copy;
pub mod excerpt;
pub mod export;
mod filter;
pub mod found;
mod in_stream;
pub mod offer;

use std::ops::ControlFlow;

use refold_core::event::EventView;
use refold_core::finding::Findings;
use refold_core::names::Names;
use refold_core::work::Work;
use refold_stores::index::{Needle, search_store};

use self::copy::{InCopy, Start};
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

/// Calls `visit` for each event found, in position order. What was noteworthy on the way goes to `findings`, also when
/// the search is cancelled.
///
/// Where the store's payloads were copied beside the index, a text is looked for in the copy, and what is found is shown as
/// the store holds it; else all of the store is read.
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
    let differs_behind = match (filter.needle(), session.index().zip(session.arena()?)) {
        (Some(needle), Some((index, arena))) => {
            session.report_search_in_copy(findings);
            arena.report_findings(findings);
            let copy = InCopy {
                session,
                index: &index,
                arena: &arena,
            };
            copy.search(work, needle, findings, &mut taker)?
        }
        _ => Some(Start::Beginning),
    };
    if let Some(start) = differs_behind {
        let wanted = |event: &EventView<'_>, names: &Names, of_range: &Findings| {
            start.is_before(event.position) && filter.lets_through(event, names, of_range)
        };
        let store = session.store().as_ref();
        let mut take = |event: &EventView<'_>, names: &Names| taker.take(event, names);
        search_store(work, store, &wanted, thread_count(), findings, &mut take)?;
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

/// Hands over what was found, and keeps why that ended early.
struct Taker<'a> {
    filter: &'a Filter,
    mask: &'a Mask,
    digits: u8,
    visit: Visit<'a>,
    outcome: Result<(), AppError>,
}

impl Taker<'_> {
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
