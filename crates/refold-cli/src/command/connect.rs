//! `refold connect`.

use refold_app::usecase::connect::{TITLES, Tried, connect};
use refold_app::wire::{ConnectStep, StepOutcome};
use serde::Serialize;

use super::Context;
use crate::arguments::Connect;
use crate::print::{Ended, Failure, advice, aside};

/// Of the longest title.
const TITLE_LETTERS: usize = 27;

/// As `--json` prints it.
#[derive(Serialize)]
struct Answer<'a> {
    steps: &'a [ConnectStep],
    failure: Option<Failure<'a>>,
}

pub fn run(context: &Context<'_>, asked: &Connect) -> Result<u8, Ended> {
    let asked = context.asked(&asked.store);
    let tried = connect(context.work, &asked, &context.places()?, &|_| {})?;
    let code = code(&tried);
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&Answer {
            steps: &tried.steps,
            failure: tried.failure.as_ref().map(Failure::from),
        })?;
    } else {
        for step in &tried.steps {
            printer.line(&line(step))?;
            let advice = match (&tried.failure, step.outcome) {
                (Some(failure), StepOutcome::Failed) => advice(failure),
                _ => step.advice.clone(),
            };
            if !advice.is_empty() {
                printer.line(&format!("{:8}{advice}", ""))?;
            }
        }
    }
    if tried.failure.is_some() && !context.json {
        aside(&format!("it ended at step {} of {}", tried.steps.len(), TITLES.len()));
    }
    printer.finish(Ok(code))
}

/// 0 where nothing is to be said, 1 where there is a warning, else what the failure is.
fn code(tried: &Tried) -> u8 {
    match &tried.failure {
        Some(failure) => failure.exit_code(),
        None => u8::from(tried.steps.iter().any(|step| step.outcome == StepOutcome::Warning)),
    }
}

fn line(step: &ConnectStep) -> String {
    let outcome = match step.outcome {
        StepOutcome::Ok => "ok",
        StepOutcome::Warning => "!",
        StepOutcome::Failed => "failed",
        StepOutcome::None => "-",
    };
    format!(
        "{}  {:TITLE_LETTERS$} {outcome:6} {:>5} ms  {}",
        step.step, step.title, step.millis, step.said
    )
}
