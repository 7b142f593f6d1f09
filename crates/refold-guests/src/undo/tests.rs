//! A guest of a few lines: what is told is what each state says by itself.

use std::sync::Mutex;

use proptest::prelude::*;

use super::*;
use crate::tests::{Events, events};

/// Counts events.
struct Counter {
    /// Whether the state after so many events can be told.
    is_told: Vec<bool>,
    /// Whether a guest lives on when it could not say its state.
    lives_on: bool,
    /// What the next questions fail with, whatever the state.
    failing: Mutex<Vec<&'static str>>,
    initial: (Arc<[u8]>, Value),
    limits: GuestLimits,
}

struct CounterGuest {
    counter: Arc<Counter>,
    count: usize,
    is_sound: bool,
}

/// A handler makes guests that know it.
struct Counters(Arc<Counter>);

impl Handler for Counters {
    type Guest = CounterGuest;

    fn guest(&self) -> Result<CounterGuest, HandlerFault> {
        Ok(CounterGuest {
            counter: Arc::clone(&self.0),
            count: 0,
            is_sound: false,
        })
    }

    fn initial(&self) -> &(Arc<[u8]>, Value) {
        &self.0.initial
    }

    fn limits(&self) -> &GuestLimits {
        &self.0.limits
    }
}

fn number(count: usize) -> Value {
    Value::from_json(count.to_string().as_bytes(), 4).unwrap()
}

impl Guest for CounterGuest {
    fn apply(&mut self, _: &[u8], _: Timestamp) -> Result<Folded, HandlerFault> {
        self.count += 1;
        Ok(Folded::Done)
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        self.is_sound = false;
        if let Some(code) = self.counter.failing.lock().unwrap().pop() {
            return Err(fault(code, "by chance"));
        }
        if self.counter.is_told[self.count] {
            return Ok(number(self.count));
        }
        self.is_sound = self.counter.lives_on;
        Err(fault(code::STATE_UNSERIALIZABLE, format!("after {}", self.count)))
    }

    fn save(&mut self) -> Result<Arc<[u8]>, HandlerFault> {
        self.state()?;
        Ok(Arc::from(self.count.to_string().into_bytes()))
    }

    fn restore(&mut self, saved: &[u8]) -> Result<(), HandlerFault> {
        self.count = std::str::from_utf8(saved).unwrap().parse().unwrap();
        Ok(())
    }

    fn is_sound(&self) -> bool {
        self.is_sound
    }
}

fn counter(is_told: &[bool], lives_on: bool) -> Undoable<Counters> {
    Undoable::new(Arc::new(Counters(Arc::new(Counter {
        is_told: is_told.to_vec(),
        lives_on,
        failing: Mutex::default(),
        initial: (Arc::from(*b"0"), number(0)),
        limits: GuestLimits::DEFAULT,
    }))))
}

fn fold(undoable: &mut Undoable<Counters>, events: &Events, row: usize) {
    let folded = undoable.fold(&events.batch.event(row), |out, _| out.push(b'.'));
    assert_eq!(folded, Ok(Folded::Done));
}

#[derive(Debug, Clone)]
enum Ask {
    Nothing,
    State,
    Checkpoint,
}

proptest! {
    #[test]
    fn the_event_behind_the_last_state_that_can_be_told_is_found_whatever_was_asked_before(
        told in prop::collection::vec(any::<bool>(), 1..40),
        runs in prop::collection::vec(1_usize..6, 40),
        asks in prop::collection::vec(
            prop_oneof![4 => Just(Ask::Nothing), 1 => Just(Ask::State), 1 => Just(Ask::Checkpoint)],
            240,
        ),
        lives_on in any::<bool>(),
    ) {
        let mut is_told = vec![true];
        for (told, length) in told.into_iter().zip(runs) {
            is_told.extend(vec![told; length]);
        }
        let events = events(&vec![("A", "{}"); is_told.len() - 1]);
        let mut undoable = counter(&is_told, lives_on);
        for count in 1..is_told.len() {
            fold(&mut undoable, &events, count - 1);
            match &asks[count] {
                Ask::Nothing if count + 1 < is_told.len() => continue,
                Ask::Checkpoint => {
                    let kept = undoable.checkpoint().unwrap();
                    undoable.reset();
                    undoable.restore(&kept).unwrap();
                    prop_assert_eq!(undoable.is_told(), is_told[count]);
                    continue;
                }
                Ask::Nothing | Ask::State => {}
            }
            match undoable.state() {
                Ok(state) => {
                    prop_assert!(is_told[count]);
                    prop_assert_eq!(state, number(count));
                }
                Err(_) => {
                    let before = (0..count).rev().find(|count| is_told[*count]).unwrap();
                    let untold = undoable.take_untold().unwrap();
                    prop_assert!(!is_told[count]);
                    prop_assert_eq!(untold.before, number(before));
                    prop_assert_eq!(Some(&untold.position), events.batch.positions.get(before));
                    // Of that event, and not of a later one.
                    let said = format!("the state after this event cannot be told: after {}", before + 1);
                    prop_assert_eq!(untold.fault.message, said);
                }
            }
            prop_assert_eq!(undoable.is_told(), is_told[count]);
        }
    }
}

/// A process that ends once may have been ended by anybody; what takes too long took too long on this machine.
#[test]
fn what_happens_by_chance_is_no_fault_of_an_event() {
    let events = events(&[("A", "{}"); 6]);
    for (failing, outcome) in [
        (vec![code::PROC_EXIT], Ok(number(6))),
        (vec![code::PROC_PROTOCOL], Ok(number(6))),
        (vec![code::PROC_TIMEOUT], Err(code::PROC_TIMEOUT)),
        (vec![code::LIMIT_WALL], Err(code::LIMIT_WALL)),
        (vec![code::PROC_START], Err(code::PROC_START)),
    ] {
        let mut undoable = counter(&[true; 7], false);
        (0..6).for_each(|row| fold(&mut undoable, &events, row));
        *undoable.handler().0.failing.lock().unwrap() = failing;
        assert_eq!(undoable.state().map_err(|fault| fault.code), outcome);
        assert!(undoable.take_untold().is_none());
        // It is where it was.
        assert_eq!(undoable.state(), Ok(number(6)));
    }
}

/// What is tried to keep memory small is no fault of the event after which it is tried.
#[test]
fn a_journal_that_cannot_be_shortened_grows() {
    let mut is_told = vec![true];
    is_told.extend([false; 5]);
    is_told.push(true);
    let (events, mut undoable) = (events(&[("A", "{}"); 6]), counter(&is_told, false));
    for row in 0..6 {
        let folded = undoable.fold(&events.batch.event(row), |out, _| {
            out.extend(vec![b'.'; MAX_JOURNAL_BYTES / 2])
        });
        assert_eq!(folded, Ok(Folded::Done));
        assert_eq!(undoable.shorten(), Ok(()));
    }
    assert_eq!(undoable.state(), Ok(number(6)));
}
