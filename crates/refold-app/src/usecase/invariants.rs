//! Where the invariants of a handler's package break in one stream: every moment at which one that held stops to hold.

use std::sync::Arc;

use refold_core::finding::{Finding, Findings, Severity};
use refold_core::track::Moment;
use refold_core::work::{Phase, Work};
use refold_handlers::lab::{Checked, Rules, Sighting, Watched};
use refold_handlers::package::Opened;

use super::whole_fold::whole_fold;
use crate::error::AppError;
use crate::session::Session;
use crate::stream::Stream;

/// The code of a break.
pub const BROKEN: &str = "RF-INVARIANT-BROKEN";
/// The code of a condition that cannot be decided on a state.
pub const UNDECIDED: &str = "RF-INVARIANT-UNDECIDED";

/// Folds the whole stream and asks every invariant of its package after each event that wrote something it reads, as
/// the lab does for a whole store. Each break, and the first event of each after which it cannot be decided, is a finding
/// at its event.
///
/// Returns the moments of the breaks, ascending, each once.
pub fn breaks(
    work: &Work<'_>,
    session: &Session,
    stream: &Stream,
    handler: &Opened,
    findings: &Findings,
) -> Result<Vec<Moment>, AppError> {
    if handler.invariants().is_empty() {
        return Ok(Vec::new());
    }
    let program = handler.program();
    let rules = Arc::new(Rules::OfPackage(handler.clone()));
    let checked = Checked::new(program, Arc::clone(&rules), usize::MAX);
    let folded = whole_fold(
        work,
        session,
        stream,
        &checked,
        (Phase::CheckingInvariants, None),
        &mut |_| Ok(()),
    )?;
    let watched = Watched::of_state(&folded.state)
        .ok_or_else(|| AppError::internal("checking invariants came to something else than what was seen"))?;
    let of = |at: usize| rules.invariants().iter().nth(at);
    let mut found = Vec::new();
    for flip in watched.flips.iter().filter(|flip| !flip.holds) {
        if let Some(invariant) = of(flip.invariant) {
            found.extend(stream.moment_at(flip.event.position));
            let detail = format!("from here on the state breaks the invariant {}", invariant.id);
            findings.report(at(stream, &flip.event, BROKEN, invariant.severity, detail));
        }
    }
    for unclear in &watched.unclear {
        if let Some(invariant) = of(unclear.invariant) {
            let detail = format!("the invariant {} cannot be decided on this state", invariant.id);
            findings.report(at(stream, &unclear.event, UNDECIDED, Severity::Notice, detail));
        }
    }
    found.dedup();
    Ok(found)
}

fn at(stream: &Stream, event: &Sighting, code: &'static str, severity: Severity, detail: String) -> Finding {
    Finding {
        code,
        severity,
        stream: Some(stream.id.as_slice().into()),
        version: Some(event.version),
        position: Some(event.position),
        detail,
    }
}

#[cfg(test)]
mod tests;
