//! Faults that show only when the state is asked for: they belong to the event since which it cannot be told.

use refold_core::finding::Findings;
use refold_core::fold::{Detail, Fold, Folded};
use refold_core::port::handler::{HandlerProgram, StatesAsked};
use refold_core::track::Moment;

use super::{ProcessProgram, load, walls};
use crate::limits::GuestLimits;
use crate::tests::{Events, events, text};

/// Counts. Over `Bad` it goes on as if nothing were, and cannot say its state from then on, up to `Cleared`.
const COUNTER: &str = "
states = {}
def fresh(): return {'n': 0}
no = {'ok': False, 'error': {'code': 'RF-STATE-UNSERIALIZABLE', 'message': 'a float at /o'}}
for line in sys.stdin:
    asked = json.loads(line)
    if asked['cmd'] == 'init':
        say({'ok': True, 'abi': 1, 'types': ['Good', 'Bad', 'Cleared'], 'ignored': ['Quiet']})
    elif asked['cmd'] == 'state':
        state = states.get(asked['key'], fresh())
        say(no if 'bad' in state else {'ok': True, 'states': {asked['key']: state}})
    elif asked['cmd'] == 'load':
        states[asked['key']] = asked['state']
        say({'ok': True})
    elif asked['cmd'] == 'reset':
        states = {}
        say({'ok': True})
    elif asked['cmd'] == 'apply':
        each = []
        for event in asked['events']:
            state = states.setdefault(event['key'], fresh())
            state['n'] += 1
            if event['type'] == 'Bad': state['bad'] = True
            if event['type'] == 'Cleared': state.pop('bad', None)
            each.append(dict(state))
        is_bad = asked['want'] != 'none' and any('bad' in state for state in each)
        if is_bad: say(no)
        elif asked['want'] == 'each': say({'ok': True, 'states': each})
        elif asked['want'] == 'final': say({'ok': True, 'states': states})
        else: say({'ok': True})
    else:
        break
";

fn counter() -> ProcessProgram {
    let loaded = load(COUNTER, GuestLimits::DEFAULT, &walls().swap_remove(0));
    loaded.unwrap_or_else(|error| panic!("{error}"))
}

/// `before` events, the bad one, and `after` more.
fn with_a_bad_one(before: usize, after: usize) -> Events {
    let mut list = vec![("Good", "{}"); before];
    if let Some(quiet) = list.get_mut(0) {
        quiet.0 = "Quiet";
    }
    list.push(("Bad", "{}"));
    list.extend(vec![("Good", "{}"); after]);
    events(&list)
}

fn step_through(fold: &mut Fold, events: &Events, is_ahead: bool, findings: &Findings) -> Folded {
    let count = events.batch.len();
    for row in 0..count {
        if is_ahead && row % 4 == 0 {
            let mut coming = (row..count.min(row + 4)).map(|row| events.batch.event(row));
            fold.look_ahead(&mut coming, &events.names, StatesAsked::LastState);
        }
        fold.step(&events.batch.event(row), &events.names, Some(findings))
            .unwrap();
    }
    let folded = fold.folded().unwrap();
    fold.report_untold(Some(findings));
    folded
}

#[test]
fn the_event_is_named_since_which_the_state_cannot_be_told() {
    let program = counter();
    for (before, after) in [(1, 0), (1, 1), (5, 0), (4, 7), (9, 22)] {
        for (detail, is_ahead) in [
            (Detail::State, false),
            (Detail::State, true),
            (Detail::Blame, false),
            (Detail::Blame, true),
        ] {
            let (events, findings) = (with_a_bad_one(before, after), Findings::default());
            let mut fold = Fold::new(&program as &dyn HandlerProgram, detail).unwrap();
            let folded = step_through(&mut fold, &events, is_ahead, &findings);
            let at = Moment(before as u32 + 1);
            let (moment, fault) = folded.fault.unwrap();
            assert_eq!((moment, fault.code), (at, "RF-STATE-UNSERIALIZABLE"));
            assert_eq!(folded.incomplete_since, Some(at));
            // The first one is quiet.
            assert_eq!(text(&folded.state), format!(r#"{{"n":{}}}"#, before - 1));
            let list: Vec<_> = findings.summary().into_iter().flat_map(|(_, _, kept)| kept).collect();
            assert_eq!(list.len(), 1, "{list:?}");
            let version = list[0].version.map(|version| version.0);
            assert_eq!(version, Some(before as i64 + 1), "{list:?}");
            assert_eq!(list[0].stream.as_deref(), Some(&b"order-1"[..]));
            assert!(list[0].detail.contains("a float at /o"), "{list:?}");

            // The fold stays usable: a checkpoint, what comes behind it, and the next stream.
            let kept = fold.checkpoint().unwrap();
            fold.restore(&kept).unwrap();
            assert_eq!(fold.folded().unwrap().fault.map(|(moment, _)| moment), Some(at));
            fold.reset().unwrap();
            let good = crate::tests::events(&[("Good", "{}"), ("Good", "{}")]);
            let folded = step_through(&mut fold, &good, is_ahead, &findings);
            assert_eq!((text(&folded.state), folded.fault), (r#"{"n":2}"#.to_owned(), None));
        }
    }
}

/// Whatever is asked for on the way, and wherever checkpoints are made and gone back to.
#[test]
fn what_can_be_told_again_is_told_again() {
    let program = counter();
    let kinds = [
        "Good", "Bad", "Good", "Cleared", "Bad", "Good", "Good", "Cleared", "Good", "Bad",
    ];
    let told = [1, 1, 1, 4, 4, 4, 4, 8, 9, 9];
    let events = events(&kinds.map(|kind| (kind, "{}")));
    let asks: [&[usize]; 5] = [&[], &[0, 1, 2, 3, 4, 5, 6, 7, 8], &[2], &[5, 6], &[1, 4, 8]];
    for asked in asks {
        for is_kept in [false, true] {
            let mut fold = Fold::new(&program as &dyn HandlerProgram, Detail::State).unwrap();
            for (row, since) in told.iter().enumerate() {
                fold.step(&events.batch.event(row), &events.names, None).unwrap();
                if !asked.contains(&row) && row + 1 < kinds.len() {
                    continue;
                }
                if is_kept {
                    let kept = fold.checkpoint().unwrap();
                    fold.reset().unwrap();
                    fold.restore(&kept).unwrap();
                }
                let folded = fold.folded().unwrap();
                let since = (*since <= row).then_some(Moment(*since as u32 + 1));
                assert_eq!(
                    text(&folded.state),
                    format!(r#"{{"n":{}}}"#, told[row]),
                    "{asked:?} {row}"
                );
                assert_eq!(folded.fault.map(|(moment, _)| moment), since, "{asked:?} {row}");
                assert_eq!(folded.incomplete_since, since);
            }
        }
    }
}

#[test]
fn what_was_told_before_is_not_to_blame() {
    let program = counter();
    let events = with_a_bad_one(6, 6);
    let mut fold = Fold::new(&program as &dyn HandlerProgram, Detail::State).unwrap();
    for row in 0..events.batch.len() {
        fold.step(&events.batch.event(row), &events.names, None).unwrap();
        // Asked for in between, or kept to go on from.
        match row {
            2 => drop(fold.folded().unwrap()),
            4 => drop(fold.checkpoint().unwrap()),
            _ => {}
        }
    }
    let folded = fold.folded().unwrap();
    assert_eq!(folded.fault.map(|(moment, _)| moment), Some(Moment(7)));
    assert_eq!(text(&folded.state), r#"{"n":5}"#);
}

#[test]
fn the_fixtures_program_says_where_in_the_state() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/orders/programs");
    let speaks = std::fs::read_to_string(root.join("order-python/versions/1.1.0/refold_handler.py")).unwrap();
    let folds = "
from refold_handler import run
def spent(state, data, event): state['o'] = {'a/b': [1, float(data['amount'])]}
run(dict, {'MoneySpent': spent})
";
    let command = vec!["python3".to_owned(), "handler.py".to_owned()];
    let options = refold_core::value::Value::from_json(b"{}", 4).unwrap();
    let files = [
        ("handler.py", folds.as_bytes()),
        ("refold_handler.py", speaks.as_bytes()),
    ];
    let file = super::ProgramFile::of_files(files, command, options).unwrap();
    let identity = crate::tests::identity(super::PROCESS_ENGINE_ID);
    let walls = walls().swap_remove(0);
    let program = ProcessProgram::load(identity, file, GuestLimits::DEFAULT, walls).unwrap_or_else(|it| panic!("{it}"));
    let (state, fault) = crate::tests::folded(&program, &events(&[("MoneySpent", r#"{"amount":1.5}"#)]));
    let (moment, fault) = fault.unwrap();
    assert_eq!((state.as_str(), moment), ("{}", 1));
    assert_eq!(
        fault.to_string(),
        "RF-STATE-UNSERIALIZABLE: the state after this event cannot be told: the state holds a float at /o/a~1b/1, \
         which is no plain data"
    );
}
