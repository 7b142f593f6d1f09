use std::convert::Infallible;
use std::sync::Arc;

use proptest::prelude::*;
use refold_core::event::EventBatch;
use refold_core::names::Names;
use refold_core::pointer::Pointer;
use refold_core::port::explain::{Choice, Explained, Source};
use refold_core::port::handler::{HandlerProgram, Written};
use refold_core::track::Moment;
use refold_core::value::Value;

use super::*;
use crate::merge;
use crate::reducer::tests::{batch_of, compiled};
use crate::reducer::{DeclarativeProgram, SharedProgram};

/// A folded stream.
pub(crate) struct Folded {
    pub program: Arc<dyn HandlerProgram>,
    pub batch: EventBatch,
    pub names: Names,
    /// By moment.
    pub states: Vec<Value>,
}

impl Folded {
    pub(crate) fn new(program: Arc<dyn HandlerProgram>, events: &[(&str, String)]) -> Folded {
        let events: Vec<(&str, &str)> = events.iter().map(|(of, payload)| (*of, payload.as_str())).collect();
        let (batch, names) = batch_of(&events);
        let mut instance = program.start();
        let mut states = vec![instance.state().unwrap()];
        for row in 0..batch.len() {
            // A fault leaves the state as it was; a fold would end there, which is the same for what was before.
            let _ = instance.apply(&batch.event(row), &names, &mut Written::off());
            states.push(instance.state().unwrap());
        }
        Folded {
            program,
            batch,
            names,
            states,
        }
    }

    pub(crate) fn of_rules(reducer: &str, events: &[(&str, String)]) -> Folded {
        Folded::new(Arc::new(SharedProgram(rules(reducer))), events)
    }

    pub(crate) fn head(&self) -> Moment {
        Moment(u32::try_from(self.batch.len()).unwrap())
    }
}

impl Past for Folded {
    type Error = Infallible;

    fn state_at(&mut self, moment: Moment) -> Result<Value, Infallible> {
        Ok(self.states[moment.0 as usize].clone())
    }

    fn explain(&mut self, moment: Moment, before: &Value, choice: Choice<'_>) -> Result<Option<Explained>, Infallible> {
        let event = self.batch.event(moment.event_index().unwrap());
        Ok(self.program.explain(&event, &self.names, before, choice))
    }
}

fn rules(reducer: &str) -> Arc<DeclarativeProgram> {
    compiled(reducer).unwrap_or_else(|error| panic!("{error}"))
}

/// Every operation, guards at each level, names, keyed arrays, lists that are gone through.
pub(crate) const RULES: &str = "
refold: reducer/1
keys: { /lines: id }
initial: { status: none, items: {}, lines: [], log: [], total: 0, least: null, note: { by: nobody } }
on:
  Added:
    - child: items[event.data.sku]
      create: { qty: 0, price: event.data.price }
      do:
        - add: { qty: event.data.qty }
        - set: { price: event.data.price }
          when: event.data.price > this.price
    - add: { total: \"event.data.qty * state.items[event.data.sku].price\" }
    - set: { status: \"'open'\" }
      when: state.status == 'none' || state.status == 'shut'
  Removed:
    - let: { item: \"state.items[event.data.sku]\" }
      when: item != null
    - when: item != null
      do:
        - sub: { total: item.qty * item.price }
        - remove: items[event.data.sku]
  Lined:
    - child: lines[event.data.sku]
      do:
        - add: { count: event.data.qty }
        - set: { last: event.time }
    - append: { log: event.data.qty }
      when: event.data.qty > 1
  Unlined:
    - remove: lines[event.data.sku]
    - prepend: { log: \"size(state.lines)\" }
      when: size(state.log) < 4
  Cut:
    - removeValue: { log: event.data.qty }
    - remove: log[0]
      when: size(state.log) > 2
  Paid:
    - min: { least: event.data.price }
    - max: { most: event.data.price }
    - merge: { note: \"event.data.qty > 1 ? {'by': event.data.sku, 'seen': null} : {'seen': state.status}\" }
    - set: { status: \"state.total > 3 ? 'much' : 'little'\" }
      when: state.items.exists(k, state.items[k].qty > 0)
    - set: { sum: \"state.log.filter(n, n > 1)\" }
  Copied:
    - set: { copy: state.items, first: \"state.lines[event.data.sku].count\" }
      when: size(state.lines) > 0
  Cleared:
    - clear: items
      when: state.status != 'much'
    - clear: note
  Dropped:
    - delete: state
      when: state.status == 'shut'
    - set: { status: \"'shut'\" }
  Failing:
    - set: { status: \"'never'\" }
    - require: \"event.data.qty > 99\"
every:
  - set: { at: event.version }
";

pub(crate) const TYPES: [&str; 10] = [
    "Added", "Removed", "Lined", "Unlined", "Cut", "Paid", "Copied", "Cleared", "Dropped", "Failing",
];

pub(crate) fn stream(most: usize) -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let event = (0..TYPES.len(), 0..3_u8, 0..4_u8, 1..5_u8).prop_map(|(of, sku, qty, price)| {
        let payload = format!(
            r#"{{"sku":"{}","qty":{qty},"price":{price}}}"#,
            ["a", "b", "c"][sku as usize]
        );
        (TYPES[of], payload)
    });
    proptest::collection::vec(event, 1..most)
}

/// Every place of a state, and one that is not there.
pub(crate) fn places(state: &Value) -> Vec<Pointer> {
    fn collect(at: Pointer, value: &Value, places: &mut Vec<Pointer>) {
        match value {
            Value::Object(members) => members
                .iter()
                .for_each(|(key, member)| collect(at.push_key(key), member, places)),
            Value::Array(values) => values
                .iter()
                .enumerate()
                .for_each(|(index, element)| collect(at.push_index(index), element, places)),
            _ => {}
        }
        places.push(at);
    }
    let mut places = vec![
        Pointer::parse("/items/a/qty").unwrap(),
        Pointer::parse("/lines/0").unwrap(),
    ];
    collect(Pointer::ROOT, state, &mut places);
    places
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    /// The operations of a slice, folded alone, give what was asked for.
    #[test]
    fn a_slice_alone_gives_the_value(events in stream(24)) {
        let mut past = Folded::of_rules(RULES, &events);
        let head = past.head();
        for place in places(&past.states[head.0 as usize].clone()) {
            let why = why(&mut past, &place, head, usize::MAX).unwrap();
            prop_assert_eq!(why.is_confirmed, Some(true), "{} in {}: {:#?}", place, past.states[head.0 as usize].display_json(), why);
        }
    }

    /// What is told of an event is what folding it does, step by step.
    #[test]
    fn what_is_told_is_what_is_folded(events in stream(24)) {
        let mut past = Folded::of_rules(RULES, &events);
        for moment in 1..=past.head().0 {
            let [before, after] = [moment - 1, moment].map(|at| past.states[at as usize].clone());
            let explained = past.explain(Moment(moment), &before, Choice::AsFolded).unwrap().unwrap();
            let mut state = before;
            for (_, ran) in explained.ran() {
                prop_assert_eq!(&ran.before, &state);
                state = ran.after.clone();
            }
            prop_assert_eq!(state, after);
        }
    }

    #[test]
    fn a_slice_of_a_merge_alone_gives_the_value(patches in proptest::collection::vec(patch(), 1..12)) {
        let events: Vec<(&str, String)> = patches.into_iter().map(|patch| ("Patched", patch)).collect();
        let mut past = Folded::new(merge::program(), &events);
        let head = past.head();
        for place in places(&past.states[head.0 as usize].clone()) {
            let why = why(&mut past, &place, head, usize::MAX).unwrap();
            prop_assert_eq!(why.is_confirmed, Some(true), "{}: {:#?}", place, why);
        }
    }
}

fn patch() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![Just("null"), Just("1"), Just("2"), Just("{}"), Just("[1]")].prop_map(str::to_owned);
    leaf.prop_recursive(3, 8, 3, |inside| {
        proptest::collection::btree_map(prop_oneof![Just("a"), Just("items"), Just("lines")], inside, 0..3).prop_map(
            |members| {
                let members: Vec<String> = members
                    .iter()
                    .map(|(key, value)| format!("\"{key}\":{value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            },
        )
    })
}

fn events(of: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    of.iter()
        .map(|(event_type, payload)| (*event_type, (*payload).to_owned()))
        .collect()
}

/// Which moments, and which operation at each, in the words of the answer.
fn told(why: &Why) -> Vec<String> {
    let steps = why.steps.iter();
    steps
        .map(|step| format!("{} {} {}", step.moment.0, step.does, step.target))
        .collect()
}

#[test]
fn a_slice_names_what_had_a_part_and_nothing_else() {
    let stream = events(&[
        ("Added", r#"{"sku":"a","qty":2,"price":3}"#),
        ("Lined", r#"{"sku":"x","qty":9}"#),
        ("Added", r#"{"sku":"b","qty":1,"price":1}"#),
        ("Paid", r#"{"sku":"a","qty":1,"price":7}"#),
    ]);
    let mut past = Folded::of_rules(RULES, &stream);
    let status = why(&mut past, &Pointer::parse("/status").unwrap(), Moment(4), 100).unwrap();
    assert_eq!(
        told(&status)[..3],
        ["4 set /status", "3 add /total", "3 add /items/b/qty"].map(str::to_owned)
    );
    assert!(
        status.steps.iter().all(|step| step.moment != Moment(2)),
        "{:?}",
        told(&status)
    );
    let set = &status.steps[0];
    assert_eq!(set.place, "reducer.yaml:42:14");
    assert_eq!(set.guards, ["reducer.yaml:43:13"]);
    let total = set
        .reads
        .iter()
        .find(|traced| traced.read.of == Source::State(Pointer::parse("/total").unwrap()));
    assert_eq!(
        total.map(|total| (total.role, &total.made_by[..])),
        Some((Role::Value, &[1][..]))
    );
    assert!(!status.is_of_start);
    let added = &status.steps[1];
    let old = added
        .reads
        .iter()
        .find(|traced| traced.read.of == Source::State(Pointer::parse("/total").unwrap()));
    assert!(old.is_some_and(|old| !old.is_of_start && old.made_by.len() == 1));
}

#[test]
fn a_slice_that_is_cut_says_so() {
    let stream: Vec<_> = (0..9)
        .map(|_| ("Added", r#"{"sku":"a","qty":1,"price":1}"#.to_owned()))
        .collect();
    let mut past = Folded::of_rules(RULES, &stream);
    let cut = why(&mut past, &Pointer::parse("/total").unwrap(), Moment(9), 4).unwrap();
    assert_eq!((cut.cut_at, cut.is_confirmed), (Some(Moment(5)), None));
    let whole = why(&mut past, &Pointer::parse("/total").unwrap(), Moment(9), 9).unwrap();
    assert_eq!((whole.cut_at, whole.is_confirmed), (None, Some(true)));
}

#[test]
fn what_was_there_before_the_first_event_was_made_by_none() {
    let mut past = Folded::of_rules(RULES, &events(&[("Lined", r#"{"sku":"x","qty":9}"#)]));
    let why = why(&mut past, &Pointer::parse("/note/by").unwrap(), Moment(1), 100).unwrap();
    assert_eq!((why.steps.len(), why.is_of_start), (0, true));
}
