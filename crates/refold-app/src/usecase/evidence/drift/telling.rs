//! The rows that are not right, one by one: read again, explained, counted.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use refold_core::event::Position;
use refold_core::finding::Findings;
use refold_core::track::Moment;
use refold_core::value::{Number, Redacted, Value};
use refold_core::work::{Phase, Work};
use refold_stores::rows::{Cell, Rows};

use super::answer::{ColumnFaults, Fault, FaultKind};
use super::distinguishing::FirstStreams;
use super::explain::{Asked, Field, Judged};
use super::held::{HeldRows, MOST_NAMED};
use super::mapping::{Row, Source};
use super::passing::Passed;
use super::place::Says;
use crate::answer::Literal;
use crate::error::AppError;
use crate::handler::heed_cancel;
use crate::mask::{Cover, Part};
use crate::session::thread_count;
use crate::stream::Stream;
use crate::text::{self, Exact};
use crate::usecase::lab::shown_at;

/// Kinds of faults.
const KINDS: usize = 6;
/// Rows that wait to be explained.
const WAITING: usize = 64;
const PHASE: Phase = Phase::ExplainingRows;

/// See the module.
pub struct Telling<'a> {
    asked: &'a Asked<'a>,
    rows: &'a Rows,
    held: &'a HeldRows,
    most_faults: usize,
}

/// What came of it.
pub struct Told {
    pub counts: Counts,
    pub columns: Vec<ColumnFaults>,
    pub faults: Vec<Fault>,
    pub fault_count: u64,
    /// Streams whose row is different or missing, some of them where there are many.
    pub wrong: FirstStreams,
    /// Some streams whose rows are right, as was only told here.
    pub right: FirstStreams,
    /// The last position that a row reflects, whoever told that.
    pub reflected: Option<Position>,
    /// The first of the rows that are past the end, with their keys, and the places that they say.
    pub past_end: Vec<(Exact, String)>,
}

/// Rows by what they are; of rows that are missing, streams.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    pub equal: u32,
    pub missing: u32,
    pub extra: u32,
    pub different: u32,
    pub lost_updates: u32,
    pub unplaced: u32,
    pub past_end: u32,
    pub behind: u32,
    pub to_come: u32,
    pub unclear: u32,
}

/// A row to be looked at.
struct Task {
    cells: Vec<Cell>,
    need: Need,
}

#[derive(Clone)]
enum Need {
    /// The row of this stream, by its place among the suspects.
    Suspect(usize),
    Extra(&'static str),
}

impl<'a> Telling<'a> {
    pub fn new(asked: &'a Asked<'a>, rows: &'a Rows, held: &'a HeldRows, most_faults: usize) -> Telling<'a> {
        Telling {
            asked,
            rows,
            held,
            most_faults,
        }
    }

    pub fn tell(&self, work: &Work<'_>, passed: &Passed) -> Result<Told, AppError> {
        let collected = Mutex::new(Collected::new(self.asked.mapping.columns.len(), passed.reflected));
        let mut needs: Vec<(u32, Need)> = passed
            .suspects
            .iter()
            .enumerate()
            .map(|(at, (row, _))| (*row, Need::Suspect(at)))
            .collect();
        needs.extend(self.held.extra().map(|(row, why)| (row, Need::Extra(why))));
        needs.sort_unstable_by_key(|(row, _)| *row);
        if !needs.is_empty() {
            self.tell_rows(work, passed, &needs, &collected)?;
        }
        let mut collected = collected.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.tell_rowless(work, passed, &mut collected)?;
        let (late, unplaced, past_end) = (passed.late.beyond, passed.unplaced.beyond, passed.past_end.beyond);
        collected.counts.behind += late;
        collected.counts.unplaced += unplaced + past_end;
        collected.counts.past_end += past_end;
        collected.fault_count += u64::from(late) + u64::from(unplaced) + u64::from(past_end);
        collected.shorten(self.most_faults);
        Ok(Told {
            columns: self.columns(&collected.columns),
            counts: collected.counts,
            fault_count: collected.fault_count,
            wrong: collected.wrong,
            right: collected.right,
            reflected: collected.reflected,
            past_end: collected.past_end.into_iter().collect(),
            faults: collected.faults.into_iter().map(|(_, fault)| fault).collect(),
        })
    }

    /// Reads all rows again, and has those that are needed explained by several threads.
    fn tell_rows(
        &self,
        work: &Work<'_>,
        passed: &Passed,
        needs: &[(u32, Need)],
        collected: &Mutex<Collected>,
    ) -> Result<(), AppError> {
        let (tasks, waiting) = mpsc::sync_channel::<Task>(WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        let total = needs.len() as u64;
        thread::scope(|threads| {
            let workers: Vec<_> = (0..thread_count())
                .map(|_| {
                    let waiting = Arc::clone(&waiting);
                    threads.spawn(move || self.explain_all(work, passed, &waiting, collected))
                })
                .collect();
            // It goes with the last worker: then a task is refused, and not waited with for good.
            drop(waiting);
            let mut next = 0;
            let read = self
                .rows
                .scan::<AppError>(work, &self.asked.mapping.places(), &mut |number, cells| {
                    if let Some((row, need)) = needs.get(next)
                        && *row == number
                    {
                        next += 1;
                        let task = Task {
                            cells: cells.to_vec(),
                            need: need.clone(),
                        };
                        work.tick(PHASE, next as u64, Some(total))?;
                        // Nobody takes it where all workers failed: each says why.
                        if tasks.send(task).is_err() {
                            return Err(AppError::internal("nobody explains rows any more"));
                        }
                    }
                    Ok(())
                });
            drop(tasks);
            let mut outcomes = Vec::new();
            for worker in workers {
                outcomes.push(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            // Why a worker stopped tells more than that it did.
            outcomes.push(read);
            outcomes.into_iter().collect()
        })
    }

    fn explain_all(
        &self,
        work: &Work<'_>,
        passed: &Passed,
        waiting: &Mutex<Receiver<Task>>,
        collected: &Mutex<Collected>,
    ) -> Result<(), AppError> {
        let _heeds = heed_cancel(work.cancel_token());
        loop {
            let task = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(task) = task else { return Ok(()) };
            work.check()?;
            let row = self.asked.mapping.row(&task.cells);
            let key = self.asked.mapping.key_shown(&row);
            let stream = match task.need {
                Need::Extra(why) => {
                    let mut collected = collected.lock().unwrap_or_else(PoisonError::into_inner);
                    collected.counts.extra += 1;
                    collected.add(self.most_faults, 0, fault(FaultKind::Extra, &key, Some(why.to_owned())));
                    continue;
                }
                Need::Suspect(at) => passed
                    .suspects
                    .get(at)
                    .map(|(_, stream)| stream.as_slice())
                    .unwrap_or_default(),
            };
            let says = Says::of(&self.asked.mapping.own, row.own);
            let stream = self.load(work, stream)?;
            let is_placed = matches!(says, Says::At(_));
            let judged = self.asked.judge(work, &stream, &row, says)?;
            let mut collected = collected.lock().unwrap_or_else(PoisonError::into_inner);
            // One that says how far it is says how far the read model is, whatever it holds.
            if let (true, Some(moment)) = (is_placed, judged.moment()) {
                collected.come_to = collected.come_to.max(position(&stream, moment));
            }
            self.collect(&stream, &row, &key, judged, &mut collected);
        }
    }

    fn collect(&self, stream: &Stream, row: &Row<'_>, key: &[u8], judged: Judged, collected: &mut Collected) {
        let of = |kind, why| Fault {
            stream: Some(text::exact(&stream.id)),
            ..fault(kind, key, why)
        };
        match judged {
            Judged::Equal { moment } => {
                collected.counts.equal += 1;
                collected.reflect(stream, moment);
                collected.right.add(&stream.id);
            }
            Judged::Behind { moment, by } => {
                collected.counts.behind += 1;
                collected.reflect(stream, moment);
                let mut fault = of(FaultKind::Behind, None);
                fault.at = text::filled(stream.place_label(moment));
                fault.behind_by = by;
                self.name_event(&mut fault, stream, Moment(moment.0 + 1));
                collected.add(self.most_faults, 0, fault);
            }
            Judged::Unwanted { moment } => {
                collected.counts.extra += 1;
                let why = "by the mapping's `when` the stream has no row then";
                let mut fault = of(FaultKind::Extra, Some(why.to_owned()));
                fault.at = text::filled(stream.place_label(moment));
                self.name_event(&mut fault, stream, moment);
                collected.add(self.most_faults, 0, fault);
            }
            Judged::Unplaced { why, past_end } => {
                collected.counts.unplaced += 1;
                if let Some(place) = past_end {
                    collected.counts.past_end += 1;
                    collected.past_end.insert(text::exact(key), place);
                    if collected.past_end.len() > MOST_NAMED {
                        collected.past_end.pop_last();
                    }
                }
                collected.add(self.most_faults, 0, of(FaultKind::Unplaced, Some(why)));
            }
            Judged::Unclear { moment, why } => {
                collected.counts.unclear += 1;
                let mut fault = of(FaultKind::Unclear, Some(why));
                fault.at = text::filled(stream.place_label(moment));
                collected.add(self.most_faults, 0, fault);
            }
            Judged::Different {
                moment,
                fields,
                holds,
                why,
            } => {
                let lost_update = holds.is_some_and(|holds| holds < moment);
                collected.counts.different += 1;
                collected.counts.lost_updates += u32::from(lost_update);
                collected.wrong.add(&stream.id);
                let cover = self
                    .asked
                    .session
                    .mask()
                    .cover(&stream.id, &stream.category, None, Part::State);
                for field in fields {
                    if let Some(rows) = collected.columns.get_mut(field.column) {
                        *rows += 1;
                    }
                    let column = field.column;
                    let mut fault = of(FaultKind::Different, why.clone());
                    fault.at = text::filled(stream.place_label(moment));
                    fault.holds = holds.and_then(|holds| text::filled(stream.place_label(holds)));
                    fault.lost_update = lost_update;
                    self.name_event(&mut fault, stream, field.since);
                    fault.last_change = field.is_last_change;
                    self.name_values(&mut fault, &cover, row, field);
                    if fault.why.is_none() && is_written_otherwise(&fault) {
                        fault.why = Some(text::SAME_NUMBER.to_owned());
                    }
                    collected.add(self.most_faults, column, fault);
                }
            }
        }
    }

    /// Streams that have no row: missing, or not yet come to.
    fn tell_rowless(&self, work: &Work<'_>, passed: &Passed, collected: &mut Collected) -> Result<(), AppError> {
        for (number, (id, first)) in passed.rowless.iter().enumerate() {
            work.tick(PHASE, number as u64, Some(passed.rowless.len() as u64))?;
            // Where nobody says how far the read model is, it is at least where its rows are.
            let may_come = self.asked.until.is_none()
                && collected
                    .come_to
                    .max(collected.reflected)
                    .is_some_and(|last| *first > last);
            let kind = if may_come {
                FaultKind::Behind
            } else {
                FaultKind::Missing
            };
            let why =
                may_come.then(|| "no row yet: its first event is later than all that rows say or reflect".to_owned());
            let mut fault = Fault {
                stream: Some(text::exact(id)),
                ..fault(kind, id, why)
            };
            if number < self.most_faults {
                let stream = self.load(work, id)?;
                self.name_event(&mut fault, &stream, Moment(1));
                if may_come {
                    fault.behind_by = self.asked.due(&stream)?.moment.0;
                }
            }
            match kind {
                FaultKind::Behind => {
                    collected.counts.behind += 1;
                    collected.counts.to_come += 1;
                }
                _ => {
                    collected.counts.missing += 1;
                    collected.wrong.add(id);
                }
            }
            collected.add(self.most_faults, 0, fault);
        }
        Ok(())
    }

    fn load(&self, work: &Work<'_>, id: &[u8]) -> Result<Stream, AppError> {
        Stream::load(work, self.asked.session, &text::shown(id), &Findings::default())
    }

    fn name_event(&self, fault: &mut Fault, stream: &Stream, moment: Moment) {
        fault.version = text::filled(stream.version_label(moment));
        fault.position = text::filled(stream.position_label(moment));
        fault.recorded_at = text::filled(stream.time_label(moment, self.asked.session.description().time_digits));
        fault.event_type = text::filled(stream.type_name(moment));
    }

    /// What masking rules hide of the state is hidden of the row too.
    fn name_values(&self, fault: &mut Fault, cover: &Cover, row: &Row<'_>, field: Field) {
        let Some(column) = self.asked.mapping.columns.get(field.column) else {
            return;
        };
        let shown = |value: Value| match &column.source {
            Source::Path(path) => shown_at(cover, &path.to_string(), &value),
            Source::Computed { .. } if cover.is_empty() => value,
            Source::Computed { .. } => Value::Redacted(Redacted::new(value)),
        };
        fault.column = Some(column.name.clone());
        fault.path = Some(column.source.text());
        fault.expected = field.expected.map(|expected| Literal(shown(expected)));
        let found = row.columns.get(field.column).filter(|cell| **cell != Cell::Absent);
        fault.found = found.map(|cell| Literal(shown(cell.to_value())));
    }

    fn columns(&self, rows: &[u32]) -> Vec<ColumnFaults> {
        let columns = self.asked.mapping.columns.iter().zip(rows);
        let mut faults: Vec<ColumnFaults> = columns
            .filter(|(_, rows)| **rows > 0)
            .map(|(column, rows)| ColumnFaults {
                column: column.name.clone(),
                path: column.source.text(),
                rows: *rows,
            })
            .collect();
        faults.sort_by_key(|of| std::cmp::Reverse(of.rows));
        faults
    }
}

/// What all threads came to so far.
struct Collected {
    counts: Counts,
    /// By column: rows that are different in it.
    columns: Vec<u32>,
    /// Not in order, and somewhat more than are wanted at most. With the column.
    faults: Vec<(usize, Fault)>,
    fault_count: u64,
    wrong: FirstStreams,
    right: FirstStreams,
    reflected: Option<Position>,
    /// The last position at which a row says that it is, whatever it holds.
    come_to: Option<Position>,
    past_end: BTreeMap<Exact, String>,
}

/// Of the event that led to the moment.
fn position(stream: &Stream, moment: Moment) -> Option<Position> {
    let index = moment.event_index()?;
    stream.track.positions.get(index).copied()
}

impl Collected {
    fn new(columns: usize, reflected: Option<Position>) -> Collected {
        Collected {
            counts: Counts::default(),
            columns: vec![0; columns],
            faults: Vec::new(),
            fault_count: 0,
            wrong: FirstStreams::default(),
            right: FirstStreams::default(),
            reflected,
            come_to: None,
            past_end: BTreeMap::new(),
        }
    }

    /// A row holds what its stream came to at this moment.
    fn reflect(&mut self, stream: &Stream, moment: Moment) {
        self.reflected = self.reflected.max(position(stream, moment));
    }

    fn add(&mut self, most: usize, column: usize, fault: Fault) {
        self.fault_count += 1;
        self.faults.push((column, fault));
        if self.faults.len() >= most.max(1).saturating_mul(2 * KINDS) {
            self.shorten(most);
        }
    }

    /// Keeps the first of each kind, so that the answer is the same however threads went.
    fn shorten(&mut self, most: usize) {
        self.faults.sort_by(|(column_a, a), (column_b, b)| {
            (a.kind, &a.key, column_a, &a.stream).cmp(&(b.kind, &b.key, column_b, &b.stream))
        });
        let mut kept = BTreeMap::new();
        self.faults.retain(|(_, fault)| {
            let of_kind = kept.entry(fault.kind).or_insert(0);
            *of_kind += 1;
            *of_kind <= most
        });
    }
}

/// Of a column that is compared by its letters: many tables hold numbers as text.
fn is_written_otherwise(fault: &Fault) -> bool {
    let number = |literal: &Literal| match &literal.0 {
        Value::Number(number) => Some(Value::Number(number.clone())),
        Value::Text(text) => Number::parse(text.as_str()?).map(Value::Number),
        _ => None,
    };
    let expected = fault.expected.as_ref().and_then(number);
    let found = fault.found.as_ref().and_then(number);
    expected
        .zip(found)
        .is_some_and(|(expected, found)| expected.is_number_written_otherwise(&found))
}

fn fault(kind: FaultKind, key: &[u8], why: Option<String>) -> Fault {
    Fault {
        key: text::exact(key),
        kind,
        stream: None,
        column: None,
        path: None,
        expected: None,
        found: None,
        version: None,
        position: None,
        recorded_at: None,
        event_type: None,
        at: None,
        holds: None,
        lost_update: false,
        last_change: false,
        behind_by: 0,
        why,
    }
}
