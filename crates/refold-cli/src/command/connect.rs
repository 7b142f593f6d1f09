//! `refold connect`.

use refold_app::AppError;
use refold_app::usecase::connect::{TITLES, connect};
use refold_app::wire::{AppErrorWire, ConnectStep, Connected, StepOutcome};

use super::Context;
use crate::arguments::Connect;
use crate::print::{Ended, aside};

/// Of the longest title.
const TITLE_LETTERS: usize = 27;

pub fn run(context: &Context<'_>, asked: &Connect) -> Result<u8, Ended> {
    let asked = context.asked(&asked.store);
    let tried = connect(context.work, &asked, &context.places()?, &|_| {})?;
    let code = code(&tried);
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&tried)?;
    } else {
        for step in &tried.steps {
            printer.line(&line(step))?;
            if !step.advice.is_empty() {
                printer.line(&format!("{:8}{}", "", step.advice))?;
            }
        }
    }
    if tried.failure.is_some() && !context.json {
        aside(&format!("it ended at step {} of {}", tried.steps.len(), TITLES.len()));
    }
    printer.finish(Ok(code))
}

/// 0 where nothing is to be said, 1 where there is a warning, else what the failure is.
fn code(tried: &Connected) -> u8 {
    match &tried.failure {
        Some(AppErrorWire { code, .. }) => AppError::new(*code, "", "").exit_code(),
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
