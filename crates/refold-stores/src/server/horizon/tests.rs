mod drawn;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// A store in small: transactions draw positions, and commit or give up, in any order.
#[derive(Debug, Default)]
struct Model {
    next: i64,
    open: BTreeMap<u32, Vec<i64>>,
    visible: BTreeSet<i64>,
}

impl Model {
    fn last(&self) -> Option<i64> {
        self.visible.last().copied()
    }

    fn writers(&self) -> BTreeSet<String> {
        let drawn = self.open.iter().filter(|(_, drawn)| !drawn.is_empty());
        drawn.map(|(id, _)| id.to_string()).collect()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Draw(id) => {
                self.next += 1;
                self.open.entry(id).or_default().push(self.next);
            }
            Step::Commit(id) => self.visible.extend(self.open.remove(&id).unwrap_or_default()),
            Step::GiveUp(id) => drop(self.open.remove(&id)),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Draw(u32),
    Commit(u32),
    GiveUp(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..6_u32).prop_map(Step::Draw),
        3 => (0..6_u32).prop_map(Step::Commit),
        1 => (0..6_u32).prop_map(Step::GiveUp),
    ];
    proptest::collection::vec(step, 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Whatever transactions do, also between the two questions of one look: nothing appears at or below what was called
    /// settled.
    #[test]
    fn nothing_appears_below_what_is_settled(steps in steps(), looks in proptest::collection::vec(0..4_u8, 120)) {
        let (mut model, mut horizon) = (Model::default(), Horizon::default());
        let mut seen_last = None;
        let mut promised: Option<(i64, BTreeSet<i64>)> = None;
        for (step, look) in steps.into_iter().zip(looks) {
            model.step(step);
            if look == 0 {
                seen_last = Some(model.last());
            } else if look == 1 && let Some(last) = seen_last.take() {
                horizon.see(Sight { last, writers: model.writers() });
                if let Some(settled) = horizon.settled() {
                    let below: BTreeSet<i64> = model.visible.range(..=settled).copied().collect();
                    promised = Some((settled, below));
                }
            }
            if let Some((settled, below)) = &promised {
                let now: BTreeSet<i64> = model.visible.range(..=*settled).copied().collect();
                prop_assert_eq!(&now, below);
            }
        }
        // When all is over, all that is there is settled at the next look.
        for id in 0..6 {
            model.step(Step::Commit(id));
        }
        horizon.see(Sight { last: model.last(), writers: model.writers() });
        prop_assert_eq!(horizon.settled(), model.last());
    }

    /// No writer that is open can fill a number at or below the lowest gap.
    #[test]
    fn nothing_appears_below_the_lowest_gap(steps in steps()) {
        let mut model = Model::default();
        for step in steps {
            model.step(step);
        }
        let positions: Vec<i64> = model.visible.iter().rev().copied().chain([0]).collect();
        let settled = below_gaps(&positions, 1, |_| true).unwrap_or(0);
        let before: Vec<i64> = model.visible.range(..=settled).copied().collect();
        for id in 0..6 {
            model.step(Step::Commit(id));
        }
        let after: Vec<i64> = model.visible.range(..=settled).copied().collect();
        prop_assert_eq!(before, after);
    }
}

#[test]
fn a_writer_that_stays_holds_back_only_what_came_since() {
    let writers = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let mut horizon = Horizon::default();
    horizon.see(Sight {
        last: Some(10),
        writers: writers(&[]),
    });
    assert_eq!(horizon.settled(), Some(10));
    horizon.see(Sight {
        last: Some(20),
        writers: writers(&["3/7", "4/1"]),
    });
    assert_eq!((horizon.settled(), horizon.waits_for().len()), (Some(10), 2));
    horizon.see(Sight {
        last: Some(30),
        writers: writers(&["3/7", "5/1"]),
    });
    assert_eq!((horizon.settled(), horizon.waits_for().len()), (Some(10), 1));
    horizon.see(Sight {
        last: Some(40),
        writers: writers(&["5/1"]),
    });
    assert_eq!(
        (horizon.settled(), horizon.waits_for().len()),
        (Some(20), 1),
        "and waits for what came meanwhile"
    );
}

#[test]
fn a_gap_may_be_as_wide_as_positions_go() {
    let positions = [i64::MAX, i64::MIN + 1, i64::MIN];
    assert_eq!(below_gaps(&positions, 1, |_| true), Some(i64::MIN + 1));
}

/// What was seen behind an open transaction is told of for as long as that is open.
#[test]
fn what_was_seen_and_is_not_settled_is_told_until_it_is() {
    let sight = |last, writers: &[&str]| Sight {
        last: Some(last),
        writers: writers.iter().map(|writer| (*writer).to_owned()).collect(),
    };
    let mut horizon = Horizon::at(Some(4));
    assert_eq!(horizon.unsettled(), None);
    horizon.see(sight(4, &["a"]));
    assert_eq!(horizon.unsettled(), None, "it has shown nothing yet");
    horizon.see(sight(6, &["a"]));
    assert_eq!((horizon.settled(), horizon.unsettled()), (Some(4), Some(6)));
    horizon.see(sight(6, &[]));
    assert_eq!((horizon.settled(), horizon.unsettled()), (Some(6), None));
}
