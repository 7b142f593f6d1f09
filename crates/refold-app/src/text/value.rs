//! How a value, a key and a path of a state read on one line.

use refold_core::pointer::Pointer;
use refold_core::value::{Redacted, Text, Value, is_hidden};

/// Literals are cut after so many bytes, and say how long they are.
pub const LITERAL_BYTES: usize = 4096;

/// A leaf as its literal, a container as the count of what is in it.
pub fn shown_value(value: &Value) -> String {
    match value {
        Value::Object(object) => format!("{{{}}}", super::grouped(object.len() as u64)),
        Value::Array(array) => format!("[{}]", super::grouped(array.len() as u64)),
        Value::Repeated(values) => {
            let all: Vec<String> = values.iter().map(cut_literal).collect();
            format!("{} times this key: {}", values.len(), all.join(" · "))
        }
        Value::Redacted(_) => Redacted::SHOWN.to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => cut_literal(value),
    }
}

/// A value as one line of JSON, cut at [`LITERAL_BYTES`] with its full size said.
pub fn cut_literal(value: &Value) -> String {
    if let Value::Redacted(_) = value {
        return Redacted::SHOWN.to_owned();
    }
    let literal = value.display_json();
    if literal.len() <= LITERAL_BYTES {
        return literal;
    }
    let beginning = literal.get(..boundary(&literal, LITERAL_BYTES)).unwrap_or_default();
    format!("{beginning}… ({} in all)", super::size_label(literal.len() as u64))
}

/// The last place at or before `at` where a letter begins.
pub fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// A key with everything in it visible.
pub fn shown_text(key: &Text) -> String {
    visible(&key.to_display())
}

/// A pointer with everything in it visible.
pub fn shown_path(path: &Pointer) -> String {
    visible(&path.to_string())
}

fn visible(text: &str) -> String {
    if text.chars().any(is_hidden) {
        super::shown(text.as_bytes())
    } else {
        text.to_owned()
    }
}
