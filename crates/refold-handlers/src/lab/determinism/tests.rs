//! Programs that keep something beside their state, share it or take it from elsewhere are found, each by its check;
//! rules are not among them, whatever happens.

use std::sync::atomic::{AtomicI64, Ordering};

use proptest::prelude::*;
use refold_core::event::EventView;
use refold_core::port::handler::{Applied, HandlerFault, HandlerIdentity, HandlerInstance, Untold};
use refold_core::value::{Number, Object, Text};
use refold_core::work::{CancelToken, Silent};

use super::super::tests::{APPENDS, PREPENDS, REFUSES, TAKES, batch_of, histories, program, shared};
use super::*;

/// What a program does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// Counts the events of all instances.
    Shares,
    /// Counts beside its state, which a checkpoint has not.
    Hides,
    /// The same, and its first event does nothing.
    HidesLater,
    /// Forgets nothing when it is reset.
    Remembers,
}

struct Counter {
    identity: HandlerIdentity,
    fault: Fault,
    all: Arc<AtomicI64>,
}

struct Counting {
    fault: Fault,
    all: Arc<AtomicI64>,
    hidden: i64,
    has_begun: bool,
    count: i64,
}

impl HandlerProgram for Counter {
    fn identity(&self) -> &HandlerIdentity {
        &self.identity
    }

    fn start(&self) -> Box<dyn HandlerInstance> {
        Box::new(Counting {
            fault: self.fault,
            all: Arc::clone(&self.all),
            hidden: 0,
            has_begun: false,
            count: 0,
        })
    }
}

impl HandlerInstance for Counting {
    fn reset(&mut self) {
        if self.fault != Fault::Remembers {
            (self.count, self.hidden, self.has_begun) = (0, 0, false);
        }
    }

    fn apply(&mut self, _: &EventView<'_>, _: &Names, _: &mut Written) -> Result<Applied, HandlerFault> {
        if self.fault == Fault::HidesLater && !std::mem::replace(&mut self.has_begun, true) {
            return Ok(Applied::Ignored);
        }
        self.hidden += 1;
        self.count = match self.fault {
            Fault::Shares => self.all.fetch_add(1, Ordering::Relaxed),
            Fault::Hides | Fault::HidesLater => self.hidden,
            Fault::None | Fault::Remembers => self.count + 1,
        };
        Ok(Applied::Folded)
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        let count = Value::Number(Number::from(self.count));
        Ok(Value::Object(Object::from_iter([(Text::from("count"), count)])))
    }

    fn tells_late(&self) -> bool {
        false
    }

    fn is_told(&self) -> bool {
        true
    }

    fn take_untold(&mut self) -> Option<Untold> {
        None
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault> {
        let state = self.state()?;
        Ok(Checkpoint::State { state, json_bytes: 0 })
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        self.has_begun = true;
        if let Checkpoint::State {
            state: Value::Object(state),
            ..
        } = checkpoint
            && let Some(Value::Number(count)) = state.get(b"count")
        {
            self.count = count.to_i64().unwrap_or_default();
        }
        Ok(())
    }
}

/// Events of two streams by turns.
fn two_streams() -> (EventBatch, Names) {
    let (mut batch, mut names) = batch_of(&[(0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (0, 1)]);
    for row in (1..batch.len()).step_by(2) {
        batch.streams[row] = names.intern_stream(b"shop-2", || b"shop");
    }
    (batch, names)
}

fn mismatches(program: &Arc<dyn HandlerProgram>, batch: &EventBatch, names: &Names) -> Vec<Mismatch> {
    let token = CancelToken::default();
    try_out(&Work::new(&token, &Silent), program, names, batch)
        .unwrap()
        .mismatches
}

fn counter(fault: Fault) -> Arc<dyn HandlerProgram> {
    let identity = HandlerIdentity {
        name: "counter".to_owned(),
        version: "1".to_owned(),
        hash: String::new(),
        engine: "test".to_owned(),
    };
    let all = Arc::default();
    Arc::new(Counter { identity, fault, all })
}

#[test]
fn each_check_finds_what_it_is_there_for() {
    let (batch, names) = two_streams();
    for (fault, expected) in [
        (Fault::None, vec![]),
        (Fault::Shares, vec![Check::Again, Check::Cut, Check::Alone]),
        (Fault::Hides, vec![Check::Cut]),
        (Fault::Remembers, vec![Check::Again]),
    ] {
        let found = mismatches(&counter(fault), &batch, &names);
        let checks: Vec<Check> = found.iter().map(|mismatch| mismatch.check).collect();
        assert_eq!(checks, expected, "{fault:?}");
        assert!(found.iter().all(|mismatch| mismatch.path == "/count"), "{found:?}");
    }
}

/// One stream alone, whose first event the handler has no rule for, as in the sample: the counter begins with the second.
#[test]
fn a_counter_beside_the_state_shows_in_a_single_stream() {
    let (batch, names) = batch_of(&[(0, 1), (0, 2), (0, 3), (0, 4)]);
    for fault in [Fault::Hides, Fault::HidesLater] {
        let found = mismatches(&counter(fault), &batch, &names);
        let checks: Vec<Check> = found.iter().map(|mismatch| mismatch.check).collect();
        assert_eq!(checks, [Check::Cut], "{fault:?}");
    }
}

proptest! {
    #[test]
    fn rules_are_safe_to_replay(history in histories()) {
        let (batch, names) = batch_of(&history);
        for rule in [TAKES, PREPENDS, APPENDS, REFUSES] {
            prop_assert_eq!(mismatches(&shared(&program(rule)), &batch, &names), vec![]);
        }
    }
}
