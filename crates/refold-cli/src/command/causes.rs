//! `refold causes`.

use refold_app::answer::{CauseRowAnswer, CausesAnswer};
use refold_app::text::{Exact, grouped};
use refold_app::usecase::causation::causation;

use super::{Context, cell, place};
use crate::arguments::Causes;
use crate::print::{self, Ended};

pub fn run(context: &Context<'_>, asked: &Causes) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let outcome = causation(context.work, &session, &asked.stream, &asked.at, asked.index);
    let mut printer = context.printer();
    let answer = printer.finish(outcome)?.answer();
    context.heed(&answer.findings);
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(0));
    }
    for row in &answer.rows {
        printer.line(&row_line(row))?;
    }
    for line in remarks(&answer) {
        printer.line(&line)?;
    }
    if !answer.findings.is_empty() {
        printer.line("")?;
        print::findings(&mut printer, &answer.findings)?;
    }
    printer.finish(Ok(0))
}

/// Steps towards the event that was asked for, the event, what is odd about it.
fn row_line(row: &CauseRowAnswer) -> String {
    let steps = match row.role {
        "cause" => format!("-{}", row.steps),
        "effect" => format!("+{}", row.steps),
        _ => "=".to_owned(),
    };
    let indent = "  ".repeat(row.indent as usize);
    let event = match (&row.stream, &row.event_type) {
        (Some(stream), Some(event_type)) => {
            let place = place(row.version.as_ref(), row.position.as_ref());
            format!("{stream} {place}  {event_type}  {}", cell(row.recorded_at.as_ref()))
        }
        _ => row.id.as_ref().map(Exact::to_string).unwrap_or_default(),
    };
    let notes = match row.notes.as_slice() {
        [] => String::new(),
        notes => format!("  [{}]", notes.join("; ")),
    };
    format!("{steps:>5}  {indent}{event}{notes}")
}

fn remarks(answer: &CausesAnswer) -> Vec<String> {
    let mut lines = Vec::new();
    if answer.event_id.is_none() {
        lines.push("this event has no id: no other can name it as its cause".to_owned());
    }
    if answer.causation_id.is_none() {
        lines.push("this event names no cause".to_owned());
    }
    if answer.causes_are_cut {
        lines.push("there are more causes above".to_owned());
    }
    if answer.effects_are_cut {
        lines.push("there are more effects".to_owned());
    }
    if let Some(looked_at) = answer.looked_at {
        lines.push(format!(
            "looked at the {} events nearby only; --index makes an index of all ids first",
            grouped(looked_at.into())
        ));
    }
    lines
}
