//! The invariants of a handler, and the course of one of them over one stream.

use std::sync::Arc;

use refold_core::finding::Findings;
use refold_core::track::Moment;
use refold_core::work::Work;
use refold_handlers::package::Opened;

use super::Scope;
use super::check::{FlipAnswer, check};
use super::course::{MOST_CHANGES, bar, event_at, moment_of};
use super::kept::Keeping;
use crate::error::AppError;
use crate::session::Session;
use crate::stream::Stream;
use crate::wire::{CourseFlip, InvariantCourse, InvariantListed, LabEvent};
use crate::{clock, findings, handler, text};

/// What the package of a handler says must always hold; none for a handler without a package.
pub fn invariants(handler: &str) -> Result<Vec<InvariantListed>, AppError> {
    let Some(program) = handler::opened(Some(handler))? else {
        return Ok(Vec::new());
    };
    Ok(listed(&program))
}

/// The same of a handler that is opened.
pub fn listed(handler: &Opened) -> Vec<InvariantListed> {
    let listed = handler.invariants().iter().map(|of| InvariantListed {
        id: of.id.clone(),
        title: text::shown(of.title.as_bytes()),
        condition: text::shown(of.text.as_bytes()),
        severity: findings::severity(of.severity),
    });
    listed.collect()
}

/// `invariant`: the id of one of the handler's package, or a condition of one's own.
pub fn course(
    work: &Work<'_>,
    session: &Session,
    scope: Scope<'_>,
    handler: &str,
    invariant: &str,
) -> Result<InvariantCourse, AppError> {
    let (id, until) = scope.stream()?;
    let own = condition_of(handler, invariant)?;
    let answer = check(work, session, scope, Some(handler), own, Keeping::Kept)?.answer;
    let noted = Arc::<Findings>::default();
    let stream = Stream::load(work, session, id, &noted)?;
    let until = match until.map(|cursor| session.cursor(cursor)).transpose()? {
        Some(cursor) => stream.track.resolve(&cursor, clock::now())?,
        None => stream.track.head(),
    };
    let violation = answer.violations.iter().find(|of| of.invariant == invariant);
    let flips = violation.map(|of| of.flips.as_slice()).unwrap_or_default();
    let moment = |flip: &FlipAnswer| moment_of(&stream, &flip.event).map_or(0, |moment| moment.0);
    let moments: Vec<u32> = flips.iter().map(moment).collect();
    let end = until.0.saturating_add(1);
    // The first one breaks it, and from then on they alternate.
    let bad: Vec<(u32, u32)> = moments
        .chunks(2)
        .filter_map(|turn| Some((*turn.first()?, turn.get(1).copied().unwrap_or(end))))
        .collect();
    let last_good = Moment(moments.first().map_or(until.0, |first| first.saturating_sub(1)));
    let flip = |(flip, moment): (&FlipAnswer, &u32)| CourseFlip {
        moment: *moment,
        event: LabEvent::from(&flip.event),
        holds: flip.holds,
    };
    Ok(InvariantCourse {
        stream: text::shown(&stream.id),
        events: until.0,
        flips: flips.iter().zip(&moments).take(MOST_CHANGES).map(flip).collect(),
        flip_count: u32::try_from(flips.len()).unwrap_or(u32::MAX),
        bar: bar(&bad, until.0),
        last_good: last_good.0,
        last_good_event: event_at(&stream, last_good),
        is_exact: answer.exact,
        sentence: answer.sentence,
    })
}

/// What [`check`] is given for an invariant: nothing for one of the package, the condition for another.
pub(super) fn condition_of<'a>(handler: &str, invariant: &'a str) -> Result<Option<&'a str>, AppError> {
    let is_of_package =
        handler::opened(Some(handler))?.is_some_and(|program| program.invariants().find(invariant).is_some());
    Ok((!is_of_package).then_some(invariant))
}
