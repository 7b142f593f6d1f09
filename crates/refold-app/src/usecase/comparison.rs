//! Two states side by side: two moments, two streams, two handlers, two stores, in any mixture.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use refold_core::diff::{ArrayKeys, Change, ChangeOp, diff, diff_unordered};
use refold_core::fold::{Detail, Folded};
use refold_core::pointer::Pointer;
use refold_core::track::Moment;
use refold_core::work::Work;

use super::event_page;
use super::lab::Scope;
use super::lab::compare::{self, CompareAnswer};
use super::lab::kept::Keeping;
use super::replayed::Replayed;
use crate::answer::{ChangeAnswer, ComparedAnswer, ComparisonAnswer, Literal};
use crate::error::AppError;
use crate::frame::StateFrame;
use crate::marks::Marks;
use crate::rows::{self, Beside, Changes, Folding, RowWindow};
use crate::session::Session;
use crate::stream::Found;
use crate::wire::{
    ComparedSide, ComparisonIntervals, ComparisonOpened, ComparisonQuery, ComparisonSide, EventPage, EventQuery,
    EventRow, IntervalWire, LabEvent,
};
use crate::{findings, handler, text};

/// So many intervals cross to the window.
const MOST_INTERVALS: usize = 1_000;

/// See the module. `base` is the earlier, left side.
pub struct Comparison {
    base: Side,
    current: Side,
    folded: Mutex<Sides>,
}

/// One side, opened.
struct Side {
    session: Arc<Session>,
    asked: ComparisonSide,
    at: Found,
}

struct Sides {
    base: Replayed,
    /// `None`: the same stream under the same handler.
    current: Option<Replayed>,
    states: Option<States>,
}

/// Both states, under the masks of a moment.
struct States {
    revisions: (u64, u64),
    ignores_order: bool,
    before: Folded,
    after: Folded,
    changes: Vec<Change>,
}

impl Comparison {
    pub fn open(
        work: &Work<'_>,
        (base_session, base): (&Arc<Session>, &ComparisonSide),
        (session, current): (&Arc<Session>, &ComparisonSide),
    ) -> Result<Comparison, AppError> {
        let is_one =
            Arc::ptr_eq(base_session, session) && base.stream == current.stream && base.handler == current.handler;
        let open = |session: &Arc<Session>, side: &ComparisonSide| {
            Replayed::open(
                work,
                session,
                &side.stream,
                side.handler.as_deref(),
                Detail::Blame,
                "head",
            )
        };
        let left = open(base_session, base)?;
        let right = if is_one { None } else { Some(open(session, current)?) };
        let side = |session: &Arc<Session>, asked: &ComparisonSide, replayed: &Replayed| {
            Ok::<_, AppError>(Side {
                session: Arc::clone(session),
                asked: asked.clone(),
                at: replayed.resolve(&asked.at)?.0,
            })
        };
        Ok(Comparison {
            base: side(base_session, base, &left)?,
            current: side(session, current, right.as_ref().unwrap_or(&left))?,
            folded: Mutex::new(Sides {
                base: left,
                current: right,
                states: None,
            }),
        })
    }

    /// What the window shows of it at first. `number`: its number on the desk.
    pub fn describe(&self, work: &Work<'_>, number: u32) -> Result<ComparisonOpened, AppError> {
        let mut sides = self.sides();
        sides.fold(work, self, false)?;
        let States { before, after, .. } = sides.states()?;
        let mut noted = findings::wire(&sides.base.findings);
        if let Some(current) = &sides.current {
            noted.extend(findings::wire(&current.findings));
        }
        Ok(ComparisonOpened {
            comparison: number,
            base: described(&sides.base, before),
            current: described(sides.current(), after),
            between: self
                .is_one_stream(&sides)
                .then(|| self.base.at.moment.0.abs_diff(self.current.at.moment.0)),
            has_intervals: self.has_intervals(&sides),
            findings: noted,
        })
    }

    /// The rows in view, with what differs.
    pub fn frame(&self, work: &Work<'_>, query: &ComparisonQuery) -> Result<StateFrame, AppError> {
        let started = Instant::now();
        let mut sides = self.sides();
        sides.fold(work, self, query.ignores_order)?;
        let current = sides.current();
        let States { after, changes, .. } = sides.states()?;
        let changes = Changes::of(changes);
        let side = described(current, after);
        let beside = Beside {
            blame: after.blame.as_ref().map(|blame| (blame, &current.stream)),
            changes: Some(&changes),
        };
        let toggled = rows::toggled(&query.toggled);
        let open_depth = rows::open_depth(&after.state, query.open_depth);
        let window = RowWindow {
            first_row: query.first_row,
            row_count: query.row_count,
        };
        let mut rows = if query.only_changes {
            rows::differences(&after.state, &changes, beside, window)
        } else {
            let folding = Folding {
                open_depth,
                toggled: &toggled,
                only_changes: false,
            };
            rows::tree(&after.state, beside, folding, window)
        };
        for row in &mut rows.rows {
            if let Ok(place) = Pointer::parse(&row.pointer) {
                row.line = current.lines(Moment(row.changed_moment), &place).join(", ");
            }
        }
        Ok(StateFrame {
            seq: query.seq,
            moment: side.moment,
            base: Some(self.base.at.moment.0),
            added: changes.added_count,
            changed: changes.changed_count,
            removed: changes.removed_count,
            total_rows: rows.total,
            first_row: query.first_row,
            fold_micros: u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX),
            event_count: side.events,
            open_depth,
            version: side.version,
            position: side.position,
            recorded_at: side.recorded_at,
            event_type: side.event_type,
            incomplete_since: side.incomplete_since,
            fault: side.fault,
            handler: handler::label(current.program.identity()),
            changed_rows: rows.changed.into_iter().collect(),
            rows: rows.rows,
        })
    }

    /// The events between both moments, in order: those that lead from one state to the other. None, where the sides
    /// are of two streams.
    pub fn events(&self, query: &EventQuery) -> EventPage {
        let sides = self.sides();
        if !self.is_one_stream(&sides) {
            return EventPage {
                total: 0,
                matching: 0,
                rows: Vec::new(),
            };
        }
        let stream = &sides.base.stream;
        let (first, last) = ordered(self.base.at.moment, self.current.at.moment);
        let (nothing, digits) = (Marks::default(), self.base.session.description().time_digits);
        let from = first.0.saturating_add(query.offset);
        let moments = (from..last.0).map(|before| Moment(before + 1));
        let rows: Vec<EventRow> = moments
            .take(query.limit as usize)
            .map(|moment| event_page::row(stream, &nothing, moment, digits))
            .collect();
        let total = last.0 - first.0;
        EventPage {
            total,
            matching: total,
            rows,
        }
    }

    /// Where two handlers differ over all of one stream.
    pub fn intervals(&self, work: &Work<'_>) -> Result<ComparisonIntervals, AppError> {
        let is_there = self.has_intervals(&self.sides());
        if !is_there {
            return Err(AppError::invalid(
                "only two handlers over one stream differ in intervals",
                "choose the same stream on both sides, and two handlers",
            ));
        }
        let (left, right) = (
            self.base.asked.handler.as_deref(),
            self.current.asked.handler.as_deref(),
        );
        let scope = Scope::Stream(&self.base.asked.stream);
        let found = compare::compare(work, &self.base.session, scope, left, right, Keeping::Kept)?;
        Ok(intervals_of(&found.answer))
    }

    /// As the command line prints it.
    pub fn answer(&self, work: &Work<'_>, ignores_order: bool) -> Result<ComparisonAnswer, AppError> {
        let mut sides = self.sides();
        sides.fold(work, self, ignores_order)?;
        let States {
            before, after, changes, ..
        } = sides.states()?;
        let current = sides.current();
        let mut noted = findings::wire(&sides.base.findings);
        if let Some(current) = &sides.current {
            noted.extend(findings::wire(&current.findings));
        }
        Ok(ComparisonAnswer {
            left: compared(&self.base.session, &sides.base, before),
            right: compared(&self.current.session, current, after),
            ignores_order,
            changes: changes
                .iter()
                .map(|change| change_answer(change, current, after))
                .collect(),
            unclear: sides.base.unclear(before).or_else(|| current.unclear(after)),
            findings: noted,
        })
    }

    fn is_one_stream(&self, sides: &Sides) -> bool {
        Arc::ptr_eq(&self.base.session, &self.current.session) && sides.base.stream.id == sides.current().stream.id
    }

    fn has_intervals(&self, sides: &Sides) -> bool {
        self.is_one_stream(sides) && sides.base.program.identity() != sides.current().program.identity()
    }

    /// A panic in the middle of a fold leaves at worst a state that is folded again.
    fn sides(&self) -> MutexGuard<'_, Sides> {
        self.folded.lock().unwrap_or_else(|poisoned: PoisonError<_>| {
            let mut sides = poisoned.into_inner();
            sides.states = None;
            sides
        })
    }
}

impl Sides {
    fn current(&self) -> &Replayed {
        self.current.as_ref().unwrap_or(&self.base)
    }

    fn states(&self) -> Result<&States, AppError> {
        let states = self.states.as_ref();
        states.ok_or_else(|| AppError::internal("the states of a comparison were not folded"))
    }

    /// Makes both states, unless they are there as they are to be seen now.
    fn fold(&mut self, work: &Work<'_>, of: &Comparison, ignores_order: bool) -> Result<(), AppError> {
        let revision = |side: &Side| side.session.mask().revision();
        let revisions = (revision(&of.base), revision(&of.current));
        let is_there = |states: &States| states.revisions == revisions && states.ignores_order == ignores_order;
        if self.states.as_ref().is_some_and(is_there) {
            return Ok(());
        }
        let before = self.base.state_at(work, of.base.at)?;
        let current = self.current.as_mut().unwrap_or(&mut self.base);
        let after = current.state_at(work, of.current.at)?;
        let keys = ArrayKeys::new(current.program.array_keys());
        let changes = if ignores_order {
            diff_unordered(&before.state, &after.state, &keys)
        } else {
            diff(&before.state, &after.state, &keys)
        };
        self.states = Some(States {
            revisions,
            ignores_order,
            before,
            after,
            changes,
        });
        Ok(())
    }
}

fn ordered(a: Moment, b: Moment) -> (Moment, Moment) {
    (a.min(b), a.max(b))
}

fn described(replayed: &Replayed, folded: &Folded) -> ComparedSide {
    let (stream, moment) = (&replayed.stream, folded.moment);
    let at = replayed.moment(moment);
    ComparedSide {
        stream: text::shown(&stream.id),
        category: text::shown(&stream.category),
        handler: handler::wire(replayed.program.identity()),
        moment: moment.0,
        events: stream.track.head().0,
        version: at.version.unwrap_or_default(),
        position: at.position.unwrap_or_default(),
        recorded_at: at.recorded_at.unwrap_or_default(),
        event_type: stream.type_name(moment),
        incomplete_since: stream.since_label(folded).unwrap_or_default(),
        fault: folded.fault.as_ref().map_or_else(String::new, |(at, fault)| {
            format!("the handler failed at event {}: {fault}", stream.place_label(*at))
        }),
    }
}

fn compared(session: &Session, replayed: &Replayed, folded: &Folded) -> ComparedAnswer {
    let side = described(replayed, folded);
    ComparedAnswer {
        store: session.location().to_owned(),
        stream: text::exact(&replayed.stream.id),
        version: text::filled(side.version),
        position: text::filled(side.position),
        recorded_at: text::filled(side.recorded_at),
        handler: side.handler,
        incomplete_since: text::filled(side.incomplete_since),
        fault: text::filled(side.fault),
    }
}

fn change_answer(change: &Change, current: &Replayed, after: &Folded) -> ChangeAnswer {
    let (op, before, value) = match &change.op {
        ChangeOp::Added { after } => ("added", None, Some(after)),
        ChangeOp::Removed { before } => ("removed", Some(before), None),
        ChangeOp::Changed { before, after } => ("changed", Some(before), Some(after)),
        ChangeOp::Moved { .. } => ("changed", None, None),
    };
    // What the right side lacks no event of it made so.
    let blame = after.blame.as_ref().filter(|_| value.is_some());
    // Of an object or array the event that made it, and not one that changed something in it later.
    let cause = blame.and_then(|blame| current.cause(blame.at(&change.path, false).changed));
    ChangeAnswer {
        path: change.path.to_string(),
        op,
        before: before.cloned().map(Literal),
        after: value.cloned().map(Literal),
        moved_from: match &change.op {
            ChangeOp::Moved { from } => Some(from.to_string()),
            ChangeOp::Added { .. } | ChangeOp::Removed { .. } | ChangeOp::Changed { .. } => None,
        },
        version: cause.as_ref().and_then(|cause| cause.version.clone()),
        position: cause.as_ref().and_then(|cause| cause.position.clone()),
        event_type: cause.map(|cause| cause.event_type),
    }
}

fn intervals_of(answer: &CompareAnswer) -> ComparisonIntervals {
    let stream = answer.differing.first();
    let intervals = stream.map(|stream| stream.intervals.as_slice()).unwrap_or_default();
    ComparisonIntervals {
        intervals: intervals
            .iter()
            .take(MOST_INTERVALS)
            .map(|interval| IntervalWire {
                from: LabEvent::from(&interval.from),
                until: interval.until.as_ref().map(LabEvent::from),
            })
            .collect(),
        interval_count: stream.map_or(0, |stream| stream.interval_count),
        stops: answer
            .errors
            .iter()
            .map(|stop| {
                let side = if matches!(stop.side, compare::Side::Left) {
                    &answer.left
                } else {
                    &answer.right
                };
                let event = LabEvent::from(&stop.event);
                let at = if event.version.is_empty() {
                    format!("#{}", event.position)
                } else {
                    format!("v{}", event.version)
                };
                format!(
                    "{}@{} fails at {at} {}: {}",
                    side.name, side.version, event.event_type, stop.reason
                )
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests;
