//! State values: an immutable tree with structural sharing, exact to the literal.
//!
//! Cloning a value is O(1). Numbers keep the literal they came with; no float exists here. Equality is equality of the
//! record: `0.10` and `0.1` differ (compare numbers with [`Number::cmp_exact`] where the amount is meant).
//! It must not know events or handlers.

mod array;
mod json;
mod known_key;
mod number;
mod object;
mod redacted;
mod size;
mod text;
mod write;

use std::sync::Arc;

pub use array::{Array, ArrayIter};
pub use json::JsonError;
pub use known_key::KnownKey;
pub use number::{Number, NumberError};
pub use object::{MemberEntry, MemberGap, Object, ObjectIter};
pub use redacted::Redacted;
pub use text::{Text, is_ascii};
pub use write::is_hidden;

/// One value of a state.
#[derive(Debug, PartialEq, Eq, Default)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    Text(Text),
    Array(Array),
    Object(Object),
    /// What a key stands for that occurs more than once in one JSON object: all its values, in the order of the text.
    /// Occurs only as the value of an object's member. Reading resolves to the last; writing replaces all.
    Repeated(Array),
    /// A value that is not shown.
    Redacted(Redacted),
}

impl Clone for Value {
    /// What owns no memory is copied as it lies. Written part by part, it could not be read as a whole before all its
    /// parts have come to the cache, and most copies are moved on at once.
    #[inline]
    fn clone(&self) -> Value {
        match self {
            Value::Text(text) if !text.is_inline() => Value::Text(text.clone()),
            Value::Number(Number::Literal(literal)) => Value::Number(Number::Literal(Arc::clone(literal))),
            Value::Array(values) => Value::Array(values.clone()),
            Value::Object(members) => Value::Object(members.clone()),
            Value::Repeated(values) => Value::Repeated(values.clone()),
            Value::Redacted(redacted) => Value::Redacted(redacted.clone()),
            Value::Null | Value::Bool(_) | Value::Number(Number::Int(_) | Number::Decimal { .. }) | Value::Text(_) => {
                // SAFETY: none of these points to anything, a text that is kept in place included, and all are `Copy`
                // but for the type they are part of. So both copies are values of their own.
                unsafe { std::ptr::read(self) }
            }
        }
    }
}

impl Value {
    /// Whether both are numbers of one amount that are written differently: other values, for the literal counts, though
    /// not another number.
    pub fn is_number_written_otherwise(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Number(one), Value::Number(other)) => one != other && one.cmp_exact(other).is_eq(),
            _ => false,
        }
    }

    /// The value that reading means: the last one of a repeated key, else itself.
    pub fn resolved(&self) -> &Value {
        match self {
            Value::Repeated(values) => values.last().unwrap_or(self),
            _ => self,
        }
    }

    /// Adds all that is redacted in this value.
    pub fn redacted_parts(&self, parts: &mut Vec<Redacted>) {
        match self {
            Value::Redacted(redacted) => parts.push(redacted.clone()),
            Value::Array(values) | Value::Repeated(values) => {
                values.iter().for_each(|value| value.redacted_parts(parts));
            }
            Value::Object(object) => object.iter().for_each(|(_, member)| member.redacted_parts(parts)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.resolved(), Value::Null)
    }

    /// The word for its kind that messages use: `null`, `a boolean`, `a number`, `text`, `an array`, `an object`.
    pub fn kind(&self) -> &'static str {
        match self.resolved() {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "text",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
            Value::Repeated(_) => "a repeated key",
            Value::Redacted(_) => "a redacted value",
        }
    }
}
