//! What was seen of one event type: its fields, their kinds, examples.

use std::collections::BTreeMap;

use refold_core::value::{Object, Value};

use crate::limits::Limits;

/// The most fields that are listed of one object.
const MAX_FIELDS: usize = 200;
/// Objects inside objects inside the payload are listed no deeper.
const MAX_LEVELS: usize = 3;
const MAX_EXAMPLES: usize = 3;

/// All events of one type.
#[derive(Debug, Default)]
pub struct TypeSighting {
    pub events: u64,
    /// Payloads that are missing or no JSON.
    pub unreadable: u64,
    /// Payloads that are JSON and no object.
    pub bare: u64,
    pub fields: BTreeMap<String, FieldSighting>,
}

/// One member of the payload, or of an object in it.
#[derive(Debug, Default)]
pub struct FieldSighting {
    pub seen: u64,
    pub kinds: Kinds,
    /// The first few different scalars, as JSON with nothing hidden.
    pub examples: Vec<String>,
    pub fields: BTreeMap<String, FieldSighting>,
}

/// How often a field had which kind of value.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Kinds {
    pub nulls: u64,
    pub booleans: u64,
    pub integers: u64,
    pub decimals: u64,
    pub texts: u64,
    pub arrays: u64,
    pub objects: u64,
}

impl TypeSighting {
    pub fn observe(&mut self, payload: Option<&[u8]>) {
        self.events += 1;
        match payload.map(|payload| Value::from_json(payload, Limits::DEFAULT.depth)) {
            Some(Ok(Value::Object(members))) => observe_members(&mut self.fields, &members, MAX_LEVELS),
            Some(Ok(_)) => self.bare += 1,
            Some(Err(_)) | None => self.unreadable += 1,
        }
    }

    /// Events whose payload is an object.
    pub fn objects(&self) -> u64 {
        self.events - self.unreadable - self.bare
    }
}

fn observe_members(fields: &mut BTreeMap<String, FieldSighting>, members: &Object, levels: usize) {
    for (key, value) in members.iter() {
        // A name with a lone surrogate cannot be written in a file of UTF-8.
        let Some(name) = key.as_str() else { continue };
        if fields.len() < MAX_FIELDS || fields.contains_key(name) {
            fields
                .entry(name.to_owned())
                .or_default()
                .observe(value.resolved(), levels);
        }
    }
}

impl FieldSighting {
    fn observe(&mut self, value: &Value, levels: usize) {
        self.seen += 1;
        let kinds = &mut self.kinds;
        match value {
            Value::Null => kinds.nulls += 1,
            Value::Bool(_) => kinds.booleans += 1,
            Value::Number(number) if number.to_i64().is_some() && !number.to_string().contains(['.', 'e', 'E']) => {
                kinds.integers += 1;
            }
            Value::Number(_) => kinds.decimals += 1,
            Value::Text(_) | Value::Redacted(_) => kinds.texts += 1,
            Value::Array(_) | Value::Repeated(_) => kinds.arrays += 1,
            Value::Object(members) => {
                kinds.objects += 1;
                if levels > 1 {
                    observe_members(&mut self.fields, members, levels - 1);
                }
            }
        }
        let is_scalar = matches!(value, Value::Bool(_) | Value::Number(_) | Value::Text(_));
        if is_scalar && self.examples.len() < MAX_EXAMPLES {
            let example = cut(&value.display_json());
            if !self.examples.contains(&example) {
                self.examples.push(example);
            }
        }
    }
}

impl Kinds {
    /// Every value was text or a whole number: it can name a member.
    pub fn can_be_key(&self) -> bool {
        self.nulls + self.booleans + self.decimals + self.arrays + self.objects == 0
    }

    /// In words, most frequent first: `number`, or `text (9) or null (1)`.
    pub fn words(&self) -> String {
        let mut counted = [
            ("text", self.texts),
            ("integer", self.integers),
            ("decimal", self.decimals),
            ("boolean", self.booleans),
            ("object", self.objects),
            ("array", self.arrays),
            ("null", self.nulls),
        ];
        counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let seen: Vec<(&str, u64)> = counted.into_iter().filter(|(_, count)| *count > 0).collect();
        match seen.as_slice() {
            [(word, _)] => (*word).to_owned(),
            several => several
                .iter()
                .map(|(word, count)| format!("{word} ({count})"))
                .collect::<Vec<_>>()
                .join(" or "),
        }
    }
}

fn cut(example: &str) -> String {
    const MOST: usize = 40;
    match example.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", example.get(..end).unwrap_or_default()),
        None => example.to_owned(),
    }
}
