//! What only the index knows of a store.

use refold_core::finding::Findings;
use refold_core::time::Timestamp;
use refold_stores::index::Index;

use crate::error::AppError;
use crate::findings;
use crate::session::Session;
use crate::text;
use crate::wire::{CategoryCount, FindingWire, Overview, TypeCount};

/// Needs the index, if only that of the store as it was before it grew.
pub fn overview(session: &Session) -> Result<Overview, AppError> {
    session.ask(|index, is_behind| of_index(session, index, is_behind))
}

fn of_index(session: &Session, index: &Index, is_behind: bool) -> Result<Overview, AppError> {
    let digits = session.description().time_digits;
    let (first, last) = index.time_span().unwrap_or((Timestamp::NONE, Timestamp::NONE));
    let mut types: Vec<TypeCount> = index
        .types()
        .filter(|(_, events)| *events > 0)
        .map(|(name, events)| TypeCount {
            name: text::shown(name),
            events,
        })
        .collect();
    types.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.name.cmp(&b.name)));
    let mut categories: Vec<CategoryCount> = index
        .categories()?
        .into_iter()
        .map(|(name, streams)| CategoryCount {
            name: text::shown(name),
            streams,
        })
        .collect();
    categories.sort_by(|a, b| b.streams.cmp(&a.streams).then_with(|| a.name.cmp(&b.name)));
    Ok(Overview {
        events: index.event_count(),
        streams: index.stream_count(),
        first_recorded_at: text::time_label(first, digits),
        last_recorded_at: text::time_label(last, digits),
        types,
        categories,
        findings: findings::wire(&found_by(session, index)),
        is_behind,
    })
}

/// What the index came upon. Needs the index, if only that of the store as it was before it grew.
pub fn found(session: &Session) -> Result<Findings, AppError> {
    session.ask(|index, _| Ok(found_by(session, index)))
}

/// What the index came upon by which events are missing from it, and so from every answer that is made of it; nothing
/// where it is not there yet.
pub fn lacking(session: &Session) -> Vec<FindingWire> {
    let Some(index) = session.index() else {
        return Vec::new();
    };
    let found = Findings::default();
    index.report_findings(&found);
    let mut lacking = findings::wire(&found);
    lacking.retain(FindingWire::leaves_out);
    lacking
}

/// As [`found`], of an index at hand.
pub(super) fn found_by(session: &Session, index: &Index) -> Findings {
    let found = Findings::default();
    index.report_findings(&found);
    session.report_notices(&found);
    found
}
