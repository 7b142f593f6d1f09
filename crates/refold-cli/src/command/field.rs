//! `refold field`.

use refold_app::text::shown;
use refold_app::usecase::field_history::{CSV_HEADING, csv_line, field_history};

use super::{Context, cell, handler_line, incomplete_line, place};
use crate::arguments::Field;
use crate::print::{self, Ended, Table};

pub fn run(context: &Context<'_>, asked: &Field) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let handler = asked.handler.as_deref();
    let answer = field_history(context.work, &session, &asked.stream, &asked.path, handler)?;
    context.heed(&answer.findings);
    let mut printer = context.printer();
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(0));
    }
    if asked.csv {
        printer.line(CSV_HEADING)?;
        for value in &answer.values {
            printer.line(&csv_line(value))?;
        }
        print::findings_aside(&answer.findings);
        return printer.finish(Ok(0));
    }
    printer.line(&format!("{}  {}", answer.stream, shown(answer.path.as_bytes())))?;
    printer.line(&format!("handler {}", handler_line(&answer.handler)))?;
    if let Some(since) = &answer.incomplete_since {
        printer.line(&incomplete_line(since))?;
    }
    printer.line("")?;
    let mut table = Table::new(&["event", "recorded", "type", "value"]);
    for of in &answer.values {
        let at = place(of.version.as_ref(), of.position.as_ref());
        table.row(vec![
            if at.is_empty() { "initial state".to_owned() } else { at },
            cell(of.recorded_at.as_ref()),
            cell(of.event_type.as_ref()),
            of.value
                .as_ref()
                .map_or_else(|| "(removed)".to_owned(), |value| value.shown()),
        ]);
    }
    table.print(&mut printer)?;
    if !answer.findings.is_empty() {
        printer.line("")?;
        print::findings(&mut printer, &answer.findings)?;
    }
    printer.finish(Ok(0))
}
