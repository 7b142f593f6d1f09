//! Findings on their way to a face.

mod advice;

use std::cmp::Reverse;

use refold_core::event::Position;
use refold_core::finding::{Finding, Findings, Severity};
use refold_stores::index::Index;

use crate::text;
use crate::wire::{FindingGroup, FindingPage, FindingWire, FoundWire, SeverityWire};

/// One entry a code: how many there are, and the first of them in a sentence.
pub fn wire(findings: &Findings) -> Vec<FindingWire> {
    findings
        .summary()
        .iter()
        .map(|(code, count, kept)| one(code, *count, kept.first()))
        .collect()
}

/// The first findings of each code, with what to do about them: what should worry most first.
pub fn groups(findings: &Findings) -> Vec<FindingGroup> {
    let mut groups: Vec<FindingGroup> = findings
        .summary()
        .iter()
        .map(|(code, count, kept)| FindingGroup {
            code: (*code).to_owned(),
            severity: kept
                .first()
                .map_or(SeverityWire::Notice, |finding| severity(finding.severity)),
            count: u32::try_from(*count).unwrap_or(u32::MAX),
            advice: advice(code).to_owned(),
            found: kept.iter().take(Findings::KEPT_PER_CODE).map(found).collect(),
        })
        .collect();
    groups.sort_by_key(|group| Reverse(group.severity));
    groups
}

/// The findings of a code behind the first `from`, of those that are kept in words.
pub fn page(findings: &Findings, code: &str, from: u32) -> FindingPage {
    let kept = findings.summary().into_iter().find(|(of, ..)| *of == code);
    let kept = kept.map(|(_, _, kept)| kept).unwrap_or_default();
    let mut rest = kept
        .get(from as usize..)
        .unwrap_or_default()
        .chunks(Findings::KEPT_PER_CODE);
    FindingPage {
        found: rest.next().unwrap_or_default().iter().map(found).collect(),
        has_more: rest.next().is_some(),
    }
}

/// What to do about a finding of this code; may be empty.
pub fn advice(code: &str) -> &'static str {
    advice::of(code)
}

/// Whether a finding of this code says that events could not be read, and are in no answer.
pub fn leaves_out(code: &str) -> bool {
    matches!(code, "damaged" | "not-an-event" | "torn-record")
}

/// Whether any finding says so.
pub fn is_lacking(findings: &Findings) -> bool {
    findings.summary().iter().any(|(code, ..)| leaves_out(code))
}

/// Where events stand that damage keeps from being read, in the order in which a read came upon them; `None` within: not of
/// all of them that is known. `None`: nothing is damaged.
pub fn damaged_at(findings: &Findings) -> Option<Option<Vec<Position>>> {
    let summary = findings.summary();
    let (_, _, kept) = summary.iter().find(|(code, ..)| *code == "damaged")?;
    Some(kept.iter().map(|finding| finding.position).collect())
}

/// Whether the index came upon anything by which events are missing from it.
pub fn is_index_lacking(index: &Index) -> bool {
    let of_index = Findings::default();
    index.report_findings(&of_index);
    is_lacking(&of_index)
}

/// What the index came upon by which events are missing from it, and from whatever is found by it.
pub fn report_lacking(index: &Index, findings: &Findings) {
    let of_index = Findings::default();
    index.report_findings(&of_index);
    add_lacking(&of_index, findings);
}

/// Adds to `findings` what says in `more` that events could not be read. It is of the whole store: what is told already is
/// not told again.
pub fn add_lacking(more: &Findings, findings: &Findings) {
    let known = findings.summary();
    findings.report_all(more, |code| {
        leaves_out(code) && !known.iter().any(|(of, ..)| *of == code)
    });
}

/// Adds all of `more` to `findings`; what says that events could not be read only where that is not told already.
pub fn add(more: &Findings, findings: &Findings) {
    add_lacking(more, findings);
    add_others(more, findings);
}

/// Adds to `findings` what another reading of the same events came upon, and counts nothing twice.
pub fn add_again(more: &Findings, findings: &Findings) {
    for (code, count, kept) in more.summary() {
        findings.report_again(code, count, kept);
    }
}

/// Adds to `findings` all of `more` but what says that events could not be read.
pub fn add_others(more: &Findings, findings: &Findings) {
    findings.report_all(more, |code| !leaves_out(code));
}

/// One finding as a list shows it.
pub fn found(finding: &Finding) -> FoundWire {
    FoundWire {
        detail: text::shown(finding.detail.as_bytes()),
        stream: finding.stream.as_deref().map(text::shown),
        version: finding
            .version
            .and_then(|version| text::filled(text::version_label(version))),
        position: finding.position.map(text::position_label),
    }
}

fn one(code: &str, count: u64, first: Option<&Finding>) -> FindingWire {
    let place = first.map(found);
    FindingWire {
        code: code.to_owned(),
        severity: first.map_or(SeverityWire::Notice, |finding| severity(finding.severity)),
        count: u32::try_from(count).unwrap_or(u32::MAX),
        detail: place.as_ref().map(|place| place.detail.clone()).unwrap_or_default(),
        stream: place.as_ref().and_then(|place| place.stream.clone()),
        version: place.as_ref().and_then(|place| place.version.clone()),
        position: place.and_then(|place| place.position),
    }
}

pub fn severity(severity: Severity) -> SeverityWire {
    match severity {
        Severity::Notice => SeverityWire::Notice,
        Severity::Warning => SeverityWire::Warning,
        Severity::Error => SeverityWire::Error,
    }
}
