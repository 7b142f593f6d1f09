//! Counts of the values at the paths of sampled payloads and metadata, inside and outside of a range.

use std::collections::{BTreeMap, BTreeSet};

use refold_core::event::{Encoding, EventView};
use refold_core::names::Names;
use refold_core::value::Value;

use crate::mask::{Mask, Part};
use crate::text;
use crate::wire::AttributeKind;

/// A path with more values than these does not tell groups of events apart: ids, times, amounts.
const MOST_VALUES: usize = 50;
/// More paths than these are no shape that a person knows.
const MOST_PATHS: usize = 2_000;
const MOST_DEPTH: usize = 8;
/// Longer texts are prose.
const LONGEST_VALUE_BYTES: usize = 64;
/// Longer payloads are documents of their own, which a sample does not read.
const LONGEST_BYTES: usize = 1 << 20;
/// Elements of an array beyond these are not looked at.
const MOST_ELEMENTS: usize = 64;

/// See the module. An event counts once for a value, however often it stands there.
#[derive(Default)]
pub struct Tallies {
    paths: BTreeMap<(AttributeKind, String), Option<Values>>,
    inside: u32,
    outside: u32,
    unreadable: u32,
}

/// Counts inside and outside, by value.
type Values = BTreeMap<String, (u32, u32)>;

impl Tallies {
    /// What `mask` hides of the event is one value, whatever it is.
    pub fn add(&mut self, is_inside: bool, event: &EventView<'_>, names: &Names, mask: &Mask) {
        if is_inside {
            self.inside += 1;
        } else {
            self.outside += 1;
        }
        self.unreadable += u32::from(super::is_unreadable(event));
        let mut found = BTreeSet::new();
        let payload = event.payload.filter(|_| event.encoding == Encoding::Json);
        for (kind, part, bytes) in [
            (AttributeKind::Payload, Part::Payload, payload),
            (AttributeKind::Metadata, Part::Metadata, event.metadata),
        ] {
            // What cannot be read was counted above; of metadata the event shows it.
            let value = bytes.filter(|bytes| bytes.len() <= LONGEST_BYTES);
            let Some(Ok(value)) = value.map(|bytes| Value::from_json(bytes, Value::MAX_DEPTH)) else {
                continue;
            };
            let value = mask.of_event(event, names, part).value(&value);
            leaves(&value, kind, &mut String::from(kind.name()), 0, &mut found);
        }
        for (kind, path, value) in found {
            self.count(is_inside, (kind, path), value);
        }
    }

    /// Events inside and outside.
    pub fn events(&self) -> (u32, u32) {
        (self.inside, self.outside)
    }

    /// Events whose payload could not be read.
    pub fn unreadable(&self) -> u32 {
        self.unreadable
    }

    /// Paths with few values, and how often each of these occurs inside and outside.
    pub fn attributes(self) -> Vec<(AttributeKind, String, Values)> {
        let few = self
            .paths
            .into_iter()
            .filter_map(|((kind, path), values)| Some((kind, path, values?)));
        few.collect()
    }

    /// `value`: `None` for one that is too long to be one of few.
    fn count(&mut self, is_inside: bool, path: (AttributeKind, String), value: Option<String>) {
        if !self.paths.contains_key(&path) && self.paths.len() >= MOST_PATHS {
            return;
        }
        let values = self.paths.entry(path).or_insert_with(|| Some(Values::new()));
        let Some(known) = values else { return };
        let Some(value) = value else {
            *values = None;
            return;
        };
        let (inside, outside) = known.entry(value).or_default();
        if is_inside {
            *inside += 1;
        } else {
            *outside += 1;
        }
        if known.len() > MOST_VALUES {
            *values = None;
        }
    }
}

fn leaves(
    value: &Value,
    kind: AttributeKind,
    path: &mut String,
    depth: usize,
    found: &mut BTreeSet<(AttributeKind, String, Option<String>)>,
) {
    if depth > MOST_DEPTH {
        return;
    }
    let length = path.len();
    match value.resolved() {
        Value::Object(object) => {
            for (key, member) in object.iter() {
                path.push('.');
                path.push_str(&text::shown(key.to_display().as_bytes()));
                leaves(member, kind, path, depth + 1, found);
                path.truncate(length);
            }
        }
        Value::Array(array) => {
            path.push_str("[]");
            for element in array.iter().take(MOST_ELEMENTS) {
                leaves(element, kind, path, depth + 1, found);
            }
            path.truncate(length);
        }
        leaf => {
            let literal = leaf.display_json();
            let value = Some(literal).filter(|literal| literal.len() <= LONGEST_VALUE_BYTES);
            found.insert((kind, path.clone(), value));
        }
    }
}
