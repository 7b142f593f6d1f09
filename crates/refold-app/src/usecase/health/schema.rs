//! The shape of payloads by event type, over time: fields that were born, are gone, or changed their kind.
//!
//! A field is *born* or *gone* by one rule: it was absent from more events at the beginning, or at the end, than it ever was
//! between two of its appearances. So a field that comes and goes is neither, and neither is one that appears once.
//! Of one that is absent at both ends that says little, for few appearances stand together by chance: it came and went only
//! where it was there for longer than it was absent at the shorter end, and in more than two events.

use std::collections::{BTreeMap, HashMap};

use refold_core::event::Position;
use refold_core::time::Timestamp;
use refold_core::value::Value;
use serde::Serialize;

use crate::text::{self, Exact};

#[derive(Debug, Clone, Serialize)]
pub struct HealthType {
    #[serde(rename = "type")]
    pub event_type: Exact,
    pub events: u64,
    pub first_position: String,
    pub last_position: String,
    pub first_recorded_at: Option<String>,
    pub last_recorded_at: Option<String>,
    /// By path.
    pub fields: Vec<HealthField>,
    /// Events whose payload cannot be read as JSON: they have no fields.
    pub opaque_events: u64,
    /// There are more fields than are kept: the keys are data, or there are very many.
    pub has_more_fields: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct HealthField {
    /// A JSON pointer; `*` stands for every element of an array.
    pub path: Exact,
    /// Events that have it.
    pub events: u64,
    pub first_position: String,
    pub last_position: String,
    /// It came after the first events of the type.
    pub is_born: bool,
    /// It is in none of the last events of the type.
    pub is_gone: bool,
    /// It was of more than one kind, `null` aside.
    pub has_changed_kind: bool,
    pub kinds: Vec<HealthKind>,
}

#[derive(Debug, Clone, Serialize)]
pub struct HealthKind {
    /// `null`, `boolean`, `number`, `text`, `list`, `object`.
    pub kind: &'static str,
    pub events: u64,
    pub first_position: String,
    pub last_position: String,
}

/// Fields of one type that are kept. A type with more uses ids or dates as keys.
const MOST_FIELDS: usize = 1_000;
const MOST_TYPES: usize = 10_000;
/// Deeper than this nobody writes by hand; what lies there is part of its container.
const MOST_DEPTH: usize = 12;

/// All types that were seen.
#[derive(Default)]
pub struct Schemas {
    types: HashMap<Vec<u8>, Schema>,
    path: Vec<u8>,
}

struct Schema {
    events: u64,
    opaque_events: u64,
    first: Position,
    last: Position,
    first_recorded_at: Timestamp,
    last_recorded_at: Timestamp,
    fields: BTreeMap<Vec<u8>, Field>,
    has_more_fields: bool,
}

#[derive(Default)]
struct Field {
    events: u64,
    /// Numbers among the events of the type, from 0.
    first_number: u64,
    last_number: u64,
    first: i64,
    last: i64,
    longest_absence: u64,
    /// By kind: events, first and last position.
    kinds: BTreeMap<&'static str, (u64, i64, i64)>,
}

impl Schemas {
    /// The next event, in the order of positions. `payload`: where it can be read.
    pub fn take(&mut self, event_type: &[u8], at: Position, recorded_at: Timestamp, payload: Option<&Value>) {
        if !self.types.contains_key(event_type) {
            if self.types.len() == MOST_TYPES {
                return;
            }
            self.types.insert(event_type.to_vec(), Schema::new(at));
        }
        let Some(schema) = self.types.get_mut(event_type) else {
            return;
        };
        schema.last = at;
        if !recorded_at.is_none() {
            if schema.first_recorded_at.is_none() {
                schema.first_recorded_at = recorded_at;
            }
            schema.last_recorded_at = recorded_at;
        }
        match payload {
            Some(value) => {
                self.path.clear();
                schema.see(value, &mut self.path, 0, at);
            }
            None => schema.opaque_events += 1,
        }
        schema.events += 1;
    }

    pub fn answer(&self, digits: u8) -> Vec<HealthType> {
        let mut types: Vec<(&Vec<u8>, &Schema)> = self.types.iter().collect();
        types.sort_unstable_by_key(|(name, _)| *name);
        types
            .into_iter()
            .map(|(name, schema)| schema.answer(name, digits))
            .collect()
    }
}

impl Schema {
    fn new(at: Position) -> Schema {
        Schema {
            events: 0,
            opaque_events: 0,
            first: at,
            last: at,
            first_recorded_at: Timestamp::NONE,
            last_recorded_at: Timestamp::NONE,
            fields: BTreeMap::new(),
            has_more_fields: false,
        }
    }

    fn see(&mut self, value: &Value, path: &mut Vec<u8>, depth: usize, at: Position) {
        let value = value.resolved();
        if !path.is_empty() {
            self.note(path, kind(value), at);
        }
        if depth == MOST_DEPTH {
            return;
        }
        let length = path.len();
        match value {
            Value::Object(members) => {
                for (key, member) in members.iter() {
                    push_key(path, key.as_wtf8());
                    self.see(member, path, depth + 1, at);
                    path.truncate(length);
                }
            }
            Value::Array(elements) => {
                path.extend_from_slice(b"/*");
                for element in elements.iter() {
                    self.see(element, path, depth + 1, at);
                }
                path.truncate(length);
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Repeated(_)
            | Value::Redacted(_) => {}
        }
    }

    fn note(&mut self, path: &[u8], kind: &'static str, Position(at): Position) {
        if !self.fields.contains_key(path) {
            if self.fields.len() == MOST_FIELDS {
                self.has_more_fields = true;
                return;
            }
            let field = Field {
                first_number: self.events,
                last_number: self.events,
                first: at,
                last: at,
                ..Field::default()
            };
            self.fields.insert(path.to_vec(), field);
        }
        let Some(field) = self.fields.get_mut(path) else { return };
        // Elements of one array are one field of one event.
        if field.events == 0 || field.last_number != self.events {
            let absence = self.events.saturating_sub(field.last_number + 1);
            field.longest_absence = field.longest_absence.max(absence);
            field.events += 1;
            (field.last_number, field.last) = (self.events, at);
        }
        let (events, _, last) = field.kinds.entry(kind).or_insert((0, at, i64::MIN));
        if *last != at {
            *events += 1;
            *last = at;
        }
    }

    fn answer(&self, name: &[u8], digits: u8) -> HealthType {
        HealthType {
            event_type: text::exact(name),
            events: self.events,
            first_position: text::position_label(self.first),
            last_position: text::position_label(self.last),
            first_recorded_at: text::filled(text::time_label(self.first_recorded_at, digits)),
            last_recorded_at: text::filled(text::time_label(self.last_recorded_at, digits)),
            fields: self
                .fields
                .iter()
                .map(|(path, field)| self.field(path, field))
                .collect(),
            opaque_events: self.opaque_events,
            has_more_fields: self.has_more_fields,
        }
    }

    fn field(&self, path: &[u8], field: &Field) -> HealthField {
        let label = |at: i64| text::position_label(Position(at));
        let absent_since = self.events.saturating_sub(field.last_number + 1);
        let was_there = (field.last_number + 1).saturating_sub(field.first_number);
        let is_between = field.first_number.min(absent_since) > field.longest_absence;
        let is_told = match is_between {
            true => field.events > 2 && was_there > field.first_number.min(absent_since),
            false => field.events > 1,
        };
        HealthField {
            path: text::exact(path),
            events: field.events,
            first_position: label(field.first),
            last_position: label(field.last),
            is_born: is_told && field.first_number > field.longest_absence,
            is_gone: is_told && absent_since > field.longest_absence,
            has_changed_kind: field.kinds.keys().filter(|kind| **kind != "null").count() > 1,
            kinds: field
                .kinds
                .iter()
                .map(|(kind, (events, first, last))| HealthKind {
                    kind,
                    events: *events,
                    first_position: label(*first),
                    last_position: label(*last),
                })
                .collect(),
        }
    }
}

/// As RFC 6901 writes a segment; a key that is an asterisk is written `~2`, which no pointer is.
fn push_key(path: &mut Vec<u8>, key: &[u8]) {
    path.push(b'/');
    if key == b"*" {
        path.extend_from_slice(b"~2");
        return;
    }
    for byte in key {
        match byte {
            b'~' => path.extend_from_slice(b"~0"),
            b'/' => path.extend_from_slice(b"~1"),
            byte => path.push(*byte),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::Text(_) | Value::Redacted(_) => "text",
        Value::Array(_) | Value::Repeated(_) => "list",
        Value::Object(_) => "object",
    }
}
