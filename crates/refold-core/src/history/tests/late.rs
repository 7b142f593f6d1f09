//! A handler whose state cannot be told since an event: the history opens, and says so once.

use super::*;
use crate::event::EventView;
use crate::port::handler::{Applied, Checkpoint, HandlerFault, HandlerIdentity, HandlerInstance, Written};
use crate::value::Number;

/// Counts events, and cannot say how many from this position on.
struct Late {
    identity: HandlerIdentity,
    since: Position,
}

struct LateInstance {
    since: Position,
    count: i64,
    /// How many there were before the event that is to blame.
    before: Option<i64>,
    untold: Option<(Position, HandlerFault)>,
}

impl HandlerProgram for Late {
    fn identity(&self) -> &HandlerIdentity {
        &self.identity
    }

    fn start(&self) -> Box<dyn HandlerInstance> {
        Box::new(LateInstance {
            since: self.since,
            count: 0,
            before: None,
            untold: None,
        })
    }
}

impl HandlerInstance for LateInstance {
    fn reset(&mut self) {
        (self.count, self.before, self.untold) = (0, None, None);
    }

    fn apply(&mut self, event: &EventView<'_>, _: &Names, _: &mut Written) -> Result<Applied, HandlerFault> {
        if event.position == self.since {
            self.before = Some(self.count);
        }
        self.count += 1;
        Ok(Applied::Folded)
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        let Some(before) = self.before.take() else {
            return Ok(Value::Number(Number::from(self.count)));
        };
        self.count = before;
        let fault = HandlerFault {
            code: "RF-STATE-UNSERIALIZABLE",
            message: "no".to_owned(),
            place: None,
        };
        self.untold = Some((self.since, fault.clone()));
        Err(fault)
    }

    fn tells_late(&self) -> bool {
        true
    }

    fn take_untold(&mut self) -> Option<(Position, HandlerFault)> {
        self.untold.take()
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault> {
        let state = self.state()?;
        Ok(Checkpoint::State { state, json_bytes: 8 })
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        self.reset();
        if let Checkpoint::State {
            state: Value::Number(count),
            ..
        } = checkpoint
        {
            self.count = count.to_i64().unwrap();
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn each_state_is_that_before_the_event_and_it_is_said_once(
        since in 1_u32..200,
        seeks in prop::collection::vec(0_u32..=200, 1..12),
        budget in any_budget(),
        with_blame in any::<bool>(),
    ) {
        let mut stream = TestStream::new(vec![Deed::RotateLines; 200]);
        let identity = TestProgram::of(&stream).identity().clone();
        let program = Arc::new(Late { identity, since: Position(since.into()) });
        let detail = if with_blame { Detail::Blame } else { Detail::State };
        let clock = Arc::new(TickingClock::default());
        let mut history = History::new(program, stream.track(), detail, budget, clock).unwrap();
        let (cancel, findings) = (CancelToken::default(), Findings::default());
        let work = Work::new(&cancel, &Silent);
        for at in &seeks {
            let folded = history.state_at(&work, &mut stream, &findings, Moment(*at)).unwrap();
            let is_frozen = *at >= since;
            let count = if is_frozen { since - 1 } else { *at };
            prop_assert_eq!(folded.state, Value::Number(Number::from(i64::from(count))));
            prop_assert_eq!(folded.moment, Moment(*at));
            let frozen = is_frozen.then_some(Moment(since));
            prop_assert_eq!(folded.incomplete_since, frozen);
            prop_assert_eq!(folded.fault.map(|(moment, _)| moment), frozen);
            history.fill_window(&work, &mut stream, &findings, Moment(*at)).unwrap();
        }
        history.warm_up(&work, &mut stream, &findings).unwrap();
        history.state_at(&work, &mut stream, &findings, Moment(200)).unwrap();
        prop_assert_eq!(counts(&findings), vec![("RF-STATE-UNSERIALIZABLE", 1)]);
        let said = findings.summary().remove(0).2.remove(0);
        prop_assert_eq!(said.version.map(|version| version.0), Some(i64::from(since)));
        prop_assert_eq!(said.stream.as_deref(), Some(&b"order-1"[..]));
    }
}
