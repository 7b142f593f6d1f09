//! Figures as SVG, drawn by plotters.
//!
//! Colours are those of the interface on a white page; a legend names each type. It must not know where the numbers come
//! from.

use plotters::prelude::*;
use refold_core::count::grouped;

/// Events over time by type, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineFigure {
    pub caption: String,
    /// Event types, most frequent first.
    pub types: Vec<String>,
    pub columns: Vec<FigureColumn>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureColumn {
    /// Where it begins, as the axis says it.
    pub label: String,
    /// Events of each type.
    pub counts: Vec<u32>,
}

/// A figure that could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the figure could not be drawn: {0}")]
pub struct ChartError(String);

const WIDTH: u32 = 1200;
const HEIGHT: u32 = 420;

/// The event-type colours of the interface for white ground, then the one of all other types.
pub(crate) const COLOURS: [RGBColor; 9] = [
    RGBColor(0x4f, 0x67, 0xeb),
    RGBColor(0x99, 0x5c, 0x28),
    RGBColor(0x04, 0x55, 0x40),
    RGBColor(0xbc, 0x85, 0x05),
    RGBColor(0x6b, 0x2f, 0xb7),
    RGBColor(0x9b, 0x00, 0x16),
    RGBColor(0x84, 0x19, 0x82),
    RGBColor(0x00, 0xa0, 0xa4),
    RGBColor(0x6b, 0x71, 0x7c),
];
pub(crate) const OWN_COLOURS: usize = COLOURS.len() - 1;

/// A timeline as stacked bars, a colour for each of the eight most frequent types and one for the others.
pub fn timeline(figure: &TimelineFigure) -> Result<String, ChartError> {
    let mut svg = String::new();
    draw(&mut svg, figure).map_err(|error| ChartError(error.to_string()))?;
    Ok(svg)
}

fn draw(svg: &mut String, figure: &TimelineFigure) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
    root.fill(&WHITE)?;
    let columns = i32::try_from(figure.columns.len())?;
    let most = figure
        .columns
        .iter()
        .map(|column| column.counts.iter().sum::<u32>())
        .max()
        .unwrap_or_default()
        .max(1);
    let mut chart = ChartBuilder::on(&root)
        .caption(&figure.caption, ("sans-serif", 18))
        .margin(16)
        .x_label_area_size(36)
        .y_label_area_size(64)
        .build_cartesian_2d(0..columns.max(1), 0..most)?;
    let label = |column: &i32| {
        let column = usize::try_from(*column)
            .ok()
            .and_then(|column| figure.columns.get(column));
        column.map(|column| column.label.clone()).unwrap_or_default()
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .x_labels(8)
        .x_label_formatter(&label)
        .y_label_formatter(&|events| grouped((*events).into()))
        .y_desc("events")
        .draw()?;
    for slot in 0..figure.types.len().min(COLOURS.len()) {
        let is_rest = slot == OWN_COLOURS;
        let name = if is_rest {
            "other types"
        } else {
            figure.types.get(slot).map_or("", String::as_str)
        };
        let colour = COLOURS.get(slot).copied().unwrap_or(BLACK);
        let bars = figure.columns.iter().zip(0_i32..).filter_map(|(column, at)| {
            let below: u32 = column.counts.iter().take(slot).sum();
            let own: u32 = if is_rest {
                column.counts.iter().skip(slot).sum()
            } else {
                *column.counts.get(slot)?
            };
            (own > 0).then(|| Rectangle::new([(at, below), (at + 1, below + own)], colour.filled()))
        });
        let series = chart.draw_series(bars)?;
        series
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 10, y + 5)], colour.filled()));
    }
    let mut labels = chart.configure_series_labels();
    labels
        .background_style(WHITE.mix(0.85))
        .border_style(RGBColor(0xce, 0xd1, 0xd7))
        .position(SeriesLabelPosition::UpperLeft);
    labels.draw()?;
    root.present()?;
    drop(labels);
    Ok(())
}

#[cfg(test)]
mod tests;
