//! Python, with the aggregates of the eventsourcing library. Payloads are literals of the language.

use std::fmt::Write as _;

use refold_core::value::{Text, Value};

use super::words::{self, Classes, head};
use super::{Leaf, TestText, Then};

const NOTES: [&str; 4] = [
    "Payloads are as stored, upcast: whole numbers are ints, which have no end, and numbers with a point or an exponent",
    "Decimals of their literal. The first event must be one that creates the aggregate, as the library wants it. Places",
    "are attributes and keys of the aggregate. Numbers are compared by amount, floats at no less than six digits after",
    "the point, as few decimals are exactly a float.",
];

const FOUND: &str = r#"

NOTHING = object()


def found(aggregate, path, wanted):
    """What stands at a place of the aggregate."""
    value = aggregate
    for key in path:
        if isinstance(value, dict):
            value = value.get(key, NOTHING)
        elif isinstance(value, (list, tuple)):
            value = value[int(key)] if key.isdigit() and int(key) < len(value) else NOTHING
        else:
            value = getattr(value, key, NOTHING)
    if isinstance(value, float):
        digits = max(6, -wanted.as_tuple().exponent) if isinstance(wanted, Decimal) else 6
        exact = Decimal(repr(value))
        value = exact if exact == wanted else Decimal(f"{value:.{digits}f}")
    return value
"#;

pub fn write(test: &TestText<'_>, aggregate: &str, class: &str) -> String {
    let module = words::snake(aggregate);
    let classes = Classes::of(test.given);
    let renamed = classes.note();
    let mut out = head(test, "#", NOTES.into_iter().chain([renamed.as_str()]));
    let _ = write!(
        out,
        "\nimport unittest\nfrom datetime import datetime\nfrom decimal import Decimal\nfrom uuid import UUID\n\n\
         from eventsourcing.domain import Aggregate\nfrom eventsourcing.utils import get_topic\n\n\
         from {module} import {aggregate}  # the model: correct the names\n\n\n\
         def event(version, kind, recorded_at, payload):\n    \
             fields = {{\"originator_id\": UUID(int=1), \"originator_version\": version}}\n    \
             fields[\"timestamp\"] = datetime.fromisoformat(recorded_at)\n    \
             if issubclass(kind, Aggregate.Created):\n        \
                 fields[\"originator_topic\"] = get_topic({aggregate})\n    \
             return kind(**fields, **payload)\n{FOUND}\n\n\
         class {class}(unittest.TestCase):\n    def test_it(self):\n        given = [\n"
    );
    for (version, event) in (1..).zip(test.given) {
        let payload = match &event.payload {
            Value::Object(_) => literal(&event.payload),
            _ => "{}".to_owned(),
        };
        let time = event.recorded_at.as_deref().unwrap_or("1970-01-01T00:00:00Z");
        let _ = writeln!(
            out,
            "            event({version}, {aggregate}.{}, {}, {payload}),",
            classes.class(&event.event_type),
            words::quoted(&time.replace('Z', "+00:00"), false)
        );
    }
    out.push_str(
        "        ]\n\n        aggregate = None\n        for event_ in given:\n            \
             aggregate = event_.mutate(aggregate)\n\n",
    );
    match test.then {
        Then::NoError => out.push_str("        self.assertIsNotNone(aggregate)  # each of them can be applied\n"),
        Then::Is(leaves) => compare(&mut out, leaves, "", "assertEqual"),
        Then::IsNot(leaves) => compare(&mut out, leaves, THERE, "assertNotEqual"),
    }
    out.push_str("\n\nif __name__ == \"__main__\":\n    unittest.main()\n");
    out
}

/// What is not there is not right either.
const THERE: &str = "        missing = [path for path, value in seen.items() if value is NOTHING]
        self.assertEqual(missing, [])  # the model has nothing at these places: correct them
";

fn compare(out: &mut String, leaves: &[Leaf], there: &str, assert: &str) {
    out.push_str("        expected = {\n");
    for leaf in leaves {
        let mut path = String::new();
        for segment in leaf.place.segments() {
            let _ = write!(path, "{}, ", text_literal(&segment.to_key()));
        }
        let value = leaf.value.as_ref().map_or("NOTHING".to_owned(), literal);
        let _ = writeln!(out, "            ({}): {value},", path.trim_end());
    }
    let _ = write!(
        out,
        "        }}\n        seen = {{path: found(aggregate, path, value) for path, value in expected.items()}}\n{there}        \
             self.{assert}(seen, expected)\n"
    );
}

/// A value as Python writes it.
fn literal(value: &Value) -> String {
    match value.resolved() {
        Value::Null | Value::Repeated(_) | Value::Redacted(_) => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => {
            let literal = number.to_string();
            let is_whole = !literal.contains(['.', 'e', 'E']);
            if is_whole {
                literal
            } else {
                format!("Decimal(\"{literal}\")")
            }
        }
        Value::Text(text) => text_literal(text),
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(literal).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Object(members) => {
            let member = |(key, value): (&Text, &Value)| format!("{}: {}", text_literal(key), literal(value));
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

/// JSON escapes of a text are Python's as well, but for what lies outside the first plane: two units are two letters.
fn text_literal(text: &Text) -> String {
    match text.as_str() {
        Some(plain) => {
            let mut out = String::from("\"");
            for letter in plain.chars() {
                match letter {
                    '"' | '\\' => out.extend(['\\', letter]),
                    letter if refold_core::value::is_hidden(letter) => {
                        // Writing to a string cannot fail.
                        let _ = write!(out, "\\U{:08x}", u32::from(letter));
                    }
                    letter => out.push(letter),
                }
            }
            out.push('"');
            out
        }
        None => words::json(&Value::Text(text.clone())),
    }
}
