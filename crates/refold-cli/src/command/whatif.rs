//! `refold whatif`: a branch of a stream beside the record, which it never is.

use std::path::Path;

use refold_app::AppError;
use refold_app::answer::Literal;
use refold_app::text::{counted, grouped, shown};
use refold_app::usecase::lab::whatif::{
    Edits, LineCourse, RowAnswer, SandboxEvent, SandboxPlace, WhatIfAnswer, read_edits, whatif,
};

use super::{Context, handler_line, incomplete_line, place};
use crate::arguments::WhatIf;
use crate::print::{self, Ended, Printer, Table};

/// Rows of each table that are shown without `--json`.
const MOST_SHOWN: usize = 40;

pub fn run(context: &Context<'_>, asked: &WhatIf) -> Result<u8, Ended> {
    let edits = edits_of(asked)?;
    let session = context.open(&asked.store)?;
    let answer = whatif(context.work, &session, &asked.stream, asked.handler.as_deref(), &edits)?;
    context.heed(&answer.findings);
    // A difference is what this command is asked to find: exit code 1.
    let code = u8::from(answer.first_divergence.is_some());
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(code));
    }
    print_heading(&mut printer, &answer)?;
    print_rows(&mut printer, &answer)?;
    print_head(&mut printer, &answer)?;
    print_otherwise(&mut printer, &answer)?;
    print_invariants(&mut printer, &answer)?;
    if !answer.findings.is_empty() {
        printer.line("")?;
        print::findings(&mut printer, &answer.findings)?;
    }
    printer.finish(Ok(code))
}

/// Those of the file, then what is left out besides.
fn edits_of(asked: &WhatIf) -> Result<Edits, AppError> {
    let mut edits = match &asked.edits {
        Some(file) => read_edits(Path::new(file))?,
        None => Edits::none("--skip"),
    };
    for event in &asked.skip {
        edits.skip(event)?;
    }
    Ok(edits)
}

fn print_heading(printer: &mut Printer, answer: &WhatIfAnswer) -> Result<(), Ended> {
    let name = answer
        .name
        .as_ref()
        .map(|name| format!(" \"{}\"", shown(name.as_bytes())));
    printer.line(&format!("{}{}", answer.sandbox, name.unwrap_or_default()))?;
    let from = answer.branched_at.as_ref().map_or_else(
        || format!("{}, of which nothing is otherwise", answer.stream),
        |event| format!("{}, branched at {}", answer.stream, event_cell(event)),
    );
    printer.line(&from)?;
    printer.line(&format!("handler {}", handler_line(&answer.handler)))?;
    if let Some(since) = &answer.incomplete_since {
        printer.line(&incomplete_line(since))?;
    }
    for edit in &answer.edits {
        printer.line(&format!("  {}", shown(edit.as_bytes())))?;
    }
    printer.line(&format!(
        "{} in the record, {} in the sandbox",
        counted(answer.record_events.into(), "event"),
        grouped(answer.sandbox_events.into())
    ))?;
    let said = match (&answer.first_divergence, answer.branched_at.is_some()) {
        (Some(first), _) => format!("first divergence: after {}", event_cell(&first.event)),
        (None, true) => "the states never differ".to_owned(),
        (None, false) => return Ok(()),
    };
    printer.line(&said)
}

fn print_rows(printer: &mut Printer, answer: &WhatIfAnswer) -> Result<(), Ended> {
    if answer.rows.is_empty() {
        return Ok(());
    }
    printer.line("")?;
    let mut table = Table::new(&["", "event", "record", "sandbox", "#differing", "the first of them"]);
    for row in answer.rows.iter().take(MOST_SHOWN) {
        table.row(vec![
            mark_cell(row),
            event_cell(&row.event),
            row.record.clone().unwrap_or_default(),
            row.sandbox.clone().unwrap_or_default(),
            grouped(row.differing.into()),
            row.places.first().map(place_cell).unwrap_or_default(),
        ]);
    }
    table.print(printer)?;
    more(printer, answer.row_count)
}

fn print_head(printer: &mut Printer, answer: &WhatIfAnswer) -> Result<(), Ended> {
    if answer.at_head.is_empty() {
        return if answer.first_divergence.is_some() {
            printer.line("")?;
            printer.line("at the head both are equal")
        } else {
            Ok(())
        };
    }
    printer.line("")?;
    let mut table = Table::new(&["at the head", "record", "sandbox"]);
    for place in answer.at_head.iter().take(MOST_SHOWN) {
        let path = shown(place.path.as_bytes());
        table.row(vec![path, side(place.record.as_ref()), side(place.sandbox.as_ref())]);
    }
    table.print(printer)?;
    more(printer, u32::try_from(answer.at_head.len()).unwrap_or(u32::MAX))
}

fn print_otherwise(printer: &mut Printer, answer: &WhatIfAnswer) -> Result<(), Ended> {
    if answer.otherwise.is_empty() {
        return Ok(());
    }
    printer.line("")?;
    let mut table = Table::new(&["comes to something else", "record", "sandbox"]);
    for of in answer.otherwise.iter().take(MOST_SHOWN) {
        table.row(vec![event_cell(&of.event), of.record.clone(), of.sandbox.clone()]);
    }
    table.print(printer)?;
    more(printer, answer.otherwise_count)
}

fn print_invariants(printer: &mut Printer, answer: &WhatIfAnswer) -> Result<(), Ended> {
    if answer.invariants.is_empty() {
        return Ok(());
    }
    printer.line("")?;
    let mut table = Table::new(&["invariant", "severity", "record", "sandbox"]);
    for invariant in &answer.invariants {
        table.row(vec![
            shown(invariant.id.as_bytes()),
            invariant.severity.name().to_owned(),
            course_cell(&invariant.record),
            course_cell(&invariant.sandbox),
        ]);
    }
    table.print(printer)
}

/// `v5 ItemRemoved`, `+1 ItemAdded`
fn event_cell(event: &SandboxEvent) -> String {
    let named = match event.inserted {
        Some(number) => format!("+{number}"),
        None => place(event.event.version.as_ref(), event.event.position.as_ref()),
    };
    format!("{named} {}", event.event.event_type)
}

fn mark_cell(row: &RowAnswer) -> String {
    match row.event.mark {
        "kept" => String::new(),
        mark => mark.replace('-', " "),
    }
}

fn place_cell(place: &SandboxPlace) -> String {
    let path = shown(place.path.as_bytes());
    format!(
        "{path} {} | {}",
        side(place.record.as_ref()),
        side(place.sandbox.as_ref())
    )
}

fn side(value: Option<&Literal>) -> String {
    value.map_or_else(|| "(absent)".to_owned(), Literal::shown)
}

fn course_cell(course: &LineCourse) -> String {
    let unclear = course
        .unclear_since
        .as_ref()
        .map(|event| format!("unclear since {}", event_cell(event)));
    match (&course.first_broken, unclear) {
        (None, None) => "holds".to_owned(),
        (None, Some(unclear)) => unclear,
        (Some(event), Some(unclear)) => format!("breaks at {}, {unclear}", event_cell(event)),
        (Some(event), None) if course.is_broken_at_head => format!("breaks at {}", event_cell(event)),
        (Some(event), None) => format!("breaks at {}, holds at the head", event_cell(event)),
    }
}

fn more(printer: &mut Printer, count: u32) -> Result<(), Ended> {
    if count as usize > MOST_SHOWN {
        return printer.line(&format!(
            "the first {MOST_SHOWN} of {}; --json has more",
            grouped(count.into())
        ));
    }
    Ok(())
}
