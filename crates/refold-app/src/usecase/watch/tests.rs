use proptest::prelude::*;

use super::*;
use crate::usecase::field_history::tests::{read, session};
use crate::wire::Axis;

fn query(axis: Axis, from: i64, to: i64, columns: u32) -> DensityQuery {
    DensityQuery {
        axis,
        from: from.to_string(),
        to: to.to_string(),
        columns,
    }
}

proptest! {
    /// Against the definition: the value after the last event of the column, or of a column before it.
    #[test]
    fn a_column_shows_the_last_value_in_it_and_how_far_it_went(
        numbers in proptest::collection::vec(proptest::option::of(-5..6_i64), 1..50),
        from in 0..40_i64, span in 1..60_i64, columns in 1..25_u32,
    ) {
        let payloads: Vec<String> = numbers.iter().map(|number| match number {
            None => r#"{"other":1}"#.to_owned(),
            Some(number) => format!(r#"{{"a":{number}}}"#),
        }).collect();
        let (stream, field) = read(&session(&payloads), "/a");
        let shape = shape_of(&field);
        let of = lane(&stream, &field, &shape, &query(Axis::Version, from, from + span, columns)).unwrap();
        let value_at = |moment: i64| numbers.iter().take(usize::try_from(moment).unwrap()).rev().find_map(|number| *number);
        for column in 0..columns {
            let start = |column: u32| from + span * i64::from(column) / i64::from(columns);
            let last = start(column + 1) - 1;
            let run = of.runs.iter().rev().find(|run| run.column <= column);
            let shown = run.and_then(|run| of.values.get(run.value as usize)).cloned();
            // A column narrower than an event may hold none: it shows what the one before shows.
            if last >= start(column) {
                prop_assert_eq!(shown, value_at(last.max(0)).map(|number| number.to_string()), "column {}", column);
            }
            if let Some(run) = run.filter(|run| run.column == column && run.value != Lane::ABSENT) {
                prop_assert!(run.low <= run.height && run.height <= run.high && run.high <= TOP);
            }
        }
        prop_assert!(of.runs.is_sorted_by(|a, b| a.column < b.column));
    }
}

#[test]
fn heights_are_exact_where_floats_are_not() {
    let numbers = ["9007199254740992", "9007199254740993", "9007199254740994"];
    let payloads = numbers.map(|number| format!(r#"{{"a":{number}}}"#));
    let (stream, field) = read(&session(&payloads), "/a");
    let shape = shape_of(&field);
    let of = lane(&stream, &field, &shape, &query(Axis::Version, 1, 4, 3)).unwrap();
    let heights: Vec<u32> = of.runs.iter().map(|run| run.height).collect();
    assert_eq!(heights, [0, TOP.div_ceil(2), TOP]);
    assert_eq!(of.values, numbers);
}

#[test]
fn knows_numbers_booleans_and_everything_else() {
    let kind = |values: &[&str]| {
        let payloads: Vec<String> = values.iter().map(|value| format!(r#"{{"a":{value}}}"#)).collect();
        shape_of(&read(&session(&payloads), "/a").1).kind
    };
    assert_eq!(kind(&["1", "0.10", "1e400"]), FieldKind::Number);
    assert_eq!(kind(&["true", "false"]), FieldKind::Boolean);
    assert_eq!(kind(&["1", "true"]), FieldKind::Other);
    assert_eq!(kind(&["\"paid\""]), FieldKind::Other);
    assert_eq!(kind(&["null"]), FieldKind::Other);
}
