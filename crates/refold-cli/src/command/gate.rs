//! `refold gate`.

use refold_app::text::{grouped, shown};
use refold_app::usecase::lab::gate::{GateAnswer, GateChange, GateExample, GateGroup, gate};

use super::{Context, event_cell, handler_line, scope_of};
use crate::arguments::Gate;
use crate::print::{self, Ended, Printer, Table};

pub fn run(context: &Context<'_>, asked: &Gate) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let answer = gate(context.work, &session, scope_of(&asked.scope), asked.handler.as_deref())?;
    context.heed(&answer.findings);
    let is_lossy = answer.losing > 0 || answer.dropped > 0;
    let code = u8::from(answer.failed > 0 || (is_lossy && !asked.allow_loss));
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(code));
    }
    printer.line(&format!("handler {}", handler_line(&answer.handler)))?;
    printer.line(&format!(
        "{} events, {} through upcasters: {} fail, {} are dropped, {} lose a field",
        grouped(answer.events),
        grouped(answer.upcast),
        grouped(answer.failed),
        grouped(answer.dropped),
        grouped(answer.losing)
    ))?;
    printer.line("")?;
    print_groups(&mut printer, &answer)?;
    print_changes(&mut printer, &answer)?;
    print_steps(&mut printer, &answer)?;
    if !answer.findings.is_empty() {
        printer.line("")?;
        print::findings(&mut printer, &answer.findings)?;
    }
    printer.finish(Ok(code))
}

fn print_groups(printer: &mut Printer, answer: &GateAnswer) -> Result<(), Ended> {
    let mut table = Table::new(&["type", "from", "becomes", "#events", "the first of them"]);
    for group in &answer.groups {
        let of_type = || vec![group.event_type.to_string(), from_cell(group)];
        let mut told = 0;
        for failure in &group.failures {
            let mut row = of_type();
            let failed = format!("FAILS {}: {}", failure.code, shown(failure.message.as_bytes()));
            row.extend([failed, grouped(failure.events), example_cell(&failure.first)]);
            table.row(row);
            told += failure.events;
        }
        if group.further_failures > 0 {
            let mut row = of_type();
            row.extend([
                "FAILS in other ways".to_owned(),
                grouped(group.further_failures),
                String::new(),
            ]);
            table.row(row);
            told += group.further_failures;
        }
        for made in &group.becomes {
            let types: Vec<String> = made.types.iter().map(ToString::to_string).collect();
            let what = if types.is_empty() {
                "dropped".to_owned()
            } else {
                types.join(", ")
            };
            let mut row = of_type();
            row.extend([what, grouped(made.events), example_cell(&made.first)]);
            table.row(row);
            told += made.events;
        }
        if told < group.events {
            let mut row = of_type();
            row.extend([
                "as it is stored".to_owned(),
                grouped(group.events - told),
                String::new(),
            ]);
            table.row(row);
        }
    }
    table.print(printer)
}

fn print_changes(printer: &mut Printer, answer: &GateAnswer) -> Result<(), Ended> {
    let mut table = Table::new(&["type", "from", "field", "what", "#events", "the first of them"]);
    let mut count = 0;
    for group in &answer.groups {
        for change in &group.changes {
            table.row(vec![
                group.event_type.to_string(),
                from_cell(group),
                shown(change.path.as_bytes()),
                what_cell(change),
                grouped(change.events),
                example_cell(&change.first),
            ]);
            count += 1;
        }
    }
    if count > 0 {
        printer.line("")?;
        table.print(printer)?;
    }
    let further: u64 = answer.groups.iter().map(|group| group.further_changes).sum();
    if further > 0 {
        printer.line(&format!("and {} changes of other fields", grouped(further)))?;
    }
    Ok(())
}

fn print_steps(printer: &mut Printer, answer: &GateAnswer) -> Result<(), Ended> {
    printer.line("")?;
    let mut table = Table::new(&["step", "type", "from", "to", "#events"]);
    for step in &answer.steps {
        table.row(vec![
            step.place.clone(),
            step.event_type.to_string(),
            step.from.to_string(),
            step.to.to_string(),
            match step.events {
                0 => "never".to_owned(),
                events => grouped(events),
            },
        ]);
    }
    table.print(printer)
}

fn from_cell(group: &GateGroup) -> String {
    group.from.map(|from| from.to_string()).unwrap_or_default()
}

fn what_cell(change: &GateChange) -> String {
    match (change.what, &change.to, change.kinds) {
        ("moved", Some(to), _) => format!("moved to {}", shown(to.as_bytes())),
        ("retyped", _, Some([from, to])) => format!("{from} becomes {to}"),
        ("lost", ..) => "LOST".to_owned(),
        ("revalued", ..) => "another value".to_owned(),
        (what, ..) => what.to_owned(),
    }
}

fn example_cell(first: &GateExample) -> String {
    format!("{} {}", first.stream, event_cell(&first.event))
}
