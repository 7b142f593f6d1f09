//! `refold minimize`.

use refold_app::text::{counted, grouped};
use refold_app::usecase::lab::minimize::{Failure, MinimizeAnswer, minimize, write_case_file};

use super::Context;
use crate::arguments::Minimize;
use crate::print::{Ended, Printer};

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
        write_case_file(&session, file, case)?;
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
            "{} does not show this failure; there is nothing to minimize",
            answer.stream
        ))?;
        note(&mut printer, &answer)?;
        return printer.finish(Ok(code));
    };
    printer.line(failure)?;
    let proof = if answer.is_minimal {
        "and none of them can be left out"
    } else {
        "fewer may do: the search was stopped"
    };
    printer.line(&format!(
        "{} of {} {} it, {proof} ({} tried): {}",
        answer.kept.len(),
        counted(answer.of.into(), "event"),
        if answer.kept.len() == 1 { "shows" } else { "show" },
        counted_histories(answer.tests.into()),
        answer.kept.join(" ")
    ))?;
    note(&mut printer, &answer)?;
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

/// How far it can be relied on, where that is not plain.
fn note(printer: &mut Printer, answer: &MinimizeAnswer) -> Result<(), Ended> {
    answer.note.as_ref().map_or(Ok(()), |note| printer.line(note))
}

fn counted_histories(count: u64) -> String {
    if count == 1 {
        "1 history".to_owned()
    } else {
        format!("{} histories", grouped(count))
    }
}
