//! A field as a lane over a timeline: its last value in each column, and how far it went in between.
//!
//! Made from the values that the field ever had, so that no state is folded for a column. Numbers are compared and
//! placed exactly; a height is a whole number of steps between the least and the greatest value of the whole history.

use std::cmp::Ordering;

use refold_core::value::{Number, Value};

use super::field_history::FieldHistory;
use crate::density::{Reach, place_of, reach};
use crate::error::AppError;
use crate::stream::Stream;
use crate::text::shown_value;
use crate::wire::{DensityQuery, FieldKind, Lane, LaneRun};

/// The height of the greatest value; that of the least is 0.
pub const TOP: u32 = 65_535;

/// What the values of a field have in common, and between which numbers they lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldShape {
    pub kind: FieldKind,
    /// The least and the greatest value, where all are numbers.
    pub span: Option<(Number, Number)>,
}

/// Looks at every value once.
pub fn shape_of(field: &FieldHistory) -> FieldShape {
    let present = || {
        field
            .values
            .iter()
            .filter_map(|of| of.value.as_ref())
            .map(Value::resolved)
    };
    let kind = if present().all(|value| matches!(value, Value::Number(_) | Value::Null)) {
        FieldKind::Number
    } else if present().all(|value| matches!(value, Value::Bool(_) | Value::Null)) {
        FieldKind::Boolean
    } else {
        FieldKind::Other
    };
    let mut span: Option<(Number, Number)> = None;
    if kind == FieldKind::Number {
        for number in present().filter_map(number_of) {
            let (least, greatest) = span.get_or_insert_with(|| (number.clone(), number.clone()));
            if number.cmp_exact(least) == Ordering::Less {
                *least = number.clone();
            }
            if number.cmp_exact(greatest) == Ordering::Greater {
                *greatest = number.clone();
            }
        }
    }
    // Nulls alone are no numbers.
    let kind = if kind == FieldKind::Number && span.is_none() {
        FieldKind::Other
    } else {
        kind
    };
    FieldShape { kind, span }
}

/// The lane of a window. A run holds from its column up to that of the next.
pub fn lane(stream: &Stream, field: &FieldHistory, shape: &FieldShape, query: &DensityQuery) -> Result<Lane, AppError> {
    let Some(Reach { window, columns }) = reach(stream, query)? else {
        return Ok(Lane::default());
    };
    // Where on the axis each value came. Clocks may run backwards: then the later moment at a place is the value there.
    let mut placed: Vec<(i64, usize)> = field
        .values
        .iter()
        .enumerate()
        .map(|(at, of)| (place_of(stream, query.axis, of.moment).unwrap_or(i64::MIN), at))
        .collect();
    if !placed.is_sorted() {
        placed.sort_unstable();
    }
    let before = placed.partition_point(|(place, _)| *place < window.start);
    let mut runs: Vec<(u32, Run)> = Vec::new();
    if let Some((_, at)) = before.checked_sub(1).and_then(|last| placed.get(last)) {
        runs.push((0, Run::of(*at)));
    }
    for (place, at) in placed.get(before..).unwrap_or_default() {
        let Some(column) = crate::density::column_of(&window, columns, *place) else {
            break;
        };
        match runs.last_mut() {
            Some((last, run)) if *last == column => run.add(field, *at),
            _ => {
                let started = runs.last().map(|(_, run)| run.last);
                let mut run = Run::of(*at);
                // What held when the column began is part of how far it went in it.
                if let Some(earlier) = started {
                    run.reach_to(field, earlier);
                }
                runs.push((column, run));
            }
        }
    }
    let mut values: Vec<String> = Vec::new();
    let mut literal_of = std::collections::HashMap::new();
    let mut index_of = |value: Option<&Value>| -> u32 {
        let Some(value) = value else { return Lane::ABSENT };
        let literal = shown_value(value);
        let next = u32::try_from(values.len()).unwrap_or(Lane::ABSENT);
        *literal_of.entry(literal.clone()).or_insert_with(|| {
            values.push(literal);
            next
        })
    };
    let height = |at: usize| -> u32 {
        let number = value_at(field, at).and_then(number_of);
        number
            .zip(shape.span.as_ref())
            .map_or(0, |(number, span)| height_of(number, span))
    };
    let runs = runs
        .into_iter()
        .map(|(column, run)| LaneRun {
            column,
            moment: field.values.get(run.last).map_or(0, |of| of.moment.0),
            value: index_of(value_at(field, run.last)),
            height: height(run.last),
            low: height(run.low),
            high: height(run.high),
            changes: run.changes,
        })
        .collect();
    Ok(Lane { runs, values })
}

/// How high a number stands between the two, exactly, to the nearest step.
pub fn height_of(number: &Number, (least, greatest): &(Number, Number)) -> u32 {
    let share = || {
        let range = greatest.sub(least).ok()?;
        let top = number.sub(least).ok()?.mul(&Number::Int(TOP.into())).ok()?;
        top.div(&range, 0).ok()?.to_i64()
    };
    // All values are equal, or too far apart to be computed: neither has a height.
    share()
        .and_then(|height| u32::try_from(height).ok())
        .unwrap_or(0)
        .min(TOP)
}

/// The values of a column, by their places in the history of the field.
struct Run {
    last: usize,
    low: usize,
    high: usize,
    changes: u32,
}

impl Run {
    fn of(at: usize) -> Run {
        Run {
            last: at,
            low: at,
            high: at,
            changes: 1,
        }
    }

    fn add(&mut self, field: &FieldHistory, at: usize) {
        self.reach_to(field, at);
        self.last = at;
        self.changes = self.changes.saturating_add(1);
    }

    fn reach_to(&mut self, field: &FieldHistory, at: usize) {
        let number = |at: usize| value_at(field, at).and_then(number_of);
        let Some(new) = number(at) else { return };
        if number(self.low).is_none_or(|low| new.cmp_exact(low) == Ordering::Less) {
            self.low = at;
        }
        if number(self.high).is_none_or(|high| new.cmp_exact(high) == Ordering::Greater) {
            self.high = at;
        }
    }
}

fn value_at(field: &FieldHistory, at: usize) -> Option<&Value> {
    field.values.get(at)?.value.as_ref()
}

fn number_of(value: &Value) -> Option<&Number> {
    match value.resolved() {
        Value::Number(number) => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
