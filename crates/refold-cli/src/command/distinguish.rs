//! `refold distinguish`.

use refold_app::text::grouped;
use refold_app::usecase::distinguish::{distinguish, range_of_cursors};
use refold_app::wire::{Distinction, Distinguished};

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
        "{} events in {} · {} streams · {} types · compared with {} events outside",
        grouped(facts.events.into()),
        facts.span,
        grouped(facts.streams.into()),
        grouped(facts.types.into()),
        grouped(found.rest_events.into())
    ))?;
    printer.line(&sample_line(&found))?;
    let mut table = Table::new(&["attribute", "value", "#in the range", "#outside", ""]);
    for attribute in &found.attributes {
        table.row(vec![
            attribute.name.clone(),
            attribute.value.clone(),
            percent(attribute.inside, attribute.inside_of),
            percent(attribute.outside, attribute.outside_of),
            signal(attribute).to_owned(),
        ]);
    }
    if table.is_empty() {
        printer.line("no attribute has more than one value")?;
    } else {
        table.print(&mut printer)?;
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

fn signal(attribute: &Distinguished) -> &'static str {
    if attribute.has_signal { "" } else { "no signal" }
}

/// Per cent with one digit, rounded down; something is never shown as nothing.
fn percent(count: u32, of: u32) -> String {
    let tenths = u64::from(count) * 1_000 / u64::from(of.max(1));
    match (count, tenths) {
        (0, _) => "0 %".to_owned(),
        (_, 0) => "<0.1 %".to_owned(),
        _ => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}
