//! Values that a person must not see.

use std::fmt;
use std::sync::Arc;

use super::Value;

/// What stands in the place of a value that is not shown. It is equal to another exactly when what they hide is equal, so
/// that a difference is found; but nothing that writes, measures for a screen or prints it tells more than
/// [`Redacted::SHOWN`].
///
/// Only values on their way to a face hold it: no handler ever meets one.
#[derive(Clone, PartialEq, Eq)]
pub struct Redacted(Arc<Value>);

impl Redacted {
    /// What is written for each of them, whatever it hides.
    pub const SHOWN: &str = "[redacted]";

    pub fn new(hidden: Value) -> Redacted {
        Redacted(Arc::new(hidden))
    }

    /// Whether a text tells a leaf of what is hidden: it is the leaf, or, where that is longer than a word of four
    /// letters, holds it.
    pub fn is_told_by(&self, text: &[u8]) -> bool {
        leaf_in(&self.0, text)
    }

    pub(crate) fn hidden(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Redacted::SHOWN)
    }
}

fn leaf_in(hidden: &Value, text: &[u8]) -> bool {
    const LONG: usize = 4;
    let tells = |leaf: &[u8]| leaf == text || (leaf.len() >= LONG && text.windows(leaf.len()).any(|part| part == leaf));
    match hidden {
        Value::Object(object) => object.iter().any(|(_, member)| leaf_in(member, text)),
        Value::Array(values) | Value::Repeated(values) => values.iter().any(|value| leaf_in(value, text)),
        Value::Redacted(redacted) => redacted.is_told_by(text),
        Value::Text(leaf) => tells(leaf.as_wtf8()),
        Value::Number(number) => tells(number.to_string().as_bytes()),
        Value::Null | Value::Bool(_) => false,
    }
}
