//! The first useful screen of a store, without a scan.

use std::collections::HashMap;

use refold_core::finding::Findings;
use refold_core::port::store::OrderQuality;
use refold_core::time::Timestamp;
use refold_core::work::Work;

use crate::clock;
use crate::error::AppError;
use crate::findings;
use crate::handler;
use crate::session::{FirstScreen, Session};
use crate::text;
use crate::usecase::evidence::chain::has_chain;
use crate::wire::{EventRow, StoreBack, StoreOpened, TypeCount};

/// `number`: what the desk calls the session.
pub fn first_screen(work: &Work<'_>, session: &Session, number: u32) -> Result<StoreOpened, AppError> {
    let found = Findings::default();
    let screen = session.first_screen(work, &found)?;
    session.report_notices(&found);
    let description = session.description();
    let digits = description.time_digits;
    let (first, last) = screen.time_span.unwrap_or((Timestamp::NONE, Timestamp::NONE));
    let index = session.index();
    let counted = index.as_ref().map(|index| u64::from(index.event_count()));
    let (events, events_is_exact) = match counted {
        Some(events) => (Some(events), true),
        None => (description.event_count, description.count_is_exact),
    };
    Ok(StoreOpened {
        session: number,
        location: session.location().to_owned(),
        name: session.name(),
        kind: description.kind.clone(),
        layout: description.layout.clone(),
        layout_title: description.layout_title.clone(),
        evidence: description.evidence.clone(),
        read_only: guards(session),
        order_is_total: description.order == OrderQuality::Total,
        time_zone: description.time_zone.clone(),
        size: description.byte_count.map(text::size_label).unwrap_or_default(),
        events: events.map(|events| u32::try_from(events).unwrap_or(u32::MAX)),
        events_is_exact,
        newest: newest(&screen, &found, digits),
        first_recorded_at: text::time_label(first, digits),
        last_recorded_at: text::time_label(last, digits),
        sampled_types: screen
            .sampled_types
            .iter()
            .map(|(name, events)| TypeCount {
                name: text::shown(name),
                events: *events,
            })
            .collect(),
        sampled_events: screen.sampled_count,
        findings: findings::wire(&found),
        index_is_ready: session.has_any_index(),
        has_chain: has_chain(session),
        handlers: handler::at_hand(&session.beside()),
        case: session.case().map(|case| case.wire(session.location())),
    })
}

/// What takes the place of what the first screen said of a store out of what is kept. Reads nothing.
pub fn back(session: &Session) -> StoreBack {
    let (description, found) = (session.description(), Findings::default());
    session.report_notices(&found);
    StoreBack {
        since: text::time_label(clock::now(), 0),
        kind: description.kind.clone(),
        evidence: description.evidence.clone(),
        read_only: guards(session),
        size: description.byte_count.map(text::size_label).unwrap_or_default(),
        findings: findings::wire(&found),
    }
}

/// How it is kept from being written to. What is watched is tried again, which what is opened once is not.
fn guards(session: &Session) -> Vec<String> {
    let mut guards = session.description().guards();
    if let (Some(_), Some(first)) = (session.kept_as_of(), guards.first_mut()) {
        first.push_str("; it is tried again, and shown itself as soon as it answers");
    }
    guards
}

fn newest(screen: &FirstScreen, found: &Findings, digits: u8) -> Vec<EventRow> {
    let batch = &screen.newest;
    let mut problems: HashMap<i64, Vec<String>> = HashMap::new();
    for (code, _, kept) in found.summary() {
        for position in kept.iter().filter_map(|finding| finding.position) {
            problems.entry(position.0).or_default().push(code.to_owned());
        }
    }
    (0..batch.len())
        .map(|row| {
            let event = batch.event(row);
            EventRow {
                moment: 0,
                version: text::version_label(event.version),
                position: text::position_label(event.position),
                stream: text::shown(screen.names.stream(event.stream)),
                event_type: text::shown(screen.names.type_name(event.event_type)),
                recorded_at: text::time_label(event.recorded_at, digits),
                since_previous: String::new(),
                problems: problems.get(&event.position.0).cloned().unwrap_or_default(),
            }
        })
        .collect()
}
