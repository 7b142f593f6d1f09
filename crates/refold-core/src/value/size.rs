//! What a value holds in memory, about, and what it holds beside another that it shares parts with.

use std::mem::size_of;

use super::{Array, Number, Object, Text, Value};

/// A shared allocation's counters and the allocator's own bookkeeping.
const ALLOCATION_BYTES: usize = 32;
/// Persistent trees copy whole nodes: what one changed element of a large container costs.
const NODE_BYTES: usize = 16 * (size_of::<Text>() + size_of::<Value>()) + ALLOCATION_BYTES;

impl Value {
    /// The bytes behind this value, about, as if it shared nothing. Keys are not counted: handlers share them.
    pub fn byte_count(&self) -> usize {
        match self {
            Value::Null | Value::Bool(_) | Value::Number(Number::Int(_) | Number::Decimal { .. }) => 0,
            Value::Number(Number::Literal(literal)) => literal.len() + ALLOCATION_BYTES,
            Value::Text(text) => text.as_wtf8().len() + ALLOCATION_BYTES,
            Value::Array(array) | Value::Repeated(array) => {
                array.len() * size_of::<Value>() + ALLOCATION_BYTES + array.iter().map(Value::byte_count).sum::<usize>()
            }
            Value::Object(object) => {
                let members: usize = object.iter().map(|(_, value)| value.byte_count()).sum();
                own_bytes(object) + members
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
                let copied = if after.len() > Object::SMALL {
                    (differences.len() * NODE_BYTES).min(own_bytes(after))
                } else {
                    own_bytes(after)
                };
                let below = differences.into_iter().map(|(_, before, after)| match (before, after) {
                    (Some(before), Some(after)) => after.bytes_beside(before),
                    (None, Some(after)) => after.byte_count(),
                    (_, None) => 0,
                });
                copied + below.sum::<usize>()
            }
            (Value::Array(before), Value::Array(after)) => array_bytes_beside(before, after),
            _ if earlier == self => 0,
            _ => self.byte_count(),
        }
    }
}

fn own_bytes(object: &Object) -> usize {
    object.len() * (size_of::<Text>() + size_of::<Value>()) + ALLOCATION_BYTES
}

fn array_bytes_beside(before: &Array, after: &Array) -> usize {
    if before.is_same(after) {
        return 0;
    }
    let mut differing = after.len().saturating_sub(before.len());
    let mut below: usize = after.iter().skip(before.len()).map(Value::byte_count).sum();
    for (before, after) in before.iter().zip(after.iter()) {
        if before != after {
            differing += 1;
            below += after.bytes_beside(before);
        }
    }
    let whole = after.len() * size_of::<Value>() + ALLOCATION_BYTES;
    below + (differing.max(1) * NODE_BYTES).min(whole)
}
