//! What was noteworthy, by code.

use refold_audit::report::model::{Found, FoundOne};

use super::Gathered;
use crate::findings;

/// What reading came upon, and what folding did besides.
pub(super) fn of(gathered: &Gathered<'_>) -> Vec<Found> {
    let mut found: Vec<Found> = findings::groups(&gathered.found)
        .into_iter()
        .map(|group| Found {
            code: group.code,
            severity: group.severity.name().to_owned(),
            count: group.count.into(),
            advice: group.advice,
            first: group
                .found
                .into_iter()
                .map(|one| FoundOne {
                    detail: one.detail,
                    stream: one.stream,
                    version: one.version,
                    position: one.position,
                })
                .collect(),
        })
        .collect();
    let of_state = gathered.state.iter().flat_map(|(blamed, _)| &blamed.findings);
    let of_verdict = gathered.judged.iter().flat_map(|judged| &judged.came_upon);
    for of in of_state.chain(of_verdict) {
        if found.iter().all(|known| known.code != of.code) {
            found.push(Found {
                code: of.code.clone(),
                severity: of.severity.name().to_owned(),
                count: of.count.into(),
                advice: String::new(),
                first: vec![FoundOne {
                    detail: of.detail.clone(),
                    stream: of.stream.clone(),
                    version: of.version.clone(),
                    position: of.position.clone(),
                }],
            });
        }
    }
    found.sort_by(|a, b| a.code.cmp(&b.code));
    found
}
