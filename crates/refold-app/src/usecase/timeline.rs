//! Events over time by type, of a store or of one stream, as numbers.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::ops::Range;
use std::path::Path;

use refold_audit::chart::{self, FigureColumn, TimelineFigure};
use refold_core::finding::Findings;
use refold_core::time::Timestamp;
use refold_core::work::Work;
use refold_stores::index::StreamDensity;

use super::round_columns::round_columns;
use crate::answer::{ColumnAnswer, TimelineAnswer};
use crate::density;
use crate::error::{AppError, ErrorCode};
use crate::frame::DensityFrame;
use crate::history;
use crate::session::Session;
use crate::stream::Stream;
use crate::text;
use crate::wire::{Axis, DensityQuery};

/// The whole span in at most `columns` columns that begin at round times. The sum of all counts is the number of events
/// that have a time.
pub fn timeline(
    work: &Work<'_>,
    session: &Session,
    stream: Option<&str>,
    columns: u32,
) -> Result<TimelineAnswer, AppError> {
    let digits = session.description().time_digits;
    match stream {
        None => {
            let index = session.build_index(work)?;
            answer(None, index.event_count(), columns, digits, |query| {
                density::of_store(index.as_ref(), query, digits)
            })
        }
        Some(id) => {
            let findings = Findings::default();
            let stream = Stream::load(work, session, id, &findings)?;
            let series = history::series_of(&stream, session);
            let counted = StreamDensity::new(&stream.track);
            let total = stream.track.head().0;
            answer(Some(text::exact(&stream.id)), total, columns, digits, |query| {
                density::of_stream(&stream, &counted, &series, &findings, query, digits)
            })
        }
    }
}

fn answer(
    stream: Option<String>,
    total: u32,
    columns: u32,
    digits: u8,
    density: impl Fn(&DensityQuery) -> Result<DensityFrame, AppError>,
) -> Result<TimelineAnswer, AppError> {
    let mut query = DensityQuery {
        axis: Axis::Time,
        from: String::new(),
        to: String::new(),
        columns: 1,
    };
    let whole = density(&query)?;
    let span = window(&whole);
    if let Some((round, count)) = span.as_ref().and_then(|span| round_columns(span, columns)) {
        query.from = Timestamp(round.start).display(9).to_string();
        query.to = Timestamp(round.end).display(9).to_string();
        query.columns = count;
    }
    let frame = density(&query)?;
    let window = window(&frame).unwrap_or_default();
    let width = frame.series.len().max(1);
    let column_count = u32::try_from(frame.counts.len() / width).unwrap_or(u32::MAX);
    let columns = frame.counts.chunks(width).zip(0_u32..).map(|(counts, column)| {
        let start = density::column_start(&window, column_count, column);
        ColumnAnswer {
            from: text::time_label(Timestamp(start), digits),
            events: counts.iter().sum(),
            counts: counts.to_vec(),
        }
    });
    let columns: Vec<ColumnAnswer> = columns.collect();
    let events = columns.iter().map(|column| column.events).sum();
    Ok(TimelineAnswer {
        stream,
        from: text::filled(whole.from),
        // The span ends just behind the last event.
        to: span.map(|span| text::time_label(Timestamp(span.end.saturating_sub(1)), digits)),
        events,
        without_time: total.saturating_sub(events),
        types: frame.series,
        columns,
    })
}

fn window(frame: &DensityFrame) -> Option<Range<i64>> {
    let (first, end) = (Timestamp::parse(&frame.from)?, Timestamp::parse(&frame.to)?);
    Some(first.0..end.0)
}

/// Why nothing may be written to this path; `None` where it is free, or an earlier drawing.
fn why_not_over(file: &Path) -> Option<&'static str> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if ["-wal", "-shm", "-journal"].iter().any(|end| name.ends_with(end)) {
        return Some("a database would take a file of that name for its own");
    }
    if file.symlink_metadata().is_err() {
        return None;
    }
    let mut head = Vec::new();
    // Looked at first: opening a pipe would wait for its other end.
    let is_read = file.is_file()
        && File::open(file)
            .and_then(|it| it.take(512).read_to_end(&mut head))
            .is_ok();
    let is_drawing = is_read && head.trim_ascii_start().starts_with(b"<svg");
    (!is_drawing).then_some("what is there is no drawing")
}

/// Draws the columns as stacked bars into an SVG file. The file appears whole or not at all.
///
/// Only a drawing is ever replaced: a store, or any other file that is there already, stays as it is. Nor is a file made
/// that a database would take for one of its own.
pub fn draw(answer: &TimelineAnswer, session: &Session, file: &Path) -> Result<(), AppError> {
    if let Some(reason) = why_not_over(file) {
        let message = format!("the drawing is not written: {reason}: {}", file.display());
        return Err(AppError::invalid(message, "choose another name for the drawing"));
    }
    let title = answer.stream.clone().unwrap_or_else(|| session.name());
    let events = text::grouped(answer.events.into());
    let columns = answer.columns.iter().map(|column| FigureColumn {
        // The day alone: the axis has no room for more.
        label: column.from.get(..10).unwrap_or(&column.from).to_owned(),
        counts: column.counts.clone(),
    });
    let figure = TimelineFigure {
        caption: match answer.from.as_ref().zip(answer.to.as_ref()) {
            Some((from, to)) => format!("{title}: {events} events, {from} to {to}"),
            None => format!("{title}: {events} events"),
        },
        types: answer.types.clone(),
        columns: columns.collect(),
    };
    let svg = chart::timeline(&figure).map_err(|error| AppError::internal(error.to_string()))?;
    let failed = |error: std::io::Error| {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such folder".to_owned(),
            other => other.to_string(),
        };
        let message = format!("cannot write the drawing ({reason}): {}", file.display());
        AppError::new(
            ErrorCode::Denied,
            message,
            "choose a folder that exists and can be written to",
        )
    };
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    new.write_all(svg.as_bytes()).map_err(failed)?;
    let kept = if file.exists() {
        new.persist(file)
    } else {
        // Whoever was quicker keeps what he wrote.
        new.persist_noclobber(file)
    };
    kept.map(drop).map_err(|error| failed(error.error))
}
