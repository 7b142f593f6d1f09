//! Expected and found values, told apart as a person means them: numbers by amount.

use std::cmp::Ordering;

use refold_core::pointer::Pointer;
use refold_core::value::Value;

use super::Failure;
use crate::reducer::Emitted;

/// What of `expected` is not so in `found`. Unless exact, an object may have more members than expected.
pub fn differences(expected: &Value, found: &Value, is_exact: bool, failures: &mut Vec<Failure>) {
    compare(expected, Some(found), is_exact, &Pointer::ROOT, "state", failures);
}

pub fn emitted_differences(expected: &[Emitted], found: &[Emitted], failures: &mut Vec<Failure>) {
    if expected.len() != found.len() {
        failures.push(Failure {
            expectation: "emitted",
            path: String::new(),
            expected: format!("{} events", expected.len()),
            found: format!("{} events", found.len()),
        });
    }
    for (at, (expected, found)) in expected.iter().zip(found).enumerate() {
        let place = Pointer::ROOT.push_index(at);
        if expected.event_type != found.event_type {
            failures.push(Failure {
                expectation: "emitted",
                path: place.to_string(),
                expected: expected.event_type.to_display().into_owned(),
                found: found.event_type.to_display().into_owned(),
            });
        }
        compare(&expected.data, Some(&found.data), true, &place, "emitted", failures);
    }
}

fn compare(
    expected: &Value,
    found: Option<&Value>,
    is_exact: bool,
    at: &Pointer,
    expectation: &'static str,
    failures: &mut Vec<Failure>,
) {
    let mut fail = |found: Option<&Value>| {
        failures.push(Failure {
            expectation,
            path: at.to_string(),
            expected: text(expected),
            found: found.map_or("nothing".to_owned(), text),
        });
    };
    match (expected.resolved(), found.map(Value::resolved)) {
        (Value::Object(wanted), Some(Value::Object(members))) => {
            for (key, value) in wanted.iter() {
                let found = members.get(key.as_wtf8());
                compare(value, found, is_exact, &at.push_key(key), expectation, failures);
            }
            for (key, value) in members
                .iter()
                .filter(|(key, _)| is_exact && wanted.get(key.as_wtf8()).is_none())
            {
                failures.push(Failure {
                    expectation,
                    path: at.push_key(key).to_string(),
                    expected: "nothing".to_owned(),
                    found: text(value),
                });
            }
        }
        (Value::Array(wanted), Some(Value::Array(values))) if wanted.len() == values.len() => {
            for (index, (value, found)) in wanted.iter().zip(values.iter()).enumerate() {
                compare(
                    value,
                    Some(found),
                    is_exact,
                    &at.push_index(index),
                    expectation,
                    failures,
                );
            }
        }
        (Value::Number(wanted), Some(Value::Number(number))) => {
            if wanted.cmp_exact(number) != Ordering::Equal {
                fail(found);
            }
        }
        (Value::Null, None) if !is_exact => {}
        (wanted, Some(value)) if wanted == value => {}
        _ => fail(found),
    }
}

/// A value as JSON, cut where it is long.
fn text(value: &Value) -> String {
    const MOST: usize = 200;
    let json = value.display_json();
    match json.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", json.get(..end).unwrap_or_default()),
        None => json,
    }
}
