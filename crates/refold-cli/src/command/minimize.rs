//! `refold minimize`.

use std::path::Path;

use refold_app::text::grouped;
use refold_app::usecase::lab::minimize::{Failure, minimize};
use refold_app::{AppError, ErrorCode};

use super::Context;
use crate::arguments::Minimize;
use crate::print::Ended;

pub fn run(context: &Context<'_>, asked: &Minimize) -> Result<u8, Ended> {
    let unless = asked.failure.against.as_deref();
    let failure = match (&asked.failure.invariant, unless) {
        (Some(id), unless) => Failure::Invariant { id, unless },
        (None, Some(against)) => Failure::Against(against),
        (None, None) => Failure::Error,
    };
    let session = context.open(&asked.store)?;
    let answer = minimize(context.work, &session, &asked.stream, asked.handler.as_deref(), failure)?;
    if let (Some(file), Some(case)) = (&asked.out, &answer.case) {
        write_new(file, case)?;
    }
    // A failure that was found is exit code 1, as with `check`.
    let code = u8::from(answer.failure.is_some());
    let mut printer = context.printer();
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(code));
    }
    let Some(failure) = &answer.failure else {
        printer.line(&format!(
            "{} does not show this failure; there is nothing to minimise",
            answer.stream
        ))?;
        return printer.finish(Ok(code));
    };
    printer.line(failure)?;
    let proof = if answer.is_minimal {
        "and none of them can be left out"
    } else {
        "fewer may do: the search was stopped"
    };
    printer.line(&format!(
        "{} of {} events {} it, {proof} ({} histories tried): {}",
        answer.kept.len(),
        grouped(answer.of.into()),
        if answer.kept.len() == 1 { "shows" } else { "show" },
        grouped(answer.tests.into()),
        answer.kept.join(" ")
    ))?;
    match (&asked.out, &answer.case) {
        (Some(file), _) => printer.line(&format!("written to {}", file.display()))?,
        (None, Some(case)) => {
            printer.line("")?;
            printer.text(case.trim_end())?;
        }
        (None, None) => {}
    }
    printer.finish(Ok(code))
}

/// A case is a file that a person keeps: none is written over.
fn write_new(file: &Path, case: &str) -> Result<(), AppError> {
    use std::io::Write as _;
    let made = std::fs::OpenOptions::new().write(true).create_new(true).open(file);
    made.and_then(|mut made| made.write_all(case.as_bytes()))
        .map_err(|error| {
            AppError::new(
                ErrorCode::Denied,
                format!("the case cannot be written ({error}): {}", file.display()),
                "name a file that is not there yet, in a folder that may be written to",
            )
        })
}
