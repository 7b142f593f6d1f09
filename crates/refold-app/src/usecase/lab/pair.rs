//! One stream under two handlers, side by side at any of its moments.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use refold_core::finding::Findings;
use refold_core::fold::{Detail, Folded};
use refold_core::history::Budget;
use refold_core::pointer::Pointer;
use refold_core::track::Moment;
use refold_core::value::Value;
use refold_core::work::Work;

use super::Scope;
use super::compare::{CompareAnswer, Side, compare};
use super::course::{MOST_CHANGES, bar, event_at, moment_of};
use super::kept::Keeping;
use crate::clock;
use crate::error::{AppError, ErrorCode};
use crate::replay::{Opening, Replay};
use crate::session::Session;
use crate::stream::{Found, Stream};
use crate::text::{shown_path, shown_value};
use crate::wire::{LabEvent, PairInterval, PairOpened, PairPage, PairRow, PairStop};

/// Rows of both states that are told at once.
const MOST_ROWS: usize = 2_000;

/// See the module.
pub struct Pair {
    stream: Stream,
    until: Found,
    digits: u8,
    compared: CompareAnswer,
    /// Left, right.
    replays: Mutex<[Replay; 2]>,
}

impl Pair {
    /// `scope`: a stream, and how far it is looked at.
    pub fn open(
        work: &Work<'_>,
        session: &Session,
        scope: Scope<'_>,
        left: &str,
        right: &str,
    ) -> Result<Pair, AppError> {
        let (stream, until) = scope.stream()?;
        let compared = compare(work, session, scope, Some(left), Some(right), Keeping::Kept)?.answer;
        let findings = Arc::<Findings>::default();
        let opening = |handler: &str| {
            Ok::<_, AppError>(Opening {
                program: session.adopted(Some(handler))?,
                detail: Detail::State,
                budget: Budget::default(),
                is_whole: false,
            })
        };
        let (found, left) = Replay::open(work, session, stream, &opening(left)?, &findings)?;
        let right = Replay::of_stream(session, &found, &opening(right)?, &findings)?;
        let until = match until.map(|cursor| session.cursor(cursor)).transpose()? {
            Some(cursor) => found.resolve(&cursor, clock::now())?,
            None => found.end(),
        };
        Ok(Pair {
            stream: found,
            until,
            digits: session.description().time_digits,
            compared,
            replays: Mutex::new([left, right]),
        })
    }

    /// `number`: that of the pair on the desk.
    pub fn describe(&self, number: u32) -> PairOpened {
        let differing = self.compared.differing.first();
        let known = differing.map(|of| of.intervals.as_slice()).unwrap_or_default();
        let moment = |event| moment_of(&self.stream, event).map_or(0, |moment| moment.0);
        let all: Vec<PairInterval> = known
            .iter()
            .map(|interval| PairInterval {
                from: moment(&interval.from),
                from_event: LabEvent::from(&interval.from),
                until: interval.until.as_ref().map(moment),
                until_event: interval.until.as_ref().map(LabEvent::from),
            })
            .collect();
        let end = self.until.moment.0.saturating_add(1);
        let bad: Vec<(u32, u32)> = all.iter().map(|it| (it.from, it.until.unwrap_or(end))).collect();
        let stop = |side| {
            let stop = self.compared.errors.iter().find(|stop| stop.side == side)?;
            Some(PairStop {
                moment: moment(&stop.event),
                event: LabEvent::from(&stop.event),
                reason: stop.reason.clone(),
            })
        };
        PairOpened {
            pair: number,
            stream: crate::text::shown(&self.stream.id),
            left: self.compared.left.clone(),
            right: self.compared.right.clone(),
            events: self.until.moment.0,
            bar: bar(&bad, self.until.moment.0),
            interval_count: differing.map_or(0, |of| of.interval_count),
            intervals: all.into_iter().take(MOST_CHANGES).collect(),
            left_stop: stop(Side::Left),
            right_stop: stop(Side::Right),
        }
    }

    /// Both states at a moment. `is_whole`: what is equal too.
    pub fn page(&self, work: &Work<'_>, moment: u32, is_whole: bool) -> Result<PairPage, AppError> {
        if moment > self.until.moment.0 {
            let message = format!(
                "only {} events are looked at",
                crate::text::grouped(self.until.moment.0.into())
            );
            return Err(AppError::invalid(message, "compare the stream again, further"));
        }
        let moment = Moment(moment);
        // The last one is looked at as it was asked for.
        let at = if moment == self.until.moment {
            self.until
        } else {
            moment.into()
        };
        let [left, right] = {
            let mut replays = self.lock()?;
            let [left, right] = &mut *replays;
            [left.state_at(work, at)?, right.state_at(work, at)?]
        };
        let (rows, differing, places) = side_by_side(&left.state, &right.state, is_whole);
        let since = |folded: &Folded| self.stream.since_label(folded);
        Ok(PairPage {
            moment: moment.0,
            event: event_at(&self.stream, moment),
            recorded_at: self.stream.time_label(moment, self.digits),
            rows,
            differing,
            places,
            incomplete_since: since(&left).or_else(|| since(&right)).unwrap_or_default(),
        })
    }

    /// A panic in the middle of a fold may leave half a state: then nothing of it is used again.
    fn lock(&self) -> Result<MutexGuard<'_, [Replay; 2]>, AppError> {
        self.replays.lock().map_err(|_: PoisonError<_>| {
            AppError::new(
                ErrorCode::Internal,
                "these states broke off half-way",
                "compare the stream again",
            )
        })
    }
}

/// Rows of two states, the first of many, and how many places differ and there are. `is_whole`: also what is equal.
pub(in crate::usecase) fn side_by_side(left: &Value, right: &Value, is_whole: bool) -> (Vec<PairRow>, u32, u32) {
    let mut walk = Walk {
        is_whole,
        rows: Vec::new(),
        differing: 0,
        places: 0,
    };
    walk.both(&Pointer::default(), Some(left), Some(right));
    (walk.rows, walk.differing, walk.places)
}

/// Walks two values at once, leaf by leaf.
struct Walk {
    is_whole: bool,
    rows: Vec<PairRow>,
    differing: u32,
    places: u32,
}

impl Walk {
    fn both(&mut self, path: &Pointer, left: Option<&Value>, right: Option<&Value>) {
        let is_inner = |value: &Value| match value {
            Value::Object(object) => !object.is_empty(),
            Value::Array(array) => !array.is_empty(),
            _ => false,
        };
        if !left.into_iter().chain(right).any(is_inner) {
            return self.leaf(path, left, right);
        }
        let member = |value: Option<&Value>, key| match value {
            Some(Value::Object(object)) => object.find(key).cloned(),
            _ => None,
        };
        let element = |value: Option<&Value>, index| match value {
            Some(Value::Array(array)) => array.get(index).cloned(),
            _ => None,
        };
        // A leaf, or an empty container, that stands where the other side goes on is a place of its own.
        let is_leaf = |value: Option<&Value>| value.is_some_and(|value| !is_inner(value));
        if is_leaf(left) || is_leaf(right) {
            self.leaf(path, left.filter(|_| is_leaf(left)), right.filter(|_| is_leaf(right)));
        }
        let objects = [left, right].into_iter().flatten().filter_map(|value| match value {
            Value::Object(object) => Some(object),
            _ => None,
        });
        let keys: BTreeSet<_> = objects
            .flat_map(|object| object.iter().map(|(key, _)| key.clone()))
            .collect();
        for key in &keys {
            let (left, right) = (member(left, key), member(right, key));
            self.both(&path.push_key(key), left.as_ref(), right.as_ref());
        }
        let length = |value: Option<&Value>| match value {
            Some(Value::Array(array)) => array.len(),
            _ => 0,
        };
        for index in 0..length(left).max(length(right)) {
            let (left, right) = (element(left, index), element(right, index));
            self.both(&path.push_index(index), left.as_ref(), right.as_ref());
        }
    }

    fn leaf(&mut self, path: &Pointer, left: Option<&Value>, right: Option<&Value>) {
        let differs = left != right;
        self.places += 1;
        self.differing += u32::from(differs);
        if self.rows.len() < MOST_ROWS && (differs || self.is_whole) {
            self.rows.push(PairRow {
                path: shown_path(path),
                left: left.map(shown_value),
                right: right.map(shown_value),
                differs,
                is_same_number: matches!((left, right), (Some(left), Some(right)) if left.is_number_written_otherwise(right)),
            });
        }
    }
}
