//! All streams beside all rows: what is right, and what must be looked at.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use refold_core::cursor::Cursor;
use refold_core::event::Position;
use refold_core::finding::Findings;
use refold_core::fold::Folded;
use refold_core::pointer::Pointer;
use refold_core::port::handler::HandlerProgram;
use refold_core::value::Value;
use refold_core::work::Work;

use super::aligned::{Aligned, Reached};
use super::distinguishing::FirstStreams;
use super::held::{Digest, Held, HeldRows, digest, write_state};
use super::mapping::{Mapping, value_text};
use super::place::{Says, is_of_an_event, is_past_end};
use crate::error::AppError;
use crate::session::Session;
use crate::usecase::lab::{Finish, Scope, fold};

/// See the module.
pub struct Passing<'a> {
    pub session: &'a Session,
    pub mapping: &'a Mapping,
    pub program: &'a Arc<dyn HandlerProgram>,
    pub rows: Arc<HeldRows>,
    /// How far the read model is as a whole; `None`: nobody says.
    pub until: Option<Cursor>,
    pub is_csv: bool,
    /// The last position of the store.
    pub end: Option<Position>,
    /// Rows of which is known what they are, without more than that, are explained up to here, and counted beyond.
    pub most_told: usize,
    pub findings: &'a Arc<Findings>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Passed {
    pub equal: u32,
    pub lag_events: u64,
    /// The last position that a row reflects.
    pub reflected: Option<Position>,
    /// Rows that are to be explained, by number, with their streams.
    pub suspects: Vec<(u32, Vec<u8>)>,
    /// Rows that are right where they say that they are, and late.
    pub late: First,
    /// Rows that say that they are at an event that their stream does not have.
    pub unplaced: First,
    /// The same, where that event would lie behind all that there are.
    pub past_end: First,
    /// Streams that should have a row, and their first positions.
    pub rowless: Vec<(Vec<u8>, Position)>,
    /// Some streams whose rows are right.
    pub right: FirstStreams,
}

/// Rows with something in common: the first of them are among the suspects, and the others counted here.
#[derive(Debug, Default)]
pub struct First {
    pub beyond: u32,
    rows: Vec<(Vec<u8>, u32)>,
}

impl First {
    fn add(&mut self, most: usize, stream: &[u8], row: u32) {
        self.rows.push((stream.to_vec(), row));
        if self.rows.len() >= most.max(512).saturating_mul(2) {
            self.shorten(most);
        }
    }

    /// Threads finish streams as they come: the first are those of the first ids.
    fn shorten(&mut self, most: usize) {
        self.rows.sort_unstable();
        let more = self.rows.len().saturating_sub(most);
        self.beyond = self.beyond.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        self.rows.truncate(most);
    }
}

/// What a row is, as far as can be told in passing.
enum Seen {
    Right { is_late: bool },
    Unplaced { is_past_end: bool },
    Suspect,
}

impl Passing<'_> {
    pub fn run(&self, work: &Work<'_>) -> Result<Passed, AppError> {
        let aligned: Arc<dyn HandlerProgram> = Arc::new(Aligned {
            program: Arc::clone(self.program),
            rows: Arc::clone(&self.rows),
            own: self.mapping.own.clone(),
            until: self.until,
        });
        let lag = AtomicU64::new(0);
        let passed = Mutex::new(Passed::default());
        let locked = || passed.lock().unwrap_or_else(PoisonError::into_inner);
        let finish: Finish<'_> = &|id, _, folded| {
            // Of a stream without a folded event nothing was reached: its row cannot be judged here.
            let reached = Reached::of_state(&folded.state);
            if let Some(reached) = &reached {
                lag.fetch_add(
                    u64::from(folded.moment.0.saturating_sub(reached.due)),
                    Ordering::Relaxed,
                );
            }
            let row = self.rows.find(digest(id));
            if let Some((at, held)) = row {
                self.rows.mark(at);
                let seen = reached
                    .as_ref()
                    .map_or(Seen::Suspect, |reached| self.see(reached, held, folded));
                let (passed, most) = (&mut *locked(), self.most_told);
                match seen {
                    Seen::Right { is_late } => {
                        passed.reflected = passed.reflected.max(reached.and_then(|reached| reached.held_position));
                        if is_late {
                            passed.late.add(most, id, held.number);
                        } else {
                            passed.equal += 1;
                            passed.right.add(id);
                        }
                    }
                    Seen::Unplaced { is_past_end: true } => passed.past_end.add(most, id, held.number),
                    Seen::Unplaced { is_past_end: false } => passed.unplaced.add(most, id, held.number),
                    Seen::Suspect => passed.suspects.push((held.number, id.to_vec())),
                }
            } else if let Some(reached) = reached
                && reached.due > 0
                && self.is_wanted(&reached.state)
            {
                locked().rowless.push((id.to_vec(), reached.first_position));
            }
        };
        fold(
            work,
            self.session,
            scope_of(self.mapping),
            &aligned,
            self.findings,
            finish,
        )?;
        let mut passed = passed.into_inner().unwrap_or_else(PoisonError::into_inner);
        passed.lag_events = lag.into_inner();
        let Passed {
            late,
            unplaced,
            past_end,
            suspects,
            ..
        } = &mut passed;
        for first in [late, unplaced, past_end] {
            first.shorten(self.most_told);
            suspects.extend(first.rows.drain(..).map(|(stream, row)| (row, stream)));
        }
        passed.suspects.sort_unstable();
        passed.rowless.sort_unstable();
        Ok(passed)
    }

    fn see(&self, reached: &Reached, row: &Held, folded: &Folded) -> Seen {
        // Some of its events were not seen here.
        if folded.incomplete_since.is_some() || folded.fault.is_some() {
            return Seen::Suspect;
        }
        if let Says::At(says) = row.says(&self.mapping.own)
            && is_of_an_event(&says)
        {
            if !reached.is_named && (reached.last_version.is_some() || !matches!(says, Cursor::Version(_))) {
                let is_past_end = is_past_end(&says, reached.last_version, self.end);
                return Seen::Unplaced { is_past_end };
            }
            // What was reached is the state before an event that the row does not speak of.
            if !reached.is_named_last {
                return Seen::Suspect;
            }
        }
        let is_late = reached.held < reached.due;
        match reached.held > 0 && self.is_right(&reached.state, row) {
            false => Seen::Suspect,
            true if !is_late || self.until.is_none() => Seen::Right { is_late },
            // Somebody says that the read model has come past what the row lacks: it is right only where that is nothing.
            true => match &reached.due_state {
                Some(due) if self.is_right(due, row) => Seen::Right { is_late: false },
                _ => Seen::Suspect,
            },
        }
    }

    /// Whether the row holds this state.
    fn is_right(&self, state: &Value, row: &Held) -> bool {
        let mut form = Vec::new();
        let is_told = write_state(self.mapping, state, self.is_csv, &mut form).is_ok();
        is_told && digest(&form) == row.columns && self.is_wanted(state)
    }

    fn is_wanted(&self, state: &Value) -> bool {
        let wanted = self.mapping.when.as_ref().map(|when| when.value(state));
        wanted.is_none_or(|wanted| wanted.is_ok_and(|wanted| matches!(wanted, Value::Bool(true))))
    }
}

/// Folds all streams for the value that each has at the path: the digest of that, and the digest of its stream's id.
pub fn streams_by_key(
    work: &Work<'_>,
    session: &Session,
    mapping: &Mapping,
    program: &Arc<dyn HandlerProgram>,
    path: &Pointer,
    findings: &Arc<Findings>,
) -> Result<Vec<(Digest, Digest)>, AppError> {
    let found = Mutex::new(Vec::new());
    let finish: Finish<'_> = &|id, _, folded| {
        if let Some(key) = path.find(&folded.state).and_then(value_text) {
            let pair = (digest(&key), digest(id));
            found.lock().unwrap_or_else(PoisonError::into_inner).push(pair);
        }
    };
    fold(work, session, scope_of(mapping), program, findings, finish)?;
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn scope_of(mapping: &Mapping) -> Scope<'_> {
    mapping.category.as_deref().map_or(Scope::All, Scope::Category)
}
