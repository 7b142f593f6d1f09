//! Rust, with the aggregates of cqrs-es. Payloads are JSON text, which serde reads into the types of the model.

use std::fmt::Write as _;

use refold_core::value::{Value, is_hidden};

use super::words::{self, Classes, head, json, json_of};
use super::{Leaf, TestText, Then};

const NOTES: [&str; 3] = [
    "among its (dev-)dependencies. Payloads are the exact JSON of the events, upcast: serde reads them, so an i64 and a",
    "decimal type of the model get each digit. Places are those of the state as serde writes it. Numbers are compared",
    "by amount, floats at no less than six digits after the point, as few decimals are exactly a float.",
];

const SHOWN: &str = r#"
/// A value as text: `20`, `2e1` and `"20.00"` are one amount.
fn shown(value: Option<&serde_json::Value>, expected: &str) -> String {
    let wanted = plain(expected);
    let digits = wanted.split_once('.').map_or(0, |(_, digits)| digits.len()).max(6);
    match value {
        None => "(nothing)".to_owned(),
        Some(serde_json::Value::Number(number)) if number.is_f64() && plain(&number.to_string()) != wanted => {
            plain(&format!("{:.digits$}", number.as_f64().unwrap_or(f64::NAN)))
        }
        Some(value) => plain(&value.to_string()),
    }
}

/// JSON as it is compared: a number, also one in quotes, by its amount, all else as serde writes it.
fn plain(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(serde_json::Value::String(text)) => amount(&text).unwrap_or_else(|| serde_json::json!(text).to_string()),
        Ok(value) if !value.is_number() => value.to_string(),
        _ => amount(json).unwrap_or_else(|| json.to_owned()),
    }
}

/// A number without zeros at its ends, and without an exponent where it is not far from 1. `None`: it is none.
fn amount(text: &str) -> Option<String> {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (number, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{part}");
    let is_number = !whole.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let exponent: i32 = exponent.parse().ok().filter(|_| is_number)?;
    let significant = digits.trim_end_matches('0');
    let zeros = (digits.len() - significant.len()) as i32 - part.len() as i32;
    let (significant, scale) = (significant.trim_start_matches('0'), exponent.checked_add(zeros)?);
    Some(match scale {
        _ if significant.is_empty() => "0".to_owned(),
        0..=20 => format!("{sign}{significant}{}", "0".repeat(scale as usize)),
        -20..=-1 => {
            let padded = format!("{significant:0>width$}", width = 1 + scale.unsigned_abs() as usize);
            let (whole, part) = padded.split_at(padded.len() - scale.unsigned_abs() as usize);
            format!("{sign}{whole}.{part}")
        }
        _ => format!("{sign}{significant}e{scale}"),
    })
}
"#;

pub fn write(test: &TestText<'_>, aggregate: &str, name: &str) -> String {
    let module = words::snake(aggregate);
    let classes = Classes::of(test.given);
    let place = format!(
        "Put it into the folder `tests` of the model's crate, whose name the line `use {module}::…` must have, with serde_json"
    );
    let renamed = classes.note();
    let mut out = head(
        test,
        "//",
        [place.as_str()].into_iter().chain(NOTES).chain([renamed.as_str()]),
    );
    let _ = write!(
        out,
        "\nuse cqrs_es::Aggregate;\nuse {module}::{{{aggregate}, {aggregate}Event}}; // the model: correct the names\n\n\
         /// An event as serde tags it unless it is told otherwise.\n\
         fn event(variant: &str, payload: &str) -> {aggregate}Event {{\n    \
             let json = format!(\"{{{{{{variant:?}}:{{payload}}}}}}\");\n    \
             serde_json::from_str(&json).unwrap_or_else(|error| panic!(\"the model does not read {{json}}: {{error}}\"))\n\
         }}\n\n\
         #[test]\nfn {name}() {{\n    let given = vec![\n"
    );
    for event in test.given {
        let class = classes.class(&event.event_type);
        let payload = json(untagged(&event.payload, &words::class_of(&event.event_type)));
        let _ = writeln!(out, "        event({:?}, {}),", class, raw(&payload));
    }
    let _ = write!(
        out,
        "    ];\n\n    let mut aggregate = {aggregate}::default();\n    for event in given {{\n        \
             aggregate.apply(event);\n    }}\n"
    );
    match test.then {
        Then::NoError => out.push_str("\n    // Each of them can be applied: that is all that is asked.\n}\n"),
        Then::Is(leaves) => compare(&mut out, leaves, "", "assert_eq"),
        Then::IsNot(leaves) => compare(&mut out, leaves, THERE, "assert_ne"),
    }
    out
}

/// What is not there is not right either.
const THERE: &str = r#"    for (place, _) in expected {
        assert!(state.pointer(place).is_some(), "the model has nothing at {place}: correct the place");
    }
"#;

/// The inside of a payload that is stored with its tag, as cqrs-es stores it.
fn untagged<'a>(payload: &'a Value, class: &str) -> &'a Value {
    match payload {
        Value::Object(members) if members.len() == 1 => members.get(class.as_bytes()).unwrap_or(payload),
        _ => payload,
    }
}

fn compare(out: &mut String, leaves: &[Leaf], there: &str, assert: &str) {
    out.push_str(
        "\n    let state = serde_json::to_value(&aggregate).expect(\"the state is JSON\");\n    let expected = [\n",
    );
    for leaf in leaves {
        let place = leaf.place.to_string();
        let _ = writeln!(out, "        ({}, {}),", raw(&place), raw(&json_of(leaf)));
    }
    let _ = write!(
        out,
        "    ];\n{there}    let found = expected.map(|(place, value)| (place, shown(state.pointer(place), value)));\n    \
             {assert}!(found, expected.map(|(place, value)| (place, plain(value))));\n}}\n{SHOWN}"
    );
}

/// A raw string with as many signs around it as it takes, or one with escapes where something in it would hide.
fn raw(text: &str) -> String {
    if text.chars().any(is_hidden) {
        return format!("{text:?}");
    }
    let mut signs = String::from("#");
    while text.contains(&format!("\"{signs}")) {
        signs.push('#');
    }
    format!("r{signs}\"{text}\"{signs}")
}
