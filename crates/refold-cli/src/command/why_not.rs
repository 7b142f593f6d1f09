//! `refold why-not`.

use refold_app::text::{counted, grouped};
use refold_app::usecase::lab::why_not::{AskedEvents, RanAnswer, TriedAnswer, WhyNotAnswer, why_not};

use super::why::{at_line, event_text, place_text, read_place, value_text};
use super::{Context, handler_line, incomplete_line};
use crate::arguments::WhyNot;
use crate::print::{self, Ended, Printer, Table};

pub fn run(context: &Context<'_>, asked: &WhyNot) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let events = match &asked.at {
        Some(at) => AskedEvents::One(at),
        None => AskedEvents::Span {
            from: &asked.from,
            to: &asked.to,
        },
    };
    let handler = asked.handler.as_deref();
    let answer = why_not(
        context.work,
        &session,
        &asked.stream,
        &asked.path,
        events,
        handler,
        asked.limit,
    )?;
    context.heed(&answer.findings);
    let mut printer = context.printer();
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(0));
    }
    printer.line(&format!("{}  {}", answer.stream, place_text(&answer.path)))?;
    printer.line(&format!("handler {}", handler_line(&answer.handler)))?;
    if let Some(since) = &answer.incomplete_since {
        printer.line(&incomplete_line(since))?;
    }
    let changed = match &answer.last_changed {
        Some(event) => format!(
            "{} changed it, last {}",
            grouped(answer.changed.into()),
            event_text(event)
        ),
        None => "none changed it".to_owned(),
    };
    printer.line(&format!("{}: {changed}", counted(answer.events.into(), "event")))?;
    printer.line("")?;
    print_types(&mut printer, &answer)?;
    if let Some(stopped) = &answer.stopped {
        printer.line("")?;
        printer.line(&format!(
            "{} came after {}, on which the handler failed, and no rule was given them: {}",
            counted(stopped.events.into(), "event"),
            event_text(&stopped.event),
            stopped.fault
        ))?;
    }
    for miss in &answer.misses {
        printer.line("")?;
        printer.line(&event_text(&miss.event))?;
        if let Some(fault) = &miss.fault {
            printer.line(&format!("  the handler failed, so nothing of it counts: {fault}"))?;
        }
        if miss.unread {
            printer.line("  its payload could not be read, so no rule was given it")?;
        }
        for tried in &miss.tried {
            print_tried(&mut printer, tried)?;
        }
        if let Some(ran) = &miss.ran {
            printer.line(&format!("  {}", ran_text(ran)))?;
        }
    }
    if answer.further_misses > 0 {
        printer.line("")?;
        let more = counted(answer.further_misses.into(), "event");
        printer.line(&format!("and {more} before: ask for them with --limit"))?;
    }
    if let Some(untold) = &answer.untold {
        printer.line("")?;
        printer.line(&untold.to_string())?;
    }
    if !answer.findings.is_empty() {
        printer.line("")?;
        print::findings(&mut printer, &answer.findings)?;
    }
    printer.finish(Ok(0))
}

fn print_types(printer: &mut Printer, answer: &WhyNotAnswer) -> Result<(), Ended> {
    let mut table = Table::new(&["type", "#events", "#changed it", "rules for it"]);
    for of in &answer.types {
        let writes = match of.writes {
            Some(true) => "can write there",
            Some(false) => "never write there",
            None if of.untaken == of.events => "none",
            None => "cannot be seen",
        };
        table.row(vec![
            of.event_type.to_string(),
            grouped(of.events.into()),
            grouped(of.changed.into()),
            writes.to_owned(),
        ]);
    }
    table.print(printer)
}

/// What the handler did with an event that left the place as it was.
fn ran_text(ran: &RanAnswer) -> String {
    if ran.changed.is_empty() {
        return "the handler took it and changed nothing".to_owned();
    }
    let mut places: Vec<String> = ran.changed.iter().map(|path| place_text(path)).collect();
    if ran.further > 0 {
        places.push(format!("{} more", grouped(ran.further.into())));
    }
    format!("the handler took it and changed {} instead", places.join(", "))
}

fn print_tried(printer: &mut Printer, tried: &TriedAnswer) -> Result<(), Ended> {
    let kept_by = match tried.kept_by {
        "guard" => "a condition did not hold".to_owned(),
        "elsewhere" => format!(
            "wrote {} instead",
            place_text(tried.elsewhere.as_deref().unwrap_or_default())
        ),
        "equal" => "wrote what was there already".to_owned(),
        "fault" => "what it wrote was taken back, as the handler failed on the event".to_owned(),
        _ => "what it wrote was undone by the same event".to_owned(),
    };
    printer.line(&format!("  {}: {kept_by}{}", tried.does, at_line(&tried.place)))?;
    for guard in &tried.guards {
        let holds = if guard.holds { "held" } else { "did not hold" };
        printer.line(&format!("    {} {holds}", guard.place))?;
        for read in &guard.reads {
            printer.line(&format!("      {}", read_place(read)))?;
        }
    }
    let Some(otherwise) = &tried.otherwise else {
        return Ok(());
    };
    let said = match &otherwise.fault {
        Some(fault) => format!("else it would have failed: {fault}"),
        None => format!(
            "else it would be {}",
            value_text(otherwise.present, otherwise.value.as_ref().map(|value| value.shown()))
        ),
    };
    printer.line(&format!("    {said}"))
}
