use proptest::prelude::*;

use super::super::tests::{
    APPENDS, PREPENDS, REFUSES, TAKES, TAKES_LITTLE, batch_of, folded_both_ways, histories, program, shared, states,
};
use super::*;

/// The versions from and until which the states differ, by comparing every two of them whole.
fn intervals_of(left: &str, right: &str, history: &[(usize, i8)]) -> Vec<(i64, Option<i64>)> {
    let (batch, names) = batch_of(history);
    let sides = [left, right].map(|rule| states(shared(&program(rule)).as_ref(), &batch, &names));
    let mut intervals: Vec<(i64, Option<i64>)> = Vec::new();
    for (number, ((left, _), (right, _))) in (1..).zip(sides[0].iter().zip(&sides[1])) {
        match (intervals.last_mut(), left != right) {
            (Some((_, until @ None)), false) => *until = Some(number),
            (Some((_, None)), true) | (None | Some((_, Some(_))), false) => {}
            (None | Some((_, Some(_))), true) => intervals.push((number, None)),
        }
    }
    intervals
}

fn compared(left: &str, right: &str, history: &[(usize, i8)], most: usize) -> Divergences {
    let program = Compared::new(shared(&program(left)), shared(&program(right)), most);
    let (batch, names) = batch_of(history);
    let (straight, by_checkpoint) = folded_both_ways(&program, &batch, &names);
    assert_eq!(straight, by_checkpoint);
    Divergences::of_state(&straight).expect("the state of a compared program")
}

proptest! {
    #[test]
    fn intervals_are_those_of_comparing_every_state(history in histories(), right in prop::sample::select(vec![TAKES_LITTLE, REFUSES, TAKES])) {
        let found = compared(TAKES, right, &history, usize::MAX);
        let intervals: Vec<_> =
            found.intervals.iter().map(|it| (it.from.version.0, it.until.as_ref().map(|until| until.version.0))).collect();
        prop_assert_eq!(found.interval_count as usize, intervals.len());
        prop_assert_eq!(intervals, intervals_of(TAKES, right, &history));
        prop_assert_eq!(found.first.is_empty(), found.intervals.is_empty());
    }

    /// Elements that are written move others, which nobody wrote.
    #[test]
    fn lists_are_compared_whole(history in histories()) {
        let found = compared(PREPENDS, APPENDS, &history, usize::MAX);
        let intervals: Vec<_> =
            found.intervals.iter().map(|it| (it.from.version.0, it.until.as_ref().map(|until| until.version.0))).collect();
        prop_assert_eq!(intervals, intervals_of(PREPENDS, APPENDS, &history));
    }

    #[test]
    fn a_program_never_differs_from_itself(history in histories()) {
        prop_assert_eq!(compared(REFUSES, REFUSES, &history, 4).interval_count, 0);
    }
}

#[test]
fn the_first_divergence_says_both_sides() {
    let found = compared(TAKES, TAKES_LITTLE, &[(0, 5), (1, 2), (1, 5), (0, 1)], 4);
    assert_eq!(found.first_count, 1);
    let first = &found.first[0];
    assert_eq!(
        (first.path.as_str(), &first.left, &first.right),
        ("/sum", &Some(number(-2)), &Some(number(0)))
    );
    assert_eq!(found.intervals[0].from.version.0, 3);
    assert!(found.differs_at_head());
}

#[test]
fn a_side_that_fails_is_told_and_keeps_its_state() {
    let found = compared(TAKES, REFUSES, &[(0, 5), (1, 5), (1, 5), (0, 1)], 4);
    assert_eq!(found.stops[0], None);
    let stop = found.stops[1].as_ref().unwrap();
    assert_eq!(stop.event.version.0, 2);
    assert!(stop.reason.starts_with("RF-HANDLER-THROW"), "{}", stop.reason);
    assert!(!found.is_equal());
}

#[test]
fn the_last_interval_is_kept_however_many_there_are() {
    // Each five that is taken differs, each clearing makes both equal again.
    let history: Vec<(usize, i8)> = (0..9).flat_map(|_| [(1, 5), (2, 0)]).chain([(1, 5)]).collect();
    let found = compared(TAKES, TAKES_LITTLE, &history, 3);
    assert_eq!((found.intervals.len(), found.interval_count), (3, 10));
    assert_eq!(found.intervals[2].from.version.0, 19);
    assert!(found.differs_at_head());
}
