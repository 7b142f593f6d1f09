//! What is noteworthy in the skeletons of a store: versions that are missing or double, clocks that run backwards,
//! times that cannot be.
//!
//! The rules look at one event after the one before it in its stream; they know neither files nor threads.

use refold_core::event::{EventBatch, Position, Version};
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::time::Timestamp;
use refold_core::track::Numbering;

/// Recorded times before this are implausible: 2000-01-01T00:00:00Z. No event store is older.
pub(super) const EARLIEST_PLAUSIBLE: Timestamp = Timestamp(946_684_800_000_000_000);

/// The code of the finding on an event without a version.
pub const VERSION_MISSING: &str = "version-missing";
/// The code of the finding on an event before which versions are missing.
pub const VERSION_GAP: &str = "version-gap";

/// One event of a stream, as the rules see it.
#[derive(Debug, Clone, Copy)]
pub struct Checked {
    pub version: i64,
    pub recorded_at: i64,
    pub position: i64,
}

/// Whether an event and the one before it in its stream could break a rule. Cheap, and never misses one.
#[inline]
pub(super) fn is_suspicious(before: Option<(i64, i64)>, version: i64, recorded_at: i64, numbering: Numbering) -> bool {
    let no_version = EventBatch::NO_VERSION.0;
    match before {
        None => version == no_version || matches!(numbering, Numbering::Whole { base: Some(base) } if version != base),
        Some((before_version, before_time)) => {
            version == no_version
                || match numbering {
                    Numbering::Whole { .. } => before_version.checked_add(1) != Some(version),
                    Numbering::Skipping => before_version == version,
                }
                || (recorded_at < before_time && recorded_at != Timestamp::NONE.0)
        }
    }
}

/// Reports what the rules find in one stream, whose events come in fold order.
pub fn check_stream(id: &[u8], events: impl Iterator<Item = Checked>, numbering: Numbering, findings: &Findings) {
    let report = |code, severity, event: &Checked, detail| {
        findings.report(Finding {
            code,
            severity,
            stream: Some(id.into()),
            version: (event.version != EventBatch::NO_VERSION.0).then_some(Version(event.version)),
            position: Some(Position(event.position)),
            detail,
        });
    };
    let mut before: Option<Checked> = None;
    let mut latest = Timestamp::NONE;
    for event in events {
        let expected = match (before, numbering) {
            (_, Numbering::Skipping) => None,
            (None, Numbering::Whole { base }) => base,
            (Some(before), _) if before.version == EventBatch::NO_VERSION.0 => None,
            (Some(before), _) => before.version.checked_add(1),
        };
        if event.version == EventBatch::NO_VERSION.0 {
            report(
                VERSION_MISSING,
                Severity::Warning,
                &event,
                "an event has no version".to_owned(),
            );
        } else if before.is_some_and(|before| before.version == event.version) {
            let detail = format!("version {} occurs more than once in the stream", event.version);
            report("version-duplicate", Severity::Error, &event, detail);
        } else if let Some(expected) = expected.filter(|expected| *expected != event.version) {
            let detail = format!("version {} follows where {expected} is expected", event.version);
            report(VERSION_GAP, Severity::Warning, &event, detail);
        }
        let recorded_at = Timestamp(event.recorded_at);
        if recorded_at < latest && !recorded_at.is_none() {
            let (now, then) = (recorded_at.display(3), latest.display(3));
            let detail = format!("recorded at {now}, before {then} of an earlier version");
            report("clock-backwards", Severity::Warning, &event, detail);
        }
        latest = latest.max(recorded_at);
        before = Some(event);
    }
}

/// Whether no event store can have recorded anything then.
pub fn is_implausible(recorded_at: i64, now: Timestamp) -> bool {
    let recorded_at = Timestamp(recorded_at);
    !recorded_at.is_none() && (recorded_at < EARLIEST_PLAUSIBLE || recorded_at > now)
}

pub fn report_implausible(id: &[u8], event: Checked, now: Timestamp, findings: &Findings) {
    let recorded_at = Timestamp(event.recorded_at);
    let shown = recorded_at.display(3);
    let detail = if recorded_at > now {
        format!("recorded at {shown}, which is in the future")
    } else {
        format!("recorded at {shown}, before any event store existed")
    };
    findings.report(Finding {
        code: "time-implausible",
        severity: Severity::Warning,
        stream: Some(id.into()),
        version: (event.version != EventBatch::NO_VERSION.0).then_some(Version(event.version)),
        position: Some(Position(event.position)),
        detail,
    });
}

/// The codes of this module, so that a stored finding gets its code back.
pub(super) const CODES: [&str; 5] = [
    VERSION_MISSING,
    "version-duplicate",
    VERSION_GAP,
    "clock-backwards",
    "time-implausible",
];
