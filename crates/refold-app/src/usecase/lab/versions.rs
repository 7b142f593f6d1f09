//! One invariant under every version of a handler: which of them breaks it first.
//!
//! Every version is asked, not only some of them, so the first one is known and not guessed: versions need not break
//! once and for all. Each answer is kept, so that asking again folds nothing.

use refold_core::work::Work;
use refold_handlers::package::{Package, split_version};

use super::Scope;
use super::check::check;
use super::kept::Keeping;
use crate::error::AppError;
use crate::handler;
use crate::session::Session;
use crate::wire::{LabEvent, VersionOutcome, VersionsChecked};

/// `invariant`: an id, asked of each version that has it, or a condition of one's own.
pub fn versions(
    work: &Work<'_>,
    session: &Session,
    scope: Scope<'_>,
    handler: &str,
    invariant: &str,
) -> Result<VersionsChecked, AppError> {
    let folder = handler::folder(handler).ok_or_else(|| {
        AppError::invalid(
            format!("this handler has no versions: {handler}"),
            "choose a handler package, which may have several",
        )
    })?;
    let package = Package::open(&folder)?;
    let is_known = |reference: &str| {
        let program = handler::opened(Some(reference)).ok().flatten();
        program.is_some_and(|program| program.invariants().find(invariant).is_some())
    };
    let all: Vec<(String, String)> = package
        .manifest
        .versions
        .iter()
        .map(|version| {
            (
                format!("{}@{}", split_version(handler).0.display(), version.id),
                version.id.clone(),
            )
        })
        .collect();
    let is_id = all.iter().any(|(reference, _)| is_known(reference));
    let mut outcomes = Vec::new();
    for (reference, version) in all {
        let mut outcome = VersionOutcome {
            reference,
            version,
            broken_streams: 0,
            first_stream: String::new(),
            first: None,
            is_exact: false,
            failure: String::new(),
        };
        if is_id && !is_known(&outcome.reference) {
            outcome.failure = "has no such invariant".to_owned();
        } else {
            let condition = (!is_id).then_some(invariant);
            match check(work, session, scope, Some(&outcome.reference), condition, Keeping::Kept) {
                Ok(answered) => {
                    let answer = answered.answer;
                    let asked = answer.invariants.iter().find(|of| of.id == invariant);
                    let first = answer.violations.iter().find(|of| of.invariant == invariant);
                    outcome.broken_streams = asked.map_or(0, |of| of.broken_streams);
                    outcome.first_stream = first.map(|of| of.stream.to_string()).unwrap_or_default();
                    outcome.first = first.map(|of| LabEvent::from(&of.event));
                    outcome.is_exact = answer.exact;
                }
                Err(error) if error.is_cancelled() => return Err(error),
                Err(error) => outcome.failure = error.message,
            }
        }
        outcomes.push(outcome);
    }
    Ok(VersionsChecked {
        sentence: sentence_of(&package.manifest.name, &outcomes),
        versions: outcomes,
    })
}

fn sentence_of(name: &str, versions: &[VersionOutcome]) -> String {
    let is_broken = |of: &&VersionOutcome| of.failure.is_empty() && of.broken_streams > 0;
    let Some(first) = versions.iter().find(is_broken) else {
        return "no version that could be asked breaks it".to_owned();
    };
    let broken: Vec<&str> = versions
        .iter()
        .filter(is_broken)
        .map(|of| of.version.as_str())
        .collect();
    let held = versions
        .iter()
        .filter(|of| of.failure.is_empty() && of.broken_streams == 0);
    let held: Vec<&str> = held.map(|of| of.version.as_str()).collect();
    let others = match (broken.len(), held.is_empty()) {
        (1, true) => String::new(),
        (1, false) => format!("; it holds in {}", held.join(", ")),
        (_, true) => format!("; it breaks in {}", broken.join(", ")),
        (_, false) => format!("; it breaks in {} and holds in {}", broken.join(", "), held.join(", ")),
    };
    format!("{name}@{} is the first version that breaks it{others}", first.version)
}
