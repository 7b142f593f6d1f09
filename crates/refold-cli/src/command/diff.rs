//! `refold diff`.

use refold_app::answer::{ChangeAnswer, Literal, MomentAnswer};
use refold_app::text::shown;
use refold_app::usecase::diff::diff;

use super::{Context, cell, handler_line, incomplete_line, place};
use crate::arguments::Diff;
use crate::print::{self, Ended, Table};

pub fn run(context: &Context<'_>, asked: &Diff) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let answer = diff(
        context.work,
        &session,
        &asked.stream,
        &asked.from,
        &asked.to,
        asked.handler.as_deref(),
    )?;
    // Differences are what this command is asked to find: exit code 1.
    let code = u8::from(!answer.changes.is_empty());
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(code));
    }
    printer.line(&format!(
        "{}  {} to {}",
        answer.stream,
        label(&answer.from),
        label(&answer.to)
    ))?;
    printer.line(&format!("handler {}", handler_line(&answer.handler)))?;
    if let Some(since) = &answer.incomplete_since {
        printer.line(&incomplete_line(since))?;
    }
    printer.line("")?;
    if answer.changes.is_empty() {
        printer.line("no differences")?;
    } else {
        let mut table = Table::new(&["", "path", "before", "after", "event"]);
        for change in &answer.changes {
            table.row(row(change));
        }
        table.print(&mut printer)?;
    }
    if !answer.findings.is_empty() {
        printer.line("")?;
        print::findings(&mut printer, &answer.findings)?;
    }
    printer.finish(Ok(code))
}

/// Sign, path, both values and the event.
pub(super) fn row(change: &ChangeAnswer) -> Vec<String> {
    let sign = match change.op {
        "added" => "+",
        "removed" => "-",
        _ => "~",
    };
    let value = |value: &Option<Literal>| value.as_ref().map(Literal::shown).unwrap_or_default();
    let before = match &change.moved_from {
        Some(from) => format!("moved from {from}"),
        None if is_redacted(&change.before) && is_redacted(&change.after) => "changed (redacted)".to_owned(),
        None => value(&change.before),
    };
    let place = place(change.version.as_ref(), change.position.as_ref());
    let event = format!("{place} {}", cell(change.event_type.as_ref()));
    vec![
        sign.to_owned(),
        shown(change.path.as_bytes()),
        before,
        value(&change.after),
        event,
    ]
}

fn is_redacted(value: &Option<Literal>) -> bool {
    value.as_ref().is_some_and(Literal::is_redacted)
}

fn label(moment: &MomentAnswer) -> String {
    let place = place(moment.version.as_ref(), moment.position.as_ref());
    if place.is_empty() {
        "the start".to_owned()
    } else {
        place
    }
}
