use proptest::prelude::*;
use refold_core::event::Version;

use super::super::tests::{TAKES, batch_of, folded_both_ways, histories, program, shared, states};
use super::*;

/// Every flip, by asking each invariant of each state.
fn flips_of(history: &[(usize, i8)]) -> Vec<(usize, bool, i64)> {
    let program = program(TAKES);
    let (batch, names) = batch_of(history);
    let invariants = program.invariants();
    let mut flips = Vec::new();
    let mut holds = [true; 3];
    for (number, (state, _)) in (1..).zip(states(shared(&program).as_ref(), &batch, &names)) {
        for (at, invariant) in invariants.iter().enumerate() {
            if let Ok(now) = invariants.holds(invariant, &state, program.limits())
                && now != holds[at]
            {
                holds[at] = now;
                flips.push((at, now, number));
            }
        }
    }
    flips
}

fn watched(history: &[(usize, i8)], most_flips: usize) -> Watched {
    let program = program(TAKES);
    let checked = Checked::new(
        shared(&program),
        Arc::new(Rules::OfPackage(Opened::Declarative(Arc::clone(&program)))),
        most_flips,
    );
    let (batch, names) = batch_of(history);
    let (straight, by_checkpoint) = folded_both_ways(&checked, &batch, &names);
    assert_eq!(straight, by_checkpoint);
    Watched::of_state(&straight).expect("the state of a checked program")
}

proptest! {
    #[test]
    fn flips_are_those_of_asking_every_state(history in histories()) {
        let found = watched(&history, usize::MAX);
        let flips: Vec<_> = found.flips.iter().map(|flip| (flip.invariant, flip.holds, flip.event.version.0)).collect();
        prop_assert_eq!(flips, flips_of(&history));
        prop_assert_eq!(found.flip_count as usize, found.flips.len());
    }

    #[test]
    fn the_first_flips_of_each_are_kept_and_all_are_counted(history in histories(), most in 0_usize..3) {
        let (all, some) = (watched(&history, usize::MAX), watched(&history, most));
        for invariant in 0..3 {
            let of = |found: &Watched| {
                found.flips.iter().filter(|flip| flip.invariant == invariant).cloned().collect::<Vec<_>>()
            };
            prop_assert_eq!(of(&some), of(&all).into_iter().take(most).collect::<Vec<_>>());
            let is_broken = of(&all).last().is_some_and(|last| !last.holds);
            prop_assert_eq!(some.broken.contains(&invariant), is_broken);
        }
        prop_assert_eq!(some.flip_count, all.flip_count);
    }
}

#[test]
fn a_flip_says_what_was_read() {
    let found = watched(&[(0, 2), (1, 5), (0, 5)], usize::MAX);
    let shown: Vec<_> = found
        .flips
        .iter()
        .map(|flip| (flip.holds, flip.event.version, flip.values.clone()))
        .collect();
    let sum = |of: i64| vec![("/sum".to_owned(), number(of))];
    assert_eq!(shown, [(false, Version(2), sum(-3)), (true, Version(3), sum(2))]);
}

#[test]
fn what_cannot_be_asked_is_told_once() {
    // `notes.last` is missing until something was noted.
    let found = watched(&[(0, 1), (0, 1), (3, 1)], usize::MAX);
    let unclear: Vec<_> = found
        .unclear
        .iter()
        .map(|it| (it.invariant, it.event.version))
        .collect();
    assert_eq!(unclear, [(2, Version(1))]);
    assert!(
        found.unclear[0].reason.starts_with("RF-HANDLER-TYPE"),
        "{}",
        found.unclear[0].reason
    );
}

#[test]
fn one_that_a_person_wrote_is_asked_too() {
    let rules = Arc::new(Rules::own("state.sum < 3").unwrap());
    let checked = Checked::new(shared(&program(TAKES)), rules, 10);
    let (batch, names) = batch_of(&[(0, 2), (0, 2), (1, 2)]);
    let (state, _) = folded_both_ways(&checked, &batch, &names);
    let versions: Vec<_> = Watched::of_state(&state)
        .unwrap()
        .flips
        .iter()
        .map(|flip| flip.event.version.0)
        .collect();
    assert_eq!(versions, [2, 3]);
    assert_eq!(
        Rules::own("state.sum + 1").err().map(|error| error.to_string()),
        Some("RF-PKG-EXPRESSION: an invariant is true or false, but this is neither; compare it with something (the invariant:1:1)".to_owned())
    );
}
