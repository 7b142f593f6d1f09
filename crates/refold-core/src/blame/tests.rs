//! Blame against a brute-force look at every prefix of the stream.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::finding::Findings;
use crate::fold::Detail;
use crate::fold::tests::{Deed, TestStream, any_deeds};

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
