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
use super::held::{Digest, Held, HeldRows, digest, write_state};
use super::mapping::{Mapping, value_text};
use crate::error::AppError;
use crate::session::Session;
use crate::usecase::lab::{Finish, Scope, fold};

/// Streams of right rows that are kept, for what distinguishes the others.
const MOST_RIGHT: usize = 20_000;

/// See the module.
pub struct Passing<'a> {
    pub session: &'a Session,
    pub mapping: &'a Mapping,
    pub program: &'a Arc<dyn HandlerProgram>,
    pub rows: Arc<HeldRows>,
    /// How far the read model is as a whole; `None`: nobody says.
    pub until: Option<Cursor>,
    pub is_csv: bool,
    /// Rows that are right and only late are explained up to here, and counted beyond.
    pub most_late: usize,
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
    /// Rows that are right where they say that they are, late, and not among the suspects.
    pub late_beyond: u32,
    /// All of these, until some of them are among the suspects.
    late: Vec<(Vec<u8>, u32)>,
    /// Streams that should have a row, and their first positions.
    pub rowless: Vec<(Vec<u8>, Position)>,
    /// Some streams whose rows are right.
    pub right: Vec<Vec<u8>>,
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
                match reached.as_ref().filter(|reached| self.is_right(reached, held, folded)) {
                    Some(reached) => {
                        let mut passed = locked();
                        passed.reflected = passed.reflected.max(reached.held_position);
                        if reached.held < reached.due {
                            passed.late.push((id.to_vec(), held.number));
                        } else {
                            passed.equal += 1;
                            if passed.right.len() < MOST_RIGHT {
                                passed.right.push(id.to_vec());
                            }
                        }
                    }
                    None => locked().suspects.push((held.number, id.to_vec())),
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
        // Threads finish streams as they come.
        passed.late.sort_unstable();
        let late = std::mem::take(&mut passed.late);
        passed.late_beyond = u32::try_from(late.len().saturating_sub(self.most_late)).unwrap_or(u32::MAX);
        let told = late.into_iter().take(self.most_late);
        passed.suspects.extend(told.map(|(stream, row)| (row, stream)));
        passed.suspects.sort_unstable();
        passed.rowless.sort_unstable();
        passed.right.sort_unstable();
        Ok(passed)
    }

    /// Whether the row holds what its stream comes to where the row is.
    fn is_right(&self, reached: &Reached, row: &Held, folded: &Folded) -> bool {
        if folded.incomplete_since.is_some() || folded.fault.is_some() || reached.held == 0 {
            return false;
        }
        // Of a version that the stream lacks the state before it was reached, which the row does not speak of.
        if let Some(Cursor::Version(says)) = row.own(&self.mapping.own)
            && reached.held_version != Some(says)
        {
            return false;
        }
        let mut form = Vec::new();
        let is_told = write_state(self.mapping, &reached.state, self.is_csv, &mut form).is_ok();
        is_told && digest(&form) == row.columns && self.is_wanted(&reached.state)
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
