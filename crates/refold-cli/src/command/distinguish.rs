//! `refold distinguish`.

use refold_app::text::{counted, grouped};
use refold_app::usecase::distinguish::{distinguish, range_of_cursors};
use refold_app::wire::Distinction;

use super::Context;
use crate::arguments::Distinguish as Asked;
use crate::print::{Ended, Table};

pub fn run(context: &Context<'_>, asked: &Asked) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    session.build_index(context.work)?;
    let query = range_of_cursors(&session, asked.from.as_deref(), asked.to.as_deref())?;
    let found = distinguish(context.work, &session, &query, asked.sample)?;
    let mut printer = context.printer();
    if context.json {
        printer.json(&found)?;
        return printer.finish(Ok(0));
    }
    let facts = &found.facts;
    printer.line(&format!(
        "{} in {} · {} · {} · compared with {} outside",
        counted(facts.events.into(), "event"),
        facts.span,
        counted(facts.streams.into(), "stream"),
        counted(facts.types.into(), "type"),
        counted(found.rest_events.into(), "event")
    ))?;
    printer.line(&sample_line(&found))?;
    let mut table = Table::new(&["attribute", "value", "#in the range", "#outside"]);
    for attribute in found.attributes.iter().filter(|attribute| attribute.has_signal) {
        table.row(vec![
            attribute.name.clone(),
            attribute.value.clone(),
            percent(attribute.inside, attribute.inside_of),
            percent(attribute.outside, attribute.outside_of),
        ]);
    }
    let alike = found.attributes.iter().filter(|attribute| !attribute.has_signal);
    let alike: Vec<&str> = alike.map(|attribute| attribute.name.as_str()).collect();
    match (table.is_empty(), alike.is_empty()) {
        (true, true) => printer.line("no attribute has more than one value")?,
        (true, false) => printer.line("nothing distinguishes the range by more than chance")?,
        (false, _) => table.print(&mut printer)?,
    }
    if !alike.is_empty() {
        printer.line(&format!("no signal in {}", alike.join(", ")))?;
    }
    printer.finish(Ok(0))
}

fn sample_line(found: &Distinction) -> String {
    let unreadable = match found.unreadable_events {
        0 => String::new(),
        count => format!("; {} of these could not be read", grouped(count.into())),
    };
    if found.sample_is_whole {
        return format!("all of it counted{unreadable}");
    }
    let sampled = grouped(found.sampled_events.into());
    format!("type, category, stream and hour counted; data and metadata from a {sampled}-event sample{unreadable}")
}

/// Per cent with one digit, rounded; something is never shown as nothing, nor a part as the whole.
fn percent(count: u32, of: u32) -> String {
    let (count, of) = (u64::from(count), u64::from(of.max(1)));
    let tenths = (count * 2_000 + of) / (2 * of);
    match (count, tenths) {
        (0, _) => "0 %".to_owned(),
        (_, 0) => "<0.1 %".to_owned(),
        (_, 1_000) if count < of => ">99.9 %".to_owned(),
        _ => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}
