//! Which types of the events of a store a handler takes, by what its files say: nothing is folded for it.

use std::collections::BTreeSet;

use refold_core::port::handler::{HandlerProgram, Takes};
use refold_core::work::Work;
use refold_stores::index::Index;

use crate::error::AppError;
use crate::handler;
use crate::session::Session;
use crate::text;
use crate::wire::{CoverageFirst, CoverageRow, HandlerCoverage, LabEvent, Taken};

/// Needs the index. Where the package says of which category its streams are, only those are counted; a category that no
/// stream is of counts all.
pub fn coverage(work: &Work<'_>, session: &Session, reference: &str) -> Result<HandlerCoverage, AppError> {
    let program = handler::open(Some(reference))?;
    let category = handler::category(Some(reference));
    session.ask(|index, is_behind| of_index(work, index, program.as_ref(), category.as_deref(), is_behind))
}

fn of_index(
    work: &Work<'_>,
    index: &Index,
    program: &dyn HandlerProgram,
    category: Option<&str>,
    is_behind: bool,
) -> Result<HandlerCoverage, AppError> {
    let wanted = category.map(str::to_lowercase);
    let known = index.categories()?;
    let known = known.iter().map(|(name, _)| *name);
    let counted: Vec<&[u8]> = known
        .filter(|name| wanted.as_deref() == Some(text::shown(name).to_lowercase().as_str()))
        .collect();
    let tally = index.tally_types(work, &|name| counted.is_empty() || counted.contains(&name))?;
    let (mut rows, mut made) = (Vec::new(), BTreeSet::new());
    let mut types_elsewhere = 0;
    for ((name, all), (events, first)) in index.types().zip(tally) {
        if events == 0 {
            types_elsewhere += u32::from(all > 0);
            continue;
        }
        made.extend(program.types_made(name));
        let first = first.map(|first| first_event(index, first)).transpose()?;
        rows.push(CoverageRow {
            event_type: text::shown(name),
            events,
            taken: taken(program.takes(name)),
            first,
        });
    }
    rows.sort_by(|a, b| {
        let order = a.taken.cmp(&b.taken).then_with(|| b.events.cmp(&a.events));
        order.then_with(|| a.event_type.cmp(&b.event_type))
    });
    let missing = rows.iter().filter(|row| row.taken == Taken::Missing);
    let absent = program.event_types().map(|named| {
        let absent = named.into_iter().filter(|name| !made.contains(name));
        absent.map(|name| text::shown(&name)).collect()
    });
    Ok(HandlerCoverage {
        categories: counted.iter().map(|name| text::shown(name)).collect(),
        types: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        events: rows.iter().map(|row| row.events).sum(),
        missing_types: u32::try_from(missing.clone().count()).unwrap_or(u32::MAX),
        missing_events: missing.map(|row| row.events).sum(),
        types_elsewhere,
        rows,
        absent,
        is_behind,
    })
}

fn first_event(index: &Index, first: refold_core::event::EventIndex) -> Result<CoverageFirst, AppError> {
    let event = index.event(first)?;
    Ok(CoverageFirst {
        stream: text::shown(index.stream(event.stream)?.id),
        event: LabEvent {
            version: text::version_label(event.version),
            position: text::position_label(event.position),
            event_type: text::shown(index.type_name(event.event_type)),
        },
    })
}

fn taken(takes: Option<Takes>) -> Taken {
    match takes {
        None => Taken::Unclear,
        Some(Takes::Nothing) => Taken::Missing,
        Some(Takes::AsAnyOther) => Taken::AsAnyOther,
        Some(Takes::ForNothing) => Taken::ForNothing,
        Some(Takes::Folds) => Taken::Folded,
    }
}
