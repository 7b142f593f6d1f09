//! Values that stand in for what masking rules hide, so that a test case can leave the house: the same for the same,
//! of the same kind, and telling nothing else.

use std::collections::HashMap;

use refold_core::value::{Array, Number, Object, Text, Value};

/// What stands for what, so far.
#[derive(Default)]
pub(super) struct StandIns {
    known: HashMap<Vec<u8>, Value>,
    texts: u32,
    numbers: i64,
    /// How many values were replaced.
    pub replaced: u32,
}

impl StandIns {
    /// `value` with stand-ins where `shown`, the same value as a person may see it, hides something.
    pub fn replace(&mut self, value: &Value, shown: &Value) -> Value {
        match (value, shown) {
            (_, Value::Redacted(_)) => self.stand_in(value),
            (Value::Object(members), Value::Object(seen)) => {
                let member = |((key, value), (_, shown)): ((&Text, &Value), (_, &Value))| {
                    (key.clone(), self.replace(value, shown))
                };
                Value::Object(Object::from_iter(members.iter().zip(seen.iter()).map(member)))
            }
            (Value::Array(values), Value::Array(seen)) => Value::Array(self.replace_each(values, seen)),
            (Value::Repeated(values), Value::Repeated(seen)) => Value::Repeated(self.replace_each(values, seen)),
            _ => value.clone(),
        }
    }

    fn replace_each(&mut self, values: &Array, seen: &Array) -> Array {
        let each = values.iter().zip(seen.iter());
        each.map(|(value, shown)| self.replace(value, shown)).collect()
    }

    fn stand_in(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let member = |(key, value): (&Text, &Value)| match self.stand_in(&Value::Text(key.clone())) {
                    Value::Text(name) => (name, self.stand_in(value)),
                    _ => (key.clone(), self.stand_in(value)),
                };
                return Value::Object(Object::from_iter(members.iter().map(member)));
            }
            Value::Array(values) => {
                return Value::Array(values.iter().map(|value| self.stand_in(value)).collect());
            }
            Value::Repeated(values) => {
                return Value::Repeated(values.iter().map(|value| self.stand_in(value)).collect());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Redacted(_) => {}
        }
        self.replaced += 1;
        let (texts, numbers) = (&mut self.texts, &mut self.numbers);
        let make = || match value {
            Value::Text(_) => {
                *texts += 1;
                Value::Text(Text::from(format!("masked-{texts}").as_str()))
            }
            Value::Number(_) => {
                *numbers += 1;
                Value::Number(Number::from(*numbers))
            }
            Value::Bool(_) => Value::Bool(false),
            _ => Value::Null,
        };
        self.known.entry(value.to_canonical()).or_insert_with(make).clone()
    }
}
