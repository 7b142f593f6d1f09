//! Committed events that are held back, because others may still come between them: told once they have been for a while, and
//! once that is over. Where transactions come and go, some are held back for a moment at every look.

use std::time::{Duration, Instant};

use refold_core::event::Position;
use refold_core::port::store::HeldBack;

use crate::clock;
use crate::text;
use crate::wire::HeldBackWire;

/// What is over sooner is told to nobody: a choice of this watch alone, about as long as a person waits without asking why.
const PATIENCE: Duration = Duration::from_secs(3);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Held {
    present: Option<Present>,
}

#[derive(Debug)]
struct Present {
    behind: Option<Position>,
    last: Position,
    seen_at: Instant,
    since: String,
    is_told: bool,
}

/// What is to be told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Begun,
    /// The sentence for it.
    Over(String),
}

impl Held {
    /// Takes in what a look saw at `now`.
    pub(crate) fn see(&mut self, held: Option<HeldBack>, now: Instant) -> Option<Change> {
        let is_same = |present: &Present| held.is_some_and(|held| held.behind == present.behind);
        if let Some(present) = self.present.as_mut().filter(|present| is_same(present)) {
            present.last = held.map_or(present.last, |held| held.last);
            let begins = !present.is_told && now.saturating_duration_since(present.seen_at) >= PATIENCE;
            present.is_told |= begins;
            return begins.then_some(Change::Begun);
        }
        let before = self.present.take();
        self.present = held.map(|held| Present {
            behind: held.behind,
            last: held.last,
            seen_at: now,
            since: text::time_label(clock::now(), 0),
            is_told: false,
        });
        let before = before.filter(|before| before.is_told)?;
        Some(Change::Over(format!(
            "no longer held back: what was committed {}",
            behind(before.behind)
        )))
    }

    /// What is held back, where that was told.
    pub(crate) fn wire(&self) -> Option<HeldBackWire> {
        let present = self.present.as_ref().filter(|present| present.is_told)?;
        let number = |position: Position| text::position_label(position);
        Some(HeldBackWire {
            behind: present.behind.map(number).unwrap_or_default(),
            last: number(present.last),
            since: present.since.clone(),
        })
    }

    /// The same in a sentence.
    pub(crate) fn sentence(&self) -> Option<String> {
        let present = self.present.as_ref().filter(|present| present.is_told)?;
        Some(format!(
            "held back {} since {}: events up to #{} are committed, and others may still come between them",
            behind(present.behind),
            present.since,
            text::position_label(present.last)
        ))
    }
}

fn behind(position: Option<Position>) -> String {
    position.map_or_else(
        || "from the first one on".to_owned(),
        |position| format!("behind #{}", text::position_label(position)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_once_after_a_while_and_once_when_it_is_over() {
        let (mut held, begin) = (Held::default(), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        let some = |behind, last| {
            Some(HeldBack {
                behind: Some(Position(behind)),
                last: Position(last),
            })
        };
        assert_eq!(held.see(some(4, 6), at(0)), None);
        // Another transaction by now.
        assert_eq!(held.see(some(6, 8), at(2)), None);
        assert_eq!((held.see(some(6, 8), at(4)), held.sentence()), (None, None));
        assert_eq!(held.see(some(6, 9), at(5)), Some(Change::Begun));
        let said = held.sentence().unwrap();
        assert!(said.contains("behind #6 since") && said.contains("up to #9"), "{said}");
        assert_eq!(held.see(some(6, 10), at(9)), None);
        assert_eq!(held.wire().unwrap().last, "10");
        let Some(Change::Over(said)) = held.see(None, at(10)) else {
            panic!("it is over");
        };
        assert!(
            said.contains("no longer held back") && said.contains("behind #6"),
            "{said}"
        );
        assert_eq!((held.see(None, at(11)), held.wire().is_none()), (None, true));
    }
}
