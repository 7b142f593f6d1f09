//! The hash chain that a store keeps itself, in the window: with an anchor beside it and without.

use super::super::Desk;
use super::super::lab::narrow;
use super::{differing, outcome, path, visible, visible_all};
use crate::error::AppError;
use crate::jobs::ProgressSink;
use crate::usecase::evidence::chain::{ChainAnswer, ChainAsked, verify_chain};
use crate::wire::{ChainVerified, EvidenceOutcome};

impl Desk {
    /// Verifies the chain that the store itself keeps, without an anchor. Empty texts: no key, no explanations.
    pub fn verify_chain(
        &self,
        session: u32,
        native_key: &str,
        explanations: &str,
        progress: ProgressSink<'_>,
    ) -> Result<ChainVerified, AppError> {
        let opened = self.session(session)?;
        let how = ChainAsked {
            key: path(native_key),
            explanations: path(explanations),
        };
        let answer = self
            .jobs
            .run("verify", session, progress, |work| verify_chain(work, &opened, &how))?;
        Ok(of_chain(&answer))
    }
}

pub(super) fn of_chain(answer: &ChainAnswer) -> ChainVerified {
    let signatures = &answer.signatures;
    ChainVerified {
        outcome: match answer.is_broken() {
            true => EvidenceOutcome::Broken,
            false => outcome(answer.outcome),
        },
        sentence: visible(&answer.sentence),
        level: answer.level.unwrap_or_default().to_owned(),
        signatures: visible(&signatures.sentence(answer.events)),
        is_broken: answer.is_broken(),
        is_partial: answer.outcome == "partial",
        head: answer.head.as_deref().map(visible).unwrap_or_default(),
        last: answer.last.as_deref().map(visible).unwrap_or_default(),
        findings: answer.findings.iter().map(differing).collect(),
        finding_count: narrow(answer.finding_count),
        not_checked: visible_all(&answer.not_checked),
    }
}
