//! What the upcasters of a handler make of a history: which events fail, which fields are lost, what else changes.
//!
//! It is told of events one by one and counts; of each thing that it counts it keeps the first event. It must not know
//! where events come from.

use std::collections::{BTreeMap, BTreeSet};

use refold_core::event::EventView;
use refold_core::names::Names;
use refold_core::pointer::{Pointer, Segment};
use refold_core::port::handler::HandlerProgram;
use refold_core::port::upcast::{Upcast, UpcasterStep};
use refold_core::value::{Text, Value};

use super::Sighting;
use crate::path::{Pattern, Segment as Step};

#[cfg(test)]
mod tests;

/// Different changes that are kept of the events of one type and version; all are counted.
const MOST_CHANGES: usize = 500;
/// The same of failures, whose messages may be as many as there are events.
const MOST_FAILURES: usize = 500;

/// What became of a history.
#[derive(Debug, Default)]
pub struct Gate {
    pub events: u64,
    /// By stored type, then by the schema version that its chain begins at: `None` where no step takes the event.
    pub groups: BTreeMap<(Vec<u8>, Option<u32>), Group>,
    /// How many events took each step that any took.
    pub fired: BTreeMap<UpcasterStep, u64>,
}

/// The events of one stored type and version.
#[derive(Debug, Default, PartialEq)]
pub struct Group {
    pub events: u64,
    /// The types that the rules get instead, each once; empty for events that are dropped. Only where steps ran.
    pub becomes: BTreeMap<Vec<Vec<u8>>, Counted>,
    /// By code and message.
    pub failures: BTreeMap<(&'static str, String), Counted>,
    pub changes: BTreeMap<Changed, Counted>,
    /// How many events lose a field.
    pub losing: u64,
    /// How many changes there were that are not in `changes`.
    pub further_changes: u64,
    /// How many events failed in ways that are not in `failures`.
    pub further_failures: u64,
}

/// How many events, and the first of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub events: u64,
    pub stream: Vec<u8>,
    pub first: Sighting,
}

/// A place of the stored payload, or of what came of it, and what happened there. Elements of arrays are alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Changed {
    pub path: Pattern,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// It was stored, and nothing that the rules get has it or its value.
    Lost,
    /// Its value is at another place, where the stored payload had none, and which is the new place of nothing else.
    Moved(Pattern),
    /// It was not stored.
    Added,
    /// It became a value of another kind.
    Retyped { from: &'static str, to: &'static str },
    /// It has another value of the same kind.
    Revalued,
}

impl Gate {
    /// Sends one event through the chain. The event needs all its columns.
    pub fn take(&mut self, program: &dyn HandlerProgram, event: &EventView<'_>, names: &Names) {
        self.events += 1;
        let stored_type = names.type_name(event.event_type);
        let upcast = program.upcast(event, names);
        let version = upcast
            .as_ref()
            .and_then(|upcast| upcast.steps.first())
            .map(|step| step.from);
        let group = self.groups.entry((stored_type.to_vec(), version)).or_default();
        group.events += 1;
        let Some(upcast) = upcast else { return };
        for step in &upcast.steps {
            let step = UpcasterStep {
                place: step.place.clone(),
                event_type: step.event_type.clone(),
                from: step.from,
                to: step.to,
            };
            *self.fired.entry(step).or_default() += 1;
        }
        let seen = Counted {
            events: 0,
            stream: names.stream(event.stream).to_vec(),
            first: Sighting::of(event, names),
        };
        group.take(&upcast, seen);
    }
}

impl Group {
    fn take(&mut self, upcast: &Upcast, seen: Counted) {
        if let Some(fault) = &upcast.fault {
            let failure = (fault.code, fault.message.clone());
            if self.failures.len() < MOST_FAILURES || self.failures.contains_key(&failure) {
                count(self.failures.entry(failure), &seen);
            } else {
                self.further_failures += 1;
            }
            return;
        }
        let Some(first) = upcast.steps.first() else { return };
        let types: BTreeSet<Vec<u8>> = upcast.made.iter().map(|(of, _)| of.clone()).collect();
        count(self.becomes.entry(types.into_iter().collect()), &seen);
        let changes = changes(&first.before, &upcast.made);
        self.losing += u64::from(changes.iter().any(|changed| changed.what == What::Lost));
        for changed in changes {
            if self.changes.len() < MOST_CHANGES || self.changes.contains_key(&changed) {
                count(self.changes.entry(changed), &seen);
            } else {
                self.further_changes += 1;
            }
        }
    }
}

fn count<K: Ord>(entry: std::collections::btree_map::Entry<'_, K, Counted>, seen: &Counted) {
    entry.or_insert_with(|| seen.clone()).events += 1;
}

/// What became of the leaves of a stored payload in the events that were made of it, each once. Of an event that was
/// dropped nothing is left, which is said of the event.
fn changes(stored: &Value, made: &[(Vec<u8>, Value)]) -> BTreeSet<Changed> {
    let mut changed = BTreeSet::new();
    if made.is_empty() {
        return changed;
    }
    let mut added: Vec<(Pointer, &Value)> = Vec::new();
    for (_, payload) in made {
        leaves(Pointer::ROOT, payload, &mut |place, value| {
            if place.find(stored).is_none() {
                added.push((place, value));
            }
        });
    }
    let mut homes: BTreeSet<Pointer> = BTreeSet::new();
    // Equal values are told apart by nothing: were one new place the home of several, all but one could go unseen.
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    leaves(Pointer::ROOT, stored, &mut |place, value| {
        let now: Vec<&Value> = made.iter().filter_map(|(_, payload)| place.find(payload)).collect();
        let what = match now.as_slice() {
            [] => match added
                .iter()
                .enumerate()
                .find(|(at, (_, found))| *found == value && !taken.contains(at))
            {
                Some((at, (home, _))) => {
                    taken.insert(at);
                    homes.insert(home.clone());
                    What::Moved(pattern(home))
                }
                None => What::Lost,
            },
            now if now.contains(&value) => return,
            [now, ..] if now.kind() == value.kind() => What::Revalued,
            [now, ..] => What::Retyped {
                from: value.kind(),
                to: now.kind(),
            },
        };
        changed.insert(Changed {
            path: pattern(&place),
            what,
        });
    });
    for (place, _) in added.iter().filter(|(place, _)| !homes.contains(place)) {
        changed.insert(Changed {
            path: pattern(place),
            what: What::Added,
        });
    }
    changed
}

/// Calls `visit` with each value that holds no other.
fn leaves<'v>(at: Pointer, value: &'v Value, visit: &mut dyn FnMut(Pointer, &'v Value)) {
    match value.resolved() {
        Value::Object(members) if !members.is_empty() => {
            for (key, member) in members.iter() {
                leaves(at.push_key(key), member, visit);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for (index, element) in elements.iter().enumerate() {
                leaves(at.push_index(index), element, visit);
            }
        }
        leaf => visit(at, leaf),
    }
}

/// A member that is named by a number is taken for an element.
fn pattern(place: &Pointer) -> Pattern {
    let steps = place.segments().into_iter().map(|segment| match segment {
        Segment::Index(_) => Step::Any,
        Segment::Key(key) => Step::Key(Text::clone(key)),
    });
    steps.fold(Pattern::default(), Pattern::with)
}
