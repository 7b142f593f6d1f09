//! `refold health`.

use refold_app::text::{counted, grouped, visible};
use refold_app::usecase::health::{HealthAnswer, HealthAsked, HealthType, health};
use refold_app::wire::SeverityWire;

use super::Context;
use crate::arguments::Health;
use crate::print::{Ended, Printer, Table};

/// Findings of one code that are shown without `--json`.
const MOST_SHOWN: usize = 5;

pub fn run(context: &Context<'_>, asked: &Health) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let how = HealthAsked {
        most_payload_bytes: asked.max_payload,
        handler: asked.handler.clone(),
    };
    let answer = health(context.work, &session, &how)?;
    let is_wrong = |severity| matches!(severity, SeverityWire::Warning | SeverityWire::Error);
    let code = u8::from(answer.findings.iter().any(|group| is_wrong(group.severity)));
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(code));
    }
    printer.line(&format!(
        "{} in {}",
        counted(answer.events, "event"),
        counted(answer.streams.into(), "stream")
    ))?;
    print_findings(&mut printer, &answer)?;
    printer.line("")?;
    let mut types = Table::new(&["type", "#events", "#fields", "changed"]);
    for of in &answer.types {
        types.row(vec![
            of.event_type.to_string(),
            grouped(of.events),
            grouped(of.fields.len() as u64) + if of.has_more_fields { "+" } else { "" },
            changes(of),
        ]);
    }
    types.print(&mut printer)?;
    if !answer.not_checked.is_empty() {
        printer.line("")?;
    }
    for sentence in &answer.not_checked {
        printer.line(&format!("not looked for: {sentence}"))?;
    }
    printer.finish(Ok(code))
}

fn print_findings(printer: &mut Printer, answer: &HealthAnswer) -> Result<(), Ended> {
    if answer.findings.is_empty() {
        return printer.line("nothing contradicts");
    }
    for group in &answer.findings {
        printer.line("")?;
        let (severity, count) = (group.severity.name(), grouped(group.count.into()));
        printer.line(&format!("{severity} {} × {count}", group.code))?;
        for found in group.found.iter().take(MOST_SHOWN) {
            let place = [
                found.position.as_ref().map(|position| format!("#{position}")),
                found.stream.clone(),
            ];
            let place: Vec<String> = place.into_iter().flatten().collect();
            printer.line(&visible(format!("  {}  {}", place.join(" "), found.detail).trim_end()))?;
        }
        if !group.advice.is_empty() {
            printer.line(&format!("  → {}", group.advice))?;
        }
    }
    Ok(())
}

/// `+/discount #4711, -/note #90, /amount number → text`
fn changes(of: &HealthType) -> String {
    let mut changes = Vec::new();
    for field in &of.fields {
        if field.is_born {
            changes.push(format!("+{} #{}", field.path, field.first_position));
        }
        if field.is_gone {
            changes.push(format!("-{} #{}", field.path, field.last_position));
        }
        if field.has_changed_kind {
            let kinds: Vec<&str> = field.kinds.iter().map(|kind| kind.kind).collect();
            changes.push(format!("{} {}", field.path, kinds.join(" and ")));
        }
    }
    changes.join(", ")
}
