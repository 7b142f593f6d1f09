//! `refold history`.

use refold_app::AppError;
use refold_app::answer::{ChangeAnswer, EventAnswer, Stored, StoryAnswer, UpcastAnswer};
use refold_app::text::shown;
use refold_app::usecase::events::{Events, events};
use refold_app::usecase::story::story;
use refold_app::usecase::upcast::upcast_events;

use super::{Context, cell, place};
use crate::arguments::History;
use crate::print::{self, Ended, Printer};

pub fn run(context: &Context<'_>, asked: &History) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let query = Events {
        from: asked.from.clone(),
        to: asked.to.clone(),
        types: asked.types.clone(),
        limit: asked.limit,
    };
    let mut printer = context.printer();
    if asked.story {
        let handler = asked.handler.as_deref();
        let outcome = story(context.work, &session, &asked.stream, &query, handler, &mut |told| {
            if context.json {
                printer.json_of_stream(&told)
            } else {
                printer.line_of_stream(&story_line(&told))
            }
        });
        let findings = printer.finish(outcome)?;
        context.heed(&findings);
        print::findings_aside(&findings);
        return Ok(0);
    }
    if asked.upcast {
        let handler = asked.handler.as_deref();
        let outcome = upcast_events(context.work, &session, &asked.stream, &query, handler, &mut |told| {
            if context.json {
                return printer.json_of_stream(&told);
            }
            print_event(&mut printer, &told.event)?;
            print_way(&mut printer, told.upcast.as_ref())
        });
        let findings = printer.finish(outcome)?;
        context.heed(&findings);
        print::findings_aside(&findings);
        return Ok(0);
    }
    let outcome = events(context.work, &session, &asked.stream, &query, &mut |event| {
        if context.json {
            printer.json_of_stream(&event)
        } else {
            print_event(&mut printer, &event)
        }
    });
    let findings = printer.finish(outcome)?;
    context.heed(&findings);
    if context.json {
        // Standard output holds events and nothing else.
        print::findings_aside(&findings);
        return Ok(0);
    }
    print::findings(&mut printer, &findings)?;
    printer.finish(Ok(0))
}

/// Place, time and sentence; without a sentence the type and what it changed.
fn story_line(told: &StoryAnswer) -> String {
    const SHOWN: usize = 5;
    let place = place(told.version.as_ref(), told.position.as_ref());
    let recorded = cell(told.recorded_at.as_ref());
    let sentence = match &told.story {
        Some(story) => story.clone(),
        None if !told.readable => format!("{}: cannot be read", told.event_type),
        None if told.fault.is_some() => format!("{}: not folded, {}", told.event_type, cell(told.fault.as_ref())),
        None if told.changed.is_empty() => format!("{}: changes nothing", told.event_type),
        None => {
            let paths: Vec<&str> = told.changed.iter().take(SHOWN).map(|path| whole_or(path)).collect();
            let first = paths.join(", ");
            let more = told.changed.len().saturating_sub(SHOWN);
            let rest = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            format!("{}: changes {}{rest}", told.event_type, shown(first.as_bytes()))
        }
    };
    format!("{place:>6}  {recorded}  {sentence}")
}

/// A path; that of the whole state is empty.
fn whole_or(path: &str) -> &str {
    if path.is_empty() { "the whole state" } else { path }
}

/// `+ /currency  "EUR"`
fn change_line(change: &ChangeAnswer) -> String {
    let path = shown(whole_or(&change.path).as_bytes());
    match (&change.before, &change.after, &change.moved_from) {
        (Some(before), Some(after), _) => format!("~ {path}  {} -> {}", before.shown(), after.shown()),
        (Some(before), None, _) => format!("- {path}  {}", before.shown()),
        (None, Some(after), _) => format!("+ {path}  {}", after.shown()),
        (None, None, from) => format!("~ {path}  moved from {}", cell(from.as_ref())),
    }
}

/// A line a step, what each changed, and what the rules get.
fn print_way(printer: &mut Printer, way: Option<&UpcastAnswer>) -> Result<(), AppError> {
    let Some(way) = way else {
        return printer.line_of_stream("    (no upcasters for this event)");
    };
    for step in &way.steps {
        let (from, to, place) = (step.from, step.to, &step.place);
        let made: Vec<String> = step.made.iter().map(|made| made.event_type.to_string()).collect();
        let outcome = match made.as_slice() {
            [] if way.fault.is_some() => "  fails".to_owned(),
            [] => "  drops the event".to_owned(),
            [one] if *one == step.event_type.to_string() => String::new(),
            several => format!("  becomes {}", several.join(" and ")),
        };
        let event_type = &step.event_type;
        printer.line_of_stream(&format!("    {event_type} {from} to {to}  {place}{outcome}"))?;
        for change in &step.changes {
            printer.line_of_stream(&format!("      {}", change_line(change)))?;
        }
    }
    if way.steps.is_empty() && way.fault.is_none() {
        printer.line_of_stream("    (stored as the rules expect it)")?;
    }
    if let Some(fault) = &way.fault {
        return printer.line_of_stream(&format!("    FAILED {}", shown(fault.as_bytes())));
    }
    for made in way.made.iter().filter(|_| !way.steps.is_empty()) {
        printer.line_of_stream(&format!("    = {}  {}", made.event_type, made.payload.shown()))?;
    }
    if way.redacted {
        printer.line_of_stream("    (fields are hidden: the steps ran on what is shown)")?;
    }
    Ok(())
}

/// A heading line, then payload and metadata on a line each.
pub fn print_event(printer: &mut Printer, event: &EventAnswer) -> Result<(), AppError> {
    let version = event
        .version
        .as_ref()
        .map(|version| format!("v{version} "))
        .unwrap_or_default();
    let schema = event
        .schema_version
        .as_ref()
        .map(|version| format!(" (schema {version})"))
        .unwrap_or_default();
    let occurred = match &event.occurred_at {
        Some(occurred) if event.occurred_at != event.recorded_at => format!("  occurred {occurred}"),
        _ => String::new(),
    };
    let (stream, position, event_type) = (&event.stream, &event.position, &event.event_type);
    let recorded = cell(event.recorded_at.as_ref());
    printer.line_of_stream(&format!(
        "{stream} {version}#{position}  {event_type}{schema}  {recorded}{occurred}"
    ))?;
    let payload = match &event.payload {
        Stored::Absent => "(no payload)".to_owned(),
        Stored::Bytes { bytes, .. } if bytes.is_empty() => "(empty payload)".to_owned(),
        Stored::Bytes { .. } => format!("(not JSON) {}", event.payload.shown()),
        Stored::Json(_) => event.payload.shown(),
    };
    printer.line_of_stream(&format!("    {payload}"))?;
    let metadata = event.metadata.shown();
    if metadata.is_empty() || metadata == "{}" {
        Ok(())
    } else {
        printer.line_of_stream(&format!("    {metadata}"))
    }
}
