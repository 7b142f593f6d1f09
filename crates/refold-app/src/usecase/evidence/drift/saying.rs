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
        let keys: Vec<String> = first.iter().map(|(key, _)| text::shown(key)).collect();
        let detail = format!(
            "{column} is empty in {}, so nobody says how far the row is: compared as if as far as the read model",
            keys.join(", ")
        );
        report(findings, "row-without-position", Severity::Notice, *count, detail);
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
            format!("{} ({})", text::shown(key), Literal(says).row())
        });
        let shown: Vec<String> = shown.collect();
        let detail = format!(
            "{column} is no {what} in {}: the fields are compared without it",
            shown.join(", ")
        );
        report(findings, "row-position-unreadable", Severity::Warning, *count, detail);
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
    let rows = first.iter().map(|(key, place)| format!("{key} at {place}"));
    signs.extend(rows);
    if !signs.is_empty() {
        let detail = format!(
            "the read model knows events that this store does not have ({}): is the store an older copy, restored from a \
             backup, or another one?",
            signs.join(", ")
        );
        report(findings, "read-model-ahead", Severity::Warning, count.max(1), detail);
    }
}

/// That the column of the positions is probably no row's own. `elsewhere`: rows at no event of their stream, though the
/// store goes on behind that.
pub fn report_checkpoint_in_rows(mapping: &Mapping, held: &HeldRows, elsewhere: u32, findings: &Findings) {
    let speaking = held.speaking();
    // Of one row it is no pattern.
    let is_pattern = elsewhere > 1 && elsewhere > speaking / 2;
    if matches!(mapping.own, Own::Position(_)) && is_pattern {
        let detail = format!(
            "{} names no event of the row's own stream in {} of {}: it looks like the checkpoint of the projection, which \
             belongs under `checkpoint` in the mapping, or under none",
            mapping.own_name(),
            text::grouped(elsewhere.into()),
            text::counted(speaking.into(), "row"),
        );
        report(findings, "checkpoint-in-rows", Severity::Warning, elsewhere, detail);
    }
}

/// `detail` speaks of the first of them.
fn report(findings: &Findings, code: &'static str, severity: Severity, count: u32, detail: String) {
    findings.report_many(code, count.into(), vec![finding(code, severity, detail)]);
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
