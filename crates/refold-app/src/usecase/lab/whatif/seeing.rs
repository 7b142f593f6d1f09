//! What is noted while both lines are folded.

use refold_core::diff::{ArrayKeys, diff};
use refold_core::port::handler::HandlerProgram;
use refold_core::value::Value;
use refold_handlers::lab::sandbox::{Outcome, Row, RowMark, Seen};
use refold_handlers::lab::{Divergence, Rules};

use super::opened::Opened;
use super::{DivergenceAnswer, IntervalAnswer, LineCourse, LinesInvariant, OtherwiseAnswer, RowAnswer, SandboxPlace};
use crate::answer::Literal;
use crate::findings;
use crate::mask::Cover;
use crate::usecase::lab::{shown_at, shown_path};

/// Rows from the first one that is otherwise that are told one by one.
const MOST_ROWS: usize = 1_000;
/// Places of a row at which the states differ that are told.
const MOST_PLACES: usize = 16;

/// What came of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::usecase::lab) struct Noted {
    /// What the event came to, in a word: record, sandbox. `None`: it is not there on that line.
    pub outcomes: [Option<&'static str>; 2],
    pub differs: bool,
}

impl Noted {
    pub const FAILED: &str = "failed";
}

/// See the module.
pub(super) struct Seeing<'a> {
    opened: &'a Opened,
    cover: &'a Cover,
    keys: ArrayKeys,
    rules: Option<&'a Rules>,
    /// Whether a row was otherwise already.
    is_branched: bool,
    was_different: bool,
    /// Of both lines: record, sandbox.
    states: [Value; 2],
    pub first: Option<DivergenceAnswer>,
    pub intervals: Vec<IntervalAnswer>,
    pub otherwise: Vec<OtherwiseAnswer>,
    pub otherwise_count: u32,
    pub invariants: Vec<LinesInvariant>,
    pub rows: Vec<RowAnswer>,
    pub row_count: u32,
    pub course: Vec<Noted>,
    /// Why a line failed: record, sandbox.
    pub stops: [Option<String>; 2],
}

impl<'a> Seeing<'a> {
    pub fn of(
        opened: &'a Opened,
        program: &dyn HandlerProgram,
        cover: &'a Cover,
        rules: Option<&'a Rules>,
    ) -> Seeing<'a> {
        let invariants = rules.into_iter().flat_map(|rules| rules.invariants().iter());
        Seeing {
            opened,
            cover,
            keys: ArrayKeys::new(program.array_keys()),
            rules,
            is_branched: false,
            was_different: false,
            states: [Value::Null, Value::Null],
            first: None,
            intervals: Vec::new(),
            otherwise: Vec::new(),
            otherwise_count: 0,
            invariants: invariants
                .map(|invariant| LinesInvariant {
                    id: invariant.id.clone(),
                    severity: findings::severity(invariant.severity),
                    record: LineCourse::default(),
                    sandbox: LineCourse::default(),
                })
                .collect(),
            rows: Vec::new(),
            row_count: 0,
            course: Vec::new(),
            stops: [None, None],
        }
    }

    pub fn see(&mut self, row: &Row, seen: &Seen<'_>) {
        self.states = seen.states.map(Value::clone);
        self.is_branched |= row.mark != RowMark::Kept;
        self.ask_invariants(row, seen);
        self.course.push(Noted {
            outcomes: seen.outcomes.each_ref().map(|outcome| outcome.as_ref().map(word)),
            differs: seen.differs,
        });
        for (stop, outcome) in self.stops.iter_mut().zip(&seen.outcomes) {
            if let Some(Outcome::Failed(_)) = outcome {
                *stop = outcome.as_ref().map(told);
            }
        }
        if !self.is_branched {
            return;
        }
        self.note_otherwise(row, seen);
        self.note_interval(row, seen);
        self.row_count = self.row_count.saturating_add(1);
        if self.rows.len() < MOST_ROWS {
            let (places, differing) = if seen.differs {
                self.places(MOST_PLACES)
            } else {
                (Vec::new(), 0)
            };
            let [record, sandbox] = seen.outcomes.each_ref().map(|outcome| outcome.as_ref().map(told));
            self.rows.push(RowAnswer {
                event: self.opened.event(row),
                record,
                sandbox,
                differing,
                places,
            });
        }
    }

    /// Where the last states differ.
    pub fn at_head(&self) -> Vec<SandboxPlace> {
        self.places(usize::MAX).0
    }

    fn note_otherwise(&mut self, row: &Row, seen: &Seen<'_>) {
        let [Some(record), Some(sandbox)] = &seen.outcomes else {
            return;
        };
        if record == sandbox || row.mark != RowMark::Kept {
            return;
        }
        self.otherwise_count = self.otherwise_count.saturating_add(1);
        if self.otherwise.len() < MOST_ROWS {
            self.otherwise.push(OtherwiseAnswer {
                event: self.opened.event(row),
                record: told(record),
                sandbox: told(sandbox),
            });
        }
    }

    fn note_interval(&mut self, row: &Row, seen: &Seen<'_>) {
        match (self.was_different, seen.differs) {
            (false, true) => {
                let event = self.opened.event(row);
                if self.first.is_none() {
                    let (places, place_count) = self.places(MOST_PLACES);
                    self.first = Some(DivergenceAnswer {
                        event: event.clone(),
                        places,
                        place_count,
                    });
                }
                if self.intervals.len() < MOST_ROWS {
                    self.intervals.push(IntervalAnswer {
                        from: event,
                        until: None,
                    });
                }
            }
            (true, false) => {
                if let Some(last) = self.intervals.last_mut() {
                    last.until = Some(self.opened.event(row));
                }
            }
            (false, false) | (true, true) => {}
        }
        self.was_different = seen.differs;
    }

    /// Asked wherever a state is new.
    fn ask_invariants(&mut self, row: &Row, seen: &Seen<'_>) {
        let Some(rules) = self.rules else { return };
        // Both lines lack what is missing: whatever breaks behind it might not have with it.
        if self
            .opened
            .stream
            .lacks()
            .is_some_and(|gap| row.moments[0] >= gap.since.0)
        {
            self.note_unclear(row, 0);
            self.note_unclear(row, 1);
            return;
        }
        let is_first = row.moments[0].max(row.moments[1]) == 1;
        for (side, outcome) in seen.outcomes.iter().enumerate() {
            if let Some(Outcome::Failed(_) | Outcome::Undecodable) = outcome {
                self.note_unclear(row, side);
            }
            if outcome.is_none() || !(is_first || *outcome == Some(Outcome::Changed)) {
                continue;
            }
            for (at, invariant) in self.invariants.iter_mut().enumerate() {
                let (course, state) = match side {
                    0 => (&mut invariant.record, seen.states[0]),
                    _ => (&mut invariant.sandbox, seen.states[1]),
                };
                course.is_broken_at_head = rules.is_broken(at, state);
                if course.is_broken_at_head && course.first_broken.is_none() {
                    course.first_broken = Some(self.opened.event(row));
                }
            }
        }
    }

    /// No state that is known to be whole could be made of the event of a row on this side.
    fn note_unclear(&mut self, row: &Row, side: usize) {
        for invariant in &mut self.invariants {
            let course = if side == 0 {
                &mut invariant.record
            } else {
                &mut invariant.sandbox
            };
            if course.unclear_since.is_none() {
                course.unclear_since = Some(self.opened.event(row));
            }
        }
    }

    /// The first so many places at which the states differ, as a person may see them, and how many there are.
    fn places(&self, most: usize) -> (Vec<SandboxPlace>, u32) {
        let [record, sandbox] = &self.states;
        let changes = diff(record, sandbox, &self.keys);
        let count = u32::try_from(changes.len()).unwrap_or(u32::MAX);
        let place = |change| {
            let of = Divergence::of(change);
            let side = |value: &Option<Value>| {
                value
                    .as_ref()
                    .map(|value| Literal(shown_at(self.cover, &of.path, value)))
            };
            SandboxPlace {
                record: side(&of.left),
                sandbox: side(&of.right),
                path: shown_path(self.cover, &of.path),
            }
        };
        (changes.into_iter().take(most).map(place).collect(), count)
    }
}

/// What an event came to, in a word or with its reason.
fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed(fault) => format!("{}: {fault}", Noted::FAILED),
        outcome => word(outcome).to_owned(),
    }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Changed => "changed",
        Outcome::Unchanged => "no change",
        Outcome::Passed => "no rules",
        Outcome::Undecodable => "unreadable",
        Outcome::Failed(_) => Noted::FAILED,
        Outcome::NotApplied => "not applied: the handler had failed",
    }
}
