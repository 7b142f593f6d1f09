//! A handler whose state cannot be told after some events: the history opens, each answer is that of its moment alone, and
//! what is wrong is said once.

use std::collections::BTreeSet;

use super::*;
use crate::event::{EventView, Position};
use crate::port::handler::{Applied, Checkpoint, HandlerFault, HandlerIdentity, HandlerInstance, Untold, Written};
use crate::value::Number;

/// Counts events, and cannot say how many where this says so.
struct Late {
    identity: HandlerIdentity,
    is_told: Arc<[bool]>,
}

struct LateInstance {
    is_told: Arc<[bool]>,
    count: usize,
    /// Where a checkpoint was made last that holds a state, or a state was told.
    sure: usize,
    untold: Option<Untold>,
}

/// What a checkpoint holds.
struct Kept {
    count: usize,
    sure: usize,
}

impl HandlerProgram for Late {
    fn identity(&self) -> &HandlerIdentity {
        &self.identity
    }

    fn start(&self) -> Box<dyn HandlerInstance> {
        Box::new(LateInstance {
            is_told: Arc::clone(&self.is_told),
            count: 0,
            sure: 0,
            untold: None,
        })
    }
}

fn number(count: usize) -> Value {
    Value::Number(Number::from(count as i64))
}

impl HandlerInstance for LateInstance {
    fn reset(&mut self) {
        (self.count, self.sure, self.untold) = (0, 0, None);
    }

    fn apply(&mut self, event: &EventView<'_>, _: &Names, _: &mut Written) -> Result<Applied, HandlerFault> {
        self.count += 1;
        assert_eq!(event.position, Position(self.count as i64));
        Ok(Applied::Folded)
    }

    fn state(&mut self) -> Result<Value, HandlerFault> {
        if self.is_told[self.count] {
            self.sure = self.count;
            return Ok(number(self.count));
        }
        let before = (0..self.count).rev().find(|count| self.is_told[*count]).unwrap();
        assert!(before >= self.sure);
        let fault = HandlerFault {
            code: "RF-STATE-UNSERIALIZABLE",
            message: "no".to_owned(),
            place: None,
        };
        self.untold = Some(Untold {
            position: Position(before as i64 + 1),
            fault: fault.clone(),
            before: number(before),
        });
        Err(fault)
    }

    fn tells_late(&self) -> bool {
        true
    }

    fn is_told(&self) -> bool {
        self.sure == self.count
    }

    fn take_untold(&mut self) -> Option<Untold> {
        self.untold.take()
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, HandlerFault> {
        if self.is_told[self.count] {
            self.sure = self.count;
        }
        let kept = Kept {
            count: self.count,
            sure: self.sure,
        };
        Ok(Checkpoint::Opaque {
            body: Arc::new(kept),
            byte_count: 8,
        })
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), HandlerFault> {
        self.reset();
        if let Checkpoint::Opaque { body, .. } = checkpoint {
            let kept = body.downcast_ref::<Kept>().unwrap();
            (self.count, self.sure) = (kept.count, kept.sure);
        }
        Ok(())
    }
}

/// Stretches of events after which the state can be told, and after which it cannot, in turn.
fn any_course() -> impl Strategy<Value = Arc<[bool]>> {
    prop::collection::vec(1_usize..60, 1..12).prop_map(|stretches| {
        let mut course = Vec::new();
        for (at, length) in stretches.into_iter().enumerate() {
            course.extend(vec![at % 2 == 0; length]);
        }
        Arc::from(course)
    })
}

proptest! {
    #[test]
    fn each_state_is_that_of_its_moment_whatever_was_asked_before_it(
        is_told in any_course(),
        seeks in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..12),
        budget in any_budget(),
        with_blame in any::<bool>(),
    ) {
        let mut stream = TestStream::new(vec![Deed::RotateLines; is_told.len() - 1]);
        let identity = TestProgram::of(&stream).identity().clone();
        let program = Arc::new(Late { identity, is_told: Arc::clone(&is_told) });
        let detail = if with_blame { Detail::Blame } else { Detail::State };
        let clock = Arc::new(TickingClock::default());
        let mut history = History::new(program, stream.track(), detail, budget, clock).unwrap();
        let (cancel, findings) = (CancelToken::default(), Findings::default());
        let work = Work::new(&cancel, &Silent);
        let head = is_told.len() - 1;
        let mut found = BTreeSet::new();
        let seeks = seeks.iter().map(|(at, fills)| (at.index(is_told.len()), *fills));
        for (at, fills) in seeks.chain([(head, false), (0, true), (head, true)]) {
            let folded = history.state_at(&work, &mut stream, &findings, Moment(at as u32)).unwrap();
            let before = (0..=at).rev().find(|count| is_told[*count]).unwrap();
            prop_assert_eq!(folded.state, number(before));
            prop_assert_eq!(folded.moment, Moment(at as u32));
            let since = (before < at).then_some(Moment(before as u32 + 1));
            prop_assert_eq!(folded.incomplete_since, since);
            prop_assert_eq!(folded.fault.map(|(moment, _)| moment), since);
            found.extend(since.map(|since| i64::from(since.0)));
            if fills {
                history.fill_window(&work, &mut stream, &findings, Moment(at as u32)).unwrap();
            }
        }
        history.warm_up(&work, &mut stream, &findings).unwrap();
        // Each once, however often it was asked for. The window and blame ask for more than somebody looked at.
        let said: u64 = counts(&findings).iter().map(|(_, count)| count).sum();
        let runs = (1..is_told.len()).filter(|at| is_told[at - 1] && !is_told[*at]).count() as u64;
        prop_assert!(found.len() as u64 <= said && said <= runs, "{} {said} {runs}", found.len());
        for finding in findings.summary().into_iter().flat_map(|(_, _, kept)| kept) {
            let version = finding.version.unwrap().0 as usize;
            prop_assert!(is_told[version - 1] && !is_told[version]);
            prop_assert_eq!(finding.stream.as_deref(), Some(&b"order-1"[..]));
        }
    }
}
