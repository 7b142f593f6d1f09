//! Findings on their way to a face.

use refold_core::finding::{Finding, Findings, Severity};
use refold_stores::index::{Checked, check_stream, is_implausible, report_implausible};

use crate::clock;
use crate::stream::Stream;
use crate::text;
use crate::wire::{FindingWire, SeverityWire};

/// Reports what the skeleton of a stream shows: missing and double versions, clocks that run backwards, times that
/// cannot be.
pub fn report_track(stream: &Stream, version_base: Option<i64>, findings: &Findings) {
    let track = &stream.track;
    let events = || {
        let columns = track.versions.iter().zip(&track.positions).zip(&track.recorded_at);
        columns.map(|((version, position), recorded_at)| Checked {
            version: version.0,
            recorded_at: recorded_at.0,
            position: position.0,
        })
    };
    check_stream(&stream.id, events(), version_base, findings);
    let now = clock::now();
    for event in events().filter(|event| is_implausible(event.recorded_at, now)) {
        report_implausible(&stream.id, event, now, findings);
    }
}

/// One entry a code: how many there are, and the first of them in a sentence.
pub fn wire(findings: &Findings) -> Vec<FindingWire> {
    findings
        .summary()
        .iter()
        .map(|(code, count, kept)| one(code, *count, kept.first()))
        .collect()
}

fn one(code: &str, count: u64, first: Option<&Finding>) -> FindingWire {
    FindingWire {
        code: code.to_owned(),
        severity: first.map_or(SeverityWire::Notice, |finding| severity(finding.severity)),
        count: u32::try_from(count).unwrap_or(u32::MAX),
        detail: first
            .map(|finding| text::shown(finding.detail.as_bytes()))
            .unwrap_or_default(),
        stream: first.and_then(|finding| finding.stream.as_deref()).map(text::shown),
        version: first.and_then(|finding| finding.version).map(text::version_label),
        position: first.and_then(|finding| finding.position).map(text::position_label),
    }
}

fn severity(severity: Severity) -> SeverityWire {
    match severity {
        Severity::Notice => SeverityWire::Notice,
        Severity::Warning => SeverityWire::Warning,
        Severity::Error => SeverityWire::Error,
    }
}
