//! `refold replay`: final states, and with `--against` where another handler differs.

use refold_app::answer::Literal;
use refold_app::text::{counted, grouped, shown};
use refold_app::usecase::lab::compare::{CompareAnswer, DifferingAnswer, PlaceAnswer, compare};
use refold_app::usecase::lab::states::states;
use serde::Serialize;

use super::{Context, event_cell, handler_line, keeping_of, scope_of, state, told};
use crate::arguments::{Replay, State};
use crate::print::{self, Ended, Printer, Table};

/// As `--json` prints it.
#[derive(Serialize)]
struct Compared<'a> {
    #[serde(flatten)]
    answer: &'a CompareAnswer,
    /// `equal`, `differs`, or `unclear`: not every state could be compared.
    outcome: &'static str,
}

pub fn run(context: &Context<'_>, asked: &Replay) -> Result<u8, Ended> {
    match (&asked.against, &asked.scope.stream) {
        (Some(against), _) => run_against(context, asked, against),
        (None, Some(stream)) => {
            let head = State {
                store: asked.store.clone(),
                stream: stream.clone(),
                at: asked.scope.until.clone().unwrap_or_else(|| "head".to_owned()),
                handler: asked.handler.clone(),
            };
            state::run(context, &head)
        }
        (None, None) => run_all(context, asked),
    }
}

/// A line a stream, as they are done.
fn run_all(context: &Context<'_>, asked: &Replay) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let mut printer = context.printer();
    let scope = scope_of(&asked.scope);
    let outcome = states(context.work, &session, scope, asked.handler.as_deref(), &mut |head| {
        if context.json {
            return printer.json_of_stream(&head);
        }
        let mark = if head.incomplete { "  INCOMPLETE" } else { "" };
        let events = grouped(head.events.into());
        printer.line_of_stream(&format!(
            "{}  {events} events{mark}  {}",
            head.stream,
            head.state.shown()
        ))
    });
    let answer = printer.finish(outcome)?;
    context.heed(&answer.findings);
    // Standard output holds the states and nothing else.
    print::aside(&format!("handler {}", handler_line(&answer.handler)));
    print::aside(&format!(
        "{} of {}, {} of them incomplete",
        counted(answer.streams.into(), "stream"),
        counted(answer.events, "event"),
        grouped(answer.incomplete_streams.into())
    ));
    print::findings_aside(&answer.findings);
    Ok(0)
}

fn run_against(context: &Context<'_>, asked: &Replay, against: &str) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let (scope, keeping) = (scope_of(&asked.scope), keeping_of(&asked.keeping));
    let handler = asked.handler.as_deref();
    let answer = told(
        context,
        compare(context.work, &session, scope, handler, Some(against), keeping)?,
    );
    // Differences are what this command is asked to find: exit code 1. What could not be compared is no pass.
    let outcome = answer.outcome();
    let code = u8::from(outcome != "equal");
    let mut printer = context.printer_of(code);
    if context.json {
        printer.json(&Compared {
            answer: &answer,
            outcome,
        })?;
        return printer.finish(Ok(code));
    }
    printer.line(&format!("left   {}", handler_line(&answer.left)))?;
    printer.line(&format!("right  {}", handler_line(&answer.right)))?;
    printer.line(&format!(
        "{} of {} {}, {} of them also at the head ({})",
        grouped(answer.differing_streams.into()),
        counted(answer.streams.into(), "stream"),
        if answer.differing_streams == 1 {
            "differs"
        } else {
            "differ"
        },
        grouped(answer.differing_at_head.into()),
        counted(answer.events, "event")
    ))?;
    print_differences(&mut printer, &answer, scope.is_one_stream())?;
    for stop in &answer.errors {
        printer.line(&format!(
            "{} fails in {} at {}: {}",
            stop.side.name(),
            stop.stream,
            event_cell(&stop.event),
            stop.reason
        ))?;
    }
    if let Some(reason) = answer.unclear() {
        printer.line(&format!("not exact: {reason}"))?;
    }
    if !answer.findings.is_empty() {
        printer.line("")?;
        print::findings(&mut printer, &answer.findings)?;
    }
    printer.finish(Ok(code))
}

fn print_differences(printer: &mut Printer, answer: &CompareAnswer, is_one_stream: bool) -> Result<(), Ended> {
    /// Streams that are shown without `--json`.
    const MOST_SHOWN: usize = 20;
    if let Some(first) = &answer.first_divergence {
        printer.line("")?;
        printer.line(&format!(
            "first divergence: {} after {}",
            first.stream,
            event_cell(&first.event)
        ))?;
    }
    let mut table = Table::new(&["stream", "from", "until", "path", "left", "right"]);
    for stream in answer.differing.iter().take(MOST_SHOWN) {
        rows_of(stream, is_one_stream, &mut table);
    }
    if !table.is_empty() {
        table.print(printer)?;
    }
    if answer.differing_streams as usize > MOST_SHOWN {
        printer.line(&format!(
            "the first {MOST_SHOWN} of {}; --json has more",
            grouped(answer.differing_streams.into())
        ))?;
    }
    if answer.kinds.len() > 1 || answer.differing_streams > 1 {
        printer.line("")?;
        let mut table = Table::new(&["first at path", "by event type", "#streams"]);
        for kind in answer.kinds.iter().take(MOST_SHOWN) {
            let (path, event_type) = (shown(kind.path.as_bytes()), kind.event_type.to_string());
            table.row(vec![path, event_type, grouped(kind.streams.into())]);
        }
        table.print(printer)?;
    }
    Ok(())
}

/// The first interval with what differs there; of one stream also the other intervals.
fn rows_of(stream: &DifferingAnswer, is_one_stream: bool, table: &mut Table) {
    let most = if is_one_stream { usize::MAX } else { 1 };
    let absent = || "(absent)".to_owned();
    let left = |place: &PlaceAnswer| place.left.as_ref().map_or_else(absent, Literal::shown);
    let right = |place: &PlaceAnswer| {
        let right = place.right.as_ref();
        right.map_or_else(absent, |right| Literal::shown_beside(right, place.left.as_ref()))
    };
    for (at, interval) in stream.intervals.iter().take(most).enumerate() {
        let places: &[PlaceAnswer] = if at == 0 { &stream.places } else { &[] };
        let until = interval
            .until
            .as_ref()
            .map_or_else(|| "the head".to_owned(), event_cell);
        let first = places.first();
        table.row(vec![
            stream.stream.to_string(),
            event_cell(&interval.from),
            until,
            first.map(|place| shown(place.path.as_bytes())).unwrap_or_default(),
            first.map(left).unwrap_or_default(),
            first.map(right).unwrap_or_default(),
        ]);
        for place in places.iter().skip(1).take(if is_one_stream { usize::MAX } else { 0 }) {
            let path = shown(place.path.as_bytes());
            table.row(vec![
                String::new(),
                String::new(),
                String::new(),
                path,
                left(place),
                right(place),
            ]);
        }
    }
}
