//! `refold case`.

use std::ffi::OsStr;

use refold_app::Places;
use refold_app::text::{grouped, visible};
use refold_app::usecase::case::{self, CaseAnswer, CaseStream, Existing};
use refold_app::wire::CaseAsked;

use super::Context;
use crate::arguments::{Case, CaseSave};
use crate::print::{self, Ended, Printer, Table};

pub fn run(context: &Context<'_>, asked: &Case) -> Result<u8, Ended> {
    match asked {
        Case::Save(asked) => save(context, asked),
        Case::Show { file } => show(context, file),
    }
}

fn save(context: &Context<'_>, asked: &CaseSave) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let is_placed = asked.at.is_some() || asked.handler.is_some();
    let place = asked.streams.first().filter(|_| is_placed).map(|stream| {
        let at = asked.at.as_deref().unwrap_or("head");
        let (base, handler) = (asked.base.as_deref(), asked.handler.as_deref());
        case::place(context.work, &session, stream, at, base, handler)
    });
    let wanted = CaseAsked {
        streams: asked.streams.clone(),
        places: place.transpose()?.into_iter().collect(),
        shown: 0,
        elsewhere: Vec::new(),
    };
    let existing = match asked.replace {
        true => Existing::Replaced,
        false => Existing::Kept,
    };
    let places = Places::of_user()?;
    let saved = case::save(context.work, &session, &places, &wanted, &asked.out, existing)?;
    context.heed(&saved.written.findings);
    let mut printer = context.printer();
    if context.json {
        printer.json(&saved)?;
        return printer.finish(Ok(0));
    }
    let written = &saved.written;
    let noun = if written.events == 1 { "event" } else { "events" };
    printer.line(&format!(
        "{} {noun} written into {} ({}, SHA-256 {})",
        grouped(written.events.into()),
        written.file,
        written.size,
        written.sha256
    ))?;
    streams_table(&saved.streams).print(&mut printer)?;
    print::findings(&mut printer, &written.findings)?;
    printer.finish(Ok(0))
}

fn show(context: &Context<'_>, file: &OsStr) -> Result<u8, Ended> {
    let session = context.open(file)?;
    let answer = case::show(&session)?;
    let mut printer = context.printer();
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(0));
    }
    describe(&mut printer, &answer)?;
    printer.finish(Ok(0))
}

fn streams_table(streams: &[CaseStream]) -> Table {
    let mut table = Table::new(&["stream", "category", "#events"]);
    for of in streams {
        table.row(vec![of.stream.clone(), of.category.clone(), grouped(of.events.into())]);
    }
    table
}

fn describe(printer: &mut Printer, answer: &CaseAnswer) -> Result<(), Ended> {
    let store = &answer.store;
    printer.line(&visible(&answer.file))?;
    printer.line(&visible(&format!(
        "written on {} by Refold {} from {} ({}, {})",
        answer.written_at, answer.written_by, store.location, store.kind, store.layout_title
    )))?;
    let last = match (&store.last_position, &store.last_position_recorded_at) {
        (Some(position), Some(time)) => {
            format!("as of {time}, when the last event of the store was recorded: #{position}")
        }
        (Some(position), None) => {
            format!("the last event of the store was #{position}, recorded at a time that is not in the case")
        }
        (None, _) => "the store held no event".to_owned(),
    };
    printer.line(&visible(&last))?;
    let until = store.events_until.as_deref().unwrap_or("at no time");
    printer.line(&visible(&format!("the last event in the case was recorded {until}")))?;
    printer.line("")?;
    streams_table(&answer.streams).print(printer)?;
    for of in &answer.handlers {
        let path = of.handler.as_deref().unwrap_or("its files are not here");
        printer.line("")?;
        printer.line(&visible(&format!("handler {} {} ({})", of.name, of.version, of.hash)))?;
        printer.line(&visible(&format!("  {path}")))?;
    }
    for note in &answer.notes {
        let place = match &note.until {
            Some(until) => format!("{}..{until}", note.at),
            None => note.at.clone(),
        };
        let path = note.path.as_deref().unwrap_or_default();
        printer.line("")?;
        printer.line(&visible(format!("note on {} {place} {path}", note.stream).trim_end()))?;
        note.text
            .lines()
            .try_for_each(|line| printer.line(&visible(&format!("  {line}"))))?;
    }
    if !answer.left_out.is_empty() {
        printer.line("")?;
        printer.line("left out")?;
        let line = |sentence: &String| visible(&format!("  {sentence}")).into_owned();
        answer
            .left_out
            .iter()
            .try_for_each(|sentence| printer.line(&line(sentence)))?;
    }
    for group in &answer.findings {
        printer.line("")?;
        printer.line(&visible(&format!(
            "found then: {} {}",
            grouped(group.count.into()),
            group.code
        )))?;
        for found in &group.found {
            printer.line(&visible(&format!("  {}", found.detail)))?;
        }
    }
    Ok(())
}
