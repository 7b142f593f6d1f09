//! Blame against a brute-force look at every prefix of the stream.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::diff::{ArrayKeys, diff};
use crate::finding::Findings;
use crate::fold::Detail;
use crate::fold::tests::{Deed, TestStream, any_deeds};
use crate::value::{Array, Number, Object, Text};

/// The leaves of a state by an identity that survives a change of place: a line is named by its key.
fn leaves_by_identity(state: &Value) -> BTreeMap<String, (Pointer, Value)> {
    fn walk(value: &Value, name: String, path: Pointer, leaves: &mut BTreeMap<String, (Pointer, Value)>) {
        match value {
            Value::Object(object) if !object.is_empty() => {
                for (key, member) in object.iter() {
                    walk(member, format!("{name}/{key:?}"), path.push_key(key), leaves);
                }
            }
            Value::Array(array) if !array.is_empty() => {
                for (index, element) in array.iter().enumerate() {
                    let Value::Object(line) = element else {
                        panic!("all elements are lines")
                    };
                    walk(
                        element,
                        format!("{name}/{:?}", line.get(b"sku")),
                        path.push_index(index),
                        leaves,
                    );
                }
            }
            _ => {
                leaves.insert(name, (path, value.clone()));
            }
        }
    }
    let mut leaves = BTreeMap::new();
    walk(state, String::new(), Pointer::ROOT, &mut leaves);
    leaves
}

proptest! {
    #[test]
    fn blame_is_what_all_prefixes_say(deeds in any_deeds(60, true)) {
        let stream = TestStream::new(deeds);
        let (prefixes, writes) = stream.prefixes(Detail::Blame, &Findings::default());
        let mut known: BTreeMap<String, (Value, u32, u32)> = BTreeMap::new();
        for (moment, (folded, written)) in prefixes.iter().zip(&writes).enumerate() {
            let moment = moment as u32;
            let now = leaves_by_identity(&folded.state);
            known.retain(|name, _| now.contains_key(name));
            for (name, (path, value)) in &now {
                let entry = known.entry(name.clone()).or_insert_with(|| (value.clone(), moment, moment));
                if entry.0 != *value {
                    *entry = (value.clone(), moment, moment);
                }
                if written.iter().any(|place| place.contains(path)) {
                    entry.2 = moment;
                }
            }
            let tree = folded.blame.as_ref().unwrap();
            let leaves = tree.leaves(&folded.state);
            prop_assert_eq!(leaves.len(), now.len());
            for leaf in leaves {
                let (name, (_, value)) = now.iter().find(|(_, (path, _))| *path == leaf.path).unwrap();
                let (_, changed, wrote) = &known[name];
                prop_assert_eq!(&leaf.value, value);
                prop_assert_eq!(leaf.stamp.changed, Moment(*changed), "changed {} at moment {}", name, moment);
                prop_assert_eq!(leaf.stamp.wrote, Moment(*wrote), "wrote {} at moment {}", name, moment);
                let is_container = matches!(leaf.value, Value::Object(_) | Value::Array(_));
                prop_assert_eq!(tree.at(&leaf.path, is_container), leaf.stamp);
            }
        }
    }
}

#[test]
fn a_value_written_again_was_not_changed() {
    let stream = TestStream::new(vec![
        Deed::Set { key: 0, value: 1 },
        Deed::Set { key: 0, value: 1 },
        Deed::Set { key: 1, value: 1 },
    ]);
    let (prefixes, _) = stream.prefixes(Detail::Blame, &Findings::default());
    let tree = prefixes[3].blame.as_ref().unwrap();
    let stamp = tree.at(&Pointer::parse("/k0").unwrap(), false);
    assert_eq!(
        stamp,
        Stamp {
            changed: Moment(1),
            wrote: Moment(2)
        }
    );
    assert_eq!(
        tree.at(&Pointer::ROOT, true),
        Stamp {
            changed: Moment(3),
            wrote: Moment(3)
        }
    );
}

/// What one event does to a list. Places are taken modulo what there is.
#[derive(Debug, Clone, Copy)]
enum Act {
    Insert(usize),
    Remove(usize),
    Move(usize, usize),
    Count(usize),
}

/// An act on the lines, or on the parts of one line.
#[derive(Debug, Clone, Copy)]
struct Edit {
    line: Option<usize>,
    act: Act,
}

fn any_edit() -> impl Strategy<Value = Edit> {
    // The ends are where the vector below grows; they come up more often than by chance.
    let place = || prop_oneof![Just(0), Just(usize::MAX), any::<usize>()];
    let act = prop_oneof![
        3 => place().prop_map(Act::Insert),
        2 => place().prop_map(Act::Remove),
        2 => (place(), place()).prop_map(|(from, to)| Act::Move(from, to)),
        2 => place().prop_map(Act::Count),
    ];
    (prop::option::weighted(0.4, place()), act).prop_map(|(line, act)| Edit { line, act })
}

/// A line or a part of one: who it is, what it counts, and its parts.
#[derive(Debug, Clone)]
struct Thing {
    id: i64,
    count: i64,
    changed: u32,
    parts: Vec<Thing>,
}

fn on_lines(act: Act) -> Edit {
    Edit { line: None, act }
}

fn int(number: i64) -> Value {
    Value::Number(Number::Int(number))
}

fn state_of(things: &[Thing]) -> Value {
    let thing = |thing: &Thing| {
        let mut members = vec![("id", int(thing.id)), ("count", int(thing.count))];
        if !thing.parts.is_empty() {
            members.push(("parts", state_of(&thing.parts)));
        }
        let members = members.into_iter().map(|(name, value)| (Text::from(name), value));
        Value::Object(members.collect::<Object>())
    };
    Value::Array(things.iter().map(thing).collect::<Array>())
}

/// The moment at which each leaf changed, by where it is now.
fn expected_of(things: &[Thing], added: &BTreeMap<i64, u32>, at: &str, expected: &mut BTreeMap<String, u32>) {
    for (index, thing) in things.iter().enumerate() {
        let at = format!("{at}/{index}");
        expected.insert(format!("{at}/id"), added[&thing.id]);
        expected.insert(format!("{at}/count"), thing.changed);
        expected_of(&thing.parts, added, &format!("{at}/parts"), expected);
    }
}

fn rules() -> ArrayKeys {
    let rule = |place: &str| (place.to_owned(), "id".to_owned());
    ArrayKeys::new(&[rule(""), rule("/*/parts")])
}

fn perform(edit: Edit, lines: &mut Vec<Thing>, moment: u32, added: &mut BTreeMap<i64, u32>) {
    let count = lines.len().max(1);
    let things = match edit.line {
        None => lines,
        Some(line) => match lines.get_mut(line % count) {
            Some(line) => &mut line.parts,
            None => return,
        },
    };
    let place = |at: usize, len: usize| at % len.max(1);
    match edit.act {
        Act::Insert(at) => {
            let id = added.len() as i64;
            added.insert(id, moment);
            let thing = Thing {
                id,
                count: 0,
                changed: moment,
                parts: Vec::new(),
            };
            things.insert(place(at, things.len() + 1), thing);
        }
        _ if things.is_empty() => {}
        Act::Remove(at) => drop(things.remove(place(at, things.len()))),
        Act::Move(from, to) => {
            let thing = things.remove(place(from, things.len()));
            things.insert(place(to, things.len() + 1), thing);
        }
        Act::Count(at) => {
            let at = place(at, things.len());
            things[at].count += 1;
            things[at].changed = moment;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Several edits an event, in arrays from none to far beyond a leaf of the vector, elements in elements.
    #[test]
    fn nodes_follow_the_elements_of_arrays_of_any_length(
        first in 0_usize..200,
        events in prop::collection::vec(prop::collection::vec(any_edit(), 1..5), 1..40),
    ) {
        let (mut lines, mut added) = (Vec::new(), BTreeMap::new());
        for _ in 0..first {
            perform(on_lines(Act::Insert(0)), &mut lines, 0, &mut added);
        }
        let mut state = state_of(&lines);
        let mut tree = BlameTree::default();
        for (moment, edits) in (1..).zip(events) {
            for edit in edits {
                perform(edit, &mut lines, moment, &mut added);
            }
            let after = state_of(&lines);
            tree.note(Moment(moment), &after, &diff(&state, &after, &rules()), &[]);
            state = after;
            let mut expected = BTreeMap::new();
            expected_of(&lines, &added, "", &mut expected);
            let mut found = tree.leaves(&state);
            found.retain(|leaf| leaf.path.depth() > 0);
            let found: BTreeMap<String, u32> = found
                .iter()
                .map(|leaf| (leaf.path.to_string(), leaf.stamp.changed.0))
                .collect();
            prop_assert_eq!(found, expected, "after event {}", moment);
        }
    }
}

/// An event on a long array costs what it changed, not the array: nearly all is shared with the tree before.
#[test]
fn an_element_that_is_added_moved_or_removed_renumbers_none() {
    let (mut lines, mut added) = (Vec::new(), BTreeMap::new());
    let (mut state, mut tree) = (state_of(&lines), BlameTree::default());
    let mut note = |acts: &[Act], moment: u32, tree: &mut BlameTree| {
        for act in acts {
            perform(on_lines(*act), &mut lines, moment, &mut added);
        }
        let after = state_of(&lines);
        tree.note(Moment(moment), &after, &diff(&state, &after, &rules()), &[]);
        state = after;
    };
    for moment in 1..=16 {
        // Scattered, so that neighbours differ in their moments.
        let places = (0..600).map(|number| Act::Insert(number * 7_919));
        note(&places.collect::<Vec<_>>(), moment, &mut tree);
    }
    let whole = tree.bytes_beside(&BlameTree::default());
    assert!(whole > 9_000 * 64, "{whole} bytes for a node an element");
    for act in [
        Act::Insert(0),
        Act::Insert(9_000),
        Act::Move(19_999, 7),
        Act::Remove(1_500),
        Act::Count(42),
    ] {
        let before = tree.clone();
        note(&[act], 17, &mut tree);
        let own = tree.bytes_beside(&before);
        assert!(0 < own && own < whole / 10, "{act:?}: {own} bytes of {whole}");
        assert_eq!(tree.bytes_beside(&tree.clone()), 0);
    }
}
