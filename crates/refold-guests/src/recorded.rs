//! An event that a handler would have written. Nothing writes it.

use refold_core::value::{Text, Value};

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// As the handler emits it; a link of a projection has the type `$>` and `n@stream` as data.
    pub event_type: Text,
    /// Empty where the handler does not say it.
    pub stream: Text,
    pub data: Value,
    /// Null where there is none.
    pub metadata: Value,
}

impl Recorded {
    /// An object with `type` and, where they are there, `stream`, `data` and `metadata`. `None`: it is none.
    pub fn read(json: &[u8], depth: usize) -> Option<Recorded> {
        // What is emitted stands one level deeper in the object.
        Recorded::of(&Value::from_json(json, depth + 1).ok()?)
    }

    /// The same of a value.
    pub fn of(object: &Value) -> Option<Recorded> {
        let Value::Object(object) = object else { return None };
        let stream = match object.get(b"stream") {
            None => Text::from(""),
            Some(Value::Text(stream)) => stream.clone(),
            Some(_) => return None,
        };
        let Some(Value::Text(event_type)) = object.get(b"type") else {
            return None;
        };
        let part = |name: &[u8]| object.get(name).cloned().unwrap_or(Value::Null);
        Some(Recorded {
            event_type: event_type.clone(),
            stream,
            data: part(b"data"),
            metadata: part(b"metadata"),
        })
    }
}
