//! `refold timeline`.

use refold_app::answer::TimelineAnswer;
use refold_app::text::{Exact, grouped};
use refold_app::usecase::timeline::{Cut, Shown, draw, timeline};
use refold_app::wire::DensityBy;

use super::Context;
use crate::arguments::{Timeline, TimelineBy};
use crate::print::{Ended, Table};

pub fn run(context: &Context<'_>, asked: &Timeline) -> Result<u8, Ended> {
    let session = context.open(&asked.store)?;
    let shown = if asked.all { Shown::All } else { Shown::NearlyAll };
    let cut = Cut {
        columns: asked.columns,
        shown,
        by: match asked.by {
            TimelineBy::Type => DensityBy::Type,
            TimelineBy::Category => DensityBy::Category,
        },
    };
    let answer = timeline(context.work, &session, asked.stream.as_deref(), cut)?;
    if let Some(file) = &asked.svg {
        draw(&answer, &session, file)?;
    }
    let mut printer = context.printer();
    if context.json {
        printer.json(&answer)?;
        return printer.finish(Ok(0));
    }
    let untimed = match answer.without_time {
        0 => String::new(),
        more => format!(", {} more have no time that can be read", grouped(more.into())),
    };
    let events = format!("{} events{untimed}", grouped(answer.events.into()));
    if let Some(file) = &asked.svg {
        printer.line(&format!("{events} drawn into {}", file.display()))?;
        stray_line(&answer).map_or(Ok(()), |line| printer.line(&line))?;
        return printer.finish(Ok(0));
    }
    let whole = answer.stream.as_ref().map_or_else(|| session.name(), Exact::to_string);
    let Some((from, to)) = answer.from.as_ref().zip(answer.to.as_ref()) else {
        printer.line(&format!("{whole}  {events}"))?;
        return printer.finish(Ok(0));
    };
    printer.line(&format!("{whole}  {events}  {from} to {to}"))?;
    stray_line(&answer).map_or(Ok(()), |line| printer.line(&line))?;
    let most = answer
        .columns
        .iter()
        .map(|column| column.events)
        .max()
        .unwrap_or_default();
    let mut table = Table::new(&["from", "#events", ""]);
    for column in &answer.columns {
        table.row(vec![
            column.from.clone(),
            grouped(column.events.into()),
            bar(column.events, most),
        ]);
    }
    table.print(&mut printer)?;
    printer.line("")?;
    let kind = match asked.by {
        TimelineBy::Type => "type",
        TimelineBy::Category => "category",
    };
    let mut kinds = Table::new(&["#events", kind]);
    for (at, name) in answer.kinds().iter().enumerate() {
        let of_kind = answer.columns.iter().filter_map(|column| column.counts.get(at));
        kinds.row(vec![
            grouped(of_kind.map(|count| u64::from(*count)).sum()),
            name.clone(),
        ]);
    }
    kinds.print(&mut printer)?;
    printer.finish(Ok(0))
}

/// What is not in the columns, though it has a time.
fn stray_line(answer: &TimelineAnswer) -> Option<String> {
    let part = |count: u32, place: &str| (count > 0).then(|| format!("{} {place}", grouped(count.into())));
    let parts = [
        part(answer.earlier_events, "before"),
        part(answer.later_events, "after"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| {
        format!(
            "events outside of what is shown: {} (--all shows them)",
            parts.join(", ")
        )
    })
}

/// Any event at all is at least one mark long.
fn bar(events: u32, most: u32) -> String {
    const WIDTH: u64 = 50;
    let marks = usize::try_from(u64::from(events) * WIDTH / u64::from(most.max(1))).unwrap_or_default();
    "█".repeat(marks.max(usize::from(events > 0)))
}
