//! `refold diff`.

use refold_app::answer::{ChangeAnswer, Literal, MomentAnswer};
use refold_app::text::{shown, visible};
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
    // Differences are what this command is asked to find: exit code 1. What could not be compared is no pass either.
    let code = u8::from(!answer.changes.is_empty() || answer.unclear.is_some());
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
    if let Some(why) = &answer.unclear {
        printer.line(&unclear_line(why))?;
    }
    if answer.changes.is_empty() && answer.unclear.is_none() {
        printer.line("no differences")?;
    } else if !answer.changes.is_empty() {
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

/// That the states were not made whole, so that nothing follows from what they have in common.
pub(super) fn unclear_line(why: &str) -> String {
    format!(
        "NOT CLEAR what differs: not every state could be made whole. {}",
        visible(why)
    )
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
        match &change.after {
            Some(after) => Literal::shown_beside(after, change.before.as_ref()),
            None => String::new(),
        },
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
