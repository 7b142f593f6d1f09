//! Events over time by type, of a store or of one stream, as numbers; of a store by category too.

use std::ops::Range;
use std::path::Path;

use refold_audit::chart::{self, FigureColumn, TimelineFigure};
use refold_core::finding::Findings;
use refold_core::time::Timestamp;
use refold_core::work::Work;
use refold_stores::index::StreamDensity;

use super::robust_span::robust_span;
use super::round_columns::round_columns;
use crate::answer::{ColumnAnswer, TimelineAnswer};
use crate::density;
use crate::error::AppError;
use crate::frame::DensityFrame;
use crate::history;
use crate::marks::Marks;
use crate::session::Session;
use crate::stream::Stream;
use crate::text::{self, Exact};
use crate::wire::{Axis, DensityBy, DensityQuery};
use crate::written_file::{self, Own};

/// How much of the time between the first and the last event is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    All,
    /// Without the few stray times that would squeeze the rest into one column.
    NearlyAll,
}

/// How the span is cut, and into what.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// At most so many columns.
    pub columns: u32,
    pub shown: Shown,
    pub by: DensityBy,
}

/// The span in columns that begin at round times. The sum of all counts, with the events before and
/// after the columns, is the number of events that have a time.
pub fn timeline(
    work: &Work<'_>,
    session: &Session,
    stream: Option<&str>,
    cut: Cut,
) -> Result<TimelineAnswer, AppError> {
    let digits = session.description().time_digits;
    match stream {
        None => {
            let index = session.build_index(work)?;
            answer(None, index.event_count(), cut, digits, |query| {
                density::of_store(work, index.as_ref(), query, cut.by, digits)
            })
        }
        Some(_) if cut.by == DensityBy::Category => Err(AppError::invalid(
            "all events of one stream are of one category",
            "leave the stream away, or the events are counted by type",
        )),
        Some(id) => {
            let findings = Findings::marking(Findings::KEPT_PER_CODE);
            let stream = Stream::load(work, session, id, &findings)?;
            let series = history::series_of(&stream, session);
            let counted = StreamDensity::new(&stream.track);
            let marks = Marks::of(&stream, &findings, &[]);
            let total = stream.track.head().0;
            answer(Some(text::exact(&stream.id)), total, cut, digits, |query| {
                density::of_stream(&stream, &counted, &series, &marks, query, digits)
            })
        }
    }
}

fn answer(
    stream: Option<Exact>,
    total: u32,
    Cut { columns, shown, by }: Cut,
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
    let between = |range: &Range<i64>, columns: u32| DensityQuery {
        axis: Axis::Time,
        from: Timestamp(range.start).display(9).to_string(),
        to: Timestamp(range.end).display(9).to_string(),
        columns,
    };
    let count = |range: Range<i64>| -> Result<u32, AppError> {
        if range.is_empty() {
            return Ok(0);
        }
        Ok(density(&between(&range, 1))?.counts.iter().sum())
    };
    let robust = match (&span, shown) {
        (Some(span), Shown::NearlyAll) => robust_span(span, |end| count(span.start..end))?,
        _ => None,
    };
    let cut = robust.as_ref().or(span.as_ref());
    if let Some((round, count)) = cut.and_then(|span| round_columns(span, columns)) {
        query = between(&round, count);
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
    let (earlier, later) = match &span {
        Some(span) => (count(span.start..window.start)?, count(window.end..span.end)?),
        None => (0, 0),
    };
    let events = columns.iter().map(|column| column.events).sum::<u32>() + earlier + later;
    let (types, categories) = match by {
        DensityBy::Type => (frame.series, None),
        DensityBy::Category => (Vec::new(), Some(frame.series)),
    };
    Ok(TimelineAnswer {
        stream,
        from: text::filled(whole.from),
        // The span ends just behind the last event.
        to: span.map(|span| text::time_label(Timestamp(span.end.saturating_sub(1)), digits)),
        events,
        earlier_events: earlier,
        later_events: later,
        without_time: total.saturating_sub(events),
        types,
        categories,
        columns,
    })
}

fn window(frame: &DensityFrame) -> Option<Range<i64>> {
    let (first, end) = (Timestamp::parse(&frame.from)?, Timestamp::parse(&frame.to)?);
    Some(first.0..end.0)
}

/// Draws the columns as stacked bars into an SVG file. The file appears whole or not at all.
///
/// Only a drawing is ever replaced: a store, or any other file that is there already, stays as it is. Nor is a file made
/// that a database would take for one of its own.
pub fn draw(answer: &TimelineAnswer, session: &Session, file: &Path) -> Result<(), AppError> {
    let title = answer.stream.as_ref().map_or_else(|| session.name(), Exact::to_string);
    let shown = answer.events - answer.earlier_events - answer.later_events;
    let events = match answer.events {
        events if events == shown => text::grouped(events.into()),
        events => format!("{} of {}", text::grouped(shown.into()), text::grouped(events.into())),
    };
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
        types: answer.kinds().to_vec(),
        columns: columns.collect(),
    };
    let svg = chart::timeline(&figure).map_err(|error| AppError::internal(error.to_string()))?;
    const DRAWING: Own = Own {
        noun: "drawing",
        begins_with: Some(b"<svg"),
    };
    session.log_export(DRAWING.noun, file, &text::sha256(svg.as_bytes()))?;
    written_file::write(file, session.path(), svg.as_bytes(), &DRAWING)
}
