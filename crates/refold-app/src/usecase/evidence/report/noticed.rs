//! What was noteworthy while the store was read, judged and folded, by code.

use refold_audit::report::model::{DAMAGED, Found, FoundOne};

use super::Gathered;
use crate::findings;
use crate::wire::{FindingWire, FoundWire};

/// What is left out of a report about a person: it tells of values that are hidden, and that nobody looked into. What could
/// not be read stays, for the person may be there.
const OF_WHAT_IS_HIDDEN: [&str; 4] = ["redaction-idle", "repeated-key", "time-unreadable", "wrong-type"];

/// What reading came upon, and what judging and folding did. These read the same events, each more or less of them: of one
/// code the larger count is that of the store.
pub(super) fn of(gathered: &Gathered<'_>) -> Vec<Found> {
    let mut found: Vec<Found> = findings::groups(&gathered.found)
        .into_iter()
        .filter(|group| gathered.subject.is_none() || !OF_WHAT_IS_HIDDEN.contains(&&*group.code))
        .map(|group| Found {
            code: group.code,
            severity: group.severity.name().to_owned(),
            count: group.count.into(),
            advice: group.advice,
            first: match &gathered.subject {
                None => group.found.into_iter().map(place).collect(),
                // They may quote what is not shown, and lie where others are.
                Some(_) => vec![FoundOne {
                    detail: "not told in a report about a person".to_owned(),
                    stream: None,
                    version: None,
                    position: None,
                }],
            },
        })
        .collect();
    let of_state = gathered.state.iter().flat_map(|(blamed, _)| &blamed.findings);
    let of_verdict = gathered.judged.iter().flat_map(|judged| &judged.came_upon);
    for of in of_state.chain(of_verdict) {
        match found.iter_mut().find(|known| known.code == of.code) {
            // Who reads a stream tells a damaged part as often as it is met.
            Some(_) if of.code == DAMAGED => {}
            Some(known) => known.count = known.count.max(of.count.into()),
            None => found.push(one(of)),
        }
    }
    found.sort_by(|a, b| a.code.cmp(&b.code));
    found
}

fn place(one: FoundWire) -> FoundOne {
    FoundOne {
        detail: one.detail,
        stream: one.stream,
        version: one.version,
        position: one.position,
    }
}

fn one(of: &FindingWire) -> Found {
    Found {
        code: of.code.clone(),
        severity: of.severity.name().to_owned(),
        count: of.count.into(),
        advice: findings::advice(&of.code).to_owned(),
        first: vec![FoundOne {
            detail: of.detail.clone(),
            stream: of.stream.clone(),
            version: of.version.clone(),
            position: of.position.clone(),
        }],
    }
}

/// Rows that could not be read as events; of a damaged file the parts that cannot be read.
pub(super) fn left_out(noticed: &[Found]) -> u64 {
    let lacking = noticed.iter().filter(|of| findings::leaves_out(&of.code));
    lacking.map(|of| of.count).sum()
}
