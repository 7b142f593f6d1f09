use proptest::prelude::*;
use refold_core::event::EventBatch;
use refold_core::fold::{Detail, Fold, Folded as FoldedState};
use refold_core::work::{CancelToken, Phase, Silent};

use super::*;
use crate::lab::why::tests::{Folded, RULES, places, stream};

/// What an instance of its own makes of these rows.
fn alone(past: &Folded, rows: impl Iterator<Item = usize>) -> FoldedState {
    let mut fold = Fold::new(past.program.as_ref(), Detail::State).unwrap();
    for row in rows {
        fold.step(&past.batch.event(row), &past.names, None).unwrap();
    }
    fold.folded().unwrap()
}

/// Leaves out all after the first `passed`.
fn left_out(
    past: &Folded,
    passed: usize,
    path: &Pointer,
    value: Option<&Value>,
    most: usize,
) -> Result<LeftOut, LeftOutError> {
    let cancel = CancelToken::default();
    let mut leaving = Leaving::new(past.program.as_ref(), &past.names);
    for row in 0..past.batch.len() {
        let event = past.batch.event(row);
        match row < passed {
            true => leaving.pass(&event)?,
            false => leaving.take(&event),
        }
    }
    leaving.find(&Work::new(&cancel, &Silent), path, value, most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// Each event is named or not as folding the others alone, by an instance that knows nothing else, says.
    #[test]
    fn what_is_named_is_what_changes_the_value(events in stream(14), passed in 0_usize..6) {
        let past = Folded::of_rules(RULES, &events);
        let count = past.batch.len();
        let passed = passed.min(count);
        let whole = alone(&past, 0..count).state;
        for place in places(&whole) {
            let value = place.find(&whole);
            let found = left_out(&past, passed, &place, value, usize::MAX).unwrap();
            let mut expected = Vec::new();
            for row in (passed..count).rev() {
                let without = alone(&past, (0..count).filter(|other| *other != row));
                if place.find(&without.state) != value {
                    let fault = without.fault.map(|(moment, fault)| {
                        // Its moment counts without the row that is not there.
                        let at = moment.0 as usize - 1;
                        (at + usize::from(at >= row) - passed, fault)
                    });
                    expected.push(Without { row: row - passed, value: place.find(&without.state).cloned(), fault });
                }
            }
            prop_assert_eq!(&found.events, &expected, "{}", place);
            prop_assert_eq!((found.further, (found.tried + found.untaken) as usize), (0, count - passed));
            let mut named: Vec<usize> = expected.iter().map(|without| without.row).collect();
            named.reverse();
            let gives = place.find(&alone(&past, named.into_iter()).state) == value;
            prop_assert_eq!(found.is_enough, (passed == 0).then_some(gives));

            let few = left_out(&past, passed, &place, value, 1).unwrap();
            prop_assert_eq!(&few.events[..], &expected[..expected.len().min(1)]);
            prop_assert_eq!(few.further as usize, expected.len().saturating_sub(1));
        }
    }
}

#[test]
fn where_either_of_two_would_do_neither_is_named_and_that_is_seen() {
    let events = [("Dropped", "{}".to_owned()), ("Dropped", "{}".to_owned())];
    let past = Folded::of_rules(RULES, &events);
    let place = Pointer::parse("/status").unwrap();
    let value = place.find(&past.states[2]);
    let found = left_out(&past, 0, &place, value, 9).unwrap();
    assert_eq!(
        (found.events, found.tried, found.is_enough),
        (Vec::new(), 2, Some(false))
    );
}

#[test]
fn another_value_than_that_of_the_events_is_refused_and_so_is_what_was_cancelled() {
    let events = [("Cleared", "{}".to_owned())];
    let past = Folded::of_rules(RULES, &events);
    let place = Pointer::parse("/status").unwrap();
    assert!(matches!(
        left_out(&past, 0, &place, None, 9),
        Err(LeftOutError::Differs)
    ));
    let cancel = CancelToken::default();
    cancel.cancel();
    let mut leaving = Leaving::new(past.program.as_ref(), &past.names);
    leaving.take(&past.batch.event(0));
    let found = leaving.find(&Work::new(&cancel, &Silent), &place, place.find(&past.states[1]), 9);
    assert!(matches!(found, Err(LeftOutError::Cancelled)));
}

/// What is told in steps of folds is what is folded.
#[test]
fn progress_comes_to_its_end() {
    struct Last(std::sync::Mutex<(u64, u64)>);
    impl refold_core::work::Progress for Last {
        fn report(&self, _phase: Phase, done: u64, total: Option<u64>) {
            let mut last = self.0.lock().unwrap();
            assert!(done >= last.0, "{done} after {}", last.0);
            *last = (done, total.unwrap());
        }
    }
    let events: Vec<(&str, String)> = (0..600).map(|_| ("Cleared", "{}".to_owned())).collect();
    let past = Folded::of_rules(RULES, &events);
    let (last, cancel) = (Last(std::sync::Mutex::default()), CancelToken::default());
    let mut leaving = Leaving::new(past.program.as_ref(), &past.names);
    let batch: &EventBatch = &past.batch;
    (0..batch.len()).for_each(|row| leaving.take(&batch.event(row)));
    let place = Pointer::parse("/status").unwrap();
    let value = place.find(&past.states[600]);
    leaving.find(&Work::new(&cancel, &last), &place, value, 9).unwrap();
    let (done, total) = *last.0.lock().unwrap();
    assert_eq!((done, total), (180_900, 180_900));
}
