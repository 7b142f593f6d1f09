//! The part of the pages about the events: their figure, counts, and the events themselves.

use refold_core::count::{counted, grouped};

use super::super::model::{Counted, OverTime, Report};
use super::super::rows::EventRow;
use super::super::visible;
use super::{Block, Table, code, code_column, column, heading, held_in};

pub(super) fn blocks(report: &Report, rows: &[EventRow], files: &[&str]) -> Vec<Block> {
    let events = &report.events;
    let mut blocks = vec![heading("Events")];
    if report.scope.counts.written == 0 {
        blocks.push(Block::Text("No event is in the scope of this report.".to_owned()));
        return blocks;
    }
    if let Some(over_time) = &events.over_time {
        blocks.push(Block::Figure(over_time.clone()));
        blocks.push(figures_of(over_time));
    }
    let counts = |counted: &[Counted]| -> Vec<Vec<String>> {
        // A line of a cell is ours: what the store holds has none.
        let row = |of: &Counted| vec![visible(&of.name), grouped(of.count)];
        counted.iter().map(row).collect()
    };
    for (caption, name, of) in [
        (counted(events.types.len() as u64, "event type"), "type", &events.types),
        (
            match events.streams.len() as u64 {
                shown if shown < events.stream_count => {
                    format!(
                        "The first {} of {} streams",
                        grouped(shown),
                        grouped(events.stream_count)
                    )
                }
                shown => counted(shown, "stream"),
            },
            "stream",
            &events.streams,
        ),
    ] {
        if !of.is_empty() {
            blocks.push(Block::Table(Table {
                caption,
                columns: vec![column(name, 75), column("events", 25)],
                rows: counts(of),
            }));
        }
    }
    let written = report.scope.counts.written;
    let held = held_in(files, "events.");
    let caption = match rows.len() as u64 {
        shown if shown < written => format!("The first {} of {} events; {held}", grouped(shown), grouped(written)),
        shown => format!("{} in the order of their positions; {held}", counted(shown, "event")),
    };
    blocks.push(Block::Events(Table {
        caption,
        columns: vec![
            code_column("position", 10),
            column("stream, version", 16),
            column("type", 14),
            // The time of day fits on a line, to the nanosecond.
            column("time (UTC)", 22),
            code_column("payload, metadata", 38),
        ],
        rows: rows.iter().map(event).collect(),
    }));
    blocks.push(Block::Facts(vec![code("Digest of all events", &*events.sha256)]));
    blocks
}

/// The figure in words, for who cannot see it.
pub fn in_words(over_time: &OverTime) -> String {
    let total = |counts: &Vec<u32>| counts.iter().map(|count| u64::from(*count)).sum::<u64>();
    let all: u64 = over_time.columns.iter().map(|(_, counts)| total(counts)).sum();
    let most = over_time.columns.iter().max_by_key(|(_, counts)| total(counts));
    let most = most.map(|(from, counts)| format!(", most of them, {}, from {from} on", grouped(total(counts))));
    format!(
        "Stacked bars: {} by type in {}{}. The table after the figure has its numbers.",
        counted(all, "event"),
        counted(over_time.columns.len() as u64, "equal part") + " of time",
        most.unwrap_or_default()
    )
}

/// What stands below the bars: the day, or where all are of one day the time of day.
pub fn short_labels(over_time: &OverTime) -> Vec<String> {
    let days: Vec<Option<&str>> = over_time.columns.iter().map(|(from, _)| from.get(..10)).collect();
    let is_one_day = days.windows(2).all(|pair| pair.first() == pair.last());
    let part = |from: &String| match is_one_day {
        true => from.get(11..16).unwrap_or(from).to_owned(),
        false => from.get(..10).unwrap_or(from).to_owned(),
    };
    over_time.columns.iter().map(|(from, _)| part(from)).collect()
}

fn figures_of(over_time: &OverTime) -> Block {
    let row = |(from, counts): &(String, Vec<u32>)| {
        let of_types = over_time.types.iter().zip(counts).filter(|(_, count)| **count > 0);
        let all: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        let of_types: Vec<String> = of_types
            .map(|(name, count)| format!("{} {}", visible(name), grouped((*count).into())))
            .collect();
        vec![from.clone(), grouped(all), of_types.join(", ")]
    };
    Block::Table(Table {
        caption: format!(
            "The numbers of the figure, without the parts that hold no event; events without a time: {}",
            grouped(over_time.without_time)
        ),
        columns: vec![column("from", 25), column("events", 12), column("by type", 63)],
        rows: over_time
            .columns
            .iter()
            .filter(|(_, counts)| counts.iter().any(|count| *count > 0))
            .map(row)
            .collect(),
    })
}

/// JSON without its line breaks. No text in JSON holds one, so what is taken away is between the values.
fn on_one_line(json: &str) -> String {
    let mut lines = json.split(['\n', '\r']).map(str::trim_start);
    let first = json.split(['\n', '\r']).next().unwrap_or_default().to_owned();
    lines.next();
    lines
        .filter(|line| !line.is_empty())
        .fold(first, |text, line| text + " " + line)
}

fn event(row: &EventRow) -> Vec<String> {
    // A line of a cell is ours: what the store holds has none.
    let shown = |column: &str| visible(row.field(column));
    let lines = |parts: &[String]| {
        let filled: Vec<&str> = parts
            .iter()
            .map(String::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        filled.join("\n")
    };
    let labelled = |label: &str, column: &str| match row.field(column) {
        "" => String::new(),
        _ => format!("{label}{}", shown(column)),
    };
    let body = |label: &str, encoding: &str, column: &str| match row.field(encoding) {
        "" => format!("{label}no value"),
        "json" => format!("{label}{}", visible(&on_one_line(row.field(column)))),
        other => format!("{label}({other}) {}", shown(column)),
    };
    let occurred = match row.field("occurred_at") == row.field("recorded_at") {
        true => String::new(),
        false => labelled("occurred ", "occurred_at"),
    };
    let recorded = match row.field("recorded_at") {
        "" => "no time",
        time => time,
    };
    let metadata = match row.field("metadata_encoding") {
        "" => String::new(),
        _ => body("metadata ", "metadata_encoding", "metadata"),
    };
    vec![
        shown("position"),
        lines(&[shown("stream"), labelled("v", "version")]),
        lines(&[shown("type"), labelled("schema ", "schema_version")]),
        lines(&[recorded.to_owned(), occurred]),
        lines(&[
            body("", "payload_encoding", "payload"),
            metadata,
            labelled("id ", "event_id"),
            labelled("cause ", "causation_id"),
            labelled("correlation ", "correlation_id"),
        ]),
    ]
}
