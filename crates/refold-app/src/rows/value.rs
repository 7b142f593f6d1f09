//! What is in a value, counted.

use refold_core::pointer::Pointer;
use refold_core::value::Value;

use super::Changes;
use crate::text;

/// What a container showed before its members came or went; empty where it is none, or had as many.
pub fn shown_count_before(value: &Value, changes: &Changes<'_>, path: &Pointer) -> String {
    let Some(count) = member_count(value) else {
        return String::new();
    };
    let before = text::grouped(changes.count_before(path, count) as u64);
    match value {
        _ if changes.count_before(path, count) == count => String::new(),
        Value::Array(_) => format!("[{before}]"),
        _ => format!("{{{before}}}"),
    }
}

/// The members or elements of a container; none of anything else.
pub fn members(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Object(object) => Box::new(object.iter().map(|(_, member)| member)),
        Value::Array(array) => Box::new(array.iter()),
        _ => Box::new(std::iter::empty()), // a leaf
    }
}

/// How many members or elements a container has.
pub fn member_count(value: &Value) -> Option<usize> {
    match value {
        Value::Object(object) => Some(object.len()),
        Value::Array(array) => Some(array.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Redacted(_) | Value::Repeated(_) => {
            None
        }
    }
}
