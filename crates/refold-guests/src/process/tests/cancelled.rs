//! A program that works for long, and nobody who waits for it any more.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use refold_core::fold::{Detail, Fold, FoldError};
use refold_core::track::Moment;
use refold_core::work::CancelToken;

use super::*;
use crate::heed_cancel;
use crate::tests::{events, folded};

const SLEEPER: &str = "
states = {}
for line in sys.stdin:
    asked = json.loads(line)
    if asked['cmd'] == 'state':
        say({'ok': True, 'states': {asked['key']: states.get(asked['key'], 0)}})
    else:
        for event in asked.get('events', []):
            if event['type'] == 'Slow': time.sleep(60)
            states[event['key']] = states.get(event['key'], 0) + 1
        say({'ok': True})
";
/// It may take ten seconds, were it waited for.
const PATIENT: GuestLimits = GuestLimits {
    wall_millis: 60_000,
    ..GuestLimits::DEFAULT
};
/// Far less than it may take, and far more than it should on a machine that does much else.
const SOON: Duration = Duration::from_secs(3);

#[test]
fn a_program_is_not_waited_for_once_the_work_is_cancelled() {
    let program = load(SLEEPER, PATIENT, &walls().swap_remove(0)).unwrap_or_else(|error| panic!("{error}"));
    let slow = events(&[("Good", "{}"), ("Slow", "{}")]);
    let mut fold = Fold::new(&program, Detail::State).unwrap();
    fold.step(&slow.batch.event(0), &slow.names, None).unwrap();
    let (token, both) = (CancelToken::default(), Barrier::new(2));
    let started = Instant::now();
    let stepped = thread::scope(|threads| {
        threads.spawn(|| {
            both.wait();
            token.cancel();
        });
        let _heeds = heed_cancel(&token);
        both.wait();
        fold.step(&slow.batch.event(1), &slow.names, None)
    });
    assert!(matches!(stepped, Err(FoldError::Cancelled(_))), "{stepped:?}");
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    // It is no fault, and what is asked of the same fold later is right.
    assert_eq!(fold.moment(), Moment::START);
    fold.step(&slow.batch.event(0), &slow.names, None).unwrap();
    let again = fold.folded().unwrap();
    assert_eq!((again.state.display_json().as_str(), again.fault), ("1", None));
    assert_eq!(
        folded(&program, &events(&[("Good", "{}"), ("Good", "{}")])),
        ("2".to_owned(), None)
    );
}

#[test]
fn a_program_that_is_slow_to_start_is_not_waited_for_either() {
    let token = CancelToken::default();
    token.cancel();
    let _heeds = heed_cancel(&token);
    let started = Instant::now();
    let loaded = load("time.sleep(60)", PATIENT, &walls().swap_remove(0));
    assert_eq!(loaded.err().map(|error| error.code), Some("cancelled"));
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
}
