//! `refold search`.

use std::path::Path;

use refold_app::text::grouped;
use refold_app::usecase::search::export::{export, format_of};
use refold_app::usecase::search::{Search, answers};
use refold_app::{AppError, Places, Session, saved_queries};

use super::Context;
use super::history::print_event;
use crate::arguments::Search as Asked;
use crate::print::{self, Ended};

pub fn run(context: &Context<'_>, asked: &Asked) -> Result<u8, Ended> {
    let query = query_of(asked)?;
    let session = context.open(&asked.store)?;
    if asked.copy {
        session.build_search(context.work)?;
    }
    match &asked.out {
        Some(file) => write(context, &session, &query, file),
        None => list(context, &session, &query, asked.limit),
    }
}

/// What is saved, with what is given besides in the place of its parts.
fn query_of(asked: &Asked) -> Result<Search, Ended> {
    let saved = match &asked.saved {
        Some(name) => Search::from(&saved_queries::find(&Places::of_user()?, name)?.asked),
        None => Search::default(),
    };
    let list = |given: &Vec<String>, saved| if given.is_empty() { saved } else { given.clone() };
    Ok(Search {
        text: asked.text.clone().unwrap_or(saved.text),
        types: list(&asked.types, saved.types),
        categories: list(&asked.categories, saved.categories),
        stream: asked.stream.clone().unwrap_or(saved.stream),
        from: asked.from.clone().or(saved.from),
        to: asked.to.clone().or(saved.to),
        condition: asked.condition.clone().or(saved.condition),
    })
}

fn list(context: &Context<'_>, session: &Session, query: &Search, limit: Option<u64>) -> Result<u8, Ended> {
    let mut printer = context.printer();
    let mut found: u64 = 0;
    let outcome = answers(context.work, session, query, limit, &mut |event| {
        found += 1;
        if context.json {
            printer.json_of_stream(&event)
        } else {
            print_event(&mut printer, &event)
        }
    });
    let findings = printer.finish(outcome)?;
    context.heed(&findings);
    if !context.json {
        let noun = if found == 1 { "event" } else { "events" };
        let end = match limit {
            Some(limit) if found >= limit => "shown; there may be more",
            _ => "found",
        };
        printer.line(&format!("{} {noun} {end}", grouped(found)))?;
        print::findings(&mut printer, &findings)?;
    }
    let ended = printer.finish(Ok(0));
    if context.json {
        // Standard output holds events and nothing else.
        print::findings_aside(&findings);
    }
    ended
}

fn write(context: &Context<'_>, session: &Session, query: &Search, file: &Path) -> Result<u8, Ended> {
    let format = format_of(file).ok_or_else(|| {
        AppError::invalid(
            format!("the name of the file says no format: {}", file.display()),
            "end it in .ndjson or .csv",
        )
    })?;
    let written = export(context.work, session, query, file, format)?;
    context.heed(&written.findings);
    let mut printer = context.printer();
    if context.json {
        printer.json(&written)?;
        return printer.finish(Ok(0));
    }
    let noun = if written.events == 1 { "event" } else { "events" };
    printer.line(&format!(
        "{} {noun} written into {} ({}, SHA-256 {})",
        grouped(written.events.into()),
        written.file,
        written.size,
        written.sha256
    ))?;
    print::findings(&mut printer, &written.findings)?;
    printer.finish(Ok(0))
}
