//! `refold known` and `refold corrections`.

use refold_app::answer::ChangeAnswer;
use refold_app::text::{counted, grouped, shown};
use refold_app::usecase::lab::known::{LateEvent, Order, Question, corrections, known};

use super::why::event_text;
use super::{Context, handler_line, incomplete_line};
use crate::arguments::{Corrections, FoldOrder, Known};
use crate::print::{self, Ended, Printer, Table};

pub fn run(context: &Context<'_>, asked: &Known) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let answer = known(
        context.work,
        &session,
        &asked.stream,
        Question {
            about: &asked.about,
            known_at: &asked.at,
            handler: asked.handler.as_deref(),
            occurred: asked.happened.occurred.as_deref(),
            order: order_of(asked.happened.order),
        },
    )?;
    context.heed(&answer.findings);
    // That nothing can be said is what a script must not overlook.
    let code = u8::from(answer.state.is_none());
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(code));
    }
    let until = answer.known_at.as_ref().map_or_else(
        || "before any event".to_owned(),
        |event| format!("up to {}", event_text(event)),
    );
    printer.line(&format!("{}  about {}, {until}", answer.stream, answer.about))?;
    printer.line(&format!("handler {}", handler_line(&answer.handler)))?;
    if let Some(since) = &answer.incomplete_since {
        printer.line(&incomplete_line(since))?;
    }
    let happened = counted(answer.events.into(), "event");
    match &answer.state {
        Some(state) => {
            printer.line(&format!(
                "{happened} had happened by then; {}",
                order_text(answer.order)
            ))?;
            printer.line("")?;
            printer.line(&state.shown())?;
        }
        None => {
            printer.line(&format!(
                "{happened} had happened by then, and their order matters: {} differ between the order in which they were \
                 recorded and the one in which they happened",
                counted(answer.difference_count.into(), "place")
            ))?;
            printer.line("say which one is meant: --order recorded, or --order occurred")?;
            print_changes(&mut printer, ["recorded", "occurred"], &answer.differences)?;
        }
    }
    print_missing(&mut printer, &answer.missing)?;
    print_findings(&mut printer, &answer.findings)?;
    printer.finish(Ok(code))
}

pub fn run_corrections(context: &Context<'_>, asked: &Corrections) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let answer = corrections(
        context.work,
        &session,
        &asked.stream,
        Question {
            about: &asked.at,
            known_at: &asked.known_at,
            handler: asked.handler.as_deref(),
            occurred: asked.happened.occurred.as_deref(),
            order: order_of(asked.happened.order),
        },
    )?;
    context.heed(&answer.findings);
    let code = u8::from(!answer.changes.is_empty());
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(code));
    }
    printer.line(&format!("{}  at {}", answer.stream, answer.at))?;
    printer.line(&format!("believed with {}", handler_line(&answer.believed_by)))?;
    printer.line(&format!(
        "known with {}, {}",
        handler_line(&answer.known_by),
        order_text(answer.order)
    ))?;
    if asked.known_at != "head" {
        let until = answer
            .known_at
            .as_ref()
            .map_or_else(|| "before any event".to_owned(), event_text);
        printer.line(&format!("known of what was recorded up to {until}"))?;
    }
    if let Some(since) = &answer.incomplete_since {
        printer.line(&incomplete_line(since))?;
    }
    if answer.changes.is_empty() {
        printer.line("")?;
        printer.line("what was believed then is what is known now")?;
    }
    print_changes(&mut printer, ["believed then", "known now"], &answer.changes)?;
    let late = (answer.late_count, "recorded since, and happened before");
    let early = (answer.early_count, "recorded by then, and happened later");
    print_events(&mut printer, late, &answer.late)?;
    print_events(&mut printer, early, &answer.early)?;
    print_missing(&mut printer, &answer.missing)?;
    print_findings(&mut printer, &answer.findings)?;
    printer.finish(Ok(code))
}

fn order_of(asked: FoldOrder) -> Order {
    match asked {
        FoldOrder::Either => Order::Either,
        FoldOrder::Recorded => Order::Recorded,
        FoldOrder::Occurred => Order::Occurred,
    }
}

fn order_text(order: &str) -> &'static str {
    match order {
        "recorded" => "folded as they were recorded, which is not the state of the other order",
        "occurred" => "folded as they happened, which is not the state of the other order",
        _ => "in either order",
    }
}

fn print_changes(printer: &mut Printer, sides: [&str; 2], changes: &[ChangeAnswer]) -> Result<(), Ended> {
    if changes.is_empty() {
        return Ok(());
    }
    printer.line("")?;
    let mut table = Table::new(&["path", sides[0], sides[1]]);
    for change in changes {
        let side = |value: &Option<refold_app::answer::Literal>| {
            value
                .as_ref()
                .map_or_else(|| "absent".to_owned(), |value| value.shown())
        };
        let before = match &change.moved_from {
            Some(from) => format!("at {}", shown(from.as_bytes())),
            None => side(&change.before),
        };
        let after = match &change.moved_from {
            Some(_) => "here".to_owned(),
            None => side(&change.after),
        };
        table.row(vec![shown(change.path.as_bytes()), before, after]);
    }
    table.print(printer)
}

fn print_events(printer: &mut Printer, (count, what): (u32, &str), events: &[LateEvent]) -> Result<(), Ended> {
    if count == 0 {
        return Ok(());
    }
    printer.line("")?;
    printer.line(&format!("{} {what}", counted(count.into(), "event")))?;
    for event in events {
        let corrects = event
            .corrects
            .as_ref()
            .map(|id| format!(", corrects {}", shown(id.as_bytes())))
            .unwrap_or_default();
        let happened = &event.occurred_at;
        printer.line(&format!(
            "  {}, happened {happened}{corrects}",
            event_text(&event.event)
        ))?;
    }
    if (events.len() as u64) < u64::from(count) {
        printer.line(&format!(
            "  and {} more",
            grouped(u64::from(count) - events.len() as u64)
        ))?;
    }
    Ok(())
}

fn print_missing(printer: &mut Printer, missing: &[String]) -> Result<(), Ended> {
    printer.line("")?;
    printer.line("not known:")?;
    missing
        .iter()
        .try_for_each(|missing| printer.line(&format!("  {missing}")))
}

fn print_findings(printer: &mut Printer, findings: &[refold_app::wire::FindingWire]) -> Result<(), Ended> {
    if findings.is_empty() {
        return Ok(());
    }
    printer.line("")?;
    print::findings(printer, findings)
}
