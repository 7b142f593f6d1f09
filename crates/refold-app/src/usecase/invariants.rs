//! Where the invariants of a handler's package break in one stream: every moment at which one that held stops to hold.

use refold_core::finding::{Finding, Findings, Severity};
use refold_core::track::Moment;
use refold_core::value::Value;
use refold_core::work::Work;

use super::every_state::every_state;
use crate::error::AppError;
use crate::handler::Checked;
use crate::session::Session;
use crate::stream::Stream;

/// The code of a break.
pub const BROKEN: &str = "RF-INVARIANT-BROKEN";
/// The code of a condition that cannot be decided on a state.
pub const UNDECIDED: &str = "RF-INVARIANT-UNDECIDED";

/// Folds the whole stream and holds every invariant against every state. Exact: no state is left out. Each break, and
/// each first state on which a condition cannot be decided, is a finding at its event.
///
/// Returns the moments of the breaks, ascending, each once.
pub fn breaks(
    work: &Work<'_>,
    session: &Session,
    stream: &Stream,
    checked: &Checked,
    findings: &Findings,
) -> Result<Vec<Moment>, AppError> {
    let invariants = checked.invariants();
    if invariants.is_empty() {
        return Ok(Vec::new());
    }
    let mut verdicts = vec![Verdict::Holds; invariants.iter().count()];
    let mut found = Vec::new();
    let mut before: Option<Value> = None;
    let mut visit = |state: &Value, moment: Moment| {
        // An event that changed nothing broke nothing.
        if before.as_ref().is_some_and(|before| is_same(before, state)) {
            return;
        }
        before = Some(state.clone());
        for (invariant, verdict) in invariants.iter().zip(&mut verdicts) {
            let now = match invariants.holds(invariant, state, checked.limits()) {
                Ok(true) => Verdict::Holds,
                Ok(false) => Verdict::Broken,
                Err(_) => Verdict::Undecided,
            };
            if std::mem::replace(verdict, now) == now {
                continue;
            }
            let report = |code, severity, detail: String| findings.report(at(stream, moment, code, severity, detail));
            match now {
                Verdict::Holds => {}
                Verdict::Broken => {
                    found.push(moment);
                    let detail = format!("from here on the state breaks the invariant {}", invariant.id);
                    report(BROKEN, invariant.severity, detail);
                }
                Verdict::Undecided => {
                    let detail = format!("the invariant {} cannot be decided on this state", invariant.id);
                    report(UNDECIDED, Severity::Notice, detail);
                }
            }
        }
    };
    let program = checked.program();
    every_state(work, session, stream, &program, "checking invariants", &mut |folded| {
        visit(&folded.state, folded.moment);
    })?;
    found.dedup();
    Ok(found)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Holds,
    Broken,
    Undecided,
}

/// Whether two states are the same piece of memory. Two that are merely equal are looked at twice, which does no harm.
fn is_same(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => before.is_same(after),
        _ => false,
    }
}

fn at(stream: &Stream, moment: Moment, code: &'static str, severity: Severity, detail: String) -> Finding {
    let index = moment.event_index();
    Finding {
        code,
        severity,
        stream: Some(stream.id.as_slice().into()),
        version: index.and_then(|index| stream.track.versions.get(index)).copied(),
        position: index.and_then(|index| stream.track.positions.get(index)).copied(),
        detail,
    }
}

#[cfg(test)]
mod tests;
