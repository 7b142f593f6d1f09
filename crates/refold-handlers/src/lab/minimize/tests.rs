use std::convert::Infallible;

use proptest::prelude::*;

use super::*;

fn run(count: usize, most: u32, shows: impl Fn(&[usize]) -> bool) -> Minimized {
    smallest(
        count,
        |event| (event % 5) as u32,
        most,
        |events| Ok::<_, Infallible>(shows(events)),
    )
    .unwrap()
}

proptest! {
    /// Whatever the failure needs (any of some sets of events), what is left shows it and loses it with each event.
    #[test]
    fn nothing_can_be_left_out(
        count in 1_usize..60,
        causes in prop::collection::vec(prop::collection::btree_set(0_usize..60, 1..6), 1..4),
        least in 0_usize..4,
    ) {
        let shows = |events: &[usize]| {
            causes.iter().any(|cause| cause.iter().all(|event| events.contains(&(event % count)))) && events.len() >= least
        };
        prop_assume!(shows(&(0..count).collect::<Vec<_>>()));
        let found = run(count, u32::MAX, shows);
        prop_assert!(found.is_minimal);
        prop_assert!(shows(&found.kept));
        prop_assert!(found.kept.is_sorted_by(|a, b| a < b));
        for at in 0..found.kept.len() {
            let mut less = found.kept.clone();
            less.remove(at);
            prop_assert!(!shows(&less), "{less:?} shows it too");
        }
    }

    #[test]
    fn what_is_found_within_any_number_of_tests_shows_it(count in 1_usize..60, most in 0_u32..40, needed in 0_usize..60) {
        let needed = needed % count;
        let found = run(count, most, |events| events.contains(&needed));
        prop_assert!(found.tests <= most);
        prop_assert!(found.kept.contains(&needed));
        prop_assert!(!found.is_minimal || found.kept == [needed]);
    }
}

#[test]
fn one_event_of_thousands_is_found_in_few_tests() {
    let found = smallest(
        10_000,
        |_| 0,
        u32::MAX,
        |events| Ok::<_, Infallible>(events.contains(&7_001)),
    )
    .unwrap();
    assert_eq!(found.kept, [7_001]);
    assert!(found.tests < 100, "{} tests", found.tests);
}

#[test]
fn a_failure_that_needs_no_event_needs_none() {
    assert!(run(20, u32::MAX, |_| true).kept.is_empty());
}

#[test]
fn an_error_of_a_test_ends_it() {
    assert_eq!(
        smallest(8, |_| 0, u32::MAX, |_| Err::<bool, _>("cancelled")),
        Err("cancelled")
    );
}
