//! Against the standard library's map, with every clone made on the way left as it was.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn it_is_a_sorted_map_and_clones_do_not_change(
        writes in prop::collection::vec((0_u8..60, prop::option::weighted(0.7, 0_u8..4)), 0..200),
    ) {
        let mut map: SharedMap<u8, u8> = SharedMap::default();
        let mut oracle = BTreeMap::new();
        let hint = Hint::default();
        let mut kept = vec![(map.clone(), oracle.clone())];
        for (key, value) in writes {
            match value {
                Some(value) => prop_assert_eq!(map.insert(key, value), oracle.insert(key, value)),
                None => prop_assert_eq!(map.remove(&key), oracle.remove(&key)),
            }
            prop_assert_eq!(map.get(&key), oracle.get(&key));
            prop_assert_eq!(map.find(&key), oracle.get(&key));
            prop_assert_eq!(map.find_hinted(&key, &hint), oracle.get(&key));
            let makes = oracle.len() % 2 == 0;
            match (map.entry_hinted(&key, &hint), oracle.get_mut(&key)) {
                (Entry::There(ours), Some(theirs)) => prop_assert_eq!(ours, theirs),
                (Entry::Missing(gap), None) if makes => {
                    gap.insert(key, 9);
                    oracle.insert(key, 9);
                }
                (Entry::Missing(_), None) => {}
                (Entry::There(_), None) | (Entry::Missing(_), Some(_)) => prop_assert!(false, "{key}"),
            }
            if let (Some(ours), Some(theirs)) = (map.get_mut(&key), oracle.get_mut(&key)) {
                *ours = ours.wrapping_add(1);
                *theirs = theirs.wrapping_add(1);
            }
            kept.push((map.clone(), oracle.clone()));
        }
        for (map, oracle) in &kept {
            prop_assert!(map.iter().eq(oracle.iter()));
            prop_assert_eq!(map.len(), oracle.len());
            prop_assert_eq!(map, &SharedMap::from_sorted(oracle.clone().into_iter()));
        }
        for ((earlier, earlier_oracle), (later, later_oracle)) in kept.iter().zip(kept.iter().skip(7)) {
            let keys: std::collections::BTreeSet<_> = earlier_oracle.keys().chain(later_oracle.keys()).collect();
            let expected: Vec<_> = keys
                .into_iter()
                .map(|key| (key, earlier_oracle.get(key), later_oracle.get(key)))
                .filter(|(_, before, after)| before != after)
                .collect();
            prop_assert_eq!(earlier.differences(later), expected.clone());
            prop_assert_eq!(earlier == later, expected.is_empty());
        }
    }
}
