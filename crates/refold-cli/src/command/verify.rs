//! `refold verify`.

use refold_app::answer::Literal;
use refold_app::text::{grouped, shown, visible};
use refold_app::usecase::evidence::impact::Impact;
use refold_app::usecase::evidence::verify::{VerifyAsked, VerifyFinding, verify};

use super::{Context, anchor, cell};
use crate::arguments::Verify;
use crate::print::{Ended, Printer, Table};

/// Findings that are shown without `--json`.
const MOST_SHOWN: usize = 20;

pub fn run(context: &Context<'_>, asked: &Verify) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let copy = asked.copy.as_deref().map(|copy| context.open(copy)).transpose()?;
    let how = VerifyAsked {
        anchor: asked.anchor.clone(),
        salt: asked.salt.clone(),
        key: asked.key.clone(),
        authorities: asked.authority.clone(),
        handler: asked.handler.clone(),
        explanations: asked.explanations.clone(),
    };
    let answer = verify(context.work, &session, &how, copy.as_deref())?;
    let code = u8::from(answer.finding_count > 0);
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(code));
    }
    printer.line(&answer.sentence)?;
    printer.line(&match (&answer.anchor.signed_by, answer.anchor.is_key_known) {
        (Some(key), true) => format!("signed by {key}, as you asked"),
        (Some(key), false) => {
            format!("signed by {key}; compare that with the key that you know, or name it with --key")
        }
        (None, _) => "the anchor is not signed: it is worth as much as the place where it was kept".to_owned(),
    })?;
    if let Some(stamp) = &answer.anchor.stamp {
        printer.line(&stamp.sentence())?;
    }
    anchor::uncovered(&mut printer, &answer.uncovered_columns)?;
    printer.line(&match (answer.level, answer.outcome) {
        (Some("L2"), _) => "level L2: unchanged since the time of the stamp".to_owned(),
        (Some(level), _) => format!("level {level}: unchanged since the anchor"),
        (None, "broken") => "level L0: observed, and not what the anchor says".to_owned(),
        (None, _) => "level L0: observed; the anchor proves nothing of what could not be read".to_owned(),
    })?;
    if !answer.findings.is_empty() {
        printer.line("")?;
        print_findings(&mut printer, &answer.findings)?;
    }
    for finding in answer.findings.iter().take(MOST_SHOWN) {
        if let Some(impact) = &finding.impact {
            print_impact(&mut printer, finding, impact)?;
        }
    }
    if answer.finding_count > MOST_SHOWN as u64 {
        printer.line(&format!(
            "the first {MOST_SHOWN} of {} by position; --json has more",
            grouped(answer.finding_count)
        ))?;
    }
    printer.finish(Ok(code))
}

fn print_findings(printer: &mut Printer, findings: &[VerifyFinding]) -> Result<(), Ended> {
    let mut table = Table::new(&["what", "#position", "stream", "event", ""]);
    for finding in findings.iter().take(MOST_SHOWN) {
        let event = finding.event_type.as_ref().map(|event_type| {
            let version = finding.version.as_ref().map(|version| format!("v{version} "));
            format!("{}{event_type}", version.unwrap_or_default())
        });
        let mut notes = vec![finding.part.join(", ")];
        if let Some(to) = &finding.to {
            notes.push(format!("to {to}"));
        }
        notes.extend(finding.detail.as_ref().map(|detail| shown(detail.as_bytes())));
        notes.extend(
            finding
                .explanation
                .as_ref()
                .map(|said| format!("explained: {}", shown(said.as_bytes()))),
        );
        notes.retain(|note| !note.is_empty());
        table.row(vec![
            finding.kind.to_owned(),
            cell(finding.position.as_ref()),
            finding.stream.as_ref().map(ToString::to_string).unwrap_or_default(),
            event.unwrap_or_default(),
            notes.join("; "),
        ]);
    }
    table.print(printer)
}

/// Changes of one state that are shown without `--json`.
const MOST_CHANGES: usize = 10;

fn print_impact(printer: &mut Printer, finding: &VerifyFinding, impact: &Impact) -> Result<(), Ended> {
    printer.line("")?;
    let stream = impact.stream.as_ref().map(ToString::to_string).unwrap_or_default();
    let place = cell(finding.position.as_ref());
    printer.line(&format!("{} #{place} {stream}", finding.kind))?;
    printer.line(&format!("  {}", visible(&impact.sentence)))?;
    for change in impact.changes.iter().take(MOST_CHANGES) {
        let side = |value: &Option<Literal>| value.as_ref().map_or_else(|| "(nothing)".to_owned(), Literal::shown);
        let path = visible(&change.path);
        printer.line(&format!("  {path}  {} → {}", side(&change.before), side(&change.after)))?;
    }
    if impact.changes.len() > MOST_CHANGES {
        printer.line("  …")?;
    }
    Ok(())
}
