//! `refold state`.

use refold_app::usecase::state::state;

use super::{Context, handler_line, incomplete_line};
use crate::arguments::State;
use crate::print::{self, Ended};

pub fn run(context: &Context<'_>, asked: &State) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let answer = state(
        context.work,
        &session,
        &asked.stream,
        &asked.at,
        asked.handler.as_deref(),
    )?;
    context.heed(&answer.findings);
    let mut printer = context.printer();
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(0));
    }
    let of = match (&answer.version, &answer.position) {
        (Some(version), Some(position)) => format!("v{version} #{position}"),
        (None, Some(position)) => format!("#{position}"),
        _ => "before the first event".to_owned(),
    };
    let as_of = answer
        .as_of
        .as_ref()
        .map(|time| format!("  as of {time}"))
        .unwrap_or_default();
    let recorded = answer
        .recorded_at
        .as_ref()
        .map(|time| format!("  {time}"))
        .unwrap_or_default();
    printer.line(&format!("{}  {of}{recorded}{as_of}", answer.stream))?;
    printer.line(&format!("handler {}", handler_line(&answer.handler)))?;
    if let Some(since) = &answer.incomplete_since {
        printer.line(&incomplete_line(since))?;
    }
    printer.line("")?;
    for line in answer.state.shown_lines() {
        printer.line(&line)?;
    }
    if !answer.findings.is_empty() {
        printer.line("")?;
        print::findings(&mut printer, &answer.findings)?;
    }
    printer.finish(Ok(0))
}
