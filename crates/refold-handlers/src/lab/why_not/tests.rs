use proptest::prelude::*;
use refold_core::port::handler::HandlerProgram as _;

use super::*;
use crate::lab::why::tests::{Folded, RULES, places, stream};
use crate::reducer::SharedProgram;
use crate::reducer::tests::compiled;

/// The rules with the conditions on these lines always true, and where a `when` stands alone, that too.
fn forced(lines: &[usize]) -> String {
    let rules = RULES
        .lines()
        .enumerate()
        .map(|(at, line)| match line.split_once("when: ") {
            Some((before, _)) if lines.contains(&(at + 1)) => format!("{before}when: true"),
            _ => line.to_owned(),
        });
    rules.collect::<Vec<_>>().join("\n")
}

fn line_of(place: &str) -> usize {
    place.split(':').nth(1).unwrap().parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// What an operation is said to have left, had its conditions held, is what it leaves under rules without them.
    #[test]
    fn without_its_conditions_an_operation_does_what_is_said(events in stream(16)) {
        let mut past = Folded::of_rules(RULES, &events);
        let head = past.head();
        let before = past.states[head.0 as usize - 1].clone();
        for place in places(&before) {
            let Some(why_not) = why_not(&mut past, &place, head).unwrap() else { continue };
            for tried in &why_not.tried {
                let KeptBy::Guard { otherwise: Ok(otherwise) } = &tried.kept_by else { continue };
                let last = tried.guards.last().unwrap();
                prop_assert!(!last.holds);
                // All but what is asked of stays: so only where no later rule of the event writes there too.
                let lines: Vec<usize> = tried.guards.iter().map(|guard| line_of(&guard.place)).chain([line_of(&tried.place) + 1]).collect();
                let program = SharedProgram(compiled(&forced(&lines)).unwrap());
                let explained = program.explain(&past.batch.event(past.batch.len() - 1), &past.names, &before, Choice::AsFolded);
                let explained = explained.unwrap();
                let run = explained.ran().find(|(operation, _)| operation.place == tried.place);
                let found = run.and_then(|(_, ran)| place.find(&ran.after)).cloned();
                prop_assert_eq!(&found, otherwise, "{} at {}", tried.does, tried.place);
            }
        }
    }

    /// An event that changed a place is not asked why not, and what is said to be elsewhere or equal is.
    #[test]
    fn what_kept_an_operation_is_true(events in stream(16)) {
        let mut past = Folded::of_rules(RULES, &events);
        let head = past.head();
        let [before, after] = [head.0 - 1, head.0].map(|at| past.states[at as usize].clone());
        for place in places(&after) {
            match why_not(&mut past, &place, head).unwrap() {
                None => prop_assert_ne!(place.find(&before), place.find(&after)),
                Some(why_not) => {
                    prop_assert_eq!(place.find(&before), place.find(&after));
                    for tried in why_not.tried {
                        match tried.kept_by {
                            KeptBy::Guard { .. } => prop_assert!(!tried.guards.last().unwrap().holds),
                            KeptBy::Elsewhere(at) => prop_assert!(!at.contains(&place) && !place.contains(&at)),
                            KeptBy::Equal => {}
                            KeptBy::Undone => prop_assert!(why_not.fault.is_none()),
                            KeptBy::Fault => prop_assert!(why_not.fault.is_some()),
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn an_event_that_no_rule_takes_to_the_place_was_tried_by_none() {
    let mut past = Folded::of_rules(RULES, &[("Lined", r#"{"sku":"x","qty":9}"#.to_owned())]);
    let why_not = why_not(&mut past, &Pointer::parse("/status").unwrap(), Moment(1))
        .unwrap()
        .unwrap();
    assert_eq!(why_not.tried, []);
}

#[test]
fn a_condition_that_did_not_hold_is_told_with_what_it_read() {
    let events = [
        ("Added", r#"{"sku":"a","qty":1,"price":1}"#.to_owned()),
        ("Added", r#"{"sku":"a","qty":1,"price":1}"#.to_owned()),
    ];
    let mut past = Folded::of_rules(RULES, &events);
    let why_not = why_not(&mut past, &Pointer::parse("/items/a/price").unwrap(), Moment(2))
        .unwrap()
        .unwrap();
    let tried = why_not.tried.iter().find(|tried| tried.does == "set").unwrap();
    let guard = tried.guards.last().unwrap();
    let read: Vec<String> = guard
        .reads
        .iter()
        .map(|read| format!("{:?} {:?}", read.of, read.value))
        .collect();
    assert_eq!(guard.place, "reducer.yaml:12:17");
    assert_eq!(read.len(), 2, "{read:?}");
    assert!(matches!(&tried.kept_by, KeptBy::Guard { otherwise: Ok(Some(value)) } if value.display_json() == "1"));
}

#[test]
fn another_element_was_written() {
    let events = [
        ("Added", r#"{"sku":"a","qty":1,"price":1}"#.to_owned()),
        ("Added", r#"{"sku":"b","qty":1,"price":1}"#.to_owned()),
    ];
    let mut past = Folded::of_rules(RULES, &events);
    let why_not = why_not(&mut past, &Pointer::parse("/items/a/qty").unwrap(), Moment(2))
        .unwrap()
        .unwrap();
    let elsewhere = Pointer::parse("/items/b/qty").unwrap();
    assert!(
        why_not
            .tried
            .iter()
            .any(|tried| tried.kept_by == KeptBy::Elsewhere(elsewhere.clone()))
    );
}
