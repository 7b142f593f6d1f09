//! `refold blame`.

use refold_app::answer::CauseAnswer;
use refold_app::text::shown;
use refold_app::usecase::blame::blame;

use super::{Context, cell, handler_line, incomplete_line, place};
use crate::arguments::Blame;
use crate::print::{self, Ended, Table};

pub fn run(context: &Context<'_>, asked: &Blame) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let (path, handler) = (asked.path.as_deref(), asked.handler.as_deref());
    let answer = blame(context.work, &session, &asked.stream, &asked.at, path, handler)?;
    context.heed(&answer.findings);
    let mut printer = context.printer();
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(0));
    }
    let at = place(answer.version.as_ref(), answer.position.as_ref());
    printer.line(&format!("{}  {at}", answer.stream))?;
    printer.line(&format!("handler {}", handler_line(&answer.handler)))?;
    if let Some(since) = &answer.incomplete_since {
        printer.line(&incomplete_line(since))?;
    }
    printer.line("")?;
    let mut table = Table::new(&[
        "path",
        "value",
        "changed by",
        "recorded",
        "who",
        "line",
        "last written by",
    ]);
    for leaf in &answer.leaves {
        let recorded = leaf.changed.as_ref().and_then(|cause| cause.recorded_at.as_ref());
        let wrote = if leaf.wrote == leaf.changed {
            String::new()
        } else {
            label(leaf.wrote.as_ref())
        };
        let changed = label(leaf.changed.as_ref());
        table.row(vec![
            shown(leaf.path.as_bytes()),
            leaf.value.shown(),
            changed,
            cell(recorded),
            cell(leaf.actor.as_ref()),
            leaf.lines.join(", "),
            wrote,
        ]);
    }
    table.print(&mut printer)?;
    if !answer.findings.is_empty() {
        printer.line("")?;
        print::findings(&mut printer, &answer.findings)?;
    }
    printer.finish(Ok(0))
}

fn label(cause: Option<&CauseAnswer>) -> String {
    let Some(cause) = cause else {
        return "initial state".to_owned();
    };
    let place = place(cause.version.as_ref(), cause.position.as_ref());
    format!("{place} {}", cause.event_type)
}
