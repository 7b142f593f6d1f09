//! `refold minimize`.

use std::path::{Path, PathBuf};

use refold_app::Session;
use refold_app::text::{counted, grouped};
use refold_app::usecase::lab::minimize::{Extent, Failure, Language, MinimizeAnswer, minimize, write_case_file};

use super::Context;
use crate::arguments::{self, Minimize};
use crate::print::{self, Ended, Printer};

pub fn run(context: &Context<'_>, asked: &Minimize) -> Result<u8, Ended> {
    let unless = asked.failure.against.as_deref();
    let failure = match (&asked.failure.invariant, unless) {
        (Some(id), unless) => Failure::Invariant { id, unless },
        (None, Some(against)) => Failure::Against(against),
        (None, None) => Failure::Error,
    };
    let session = context.open(&asked.store)?;
    let extent = if asked.whole { Extent::Whole } else { Extent::Smallest };
    let handler = asked.handler.as_deref();
    let answer = minimize(context.work, &session, &asked.stream, handler, failure, extent)?;
    if let (Some(file), Some(case)) = (&asked.out, &answer.case) {
        write_case_file(&session, file, case)?;
    }
    let test = match (&asked.save_test, asked.language) {
        (Some(folder), Some(language)) => save_test(&session, &answer, folder, language)?,
        _ => None,
    };
    context.heed(&answer.lacking);
    // A failure that was found is exit code 1, as with `check`.
    let code = u8::from(answer.failure.is_some());
    let mut printer = context.printer_of(code);
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
    let proof = match (extent, answer.is_minimal) {
        (Extent::Whole, _) => "all up to the one that does",
        (Extent::Smallest, true) => "and none of them can be left out",
        (Extent::Smallest, false) => "fewer may do: the search was stopped",
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
    for file in asked.out.iter().chain(&test) {
        printer.line(&format!("written to {}", file.display()))?;
    }
    if let (None, None, Some(case)) = (&asked.out, &test, &answer.case) {
        printer.line("")?;
        printer.text(case.trim_end())?;
    }
    printer.finish(Ok(code))
}

/// Writes the test in this language, where there is one to write. Says into which file.
fn save_test(
    session: &Session,
    answer: &MinimizeAnswer,
    folder: &Path,
    language: arguments::Language,
) -> Result<Option<PathBuf>, Ended> {
    let language = match language {
        arguments::Language::Rust => Language::Rust,
        arguments::Language::TypeScript => Language::TypeScript,
        arguments::Language::Python => Language::Python,
        arguments::Language::CSharp => Language::CSharp,
        arguments::Language::Java => Language::Java,
        arguments::Language::Kotlin => Language::Kotlin,
    };
    let Some(test) = answer.library_tests.iter().find(|test| test.language == language) else {
        return Ok(None);
    };
    let file = folder.join(&test.name);
    write_case_file(session, &file, &test.text)?;
    Ok(Some(file))
}

/// How far it can be relied on, where that is not plain.
fn note(printer: &mut Printer, answer: &MinimizeAnswer) -> Result<(), Ended> {
    answer.note.as_ref().map_or(Ok(()), |note| printer.line(note))?;
    print::findings(printer, &answer.lacking)
}

fn counted_histories(count: u64) -> String {
    if count == 1 {
        "1 history".to_owned()
    } else {
        format!("{} histories", grouped(count))
    }
}
