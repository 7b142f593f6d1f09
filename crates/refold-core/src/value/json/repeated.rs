//! Which keys of a value that was read from JSON occurred more than once, and that value with the last of each.

use super::super::{Array, Object, Text, Value};
use crate::pointer::Pointer;

impl Value {
    /// The places of all keys that occur more than once in their object, top-down, and how often each does. A key inside
    /// a value of a repeated key is found too, at the place that all those values share.
    pub fn repeated_keys(&self) -> Vec<(Pointer, usize)> {
        let mut found = Vec::new();
        collect(self, &Pointer::ROOT, &mut found);
        found
    }

    /// Whether a key occurs more than once in an object of the value, however deep.
    pub fn has_repeated_keys(&self) -> bool {
        match self {
            Value::Object(object) => object.iter().any(|(_, member)| member.has_repeated_keys()),
            Value::Array(array) => array.iter().any(Value::has_repeated_keys),
            Value::Repeated(_) => true,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Redacted(_) => false,
        }
    }

    /// The value that reading means, all the way down: of each repeated key the last value alone.
    pub fn with_last_of_repeated(&self) -> Value {
        match self.resolved() {
            Value::Object(object) => {
                let member = |(key, member): (&Text, &Value)| (key.clone(), member.with_last_of_repeated());
                Value::Object(object.iter().map(member).collect::<Object>())
            }
            Value::Array(array) => Value::Array(array.iter().map(Value::with_last_of_repeated).collect::<Array>()),
            leaf => leaf.clone(),
        }
    }
}

fn collect(value: &Value, place: &Pointer, found: &mut Vec<(Pointer, usize)>) {
    match value {
        Value::Object(object) => {
            for (key, member) in object.iter() {
                collect(member, &place.push_key(key), found);
            }
        }
        Value::Array(array) => {
            for (index, element) in array.iter().enumerate() {
                collect(element, &place.push_index(index), found);
            }
        }
        Value::Repeated(values) => {
            found.push((place.clone(), values.len()));
            for value in values.iter() {
                collect(value, place, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Redacted(_) => {}
    }
}
