//! The bars of events over time, as rectangles and labels.

use super::super::model::OverTime;
use super::super::pages::{grouped, short_labels};
use super::super::visible;
use super::layout::Line;
use super::type_setting::{Faces, Style};
use crate::chart::{COLOURS, OWN_COLOURS};

pub(super) const HEIGHT: f32 = 190.0;
const SIZE: f32 = 7.0;
const AXIS: f32 = 40.0;
const FOOT: f32 = 14.0;
const LEGEND: f32 = 24.0;

/// A filled rectangle.
pub(super) struct Bar {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
    pub colour: (u8, u8, u8),
}

pub(super) fn draw(faces: &Faces, over_time: &OverTime, left: f32, top: f32, width: f32) -> (Vec<Bar>, Vec<Line>) {
    let (mut bars, mut labels) = (Vec::new(), Vec::new());
    let label = |x, y, text: &str| Line {
        x,
        y,
        style: Style::Text,
        size: SIZE,
        is_grey: false,
        text: faces.drawable(Style::Text, &visible(text)),
    };
    let mut x = left + AXIS;
    for (slot, name) in over_time.types.iter().enumerate().take(OWN_COLOURS + 1) {
        let name = if slot == OWN_COLOURS { "other types" } else { name };
        let text = label(x + 10.0, top + 8.0, name);
        let end = x + 20.0 + faces.width(Style::Text, SIZE, &text.text);
        // What has no room in the legend is in the table after the figure.
        if end > left + width {
            break;
        }
        bars.push(Bar {
            x,
            y: top + 2.0,
            width: 7.0,
            height: 7.0,
            colour: colour(slot),
        });
        labels.push(text);
        x = end;
    }
    let most = over_time
        .columns
        .iter()
        .map(|(_, counts)| total(counts))
        .max()
        .unwrap_or(1)
        .max(1);
    let (floor, high) = (top + HEIGHT - FOOT, HEIGHT - FOOT - LEGEND);
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
