//! Rust, with the aggregates of cqrs-es. Payloads are JSON text, which serde reads into the types of the model.

use std::fmt::Write as _;

use refold_core::value::{Value, is_hidden};

use super::words::{self, head, json, json_of};
use super::{Leaf, TestText, Then};

const NOTES: [&str; 4] = [
    "Put it into the folder `tests` of the model's crate, whose name the line `use order::…` must have, with serde_json",
    "among its (dev-)dependencies. Payloads are the exact JSON of the events, upcast: serde reads them, so an i64 and a",
    "decimal type of the model get each digit. Places are those of the state as serde writes it. Numbers are compared",
    "by amount, floats at no less than six digits after the point, as few decimals are exactly a float.",
];

const SHOWN: &str = r#"
/// A value as text: `20`, `20.0` and `"20.00"` are one amount.
fn shown(value: Option<&serde_json::Value>, expected: &str) -> String {
    let digits = expected.split_once('.').map_or(0, |(_, digits)| digits.len()).max(6);
    let text = match value {
        None => return "nothing".to_owned(),
        Some(serde_json::Value::Number(number)) if number.is_f64() => {
            format!("{:.digits$}", number.as_f64().unwrap_or(f64::NAN))
        }
        Some(value) => value.to_string(),
    };
    plain(&text)
}

/// A number without zeros at its end; any other JSON as it is.
fn plain(json: &str) -> String {
    let text = json.trim_matches('"');
    let is_plain = text.contains('.') && !text.contains(['e', 'E']) && text.parse::<f64>().is_ok();
    if is_plain { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}
"#;

pub fn write(test: &TestText<'_>, aggregate: &str, name: &str) -> String {
    let module = words::snake(aggregate);
    let mut out = head(test, "//", &NOTES);
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
        let class = words::class_of(&event.event_type);
        let payload = json(untagged(&event.payload, &class));
        let _ = writeln!(out, "        event({:?}, {}),", class, raw(&payload));
    }
    let _ = write!(
        out,
        "    ];\n\n    let mut aggregate = {aggregate}::default();\n    for event in given {{\n        \
             aggregate.apply(event);\n    }}\n"
    );
    match test.then {
        Then::NoError => out.push_str("\n    // Each of them can be applied: that is all that is asked.\n}\n"),
        Then::Is(leaves) => compare(&mut out, leaves, "assert_eq"),
        Then::IsNot(leaves) => compare(&mut out, leaves, "assert_ne"),
    }
    out
}

/// The inside of a payload that is stored with its tag, as cqrs-es stores it.
fn untagged<'a>(payload: &'a Value, class: &str) -> &'a Value {
    match payload {
        Value::Object(members) if members.len() == 1 => members.get(class.as_bytes()).unwrap_or(payload),
        _ => payload,
    }
}

fn compare(out: &mut String, leaves: &[Leaf], assert: &str) {
    out.push_str(
        "\n    let state = serde_json::to_value(&aggregate).expect(\"the state is JSON\");\n    let expected = [\n",
    );
    for leaf in leaves {
        let place = leaf.place.to_string();
        let _ = writeln!(out, "        ({}, {}),", raw(&place), raw(&json_of(leaf)));
    }
    let _ = write!(
        out,
        "    ];\n    let found = expected.map(|(place, value)| (place, shown(state.pointer(place), value)));\n    \
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
