//! Events whose payload or metadata holds a text.
//!
//! The text is looked for byte by byte in what the store holds, and in the forms that JSON writers give it: see
//! [`Needle`].

use std::ops::ControlFlow;

use refold_core::event::{Columns, EventBatch, EventView, TypeOrdinal};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::names::Names;
use refold_core::port::store::ReadQuery;
use refold_core::work::Work;
use refold_handlers::filter::EventFilter;
use refold_stores::index::{Arena, Hit, Index, Needle, SearchQuery, search_arena, search_store};

use super::events::event_answer;
use crate::answer::EventAnswer;
use crate::error::AppError;
use crate::findings;
use crate::mask::Mask;
use crate::payload;
use crate::session::{Session, thread_count};
use crate::wire::FindingWire;

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Empty: every event.
    pub text: String,
    pub types: Vec<String>,
    /// A condition in the expression language of handlers.
    pub condition: Option<String>,
    pub limit: Option<u64>,
    /// Copy all payloads beside the index before and index them, so that this and later searches are fast.
    pub copies_first: bool,
}

const BATCH_EVENTS: usize = 8_192;

/// Events of the copy between two fresh starts of the names in use.
const NAMED_EVENTS: usize = 4096;
/// Ids of so many streams are kept while a store is read.
const MOST_NAMES: usize = 100_000;

/// Calls `visit` for each event found, in position order, and returns what was noteworthy on the way.
///
/// Where the store's payloads were copied beside the index, the copy is searched; else all of the store is read.
pub fn search(
    work: &Work<'_>,
    session: &Session,
    asked: &Search,
    visit: &mut dyn FnMut(EventAnswer) -> Result<(), AppError>,
) -> Result<Vec<FindingWire>, AppError> {
    let findings = Findings::default();
    session.mask().report_search(&findings);
    let arena = if asked.copies_first {
        Some(session.build_search(work)?)
    } else {
        session.arena()?
    };
    let mut sieve = Sieve {
        types: &asked.types,
        needle: Needle::new(asked.text.as_bytes()),
        filter: asked.condition.as_deref().map(EventFilter::compile).transpose()?,
        findings: &findings,
        digits: session.description().time_digits,
        mask: session.mask(),
        left: asked.limit.unwrap_or(u64::MAX),
        visit,
    };
    match (sieve.needle.clone(), session.index().zip(arena)) {
        (Some(needle), Some((index, arena))) => {
            arena.report_findings(&findings);
            search_copy(work, &needle, &index, &arena, &mut sieve)?;
        }
        (Some(needle), None) => search_all(work, session, &needle, &mut sieve)?,
        (None, _) => sieve.read_all(work, session)?,
    }
    Ok(findings::wire(&findings))
}

/// Takes the events that hold the needle while all of the store is read.
fn search_all(work: &Work<'_>, session: &Session, needle: &Needle, sieve: &mut Sieve<'_>) -> Result<(), AppError> {
    let types: Vec<&[u8]> = sieve.types.iter().map(String::as_bytes).collect();
    let query = SearchQuery { needle, types: &types };
    let findings = sieve.findings;
    let mut outcome = Ok(());
    let store = session.store().as_ref();
    search_store(work, store, &query, thread_count(), findings, &mut |event, names| {
        outcome = sieve.take(event, names);
        if outcome.is_ok() && sieve.left > 0 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    outcome
}

/// Takes the events that the copy says hold the needle, some at a time, out of the copy.
fn search_copy(
    work: &Work<'_>,
    needle: &Needle,
    index: &Index,
    arena: &Arena,
    sieve: &mut Sieve<'_>,
) -> Result<(), AppError> {
    let types: Vec<&[u8]> = sieve.types.iter().map(String::as_bytes).collect();
    let query = SearchQuery { needle, types: &types };
    // Names of some streams only: a store may have millions.
    let mut names = Names::default();
    let mut types = index.intern_types(&mut names);
    let mut named = 0;
    let mut outcome = Ok(());
    search_arena(work, index, arena, &query, thread_count(), &mut |hit| {
        if named == NAMED_EVENTS {
            names = Names::default();
            types = index.intern_types(&mut names);
            named = 0;
        }
        named += 1;
        outcome = take_hit(index, arena, &hit, &types, &mut names, sieve);
        if outcome.is_ok() && sieve.left > 0 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    outcome
}

fn take_hit(
    index: &Index,
    arena: &Arena,
    hit: &Hit,
    types: &[TypeOrdinal],
    names: &mut Names,
    sieve: &mut Sieve<'_>,
) -> Result<(), AppError> {
    let event = index.event_at_or_after(hit.position)?;
    let stream = index.stream(index.event(event)?.stream)?;
    let stream = names.intern_stream(stream.id, || stream.category);
    sieve.take(&index.view(arena, event, Columns::ALL, types, stream)?, names)
}

/// What lets the events through that were asked for.
struct Sieve<'a> {
    types: &'a [String],
    needle: Option<Needle>,
    filter: Option<EventFilter>,
    findings: &'a Findings,
    digits: u8,
    mask: &'a Mask,
    left: u64,
    visit: &'a mut dyn FnMut(EventAnswer) -> Result<(), AppError>,
}

impl Sieve<'_> {
    /// Takes every event of the store.
    fn read_all(&mut self, work: &Work<'_>, session: &Session) -> Result<(), AppError> {
        let total = session.description().event_count;
        let mut reader = session.store().read(&ReadQuery::all(Columns::ALL))?;
        let (mut batch, mut names) = (EventBatch::default(), Names::default());
        let mut read = 0;
        while self.left > 0 {
            batch.clear();
            if !reader.next_batch(work, BATCH_EVENTS, &mut batch, &mut names, self.findings)? {
                break;
            }
            for row in 0..batch.len() {
                self.take(&batch.event(row), &names)?;
            }
            read += batch.len() as u64;
            work.tick("searching", read, total)?;
            // A store may have millions of streams, and nobody asks for one of them again.
            if names.stream_count() as usize > MOST_NAMES {
                names = Names::default();
            }
        }
        Ok(())
    }

    /// An event is found by what is shown of it alone: else a search would tell what is hidden.
    fn take(&mut self, event: &EventView<'_>, names: &Names) -> Result<(), AppError> {
        let is_hit = self.left > 0
            && is_of_types(event, names, self.types)
            && payload::covered(event, self.mask, names, |shown| {
                let holds_text = |needle: &Needle| needle.place_in(shown).is_some();
                self.needle.as_ref().is_none_or(holds_text) && meets(shown, names, self.filter.as_ref(), self.findings)
            });
        if is_hit {
            self.left -= 1;
            (self.visit)(event_answer(event, names, self.digits, self.mask))?;
        }
        Ok(())
    }
}

fn is_of_types(event: &EventView<'_>, names: &Names, types: &[String]) -> bool {
    types.is_empty()
        || types
            .iter()
            .any(|name| name.as_bytes() == names.type_name(event.event_type))
}

fn meets(event: &EventView<'_>, names: &Names, filter: Option<&EventFilter>, findings: &Findings) -> bool {
    let Some(filter) = filter else { return true };
    filter.matches(event, names).unwrap_or_else(|fault| {
        findings.report(Finding {
            code: fault.code,
            severity: Severity::Warning,
            stream: Some(names.stream(event.stream).into()),
            version: Some(event.version),
            position: Some(event.position),
            detail: format!("the condition cannot be evaluated on this event, which is left out: {fault}"),
        });
        false
    })
}
