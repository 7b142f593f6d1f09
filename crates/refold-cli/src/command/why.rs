//! `refold why`.

use refold_app::answer::CauseAnswer;
use refold_app::text::{counted, grouped, shown};
use refold_app::usecase::lab::left_out::LeftOutAnswer;
use refold_app::usecase::lab::why::{ReadAnswer, StepAnswer, WhyAnswer, why};

use super::{Context, handler_line, incomplete_line, place};
use crate::arguments::Why;
use crate::print::{self, Ended, Printer};

pub fn run(context: &Context<'_>, asked: &Why) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let handler = asked.handler.as_deref();
    let answer = why(
        context.work,
        &session,
        &asked.stream,
        &asked.path,
        &asked.at,
        handler,
        asked.limit,
    )?;
    context.heed(&answer.findings);
    let mut printer = context.printer();
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(0));
    }
    let at = place(answer.version.as_ref(), answer.position.as_ref());
    let value = value_text(answer.present, answer.value.as_ref().map(|value| value.shown()));
    printer.line(&format!(
        "{}  {at}  {} is {value}",
        answer.stream,
        place_text(&answer.path)
    ))?;
    printer.line(&format!("handler {}", handler_line(&answer.handler)))?;
    if let Some(since) = &answer.incomplete_since {
        printer.line(&incomplete_line(since))?;
    }
    let mut last_event = None;
    for step in &answer.steps {
        if last_event != Some(step.moment) {
            printer.line("")?;
            printer.line(&event_text(&step.event))?;
            last_event = Some(step.moment);
        }
        print_step(&mut printer, &answer, step)?;
    }
    printer.line("")?;
    for line in outcome(&answer) {
        printer.line(&line)?;
    }
    if let Some(left_out) = &answer.left_out {
        print_left_out(&mut printer, left_out)?;
    }
    if !answer.findings.is_empty() {
        printer.line("")?;
        print::findings(&mut printer, &answer.findings)?;
    }
    printer.finish(Ok(0))
}

fn print_step(printer: &mut Printer, answer: &WhyAnswer, step: &StepAnswer) -> Result<(), Ended> {
    let side =
        |value: &Option<refold_app::answer::Literal>| value_text(value.is_some(), value.as_ref().map(|of| of.shown()));
    printer.line(&format!(
        "  {} {}: {} -> {}{}",
        step.does,
        place_text(&step.path),
        side(&step.before),
        side(&step.after),
        at_line(&step.place)
    ))?;
    for guard in &step.guards {
        printer.line(&format!("    as {} held", shown(guard.as_bytes())))?;
        let asked = step.reads.iter().filter(|read| read.guard.as_ref() == Some(guard));
        for read in asked {
            printer.line(&format!("      {}", read_text(answer, read)))?;
        }
    }
    for read in step.reads.iter().filter(|read| read.guard.is_none()) {
        let verb = if read.role == "place" { "found by" } else { "read" };
        printer.line(&format!("    {verb} {}", read_text(answer, read)))?;
    }
    Ok(())
}

/// `/total 305.50, made by v5`
fn read_text(answer: &WhyAnswer, read: &ReadAnswer) -> String {
    let makers: Vec<String> = read
        .made_by
        .iter()
        .filter_map(|step| answer.steps.get(*step as usize))
        .map(|step| place(step.event.version.as_ref(), step.event.position.as_ref()))
        .collect();
    let mut makers = makers;
    makers.dedup();
    if read.of_start {
        makers.push("the initial state".to_owned());
    }
    let made = if makers.is_empty() {
        String::new()
    } else {
        format!(", made by {}", makers.join(", "))
    };
    format!("{}{made}", read_place(read))
}

/// What was read, and its value: `event.data/amount 12.00`.
pub(super) fn read_place(read: &ReadAnswer) -> String {
    let path = shown(read.path.as_bytes());
    let name = match read.of {
        "payload" => format!("event.data{path}"),
        "metadata" => format!("event.meta{path}"),
        "event" => format!("event.{path}"),
        _ => place_text(&read.path),
    };
    let value = value_text(read.present, read.value.as_ref().map(|value| value.shown()));
    format!("{name} = {value}")
}

fn outcome(answer: &WhyAnswer) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(untold) = &answer.untold {
        let changed = answer.changed.as_ref();
        lines.push(changed.map_or_else(
            || "no event changed it".to_owned(),
            |event| format!("last changed by {}", event_text(event)),
        ));
        lines.push(untold.clone());
        return lines;
    }
    if answer.steps.is_empty() && answer.cut_at.is_none() {
        lines.push(match answer.present {
            true => "no event made it: it is so since the initial state".to_owned(),
            false => "no event made it: nothing was ever there; ask `refold why-not`".to_owned(),
        });
        return lines;
    }
    if answer.of_start {
        lines.push("a part of it is so since the initial state".to_owned());
    }
    let operations = counted(answer.steps.len() as u64, "operation");
    let of = format!("{operations} of {}", counted(answer.events.into(), "event"));
    lines.push(match (&answer.cut_at, answer.confirmed) {
        (Some(event), _) => format!(
            "{of}, and more from {} back: ask for them with --limit",
            place(event.version.as_ref(), event.position.as_ref())
        ),
        (None, Some(true)) => format!("{of}: folded alone, they give the same value"),
        (None, _) => format!("{of}: folded alone, they do NOT give the same value"),
    });
    lines
}

/// What would be there without each of the events that matter, and how far that is all.
fn print_left_out(printer: &mut Printer, left_out: &LeftOutAnswer) -> Result<(), Ended> {
    for without in &left_out.events {
        printer.line("")?;
        printer.line(&format!("without {}", event_text(&without.event)))?;
        let value = value_text(without.present, without.value.as_ref().map(|value| value.shown()));
        printer.line(&format!("  it would be {value}"))?;
        if let Some(failed) = &without.failed {
            let event = event_text(&failed.event);
            printer.line(&format!("  for the handler would fail on {event}: {}", failed.fault))?;
        }
    }
    printer.line("")?;
    let matter = u64::from(left_out.further) + left_out.events.len() as u64;
    let tried = counted(left_out.tried.into(), "event");
    printer.line(&format!("{tried} left out in turn, {} of them matter", grouped(matter)))?;
    match left_out.untaken {
        0 => {}
        1 => printer.line("1 other event was not left out: the handler does not fold it")?,
        more => printer.line(&format!(
            "{} other events were not left out: the handler folds none of them",
            grouped(more.into())
        ))?,
    }
    if left_out.further > 0 {
        let further = counted(left_out.further.into(), "earlier one");
        printer.line(&format!("{further} of these not named: ask for them with --limit"))?;
    }
    if let Some(since) = &left_out.since {
        let since = event_text(since);
        printer.line(&format!("those before {since} were not left out: they are too many"))?;
    }
    match left_out.enough {
        Some(true) => printer.line("folded alone, those that matter give the same value"),
        Some(false) => printer.line(
            "folded alone, those that matter do NOT give the same value: others matter too, but none of these by itself",
        ),
        None => Ok(()),
    }
}

pub(super) fn event_text(event: &CauseAnswer) -> String {
    let at = place(event.version.as_ref(), event.position.as_ref());
    let recorded = event
        .recorded_at
        .as_ref()
        .map(|at| format!("  {at}"))
        .unwrap_or_default();
    format!("{at} {}{recorded}", event.event_type)
}

pub(super) fn place_text(path: &str) -> String {
    if path.is_empty() {
        return "the state".to_owned();
    }
    shown(path.as_bytes())
}

pub(super) fn at_line(place: &str) -> String {
    if place.is_empty() {
        return String::new();
    }
    format!("  {}", shown(place.as_bytes()))
}

pub(super) fn value_text(present: bool, value: Option<String>) -> String {
    match (present, value) {
        (true, Some(value)) => value,
        _ => "absent".to_owned(),
    }
}
