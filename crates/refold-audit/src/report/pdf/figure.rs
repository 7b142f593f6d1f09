//! The bars of events over time, as rectangles and labels.

use refold_core::count::grouped;

use super::super::model::OverTime;
use super::super::pages::short_labels;
use super::super::visible;
use super::type_setting::{Faces, Line, Style};
use crate::chart::{COLOURS, OWN_COLOURS};

/// With a legend of one line.
const HEIGHT: f32 = 190.0;
const SIZE: f32 = 7.0;
const AXIS: f32 = 40.0;
const FOOT: f32 = 14.0;
const LEGEND: f32 = 24.0;
const LEGEND_LINE: f32 = 12.0;

/// A filled rectangle.
pub(super) struct Bar {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
    pub colour: (u8, u8, u8),
}

/// One colour of the legend: where it stands, in its line, and the name beside it.
struct Entry {
    x: f32,
    line: usize,
    name: String,
}

/// Every colour that is in the figure has a name, on as many lines as that takes.
fn legend(faces: &Faces, over_time: &OverTime, width: f32) -> Vec<Entry> {
    let (mut x, mut line) = (AXIS, 0);
    let named = over_time.types.iter().enumerate().take(OWN_COLOURS + 1);
    let entry = |(slot, name): (usize, &String)| {
        let name = if slot == OWN_COLOURS { "other types" } else { name };
        let name = faces.drawable(Style::Text, &visible(name));
        // One that is wider than the figure is in the table after it.
        let mut lines = faces.lines(Style::Text, SIZE, &name, width - AXIS - 40.0).into_iter();
        let shown = lines.next().unwrap_or_default();
        let name = if lines.next().is_some() { shown + " ..." } else { shown };
        let wide = 20.0 + faces.width(Style::Text, SIZE, &name);
        if x > AXIS && x + wide > width {
            (x, line) = (AXIS, line + 1);
        }
        let entry = Entry { x, line, name };
        x += wide;
        entry
    };
    named.map(entry).collect()
}

/// How high it is.
pub(super) fn height(faces: &Faces, over_time: &OverTime, width: f32) -> f32 {
    let last = legend(faces, over_time, width).last().map_or(0, |entry| entry.line);
    HEIGHT + LEGEND_LINE * last as f32
}

pub(super) fn draw(faces: &Faces, over_time: &OverTime, left: f32, top: f32, width: f32) -> (Vec<Bar>, Vec<Line>) {
    let (mut bars, mut labels) = (Vec::new(), Vec::new());
    let all = height(faces, over_time, width);
    let label = |x, y, text: &str| Line {
        x,
        y,
        style: Style::Text,
        size: SIZE,
        is_grey: false,
        text: faces.drawable(Style::Text, &visible(text)),
    };
    for (slot, entry) in legend(faces, over_time, width).iter().enumerate() {
        let (x, y) = (left + entry.x, top + LEGEND_LINE * entry.line as f32);
        bars.push(Bar {
            x,
            y: y + 2.0,
            width: 7.0,
            height: 7.0,
            colour: colour(slot),
        });
        labels.push(label(x + 10.0, y + 8.0, &entry.name));
    }
    let most = over_time
        .columns
        .iter()
        .map(|(_, counts)| total(counts))
        .max()
        .unwrap_or(1)
        .max(1);
    let (floor, high) = (top + all - FOOT, HEIGHT - FOOT - LEGEND);
    for (part, text) in [(0.0, "0".to_owned()), (1.0, grouped(most))] {
        let x = left + AXIS - 6.0 - faces.width(Style::Text, SIZE, &text);
        labels.push(label(x, floor - high * part + 2.5, &text));
    }
    let step = (width - AXIS) / over_time.columns.len().max(1) as f32;
    let (names, mut free_from) = (short_labels(over_time), 0.0);
    for (at, ((_, counts), name)) in over_time.columns.iter().zip(&names).enumerate() {
        let x = left + AXIS + step * at as f32;
        let mut below = 0;
        for (slot, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let height = high * *count as f32 / most as f32;
            let bottom = floor - high * below as f32 / most as f32;
            bars.push(Bar {
                x,
                y: bottom - height,
                width: (step - 1.0).max(0.5),
                height,
                colour: colour(slot.min(OWN_COLOURS)),
            });
            below += u64::from(*count);
        }
        if x >= free_from {
            labels.push(label(x, floor + 10.0, name));
            free_from = x + faces.width(Style::Text, SIZE, name) + 12.0;
        }
    }
    (bars, labels)
}

fn total(counts: &[u32]) -> u64 {
    counts.iter().map(|count| u64::from(*count)).sum()
}

fn colour(slot: usize) -> (u8, u8, u8) {
    COLOURS
        .get(slot)
        .map_or((0, 0, 0), |colour| (colour.0, colour.1, colour.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_of_the_figure_has_its_name_and_none_leaves_the_page() {
        let faces = Faces::new().unwrap();
        for (count, letters) in [(1, 4), (8, 20), (13, 16), (13, 400)] {
            let over_time = OverTime {
                types: (0..count).map(|at| format!("{at}{}", "n".repeat(letters))).collect(),
                columns: vec![("2026-08-01T00:00:00Z".to_owned(), vec![1; count])],
                without_time: 0,
            };
            let (bars, labels) = draw(&faces, &over_time, 0.0, 0.0, 499.0);
            let colours = count.min(OWN_COLOURS + 1);
            for slot in 0..colours {
                let is_there = |bar: &&Bar| bar.colour == colour(slot) && bar.height == 7.0;
                assert_eq!(bars.iter().filter(is_there).count(), 1, "{count} {letters}: {slot}");
            }
            let wide = |line: &&Line| line.x + faces.width(Style::Text, SIZE, &line.text) > 499.0;
            assert_eq!(labels.iter().filter(wide).count(), 0, "{count} {letters}");
            let highest = bars.iter().skip(colours).map(|bar| bar.y).fold(f32::MAX, f32::min);
            let lowest = bars.iter().take(colours).map(|bar| bar.y + 7.0).fold(0.0, f32::max);
            assert!(highest >= lowest && height(&faces, &over_time, 499.0) > highest);
        }
    }
}
