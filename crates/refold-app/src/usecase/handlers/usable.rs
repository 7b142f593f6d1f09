//! Which handlers can be used for what is to be folded: those that open, and take any event of it. So the index tells
//! without folding anything, as far as a handler can tell it of a type.

use std::collections::BTreeSet;

use refold_core::event::EventIndex;
use refold_core::port::handler::{HandlerProgram, Takes};
use refold_core::work::Work;
use refold_stores::index::Index;

use crate::error::AppError;
use crate::handler;
use crate::session::Session;
use crate::text;
use crate::usecase::lab::Scope;
use crate::usecase::named;
use crate::wire::HandlerUse;

/// Types of events that a reason names.
const MOST_NAMED: usize = 4;
/// Events that are looked at between two looks at whether somebody cancelled.
const AT_ONCE: usize = 4_096;

/// One answer for each of `references`, in their order. Where the types of the scope are not known (no index yet, no such
/// stream or category), only whether a handler opens is told.
pub fn usable(
    work: &Work<'_>,
    session: &Session,
    references: &[String],
    scope: Scope<'_>,
) -> Result<Vec<HandlerUse>, AppError> {
    let types = types_of(work, session, scope)?;
    let mut answers = Vec::with_capacity(references.len());
    for reference in references {
        work.check()?;
        let why_not = match handler::open(Some(reference)) {
            Ok(program) => takes_none(program.as_ref(), &types).then(|| reason(scope, &types)),
            Err(error) => Some(error.message),
        };
        answers.push(HandlerUse {
            reference: reference.clone(),
            why_not,
        });
    }
    Ok(answers)
}

/// The types of the events of a scope; none where they are not known.
fn types_of(work: &Work<'_>, session: &Session, scope: Scope<'_>) -> Result<Vec<Vec<u8>>, AppError> {
    if !session.has_any_index() {
        return Ok(Vec::new());
    }
    session.ask(|index, _| match scope {
        Scope::Stream(stream) | Scope::Until { stream, .. } => types_of_stream(work, index, stream),
        Scope::Category(category) => {
            let Ok(wanted) = named::category(index, category) else {
                return Ok(Vec::new());
            };
            let tally = index.tally_types(work, &|name| name == wanted)?;
            let counted = index.types().zip(tally).filter(|(_, (events, _))| *events > 0);
            Ok(counted.map(|((name, _), _)| name.to_vec()).collect())
        }
        Scope::All => {
            let held = index.types().filter(|(_, events)| *events > 0);
            Ok(held.map(|(name, _)| name.to_vec()).collect())
        }
    })
}

fn types_of_stream(work: &Work<'_>, index: &Index, id: &str) -> Result<Vec<Vec<u8>>, AppError> {
    let found = match index.find_stream(id.as_bytes())? {
        Some(stream) => Some(stream),
        None => index.find_stream(&text::id_from_shown(id))?,
    };
    let Some(stream) = found else {
        return Ok(Vec::new());
    };
    let mut types = BTreeSet::new();
    for events in index.events_of(stream)?.chunks(AT_ONCE) {
        work.check()?;
        for event in events {
            types.insert(type_of(index, *event)?);
        }
    }
    Ok(types.into_iter().collect())
}

fn type_of(index: &Index, event: EventIndex) -> Result<Vec<u8>, AppError> {
    Ok(index.type_name(index.event(event)?.event_type).to_vec())
}

fn takes_none(program: &dyn HandlerProgram, types: &[Vec<u8>]) -> bool {
    let takes_it = |name: &Vec<u8>| match program.takes(name) {
        Some(Takes::Nothing | Takes::ForNothing) => false,
        // What only folding could tell is tried.
        None | Some(Takes::AsAnyOther | Takes::Folds) => true,
    };
    !types.is_empty() && !types.iter().any(takes_it)
}

fn reason(scope: Scope<'_>, types: &[Vec<u8>]) -> String {
    let whose = match scope {
        Scope::Stream(_) | Scope::Until { .. } => "this stream",
        Scope::Category(_) => "this category",
        Scope::All => "this store",
    };
    let named = types.iter().take(MOST_NAMED).map(|name| text::shown(name));
    let mut named = named.collect::<Vec<_>>().join(", ");
    if types.len() > MOST_NAMED {
        named.push_str(", …");
    }
    format!("it takes none of the events of {whose} ({named})")
}
