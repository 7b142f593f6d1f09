//! What a value holds in memory, about, and what it holds beside another that it shares parts with.

use super::{Number, Text, Value};
use crate::shared_map::ALLOCATION_BYTES;

impl Value {
    /// The bytes behind this value, about, as if it shared nothing.
    pub fn byte_count(&self) -> usize {
        match self {
            Value::Null | Value::Bool(_) | Value::Number(Number::Int(_) | Number::Decimal { .. }) => 0,
            Value::Number(Number::Literal(literal)) => literal.len() + ALLOCATION_BYTES,
            Value::Text(text) => text_bytes(text),
            Value::Redacted(redacted) => redacted.hidden().byte_count() + ALLOCATION_BYTES,
            Value::Array(array) | Value::Repeated(array) => array.bytes_beside(None),
            Value::Object(object) => {
                let members = object.iter().map(|(key, value)| text_bytes(key) + value.byte_count());
                object.own_bytes(object.len()) + members.sum::<usize>()
            }
        }
    }

    /// The bytes that this value holds and `earlier` does not, about: what it costs to keep both.
    pub fn bytes_beside(&self, earlier: &Value) -> usize {
        match (earlier, self) {
            (Value::Object(before), Value::Object(after)) => {
                if before.is_same(after) {
                    return 0;
                }
                let differences = before.differences(after);
                let own = after.own_bytes(differences.len());
                let below = differences
                    .into_iter()
                    .map(|(key, before, after)| match (before, after) {
                        (Some(before), Some(after)) => after.bytes_beside(before),
                        (None, Some(after)) => text_bytes(key) + after.byte_count(),
                        (_, None) => 0,
                    });
                own + below.sum::<usize>()
            }
            (Value::Array(before), Value::Array(after)) | (Value::Repeated(before), Value::Repeated(after)) => {
                after.bytes_beside(Some(before))
            }
            (Value::Text(before), Value::Text(after)) if before.is_same(after) => 0,
            _ => self.byte_count(),
        }
    }
}

fn text_bytes(text: &Text) -> usize {
    match text.heap_bytes() {
        0 => 0,
        bytes => bytes + ALLOCATION_BYTES,
    }
}
