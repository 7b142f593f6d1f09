//! What a program is sent, and what its answers come to.

use std::sync::LazyLock;

use proptest::prelude::*;
use refold_core::event::EventView;
use refold_core::port::handler::{Applied, HandlerInstance, HandlerProgram as _, StatesAsked, Written};
use refold_core::value::Value;

use super::{ProcessProgram, load, walls};
use crate::limits::GuestLimits;
use crate::tests::{Events, ahead, apply_all, events, folded, text};

/// Counts by the step of its options and keeps what it was told last; `Bad` fails after it has changed the state.
const COUNTER: &str = "
states = {}
def fresh(): return {'n': 0, 'seen': None}
def fold(event):
    state = states.setdefault(event['key'], fresh())
    state['n'] += step
    if event['type'] == 'Bad': raise ValueError('no such thing')
    state['seen'] = {name: event[name] for name in ('type', 'version', 'position', 'time', 'id', 'meta', 'data')}
for line in sys.stdin:
    asked = json.loads(line)
    if asked['cmd'] == 'init':
        step = asked['options']['step']
        say({'ok': True, 'abi': 1, 'types': ['Good', 'Bad'], 'ignored': ['Quiet']})
    elif asked['cmd'] == 'state':
        say({'ok': True, 'states': {asked['key']: states.get(asked['key'], fresh())}})
    elif asked['cmd'] == 'load':
        states[asked['key']] = asked['state']
        say({'ok': True})
    elif asked['cmd'] == 'reset':
        states = {}
        say({'ok': True})
    elif asked['cmd'] == 'apply':
        each = []
        for at, event in enumerate(asked['events']):
            try:
                fold(event)
            except ValueError as error:
                say({'ok': False, 'at': at, 'error': {'code': 'shop', 'message': str(error), 'place': 'handler.py:9'}})
                break
            each.append(json.loads(json.dumps(states[event['key']])))
        else:
            if asked['want'] == 'each': say({'ok': True, 'states': each})
            elif asked['want'] == 'final': say({'ok': True, 'states': states})
            else: say({'ok': True})
    else:
        break
";

/// Started once for all tests of this file.
fn counter() -> &'static ProcessProgram {
    static COUNTING: LazyLock<ProcessProgram> = LazyLock::new(|| {
        let walls = walls().swap_remove(0);
        let program = load(COUNTER, GuestLimits::DEFAULT, &walls);
        program.unwrap_or_else(|error| panic!("{error}"))
    });
    &COUNTING
}

#[test]
fn an_event_comes_whole_and_on_one_line() {
    let events = events(&[("Good", "{\"price\": 12.50,\r\n \"id\": 9007199254740993}")]);
    let (state, fault) = folded(counter(), &events);
    assert_eq!(fault, None);
    // Python reads 12.50 as a float; whole numbers of any size it reads as they are.
    let seen = r#"{"data":{"id":9007199254740993,"price":12.5},"id":"id-1","meta":{"user":"ada"},"position":10,"time":"2026-08-03T14:00:01.000Z","type":"Good","version":1}"#;
    assert_eq!(state, format!(r#"{{"n":2,"seen":{seen}}}"#));
}

#[test]
fn a_program_says_which_types_it_takes() {
    let events = events(&[
        ("Good", "-"),
        ("Quiet", "{}"),
        ("Strange", "{}"),
        ("Good", "{"),
        ("Good", "{}"),
    ]);
    let applied = apply_all(counter(), &events);
    assert_eq!(
        applied[..3],
        [Ok(Applied::Folded), Ok(Applied::Ignored), Ok(Applied::Unknown)]
    );
    assert!(matches!(applied[3], Ok(Applied::Undecodable(_))), "{:?}", applied[3]);
    assert_eq!(applied[4], Ok(Applied::Folded));
}

#[test]
fn a_failure_undoes_its_event_and_says_where() {
    let (state, fault) = folded(counter(), &events(&[("Good", "1"), ("Bad", "2"), ("Good", "3")]));
    let (moment, fault) = fault.unwrap();
    assert_eq!(
        (moment, fault.to_string().as_str()),
        (2, "RF-HANDLER-THROW: shop: no such thing (handler.py:9)")
    );
    assert!(state.starts_with(r#"{"n":2,"#), "{state}");
}

#[test]
fn a_key_that_occurs_twice_is_named_also_when_the_event_was_sent_ahead() {
    let events = events(&[("Good", r#"{"a":1,"a":2}"#), ("Good", "{}")]);
    for is_ahead in [false, true] {
        let mut instance = counter().start();
        if is_ahead {
            instance.look_ahead(&mut rows(&events, 0, 2), &events.names, StatesAsked::LastState);
        }
        let applied = instance.apply(&events.batch.event(0), &events.names, &mut Written::off());
        assert_eq!(applied, Ok(Applied::Folded));
        let places: Vec<String> = instance.repeated_keys().iter().map(ToString::to_string).collect();
        assert_eq!(places, ["/a"]);
    }
}

/// What is done to a fold.
#[derive(Debug, Clone)]
enum Deed {
    Apply,
    LookAhead(usize, bool),
    State,
    Keep,
    GoBack,
    Reset,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        6 => Just(Deed::Apply),
        3 => (0_usize..8, any::<bool>()).prop_map(|(count, is_each)| Deed::LookAhead(count, is_each)),
        2 => Just(Deed::State),
        1 => Just(Deed::Keep),
        1 => Just(Deed::GoBack),
        1 => Just(Deed::Reset),
    ];
    proptest::collection::vec(deed, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The same over several folds.
    #[test]
    fn looking_ahead_over_folds_changes_no_answer(deeds in ahead::deeds()) {
        let list = ahead::of_streams(&[("Good", "{}"), ("Quiet", "{}"), ("Good", "{}"), ("Strange", "{}"), ("Good", "{"), ("Good", "{}"), ("Bad", "{}")]);
        ahead::change_no_answer(counter(), &list, &deeds);
    }

    /// However much is sent ahead, and whatever is asked in between: every answer is the one of a plain count.
    #[test]
    fn looking_ahead_changes_no_answer(types in proptest::collection::vec(0_u8..8, 24), deeds in deeds()) {
        let name = |number: &u8| match number { 0 => "Bad", 1 => "Quiet", 2 => "Strange", _ => "Good" };
        let list: Vec<(&str, &str)> = types.iter().map(|number| (name(number), "{}")).collect();
        let events = events(&list);
        let mut instance = counter().start();
        // Where the fold is, how far it counted, and the same when it was kept.
        let (mut at, mut count) = (0, 0);
        let mut kept = None;
        for deed in deeds {
            match deed {
                Deed::Apply if at < list.len() => {
                    let applied = instance.apply(&events.batch.event(at), &events.names, &mut Written::off());
                    match list[at].0 {
                        "Good" => {
                            prop_assert_eq!(applied, Ok(Applied::Folded));
                            count += 2;
                        }
                        "Bad" => prop_assert_eq!(applied.unwrap_err().code, "RF-HANDLER-THROW"),
                        "Quiet" => prop_assert_eq!(applied, Ok(Applied::Ignored)),
                        _ => prop_assert_eq!(applied, Ok(Applied::Unknown)),
                    }
                    at += 1;
                }
                Deed::Apply => {}
                Deed::LookAhead(ahead, is_each) => {
                    let asked = if is_each { StatesAsked::EveryState } else { StatesAsked::LastState };
                    instance.look_ahead(&mut rows(&events, at, at + ahead), &events.names, asked);
                }
                Deed::State => prop_assert_eq!(counted(instance.as_mut()), count),
                Deed::Keep => kept = Some((instance.checkpoint().unwrap(), at, count)),
                Deed::GoBack => {
                    if let Some((checkpoint, then, counted)) = &kept {
                        instance.restore(checkpoint).unwrap();
                        (at, count) = (*then, *counted);
                    }
                }
                Deed::Reset => {
                    instance.reset();
                    (at, count) = (0, 0);
                }
            }
        }
        prop_assert_eq!(counted(instance.as_mut()), count);
    }
}

fn rows(events: &Events, from: usize, to: usize) -> impl Iterator<Item = EventView<'_>> {
    (from..to.min(events.batch.len())).map(|row| events.batch.event(row))
}

fn counted(instance: &mut dyn HandlerInstance) -> i64 {
    let state = instance.state().unwrap();
    let Value::Object(members) = &state else {
        panic!("{}", text(&state))
    };
    let Some(Value::Number(count)) = members.get(b"n") else {
        panic!("{}", text(&state))
    };
    count.to_i64().unwrap()
}
