//! `refold check`.

use refold_app::text::{counted, grouped, shown};
use refold_app::usecase::lab::check::{CheckAnswer, ViolationAnswer, check};
use refold_app::usecase::lab::determinism::{DeterminismAnswer, determinism};
use serde::Serialize;

use super::{Context, event_cell, handler_line, keeping_of, scope_of, told};
use crate::arguments::Check;
use crate::print::{self, Ended, Printer, Table};

/// What `--json` answers.
#[derive(Serialize)]
struct Checked<'a> {
    #[serde(flatten)]
    answer: &'a CheckAnswer,
    /// `holds`, `broken`, or `unclear`: not every state could be asked.
    outcome: &'static str,
    determinism: &'a DeterminismAnswer,
}

pub fn run(context: &Context<'_>, asked: &Check) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let scope = scope_of(&asked.scope);
    let (handler, invariant) = (asked.handler.as_deref(), asked.invariant.as_deref());
    let keeping = keeping_of(&asked.keeping);
    let answer = told(
        context,
        check(context.work, &session, scope, handler, invariant, keeping)?,
    );
    let determinism = determinism(context.work, &session, scope, handler)?;
    // Violations are what this command is asked to find: exit code 1. What could not be asked is no pass either.
    let outcome = answer.outcome(&determinism);
    let code = u8::from(outcome != "holds" || determinism.replay_safe == Some(false));
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&Checked {
            answer: &answer,
            outcome,
            determinism: &determinism,
        })?;
        return printer.finish(Ok(code));
    }
    printer.line(&format!("handler {}", handler_line(&answer.handler)))?;
    printer.line(&determinism.sentence)?;
    printer.line(&format!(
        "{} of {}, {}",
        counted(answer.events, "event"),
        counted(answer.streams.into(), "stream"),
        answer.sentence
    ))?;
    printer.line("")?;
    print_invariants(&mut printer, &answer)?;
    if answer.violation_count > 0 {
        printer.line("")?;
        print_violations(&mut printer, &answer, scope.is_one_stream())?;
    }
    if !answer.findings.is_empty() {
        printer.line("")?;
        print::findings(&mut printer, &answer.findings)?;
    }
    printer.finish(Ok(code))
}

fn print_invariants(printer: &mut Printer, answer: &CheckAnswer) -> Result<(), Ended> {
    let mut table = Table::new(&["invariant", "severity", "#broken in", "#cannot be asked in"]);
    for invariant in &answer.invariants {
        table.row(vec![
            shown(invariant.id.as_bytes()),
            invariant.severity.name().to_owned(),
            grouped(invariant.broken_streams.into()),
            grouped(invariant.unclear_streams.into()),
        ]);
    }
    table.print(printer)?;
    for invariant in &answer.invariants {
        if let Some(reason) = &invariant.unclear {
            printer.line(&format!("{} cannot be asked: {reason}", invariant.id))?;
        }
    }
    Ok(())
}

/// Of one stream every change is told, of many the first.
fn print_violations(printer: &mut Printer, answer: &CheckAnswer, is_one_stream: bool) -> Result<(), Ended> {
    /// Violations that are shown without `--json`.
    const MOST_SHOWN: usize = 20;
    let mut table = Table::new(&["stream", "invariant", "", "event", "position", "values", "at the head"]);
    for violation in answer.violations.iter().take(MOST_SHOWN) {
        let most = if is_one_stream { usize::MAX } else { 1 };
        for (at, flip) in violation.flips.iter().take(most).enumerate() {
            let is_first = at == 0;
            let head = if violation.holds_at_head { "holds" } else { "broken" };
            table.row(vec![
                violation.stream.to_string(),
                shown(violation.invariant.as_bytes()),
                if flip.holds { "holds again" } else { "breaks" }.to_owned(),
                event_cell(&flip.event),
                flip.event.position.clone().unwrap_or_default(),
                if is_first { values(violation) } else { String::new() },
                if is_first { head.to_owned() } else { String::new() },
            ]);
        }
    }
    table.print(printer)?;
    if answer.violations.len() > MOST_SHOWN {
        let all = grouped(answer.violation_count.into());
        printer.line(&format!("the first {MOST_SHOWN} of {all} by position; --json has more"))?;
    }
    Ok(())
}

fn values(violation: &ViolationAnswer) -> String {
    let values = violation
        .values
        .iter()
        .map(|it| format!("{} {}", shown(it.path.as_bytes()), it.value.shown()));
    values.collect::<Vec<_>>().join(", ")
}
