//! Chains of which events are missing and stand elsewhere, held against what is known of how they were made.

use proptest::prelude::*;

use super::super::order::{Break, Chain, Link};
use super::super::rule::GENESIS;

fn hash(number: u64) -> Vec<u8> {
    format!("h{number}").into_bytes()
}

fn predecessor(number: u64) -> Vec<u8> {
    number.checked_sub(1).map_or_else(|| GENESIS.to_vec(), hash)
}

/// The events with these numbers, in this order.
fn breaks(numbers: &[u64]) -> Vec<Break> {
    let mut chain = Chain::default();
    for (position, number) in (0..).zip(numbers) {
        chain.push(Link {
            position,
            number: *number,
            predecessor: predecessor(*number),
            hash: hash(*number),
            is_whole: true,
        });
    }
    let order = chain.finish();
    assert!(!order.is_cut);
    order.breaks
}

/// How many of the numbers can stay for the others to be moved into order.
fn longest_ascent(numbers: &[u64]) -> u64 {
    let mut lengths: Vec<u64> = Vec::new();
    for (at, number) in numbers.iter().enumerate() {
        let best = (0..at)
            .filter(|other| numbers[*other] < *number)
            .map(|other| lengths[other])
            .max();
        lengths.push(best.unwrap_or_default() + 1);
    }
    lengths.into_iter().max().unwrap_or_default()
}

proptest! {
    #[test]
    fn what_is_missing_and_what_moved_is_told_and_nothing_else(
        mut numbers in proptest::collection::btree_set(0_u64..40, 1..40).prop_map(|set| set.into_iter().collect::<Vec<_>>()),
        moves in proptest::collection::vec((0_usize..40, 0_usize..40), 0..6),
    ) {
        let sorted = numbers.clone();
        for (from, to) in moves {
            let event = numbers.remove(from % numbers.len());
            numbers.insert(to % (numbers.len() + 1), event);
        }
        let found = breaks(&numbers);
        let mut missing = Vec::new();
        let mut moved = 0;
        let mut begins = 0;
        for of in &found {
            match of {
                Break::Removed { numbers, .. } => missing.extend(numbers.0..=numbers.1),
                Break::StartsLate { number, .. } => begins = *number,
                Break::Moved { of } => moved += of.events,
                other => prop_assert!(false, "{other:?} of {numbers:?}"),
            }
        }
        // They are told in the order in which they are seen.
        missing.sort_unstable();
        let expected: Vec<u64> = (sorted[0]..=sorted[sorted.len() - 1]).filter(|it| !sorted.contains(it)).collect();
        prop_assert_eq!(missing, expected, "{:?}", &numbers);
        prop_assert_eq!(begins, sorted[0]);
        prop_assert_eq!(moved, numbers.len() as u64 - longest_ascent(&numbers), "{:?}: {:?}", &numbers, found);
    }
}

#[test]
fn a_chain_whose_links_are_all_forged_is_told_apart_to_a_bound() {
    let mut chain = Chain::default();
    for number in 0..20_000 {
        chain.push(Link {
            position: number,
            number,
            predecessor: b"nobody".to_vec(),
            hash: hash(number),
            is_whole: true,
        });
    }
    let order = chain.finish();
    assert!(order.is_cut);
    assert!(order.breaks.iter().all(|of| matches!(of, Break::Unlinked { .. })));
}

#[test]
fn hashes_that_name_each_other_in_a_ring_are_no_chain() {
    let mut chain = Chain::default();
    for (position, number) in [(0, 3), (1, 1), (2, 2)] {
        chain.push(Link {
            position,
            number,
            predecessor: hash(if number == 1 { 3 } else { number - 1 }),
            hash: hash(number),
            is_whole: true,
        });
    }
    let found = chain.finish().breaks;
    assert!(
        found.contains(&Break::StartsLate { position: 1, number: 1 }),
        "{found:?}"
    );
}
