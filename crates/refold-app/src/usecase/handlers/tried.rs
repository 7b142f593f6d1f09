//! A draft of a handler, tried on a stream: what its last event changes, where it differs from the version that the draft
//! was made of, and what went wrong, by event and line.

use std::sync::Arc;

use refold_core::finding::Findings;
use refold_core::fold::Detail;
use refold_core::history::Budget;
use refold_core::port::handler::HandlerFault;
use refold_core::track::Moment;
use refold_core::work::Work;

use crate::error::AppError;
use crate::replay::{Opening, Replay};
use crate::session::Session;
use crate::text::shown_value;
use crate::usecase::lab::Scope;
use crate::usecase::lab::compare::{Side, compare};
use crate::usecase::lab::course::event_at;
use crate::usecase::lab::kept::Keeping;
use crate::usecase::lab::pair::side_by_side;
use crate::wire::{DraftTried, HandlerProblem, TriedAgainst, TriedDifference, TriedFault};
use crate::{clock, findings, handler};

/// Places that are told of a change.
const MOST_ROWS: usize = 200;

/// `origin`: how the version is opened that `draft` was made of. `at`: a cursor of the stream.
pub fn try_on(
    work: &Work<'_>,
    session: &Session,
    origin: &str,
    draft: &str,
    stream: &str,
    at: &str,
) -> Result<DraftTried, AppError> {
    let noted = Arc::<Findings>::default();
    let opening = Opening {
        program: session.adopted(Some(draft))?,
        detail: Detail::State,
        budget: Budget::default(),
        is_whole: false,
    };
    let against = against(work, session, origin, draft, Scope::Until { stream, cursor: at })?;
    let (found, mut replay) = Replay::open(work, session, stream, &opening, &noted)?;
    let asked = found.resolve(&session.cursor(at)?, clock::now())?;
    let moment = asked.moment;
    let after = replay.state_at(work, asked)?;
    let before = replay.state_at(work, Moment(moment.0.saturating_sub(1)))?;
    // Behind the event on which the draft failed nothing was folded.
    let (mut rows, changed) = match after.fault {
        Some(_) => (Vec::new(), 0),
        None => {
            let (rows, changed, _) = side_by_side(&before.state, &after.state, false);
            (rows, changed)
        }
    };
    rows.truncate(MOST_ROWS);
    let last = after
        .fault
        .as_ref()
        .map_or(moment, |(at, _)| Moment(at.0.saturating_sub(1)));
    let lacking = found.since_label(&after);
    let fault = after.fault.map(|(at, fault)| TriedFault {
        event: event_at(&found, at),
        problem: problem(&fault),
    });
    Ok(DraftTried {
        stream: crate::text::shown(&found.id),
        handler: handler::wire(opening.program.identity()),
        events: last.0,
        event: event_at(&found, last),
        recorded_at: found.time_label(last, session.description().time_digits),
        rows,
        changed,
        against,
        fault,
        incomplete_since: lacking.unwrap_or_default(),
        findings: findings::wire(&noted),
    })
}

/// `None`: the version that the draft was made of cannot be used as it is, which may be why there is a draft.
fn against(
    work: &Work<'_>,
    session: &Session,
    origin: &str,
    draft: &str,
    scope: Scope<'_>,
) -> Result<Option<TriedAgainst>, AppError> {
    if handler::open(Some(origin)).is_err() {
        return Ok(None);
    }
    // Every key that is struck makes another draft: keeping the answers would be keeping waste.
    let compared = compare(work, session, scope, Some(origin), Some(draft), Keeping::Anew)?.answer;
    let first = compared.differing.first().and_then(|differing| {
        let (interval, place) = (differing.intervals.first()?, differing.places.first()?);
        let shown = |value: &Option<crate::answer::Literal>| value.as_ref().map(|literal| shown_value(&literal.0));
        Some(TriedDifference {
            event: (&interval.from).into(),
            path: place.path.clone(),
            left: shown(&place.left),
            right: shown(&place.right),
            places: differing.place_count,
        })
    });
    let stop = compared.errors.iter().find(|stop| stop.side == Side::Left);
    Ok(Some(TriedAgainst {
        handler: compared.left,
        first,
        stopped: stop.map_or_else(String::new, |stop| stop.reason.clone()),
    }))
}

/// A fault of the draft, where its files tell of it.
fn problem(fault: &HandlerFault) -> HandlerProblem {
    let place = fault.place.as_deref().and_then(|place| {
        let mut parts = place.rsplitn(3, ':');
        let (column, line) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some((parts.next()?.to_owned(), line, column))
    });
    let (file, line, column) = place.map_or((None, 0, 0), |(file, line, column)| (Some(file), line, column));
    HandlerProblem {
        code: fault.code.to_owned(),
        message: match file {
            Some(_) => fault.message.clone(),
            None => fault.said(),
        },
        advice: handler::advice(fault.code).to_owned(),
        file,
        line,
        column,
    }
}
