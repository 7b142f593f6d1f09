//! What is said once of a read model as a whole, and not of each row: findings.

use refold_core::cursor::Cursor;
use refold_core::event::Position;
use refold_core::finding::{Finding, Findings, Severity};
use refold_core::value::{Redacted, Value};

use super::held::{HeldRows, Noted};
use super::mapping::{Mapping, Own};
use crate::answer::Literal;
use crate::session::Session;
use crate::text::{self, Exact};

pub fn report_unmapped(mapping: &Mapping, findings: &Findings) {
    if !mapping.unmapped.is_empty() {
        let detail = format!(
            "the mapping says nothing of these columns, so they are not compared: {}",
            mapping.unmapped.join(", ")
        );
        findings.report(finding("column-not-compared", Severity::Notice, detail));
    }
}

/// Rows that do not say how far they are, and those that say it so that nobody can read it.
pub fn report_unsaid(session: &Session, mapping: &Mapping, held: &HeldRows, findings: &Findings) {
    let column = mapping.own_name();
    let Noted { count, first } = &held.silent;
    if *count > 0 {
        let keys = first.iter().map(|(key, _)| text::shown(key));
        let detail = format!(
            "{column} is empty in {} ({}), so nobody says how far they are: compared as if as far as the read model",
            text::counted((*count).into(), "row"),
            listed(*count, keys)
        );
        findings.report(finding("row-without-position", Severity::Notice, detail));
    }
    let Noted { count, first } = &held.unreadable;
    if *count > 0 {
        let what = match mapping.own {
            Own::RecordedAt(_) => "time",
            Own::Unknown | Own::Version(_) | Own::Position(_) => "whole number",
        };
        let hides = session.mask().has_rules();
        let shown = first.iter().map(|(key, says)| {
            let says = match hides {
                true => Value::Redacted(Redacted::new(says.clone())),
                false => says.clone(),
            };
            format!("{} has {}", text::shown(key), Literal(says).row())
        });
        let detail = format!(
            "{column} is no {what} in {} ({}): their fields are compared without it",
            text::counted((*count).into(), "row"),
            listed(*count, shown)
        );
        findings.report(finding("row-position-unreadable", Severity::Warning, detail));
    }
}

/// That the read model is farther than the store. `checkpoint`: where the projection says that it is; `count`: rows whose
/// event would lie behind all that there are, and the first of them, each with the place that it says.
pub fn report_ahead(
    checkpoint: Option<&Cursor>,
    end: Option<Position>,
    count: u32,
    first: &[(Exact, String)],
    findings: &Findings,
) {
    let mut signs = Vec::new();
    if let (Some(Cursor::Position(checkpoint)), Some(end)) = (checkpoint, end)
        && *checkpoint > end
    {
        signs.push(format!(
            "its checkpoint is #{}, and the store ends at #{}",
            checkpoint.0, end.0
        ));
    }
    if count > 0 {
        let rows = first.iter().map(|(key, place)| format!("{key} at {place}"));
        let of = text::counted(count.into(), "row");
        signs.push(format!("{of} behind the end of what there is: {}", listed(count, rows)));
    }
    if !signs.is_empty() {
        let detail = format!(
            "the read model knows events that this store does not have ({}): is the store an older copy, restored from a \
             backup, or another one?",
            signs.join("; ")
        );
        findings.report(finding("read-model-ahead", Severity::Warning, detail));
    }
}

/// The first of so many.
fn listed(count: u32, first: impl ExactSizeIterator<Item = String>) -> String {
    let more = (count as usize).saturating_sub(first.len());
    let first: Vec<String> = first.collect();
    match more {
        0 => first.join(", "),
        more => format!("{}, and {} more", first.join(", "), text::grouped(more as u64)),
    }
}

fn finding(code: &'static str, severity: Severity, detail: String) -> Finding {
    Finding {
        code,
        severity,
        stream: None,
        version: None,
        position: None,
        detail,
    }
}
