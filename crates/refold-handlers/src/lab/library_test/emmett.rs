//! TypeScript, with the decider specification of Emmett. Payloads are literals of the language.

use std::fmt::Write as _;

use refold_core::value::{Number, Text, Value};

use super::words::{self, head, quoted};
use super::{Leaf, TestText, Then};

const NOTES: [&str; 5] = [
    "Payloads are as stored, upcast: whole numbers that no double holds are BigInts, numbers with a point or an exponent",
    "go through `decimal` with their literal, so that a model with a decimal library makes its own of them there; what",
    "not even a double comes near to (1e400) is text. Places are those of the state. Numbers are compared by amount, at",
    "no less than six digits after the point, as few decimals are exactly a double. Types of events are the stored ones,",
    "to the letter.",
];

const SEEN: &str = r#"
const NOTHING = '(nothing)';

/** What stands at a place of the state, as text; numbers by their amount. */
const seen = (state: unknown, [path, wanted]: Expected): string => {
  const step = (inner: unknown, key: string): unknown =>
    inner instanceof Map ? inner.get(key) : (inner as Record<string, unknown> | null | undefined)?.[key];
  const found = path.reduce<unknown>(step, state);
  if (found === undefined) return NOTHING;
  const amount = plain(wanted);
  const digits = Math.max(6, amount.split('.')[1]?.length ?? 0);
  const hasDigits = (value: unknown): value is { toFixed(digits: number): string } =>
    typeof (value as { toFixed?: unknown } | null)?.toFixed === 'function';
  if (typeof found === 'string' || typeof found === 'bigint') return plain(String(found));
  if (typeof found === 'number' && plain(String(found)) === amount) return amount;
  return plain(hasDigits(found) ? found.toFixed(digits) : JSON.stringify(found));
};

/** A number without zeros at its ends, and without an exponent where it is not far from 1; any other text as it is. */
const plain = (text: string): string => {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (parts === null) return text;
  const [, sign = '', whole = '', part = '', exponent = '0'] = parts;
  const digits = whole + part;
  const significant = digits.replace(/0+$/, '');
  const scale = Number(exponent) - part.length + digits.length - significant.length;
  const shown = significant.replace(/^0+/, '');
  if (shown === '') return '0';
  if (scale < -20 || scale > 20) return `${sign}${shown}e${scale}`;
  if (scale >= 0) return sign + shown + '0'.repeat(scale);
  const padded = shown.padStart(1 - scale, '0');
  return `${sign}${padded.slice(0, scale)}.${padded.slice(scale)}`;
};
"#;

pub fn write(test: &TestText<'_>, aggregate: &str) -> String {
    let module = words::snake(aggregate).replace('_', "-");
    let mut out = head(test, "//", NOTES);
    let _ = write!(
        out,
        "\nimport {{ assert{}, DeciderSpecification }} from '@event-driven-io/emmett';\nimport {{ it }} from 'node:test';\n\
         import {{ evolve, initialState, type {aggregate}Event }} from './{module}.js'; // the model: correct the names\n\n\
         const decimal = (literal: string): number => Number(literal);\n\n\
         // A payload may hold more than the model knows of.\n\
         const event = <Type extends string, Data>(type: Type, data: Data) => ({{ type, data }});\n\n\
         const events: {aggregate}Event[] = [\n",
        if matches!(test.then, Then::IsNot(_)) {
            "DeepEqual, assertNotDeepEqual"
        } else {
            "DeepEqual"
        },
    );
    for event in test.given {
        let payload = match &event.payload {
            Value::Object(_) => literal(&event.payload),
            _ => "{}".to_owned(),
        };
        let _ = writeln!(out, "  event({}, {payload}),", quoted(&event.event_type, false));
    }
    out.push_str("];\n\n");
    let (leaves, there, assert): (&[Leaf], &str, &str) = match test.then {
        Then::Is(leaves) => (leaves, "", "assertDeepEqual"),
        Then::IsNot(leaves) => (leaves, THERE, "assertNotDeepEqual"),
        Then::NoError => (&[], "", "assertDeepEqual"),
    };
    out.push_str("type Expected = [path: string[], value: string];\nconst expected: Expected[] = [\n");
    for leaf in leaves {
        let segments: Vec<String> = leaf.place.segments().iter().map(|it| word(&it.to_key())).collect();
        let wanted = match &leaf.value {
            Some(Value::Text(text)) => word(text),
            _ => quoted(&words::json_of(leaf), false),
        };
        let _ = writeln!(out, "  [[{}], {wanted}],", segments.join(", "));
    }
    let _ = write!(
        out,
        "];\n{SEEN}\n\
         // Nothing is decided: the command looks at what the events came to.\n\
         const given = DeciderSpecification.for({{\n  \
           decide: (_: {{ type: 'Look' }}, state: ReturnType<typeof initialState>): {aggregate}Event[] => {{\n{there}    \
             {assert}(\n      expected.map((one) => [one[0], seen(state, one)]),\n      \
               expected.map(([path, value]) => [path, plain(value)]),\n    );\n    return [];\n  }},\n  \
           evolve,\n  initialState,\n}});\n\n\
         it({}, () => {{\n  given(events).when({{ type: 'Look' }}).thenNothingHappened();\n}});\n",
        quoted(test.title, false)
    );
    out
}

/// What is not there is not right either.
const THERE: &str = "    // The model has nothing at these places: correct them.
    assertDeepEqual(expected.filter((one) => seen(state, one) === NOTHING), []);
";

/// A value as TypeScript writes it.
fn literal(value: &Value) -> String {
    match value.resolved() {
        Value::Null | Value::Repeated(_) | Value::Redacted(_) => "null".to_owned(),
        Value::Bool(of) => of.to_string(),
        Value::Number(number) => number_literal(number),
        Value::Text(text) => word(text),
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(literal).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Object(members) => {
            let member = |(key, value): (&Text, &Value)| {
                // Written plainly, this one name would set the prototype.
                let name = if key.as_str() == Some("__proto__") {
                    "[\"__proto__\"]".to_owned()
                } else {
                    word(key)
                };
                format!("{name}: {}", literal(value))
            };
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{ {} }}", members.join(", "))
        }
    }
}

/// A text with its lone surrogates, which JavaScript has too.
fn word(text: &Text) -> String {
    words::json(&Value::Text(text.clone()))
}

fn number_literal(number: &Number) -> String {
    /// The whole numbers up to here are doubles.
    const EXACT: u64 = (1 << 53) - 1;
    let literal = number.to_string();
    let is_whole = !literal.contains(['.', 'e', 'E']);
    match number.to_i64().filter(|_| is_whole) {
        Some(whole) if whole.unsigned_abs() <= EXACT => literal,
        _ if is_whole && literal != "-0" => format!("{literal}n"),
        _ if literal.parse::<f64>().is_ok_and(f64::is_finite) => format!("decimal(\"{literal}\")"),
        _ => format!("\"{literal}\""),
    }
}
